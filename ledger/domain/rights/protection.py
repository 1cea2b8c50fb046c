"""
What a title protects: whether it is in force, for how long, and where.

A licence of a title reaches no further than the title (IP Law arts. 93, 95, 96, 148(4)); every rule
about grants asks here.
Read in this order: refusals, then what holds of a right, then what a grant on it must keep to.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Protocol

from ledger.domain.core.dated_law import Law
from ledger.domain.core.existence import last_day
from ledger.domain.core.ground import Ground
from ledger.domain.core.refusal import Refusal
from ledger.domain.core.remedy import Other, Step
from ledger.domain.core.scope import Region, territory_region
from ledger.domain.rights.right import Right
from ledger.domain.rights.status_timeline import FROM_THE_START, StatusChange, governing


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


class HasTerm(Protocol):
    """What the term of a title is counted from."""

    @property
    def kind(self) -> str:
        """Return the kind of right."""

    @property
    def office(self) -> str:
        """Return the office that the right was filed with."""

    @property
    def filed_on(self) -> date:
        """Return the day of filing."""

    @property
    def created_on(self) -> date | None:
        """Return the day on which a layout was created, if it was said."""

    @property
    def exploited_from(self) -> date | None:
        """Return the first day of its commercial exploitation, if it was said."""

    @property
    def expires_on(self) -> date | None:
        """Return the last day as the office named it, if it did."""


@dataclass(frozen=True, slots=True)
class Term:
    """The first day after the longest possible term, None being no end, and the rule it is of."""

    end: date | None
    ground: Ground | None


def term_of(title: HasTerm, law: Law, on: date) -> Term:
    """Return the longest possible term of a title by the law of a day (IP Law art. 93).

    The office's word comes first. The day of filing is not counted and the last day counts to its
    end (Civil Code arts. 147, 148), so that a half-open interval [from, to) lies within the term if
    `to` is at most its end.
    """
    if title.expires_on is not None:
        return Term(title.expires_on + timedelta(days=1), None)
    ground = law.find("right.term", on, kind=title.kind, office=title.office[:2])
    if ground is None:
        return Term(None, None)
    years = ground.number("years") * (1 + _number(ground, "renewals"))
    spans = [(title.filed_on, years)]
    if title.exploited_from is not None and "years_from_exploitation" in ground.values:
        spans.append((title.exploited_from, ground.number("years_from_exploitation")))
    if title.created_on is not None and "years_from_creation" in ground.values:
        spans.append((title.created_on, ground.number("years_from_creation")))
    if any(start.year + more > date.max.year for start, more in spans):
        return Term(None, ground)
    last_day = min(_years_later(start, more) for start, more in spans)
    return Term(last_day + timedelta(days=1), ground)


def _number(ground: Ground, name: str) -> int:
    return ground.number(name) if name in ground.values else 0


def _years_later(day: date, years: int) -> date:
    """Return the same day in a later year, or the last day of February where there is none."""
    try:
        return day.replace(year=day.year + years)
    except ValueError:
        return day.replace(year=day.year + years, day=28)


def must_be_in_force(
    subject: str, right: Right, day: date, codes: Collection[str], place: str
) -> None:
    """Raise `RightNotInForce` if the title is over on a day, in a place that the codes name.

    `place` is where the grant stands in the payload, here and below.
    """
    states = {state for state in map(state_of, codes) if state in right.territory}
    for state in (None, *sorted(filter(None, states))):
        lapse = lapse_on(right, day, state)
        if lapse is not None:
            where = "" if state is None else f" in {state}"
            raise RightNotInForce(
                f"{subject} {lapse.outcome} {_since(lapse)}{where}",
                positions=(lapse.position,),
                subjects=(subject,),
                step=_without(codes, state, place) or _restored(subject, lapse),
            )


def _without(codes: Collection[str], state: str | None, place: str) -> Step | None:
    """Return the step of leaving out what lies in a State, if anything is left then."""
    over = [code for code in codes if state is not None and state_of(code) == state]
    left = [code for code in codes if code not in over]
    if not over or not left:
        return None
    return Step({"codes": ", ".join(over)}, case="state", change={f"{place}/territory/codes": left})


def _restored(subject: str, lapse: StatusChange) -> Step:
    if lapse.outcome != "lapsed":
        return Step({"outcome": lapse.outcome})
    return Step(case="lapsed", first=(Other("right.restored/1", {"right": subject}),))


def _since(change: StatusChange) -> str:
    day = change.effective_from
    return "from the start" if day == FROM_THE_START else f"with effect from {day}"


def state_of(code: str) -> str | None:
    """Return the State in which a territory code lies: Vietnamese units do in Vietnam."""
    if code.startswith("vn-"):
        return "iso:VN"
    return None if code == "world" else code


def must_outlast(
    subject: str, right: Right, span: tuple[date, date | None], law: Law, on: date, place: str
) -> None:
    """Raise `BeyondRightTerm` unless the title can last as long as `[start, until)`.

    An `until` of None is for ever.
    """
    start, until = span
    term = term_of(right, law, on)
    if term.end is not None and (until is None or until > term.end):
        raise BeyondRightTerm(
            f"{subject} lasts to {last_day(term.end)}, the grant to {last_day(until) or 'no day'}",
            positions=(right.position,),
            subjects=(subject,),
            ground=term.ground,
            step=_until(term.end, place) if start < term.end else Step(case="over"),
        )


def _until(end: date, place: str) -> Step:
    return Step({"last": last_day(end)}, change={f"{place}/valid_to": end.isoformat()})


def must_cover(rights: Mapping[str, Right], codes: tuple[str, ...], place: str) -> None:
    """Raise `BeyondRightTerritory` if no title of those reaches where a code lies."""
    places = [territory_of(right) for right in rights.values()]
    beyond = [
        code
        for code in codes
        if not any(place.contains(territory_region((code,))) for place in places)
    ]
    if beyond:
        covered = {state for right in rights.values() for state in right.territory}
        left = [code for code in codes if code not in beyond] or sorted(covered)
        raise BeyondRightTerritory(
            f"no title here is of {', '.join(beyond)}",
            positions=(right.position for right in rights.values()),
            subjects=rights,
            step=Step({"codes": ", ".join(left)}, change={f"{place}/territory/codes": left}),
        )
