"""
Puts admitted events into the log, in one total order.

Sunlight's pool and Tessera's batch, made transactional. A batch is: fold what it reads (no lock),
lock the head row, follow what others appended, admit each item against what is before it, append
them, commit. One flush a batch, and the position is the leaf's index inside that commit.

(a) Before the lock every subject that an event reads is folded, to a fixpoint.
(b) Under the lock only what others appended since is folded; an item that turns out to read a
    cold subject waits for the next batch.
(c) Admitted events evolve an overlay, merged only after the commit is known. After an unknown
    outcome overlay and folds are dropped, the log is asked by event id, the same bytes go again.
(d) Keys, mandates and freezes are judged against the overlay: a revocation earlier in the batch
    counts.
"""

import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

import structlog

from ledger.domain import admission
from ledger.domain.event import Context, Logged, Refusal, format_instant
from ledger.domain.law import Law
from ledger.folds import Cold, Folds, Overlay, moves
from ledger.intake import Submission, accepted_at, decode
from ledger.lawbook import laws_at_hand
from ledger.log.merkle import leaf_hash
from ledger.pending import Pending
from ledger.store.append import Append, NewEntry, StoredId, appending
from ledger.store.connection import OutcomeUnknown, Pool, Unavailable
from ledger.store.entries import StoredEntry, positions_of, read_by_subjects, read_head
from ledger.vault import Batch, NoBatch, NoVault, Vault

CLOCK_TOLERANCE = timedelta(seconds=60)
"""How far the clock may stand behind the last entry before nothing is accepted (§4)."""

RETRY_FOR_S = 30.0
"""How long a batch whose outcome is unknown is tried again before its clients are told."""

_log = structlog.get_logger(__name__)


class SequencerError(Exception):
    """Superclass of the errors of the sequencer. Never raised itself."""


class Busy(SequencerError):
    """The pool is full; nothing was stored. The same bytes may be sent again."""


class ClockBehind(SequencerError):
    """The clock is more than a minute behind the last entry; nothing was stored."""


class Stopped(SequencerError):
    """The sequencer is stopping; nothing was stored."""


@dataclass(frozen=True, slots=True)
class Recorded:
    """The event is in the log at this position; `replayed` if it was there already."""

    position: int
    accepted: datetime
    leaf_hash: bytes
    replayed: bool


Outcome = Recorded | Refusal | Exception
"""What became of a submission. Any other exception than a refusal: see its class."""


class Group:
    """Submissions of one request, judged in their order; `answer` will have all their outcomes."""

    __slots__ = ("answer", "outcomes", "submissions", "tried")

    def __init__(self, submissions: Sequence[Submission]) -> None:
        self.submissions = submissions
        self.outcomes: list[Outcome] = []
        self.answer: Pending[list[Outcome]] = Pending()
        self.tried = False  # Its bytes may be in the log already: an outcome was lost.

    @property
    def rest(self) -> Sequence[Submission]:
        """What is not judged yet."""
        return self.submissions[len(self.outcomes) :]


class Sequencer:
    """One thread that appends. Several processes may run one: the head row's lock orders them.

    `committed` is called after each commit, from this thread: the publisher's hint.
    """

    def __init__(  # noqa: PLR0913  (what it works with, and its bounds)
        self,
        pool: Pool,
        committed: Callable[[], None],
        *,
        batch_max: int = 256,
        outstanding_max: int = 4096,
        subjects_cached: int = 200_000,
        laws: Mapping[str, Law] | None = None,
        vault: Vault | None = None,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._pool = pool
        self._laws = laws_at_hand() if laws is None else laws
        self._vault = vault or NoVault()
        self._committed = committed
        self._batch_max = batch_max
        self._outstanding_max = outstanding_max
        self._clock = clock
        self._folds = Folds(self._load_histories, subjects_cached)
        self._waiting: deque[Group] = deque()
        self._outstanding = 0
        self._wake = threading.Condition()
        self._stopping = False
        self._refusing: Exception | None = None
        self._thread = threading.Thread(target=self._run, name="sequencer", daemon=True)

    def start(self) -> None:
        """Begin to append."""
        self._thread.start()

    def stop(self) -> None:
        """Finish the batch under way, refuse what waits, end the thread."""
        with self._wake:
            self._stopping = True
            self._wake.notify()
        self._thread.join()

    def refuse(self, error: Exception) -> None:
        """Take nothing more in: raise `error` at whoever submits. What waits is still judged."""
        self._refusing = error

    def submit(self, submissions: Sequence[Submission]) -> Pending[list[Outcome]]:
        """Queue verified submissions, to be judged in this order.

        Raises `Busy`, `Stopped`, or what `refuse` was given.
        """
        group = Group(submissions)
        with self._wake:
            if self._refusing:
                raise self._refusing
            if self._stopping:
                raise Stopped("the ledger is stopping")
            if self._outstanding + len(submissions) > self._outstanding_max:
                raise Busy(f"{self._outstanding} events are waiting already")
            self._outstanding += len(submissions)
            self._waiting.append(group)
            self._wake.notify()
        return group.answer

    def _run(self) -> None:
        while groups := self._take():
            try:
                self._append_until_known(groups)
            except Exception as error:  # noqa: BLE001  (whatever it is, the clients are told)
                _log.exception("batch_failed", events=sum(len(group.rest) for group in groups))
                self._folds.clear(0)
                for group in groups:
                    group.outcomes.extend([error] * len(group.rest))
            self._answer(groups)

    def _take(self) -> list[Group]:
        """Wait for work; return whole groups, about a batch of them, or nothing at the end."""
        with self._wake:
            while not self._waiting and not self._stopping:
                self._wake.wait()
            if self._stopping:
                for group in self._waiting:
                    group.answer.fail(Stopped("the ledger is stopping"))
                self._waiting.clear()
                return []
            groups = [self._waiting.popleft()]
            events = len(groups[0].rest)
            while self._waiting and events + len(self._waiting[0].rest) <= self._batch_max:
                groups.append(self._waiting.popleft())
                events += len(groups[-1].rest)
            return groups

    def _answer(self, groups: Sequence[Group]) -> None:
        """Tell the groups that are done; the others go first in the next batch."""
        unfinished = [group for group in groups if group.rest]
        finished = [group for group in groups if not group.rest]
        with self._wake:
            self._waiting.extendleft(reversed(unfinished))
            self._outstanding -= sum(len(group.submissions) for group in finished)
        for group in finished:
            group.answer.give(group.outcomes)

    def _append_until_known(self, groups: Sequence[Group]) -> None:
        """Append a batch; where its outcome is lost, ask the log and send the same bytes again."""
        deadline = time.monotonic() + RETRY_FOR_S
        pause = 0.05
        while True:
            try:
                self._append(groups)
            except (OutcomeUnknown, Unavailable) as error:
                self._folds.clear(0)
                if isinstance(error, OutcomeUnknown):
                    for group in groups:
                        group.tried = True
                if time.monotonic() > deadline:
                    raise
                _log.warning("batch_again", reason=type(error).__name__)
                time.sleep(pause)
                pause = min(2 * pause, 2.0)
            else:
                return

    def _append(self, groups: Sequence[Group]) -> None:
        submissions = [submission for group in groups for submission in group.rest]
        anew = self._folds.size == 0
        if anew:
            self._folds.clear(read_head(self._pool).size)
        self._vault.begin(submissions, anew=anew)
        self._warm(submissions)
        known = self._known_positions(submissions)
        event_ids = [UUID(submission.event.event_id) for submission in submissions]
        with appending(self._pool, event_ids) as append:
            openings = self._vault.batch(append)
            self._catch_up(append, known, openings)
            batch = _Batch(
                head_size=append.head.size,
                accepted=self._accepted(append.head.accepted),
                overlay=Overlay(self._folds),
                event_ids=event_ids,
                stored=append.stored(event_ids),
                known=known,
                laws=self._laws,
                openings=openings,
            )
            judged = batch.judge(groups)
            if batch.entries:
                append.write(batch.entries, batch.accepted)
        # The commit is known: only now do clients and cache learn of it.
        batch.overlay.merge()
        openings.committed()
        self._committed()
        for group, outcomes in zip(groups, judged, strict=True):
            group.outcomes.extend(outcomes)

    def _warm(self, submissions: Sequence[Submission]) -> None:
        """Fold all that these events read, to a fixpoint (contract, head grant, right)."""
        events = [submission.event for submission in submissions]
        while self._folds.warm(
            {subject for event in events for subject in admission.reads(event, self._folds)}
        ):
            pass

    def _known_positions(self, submissions: Sequence[Submission]) -> dict[str, int]:
        named = {
            reference
            for submission in submissions
            for reference in submission.event.body.references()
        }
        if not named:
            return {}
        hashes = [bytes.fromhex(name.removeprefix("sha256:")) for name in sorted(named)]
        found = positions_of(self._pool, hashes)
        return {f"sha256:{key.hex()}": position for key, position in found.items()}

    def _catch_up(self, append: Append, known: dict[str, int], openings: Batch | NoBatch) -> None:
        """Follow what others appended since, under the lock."""
        if append.head.size == self._folds.size:
            return
        for stored in append.entries_since(self._folds.size):
            logged = decode(stored.entry, stored.position)
            known[logged.event.payload_hash] = logged.position
            self._folds.follow(logged)
            openings.follow(logged.event)

    def _accepted(self, last: datetime | None) -> datetime:
        """Return max(now, last), in whole milliseconds. Raises `ClockBehind`."""
        now = self._clock()
        now = now.replace(microsecond=now.microsecond // 1000 * 1000)
        if last is None or now >= last:
            return now
        if last - now > CLOCK_TOLERANCE:
            raise ClockBehind(f"the clock is {last - now} behind the last entry")
        return last

    def _load_histories(self, subjects: Sequence[str], size: int) -> dict[str, list[Logged]]:
        histories = read_by_subjects(self._pool, subjects)
        decoded: dict[int, Logged] = {}  # Subjects share entries.

        def logged(entry: StoredEntry) -> Logged:
            if entry.position not in decoded:
                decoded[entry.position] = decode(entry.entry, entry.position)
            return decoded[entry.position]

        return {
            subject: [
                logged(entry)
                for entry in entries
                if entry.position < size and moves(entry.topic, subject)
            ]
            for subject, entries in histories.items()
        }


class _Batch:
    """The judging of one batch under the head row's lock."""

    def __init__(  # noqa: PLR0913  (what was read under the lock)
        self,
        *,
        head_size: int,
        accepted: datetime,
        overlay: Overlay,
        event_ids: Iterable[UUID],
        stored: Mapping[UUID, StoredId],
        known: dict[str, int],
        laws: Mapping[str, Law],
        openings: Batch | NoBatch,
    ) -> None:
        self._laws = laws
        self._openings = openings
        self.entries: list[NewEntry] = []
        self.accepted = accepted
        self.overlay = overlay
        self._accepted_text = format_instant(accepted).encode()
        self._next = head_size
        self._known = known
        self._uuids = {str(event_id): event_id for event_id in event_ids}
        self._ids = {str(event_id): known_id for event_id, known_id in stored.items()}

    def judge(self, groups: Sequence[Group]) -> list[list[Outcome]]:
        """Judge the groups in order, up to the first item that reads a cold subject.

        What comes after that item waits with it, in later groups too: they may be the next chunks
        of one request, and rest on it.
        """
        judged: list[list[Outcome]] = [[] for _group in groups]
        for group, outcomes in zip(groups, judged, strict=True):
            for submission in group.rest:
                try:
                    outcomes.append(self._judge(submission, tried=group.tried))
                except Cold:
                    return judged
        return judged

    def _judge(self, submission: Submission, *, tried: bool) -> Outcome:
        event = submission.event
        payload_sha256 = bytes.fromhex(event.payload_hash.removeprefix("sha256:"))
        if earlier := self._ids.get(event.event_id):
            if earlier.payload_sha256 != payload_sha256:
                return admission.IdempotencyMismatch(
                    f"{event.event_id} is another event already", positions=[earlier.position]
                )
            return Recorded(
                earlier.position, earlier.accepted, earlier.leaf_hash, replayed=not tried
            )
        context = Context(
            accepted=self.accepted,
            position=self._next,
            openings={opening.path: opening.value for opening in submission.openings},
            known=self._known,
            laws=self._laws,
            recall=self._openings.recall,
        )
        try:
            admission.admit(self.overlay, event, context)
        except Refusal as refusal:
            return refusal
        return self._add(submission, payload_sha256)

    def _add(self, submission: Submission, payload_sha256: bytes) -> Recorded:
        event = submission.event
        entry = accepted_at(submission.entry, self._accepted_text)
        at = StoredId(self._next, payload_sha256, self.accepted, leaf_hash(entry))
        self.entries.append(
            NewEntry(
                event_id=self._uuids[event.event_id],
                payload_sha256=payload_sha256,
                topic=event.type,
                entry=entry,
                leaf_hash=at.leaf_hash,
                subjects=event.subjects,
                vault=self._openings.keep(submission),
            )
        )
        self._openings.follow(event)
        self.overlay.apply(Logged(event, self._next, self.accepted))
        self._ids[event.event_id] = at
        self._known[event.payload_hash] = self._next
        self._next += 1
        return Recorded(at.position, at.accepted, at.leaf_hash, replayed=False)
