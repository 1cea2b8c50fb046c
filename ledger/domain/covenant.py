"""
A covenant: what an owner promised an investor about a right, and the refusal of a breach.

A fund that invests may ask that nothing is pledged without it (negative pledge), that a share is
offered to it first (pre-emption), and that no exclusive licence is given against its will (veto).
The promise binds whoever made it; `ledger.domain.investment` is where it is made and ended.
"""

from collections.abc import Collection, Iterator
from datetime import date
from typing import Literal

from ledger.domain.burden import Covenant
from ledger.domain.event import Refusal
from ledger.domain.right import Right

Promise = Literal["negative_pledge", "preemption", "exclusive_licence_veto"]


class CovenantBreach(Refusal):
    """An owner promised an investor not to do this without it."""

    code = "COVENANT_BREACH"
    title_vi = "Vi phạm cam kết với nhà đầu tư về quyền này"
    article = "Bộ luật Dân sự, Điều 401"
    remedy = "investment.ended/1"


def promised(
    right: Right, promise: Promise, actors: Collection[str], day: date
) -> Iterator[Covenant]:
    """Yield the covenants in force on a day by which one of the actors promised this."""
    for covenant in right.covenants.values():
        in_force = covenant.until is None or day <= covenant.until
        if in_force and promise in covenant.promises and covenant.company in actors:
            yield covenant


def must_have_covenant_consent(
    subject: str,
    right: Right,
    promise: Promise,
    *,
    actors: Collection[str],
    signers: Collection[str],
    day: date,
) -> None:
    """Raise `CovenantBreach` unless each fund to which an actor promised this has signed."""
    broken = [
        covenant
        for covenant in promised(right, promise, actors, day)
        if covenant.fund not in signers
    ]
    if broken:
        funds = sorted({covenant.fund for covenant in broken})
        raise CovenantBreach(
            f"{promise} of {subject} was promised to {', '.join(funds)}",
            positions=(covenant.position for covenant in broken),
            subjects=(subject, *funds),
        )
