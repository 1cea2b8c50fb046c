"""
Title: who owns what fraction of a right, and how that moves.

An assignment of a registered right has no effect before it is registered (IP Law art. 148(1)), so
`assignment.agreed/1` waits in the right until `assignment.registered/1` moves the shares. Rights
that need no register (`BY_AGREEMENT`) pass as agreed. Owners' fractions are exact and add up to 1
after every event. What else happens to an assignment: `ledger.domain.rights.assignment`.
Read in this order: events, state, refusals, helpers, admit, evolve.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from fractions import Fraction
from typing import Annotated, ClassVar

from rpds import HashTrieMap

from ledger.domain.core.body import State
from ledger.domain.core.context import Context
from ledger.domain.core.court_hold import Voidance
from ledger.domain.core.event import Logged
from ledger.domain.core.existence import PredecessorUnknown, not_in_future, require_known
from ledger.domain.core.refusal import Refusal
from ledger.domain.core.remedy import HERE, Step, listed
from ledger.domain.core.rules import admits, evolves
from ledger.domain.core.types import Day, RightIds, legal_day, of_kind
from ledger.domain.parties.attestation import Attested
from ledger.domain.rights.encumbrances import Priority
from ledger.domain.rights.moving import registered
from ledger.domain.rights.right import OfficeNumber, Right

KIND = "assignment"


AssignmentId = Annotated[str, of_kind(KIND)]


BY_AGREEMENT = frozenset({"software", "know_how", "trade_secret", "trade_name"})
"""Kinds of right that arise without registration and pass without it (IP Law art. 6(1), 6(3))."""


class AssignmentRegistered(Attested):
    """The office registered an assignment: for these rights, title moves."""

    TOPIC: ClassVar[str] = "assignment.registered/1"
    TITLE = "Assignment registered"
    TITLE_VI = "Đăng ký chuyển nhượng"
    SUBJECTS = "assignment rights/* attested_by"

    assignment: AssignmentId
    """The agreed assignment."""
    rights: RightIds
    """Rights of that assignment, all or some, for which it was registered."""
    registered_on: Day
    """Day of the entry in the register, not after the day of recording."""
    effective_on: Day
    """Day from which the assignment has effect by the register."""
    register_no: OfficeNumber
    """Number of the entry."""


@dataclass(frozen=True, slots=True)
class Assignment:
    """An agreed assignment: the rights it is about, and who agreed on it.

    `settled` maps each right that no longer waits to the position of what settled it.
    """

    position: int
    rights: frozenset[str]
    assignors: frozenset[str]
    assignees: frozenset[str]
    settled: "HashTrieMap[str, int]" = HashTrieMap()
    voided: Voidance | None = None


class NotOwner(Refusal):
    """Nobody can give what they do not own, or own no more."""

    code = "NOT_OWNER"
    title_vi = "Bên chuyển giao không phải là chủ sở hữu quyền"
    article = "Luật Sở hữu trí tuệ, Điều 139(1)"


class DoubleAssignPending(Refusal):
    """A priority notice keeps the share for another assignment until it is registered."""

    code = "DOUBLE_ASSIGN_PENDING"
    title_vi = "Phần quyền này đã được chuyển nhượng cho bên khác và đang được giữ quyền ưu tiên"


def must_own(subject: str, right: Right, party: str, pointer: str = HERE) -> Fraction:
    """Return the party's fraction of a right, or raise `NotOwner`.

    Its positions are those of the event by which the party ceased to own, or else of the one that
    made the present owners. `pointer` is where the payload names who gives.
    """
    share = right.owners.get(party)
    if share is None:
        raise NotOwner(
            f"{party} does not own {subject}",
            positions=(right.former.get(party, right.titled),),
            subjects=(subject, party),
            step=owned_by(right, subject, pointer),
        )
    return share


def owned_by(right: Right, subject: str, pointer: str) -> Step:
    """Return the step in which an owner gives: which of them, only the sender knows."""
    return Step({"owners": listed(right.owners), "what": subject}, ask=(pointer,))


def must_not_be_kept(
    subject: str, right: Right, party: str, share: Fraction, context: Context, but: str = ""
) -> None:
    """Raise `DoubleAssignPending` if priority notices leave the party less than this share.

    `but` is an assignment whose own notice is not counted.
    """
    today = legal_day(context.accepted)
    kept = {
        assignment: priority
        for assignment, priority in right.priorities.items()
        if today <= priority.until
        and assignment != but
        and party in right.pending[assignment].given
    }
    left = right.owners.get(party, Fraction(0))
    left -= sum((right.pending[assignment].given[party] for assignment in kept), Fraction(0))
    if kept and share > left:
        raise DoubleAssignPending(
            f"{party} has {left} of {subject} left: the rest is kept for {', '.join(sorted(kept))}",
            positions=(
                position
                for assignment, priority in kept.items()
                for position in (right.pending[assignment].position, priority.position)
            ),
            subjects=(subject, party, *kept),
            step=_after(kept),
        )


def _after(kept: Mapping[str, Priority]) -> Step:
    first = max(priority.until for priority in kept.values()) + timedelta(days=1)
    return Step({"kept": listed(kept), "day": first}, after=first)


@admits(AssignmentRegistered)
def _admit_registered(body: AssignmentRegistered, state: State, context: Context) -> None:
    """Refuse what names no agreed assignment of those rights: the State's word stands otherwise."""
    must_assign(state, body.assignment, body.rights)
    not_in_future(context.accepted, registered_on=body.registered_on)


def must_assign(state: State, subject: str, rights: Iterable[str]) -> Assignment:
    """Return an assignment that is in the log; raise `PredecessorUnknown` if it leaves one out."""
    assignment = require_known(state, subject, Assignment)
    strangers = sorted(set(rights) - assignment.rights)
    if strangers:
        raise PredecessorUnknown(
            f"{subject} does not assign {', '.join(strangers)}",
            positions=(assignment.position,),
            subjects=strangers,
            step=_of_the_assignment(assignment, rights),
        )
    return assignment


def _of_the_assignment(assignment: Assignment, rights: Iterable[str]) -> Step:
    meant = sorted(assignment.rights.intersection(rights) or assignment.rights)
    return Step({"rights": listed(meant)}, case="rights", change={"/body/rights": meant})


def settled(value: Assignment | None, rights: Iterable[str], logged: Logged) -> Assignment | None:
    """Return the assignment after it was registered, or ended, for these rights."""
    if value is None:
        return None
    after = value.settled
    for right in rights:
        after = after.insert(right, logged.position)
    return replace(value, settled=after)


@evolves(KIND, AssignmentRegistered)
def _evolve_registered(
    body: AssignmentRegistered, logged: Logged, value: Assignment | None
) -> Assignment | None:
    return settled(value, body.rights, logged)


@evolves("right", AssignmentRegistered)
def _evolve_right_registered(
    body: AssignmentRegistered, logged: Logged, value: Right | None
) -> Right | None:
    return value and registered(value, body.assignment, logged)
