"""
Every event of a contract as its signers signed it, and what they fold to.

The journal keeps bodies, so that an answer folds those that are known with the very fold of the
domain (`ledger.domain.contract`): it says what admission sees. Of what is sealed it has the
commitment only.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from ledger.domain.amendment import ContractChanged
from ledger.domain.contract import Contract
from ledger.domain.contract_terms import AgreedTerms
from ledger.domain.ending import ContractResumed, ContractSuspended, ContractTerminated
from ledger.domain.event import Body, Event, Logged
from ledger.domain.filing import Answer, FilingMade
from ledger.domain.notice import NoticeReceived, NoticeServed
from ledger.domain.order import OfDispute
from ledger.domain.performance import ConditionMet, ContractInForce, OptionExercised
from ledger.domain.registry import EVOLVES, TOPICS
from projections.projection import Journal
from projections.view import RECORDED, Known, View, knowing


@dataclass(frozen=True, slots=True)
class ContractEvent:
    """A row of `read.contract_events`: an event of a contract, the subject; `said` is its body."""

    subject: str
    position: int
    accepted: datetime
    type: str
    payload_hash: str
    signers: tuple[str, ...]
    said: str


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
    Answer,
)
"""Bodies that say which one contract they are of."""


def _events(logged: Logged) -> list[ContractEvent]:
    event = logged.event
    said = event.body.model_dump_json(exclude_unset=True)
    return [
        ContractEvent(
            contract,
            logged.position,
            logged.accepted,
            event.type,
            event.payload_hash,
            event.signers,
            said,
        )
        for contract in _contracts(event.body)
    ]


def _contracts(body: Body) -> Iterable[str]:
    if isinstance(body, _OF_CONTRACT):
        return (body.contract,)
    assert isinstance(body, OfDispute)
    return sorted(subject for subject in body.subjects() if subject.startswith("contract:"))


contract_events = Journal(
    name="contract_events",
    version=1,
    row=ContractEvent,
    emit=_events,
    bodies=frozenset(
        body
        for body in TOPICS.values()
        if issubclass(body, _OF_CONTRACT) or issubclass(body, OfDispute)
    ),
)


def events_of(view: View, contract: str, known: Known) -> tuple[ContractEvent, ...]:
    """Return a contract's events that are known, in the order of the log."""
    asked = {"contract": contract, **knowing(known)}
    return view.rows(
        contract_events, f"subject = %(contract)s AND {RECORDED}", asked, order="position"
    )


def folded(contract: str, rows: Sequence[ContractEvent]) -> Contract | None:
    """Fold a contract's events as the domain does."""
    value: Contract | None = None
    for row in rows:
        body = TOPICS[row.type].model_validate_json(row.said)
        evolve = EVOLVES.get(("contract", type(body)))
        if evolve is not None:
            value = evolve(contract, value, _logged(row, body))
    return value


def _logged(row: ContractEvent, body: Body) -> Logged:
    """Return the event as a fold needs it: its header is not kept here."""
    event = Event(
        ledger="",
        event_id="",
        type=row.type,
        issued_at=row.accepted,
        not_after=row.accepted,
        seen=None,
        subjects=(),
        signers=row.signers,
        body=body,
        payload_hash=row.payload_hash,
        signatures=(),
    )
    return Logged(event, row.position, row.accepted)
