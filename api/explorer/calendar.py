"""Calendars: days on which something is due, month by month, as SVG in a page."""

from calendar import Calendar
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date

from api.describe import days
from api.describe.language import Language
from api.explorer.drawings import ROWS

WIDE, HIGH = 30, 26
"""Units of the drawing from day to day, and from week to week."""


@dataclass(frozen=True, slots=True)
class CalendarDay:
    """A day and where it is drawn; how much is due on it, and whether that was before the day."""

    day: date
    x: int
    y: int
    due: int
    late: bool
    asked: bool


@dataclass(frozen=True, slots=True)
class CalendarMonth:
    """A month in which something is due: its name, its days, and how high it is drawn."""

    name: str
    days: tuple[CalendarDay, ...]
    height: int


def months_of(
    due: Iterable[date], on: date, language: Language
) -> tuple[tuple[CalendarMonth, ...], int]:
    """Return the months in which something is due, and how many more there are than are drawn."""
    counted = Counter(due)
    found = sorted({(day.year, day.month) for day in counted})
    drawn = tuple(_month(year, month, counted, on, language) for year, month in found[:ROWS])
    return drawn, len(found[ROWS:])


def _month(
    year: int, month: int, due: Counter[date], on: date, language: Language
) -> CalendarMonth:
    shown = tuple(_days(year, month, due, on))
    return CalendarMonth(days.month(shown[0].day, language), shown, shown[-1].y + HIGH)


def _days(year: int, month: int, due: Counter[date], on: date) -> Iterator[CalendarDay]:
    for number, week in enumerate(Calendar().monthdatescalendar(year, month)):
        for weekday, day in enumerate(week):
            if day.month == month:
                place = weekday * WIDE, (number + 1) * HIGH
                yield CalendarDay(day, *place, due[day], day < on, day == on)
