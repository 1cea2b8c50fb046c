"""What a description leaves out, and why. A test holds it to be nothing else."""

from collections.abc import Mapping

_AXIS = "chose the row for the day and the state of knowledge that were asked; both are said"
_KEY = "the key of the row; what it names is said beside it"

_PAGES = (
    *(
        "Duties",
        "DutiesByDeadline",
        "Feed",
        "Findings",
        "Found",
        "Listings",
        "MarketMatches",
        "MarkedSignedBy",
        "MarkedTimeline",
    ),
    *("Offers", "PartyContracts", "PartyOffers", "PartyRights"),
)

LEFT_OUT: Mapping[str, str] = {
    **dict.fromkeys(
        (f"{kind}.{bound}" for kind in _PAGES for bound in ("after", "limit")),
        "which page of the list was asked for; where there is more is said",
    ),
    "VersionDiff.terms": "what did not change: the page of the comparison folds it away",
    "GrantRow.subject": "the contract, which its reference begins with",
    "GrantRow.true_from": _AXIS,
    "GrantRow.true_to": _AXIS,
    "GrantRow.office_from": _AXIS,
    "GrantRow.office_to": _AXIS,
    "GrantRow.known_from": _AXIS,
    "GrantRow.known_from_at": _AXIS,
    "GrantRow.known_to": _AXIS,
    "GrantRow.known_to_at": _AXIS,
    "Registration.known_from": _AXIS,
    "Registration.known_from_at": _AXIS,
    "Registration.known_to": _AXIS,
    "Registration.known_to_at": _AXIS,
    "ChainRow.subject": "the right, which the answer names",
    "KeyFact.subject": "the key, which is said above",
    "PartyFact.subject": "the party, which is said above",
    "PartyFact.place": "orders what one event said; the order is kept",
    "RoleRow.subject": "the technology, which the answer names",
    "StandingRow.subject": "the right, which the answer names",
    "MarkedStep.subject": "the dispute, which the answer names",
    "OrderRow.accepted": _KEY,
}
"""By type and member. What is not here, and is there in an answer, is shown."""


def left_out(owner: str, member: str) -> bool:
    """Say whether a member of a type is left out."""
    return f"{owner}.{member}" in LEFT_OUT
