"""
The course of an assignment between its agreement and its registration, or its end.

The office may refuse to register it; all who agreed may rescind it. An assignment to which neither
happened waits for its registration.
Read in this order: events, refusals, admit, evolve.
"""

from typing import ClassVar

from ledger.domain.authority import SignerMissing, WrongSigner
from ledger.domain.event import (
    Admits,
    Body,
    Context,
    Day,
    Event,
    Evolves,
    Logged,
    PartyIds,
    Refusal,
    RightIds,
    State,
    Text,
)
from ledger.domain.existence import not_in_future
from ledger.domain.right import Attested, Right, must_be_attested
from ledger.domain.title import (
    KIND,
    Assignment,
    AssignmentId,
    closed,
    must_assign,
    settled,
)


class AssignmentRefused(Attested):
    """The office refused to register an assignment of these rights."""

    TOPIC: ClassVar[str] = "assignment.refused/1"

    assignment: AssignmentId
    rights: RightIds
    refused_on: Day
    reason: Text

    def subjects(self) -> frozenset[str]:
        """Return the assignment and the rights."""
        return frozenset((self.assignment, *self.rights))


class AssignmentRescinded(Body):
    """All who agreed on an assignment gave it up for these rights, before it was registered."""

    TOPIC: ClassVar[str] = "assignment.rescinded/1"

    assignment: AssignmentId
    rights: RightIds
    parties: PartyIds
    rescinded_on: Day
    reason: Text

    def subjects(self) -> frozenset[str]:
        """Return the assignment, the rights and the parties."""
        return frozenset((self.assignment, *self.rights, *self.parties))


class AssignmentSettled(Refusal):
    """An assignment that was registered, or has ended, waits for nothing any more."""

    code = "ASSIGNMENT_SETTLED"
    title_vi = "Việc chuyển nhượng đã được đăng ký hoặc đã chấm dứt"
    remedy = "assignment.agreed/1"


def must_wait(subject: str, assignment: Assignment, body: AssignmentRescinded) -> None:
    """Raise `AssignmentSettled` if the assignment waits no more for one of the rights."""
    over = {
        right: assignment.settled[right] for right in body.rights if right in assignment.settled
    }
    if over:
        raise AssignmentSettled(
            f"{subject} waits no more for {', '.join(sorted(over))}",
            positions=over.values(),
            subjects=(subject, *over),
        )


def _admit_refused(state: State, event: Event, context: Context) -> None:
    """Refuse what names no agreed assignment of those rights: the State's word stands otherwise."""
    body = event.body
    assert isinstance(body, AssignmentRefused)
    must_be_attested(state, body)
    must_assign(state, body.assignment, body.rights)
    not_in_future(context.accepted, refused_on=body.refused_on)


def _admit_rescinded(state: State, event: Event, context: Context) -> None:
    """Refuse to rescind without all who agreed, or what waits no more."""
    body = event.body
    assert isinstance(body, AssignmentRescinded)
    assignment = must_assign(state, body.assignment, body.rights)
    agreed = assignment.assignors | assignment.assignees
    absent = agreed.difference(body.parties)
    if absent:
        raise SignerMissing(
            f"{', '.join(sorted(absent))} agreed on {body.assignment} too",
            positions=(assignment.position,),
            subjects=absent,
        )
    strangers = set(body.parties) - agreed
    if strangers:
        raise WrongSigner(
            f"{', '.join(sorted(strangers))} never agreed on {body.assignment}",
            positions=(assignment.position,),
            subjects=strangers,
        )
    must_wait(body.assignment, assignment, body)
    not_in_future(context.accepted, rescinded_on=body.rescinded_on)


def _evolve_ended(subject: str, value: Assignment | None, logged: Logged) -> Assignment | None:
    body = logged.event.body
    assert isinstance(body, AssignmentRefused | AssignmentRescinded)
    del subject
    return settled(value, body.rights, logged)


def _evolve_right_ended(subject: str, value: Right | None, logged: Logged) -> Right | None:
    body = logged.event.body
    assert isinstance(body, AssignmentRefused | AssignmentRescinded)
    del subject
    return value and closed(value, body.assignment, logged)


BODIES: tuple[type[Body], ...] = (AssignmentRefused, AssignmentRescinded)
ADMITS: Admits = {
    AssignmentRefused: _admit_refused,
    AssignmentRescinded: _admit_rescinded,
}
EVOLVES: Evolves = {
    (KIND, AssignmentRefused): _evolve_ended,
    (KIND, AssignmentRescinded): _evolve_ended,
    ("right", AssignmentRefused): _evolve_right_ended,
    ("right", AssignmentRescinded): _evolve_right_ended,
}
