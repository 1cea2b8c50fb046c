"""
Promises an answer, and keeps the promise: what was promised is stored, judged, and answered.

A submission is stored, sealed, before the promise is signed, so a crash between the two breaks no
word. A loop then has it judged as any other, until it is recorded under a checkpoint or refused,
however long that takes. Promised is only what its signers are bound by, as far as the log shows
now, and what it has not answered already: everything else is answered at once, as without.
"""

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from uuid import UUID

import structlog

from ledger.domain.admission import reads_to_bind
from ledger.domain.core.context import Context
from ledger.domain.core.refusal import Refusal
from ledger.domain.refused import NotJudged, is_bound
from ledger.events.intake import Invalid, Submission
from ledger.node.answers import PromisedAnswer
from ledger.publish.receipts import CheckpointFeed
from ledger.publish.refuser import Refuser
from ledger.runtime.faults import Fault, NeedsOperator, fault_of
from ledger.runtime.loops import Loop
from ledger.runtime.pending import Pending, T
from ledger.runtime.turns import Busy, Throttled
from ledger.sequence.judging import Outcome, Recorded, payload_sha256_of
from ledger.sequence.sequencer import Sequencer
from ledger.sequence.subject_cache import SubjectCache, load_histories
from ledger.sequence.vault import RowUnreadable, Vault
from ledger.store.connection import Pool
from ledger.store.entries import read_head
from ledger.store.stored_promises import Promising, StoredPromise, TakenPromises, promising, taking

AT_ONCE = 32
"""Stored submissions that are judged together."""

LOOK_S = 1.0
"""How often, in seconds, to look for what was stored without a hint, or could not be judged."""

JUDGED_S = 4.0
"""How long, in seconds, to wait for an outcome and its checkpoint; then it is tried again."""

STOP_S = 0.1
"""How soon, in seconds, a stop is noticed meanwhile."""

FULL_S = 10
"""How long, in seconds, a key with its share of promises is told to wait."""

TRIES = 5
"""How often what fails for a reason that nobody thought of is judged before that is the answer."""

SUBJECTS_BYTES = 32 << 20
"""Bytes of folded subjects by which it is judged whether lines bind."""

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class PromiseLimits:
    """Within how long it is answered and how long a refusal is kept then; how much is stored.

    `count` are submissions and refusals, `of_key` those of them that one key signed, `bytes` what
    submissions take.
    """

    answer: timedelta
    kept: timedelta
    count: int
    of_key: int
    bytes: int


class Promises:
    """Gives promises, in any thread, and keeps them, in one of its own."""

    def __init__(  # noqa: PLR0913  (what it works with, by name)
        self,
        pool: Pool,
        *,
        vault: Vault,
        refuser: Refuser,
        sequencer: Sequencer,
        feed: CheckpointFeed,
        bounds: PromiseLimits,
        clock: Callable[[], datetime],
    ) -> None:
        """Have a vault of one's own: it is used in several threads, one after the other."""
        self._pool, self._vault, self._refuser = pool, vault, refuser
        self._sequencer, self._feed = sequencer, feed
        self._bounds, self._clock = bounds, clock
        self._sealing = threading.Lock()
        self.loop = Loop("promises", self._step)

    def start(self) -> None:
        """Begin to have judged what was promised, by earlier processes too."""
        self.loop.start()

    def stop(self) -> None:
        """End the thread; what has no answer yet keeps."""
        self.loop.stop()

    def give(self, submissions: Sequence[Submission]) -> list[PromisedAnswer | Exception | None]:
        """Store submissions whose signatures verified; return the promise to answer each.

        Or `Busy` or `Throttled`, where there is no room for it; or None, where it is to be answered
        at once. Raises what keeps events from being recorded now, `StoreError`, `DataKeyError`.
        """
        self._sequencer.must_go_on()
        now = self._clock()
        received = now.replace(microsecond=now.microsecond // 1000 * 1000)
        asked = [
            self._sealed(submission, received) if bound else None
            for submission, bound in zip(submissions, self._bound(submissions, now), strict=True)
        ]
        if not any(asked):
            return [None] * len(submissions)
        with promising(self._pool, [each for each in asked if each]) as stored:
            given = [each and self._store(each, stored) for each in asked]
        self.loop.wake()
        return [self._promised(each) if isinstance(each, StoredPromise) else each for each in given]

    def _bound(self, submissions: Sequence[Submission], now: datetime) -> list[bool]:
        """Say of each whether its lines bind its signers, as the log stands."""
        size = read_head(self._pool).size
        folds = SubjectCache(partial(load_histories, self._pool), SUBJECTS_BYTES)
        folds.clear(size)
        events = [submission.event for submission in submissions]
        while folds.warm({each for event in events for each in reads_to_bind(event, folds)}):
            pass
        return [
            is_bound(
                folds,
                submission.event,
                Context(now, size, {each.path: each.value for each in submission.openings}),
            )
            for submission in submissions
        ]

    def _sealed(self, submission: Submission, received: datetime) -> StoredPromise | None:
        event = submission.event
        with self._sealing:
            self._vault.keys.forget()  # Whose key was erased meanwhile has none.
            sealed = self._vault.seal_submission(submission)
        if sealed is None:
            return None
        return StoredPromise(
            payload_sha256_of(event),
            UUID(event.event_id),
            event.signatures,
            received,
            received + self._bounds.answer,
            sealed,
        )

    def _store(
        self, new: StoredPromise, stored: Promising
    ) -> StoredPromise | Busy | Throttled | None:
        """Store a submission, unless it is there, has its answer already, or there is no room."""
        known = stored.known.get(new.payload_sha256)
        if known and known.sealed:
            if known.tries:
                stored.renew(known, new)
            return known
        if known or new.payload_sha256 in stored.answered:
            return None
        assert new.sealed is not None, "it was just sealed"
        bounds, size = self._bounds, stored.bytes + len(new.sealed)
        if any(stored.of_key[key] >= bounds.of_key for key in new.keys):
            return Throttled(f"one key has {bounds.of_key} promises already", FULL_S)
        if stored.count >= bounds.count or size > bounds.bytes:
            return Busy(f"{stored.count} promises of {stored.bytes} bytes are stored already")
        stored.add(new)
        return new

    def _promised(self, stored: StoredPromise) -> PromisedAnswer:
        event_id, payload = str(stored.event_id), _hash_of(stored)
        instants = stored.received, stored.answer_by
        note = self._refuser.promise(event_id, payload, *instants)
        return PromisedAnswer(event_id, payload, *instants, note)

    def _step(self) -> float:
        """Have some of what waits judged; return how long to wait for the next, in seconds."""
        now = self._clock()
        with taking(self._pool, AT_ONCE) as taken:
            # Whatever failed may be the fault of one of them: those are tried one by one.
            rows = [row for row in taken.rows if not row.tries] or taken.rows[:1]
            outcomes = self._outcomes(rows)
            for row in rows:
                self._note(taken, row, outcomes[row.payload_sha256])
            taken.forget_refusals(now - self._bounds.kept)
        answered = (isinstance(each, Recorded | Refusal) for each in outcomes.values())
        return 0 if rows and all(answered) else LOOK_S

    def _outcomes(self, rows: Sequence[StoredPromise]) -> dict[bytes, Outcome]:
        """Return what became of each: recorded, under a checkpoint, refused, or why not yet."""
        until = time.monotonic() + JUDGED_S
        outcomes: dict[bytes, Outcome] = {}
        judged: list[Outcome]
        readable: dict[bytes, Submission] = {}
        for row in rows:
            try:
                readable[row.payload_sha256] = self._unsealed(row)
            except (RowUnreadable, Invalid) as error:
                outcomes[row.payload_sha256] = error
        if not readable:
            return outcomes
        try:
            pending = self._sequencer.submit([*readable.values()], bulk=True)
            judged = self._await(pending, until)
            for key, outcome in zip(readable, judged, strict=True):
                if isinstance(outcome, Recorded):
                    self._await(self._feed.covering(outcome.position), until)
                outcomes[key] = outcome
        except Exception as error:  # noqa: BLE001  (whatever it is, it is tried again)
            for key in readable.keys() - outcomes.keys():
                outcomes[key] = error
        return outcomes

    def _unsealed(self, row: StoredPromise) -> Submission:
        assert row.sealed is not None, "it waits for its answer"
        with self._sealing:
            self._vault.keys.forget()
            return self._vault.unseal_submission(row.event_id, row.payload_sha256, row.sealed)

    def _await(self, pending: Pending[T], until: float) -> T:
        """Wait for what a worker gives, as long as there is time and nobody stops the loop."""
        given = threading.Event()
        pending.then(given.set)
        while not given.wait(STOP_S):
            if self.loop.stopping or time.monotonic() > until:
                pending.left = True
                raise TimeoutError("it waits to be recorded and signed")
        return pending.result(0)

    def _note(self, taken: TakenPromises, row: StoredPromise, outcome: Outcome) -> None:
        """Note what became of a submission, or that it has no answer yet."""
        if row.tries >= TRIES and _is_ours(outcome):
            outcome = NotJudged(f"{TRIES} times; the fault has been logged")
        if isinstance(outcome, Recorded):
            taken.recorded(row)
        elif isinstance(outcome, Refusal):
            note = self._refuser.sign(outcome, str(row.event_id), _hash_of(row), row.received)
            taken.refused(row, note)
        else:
            taken.failed(row)
            if not row.tries:
                why = f"{type(outcome).__name__}: {outcome}"
                _log.warning("promise_waits", payload=_hash_of(row), reason=why)


def _is_ours(outcome: Outcome) -> bool:
    """Say whether it failed for a reason that nobody thought of, and that does not pass."""
    if isinstance(outcome, Recorded | Refusal | NeedsOperator | RowUnreadable | Invalid):
        return False
    return fault_of(outcome) is Fault.OPERATOR


def _hash_of(stored: StoredPromise) -> str:
    return f"sha256:{stored.payload_sha256.hex()}"
