"""
Who signs what, and whether those who did were able to.

Every line must bind a party that the event binds, and every such party needs a line: by a key of
its own, or by a key of somebody who holds its mandate for that topic, sum and day. So no signature
can be stripped from an event, and none added. `WHO_SIGNS` is the table of docs/spec/event.md.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from typing import Any

from ledger.domain.amendment import CorrectionRecorded, TermsAmended
from ledger.domain.approach import InterestShown, NdaSigned
from ledger.domain.assignment import AssignmentRefused, AssignmentRescinded, PriorityNoted
from ledger.domain.auction import AuctionClosed, AuctionOpened, BidPlaced
from ledger.domain.authority import (
    KeyExpired,
    KeyNoLongerValid,
    KeyNotYetValid,
    KeyUnknown,
    Ledger,
    MandateExpired,
    SignerMissing,
    WrongSigner,
)
from ledger.domain.consent import ConsentGiven
from ledger.domain.contract import ContractConcluded
from ledger.domain.conveyance import ConveyanceAttested
from ledger.domain.dispute import (
    AppealFiled,
    DisputeAdmitted,
    DisputeOpened,
    DisputeWithdrawn,
    EvidenceFiled,
    SettlementRecorded,
)
from ledger.domain.distribution import ProfitDistributed, RevenueDistributed
from ledger.domain.document import (
    DocumentAcknowledged,
    DocumentReceived,
    DocumentSent,
    FileOpened,
)
from ledger.domain.ending import ContractResumed, ContractSuspended, ContractTerminated
from ledger.domain.enforcement import SecurityAssigned, SecurityEnforced, SecurityPerfected
from ledger.domain.event import Body, Context, Event, Sealed, State, key_subject, legal_day, reveal
from ledger.domain.filing import (
    CertificateIssued,
    CompulsoryLicenceGranted,
    FilingMade,
    PermitIssued,
    RegistrationRefused,
)
from ledger.domain.funding import AuthorsDeclared, ContributionRecorded, FundingAgreed
from ledger.domain.governance import (
    LedgerClosed,
    LedgerResumed,
    LogKeysAdopted,
    OperationHandedOver,
    PolicyAdopted,
    SuccessionDeclared,
)
from ledger.domain.identity import (
    PartyDissolved,
    PartyIdentified,
    PartyMerged,
    PartyRenamed,
    PersonErased,
)
from ledger.domain.interest import InterestAccrued
from ledger.domain.investment import InvestmentEnded, InvestmentMade
from ledger.domain.key import Key, KeyAdded, KeyRevoked
from ledger.domain.ledger import LedgerOpened, RulesAdopted
from ledger.domain.listing import (
    ListingClosed,
    ListingDrafted,
    ListingPublished,
    ListingResumed,
    ListingSuspended,
)
from ledger.domain.mandate import MandateEnded, MandateGiven
from ledger.domain.mirror import ListingMirrored
from ledger.domain.money import Money
from ledger.domain.need import NeedPosted
from ledger.domain.notice import NoticeReceived, NoticeServed
from ledger.domain.offer import (
    OfferAccepted,
    OfferCountered,
    OfferMade,
    OfferRejected,
    OfferRevoked,
)
from ledger.domain.own_use import UseDeclared
from ledger.domain.party import (
    Party,
    PartyRegistered,
    PartyUnknown,
    Power,
    must_not_have_ended,
)
from ledger.domain.payment import (
    OverpaymentNoted,
    PaymentConfirmed,
    PaymentFailed,
    PaymentInstructed,
    RefundMade,
)
from ledger.domain.performance import ConditionMet, ContractInForce, OptionExercised
from ledger.domain.preemption import CoOwnerNotified, PreemptionWaived
from ledger.domain.profit import ProfitDeclared
from ledger.domain.reconfirmation import ReconfirmationGiven
from ledger.domain.relation import RelationDeclared, RelationEnded
from ledger.domain.report import ReportAccepted, ReportDisputed, ReportQueried, RevenueReported
from ledger.domain.right import Attested, RightFiled
from ledger.domain.right_status import OF_OFFICES, DisclosureRecorded
from ledger.domain.ruling import HoldLifted, HoldOrdered, RulingMade
from ledger.domain.seal import LedgerSealed
from ledger.domain.sealed_bid import BidOpened, BidSealed
from ledger.domain.security import SecurityCreated, SecurityReleased
from ledger.domain.share import ShareAgreed
from ledger.domain.spelling import PartyKnownAs
from ledger.domain.sublicence import SublicenceGranted
from ledger.domain.suspense import SuspenseReleased
from ledger.domain.technology import TechnologyClassified, TechnologyRegistered, TrlDeclared
from ledger.domain.title import AssignmentAgreed, AssignmentRegistered


def _parties(*parties: str | None) -> frozenset[str]:
    return frozenset(party for party in parties if party is not None)


def _of_office(body: Attested, ledger: Ledger) -> frozenset[str]:
    """Return the State's registrar, or the clerk who attests and the operator."""
    if body.attested_by is None:
        return _parties(ledger.registrar)
    return _parties(body.attested_by, ledger.operator)


WHO_SIGNS: Mapping[type[Body], Callable[[Any, Ledger], frozenset[str]]] = {
    LedgerOpened: lambda body, _: _parties(*(first.party for first in body.parties)),
    RulesAdopted: lambda _, ledger: _parties(ledger.operator),
    LogKeysAdopted: lambda _, ledger: _parties(ledger.operator, ledger.registrar),
    PolicyAdopted: lambda body, ledger: _parties(ledger.operator, *body.approved_by),
    OperationHandedOver: lambda body, ledger: _parties(
        ledger.operator, body.operator, ledger.registrar
    ),
    LedgerResumed: lambda _, ledger: _parties(ledger.operator),
    LedgerClosed: lambda _, ledger: _parties(ledger.operator, ledger.registrar),
    SuccessionDeclared: lambda _, ledger: _parties(ledger.operator, ledger.registrar),
    LedgerSealed: lambda _, ledger: _parties(ledger.operator),
    PartyRegistered: lambda body, ledger: _parties(body.party, ledger.operator),
    PartyIdentified: lambda body, ledger: _parties(body.party, ledger.operator),
    PartyRenamed: lambda body, ledger: _parties(body.party, ledger.operator),
    PartyMerged: _of_office,
    PartyDissolved: _of_office,
    PersonErased: lambda _, ledger: _parties(ledger.operator),
    RelationDeclared: lambda body, ledger: _parties(body.declared_by, ledger.operator),
    RelationEnded: lambda body, ledger: _parties(body.ended_by, ledger.operator),
    PartyKnownAs: lambda body, ledger: _parties(body.attested_by or body.party, ledger.operator),
    KeyAdded: lambda body, _: _parties(body.party, body.vouched_by),
    KeyRevoked: lambda body, _: _parties(body.revoked_by),
    ReconfirmationGiven: lambda body, _: _parties(body.given_by),
    MandateGiven: lambda body, ledger: _parties(body.principal, ledger.operator),
    MandateEnded: lambda body, _: _parties(body.ended_by),
    TechnologyRegistered: lambda body, _: _parties(*(owner.party for owner in body.owners)),
    TrlDeclared: lambda body, _: _parties(body.declared_by),
    TechnologyClassified: lambda body, _: _parties(body.classified_by),
    FundingAgreed: lambda body, _: body.signers(),
    AuthorsDeclared: lambda body, _: _parties(*body.declared_by),
    ContributionRecorded: lambda body, _: _parties(body.contributor, body.witness),
    RightFiled: _of_office,
    **dict.fromkeys(OF_OFFICES, _of_office),
    DisclosureRecorded: lambda body, _: _parties(body.recorded_by),
    CoOwnerNotified: lambda body, _: _parties(
        *(seller.party for seller in body.sellers),
        body.notified if body.receipt_sha256 is None else None,
    ),
    PreemptionWaived: lambda body, _: _parties(body.waived_by),
    AssignmentAgreed: lambda body, _: _parties(*body.parties(), *body.consenting),
    PriorityNoted: lambda body, _: _parties(body.noted_by),
    AssignmentRegistered: _of_office,
    AssignmentRefused: _of_office,
    AssignmentRescinded: lambda body, _: _parties(*body.parties),
    ConveyanceAttested: lambda body, ledger: _parties(body.attested_by, ledger.operator),
    SecurityCreated: lambda body, _: _parties(*body.debtors, body.creditor, *body.consenting),
    SecurityPerfected: _of_office,
    SecurityAssigned: lambda body, _: _parties(body.creditor, body.new_creditor),
    SecurityReleased: lambda body, _: _parties(body.creditor),
    SecurityEnforced: _of_office,
    InvestmentMade: lambda body, _: _parties(body.fund, body.company),
    InvestmentEnded: lambda body, _: _parties(body.ended_by),
    ListingPublished: lambda body, _: _parties(body.lister, body.reviewer),
    ListingSuspended: lambda body, _: _parties(body.reviewer),
    ListingClosed: lambda body, _: _parties(body.closed_by),
    ListingDrafted: lambda body, _: _parties(body.lister),
    ListingResumed: lambda body, _: _parties(body.reviewer),
    NeedPosted: lambda body, _: _parties(body.buyer, body.reviewer),
    ListingMirrored: lambda body, ledger: _parties(body.attested_by, ledger.operator),
    InterestShown: lambda body, _: _parties(body.party),
    NdaSigned: lambda body, _: _parties(*body.parties),
    AuctionOpened: lambda body, _: _parties(body.opened_by),
    BidPlaced: lambda body, _: _parties(body.bidder),
    BidSealed: lambda body, _: _parties(body.bidder),
    BidOpened: lambda body, _: _parties(body.bidder),
    AuctionClosed: lambda body, _: _parties(body.closed_by),
    OfferMade: lambda body, _: _parties(body.offeror),
    OfferCountered: lambda body, _: _parties(body.offeror),
    OfferAccepted: lambda body, _: _parties(body.accepted_by),
    OfferRejected: lambda body, _: _parties(body.rejected_by),
    OfferRevoked: lambda body, _: _parties(body.revoked_by),
    ContractConcluded: lambda body, _: _parties(*body.parties, *body.consents),
    SublicenceGranted: lambda body, _: _parties(
        body.sublicensor, body.sublicensee, body.consent_by, *body.consents
    ),
    ConsentGiven: lambda body, _: _parties(body.given_by),
    TermsAmended: lambda body, _: _parties(*body.parties, *body.consents),
    CorrectionRecorded: lambda body, _: _parties(*body.parties, *body.consents),
    ConditionMet: lambda body, _: _parties(*body.parties),
    ContractInForce: lambda body, _: _parties(*body.parties),
    OptionExercised: lambda body, _: _parties(body.exercised_by),
    NoticeServed: lambda body, _: _parties(body.served_by),
    NoticeReceived: lambda body, _: _parties(body.confirmed_by),
    ContractSuspended: lambda body, _: _parties(*body.suspended_by),
    ContractResumed: lambda body, _: _parties(*body.resumed_by),
    ContractTerminated: lambda body, _: _parties(*body.terminated_by),
    UseDeclared: lambda body, _: _parties(body.used_by, *body.consents),
    FilingMade: lambda body, _: _parties(body.filed_by),
    CertificateIssued: _of_office,
    PermitIssued: _of_office,
    RegistrationRefused: _of_office,
    CompulsoryLicenceGranted: _of_office,
    ShareAgreed: lambda body, _: _parties(*body.agreed_by),
    RevenueReported: lambda body, _: _parties(body.reported_by, body.auditor),
    ReportAccepted: lambda body, _: _parties(body.said_by),
    ReportQueried: lambda body, _: _parties(body.said_by),
    ReportDisputed: lambda body, _: _parties(body.said_by),
    ProfitDeclared: lambda body, _: _parties(body.declared_by),
    RevenueDistributed: lambda _, ledger: _parties(ledger.operator),
    ProfitDistributed: lambda _, ledger: _parties(ledger.operator),
    SuspenseReleased: lambda _, ledger: _parties(ledger.operator),
    PaymentInstructed: lambda body, _: _parties(body.payer),
    PaymentConfirmed: lambda body, _: _parties(body.confirmed_by),
    PaymentFailed: lambda body, _: _parties(body.said_by),
    OverpaymentNoted: lambda body, _: _parties(body.payer, body.payee),
    RefundMade: lambda body, _: _parties(body.confirmed_by),
    InterestAccrued: lambda body, _: _parties(body.claimed_by),
    DocumentSent: lambda body, _: _parties(body.sender),
    DocumentReceived: lambda body, _: _parties(body.system or body.received_by),
    DocumentAcknowledged: lambda body, _: _parties(body.acknowledged_by),
    FileOpened: lambda body, ledger: _parties(body.opened_by, ledger.operator),
    DisputeOpened: lambda body, _: _parties(body.claimant),
    DisputeAdmitted: lambda body, _: _parties(body.forum),
    EvidenceFiled: lambda body, _: _parties(body.filed_by),
    HoldOrdered: lambda body, _: _parties(body.forum),
    HoldLifted: lambda body, _: _parties(body.forum),
    RulingMade: lambda body, _: _parties(body.forum),
    AppealFiled: lambda body, _: _parties(body.filed_by),
    SettlementRecorded: lambda body, _: _parties(*body.parties),
    DisputeWithdrawn: lambda body, _: _parties(body.claimant),
}
"""The parties that an event of each type binds, given the ledger's officers."""

NAMES_STRANGERS = (RightFiled, ConveyanceAttested, PartyKnownAs)
"""Facts of other registers: who is only named in them need not be registered here."""


def must_name_signers(event: Event, ledger: Ledger) -> None:
    """Hold the header's `signers` to the table: `SignerMissing` and `WrongSigner` name them."""
    required = WHO_SIGNS[type(event.body)](event.body, ledger)
    named = frozenset(event.signers)
    if named == required:
        return
    missing = required - named
    if missing:
        raise SignerMissing(f"{event.type} binds {_listed(missing)} too", subjects=missing)
    strangers = named - required
    raise WrongSigner(f"{event.type} does not bind {_listed(strangers)}", subjects=strangers)


def must_be_registered(state: State, event: Event) -> None:
    """Raise `PartyUnknown`, naming parties that the event binds or names before they exist.

    One that it binds must not have ended: what has ceased to be is bound by nothing more.
    """
    body = event.body
    named = set(event.signers)
    if not isinstance(body, NAMES_STRANGERS):
        named.update(subject for subject in event.subjects if subject.startswith("party:"))
    if isinstance(body, LedgerOpened | PartyRegistered):
        named.difference_update(party for party, _ in body.new_keys())
    unknown = [party for party in named if state.get(party) is None]
    if unknown:
        raise PartyUnknown(f"not registered: {_listed(unknown)}", subjects=unknown)
    for party in event.signers:
        _must_exist_still(state, party)


def _must_exist_still(state: State, party: str) -> None:
    value = state.get(party)
    if isinstance(value, Party):
        must_not_have_ended(party, value)


def must_bind(state: State, event: Event, context: Context) -> None:
    """Judge each signature line by the keys and mandates in force at this position.

    Raises `KeyUnknown`, `KeyNoLongerValid`, `KeyNotYetValid`, `KeyExpired`, `MandateExpired` or
    `WrongSigner` for a line, and `SignerMissing` for a party, or a new key, without one.
    """
    parties = {party for party, _ in event.body.new_keys()}
    brought = {record.key_id for _, record in event.body.new_keys()}
    unproven = [key_subject(key_id) for key_id in brought if key_id not in event.signatures]
    if unproven:
        raise SignerMissing(f"no line by {_listed(unproven)}", subjects=unproven)
    # A key that the event brings binds its own party and nobody through a mandate: else a new key
    # could vouch for itself in the name of whoever gave that party a mandate.
    bound = parties
    for key_id in event.signatures:
        if key_id not in brought:
            bound |= _bound_by(_holder(state, key_id, context), state, event, context)
    if missing := set(event.signers) - bound:
        raise SignerMissing(f"no line binds {_listed(missing)}", subjects=missing)


def _listed(names: Iterable[str]) -> str:
    return ", ".join(sorted(names))


def _holder(state: State, key_id: str, context: Context) -> str:
    """Return whose key it is, if it is in force here and now."""
    subject = key_subject(key_id)
    key = state.get(subject)
    if not isinstance(key, Key):
        raise KeyUnknown(f"{subject} is not in the log", subjects=(subject,))
    if key.revoked is not None:
        raise KeyNoLongerValid(
            f"{subject} was revoked", positions=(key.revoked,), subjects=(subject,)
        )
    if key.not_before is not None and context.accepted < key.not_before:
        raise KeyNotYetValid(f"{subject} binds from {key.not_before}", positions=(key.position,))
    if key.not_after is not None and context.accepted >= key.not_after:
        raise KeyExpired(f"{subject} bound until {key.not_after}", positions=(key.position,))
    return key.party


def _bound_by(holder: str, state: State, event: Event, context: Context) -> set[str]:
    """Return those signers whom a line by this holder binds; it must bind one."""
    _must_exist_still(state, holder)  # a mandate ends with its holder (Civil Code art. 140)
    today = legal_day(context.accepted)
    bound, ended = set(), []
    for signer in event.signers:
        powers = () if signer == holder else _powers(state, signer, holder, event)
        in_force = [power for power in powers if _is_in_force(power, today)]
        if signer == holder or _suffices(in_force, event, context):
            bound.add(signer)
        ended += [power for power in powers if _is_over(power, today)]
    if bound:
        return bound
    if ended:
        raise MandateExpired(
            f"{holder}'s mandate has ended",
            positions=(power.position if power.ended is None else power.ended for power in ended),
            subjects=(holder,),
        )
    raise WrongSigner(
        f"{holder} is none of {_listed(event.signers)}, and holds no mandate that covers this",
        subjects=(holder,),
    )


def _powers(state: State, signer: str, holder: str, event: Event) -> Sequence[Power]:
    """Return the mandates for this topic that a signer ever gave to the holder."""
    principal = state.get(signer)
    if not isinstance(principal, Party) or not principal.mandates:
        return ()
    topics = {"*", event.type.partition("/")[0]}
    return [
        power
        for power in principal.mandates.values()
        if power.holder == holder and not topics.isdisjoint(power.topics)
    ]


def _is_over(power: Power, today: date) -> bool:
    return power.ended is not None or (power.valid_to is not None and power.valid_to <= today)


def _is_in_force(power: Power, today: date) -> bool:
    return power.valid_from <= today and not _is_over(power, today)


def _suffices(powers: Sequence[Power], event: Event, context: Context) -> bool:
    """Return whether one of the powers reaches as far as the event's price or amount."""
    ceilings = [power.ceiling for power in powers if power.ceiling is not None]
    if len(ceilings) < len(powers):
        return True
    if not ceilings:
        return False
    sums = _sums(event.body, context)
    return any(
        all(money.currency == ceiling.currency and money.amount <= ceiling.amount for money in sums)
        for ceiling in ceilings
    )


def _sums(body: Body, context: Context) -> list[Money]:
    """Return the event's price and amount; to hold a sealed one to a ceiling takes its opening."""
    found = []
    for name in ("price", "amount"):
        value = getattr(body, name, None)
        if isinstance(value, Money | Sealed):
            found.append(reveal(value, f"/body/{name}", context, Money.model_validate))
    return found
