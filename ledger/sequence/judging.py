"""The judging of one batch, under the head row's lock: what is admitted, refused, or waits."""

import json
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import structlog

from ledger.domain import admission
from ledger.domain.core.context import Context
from ledger.domain.core.dated_law import Law
from ledger.domain.core.event import Event, Logged
from ledger.domain.core.refusal import Refusal
from ledger.domain.core.remedy import Step
from ledger.domain.core.types import format_instant
from ledger.domain.refused import NotJudged, is_dead, keep_refusal, recall_refusal
from ledger.events.intake import Submission, accepted_at
from ledger.log.merkle import leaf_hash
from ledger.runtime.faults import is_bug, without_frames
from ledger.runtime.pending import Pending
from ledger.sequence.subject_cache import Cold, Overlay
from ledger.sequence.vault import NoBatch, Reading, VaultBatch, VaultUnavailable
from ledger.store.append import (
    DeadPayload,
    NewEntry,
    StoredId,
    VaultRow,
)

JUDGE_S = 0.1
"""How long, in seconds, a batch is judged under the head row's lock; the rest is the next one's."""

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Recorded:
    """The event is in the log at this position; `replayed` if it was there already."""

    position: int
    accepted: datetime
    leaf_hash: bytes
    replayed: bool


Outcome = Recorded | Refusal | Exception
"""What became of a submission. Any other exception than a refusal: see its class."""


class SubmissionGroup:
    """Submissions of one request, judged in their order; `answer` will have all their outcomes."""

    __slots__ = ("alone", "answer", "bulk", "outcomes", "submissions", "tried", "until")

    def __init__(self, submissions: Sequence[Submission], *, bulk: bool, until: float) -> None:
        self.submissions = submissions
        self.bulk = bulk
        self.until = until  # time.monotonic(): it is not tried again after that.
        self.outcomes: list[Outcome] = []
        self.answer: Pending[list[Outcome]] = Pending()
        self.alone = False  # A batch with it failed for a reason that nobody thought of.
        self.tried = False  # Its bytes may be in the log already: an outcome was lost.

    @property
    def rest(self) -> Sequence[Submission]:
        """What is not judged yet."""
        return self.submissions[len(self.outcomes) :]


class Judging:
    """The judging of one batch under the head row's lock."""

    def __init__(  # noqa: PLR0913  (what was read under the lock)
        self,
        *,
        head_size: int,
        accepted: datetime,
        overlay: Overlay,
        event_ids: Iterable[UUID],
        stored: Mapping[UUID, StoredId],
        dead: dict[bytes, DeadPayload],
        known: dict[str, int],
        laws: Mapping[str, Law],
        openings: VaultBatch | NoBatch | Reading,
    ) -> None:
        self._laws = laws
        self._openings = openings
        self.entries: list[NewEntry] = []
        self.refused: list[DeadPayload] = []
        self._dead = dead
        self.accepted = accepted
        self.overlay = overlay
        self._accepted_text = format_instant(accepted).encode()
        self._next = head_size
        self._known = known
        self._uuids = {str(event_id): event_id for event_id in event_ids}
        self._ids = {str(event_id): known_id for event_id, known_id in stored.items()}

    def judge(self, groups: Sequence[SubmissionGroup]) -> list[list[Outcome]]:
        """Judge the groups in order, up to the first item that reads a cold subject, or for a time.

        What comes after that item waits with it, in later groups too: they may be the next chunks
        of one request, and rest on it. One item is judged in any case.
        """
        judged: list[list[Outcome]] = [[] for _group in groups]
        until = time.monotonic() + JUDGE_S
        for group, outcomes in zip(groups, judged, strict=True):
            for submission in group.rest:
                if time.monotonic() > until and any(judged):
                    return judged
                try:
                    outcomes.append(self._judge(submission, tried=group.tried))
                except Cold:
                    return judged
                except Exception as error:
                    if not is_bug(error):
                        raise
                    outcomes.append(self._failed(error, submission.event))
        return judged

    def _judge(self, submission: Submission, *, tried: bool) -> Outcome:
        event = submission.event
        payload_sha256 = payload_sha256_of(event)
        if (earlier := self._ids.get(event.event_id)) and earlier.payload_sha256 == payload_sha256:
            return Recorded(
                earlier.position, earlier.accepted, earlier.leaf_hash, replayed=not tried
            )
        if dead := self._dead.get(payload_sha256):
            return _said_again(dead)
        context = Context(
            accepted=self.accepted,
            position=self._next,
            openings={opening.path: opening.value for opening in submission.openings},
            known=self._known,
            laws=self._laws,
            recall=self._openings.recall,
        )
        try:
            if earlier:
                raise admission.IdempotencyMismatch(
                    f"{event.event_id} is another event already",
                    positions=[earlier.position],
                    pointer="/event_id",
                    step=Step(ask=("/event_id", "/signatures")),
                )
            admission.admit(self.overlay, event, context)
            rows = self._openings.keep(submission)
        except VaultUnavailable as error:
            return without_frames(error)
        except Refusal as refusal:
            refusal.at = self.accepted
            if is_dead(refusal, self.overlay, event, context):
                self._bury(refusal, event, payload_sha256)
            return without_frames(refusal)
        return self._add(submission, payload_sha256, rows)

    def _failed(self, error: Exception, event: Event) -> NotJudged:
        """Return the refusal of an event whose judging raised: the fault is told in the journal."""
        _log.error("not_judged", payload=event.payload_hash, type=event.type, exc_info=error)
        refusal = NotJudged("the fault has been logged")
        refusal.at = self.accepted
        return refusal

    def _bury(self, refusal: Refusal, event: Event, payload_sha256: bytes) -> None:
        refusal.dead = True
        event_id, said = self._uuids[event.event_id], json.dumps(keep_refusal(refusal)).encode()
        dead = DeadPayload(payload_sha256, event_id, self.accepted, event.not_after, said)
        self._dead[payload_sha256] = dead
        self.refused.append(dead)

    def _add(
        self, submission: Submission, payload_sha256: bytes, rows: tuple[VaultRow, ...]
    ) -> Recorded:
        event = submission.event
        entry = accepted_at(submission.entry, self._accepted_text)
        # What may fail comes first: then nothing is added.
        self.overlay.apply(Logged(event, self._next, self.accepted))
        at = StoredId(self._next, payload_sha256, self.accepted, leaf_hash(entry))
        self.entries.append(
            NewEntry(
                event_id=self._uuids[event.event_id],
                payload_sha256=payload_sha256,
                topic=event.type,
                entry=entry,
                leaf_hash=at.leaf_hash,
                subjects=event.subjects,
                vault=rows,
            )
        )
        self._openings.follow(event)
        self._ids[event.event_id] = at
        self._known[event.payload_hash] = self._next
        self._next += 1
        return Recorded(at.position, at.accepted, at.leaf_hash, replayed=False)


def payload_sha256_of(event: Event) -> bytes:
    """Return the hash by which a payload is known."""
    return bytes.fromhex(event.payload_hash.removeprefix("sha256:"))


def _said_again(dead: DeadPayload) -> Refusal:
    """Return what was said of dead bytes when they were refused."""
    refusal = recall_refusal(json.loads(dead.said))
    refusal.at, refusal.dead, refusal.replayed = dead.refused, True, True
    return refusal
