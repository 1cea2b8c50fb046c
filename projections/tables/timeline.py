"""
What happened to each subject, in order, as tables.

Two journals: `events` has a row an event, `timeline` a narrow one for each subject of each event.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from ledger.domain.contracts.amendment import TermsAmended
from ledger.domain.contracts.assignment_agreement import AssignmentAgreed
from ledger.domain.contracts.consent import ConsentGiven
from ledger.domain.contracts.contract import ContractConcluded
from ledger.domain.contracts.document import DocumentReceived, DocumentSent, FileOpened
from ledger.domain.contracts.entry_into_force import ConditionMet, ContractInForce, OptionExercised
from ledger.domain.contracts.filing import (
    CertificateIssued,
    CompulsoryLicenceGranted,
    FilingAnswer,
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
from ledger.domain.core.event import Logged
from ledger.domain.core.types import legal_day
from ledger.domain.parties.mandate import MandateGiven
from ledger.domain.parties.party_lifecycle import PartyDissolved, PartyMerged, PartyRenamed
from ledger.domain.parties.relation import RelationDeclared, RelationEnded
from ledger.domain.revenue.payment import PaymentConfirmed
from ledger.domain.revenue.report import RevenueReported
from ledger.domain.revenue.share_agreement import ShareAgreed
from ledger.domain.rights.conveyance import ConveyanceAttested
from ledger.domain.rights.right import RightFiled
from ledger.domain.rights.right_status import (
    DisclosureRecorded,
    OfficeEventRecorded,
    OfRight,
    RightCancelled,
    RightFeePaid,
    RightGranted,
    RightLapsed,
    RightLimited,
    RightPublished,
    RightRenewed,
    RightRestored,
    RightSurrendered,
)
from ledger.domain.rights.security import SecurityCreated, SecurityReleased
from ledger.domain.rights.title import AssignmentRegistered
from projections.engine.projection import Journal


@dataclass(frozen=True, slots=True)
class EventRow:
    """A row of `read.events`. `true_from` is the legal day from which the fact holds, if any.

    `office_recorded_on` is the day on which a register outside the ledger recorded it, if one did.
    `office` is whose record or answer it is: an office by its code, as in the ids of its rights, or
    an authority as the event names it. `territory` are the States for which it says so, if any.
    """

    event_id: str
    position: int
    accepted: datetime
    topic: str
    payload_hash: str
    signers: tuple[str, ...]
    subjects: tuple[str, ...]
    true_from: date | None
    office_recorded_on: date | None
    office: str | None
    territory: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class TimelineRow:
    """A row of `read.timeline`: the event at `position` is about `subject`."""

    subject: str
    position: int


Days = tuple[date | None, date | None]
"""When a fact begins to hold, and when an office recorded it."""

_DAYS: Mapping[type[Body], Callable[[Any], Days]] = {
    AssignmentAgreed: lambda body: (body.agreed_on, None),
    AssignmentRegistered: lambda body: (body.effective_on, body.registered_on),
    ContractConcluded: lambda body: (body.effective_from, None),
    ConveyanceAttested: lambda body: (
        min(assignor.executed_on for assignor in body.assignors),
        body.office_recorded_on,
    ),
    MandateGiven: lambda body: (body.valid_from, None),
    **dict.fromkeys(
        (PartyRenamed, PartyMerged, PartyDissolved), lambda body: (body.effective_on, None)
    ),
    PaymentConfirmed: lambda body: (body.paid_on, None),
    RelationDeclared: lambda body: (body.valid_from, None),
    RelationEnded: lambda body: (body.ended_on, None),
    DocumentSent: lambda body: (legal_day(body.sent_at), None),
    DocumentReceived: lambda body: (legal_day(body.received_at), None),
    FileOpened: lambda body: (legal_day(body.opened_at), None),
    RevenueReported: lambda body: (body.period_from, None),
    RightFiled: lambda body: (body.filed_on, body.filed_on),
    RightGranted: lambda body: (body.in_force_from, body.granted_on),
    **dict.fromkeys(
        (RightLapsed, RightRestored, RightSurrendered, RightLimited, RightCancelled),
        lambda body: (body.effective_from, body.published_on),
    ),
    OfficeEventRecorded: lambda body: (body.effective_from, body.published_on),
    RightPublished: lambda body: (body.published_on, body.published_on),
    RightFeePaid: lambda body: (body.paid_on, body.paid_on),
    RightRenewed: lambda body: (body.renewed_on, body.renewed_on),
    DisclosureRecorded: lambda body: (body.disclosed_on, None),
    SecurityCreated: lambda body: (body.created_on, None),
    SecurityReleased: lambda body: (body.released_on, None),
    ShareAgreed: lambda body: (body.effective_from, None),
    SublicenceGranted: lambda body: (body.grant.valid_from, None),
    ConsentGiven: lambda body: (body.valid_from, None),
    TermsAmended: lambda body: (body.effective_from, None),
    ConditionMet: lambda body: (body.met_on, None),
    ContractInForce: lambda body: (body.in_force_from, None),
    OptionExercised: lambda body: (body.exercised_on, None),
    NoticeServed: lambda body: (body.sent_on, None),
    NoticeReceived: lambda body: (body.received_on, None),
    ContractSuspended: lambda body: (body.suspended_from, None),
    ContractResumed: lambda body: (body.resumed_on, None),
    ContractTerminated: lambda body: (body.terminated_on, None),
    UseDeclared: lambda body: (body.used_from, None),
    FilingMade: lambda body: (body.filed_on, None),
    CertificateIssued: lambda body: (body.issued_on, body.issued_on),
    PermitIssued: lambda body: (body.issued_on, body.issued_on),
    RegistrationRefused: lambda body: (body.decided_on, body.decided_on),
    CompulsoryLicenceGranted: lambda body: (body.grant.valid_from, body.concluded_on),
}


def days_of(body: Body) -> Days:
    """Return from when what the body says is true, and when an office recorded it."""
    days = _DAYS.get(type(body))
    return days(body) if days else (None, None)


def office_of(body: Body) -> str | None:
    """Return whose record or answer an event tells: an office's code, or an authority's name."""
    if isinstance(body, RightFiled | ConveyanceAttested):
        return body.office
    if isinstance(body, OfRight):
        return _office_of(body.right)
    if isinstance(body, AssignmentRegistered):
        return _office_of(body.rights[0])
    return body.authority if isinstance(body, FilingMade | FilingAnswer) else None


def _office_of(right: str) -> str:
    """Return the code of the office in whose register a right stands, which begins its id."""
    return right.partition(":")[2].partition(".")[0]


def states_of(body: Body) -> tuple[str, ...]:
    """Return the States for which an office says something of a right of many; none of others."""
    if isinstance(body, RightFiled | RightGranted) and body.designated:
        return body.designated
    if isinstance(body, OfRight) and body.territory is not None:
        return (body.territory,)
    return ()


def _event(logged: Logged) -> tuple[EventRow, ...]:
    event = logged.event
    true_from, office_recorded_on = days_of(event.body)
    row = EventRow(
        event.event_id,
        logged.position,
        logged.accepted,
        event.type,
        event.payload_hash,
        event.signers,
        event.subjects,
        true_from,
        office_recorded_on,
        office_of(event.body),
        states_of(event.body),
    )
    return (row,)


def _subjects(logged: Logged) -> list[TimelineRow]:
    return [TimelineRow(subject, logged.position) for subject in logged.event.subjects]


events = Journal(
    name="events",
    version=6,
    row=EventRow,
    emit=_event,
    identity=(),
    indexes=(("topic", "position"),),
)

timeline = Journal(name="timeline", version=1, row=TimelineRow, emit=_subjects)
