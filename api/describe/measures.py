"""
What numbers and texts of answers measure or name, by the member that they stand in.

A member is looked up with its type before it, then by itself. Every number of an answer has its
measure here, which a test holds: an amount that is shown as a bare number is a hundred times wrong.
"""

from collections.abc import Mapping
from typing import Literal, get_args

from ledger.domain.contracts.contract_terms import ContractKind, RoyaltyBase, Sublicensing
from ledger.domain.contracts.filing import Purpose
from ledger.domain.contracts.royalty import Royalty
from ledger.domain.core.court_order import Effect
from ledger.domain.core.scope import Act, Exclusivity, Field
from ledger.domain.parties.party import PartyKind, Role
from ledger.domain.parties.relation import RelationKind
from ledger.domain.rights.conveyance import ConveyanceKind
from ledger.domain.rights.status_timeline import Outcome
from ledger.domain.rights.technology import ObjectKind

Measure = Literal[
    "sum",
    "rate",
    "entry",
    "number",
    "seconds",
    "days",
    "months",
    "years",
    "times",
    "units",
    "day_of",
    "year",
]

_BY_MEASURE: Mapping[Measure, str] = {
    "sum": "amount base capped carried due earned floor gross held increment interest left "
    "minimum open price_to PartGiven.cap paid payable per_unit remainder royalty set_off short "
    "stacked steps suspense unpaid upto yearly_base zero_rated",
    "rate": "authors_ppm cost_shift_ppm credit_ppm floor_ppm parts_ppm ppm rate_ppm royalty_ppm "
    "share_ppm stake_ppm state_funded_ppm yearly_ppm",
    "entry": "TermsDifference.by Mandate.ended Mandate.given MarkedDispute.ended answered_position "
    "changed_position closed_position compromised_since contradicts deed_position doubt doubted "
    "filed_position first ListingState.held_by lapsed_by lifted_position next_after of position "
    "positions counted follows_from refused_position registered_position settled_by Feed.since "
    "suspended_position vouched_at",
    "number": "ChainLink.number MoneyIn.payments Rate.denominator Rate.numerator after before "
    "bytes count deals depth fee_year month openings rank size tier trl trl_from trl_to version",
    "seconds": "delay_seconds step_seconds",
    "days": "cure_days days_a_year days_late due_days notice_days overdue_days sell_off_days",
    "months": "months warranty_months",
    "years": "confidential_years records_years",
    "times": "times",
    "units": "quantity units",
    "day_of": "from_day",
    "year": "year",
}

MEASURES: Mapping[str, Measure] = {
    member: measure for measure, members in _BY_MEASURE.items() for member in members.split()
}


def measure_of(owner: str, member: str) -> Measure | None:
    """Return what a number that stands in a member measures, if it is known."""
    return MEASURES.get(f"{owner}.{member}") or MEASURES.get(member)


Naming = Literal[
    "place",
    "country",
    "law",
    "tongue",
    "office",
    "event",
    "field_code",
    "member",
    "awaited",
    "condition",
    "known",
    "deduction",
    "instrument",
]

NAMINGS: Mapping[str, Naming] = {
    **dict.fromkeys(("designated", "territory", "outside", "zero_rated"), "place"),
    "known_at": "known",
    "seat": "country",
    "governing_law": "law",
    "languages": "tongue",
    **dict.fromkeys(("office", "register"), "office"),
    **dict.fromkeys(("topic", "topics", "type", "stage"), "event"),
    **dict.fromkeys(("Free.field", "without"), "field_code"),
    **dict.fromkeys(("changed", "member"), "member"),
    "Ground.instrument": "instrument",
    **dict.fromkeys(
        (
            *("Royalty.deductions", "ReportLines.deductions.kind", "SoldLine.deductions.kind"),
            *("Deduction.kind", "ReportRow.deduction_kinds"),
        ),
        "deduction",
    ),
}
"""What texts name that are no ids; others stand as they are."""

LISTED: Mapping[str, tuple[str, ...]] = {
    "ChainRow.link": (
        *("filed", "agreed", "registered", "notified", "priority", "refused", "rescinded"),
        *("perfected", "enforced", "covenant", "covenant_ended", "voided", "security_voided"),
        *get_args(ConveyanceKind),
    ),
    "ContractRow.kind": (*get_args(ContractKind), "compulsory", "sublicence"),
    "ContractRow.royalty_base": get_args(RoyaltyBase),
    "Free.acts": get_args(Act),
    "GrantRow.acts": get_args(Act),
    "GrantRow.exclusivity": (*get_args(Exclusivity), "compulsory"),
    "GrantRow.field_scheme": get_args(Field.model_fields["scheme"].annotation),
    "GrantRow.sublicensing": get_args(Sublicensing),
    "KeyFact.reason": ("rotated", "compromised", "lost", "holder_left", "party_ended"),
    "MinimumMet.credit": ("same_year", "carried_forward"),
    "OrderRow.effect": get_args(Effect),
    "PartyAsKnown.kind": get_args(PartyKind),
    "PartyAsKnown.roles": get_args(Role),
    "Registration.purpose": get_args(Purpose),
    "Related.kind": get_args(RelationKind),
    "SoldLine.royalty_base": get_args(Royalty.model_fields["base"].annotation),
    "RoleRow.role": ("owner", "state", "funder", "background", "foreground", "lab_use", "author"),
    "StandingRow.outcome": get_args(Outcome),
    "Suspect.code": (
        *("RIGHT_ENDED", "TITLE_MOVED_UNDER_FREEZE", "LIENS_AFTER_ENFORCEMENT", "DEED_VOID"),
        *("DISPUTE_OUT_OF_TIME", "NEEDS_RECONFIRMATION", "AUTHOR_SPLIT_MISSING"),
        *("PAID_UNDER_HOLD", "REGISTERED_OVER"),
    ),
    "TechnologyView.object_kind": get_args(ObjectKind),
    "WaitingToBind.roles": get_args(Role),
}
"""Closed lists that are plain texts in the read models: their values have words, too."""

PAIRS: Mapping[str, tuple[str, ...]] = {
    "Clocks.signed": ("party", "signed_on"),
    "Computation.authors": ("party", "amount"),
    "Computation.signed": ("party", "amount"),
    "Dues.held": ("currency", "held"),
    "Dues.paid": ("currency", "paid"),
    "Dues.payable": ("currency", "payable"),
    "PendingAssignment.given": ("party", "share"),
    "PendingAssignment.taken": ("party", "share"),
    "ReportLines.deductions": ("kind", "amount"),
    "SoldLine.deductions": ("kind", "amount"),
    "SoldLine.tiers": ("upto", "rate_ppm"),
}
"""What the places of a list of tuples are called."""

FRACTIONS = frozenset({"AuthorMinimum.state_share", "Share.share"})
"""Members that are fractions, and have two numbers for it."""

LAST_DAYS = frozenset(
    {
        "LookedAt.until",
        "NdaSigned.until",
        "effective_to",
        "holiday_until",
        "sell_off_to",
        "valid_to",
    }
)
"""Members that are the first day after, by themselves: they are said by the last day."""

LAST_INSTANTS = frozenset({"expires_at"})
"""Members that are the last instant at which something can be done."""

SUMS_IN: Mapping[str, str] = {
    "AuctionOpened.increment": "reserve/currency",
    "InterestAccrued.royalty": "principal/currency",
    "ReportRow.due": "due_currency",
    **dict.fromkeys(
        ("RevenueReported.reckoning", "RevenueReported.royalty", "RevenueReported.stacked"),
        "due/currency",
    ),
}
"""Members whose sums are in the currency that stands elsewhere; others have `currency`."""
