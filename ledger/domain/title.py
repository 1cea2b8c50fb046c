"""
Title: who owns what fraction of a right, and how that moves.

An assignment of a registered right has no effect before it is registered (IP Law art. 148(1)), so
`assignment.agreed/1` waits in the right until `assignment.registered/1` moves the shares. Owners'
fractions are exact and add up to 1 after every event.
Read in this order: events, state, refusals, helpers, admit, evolve.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Annotated, ClassVar

from ledger.domain.event import (
    Admits,
    Body,
    Context,
    Day,
    Event,
    Evolves,
    Logged,
    Refusal,
    RightIds,
    Sealed,
    State,
    legal_day,
    of_kind,
)
from ledger.domain.existence import PredecessorUnknown, known, new, not_in_future
from ledger.domain.hold import Voidance, must_not_be_frozen
from ledger.domain.money import Price
from ledger.domain.right import (
    Attested,
    FractionSum,
    Holdings,
    OfficeNumber,
    Pending,
    Right,
    must_be_attested,
    sum_of,
)

KIND = "assignment"

AssignmentId = Annotated[str, of_kind(KIND)]


class AssignmentAgreed(Body):
    """Assignors give, and assignees take, fractions of the whole title of each of these rights."""

    TOPIC: ClassVar[str] = "assignment.agreed/1"

    assignment: AssignmentId
    rights: RightIds
    assignors: Holdings
    assignees: Holdings
    price: Price | Sealed | None
    agreed_on: Day

    def subjects(self) -> frozenset[str]:
        """Return the assignment, the rights and the parties."""
        parties = (holding.party for holding in (*self.assignors, *self.assignees))
        return frozenset((self.assignment, *self.rights, *parties))


class AssignmentRegistered(Attested):
    """The office registered an assignment: for these rights, title moves."""

    TOPIC: ClassVar[str] = "assignment.registered/1"

    assignment: AssignmentId
    rights: RightIds
    registered_on: Day
    effective_on: Day
    register_no: OfficeNumber

    def subjects(self) -> frozenset[str]:
        """Return the assignment and the rights."""
        return frozenset((self.assignment, *self.rights))


@dataclass(frozen=True, slots=True)
class Assignment:
    """An agreed assignment and the rights it is about."""

    position: int
    rights: frozenset[str]
    voided: Voidance | None = None


class NotOwner(Refusal):
    """Nobody can give what they do not own, or own no more."""

    code = "NOT_OWNER"
    title_vi = "Bên chuyển giao không phải là chủ sở hữu quyền"
    article = "Luật Sở hữu trí tuệ, Điều 139(1)"


class FractionExceeded(Refusal):
    """Somebody gives a larger fraction than they own."""

    code = "FRACTION_EXCEEDED"
    title_vi = "Phần quyền chuyển giao lớn hơn phần đang sở hữu"
    article = "Luật Sở hữu trí tuệ, Điều 139(1)"


def must_own(subject: str, right: Right, party: str) -> Fraction:
    """Return the party's fraction of a right, or raise `NotOwner`.

    Its positions are those of the event by which the party ceased to own, or else of the one that
    made the present owners.
    """
    share = right.owners.get(party)
    if share is None:
        raise NotOwner(
            f"{party} does not own {subject}",
            positions=(right.former.get(party, right.titled),),
            subjects=(subject, party),
        )
    return share


def moved(
    right: Right, given: Mapping[str, Fraction], taken: Mapping[str, Fraction], logged: Logged
) -> Right:
    """Return the right after an event moved shares; what is given is what is taken.

    A party that is left with nothing is a former owner from then on.
    """
    owners, former = right.owners, right.former
    for party, share in given.items():
        owners = owners.insert(party, owners[party] - share)
    for party, share in ((party, share) for party, share in taken.items() if share):
        owners = owners.insert(party, owners.get(party, Fraction(0)) + share)
    for party in given:
        if not owners[party]:
            owners = owners.discard(party)
            former = former.insert(party, logged.position)
    return replace(
        right,
        owners=owners,
        former=former,
        titled=logged.position,
        titled_on=legal_day(logged.accepted),
    )


def registered(right: Right, assignment: str, logged: Logged) -> Right:
    """Return the right after a pending assignment was registered.

    The State's register stands even where an assignor owns less by now: it gives what it still
    has, and the assignees take that in proportion.
    """
    pending = right.pending.get(assignment)
    if pending is None:
        return right
    nothing = Fraction(0)
    given = {
        party: min(share, right.owners[party])
        for party, share in pending.given.items()
        if party in right.owners
    }
    part = sum(given.values(), nothing) / sum(pending.taken.values(), nothing)
    taken = {party: share * part for party, share in pending.taken.items()}
    waiting = right.pending.discard(assignment)
    return replace(moved(right, given, taken, logged), pending=waiting)


def _admit_agreed(state: State, event: Event, context: Context) -> None:
    """Refuse to give what is not there or not one's own, and to take another sum than is given."""
    body = event.body
    assert isinstance(body, AssignmentAgreed)
    new(state, body.assignment)
    rights = {subject: known(state, subject, Right) for subject in body.rights}
    not_in_future(context.accepted, agreed_on=body.agreed_on)
    given, taken = sum_of(body.assignors), sum_of(body.assignees)
    if given != taken:
        raise FractionSum(f"the assignors give {given}, the assignees take {taken}")
    today = legal_day(context.accepted)
    for subject, right in rights.items():
        must_not_be_frozen(subject, right.frozen, today)
        _must_own_enough(subject, right, body.assignors)


def _must_own_enough(subject: str, right: Right, assignors: Holdings) -> None:
    for holding in assignors:
        owned = must_own(subject, right, holding.party)
        if owned < holding.share:
            raise FractionExceeded(
                f"{holding.party} owns {owned} of {subject}, not {holding.share}",
                positions=(right.titled,),
                subjects=(subject, holding.party),
            )


def _admit_registered(state: State, event: Event, context: Context) -> None:
    """Refuse what names no agreed assignment of those rights: the State's word stands otherwise."""
    body = event.body
    assert isinstance(body, AssignmentRegistered)
    must_be_attested(state, body)
    assignment = known(state, body.assignment, Assignment)
    strangers = sorted(set(body.rights) - assignment.rights)
    if strangers:
        raise PredecessorUnknown(
            f"{body.assignment} does not assign {', '.join(strangers)}",
            positions=(assignment.position,),
            subjects=strangers,
        )
    not_in_future(context.accepted, registered_on=body.registered_on)


def _evolve_agreed(subject: str, value: Assignment | None, logged: Logged) -> Assignment:
    body = logged.event.body
    assert isinstance(body, AssignmentAgreed)
    del subject, value
    return Assignment(logged.position, frozenset(body.rights))


def _evolve_right_agreed(subject: str, value: Right | None, logged: Logged) -> Right | None:
    body = logged.event.body
    assert isinstance(body, AssignmentAgreed)
    del subject
    pending = Pending(
        given={holding.party: holding.share for holding in body.assignors},
        taken={holding.party: holding.share for holding in body.assignees},
        position=logged.position,
    )
    return value and replace(value, pending=value.pending.insert(body.assignment, pending))


def _evolve_right_registered(subject: str, value: Right | None, logged: Logged) -> Right | None:
    body = logged.event.body
    assert isinstance(body, AssignmentRegistered)
    del subject
    return value and registered(value, body.assignment, logged)


BODIES: tuple[type[Body], ...] = (AssignmentAgreed, AssignmentRegistered)
ADMITS: Admits = {AssignmentAgreed: _admit_agreed, AssignmentRegistered: _admit_registered}
EVOLVES: Evolves = {
    (KIND, AssignmentAgreed): _evolve_agreed,
    ("right", AssignmentAgreed): _evolve_right_agreed,
    ("right", AssignmentRegistered): _evolve_right_registered,
}
