"""
Nobody signs both sides (Civil Code art. 141(3)): who is opposed to whom, and who signs for them.

What an event itself says of it is in the table of authority (`opposed`), by which every verifier
judges. Here are the sides of what it names, of contracts, offers, notices, reports, liens,
assignments and disputes, which only those know who fold the log: admission, and the audit.
"""

from collections.abc import Callable, Collection, Iterable, Iterator
from itertools import chain, product
from typing import Any, NamedTuple

from ledger.domain.contracts.agreed_share import beneficiaries, read_parts
from ledger.domain.contracts.amendment import CorrectionRecorded, TermsAmended
from ledger.domain.contracts.consent import Consent
from ledger.domain.contracts.contract import Contract, ContractConcluded
from ledger.domain.contracts.contract_terms import Grant
from ledger.domain.contracts.entry_into_force import ConditionMet, ContractInForce
from ledger.domain.contracts.notice import Notice, NoticeReceived
from ledger.domain.contracts.own_use import UseDeclared
from ledger.domain.contracts.sublicence import SublicenceGranted
from ledger.domain.contracts.suspension_and_termination import (
    ContractResumed,
    ContractSuspended,
    ContractTerminated,
)
from ledger.domain.core.body import Body, FoldedState, State, key_subject
from ledger.domain.core.context import Context, if_opened, recall, reveal
from ledger.domain.core.event import Event
from ledger.domain.core.remedy import Step
from ledger.domain.market.auction import Auction, BidPlaced
from ledger.domain.market.offer import (
    Offer,
    OfferAccepted,
    OfferCountered,
    OfferRejected,
)
from ledger.domain.market.sealed_bid import BidOpened, BidSealed
from ledger.domain.parties.key import Key
from ledger.domain.parties.signature_refusals import SelfDealing
from ledger.domain.revenue.interest import InterestAccrued
from ledger.domain.revenue.payment import Payment, PaymentConfirmed
from ledger.domain.revenue.report import Report, RevenueReported
from ledger.domain.revenue.report_answer import ReportAccepted, ReportDisputed, ReportQueried
from ledger.domain.revenue.share_agreement import ShareAgreed
from ledger.domain.rights.funding import read_authors
from ledger.domain.rights.preemption import Preemption, PreemptionWaived
from ledger.domain.rights.right import Right
from ledger.domain.rights.security import SecurityReleased
from ledger.domain.rights.technology import Technology
from ledger.domain.signing.who_signs import WHO_SIGNS
from ledger.powers import Stands, both_sides, one_hand

Pairs = Iterable[tuple[str, str]]
"""Who is opposed to whom, those first who stand there for all to read."""

Sides = Callable[[State, Any, Context], Pairs]


def must_not_sign_both_sides(event: Event, stands: Stands) -> None:
    """Raise `SelfDealing` if one hand signs for parties on opposed sides, or for the other.

    `stands` has, by signer, those by whose keys it is bound.
    """
    _must_be_apart(event, stands, both_sides(WHO_SIGNS[type(event.body)], event.body, stands))


def must_not_sign_both_named_sides(
    state: FoldedState, event: Event, stands: Stands, context: Context
) -> None:
    """Raise `SelfDealing` if one hand signs for both sides of what the event names or answers.

    Who signs an answer stands beside those who signed what it answers. Whether that exists, and
    who may sign this about it, is told before: its sides are known then.
    """
    for answer in answers(state, event.body):
        then = {answer.made_by: _hands(state, answer.subject), **stands}
        pair = answer.made_by, answer.by
        _must_be_apart(event, then, pair if one_hand(then, pair) else None, answer.position)
    if all(signer in stands.get(signer, ()) for signer in event.signers):
        return  # Anyone who signs by a key of its own is on its own side, and nobody signs for it.
    pairs = _KNOWN.get(type(event.body), _facing)(state, event.body, context)
    with if_opened(context, SelfDealing):
        both = next((pair for pair in pairs if one_hand(stands, pair)), None)
        _must_be_apart(event, stands, both)


class Reliance(NamedTuple):
    """Who answers, receives, accepts or relies on what another party made, by an event before."""

    subject: str
    position: int
    made_by: str
    by: str


def answers(state: State, body: Body) -> Iterator[Reliance]:
    """Yield what an event answers, as far as `state` tells."""
    kind, named, maker, signer = _ANSWERS.get(type(body), _NO_ANSWER)
    subjects = getattr(body, named, ())
    for subject in (subjects,) if isinstance(subjects, str) else subjects:
        value = state.get(subject)
        if isinstance(value, kind):
            makers = getattr(value, maker)
            by = getattr(value if kind is Consent else body, signer)
            for made_by in (makers,) if isinstance(makers, str) else makers:
                yield Reliance(subject, value.position, made_by, by)


def keys_answered(state: FoldedState, body: Body) -> Iterator[str]:
    """Yield the keys, as subjects, by whose lines that was made which an event answers."""
    for answer in answers(state, body):
        folded = state.folded(answer.subject)
        yield from map(key_subject, folded.made_with if folded else ())


def _hands(state: FoldedState, subject: str) -> set[str]:
    """Return those by whose keys a subject was made."""
    folded = state.folded(subject)
    keys = map(state.get, map(key_subject, folded.made_with if folded else ()))
    return {key.party for key in keys if isinstance(key, Key)}


def _must_be_apart(
    event: Event, stands: Stands, parties: Collection[str] | None, *made_at: int
) -> None:
    if parties is not None:
        hands = {hand for party in parties for hand in stands.get(party, ())}
        here = sorted({*parties}.intersection(event.signers))
        # Who signs by a key of its own already answers what it made itself, for the other side.
        own = all(party in stands.get(party, ()) for party in here)
        raise SelfDealing(
            f"{', '.join(sorted(hands))} signs for {' and '.join(sorted(parties))}, on opposed"
            f" sides of this {event.type}: each side signs by a key of its own, or by one of"
            " somebody who is not the other side and does not sign for it",
            positions=made_at,
            subjects=parties,
            step=Step(case="own")
            if own
            else Step({"parties": ", ".join(sorted(parties))}, sign=tuple(here)),
        )


def _facing(state: State, body: Any, context: Context) -> Pairs:
    """Return who is opposed to whom as the body says it (`FACES`)."""
    del context
    if not body.FACES:
        return ()
    named, _, sides = body.FACES.partition(":")
    one, _, other = sides.partition("~")
    value = state.get(getattr(body, named))
    return product(_those(value, one), _those(value, other)) if value is not None else ()


def _those(value: Any, member: str) -> Iterable[str]:
    """Return the party, or the parties, of a member of what is known."""
    told: str | Iterable[str] = getattr(value, member)
    return (told,) if isinstance(told, str) else told


def _of_contract(state: State, body: Any, context: Context) -> Pairs:
    del context
    contract = state.get(body.contract)
    grants = contract.grants.values() if isinstance(contract, Contract) else ()
    return ((grant.licensor, grant.licensee) for grant in grants)


def _of_concluded(state: State, body: ContractConcluded, context: Context) -> Pairs:
    del context
    return _of_consents(state, body.grants, body.consents)


def _of_changed(state: State, body: TermsAmended | CorrectionRecorded, context: Context) -> Pairs:
    consenting = _of_consents(state, body.changes.grants, body.consents)
    return chain(_of_contract(state, body, context), consenting)


def _of_consents(state: State, grants: Iterable[Grant], consents: Iterable[str]) -> Pairs:
    """Yield who consents to a grant beside its licensor, unless it is a holder of the same side."""
    for grant in grants:
        things = (state.get(thing) for thing in grant.objects)
        owned = (thing.owners for thing in things if isinstance(thing, Right | Technology))
        yield from product({*consents}.difference(*owned), (grant.licensor,))


def _of_report(state: State, body: RevenueReported, context: Context) -> Pairs:
    sides = _of_contract(state, body, context)
    return (each for each in sides if body.reported_by in each)


def _of_share(state: State, body: ShareAgreed, context: Context) -> Pairs:
    """Yield the creditors, each beside those who agree on a part, get one, or have one as authors.

    Raises as `reveal` and `recall`, where what is sealed would say who else gets one.
    """
    contract = state.get(body.contract)
    creditors = contract.creditors() if isinstance(contract, Contract) else frozenset[str]()
    yield from product(creditors, {*body.agreed_by} - creditors)
    yield from product(creditors, beneficiaries((), body.waterfall) - creditors)
    parts = reveal(body.parts, "/body/parts", context, read_parts)
    yield from product(creditors, beneficiaries(parts, ()) - creditors)
    if body.authors_ppm:
        yield from product(creditors, _authors_of(state, body, context) - creditors)


def _authors_of(state: State, body: ShareAgreed, context: Context) -> frozenset[str]:
    subject = str(body.technology)
    technology = state.get(subject)
    declared = technology.authors if isinstance(technology, Technology) else None
    if declared is None:
        return frozenset()
    return recall(declared.parties, subject, context, read_authors)


def _of_lien(state: State, body: SecurityReleased, context: Context) -> Pairs:
    del context
    rights = [right for right in map(state.get, body.rights) if isinstance(right, Right)]
    liens = (right.liens.get(body.security) for right in rights)
    return ((body.creditor, debtor) for lien in liens if lien for debtor in lien.debtors)


_KNOWN: dict[type[Body], Sides] = {
    **dict.fromkeys(
        (
            ConditionMet,
            ContractInForce,
            ContractSuspended,
            ContractResumed,
            ContractTerminated,
            InterestAccrued,
        ),
        _of_contract,
    ),
    ContractConcluded: _of_concluded,
    **dict.fromkeys((TermsAmended, CorrectionRecorded), _of_changed),
    ShareAgreed: _of_share,
    SecurityReleased: _of_lien,
    RevenueReported: _of_report,
}
"""The sides of what an event names, by its body, where they are more than it declares."""

_ANSWERS: dict[type[Body], tuple[type[Any], str, str, str]] = {
    OfferCountered: (Offer, "counters", "offeror", "offeror"),
    OfferAccepted: (Offer, "offer", "offeror", "accepted_by"),
    OfferRejected: (Offer, "offer", "offeror", "rejected_by"),
    NoticeReceived: (Notice, "notice", "served_by", "confirmed_by"),
    **dict.fromkeys(
        (ReportAccepted, ReportQueried, ReportDisputed), (Report, "report", "reporter", "said_by")
    ),
    PaymentConfirmed: (Payment, "payment", "instructed_by", "confirmed_by"),
    PreemptionWaived: (Preemption, "preemption", "sellers", "waived_by"),
    **dict.fromkeys((BidPlaced, BidSealed, BidOpened), (Auction, "auction", "opened_by", "bidder")),
    **dict.fromkeys(
        (ContractConcluded, SublicenceGranted, TermsAmended, CorrectionRecorded, UseDeclared),
        (Consent, "consents_given", "given_by", "to"),
    ),
}
"""What an event answers: its kind, the member that names it, who made it, and who answers.

Who made it is a member of what is known of it, who answers one of the event, or of a consent.
"""

_NO_ANSWER: tuple[type[Any], str, str, str] = (object, "", "", "")
