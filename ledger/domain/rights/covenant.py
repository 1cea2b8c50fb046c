"""
A covenant: what an owner promised an investor about a right, and the refusal of a breach.

A fund that invests may ask that nothing is pledged without it (negative pledge), that a share is
offered to it first (pre-emption), and that no exclusive licence is given against its will (veto).
The promise binds the one who made it; `ledger.domain.rights.investment` is where it is made and
ended.
"""

from collections.abc import Callable, Collection, Iterable, Iterator
from datetime import date
from typing import Literal, NamedTuple

from ledger.domain.core.refusal import Refusal
from ledger.domain.core.remedy import Other, Step, listed
from ledger.domain.rights.encumbrances import Covenant
from ledger.domain.rights.right import Right

Promise = Literal["negative_pledge", "preemption", "exclusive_licence_veto"]


class CovenantBreach(Refusal):
    """An owner promised an investor not to do this without it."""

    code = "COVENANT_BREACH"
    title_vi = "Vi phạm cam kết với nhà đầu tư về quyền này"
    article = "Bộ luật Dân sự, Điều 401"


class Act(NamedTuple):
    """What somebody does on a day, and which promise that would break."""

    breaks: Promise
    actors: Collection[str]
    day: date


Made = tuple[str, Covenant]
"""A covenant, and the investment by which it was made."""


def promised(right: Right, act: Act) -> Iterator[Made]:
    """Yield the covenants in force on the day by which one of the actors promised this."""
    for investment, covenant in right.covenants.items():
        in_force = covenant.until is None or act.day <= covenant.until
        if in_force and act.breaks in covenant.promises and covenant.company in act.actors:
            yield investment, covenant


def given_up(subject: str, broken: Iterable[Made]) -> Step:
    """Return the step in which the funds give up what they were promised of a right."""
    kept = sorted(broken, key=lambda made: made[0])
    gone = [
        {"investment": investment, "rights": [subject], "ended_by": covenant.fund}
        for investment, covenant in kept
    ]
    return Step(
        {"funds": listed({covenant.fund for _, covenant in kept})},
        case="ended",
        first=tuple(Other("investment.ended/1", each) for each in gone),
    )


def must_have_covenant_consent(
    subject: str,
    right: Right,
    act: Act,
    signers: Collection[str],
    step: Callable[[str, list[Made]], Step] = given_up,
) -> None:
    """Raise `CovenantBreach` unless each fund to which an actor promised this has signed.

    `step` says of the right, and of the covenants that it breaks, how the event comes to be.
    """
    broken = [made for made in promised(right, act) if made[1].fund not in signers]
    if broken:
        funds = sorted({covenant.fund for _, covenant in broken})
        raise CovenantBreach(
            f"{act.breaks} of {subject} was promised to {', '.join(funds)}",
            positions=(covenant.position for _, covenant in broken),
            subjects=(subject, *funds),
            step=step(subject, broken),
        )
