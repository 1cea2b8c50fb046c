"""Every event of a contract as its signers signed it, and what they fold to."""

from collections.abc import Iterable, Sequence

from ledger.domain.contracts.changing import ContractChanged
from ledger.domain.contracts.contract import Contract
from ledger.domain.contracts.contract_terms import AgreedTerms
from ledger.domain.contracts.entry_into_force import ConditionMet, ContractInForce, OptionExercised
from ledger.domain.contracts.filing import FilingAnswer, FilingMade
from ledger.domain.contracts.notice import NoticeReceived, NoticeServed
from ledger.domain.contracts.suspension_and_termination import (
    ContractResumed,
    ContractSuspended,
    ContractTerminated,
)
from ledger.domain.core.body import Body
from ledger.domain.core.court_order import OfDispute
from ledger.domain.core.event import Logged
from ledger.domain.registry import EVOLVES, TOPICS
from projections.engine.event_bodies import EventBody, fold_of, said_of
from projections.engine.projection import Journal, Tells
from projections.engine.view import Known, View

_OF_CONTRACT = (
    AgreedTerms,
    ContractChanged,
    ConditionMet,
    ContractInForce,
    OptionExercised,
    NoticeServed,
    NoticeReceived,
    ContractSuspended,
    ContractResumed,
    ContractTerminated,
    FilingMade,
    FilingAnswer,
)
"""Bodies that say which one contract they are of."""


def _events(logged: Logged) -> list[EventBody]:
    return [said_of(contract, logged) for contract in _contracts(logged.event.body)]


def _contracts(body: Body) -> Iterable[str]:
    if isinstance(body, _OF_CONTRACT):
        return (body.contract,)
    assert isinstance(body, OfDispute)
    return sorted(subject for subject in body.subjects() if subject.startswith("contract:"))


contract_events = Journal(
    name="contract_events",
    version=1,
    row=EventBody,
    emit=_events,
    bodies=frozenset(
        body
        for body in TOPICS.values()
        if issubclass(body, _OF_CONTRACT)
        or (issubclass(body, OfDispute) and ("contract", body) in EVOLVES)
    ),
    tells={
        "contract": Tells(
            (
                *("position", "payload_hash", "kind", "terms_event", "first", "newest", "parties"),
                *("grants", "effective_from", "effective_to", "changes", "notices", "holds"),
                *("head", "tier", "below", "permitted", "registered", "recorded"),
                *("conditions_met", "declared_in_force_on", "suspended", "ended", "ended_by"),
                "voided",
            ),
            {"reports": ("reports",), "shares": ("shares", "shared_again")},
        ),
        "notice": Tells(
            (
                *("position", "contract", "matter", "served_by", "served_on", "sent_on"),
                *("exit", "received_on"),
            )
        ),
        "filing": Tells(("filed_on", "answered"), rest="registrations"),
    },
)


def events_of(view: View, contract: str, known: Known) -> tuple[EventBody, ...]:
    """Return a contract's events that are known, in the order of the log."""
    return view.recorded(contract_events, known, subject=contract)


def folded(contract: str, rows: Sequence[EventBody]) -> Contract | None:
    """Fold a contract's events as the domain does."""
    value: Contract | None = fold_of(contract, rows)
    return value
