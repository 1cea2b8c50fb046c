"""What a submission is answered: a receipt, or why not, or that it will be."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from ledger.domain.core.event import Event
from ledger.domain.core.refusal import Refusal
from ledger.domain.core.remedy import Step
from ledger.domain.core.types import format_instant
from ledger.domain.parties.signature_refusals import BadSignature
from ledger.events.intake import Submission
from ledger.events.verdicts import GOOD, HIGH_S
from ledger.publish.quorum import Grade
from ledger.publish.receipts import Proof
from ledger.runtime.faults import without_frames
from ledger.runtime.turns import Payers, Throttled
from ledger.sequence.judging import Outcome, Recorded


@dataclass(frozen=True, slots=True)
class Receipt:
    """Durable, in the log, under a signed checkpoint: what the client keeps."""

    event_id: str
    position: int
    accepted: str
    leaf_hash: bytes
    proof: Proof
    replayed: bool
    grade: Grade = "logged"


@dataclass(frozen=True, slots=True)
class Rejected:
    """Not in the log, and why. `event_id` and the payload's hash, if it could be read that far."""

    event_id: str | None
    error: Exception
    payload: str | None = None


@dataclass(frozen=True, slots=True)
class PromisedAnswer:
    """Stored, and to be recorded or refused by `answer_by`; `note` is that, signed."""

    event_id: str
    payload: str
    received: datetime
    answer_by: datetime
    note: bytes


Answer = Receipt | Rejected


def is_judged_now(answer: "Answer | Outcome | PromisedAnswer") -> bool:
    """Say whether it came of judging, or is to come: not said again, and not for want of it.

    For that alone the keys pay: what was answered before is public, and anybody can send it.
    """
    if isinstance(answer, Rejected):
        return is_judged_now(answer.error)
    if isinstance(answer, Receipt | Recorded | Refusal):
        return not answer.replayed
    return isinstance(answer, PromisedAnswer)


Tell = Callable[[int, Answer], None]
"""Takes the answer to the submission of a number."""


def rejected(event: Event, error: Exception) -> Rejected:
    """Return why an event that could be read is not in the log."""
    return Rejected(event.event_id, without_frames(error), event.payload_hash)


def receipt_at(event_id: str, at: Recorded, proof: Proof) -> Receipt:
    """Return the receipt of what is recorded there."""
    return Receipt(
        event_id=event_id,
        position=at.position,
        accepted=format_instant(at.accepted),
        leaf_hash=at.leaf_hash,
        proof=proof,
        replayed=at.replayed,
    )


Numbered = tuple[int, Submission]
"""A submission and its number."""

Placed = tuple[int, str, Recorded]
"""A submission's number, its event id, and where it is in the log."""


def placed(
    verified: Sequence[Numbered], outcomes: Sequence[Outcome], payers: Payers, tell: Tell
) -> tuple[list[Placed], list[Placed]]:
    """Return what was recorded now, what before; keys pay for what was judged. Tell the others."""
    fresh: list[Placed] = []
    replayed: list[Placed] = []
    for (index, submission), outcome in zip(verified, outcomes, strict=True):
        event_id = submission.event.event_id
        if is_judged_now(outcome):
            payers.charge(submission.event.signatures)
        if not isinstance(outcome, Recorded):
            tell(index, rejected(submission.event, outcome))
        else:
            (replayed if outcome.replayed else fresh).append((index, event_id, outcome))
    return fresh, replayed


def keep_verified(
    checked: Sequence[tuple[int, Submission, int]], verdicts: bytes, tell: Tell
) -> list[Numbered]:
    """Return the submissions whose every signature verified; tell the others."""
    verified, start = [], 0
    for index, submission, count in checked:
        own = verdicts[start : start + count]
        start += count
        if set(own) == {GOOD}:
            verified.append((index, submission))
        else:
            bad = next(number for number, verdict in enumerate(own) if verdict != GOOD)
            wrong = submission.envelope.signatures[bad].key_id
            high = own[bad] == HIGH_S
            why = ": its s is above half of the order n of P-256" if high else ""
            error = BadSignature(
                f"the signature by key {wrong} does not verify{why}",
                step=Step(case="high" if high else None, ask=("/signatures",)),
            )
            tell(index, rejected(submission.event, error))
    return verified


def keep_payable(verified: Sequence[Numbered], payers: Payers, tell: Tell) -> list[Numbered]:
    """Return the submissions whose signers have something left of their quotas; tell the others."""
    payable = []
    for index, submission in verified:
        try:
            payers.must_be_left(submission.event.signatures)
        except Throttled as error:
            tell(index, rejected(submission.event, error))
        else:
            payable.append((index, submission))
    return payable
