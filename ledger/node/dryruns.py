"""
Dry runs: what would become of an event, submitted now. Nothing is stored, and nothing is killed.

An event is judged as the sequencer judges it, by the same code, but beside it: as of the size that
the log has, without the head's lock, on folds of its own that are forgotten, and with a reader's
connection.
"""

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from uuid import UUID

from ledger.domain import admission
from ledger.domain.core.dated_law import Law
from ledger.domain.core.event import Event, Logged
from ledger.domain.core.refusal import Refusal
from ledger.events.intake import Invalid, Submission
from ledger.events.vintage import SoftwareOlder
from ledger.home.batches import BatchKey, ours
from ledger.runtime.turns import Busy
from ledger.sequence.judging import Judging, Recorded, SubmissionGroup, payload_sha256_of
from ledger.sequence.sequencer import Sequencer
from ledger.sequence.subject_cache import Overlay, SubjectCache, load_histories
from ledger.sequence.vault import Vault
from ledger.store.append import look
from ledger.store.connection import Pool
from ledger.store.entries import positions_of

FOLD_S = 5.0
"""How long, in seconds, what an event reads may take to be folded."""

SUBJECTS_BYTES = 0
"""What is folded for one event is not kept for the next one."""


@dataclass(frozen=True, slots=True)
class DryRun:
    """What would become of an event, as of so many entries and an instant.

    `outcome` is `Recorded` with `replayed` where it is in the log already. `dead` is when these
    bytes were refused for good, if they were.
    """

    size: int
    at: datetime
    outcome: Recorded | Refusal
    dead: datetime | None


class DryRuns:
    """Judges one event after the other. Not thread-safe: one thread owns it."""

    def __init__(
        self,
        pool: Pool,
        *,
        vault: Vault,
        laws: Mapping[str, Law],
        sequencer: Sequencer,
        key: BatchKey | None = None,
    ) -> None:
        """Have a vault of one's own, which looks things up in the same pool."""
        self._pool, self._vault, self._laws = pool, vault, laws
        self._sequencer, self._key = sequencer, key

    def judge(self, submission: Submission) -> DryRun:
        """Judge a submission whose signatures verified.

        Raises what would keep an event from being recorded now, `Busy` where it takes too long,
        `VaultUnavailable`, `StoreError`.
        """
        self._sequencer.must_go_on()
        event = submission.event
        event_id, payload_sha256 = UUID(event.event_id), payload_sha256_of(event)
        seen = look(self._pool, event_id, payload_sha256)
        if seen.migrated:
            raise SoftwareOlder("the schema has had migrations that this software does not have")
        buried = ours(seen.dead, self._key)
        dead = buried.get(payload_sha256)
        judging = Judging(
            head_size=seen.head.size,
            accepted=self._sequencer.accepted_after(seen.head.earliest),
            overlay=Overlay(self._folded(event, seen.head.size)),
            event_ids=[event_id],
            stored=seen.stored,
            dead=buried,
            known=self._known(event, seen.head.size),
            laws=self._laws,
            openings=self._vault.reading(),
        )
        ((outcome,),) = judging.judge([SubmissionGroup([submission], bulk=False, until=0.0)])
        if not isinstance(outcome, Recorded | Refusal):
            raise outcome
        return DryRun(seen.head.size, judging.accepted, outcome, dead.refused if dead else None)

    def _folded(self, event: Event, size: int) -> SubjectCache:
        """Fold all that an event reads, as of a size."""
        folds = SubjectCache(partial(_load, self._pool, time.monotonic() + FOLD_S), SUBJECTS_BYTES)
        folds.clear(size)
        try:
            while folds.warm(admission.reads(event, folds)):
                pass
        except Invalid as error:  # What is in the log is an event: this software is too old.
            raise SoftwareOlder(error.detail) from error
        return folds

    def _known(self, event: Event, size: int) -> dict[str, int]:
        """Return where the events stand, below a size, that this one refers to."""
        named = [bytes.fromhex(each.partition(":")[2]) for each in event.body.references()]
        found = positions_of(self._pool, named) if named else {}
        return {f"sha256:{key.hex()}": at for key, at in found.items() if at < size}


def _load(
    pool: Pool, until: float, subjects: Sequence[str], size: int
) -> Iterator[tuple[Logged, list[str]]]:
    """Yield what moves these subjects, as long as there is time. Raises `Busy`."""
    for each in load_histories(pool, subjects, size):
        if time.monotonic() > until:
            raise Busy(f"what it reads is not folded in {FOLD_S:.0f} seconds")
        yield each
