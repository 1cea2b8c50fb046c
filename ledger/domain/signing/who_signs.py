"""
Who signs an event of each type, who may, and what it commits its signers to: the one table.

From it `ledger/powers.json` and the table in `ledger/court.py` are made, by
`python -m tests.support.authority_table`: admission and every verifier judge by the same words.
"""

from collections.abc import Mapping

from ledger.domain.contracts.amendment import CorrectionRecorded, TermsAmended
from ledger.domain.contracts.assignment_agreement import AssignmentAgreed
from ledger.domain.contracts.consent import ConsentGiven
from ledger.domain.contracts.contract import ContractConcluded
from ledger.domain.contracts.document import (
    DocumentAcknowledged,
    DocumentReceived,
    DocumentSent,
    FileOpened,
)
from ledger.domain.contracts.entry_into_force import ConditionMet, ContractInForce, OptionExercised
from ledger.domain.contracts.filing import (
    CertificateIssued,
    CompulsoryLicenceGranted,
    FilingMade,
    PermitIssued,
    RegistrationRefused,
)
from ledger.domain.contracts.notice import NoticeReceived, NoticeServed
from ledger.domain.contracts.own_use import UseDeclared
from ledger.domain.contracts.sublicence import SublicenceGranted
from ledger.domain.contracts.suspension_and_termination import (
    ContractResumed,
    ContractSuspended,
    ContractTerminated,
)
from ledger.domain.core.body import Body
from ledger.domain.disputes.dispute import (
    AppealFiled,
    DisputeAdmitted,
    DisputeOpened,
    DisputeWithdrawn,
    EvidenceFiled,
    SettlementRecorded,
)
from ledger.domain.disputes.ruling import HoldLifted, HoldOrdered, RulingMade
from ledger.domain.government.governance import (
    DelayAdopted,
    LedgerClosed,
    LedgerResumed,
    LogKeysAdopted,
    OperationHandedOver,
    PolicyAdopted,
    RefusalKeysAdopted,
    SuccessionDeclared,
)
from ledger.domain.government.ledger import LedgerOpened, RulesAdopted
from ledger.domain.government.seal import LedgerSealed
from ledger.domain.market.auction import AuctionClosed, AuctionOpened, BidPlaced
from ledger.domain.market.interest_and_nda import InterestShown, NdaSigned
from ledger.domain.market.listing import (
    ListingClosed,
    ListingDrafted,
    ListingPublished,
    ListingResumed,
    ListingSuspended,
)
from ledger.domain.market.mirrored_listing import ListingMirrored
from ledger.domain.market.need import NeedPosted
from ledger.domain.market.offer import (
    OfferAccepted,
    OfferCountered,
    OfferMade,
    OfferRejected,
    OfferRevoked,
)
from ledger.domain.market.sealed_bid import BidOpened, BidSealed
from ledger.domain.parties.key import KeyAdded, KeyResumed, KeyRevoked, KeyStopped, KeySuspended
from ledger.domain.parties.ledger_state import Ledger
from ledger.domain.parties.mandate import MandateEnded, MandateGiven
from ledger.domain.parties.name_alias import PartyKnownAs
from ledger.domain.parties.party import PartyRegistered, PartyStopped
from ledger.domain.parties.party_lifecycle import (
    PartyDissolved,
    PartyIdentified,
    PartyMerged,
    PartyRenamed,
    PersonErased,
)
from ledger.domain.parties.reconfirmation import ReconfirmationGiven
from ledger.domain.parties.relation import RelationDeclared, RelationEnded
from ledger.domain.revenue.distribution import ProfitDistributed, RevenueDistributed
from ledger.domain.revenue.interest import InterestAccrued
from ledger.domain.revenue.payment import (
    OverpaymentNoted,
    PaymentConfirmed,
    PaymentFailed,
    PaymentInstructed,
    RefundMade,
)
from ledger.domain.revenue.profit import ProfitDeclared
from ledger.domain.revenue.report import RevenueReported
from ledger.domain.revenue.report_answer import ReportAccepted, ReportDisputed, ReportQueried
from ledger.domain.revenue.share_agreement import ShareAgreed
from ledger.domain.revenue.suspense import SuspenseReleased
from ledger.domain.rights.assignment import AssignmentRefused, AssignmentRescinded, PriorityNoted
from ledger.domain.rights.conveyance import ConveyanceAttested
from ledger.domain.rights.enforcement import SecurityAssigned, SecurityEnforced, SecurityPerfected
from ledger.domain.rights.funding import AuthorsDeclared, ContributionRecorded, FundingAgreed
from ledger.domain.rights.investment import InvestmentEnded, InvestmentMade
from ledger.domain.rights.preemption import CoOwnerNotified, PreemptionWaived
from ledger.domain.rights.right import RightFiled
from ledger.domain.rights.right_status import OF_OFFICES, DisclosureRecorded
from ledger.domain.rights.security import SecurityCreated, SecurityReleased
from ledger.domain.rights.technology import TechnologyClassified, TechnologyRegistered, TrlDeclared
from ledger.domain.rights.title import AssignmentRegistered
from ledger.domain.signing.about import ABOUT
from ledger.powers import Officers, Row, must_wait, parties_bound

_OFFICE = "attested_by|@registrar @operator?attested_by"
"""The State's registrar, or the clerk who attests and the operator."""

_BY_CLERK = "attested_by=#clerk"

_BY_ANOTHER_KEY = "party=#older|!@officers"
"""An officer's key ends by a line of another key of that officer: so its last never does."""

_TERMS = "sum:price rate:royalty_ppm royalty:royalty?renewal royalty:royalty:{}?!renewal"
_CONTRACT = _TERMS.format("effective_from~effective_to")
_LICENCE = _TERMS.format("grant/valid_from~grant/valid_to")
_OFFER = "sum:price open?!price rate:royalty_ppm grant:proposed/*"
_CHANGES = (
    "sum:changes/price rate:changes/royalty_ppm royalty:changes/royalty grant:changes/grants/*"
    " term:changes/effective_to term:changes/renewal"
)

_ROWS: Mapping[type[Body], Row] = {
    LedgerOpened: Row("parties/*/party", "operator=!registrar"),
    RulesAdopted: Row("@officers"),
    DelayAdopted: Row("stopped_by|@officers", "stopped_by=@officers", waits="?!stopped_by"),
    LogKeysAdopted: Row("@officers"),
    RefusalKeysAdopted: Row("@officers"),
    PolicyAdopted: Row(
        "@operator approved_by/*", "approved_by/*=!@operator speakers/*/party=!@operator"
    ),
    OperationHandedOver: Row("@officers operator", "operator=!@registrar"),
    LedgerResumed: Row("@operator"),
    LedgerClosed: Row("@officers"),
    SuccessionDeclared: Row("@officers"),
    LedgerSealed: Row("@operator"),
    PartyRegistered: Row(
        "party @operator @registrar?!kind=person @registrar?roles/*",
        waits="?!kind=person ?roles/*",
    ),
    PartyStopped: Row("@registrar"),
    PartyIdentified: Row("party @operator"),
    PartyRenamed: Row("party @operator"),
    PartyMerged: Row(_OFFICE, f"{_BY_CLERK} party=!@officers"),
    PartyDissolved: Row(_OFFICE, f"{_BY_CLERK} party=!@officers"),
    PersonErased: Row("@officers", "token=!@officers"),
    RelationDeclared: Row("declared_by @operator", "declared_by=party|other|@officers"),
    RelationEnded: Row("ended_by @operator", "ended_by=party|other|@officers"),
    PartyKnownAs: Row("attested_by|party @operator", _BY_CLERK),
    KeyAdded: Row(
        "party @officers?vouched_by",
        "vouched_by=@officers vouched_by=!party party=#older?!vouched_by party=#older|!@officers",
        "open",
        "?vouched_by",
    ),
    KeyStopped: Row("stopped_by", "stopped_by=party|@registrar"),
    KeyRevoked: Row("revoked_by|@officers", f"revoked_by=party {_BY_ANOTHER_KEY}"),
    KeySuspended: Row("suspended_by", f"suspended_by=party|@officers {_BY_ANOTHER_KEY}"),
    KeyResumed: Row("lifted_by|@officers", "lifted_by=party party=#older?lifted_by"),
    ReconfirmationGiven: Row("given_by"),
    MandateGiven: Row(
        "principal @operator", commits="sum:ceiling open?!ceiling", opposed="principal~holder"
    ),
    MandateEnded: Row("ended_by", "ended_by=principal|holder"),
    TechnologyRegistered: Row("owners/*/party"),
    TrlDeclared: Row("declared_by"),
    TechnologyClassified: Row("classified_by", "classified_by=@officers|#reviewer"),
    FundingAgreed: Row("owners/* contributors/*/party", opposed="owners/*~contributors/*/party"),
    AuthorsDeclared: Row("declared_by/*"),
    ContributionRecorded: Row("contributor witness", opposed="contributor~witness"),
    RightFiled: Row(_OFFICE, _BY_CLERK),
    **dict.fromkeys(OF_OFFICES, Row(_OFFICE, _BY_CLERK)),
    DisclosureRecorded: Row("recorded_by"),
    CoOwnerNotified: Row(
        "sellers/*/party notified?!receipt_sha256",
        commits="sum:price",
        opposed="sellers/*/party~notified",
    ),
    PreemptionWaived: Row("waived_by", commits="open"),
    AssignmentAgreed: Row(
        "assignors/*/party assignees/*/party consenting/*",
        commits="sum:price|quoted_price sum:equity/value gives:assignors/*/party",
        opposed="assignors/*/party~assignees/*/party consenting/*~assignees/*/party",
    ),
    PriorityNoted: Row("noted_by"),
    AssignmentRegistered: Row(_OFFICE, _BY_CLERK),
    AssignmentRefused: Row(_OFFICE, _BY_CLERK),
    AssignmentRescinded: Row("parties/*", commits="open", opposed="parties/*"),
    ConveyanceAttested: Row("attested_by @operator", _BY_CLERK),
    SecurityCreated: Row(
        "debtors/* creditor consenting/*",
        commits="gives:debtors/*",
        opposed="debtors/*~creditor consenting/*~creditor",
    ),
    SecurityPerfected: Row(_OFFICE, _BY_CLERK),
    SecurityAssigned: Row(
        "creditor new_creditor", commits="gives:creditor", opposed="creditor~new_creditor"
    ),
    SecurityReleased: Row("creditor", commits="gives:creditor"),
    SecurityEnforced: Row(_OFFICE, _BY_CLERK),
    InvestmentMade: Row(
        "fund company", "fund=#fund", "sum:amount gives:company", opposed="fund~company"
    ),
    InvestmentEnded: Row("ended_by"),
    ListingPublished: Row("lister reviewer", "reviewer=@operator|#reviewer", "sum:ask"),
    ListingSuspended: Row("reviewer", "reviewer=@operator|#reviewer"),
    ListingClosed: Row("closed_by"),
    ListingDrafted: Row("lister"),
    ListingResumed: Row("reviewer", "reviewer=@operator|#reviewer"),
    NeedPosted: Row("buyer reviewer", "reviewer=@operator|#reviewer", "sum:budget"),
    ListingMirrored: Row("attested_by @operator", _BY_CLERK),
    InterestShown: Row("party"),
    NdaSigned: Row("parties/*", opposed="parties/*"),
    AuctionOpened: Row("opened_by", commits="sum:reserve|start"),
    BidPlaced: Row("bidder", commits="sum:price"),
    BidSealed: Row("bidder"),
    BidOpened: Row("bidder", commits="sum:price"),
    AuctionClosed: Row("closed_by", commits="sum:price", opposed="closed_by~winner"),
    OfferMade: Row("offeror", commits=_OFFER, opposed="offeror~offeree"),
    OfferCountered: Row("offeror", commits=_OFFER, opposed="offeror~offeree"),
    OfferAccepted: Row("accepted_by", commits="named:offer"),
    OfferRejected: Row("rejected_by"),
    OfferRevoked: Row("revoked_by"),
    ContractConcluded: Row(
        "parties/* consents/*",
        commits=f"{_CONTRACT} grant:grants/* named:offer",
        opposed="parties/* grants/*:licensor~licensee consents/*~grants/*/licensee",
    ),
    SublicenceGranted: Row(
        "sublicensor sublicensee consent_by consents/*",
        commits=f"{_LICENCE} grant:grant",
        opposed="sublicensor~sublicensee consent_by~sublicensor consent_by~sublicensee"
        " consents/*~sublicensor consents/*~sublicensee",
    ),
    ConsentGiven: Row("given_by", opposed="given_by~to"),
    TermsAmended: Row(
        "parties/* consents/*",
        commits=_CHANGES,
        opposed="parties/* changes/grants/*:licensor~licensee consents/*~changes/grants/*/licensee",
    ),
    CorrectionRecorded: Row(
        "parties/* consents/*",
        commits=_CHANGES,
        opposed="parties/* changes/grants/*:licensor~licensee consents/*~changes/grants/*/licensee",
    ),
    ConditionMet: Row("parties/*", opposed="parties/*"),
    ContractInForce: Row("parties/*", opposed="parties/*"),
    OptionExercised: Row("exercised_by", opposed="exercised_by~grant/licensor"),
    NoticeServed: Row("served_by", opposed="served_by~served_on"),
    NoticeReceived: Row("confirmed_by"),
    ContractSuspended: Row("suspended_by/*"),
    ContractResumed: Row("resumed_by/*"),
    ContractTerminated: Row("terminated_by/*", opposed="terminated_by/*?ground=consent"),
    UseDeclared: Row("used_by consents/*", opposed="used_by~consents/*"),
    FilingMade: Row("filed_by"),
    CertificateIssued: Row(_OFFICE, _BY_CLERK),
    PermitIssued: Row(_OFFICE, _BY_CLERK),
    RegistrationRefused: Row(_OFFICE, _BY_CLERK),
    CompulsoryLicenceGranted: Row(_OFFICE, _BY_CLERK, _LICENCE),
    ShareAgreed: Row("agreed_by/*", commits="open", opposed="agreed_by/*"),
    RevenueReported: Row("reported_by auditor", commits="sum:due"),
    ReportAccepted: Row("said_by"),
    ReportQueried: Row("said_by"),
    ReportDisputed: Row("said_by"),
    ProfitDeclared: Row("declared_by", commits="sum:state_part"),
    RevenueDistributed: Row("@operator", commits="sum:total"),
    ProfitDistributed: Row("@operator", commits="sum:total"),
    SuspenseReleased: Row("@operator"),
    PaymentInstructed: Row("payer", commits="sum:amount", opposed="payer~payee"),
    PaymentConfirmed: Row(
        "confirmed_by", commits="sum:amount", opposed="payer~confirmed_by payee~confirmed_by"
    ),
    PaymentFailed: Row("said_by"),
    OverpaymentNoted: Row("payer payee", commits="sum:amount", opposed="payer~payee"),
    RefundMade: Row(
        "confirmed_by", commits="sum:amount", opposed="payer~confirmed_by payee~confirmed_by"
    ),
    InterestAccrued: Row("claimed_by", commits="sum:amount"),
    DocumentSent: Row("sender"),
    DocumentReceived: Row("system|received_by", "system=@operator"),
    DocumentAcknowledged: Row("acknowledged_by"),
    FileOpened: Row("opened_by @operator"),
    DisputeOpened: Row("claimant", opposed="claimant~respondents/*"),
    DisputeAdmitted: Row("forum"),
    EvidenceFiled: Row("filed_by"),
    HoldOrdered: Row("forum"),
    HoldLifted: Row("forum"),
    RulingMade: Row("forum"),
    AppealFiled: Row("filed_by"),
    SettlementRecorded: Row("parties/*", commits="open", opposed="parties/*"),
    DisputeWithdrawn: Row("claimant"),
}

WHO_SIGNS: Mapping[type[Body], Row] = {
    body: row._replace(about=ABOUT[body.TOPIC]) for body, row in _ROWS.items()
}
"""A row for each body: `ledger.powers` says how its words are read."""


def who_signs(body: Body, ledger: Ledger) -> frozenset[str]:
    """Return the parties that an event binds, given the ledger's officers."""
    return parties_bound(WHO_SIGNS[type(body)], body, Officers(ledger.operator, ledger.registrar))


def waits(body: Body) -> bool:
    """Say whether an event binds only after the ledger's delay."""
    return must_wait(WHO_SIGNS[type(body)], body)
