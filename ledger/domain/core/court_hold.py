"""
A hold and a voidance: what a forum's orders leave on a subject, and the refusals that follow.

A dispute has bounded effects only: an order names what it holds, from which day, and until which
day if the forum set one. What holds a right, a share, a contract or a listing is kept with it, by
the order's ref, so that the rule of that subject sees it without looking at the dispute.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from ledger.domain.core.refusal import Refusal
from ledger.domain.core.remedy import Step, listed


@dataclass(frozen=True, slots=True)
class Hold:
    """An order in the days `[start, end)`, None having no end; `position` is its event's.

    A payment may be held for one `party` alone; None holds all of it.
    """

    position: int
    start: date
    end: date | None
    party: str | None = None

    def holds(self, day: date, party: str | None = None) -> bool:
        """Whether it holds on a day: everything, or what is due to that party."""
        in_time = self.start <= day and (self.end is None or day < self.end)
        return in_time and self.party in (None, party)


Holds = Mapping[str, Hold]
"""The holds on a subject, by the ref of the order: `dispute:<id>#<order>`."""


@dataclass(frozen=True, slots=True)
class Voidance:
    """A deed has no effect from a day on, because the ruling at `position` says so."""

    position: int
    start: date


def voided_from(earlier: Voidance | None, position: int, start: date) -> Voidance:
    """Return the voidance of a deed that is declared void once more: the earliest day counts."""
    if earlier is not None and earlier.start <= start:
        return earlier
    return Voidance(position, start)


class DeedVoid(Refusal):
    """Nothing rests on a deed that a forum has declared void."""

    code = "DEED_VOID"
    title_vi = "Giao dịch làm căn cứ đã bị tuyên vô hiệu"
    article = "Bộ luật Dân sự, Điều 131"


class Held(Refusal):
    """A payment that a forum holds back is not instructed."""

    code = "HELD"
    members = ("payee", "share")
    title_vi = "Khoản thanh toán đang bị tạm giữ theo lệnh của cơ quan giải quyết tranh chấp"


class Frozen(Refusal):
    """A forum has frozen the title: it is neither assigned nor charged, nor bid for."""

    code = "FROZEN"
    title_vi = "Quyền đang bị phong tỏa theo lệnh của cơ quan giải quyết tranh chấp"


def holding(holds: Holds, day: date, party: str | None = None) -> dict[str, Hold]:
    """Return the holds that are in force on a day, by their order's ref."""
    return {ref: hold for ref, hold in holds.items() if hold.holds(day, party)}


def must_not_be_void(subject: str, voided: Voidance | None, day: date) -> None:
    """Raise `DeedVoid` if the deed has no effect any more on that day."""
    if voided is not None and voided.start <= day:
        raise DeedVoid(
            f"{subject} is void from {voided.start}",
            positions=(voided.position,),
            subjects=(subject,),
            step=Step({"from": voided.start}),
        )


def must_not_be_held(subject: str, holds: Holds, day: date, party: str | None) -> None:
    """Raise `Held` if what is due to the party is held back on that day."""
    _must_not_hold(Held, subject, holding(holds, day, party))


def must_not_be_frozen(subject: str, holds: Holds, day: date, pointer: str | None = None) -> None:
    """Raise `Frozen` if the title is frozen on that day.

    `pointer` is where the payload names it, if not by its id.
    """
    _must_not_hold(Frozen, subject, holding(holds, day), pointer)


def _must_not_hold(
    refusal: type[Refusal], subject: str, found: Holds, pointer: str | None = None
) -> None:
    if found:
        raise refusal(
            f"{subject} is held by {', '.join(sorted(found))}",
            positions=(hold.position for hold in found.values()),
            subjects=(subject,),
            pointer=pointer,
            step=_once_free(found),
        )


def _once_free(found: Holds) -> Step:
    """Return the step of waiting for the last day of the orders, if each of them has one."""
    orders = listed(found)
    ends = [hold.end for hold in found.values() if hold.end is not None]
    if len(ends) < len(found):
        return Step({"orders": orders}, case="open")
    return Step({"orders": orders, "day": max(ends)}, after=max(ends))
