"""
The course of an assignment between its agreement and its registration, or its end.

A priority notice keeps the shares for a short time, whose length is law data: meanwhile the
assignor gives them to nobody else here. The office may refuse to register; all who agreed may
rescind. An assignment that neither happened to waits for its registration.
Read in this order: events, refusals, admit, evolve.
"""

from collections.abc import Collection
from dataclasses import replace
from datetime import timedelta
from typing import ClassVar

from ledger.domain.core.body import Body, State
from ledger.domain.core.context import Context
from ledger.domain.core.court_hold import DeedVoid
from ledger.domain.core.event import Logged
from ledger.domain.core.existence import not_in_future, require_known
from ledger.domain.core.refusal import Refusal
from ledger.domain.core.remedy import Step, joining, leaving_out, listed, naming_one_of
from ledger.domain.core.rules import admits, evolves
from ledger.domain.core.types import Day, PartyId, PartyIds, RightIds, Text, legal_day
from ledger.domain.parties.attestation import Attested
from ledger.domain.parties.signature_refusals import SignerMissing, WrongSigner
from ledger.domain.rights.encumbrances import Priority
from ledger.domain.rights.fraction import must_be_writable
from ledger.domain.rights.moving import given_up, left_unregistered
from ledger.domain.rights.right import Right
from ledger.domain.rights.title import (
    KIND,
    Assignment,
    AssignmentId,
    must_assign,
    must_not_be_kept,
    settled,
)


class PriorityNoted(Body):
    """An assignor or an assignee has shares kept for an assignment, up to and including `until`."""

    TOPIC: ClassVar[str] = "priority.noted/1"
    TITLE = "Priority noted"
    TITLE_VI = "Ghi nhận quyền ưu tiên"
    SUBJECTS = "assignment noted_by rights/*"
    SIGNERS = "noted_by"

    assignment: AssignmentId
    """The agreed assignment, which still waits for its registration."""
    rights: RightIds
    """Rights of that assignment, all or some, whose shares are kept. An assignment has one
    notice on each right.
    """
    noted_by: PartyId
    """One of the assignors or assignees."""
    until: Day
    """Last day on which they are kept, inclusive; at most as many days ahead as law data allow
    (`assignment.priority_days`).
    """


class AssignmentRefused(Attested):
    """The office refused to register an assignment of these rights."""

    TOPIC: ClassVar[str] = "assignment.refused/1"
    TITLE = "Registration of an assignment refused"
    TITLE_VI = "Từ chối đăng ký chuyển nhượng"
    SUBJECTS = "assignment rights/* attested_by"

    assignment: AssignmentId
    """The agreed assignment."""
    rights: RightIds
    """Rights of that assignment, all or some, for which it was refused."""
    refused_on: Day
    """Day of the refusal, not after the day of recording."""
    reason: Text
    """Why the office refused."""


class AssignmentRescinded(Body):
    """All who agreed on an assignment gave it up for these rights, before it was registered."""

    TOPIC: ClassVar[str] = "assignment.rescinded/1"
    TITLE = "Assignment rescinded"
    TITLE_VI = "Hủy bỏ thỏa thuận chuyển nhượng"
    SUBJECTS = "assignment rights/* parties/*"
    SIGNERS = "parties/*"
    FACES = "assignment:assignors~assignees"
    COMMITS = "open"
    OPPOSED = "parties/*"

    assignment: AssignmentId
    """The agreed assignment, which still waits for its registration."""
    rights: RightIds
    """Rights of that assignment, all or some, for which it is given up."""
    parties: PartyIds
    """All assignors and all assignees. All of them sign."""
    rescinded_on: Day
    """Day on which it was given up, not after the day of recording."""
    reason: Text
    """Why it was given up."""


class AssignmentSettled(Refusal):
    """An assignment that was registered, or has ended, waits for nothing any more."""

    code = "ASSIGNMENT_SETTLED"
    title_vi = "Việc chuyển nhượng đã được đăng ký hoặc đã chấm dứt"


class PriorityTooLong(Refusal):
    """A priority notice runs no longer than it may, and is given once."""

    code = "PRIORITY_TOO_LONG"
    members = ("until",)
    title_vi = "Thời hạn giữ quyền ưu tiên vượt quá mức cho phép hoặc đã được ghi nhận trước đó"


def must_wait(
    subject: str, assignment: Assignment, body: PriorityNoted | AssignmentRescinded
) -> None:
    """Refuse what a ruling declared void, and what waits no more for one of the rights."""
    if assignment.voided is not None:
        raise DeedVoid(
            f"{subject} was declared void",
            positions=(assignment.voided.position,),
            subjects=(subject,),
            step=Step({"from": assignment.voided.start}),
        )
    over = {
        right: assignment.settled[right] for right in body.rights if right in assignment.settled
    }
    if over:
        raise AssignmentSettled(
            f"{subject} waits no more for {', '.join(sorted(over))}",
            positions=over.values(),
            subjects=(subject, *over),
            step=_for_the_rest(body.rights, over),
        )


def _for_the_rest(rights: Collection[str], over: Collection[str]) -> Step:
    rest = sorted(set(rights).difference(over))
    if not rest:
        return Step(case="all")
    return Step({"rights": listed(rest)}, change={"/body/rights": rest})


@admits(PriorityNoted)
def _admit_noted(body: PriorityNoted, state: State, context: Context) -> None:
    """Refuse a notice by a stranger, for too long, twice, or of what is kept for another."""
    assignment = must_assign(state, body.assignment, body.rights)
    if body.noted_by not in assignment.assignors | assignment.assignees:
        raise WrongSigner(
            f"{body.noted_by} is no party to {body.assignment}",
            positions=(assignment.position,),
            subjects=(body.noted_by,),
            step=naming_one_of("/body/noted_by", assignment.assignors | assignment.assignees),
        )
    must_wait(body.assignment, assignment, body)
    today = legal_day(context.accepted)
    ground = context.law.rule("assignment.priority_days", today)
    days = ground.number("days")
    last = today + timedelta(days=days)
    if body.until > last:
        raise PriorityTooLong(
            f"{body.until} is more than {days} days from {today}",
            ground=ground,
            step=Step({"last": last}, change={"/body/until": last.isoformat()}),
        )
    for subject in body.rights:
        _must_be_free_to_keep(subject, require_known(state, subject, Right), body, context)


def _must_be_free_to_keep(
    subject: str, right: Right, body: PriorityNoted, context: Context
) -> None:
    terms = right.pending[body.assignment]
    if terms.noted is not None:
        raise PriorityTooLong(
            f"{body.assignment} has had its notice on {subject}",
            positions=(terms.noted,),
            subjects=(subject, body.assignment),
            step=Step(case="once"),
        )
    kept = [right.pending[assignment] for assignment in right.priorities]
    must_be_writable(
        terms.given.values(),
        (share for each in kept for share in each.given.values()),
        subject=subject,
        positions=(each.position for each in kept),
        step=Step(case="kept"),
    )
    for party, share in terms.given.items():
        must_not_be_kept(subject, right, party, share, context)


@admits(AssignmentRefused)
def _admit_refused(body: AssignmentRefused, state: State, context: Context) -> None:
    """Refuse what names no agreed assignment of those rights: the State's word stands otherwise."""
    must_assign(state, body.assignment, body.rights)
    not_in_future(context.accepted, refused_on=body.refused_on)


@admits(AssignmentRescinded)
def _admit_rescinded(body: AssignmentRescinded, state: State, context: Context) -> None:
    """Refuse to rescind without all who agreed, or what waits no more."""
    assignment = must_assign(state, body.assignment, body.rights)
    agreed = assignment.assignors | assignment.assignees
    absent = agreed.difference(body.parties)
    if absent:
        raise SignerMissing(
            f"{', '.join(sorted(absent))} agreed on {body.assignment} too",
            positions=(assignment.position,),
            subjects=absent,
            step=joining("/body/parties", body.parties, absent),
        )
    strangers = set(body.parties) - agreed
    if strangers:
        raise WrongSigner(
            f"{', '.join(sorted(strangers))} never agreed on {body.assignment}",
            positions=(assignment.position,),
            subjects=strangers,
            step=leaving_out("/body/parties", body.parties, strangers),
        )
    must_wait(body.assignment, assignment, body)
    not_in_future(context.accepted, rescinded_on=body.rescinded_on)


@evolves("right", PriorityNoted)
def _evolve_noted(body: PriorityNoted, logged: Logged, value: Right | None) -> Right | None:
    if value is None:
        return None
    today = legal_day(logged.accepted)
    running = value.priorities
    for assignment, priority in value.priorities.items():
        if priority.until < today:  # so that they do not gather for ever
            running = running.remove(assignment)
    priority = Priority(body.until, logged.position, today)
    terms = replace(value.pending[body.assignment], noted=logged.position)
    return replace(
        value,
        priorities=running.insert(body.assignment, priority),
        pending=value.pending.insert(body.assignment, terms),
    )


@evolves(KIND, AssignmentRefused, AssignmentRescinded)
def _evolve_ended(
    body: AssignmentRefused | AssignmentRescinded, logged: Logged, value: Assignment | None
) -> Assignment | None:
    return settled(value, body.rights, logged)


@evolves("right", AssignmentRefused)
def _evolve_right_refused(
    body: AssignmentRefused, _logged: Logged, value: Right | None
) -> Right | None:
    return value and left_unregistered(value, body.assignment)


@evolves("right", AssignmentRescinded)
def _evolve_right_rescinded(
    body: AssignmentRescinded, logged: Logged, value: Right | None
) -> Right | None:
    return value and given_up(value, body.assignment, logged)
