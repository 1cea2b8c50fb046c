"""
What a title protects: whether it is in force, for how long, and where.

A licence of a title reaches no further than the title (IP Law arts. 93, 95, 96, 148(4)); every rule
about grants asks here.
Read in this order: refusals, then what holds of a right, then what a grant on it must keep to.
"""

from collections.abc import Iterable, Mapping
from datetime import date, timedelta

from ledger.domain.event import Refusal
from ledger.domain.right import Right
from ledger.domain.scope import Region, territory_region
from ledger.domain.standing import FROM_THE_START, StatusChange, governing


class RightNotInForce(Refusal):
    """A right that is not in force on the first day of the grant cannot be licensed."""

    code = "RIGHT_NOT_IN_FORCE"
    title_vi = "Văn bằng bảo hộ không còn hiệu lực vào ngày bắt đầu cấp quyền"
    article = "Luật Sở hữu trí tuệ, Điều 95, Điều 96"


class BeyondRightTerm(Refusal):
    """A grant on a right ends no later than the right."""

    code = "BEYOND_RIGHT_TERM"
    title_vi = "Thời hạn cấp quyền vượt quá thời hạn bảo hộ"
    article = "Luật Sở hữu trí tuệ, Điều 93"


class BeyondRightTerritory(Refusal):
    """A grant on a title reaches no further than the State that gave it."""

    code = "BEYOND_RIGHT_TERRITORY"
    title_vi = "Lãnh thổ cấp quyền vượt ra ngoài lãnh thổ bảo hộ của văn bằng"
    article = "Luật Sở hữu trí tuệ, Điều 93(1)"


def lapse_on(right: Right, day: date, territory: str | None = None) -> StatusChange | None:
    """Return the change because of which the title is not in force on a day, as known so far.

    `territory` names one of the States that it covers; without one the title as a whole is asked
    about, which is over, too, when it is over in every State that it was granted for.
    """
    latest = governing(right.status, day, territory)
    if latest is not None and not latest.in_force:
        return latest
    if territory is not None or len(right.territory) < _SEVERAL:
        return None
    ends = [governing(right.status, day, state) for state in right.territory]
    over = [end for end in ends if end is not None and not end.in_force]
    return max(over, key=lambda end: end.rank) if len(over) == len(ends) else None


_SEVERAL = 2


def territory_of(right: Right) -> Region:
    """Return where the title can be licensed (IP Law art. 93(1): all of the State it is of)."""
    return territory_region(right.territory or ("world",))


_YEARS = {"invention": 20, "utility_solution": 10}
"""The whole term from the day of filing where it cannot be renewed (IP Law art. 93(2), (3))."""


def term_end(right: Right) -> date | None:
    """Return the first day after the title's longest possible term, or None if it has no end."""
    return term_of(right.kind, right.filed_on, right.expires_on)


def term_of(kind: str, filed_on: date, expires_on: date | None) -> date | None:
    """Return the first day after the longest possible term of a title, or None if it has no end.

    The day of filing is not counted and the last day counts to its end (Civil Code arts. 147, 148),
    so that a half-open interval [from, to) lies within the term if `to` is at most this day.
    """
    last_day = expires_on
    if last_day is None and kind in _YEARS:
        last_day = _years_later(filed_on, _YEARS[kind])
    return None if last_day is None else last_day + timedelta(days=1)


def _years_later(day: date, years: int) -> date:
    """Return the same day in a later year, or the last day of February where there is none."""
    try:
        return day.replace(year=day.year + years)
    except ValueError:
        return day.replace(year=day.year + years, day=28)


def must_be_in_force(subject: str, right: Right, day: date, codes: Iterable[str]) -> None:
    """Raise `RightNotInForce` if the title is over on a day, in a place that the codes name."""
    states = {state for state in map(state_of, codes) if state in right.territory}
    for state in (None, *sorted(filter(None, states))):
        lapse = lapse_on(right, day, state)
        if lapse is not None:
            where = "" if state is None else f" in {state}"
            raise RightNotInForce(
                f"{subject} {lapse.outcome} {_since(lapse)}{where}",
                positions=(lapse.position,),
                subjects=(subject,),
            )


def _since(change: StatusChange) -> str:
    day = change.effective_from
    return "from the start" if day == FROM_THE_START else f"with effect from {day}"


def state_of(code: str) -> str | None:
    """Return the State in which a territory code lies: Vietnamese units do in Vietnam."""
    if code.startswith("vn-"):
        return "iso:VN"
    return None if code == "world" else code


def must_outlast(subject: str, right: Right, until: date | None) -> None:
    """Raise `BeyondRightTerm` unless the title can last until a day, None being for ever."""
    end = term_end(right)
    if end is not None and (until is None or until > end):
        raise BeyondRightTerm(
            f"{subject} lasts until {end}, the grant until {until or 'no day'}",
            positions=(right.position,),
            subjects=(subject,),
        )


def must_cover(rights: Mapping[str, Right], codes: tuple[str, ...]) -> None:
    """Raise `BeyondRightTerritory` if no title of those reaches where a code lies."""
    places = [territory_of(right) for right in rights.values()]
    beyond = [
        code
        for code in codes
        if not any(place.contains(territory_region((code,))) for place in places)
    ]
    if beyond:
        raise BeyondRightTerritory(
            f"no title here is of {', '.join(beyond)}",
            positions=(right.position for right in rights.values()),
            subjects=rights,
        )
