"""What drawings are made of: bars along a scale, one row each, and rows of a tree.

Each row says in words, at the size of the page's text, what the lines beside it show: words break
where they have to, and lines stretch. Lines differ by thickness and dashes, not by colour alone.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import ClassVar, Literal

from api.describe.saying import Word

ROWS = 12
"""Rows that are drawn at once; the answer beside a drawing has all."""

DEEPEST = 6
"""Tiers of a tree that are set in; what is deeper stands as far in as these."""

Look = Literal["own", "plain", "dashed"]
"""How a bar or a node looks: thick, thin, or dashed; filled, empty, or dashed."""

Words = tuple[Word, ...]

_THIN, _NEAR, _TICKS, _EDGE = 1.0, 50 * 365, 5, 6
_YEARS = (1, 2, 5, 10, 20, 50)


@dataclass(frozen=True, slots=True)
class Stripe:
    """A part of a row, from where to where in percent of the width.

    `back` and `onward`: what it shows begins before the drawing, or goes on behind it.
    """

    start: float
    end: float
    look: Look
    back: bool = False
    onward: bool = False


@dataclass(frozen=True, slots=True)
class BarRow:
    """What a row of bars is about, what more there is to say of it, its bars and dots."""

    words: Words
    more: Words
    bars: tuple[Stripe, ...]
    dots: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True)
class Tick:
    """Where on a scale what is."""

    at: float
    text: str


@dataclass(frozen=True, slots=True)
class Bars:
    """Rows of bars on one scale. `line` crosses them all; `key` says what looks mean."""

    of_tree: ClassVar[bool] = False
    title: str
    rows: tuple[BarRow, ...]
    left_out: int
    ticks: tuple[Tick, ...] = ()
    line: float | None = None
    key: tuple[tuple[Look, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Scale:
    """Whole numbers, as days or sums, laid along the width of a drawing."""

    first: int
    last: int

    def at(self, value: int) -> float:
        """Return where a number is, in percent; one beyond the scale at its end."""
        inside = min(max(value, self.first), self.last)
        return round(100 * (inside - self.first) / max(self.last - self.first, 1), 2)

    def bar(self, start: int, end: int | None, look: Look) -> Stripe:
        """Return the bar from a number to the one before an end; it is seen, however short."""
        to = 100.0 if end is None else self.at(end)
        begin = min(self.at(start), 100 - _THIN)
        goes_on = end is None or end > self.last
        return Stripe(begin, max(to, round(begin + _THIN, 2)), look, start < self.first, goes_on)

    def amount(self, value: int, look: Look) -> tuple[Stripe, ...]:
        """Return the bar of an amount, counted from the scale's start; of nothing, none."""
        return (Stripe(0, max(self.at(value), _THIN), look),) if value > 0 else ()


@dataclass(frozen=True, slots=True)
class Days(Scale):
    """Days along the width of a drawing."""

    def span(self, start: date, end: date | None, look: Look) -> Stripe:
        """Return the bar of the days `[start, end)`."""
        return self.bar(start.toordinal(), None if end is None else end.toordinal(), look)

    def day(self, day: date) -> float:
        """Return where a day is."""
        return self.at(day.toordinal())

    def years(self) -> tuple[Tick, ...]:
        """Return the first days of so many years as there is room for."""
        first, last = (date.fromordinal(each).year for each in (self.first, self.last))
        step = next((each for each in _YEARS if (last - first) / each <= _TICKS), _YEARS[-1])
        ticks = (
            Tick(self.day(date(year, 1, 1)), str(year))
            for year in range(first + 1, last + 1)
            if year % step == 0
        )
        return tuple(tick for tick in ticks if _EDGE <= tick.at <= 100 - _EDGE)


def days_around(on: date, days: Iterable[date | None]) -> Days:
    """Return a scale with the day that is asked about and all others, but those of ages away."""
    middle = on.toordinal()
    near = [
        min(max(day.toordinal(), middle - _NEAR), middle + _NEAR) for day in days if day is not None
    ]
    first, last = min(near, default=middle), max(near, default=middle)
    first, last = min(first, middle), max(last, middle)
    room = max((last - first) // 20, 10)
    return Days(max(first, date.min.toordinal()), min(last + room, date.max.toordinal()))


@dataclass(frozen=True, slots=True)
class Branch:
    """A row of a tree: how it looks and is said, and where lines pass it, above and below.

    `columns` has for each tier down to its own whether a line comes from above and goes on below.
    """

    words: Words
    more: Words
    look: Look
    columns: tuple[tuple[bool, bool], ...]


@dataclass(frozen=True, slots=True)
class Tree:
    """Rows that hang on each other."""

    of_tree: ClassVar[bool] = True
    title: str
    rows: tuple[Branch, ...]
    left_out: int = 0
    key: tuple[tuple[Look, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Node:
    """What stands in a tree, and at which tier; the highest is 0."""

    tier: int
    words: Words
    more: Words
    look: Look


Drawing = Bars | Tree


def rail(nodes: Sequence[Node]) -> Iterator[Branch]:
    """Yield nodes one below another, each joined to the next."""
    for number, node in enumerate(nodes):
        joined = (number > 0, number < len(nodes) - 1)
        yield Branch(node.words, node.more, node.look, (joined,))


def hanging(nodes: Sequence[Node]) -> Iterator[Branch]:
    """Yield nodes below those on which they hang: the nearest before them of the tier above."""
    tiers = [min(node.tier, DEEPEST) for node in nodes]
    for number, (node, own) in enumerate(zip(nodes, tiers, strict=True)):
        lowest = own
        goes_on = [False] * own
        for tier in tiers[number + 1 :]:
            if tier <= lowest and tier:
                goes_on[tier - 1] = True
            lowest = min(lowest, tier)
        carries = number + 1 < len(tiers) and tiers[number + 1] > own
        above = ((below or tier == own - 1, below) for tier, below in enumerate(goes_on))
        yield Branch(node.words, node.more, node.look, (*above, (False, carries)))


def standing_on(nodes: Sequence[Node]) -> Iterator[Branch]:
    """Yield the same from the lowest to the highest, lines going down to that on which all rest."""
    for each in reversed([*hanging(nodes)]):
        turned = tuple((below, above) for above, below in each.columns)
        yield Branch(each.words, each.more, each.look, turned)
