"""Bodies about title and what weighs on it, like those of `builders`."""

from typing import Any

from ledger.domain.core.body import Body
from ledger.domain.parties.party import PartyRegistered
from ledger.domain.rights.assignment import AssignmentRefused, AssignmentRescinded, PriorityNoted
from ledger.domain.rights.enforcement import SecurityAssigned, SecurityEnforced, SecurityPerfected
from ledger.domain.rights.investment import InvestmentEnded, InvestmentMade
from ledger.domain.rights.preemption import CoOwnerNotified, PreemptionWaived
from tests.support.builders import (
    ASSIGNMENT,
    BANK,
    FIRM,
    INSTITUTE,
    OTHER_RIGHT,
    RIGHT,
    RIVAL,
    SECURITY,
    SOME_HASH,
    assignment_agreed,
    built,
    first_party,
    held,
    security_created,
    vnd,
)

FUND = "party:vn.fund"
INVESTMENT = "investment:01890000-0000-7000-8000-000000000010"
SECOND = "assignment:second"
NOTICE = "preemption:01890000-0000-7000-8000-000000000011"
SECOND_SECURITY = "security:second"

_BY_REGISTRAR = {"attested_by": None, "document_sha256": None}


def fund_registered() -> PartyRegistered:
    return built(PartyRegistered, first_party(FUND, name="Quỹ Hạt giống", roles=["fund"]), {})


def investment_made(**overrides: Any) -> InvestmentMade:
    """Return the fund's investment in the institute, with every covenant on its right."""
    defaults = {
        "investment": INVESTMENT,
        "fund": FUND,
        "company": INSTITUTE,
        "amount": vnd(5_000_000_000),
        "stake_ppm": 100_000,
        "covenants": [promised("negative_pledge", "preemption", "exclusive_licence_veto")],
        "made_on": "2026-10-01",
    }
    return built(InvestmentMade, defaults, overrides)


def promised(*promises: str, **overrides: Any) -> dict[str, Any]:
    """Return covenants on the right as JSON."""
    defaults = {"rights": [RIGHT], "promises": list(promises), "notice_days": 20, "until": None}
    return {**defaults, **overrides}


def investment_ended(**overrides: Any) -> InvestmentEnded:
    defaults = {
        "investment": INVESTMENT,
        "rights": [RIGHT],
        "ended_by": FUND,
        "ended_on": "2026-11-02",
        "reason": "The fund has sold its stake",
    }
    return built(InvestmentEnded, defaults, overrides)


def coowner_notified(**overrides: Any) -> CoOwnerNotified:
    """Return the firm's notice to the institute that it would sell its half for 1,000 m VND."""
    defaults = {
        "preemption": NOTICE,
        "rights": [RIGHT],
        "sellers": [held(FIRM, 1, 2)],
        "notified": INSTITUTE,
        "price": vnd(1_000_000_000),
        "terms_sha256": None,
        "received_on": "2026-10-01",
        "receipt_sha256": SOME_HASH,
    }
    return built(CoOwnerNotified, defaults, overrides)


def preemption_waived(**overrides: Any) -> PreemptionWaived:
    defaults = {"preemption": NOTICE, "waived_by": INSTITUTE, "waived_on": "2026-10-10"}
    return built(PreemptionWaived, defaults, overrides)


def priority_noted(**overrides: Any) -> PriorityNoted:
    """Return the firm's notice that the institute's share is kept for it."""
    defaults = {
        "assignment": ASSIGNMENT,
        "rights": [RIGHT],
        "noted_by": FIRM,
        "until": "2026-12-01",
    }
    return built(PriorityNoted, defaults, overrides)


def assignment_refused(**overrides: Any) -> AssignmentRefused:
    defaults = {
        "assignment": ASSIGNMENT,
        "rights": [RIGHT],
        "refused_on": "2026-11-01",
        "reason": "The original title was not filed",
        **_BY_REGISTRAR,
    }
    return built(AssignmentRefused, defaults, overrides)


def assignment_rescinded(**overrides: Any) -> AssignmentRescinded:
    defaults = {
        "assignment": ASSIGNMENT,
        "rights": [RIGHT],
        "parties": [INSTITUTE, FIRM],
        "rescinded_on": "2026-11-01",
        "reason": "The price was not paid",
    }
    return built(AssignmentRescinded, defaults, overrides)


def security_perfected(**overrides: Any) -> SecurityPerfected:
    defaults = {
        "security": SECURITY,
        "rights": [RIGHT],
        "registered_at": "2026-10-20T02:30:00.000Z",
        "register_no": "1456789012",
        **_BY_REGISTRAR,
    }
    return built(SecurityPerfected, defaults, overrides)


def security_assigned(**overrides: Any) -> SecurityAssigned:
    defaults = {
        "security": SECURITY,
        "rights": [RIGHT],
        "creditor": BANK,
        "new_creditor": RIVAL,
        "assigned_on": "2026-10-25",
    }
    return built(SecurityAssigned, defaults, overrides)


def security_enforced(**overrides: Any) -> SecurityEnforced:
    """Return the sale of the institute's right to the rival at an enforcement."""
    defaults = {
        "security": SECURITY,
        "rights": [RIGHT],
        "owners": [held(INSTITUTE)],
        "acquirers": [held(RIVAL)],
        "effective_on": "2026-10-30",
        "registered_on": "2026-11-01",
        "register_no": "TTH-77",
        **_BY_REGISTRAR,
    }
    return built(SecurityEnforced, defaults, overrides)


_OF_OTHER = {"assignment": SECOND, "rights": [OTHER_RIGHT]}

STORY: tuple[Body, ...] = (
    fund_registered(),
    investment_made(company=FIRM, covenants=[promised("negative_pledge", rights=[OTHER_RIGHT])]),
    investment_ended(rights=[OTHER_RIGHT]),
    security_created(security=SECOND_SECURITY, rights=[OTHER_RIGHT], debtors=[FIRM]),
    security_perfected(security=SECOND_SECURITY, rights=[OTHER_RIGHT]),
    security_assigned(security=SECOND_SECURITY, rights=[OTHER_RIGHT]),
    security_enforced(
        security=SECOND_SECURITY,
        rights=[OTHER_RIGHT],
        owners=[held(FIRM)],
        acquirers=[held(INSTITUTE)],
    ),
    coowner_notified(rights=[OTHER_RIGHT]),
    preemption_waived(),
    assignment_agreed(**_OF_OTHER),
    priority_noted(**_OF_OTHER),
    assignment_refused(**_OF_OTHER),
    assignment_agreed(assignment="assignment:third", rights=[OTHER_RIGHT]),
    assignment_rescinded(assignment="assignment:third", rights=[OTHER_RIGHT]),
)
"""Admissible in this order after a conveyance of the institute's other right to the firm."""
