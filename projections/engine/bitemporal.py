"""
The axes of every dated fact: when it is true, when an office recorded it, when the ledger knew.

A dated fact is a box. *True* is in legal days, `[true_from, true_to)`. *Office* is in days of the
register in which the fact was recorded, `[office_from, office_to)`; a fact that no register holds
begins on `NEVER`, after every day one can ask for. *Known* is in positions of the log with their
instants of acceptance, `[known_from, known_to)`. An open end is None.

A change that takes effect on day d and was recorded by the office on day o transforms what lies in
the quadrant true >= d, office >= o, as the ledger now knows it. Boxes are split at its edges. What
the ledger believed before stays on record: its rows end at the change's position.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, fields
from datetime import date, datetime
from functools import cache
from operator import attrgetter
from typing import Any, Literal, NamedTuple, TypeVar

from ledger.domain.core.event import Logged

UNRECORDED = date.max
"""The office day of what no register outside the ledger holds."""

Effect = Literal["parties", "third_parties"]
"""Between whom a fact has effect: its parties only, or everybody."""


@dataclass(frozen=True, slots=True)
class Dated:
    """The key and the box of a dated fact. Read models add what holds in it."""

    subject: str
    true_from: date
    true_to: date | None
    office_from: date
    office_to: date | None
    known_from: int
    known_from_at: datetime
    known_to: int | None
    known_to_at: datetime | None


D = TypeVar("D", bound=Dated)


class Days(NamedTuple):
    """The sides of a box in days: what is true, and what the office had recorded."""

    true_from: date
    true_to: date | None
    office_from: date
    office_to: date | None


@dataclass(frozen=True, slots=True)
class Change:
    """What an event changes: facts true in `[effective, until)`, as recorded from a day on.

    `recorded` is the office's day, or NEVER.
    """

    logged: Logged
    effective: date
    recorded: date
    until: date | None = None

    @property
    def days(self) -> Days:
        """Return the days that the change reaches."""
        return Days(self.effective, self.until, self.recorded, None)


Where = tuple[str, date, date | None, date, date | None, int, datetime, int | None, datetime | None]
"""The fields of `Dated`, in their order."""

Believed = tuple[date, date | None, date, date | None, int, datetime, None, None]


def open_box(change: Change) -> Believed:
    """Return the fields of `Dated` after the key, for a fact that begins with a change."""
    return (*change.days, change.logged.position, change.logged.accepted, None, None)


def revise(
    rows: Sequence[D],
    change: Change,
    concerns: Callable[[D], bool],
    transform: Callable[[tuple[D, ...]], Sequence[D]],
) -> tuple[D, ...]:
    """Return the rows after `change`.

    `concerns` selects rows by what they say; of these, the ones that the ledger still believes are
    gathered by box. `transform` gets the rows of a box and returns what holds in their stead where
    the change reaches; the days in them it leaves as they are. Where it returns the very rows it
    got, the box stays whole.
    """
    boxes: dict[Days, list[D]] = {}
    for row in rows:
        if row.known_to is None and concerns(row):
            boxes.setdefault(Days._make(_days_of(row)), []).append(row)
    gone: set[int] = set()
    begun: list[D] = []
    for days, held in boxes.items():
        fresh = changed(days, tuple(held), change, transform)
        if fresh is not None:
            gone.update(map(id, held))
            begun += fresh
    return (*_end(rows, gone, change.logged), *begun) if gone else tuple(rows)


def changed(
    days: Days,
    held: tuple[D, ...],
    change: Change,
    transform: Callable[[tuple[D, ...]], Sequence[D]],
) -> list[D] | None:
    """Return what holds in the stead of a box's rows, or None if the box stays as it is."""
    parts = _cut(days, change.days)
    after = transform(held) if parts else held
    if after is held:
        return None
    reached, *rest = parts
    begun = [_known_from(part, row, change.logged) for part in rest for row in held]
    return begun + [_known_from(reached, row, change.logged) for row in after]


def end(rows: Sequence[D], logged: Logged, concerns: Callable[[D], bool]) -> tuple[D, ...]:
    """Return the rows after the ledger ceased to believe those that `concerns` selects."""
    gone = {id(row) for row in rows if row.known_to is None and concerns(row)}
    return tuple(_end(rows, gone, logged))


def _end(rows: Sequence[D], gone: set[int], logged: Logged) -> Iterable[D]:
    # A row that began with this very event was never believed: it goes without a trace.
    return (
        ended(row, logged) if id(row) in gone else row
        for row in rows
        if id(row) not in gone or row.known_from != logged.position
    )


# Rows are made again from tuples of fields: `dataclasses.replace` takes four times as long.

box_of: Callable[[Dated], Where] = attrgetter(*(field.name for field in fields(Dated)))
"""Returns the key and the box of a row: the fields of `Dated`."""

_days_of: Callable[[Dated], tuple[Any, ...]] = attrgetter(*Days._fields)


def ended(row: D, logged: Logged) -> D:
    """Return a row that the ledger believed until an event."""
    kind: Any = type(row)
    until: D = kind(*box_of(row)[:-2], logged.position, logged.accepted, *_said(kind)(row))
    return until


def _known_from(days: Days, row: D, logged: Logged) -> D:
    """Return a row that says the same of other days, as known from an event on."""
    kind: Any = type(row)
    known = (logged.position, logged.accepted, None, None)
    moved: D = kind(row.subject, *days, *known, *_said(kind)(row))
    return moved


@cache
def _said(kind: type[Dated]) -> Callable[[Dated], tuple[Any, ...]]:
    """Return what reads the fields that a kind of row adds: two at least."""
    own = fields(kind)[len(fields(Dated)) :]
    getter: Callable[[Dated], tuple[Any, ...]] = attrgetter(*(field.name for field in own))
    return getter


def _cut(days: Days, by: Days) -> tuple[Days, ...]:
    """Return the part of a box that a change reaches, then the parts around it; or nothing."""
    true_from = max(days.true_from, by.true_from)
    true_to = _earlier(days.true_to, by.true_to)
    office_from = max(days.office_from, by.office_from)
    if _empty(true_from, true_to) or _empty(office_from, days.office_to):
        return ()
    reached = Days(true_from, true_to, office_from, days.office_to)
    parts = [reached]
    if days.true_from < true_from:
        parts.append(Days(days.true_from, true_from, days.office_from, days.office_to))
    if true_to is not None and true_to != days.true_to:
        parts.append(Days(true_to, days.true_to, days.office_from, days.office_to))
    if days.office_from < office_from:
        parts.append(Days(true_from, true_to, days.office_from, office_from))
    return tuple(parts)


def _empty(start: date, stop: date | None) -> bool:
    return stop is not None and start >= stop


def _earlier(left: date | None, right: date | None) -> date | None:
    if left is None or right is None:
        return left or right
    return min(left, right)
