"""
Admission: the order in which an event is judged, and how a subject is folded.

The order is fixed and tested: edition, end of the ledger, time, references, view, signers, delay,
keys and mandates, what may stand in no event, then the rule of the event's own module. What was
wrong before the bytes became an `Event` (form, signature values) never comes here.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from ledger.domain.core.body import Folded, FoldedState, State, key_subject
from ledger.domain.core.context import Context
from ledger.domain.core.event import Event, Logged
from ledger.domain.core.existence import PredecessorUnknown, SubjectExists
from ledger.domain.core.personal_data import must_hold_no_personal_data
from ledger.domain.core.refusal import Refusal
from ledger.domain.core.remedy import HERE, Step
from ledger.domain.core.types import format_instant
from ledger.domain.government.governance import must_be_open
from ledger.domain.government.ledger import (
    LedgerOpened,
    RulesAdopted,
    must_have_law,
    must_know,
    opened,
)
from ledger.domain.parties.key import Key
from ledger.domain.parties.ledger_state import Ledger, ledger_of, ledger_subject
from ledger.domain.parties.party import PartyEnded, standing_for
from ledger.domain.parties.signature_refusals import SignerMissing, WrongSigner
from ledger.domain.registry import EVOLVES, RULES
from ledger.domain.signing.both_sides import keys_answered, must_not_sign_both_named_sides
from ledger.domain.signing.signers import (
    must_be_registered,
    must_bind,
    must_name_signers,
    must_wait_long_enough,
    say_who_signs,
)

CLOCK_TOLERANCE = timedelta(minutes=5)
"""How far a client's clock may run ahead of the ledger's."""

MAX_VALIDITY = timedelta(days=90)
"""How long a signed event that was never recorded stays alive."""

_SHARED_KINDS = ("party:", "key:", "ledger:")
"""Subjects that events of strangers touch all the time; a view of them does not grow stale."""

_BEFORE_SIDES = (PredecessorUnknown, SubjectExists, SignerMissing, WrongSigner, PartyEnded)
"""Refusals about what exists and who signs: they are told before who signs both sides of that."""


@dataclass(frozen=True, slots=True)
class Folds:
    """`FoldedState` over a mapping of folded subjects."""

    subjects: Mapping[str, Folded]

    def get(self, subject: str) -> Any:
        """Return the value of a subject, or None."""
        folded = self.subjects.get(subject)
        return None if folded is None else folded.value

    def folded(self, subject: str) -> Folded | None:
        """Return the folded subject, or None."""
        return self.subjects.get(subject)


class IssuedInFuture(Refusal):
    """The event says that it was issued more than five minutes from now."""

    code = "ISSUED_IN_FUTURE"
    final = False
    title_vi = "Thời điểm lập sự kiện ở tương lai"


class ValidityTooLong(Refusal):
    """`not_after` is before `issued_at`, or more than 90 days after it."""

    code = "VALIDITY_TOO_LONG"
    title_vi = "Thời hạn nộp sự kiện dài quá 90 ngày hoặc kết thúc trước khi lập"


class SubmissionExpired(Refusal):
    """The event was submitted after its `not_after`."""

    code = "SUBMISSION_EXPIRED"
    title_vi = "Sự kiện đã quá hạn nộp"


class StaleView(Refusal):
    """Since the signers looked (`seen`), an event that not all of them signed touched a subject."""

    code = "STALE_VIEW"
    title_vi = "Dữ liệu mà các bên ký đã xem không còn mới nhất"


class SeenAhead(Refusal):
    """The signers say that they saw (`seen`) more entries than there are before the event."""

    code = "SEEN_AHEAD"
    title_vi = "Kích thước sổ mà các bên ký nói đã xem lớn hơn kích thước của sổ cái"


class IdempotencyMismatch(Refusal):
    """Another event with this event id is in the log."""

    code = "IDEMPOTENCY_MISMATCH"
    final = False
    title_vi = "Mã sự kiện đã được dùng cho một nội dung khác"


def reads(event: Event, state: FoldedState) -> frozenset[str]:
    """Return all subjects that admission of the event reads, as far as `state` tells.

    What a body reads may depend on what is known (a contract's head grant, its right): ask again
    with these loaded, until nothing new is named.
    """
    return frozenset(
        (
            *event.subjects,
            *event.body.reads(state),
            *reads_to_bind(event, state),
            *standing_for(state, event.signers),
            *keys_answered(state, event.body),
        )
    )


def reads_to_bind(event: Event, state: State) -> frozenset[str]:
    """Return those by which its lines bind: keys, their holders, all parties, the ledger."""
    keys = tuple(map(key_subject, event.signatures))
    holders = (key.party for key in map(state.get, keys) if isinstance(key, Key))
    parties = (subject for subject in event.subjects if subject.startswith("party:"))
    return frozenset((*event.signers, *parties, *keys, *holders, ledger_subject(event.ledger)))


def admit(state: FoldedState, event: Event, context: Context) -> None:
    """Return if the event may stand at `context.position`; raise the `Refusal` if it may not."""
    ledger = None
    try:
        ledger = _ledger(state, event, context)
        _judge(state, event, context, ledger)
    except Refusal as refusal:
        refusal.point_into(event)
        if ledger is not None:
            say_who_signs(refusal, event, ledger)
        raise


def _judge(state: FoldedState, event: Event, context: Context, ledger: Ledger) -> None:
    opens = isinstance(event.body, LedgerOpened)
    must_know(ledger.edition, None if opens else ledger.said_at(RulesAdopted.TOPIC))
    must_be_open(ledger)
    context = replace(context, law=must_have_law(ledger.law_data_sha256, context))
    _must_be_in_time(event, context)
    _must_refer_to_the_known(event, context)
    _must_have_a_fresh_view(state, event, context)
    must_name_signers(event, ledger)
    must_be_registered(state, event, context)
    must_wait_long_enough(event, ledger, context)
    stands = must_bind(state, event, ledger, context)
    must_hold_no_personal_data(event.body)
    try:
        RULES[ledger.edition][type(event.body)](state, event, context)
    except _BEFORE_SIDES:
        raise
    except Refusal:
        must_not_sign_both_named_sides(state, event, stands, context)
        raise
    must_not_sign_both_named_sides(state, event, stands, context)


def evolve_subject(subject: str, folded: Folded | None, logged: Logged) -> Folded:
    """Return a subject after an entry that is tagged with it. It never refuses.

    It depends on nothing but the subject's own fold and the entry, so that a subject can be
    followed alone.
    """
    before = folded or _UNTOUCHED
    event, value = logged.event, before.value
    evolve = EVOLVES.get((subject.partition(":")[0], type(event.body)))
    if evolve is not None:
        value = evolve(subject, value, logged)
    made_with = before.made_with if before.count else event.signatures
    unsigned = {signer: before.last_unsigned_by(signer) for signer in event.signers}
    return Folded(value, before.count + 1, logged.position, unsigned, made_with)


_UNTOUCHED = Folded(value=None, count=0, position=-1, unsigned={})


def _ledger(state: State, event: Event, context: Context) -> Ledger:
    """Return the ledger whose officers and edition judge the event; the first brings its own."""
    if isinstance(event.body, LedgerOpened):
        return opened(event.body, context.position)
    return ledger_of(state, event)


def _must_be_in_time(event: Event, context: Context) -> None:
    accepted = context.accepted
    issued, until, now = map(format_instant, (event.issued_at, event.not_after, accepted))
    if event.issued_at > accepted + CLOCK_TOLERANCE:
        raise IssuedInFuture(
            f"issued at {issued}, accepted at {now}",
            pointer="/issued_at",
            step=Step({"now": now}, change={"/issued_at": now}),
        )
    if not event.issued_at <= event.not_after <= event.issued_at + MAX_VALIDITY:
        latest = format_instant(event.issued_at + MAX_VALIDITY)
        raise ValidityTooLong(
            f"issued at {issued}, to be sent by {until}",
            pointer="/not_after",
            step=Step({"latest": latest}, change={"/not_after": latest}),
        )
    if accepted > event.not_after:
        latest = format_instant(accepted + MAX_VALIDITY)
        raise SubmissionExpired(
            f"to be sent by {until}, accepted at {now}",
            pointer="/not_after",
            step=Step({"now": now}, change={"/issued_at": now, "/not_after": latest}),
        )


def _must_refer_to_the_known(event: Event, context: Context) -> None:
    # The known are many, the references few: a set difference would walk all that is known.
    missing = sorted({name for name in event.body.references() if name not in context.known})
    if missing:
        raise PredecessorUnknown(
            f"not in the log: {', '.join(missing)}",
            subjects=missing,
            step=Step(case="hash", ask=(HERE,)),
        )


def _must_have_a_fresh_view(state: FoldedState, event: Event, context: Context) -> None:
    """Hold the event to the size that its signers had in view.

    One signer's own later event is no news to that signer, but it is to the others who sign.
    """
    if event.seen is None:
        return
    if event.seen > context.position:
        raise SeenAhead(
            f"the log has {context.position} entries, not {event.seen}",
            pointer="/seen",
            step=Step({"size": context.position}, change={"/seen": context.position}),
        )
    for subject in event.subjects:
        folded = state.folded(subject)
        if folded is None or subject.startswith(_SHARED_KINDS):
            continue
        latest = max(map(folded.last_unsigned_by, event.signers))
        if latest >= event.seen:
            raise StaleView(
                f"{subject} changed after the log had size {event.seen}",
                positions=(latest,),
                subjects=(subject,),
                pointer="/seen",
                step=Step({"size": context.position}, change={"/seen": context.position}),
            )
