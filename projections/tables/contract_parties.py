"""
Who was party to which contract: a contract binds whom it names, and a correction may name others.

Read by `projections.questions.party_lists`.
"""

from dataclasses import dataclass, replace
from datetime import datetime

from ledger.domain.contracts.amendment import CorrectionRecorded
from ledger.domain.contracts.contract import ContractConcluded
from ledger.domain.contracts.filing import CompulsoryLicenceGranted
from ledger.domain.contracts.sublicence import SublicenceGranted
from ledger.domain.core.event import Logged
from projections.engine.projection import On, Projection, Tells


@dataclass(frozen=True, slots=True)
class ContractParty:
    """A row of `read.contract_parties`: a party to a contract, which is the subject.

    `position` is that of the event that made it one, `known_to` that of the correction by which it
    is none.
    """

    subject: str
    party: str
    position: int
    accepted: datetime
    known_to: int | None
    known_to_at: datetime | None


Rows = tuple[ContractParty, ...]


def _parties(logged: Logged) -> frozenset[str]:
    body = logged.event.body
    if isinstance(body, ContractConcluded):
        return frozenset(body.parties)
    if isinstance(body, CorrectionRecorded):
        return frozenset(body.parties_meant)
    assert isinstance(body, SublicenceGranted | CompulsoryLicenceGranted)
    return frozenset({body.grant.licensor, body.grant.licensee})


def _fold(subject: str, rows: Rows, logged: Logged) -> Rows:
    meant = _parties(logged)
    stands = {row.party for row in rows if row.known_to is None}
    gone = stands - meant
    kept = (
        replace(row, known_to=logged.position, known_to_at=logged.accepted)
        if row.known_to is None and row.party in gone
        else row
        for row in rows
    )
    new = (
        ContractParty(subject, party, logged.position, logged.accepted, None, None)
        for party in sorted(meant - stands)
    )
    return (*kept, *new)


def _contract(logged: Logged) -> tuple[str, ...]:
    body = logged.event.body
    assert isinstance(
        body, ContractConcluded | CorrectionRecorded | SublicenceGranted | CompulsoryLicenceGranted
    )
    return (body.contract,)


contract_parties = Projection(
    name="contract_parties",
    version=1,
    row=ContractParty,
    on=dict.fromkeys(
        (ContractConcluded, SublicenceGranted, CompulsoryLicenceGranted, CorrectionRecorded),
        On(_contract, _fold),
    ),
    indexes=(("party", "position"),),
    tells={"contract": Tells(("parties",), rest="contract_events")},
)
