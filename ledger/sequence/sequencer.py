"""
Puts admitted events into the log, in one total order.

Sunlight's pool and Tessera's batch, made transactional. A batch is: fold what it reads (no lock),
lock the head row, follow what others appended, admit each item against what is before it, append
them, commit. One flush a batch, and the position is the leaf's index inside that commit.

(a) Before the lock every subject that an event reads is folded, to a fixpoint.
(b) Under the lock only what others appended since is folded; an item that turns out to read a
    cold subject waits for the next batch.
(c) Admitted events evolve an overlay, merged only after the commit is known. After an unknown
    outcome the log is asked by event id, the same bytes go again; what was folded before stands
    where the log's tree continues the one it was folded from.
(d) Keys, mandates and freezes are judged against the overlay: a revocation earlier in the batch
    counts.
"""

import threading
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from uuid import UUID

import structlog

from ledger.domain import admission
from ledger.domain.core.dated_law import Law
from ledger.events.intake import Submission, decode
from ledger.events.vintage import SoftwareOlder, Vintage
from ledger.home.batches import BatchKey, ours
from ledger.log.merkle import Frontier, leaf_hash
from ledger.runtime.clock import ClockAhead
from ledger.runtime.faults import Fault, NeedsOperator, Passing, fault_of
from ledger.runtime.loops import Loop
from ledger.runtime.pending import Pending
from ledger.runtime.turns import Busy
from ledger.sequence.judging import JUDGE_S, Judging, Outcome, SubmissionGroup, payload_sha256_of
from ledger.sequence.subject_cache import Overlay, SubjectCache, load_histories
from ledger.sequence.vault import NoBatch, NoVault, Vault, VaultBatch
from ledger.store.append import (
    Append,
    appending,
)
from ledger.store.connection import OutcomeUnknown, Pool, StorageFull, Unavailable
from ledger.store.entries import positions_of, read_head
from ledger.store.head import Head

CLOCK_TOLERANCE = timedelta(seconds=60)
"""How far the clock may stand behind the last entry before nothing is accepted (§4)."""

BULK_WAITS_S = 0.25
"""How long, in seconds, bulk requests wait while there are single ones."""

BULK_REST = 3
"""How many times longer than its batch took, beyond `JUDGE_S`, bulk rests after a heavy one."""

RETRY_FOR_S = 30.0
"""How long a batch whose outcome is unknown is tried again before its clients are told."""

ERASE_AGAIN_S = 5.0
"""How long, in seconds, until an erasure that failed is tried again, while nobody submits."""

PROBE_S = 0.25
"""How often, in seconds, it looks whether it can append again, while nobody submits."""

_log = structlog.get_logger(__name__)


class SequencerError(Exception):
    """Superclass of the errors of the sequencer. Never raised itself."""


class ClockBehind(SequencerError, Passing):
    """The clock is more than a minute behind the last entry; nothing was stored."""


class Stopped(SequencerError, Passing):
    """The sequencer is stopping; nothing was stored."""


TOLD_AT_ONCE = (StorageFull, ClockBehind, ClockAhead, SoftwareOlder)
"""What passes, but not soon: nobody is to wait for it."""


class Sequencer:
    """One thread that appends. Several processes may run one: the head row's lock orders them.

    `committed` is called after each commit, from this thread: the publisher's hint. `hindered`
    returns what would keep an event posted now from its receipt, if anything does.
    """

    def __init__(  # noqa: PLR0913  (what it works with, and its bounds)
        self,
        pool: Pool,
        committed: Callable[[], None],
        *,
        laws: Mapping[str, Law],
        batch_max: int = 256,
        outstanding_max: int = 4096,
        subjects_bytes: int = 256 << 20,
        vault: Vault | None = None,
        hindered: Callable[[], Exception | None] = lambda: None,
        vintage: Vintage | None = None,
        key: BatchKey | None = None,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        """`laws` are the sets of law data at hand, by digest: the log names the one in force.

        Without a `key` nothing of what is appended can be signed.
        """
        self._pool, self._key = pool, key
        self._laws = laws
        self._vault = vault or NoVault()
        self._vintage = vintage or Vintage(pool, laws)
        self._committed = committed
        self._batch_max = batch_max
        self._outstanding_max = outstanding_max
        self._clock = clock
        self._folds = SubjectCache(partial(load_histories, pool), subjects_bytes)
        self._tree = Frontier()
        self._doubt = True  # What a batch followed may not have reached the vault.
        self._hindered = hindered
        self._waiting: deque[SubmissionGroup] = deque()
        self._bulk: deque[SubmissionGroup] = deque()  # What goes behind all single requests.
        self._bulk_from = 0.0  # time.monotonic() from which they may have a batch again.
        self._outstanding = 0
        self._lock = threading.Lock()
        self._refusing: Exception | None = None
        self.appended_at: float | None = None  # time.monotonic() of the last batch.
        self.loop = Loop("sequencer", self._step, last=True)

    def start(self) -> None:
        """Begin to append."""
        self.loop.start()

    def stop(self) -> None:
        """Finish the batch under way, refuse what waits, end the thread."""
        self.loop.stop()

    def refuse(self, error: Exception) -> None:
        """Take nothing more in: raise `error` at anyone who submits. What waits is still judged."""
        self._refusing = error

    def must_go_on(self) -> None:
        """Raise what would keep an event posted now from its receipt, if anything would."""
        if hindrance := self._refusing or self._hindered():
            raise hindrance

    def submit(
        self, submissions: Sequence[Submission], *, bulk: bool = False
    ) -> Pending[list[Outcome]]:
        """Queue verified submissions, to be judged in this order; `bulk` goes behind what is not.

        Raises `Busy`, `Stopped`, what `refuse` was given, or what `hindered` returns.
        """
        group = SubmissionGroup(submissions, bulk=bulk, until=time.monotonic() + RETRY_FOR_S)
        self.must_go_on()
        with self._lock:
            if self.loop.stopping:
                raise Stopped("the ledger is stopping")
            if self._outstanding + len(submissions) > self._outstanding_max:
                raise Busy(f"{self._outstanding} events are waiting already")
            self._outstanding += len(submissions)
            if bulk and not self._bulk:
                self._bulk_from = max(self._bulk_from, time.monotonic())
            self._line_of(group).append(group)
        self.loop.wake()
        return group.answer

    def _line_of(self, group: SubmissionGroup) -> deque[SubmissionGroup]:
        return self._bulk if group.bulk else self._waiting

    @property
    def outstanding(self) -> int:
        """How many events wait to be judged, or are."""
        return self._outstanding

    def _step(self) -> float | None:
        """Append one batch, and answer. Raises what it could not be appended for."""
        if self.loop.stopping:
            self._give_up(self._take_all(), Stopped("the ledger is stopping"))
            return None
        groups = self._take()
        if not groups:
            return self._rest()
        began = time.monotonic()
        try:
            self._append(groups)
        except Exception as error:
            if self._fail(groups, error):
                raise
        else:
            self.appended_at = time.monotonic()
            self._answer(groups)
        if groups[0].bulk:
            now = time.monotonic()
            self._bulk_from = now + BULK_REST * max(0.0, now - began - JUDGE_S)
        return 0

    def _rest(self) -> float | None:
        """Do what is done while nothing is appended; return how long that may last, in seconds."""
        if self._bulk:
            return max(0.0, self._bulk_from - time.monotonic())
        if self.loop.error is not None:
            self.look(self._pool)  # Nobody submits to a ledger that says it is not ready.
            return PROBE_S
        if self._vault.waiting:
            self._vault.carry_out()
        return ERASE_AGAIN_S if self._vault.waiting else None

    def _fail(self, groups: Sequence[SubmissionGroup], error: Exception) -> bool:
        """Keep a batch that failed, or tell its clients; say whether the next one would fail too.

        What nobody thought of is the fault of something in this batch: each request is tried alone,
        and it ends with the one at which it comes again.
        """
        self._doubt = True
        if not isinstance(error, OutcomeUnknown | Unavailable):
            self._folds.clear(0)
        if isinstance(error, OutcomeUnknown):
            for group in groups:
                group.tried = True
        passes = fault_of(error) is Fault.PASSES
        theirs = not passes and not isinstance(error, NeedsOperator)
        if theirs and len(groups) > 1:
            for group in groups:
                group.alone = True
            self._keep(groups)
        elif passes and not isinstance(error, TOLD_AT_ONCE):
            self._keep(groups)
        else:
            _log.error("batch_failed", events=sum(len(g.rest) for g in groups), exc_info=error)
            self._give_up(groups, error)
        return passes or isinstance(error, NeedsOperator)

    def look(self, pool: Pool) -> None:
        """See whether an event could be appended now, without one. Raises what keeps it."""
        self._vintage.check()
        with appending(pool) as append:
            self.accepted_after(append.head.earliest)

    def _take(self) -> list[SubmissionGroup]:
        """Return whole groups, about a batch of them, or none where nobody waits.

        Single requests first; bulk ones where there are none, or where they have waited long.
        """
        with self._lock:
            since = time.monotonic() - self._bulk_from
            of_bulk = self._bulk and since >= (BULK_WAITS_S if self._waiting else 0)
            line = self._bulk if of_bulk else self._waiting
            groups: list[SubmissionGroup] = []
            events = 0
            while line and (not groups or self._joins(line[0], groups, events)):
                group = line.popleft()
                if group.bulk and group.answer.left:  # Who asked has gone: nothing is owed.
                    self._outstanding -= len(group.submissions)
                    continue
                groups.append(group)
                events += len(group.rest)
            return groups

    def _joins(
        self, group: SubmissionGroup, groups: Sequence[SubmissionGroup], events: int
    ) -> bool:
        alone = group.alone or groups[0].alone
        return not alone and events + len(group.rest) <= self._batch_max

    def _take_all(self) -> list[SubmissionGroup]:
        with self._lock:
            groups = [*self._waiting, *self._bulk]
            self._waiting.clear()
            self._bulk.clear()
            return groups

    def _keep(self, groups: Sequence[SubmissionGroup]) -> None:
        """Have groups tried again, first of all, but for those that have waited long enough."""
        now = time.monotonic()
        with self._lock:
            for group in reversed(groups):
                if now < group.until:
                    self._line_of(group).appendleft(group)
        late = [group for group in groups if now >= group.until]
        self._give_up(late, Unavailable("the database cannot be reached"))

    def _give_up(self, groups: Sequence[SubmissionGroup], error: Exception) -> None:
        """Tell an error, or, where the bytes may be in the log already, that this is not known."""
        for group in groups:
            unknown = OutcomeUnknown("the answer to its COMMIT was lost") if group.tried else error
            group.outcomes.extend([unknown] * len(group.rest))
        self._answer(groups)

    def _answer(self, groups: Sequence[SubmissionGroup]) -> None:
        """Tell the groups that are done; the others go first in the next batch."""
        unfinished = [group for group in groups if group.rest]
        finished = [group for group in groups if not group.rest]
        with self._lock:
            for group in reversed(unfinished):
                self._line_of(group).appendleft(group)
            self._outstanding -= sum(len(group.submissions) for group in finished)
        for group in finished:
            group.answer.give(group.outcomes)

    def _append(self, groups: Sequence[SubmissionGroup]) -> None:
        submissions = [submission for group in groups for submission in group.rest]
        self._vintage.check()
        if self._folds.size == 0:
            self._begin_at(read_head(self._pool))
        look_up, self._doubt = self._doubt, False
        self._vault.begin(submissions, look_up=look_up)
        self._warm(submissions)
        known = self._known_positions(submissions)
        event_ids = [UUID(submission.event.event_id) for submission in submissions]
        payloads = [payload_sha256_of(submission.event) for submission in submissions]
        with appending(self._pool, event_ids, payloads) as append:
            openings = self._vault.batch(append)
            self._catch_up(append, known, openings)
            batch = Judging(
                head_size=append.head.size,
                accepted=self.accepted_after(append.head.earliest),
                overlay=Overlay(self._folds),
                event_ids=event_ids,
                stored=append.stored(event_ids),
                dead=ours(append.dead, self._key),
                known=known,
                laws=self._laws,
                openings=openings,
            )
            judged = batch.judge(groups)
            if batch.refused:
                mac = self._key.refusal_mac if self._key else None
                append.bury(batch.refused, batch.accepted, mac)
            if batch.entries:
                append.write(batch.entries, batch.accepted, self._key.mac if self._key else None)
        # The commit is known: only now do clients and cache learn of it.
        try:
            batch.overlay.merge()
            self._tree = Frontier(append.head.size, append.head.frontier)
            openings.committed()
            self._committed()
        except Exception as error:
            self._folds.clear(0)
            raise OutcomeUnknown("a fault behind the commit: the log is asked") from error
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

    def _catch_up(
        self, append: Append, known: dict[str, int], openings: VaultBatch | NoBatch
    ) -> None:
        """Follow what others appended since; if another tree comes of it, everything is cold."""
        if append.migrated:
            raise SoftwareOlder("the schema has had migrations that this software does not have")
        head = append.head
        since = append.entries_since(self._folds.size) if head.size > self._folds.size else []
        tree = self._tree.extend([leaf_hash(stored.entry) for stored in since])
        if (tree.size, tree.hashes) != (head.size, head.frontier):
            self._begin_at(head)
            return
        for stored in since:
            self._vintage.must_know(stored)
            logged = decode(stored.entry, stored.position)
            known[logged.event.payload_hash] = logged.position
            self._folds.follow(logged)
            openings.follow(logged.event)
        self._tree = tree

    def _begin_at(self, head: Head) -> None:
        """Forget what was folded, and go on from the log as it is."""
        self._folds.clear(head.size)
        self._tree = Frontier(head.size, head.frontier)
        self._doubt = True

    def accepted_after(self, last: datetime | None) -> datetime:
        """Return max(now, last), in whole milliseconds. Raises `ClockBehind`, `ClockAhead`.

        `last` is when the last entry was accepted, or the head signed at rest since then. For any
        thread.
        """
        now = self._clock()
        now = now.replace(microsecond=now.microsecond // 1000 * 1000)
        if last is None or now >= last:
            return now
        if last - now > CLOCK_TOLERANCE:
            raise ClockBehind(f"the clock is {last - now} behind the last entry")
        return last
