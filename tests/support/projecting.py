"""
Events as a runner hands them to read models, and rows looked at as the queries look at them.

`logged(...)` gives the events of a specification, each admitted, in the log's order.
`true_and_known` says again in Python what the queries say in SQL, so that a fold can be tested
without a database.
"""

from collections.abc import Iterable, Sequence
from datetime import date
from typing import TypeVar

from ledger.domain.core.body import Body
from ledger.domain.core.event import Logged
from projections.engine.bitemporal import UNRECORDED, Dated
from projections.engine.projection import Projection
from projections.engine.row_cache import RowCache
from tests.support.builders import ledger_opened
from tests.support.specification import Past, Said

D = TypeVar("D", bound=Dated)


def logged(*past: Body | Said) -> list[Logged]:
    """Return the opening and then these events, which must be admissible, as they were logged."""
    log, found = Past(), []
    for what in (ledger_opened(), *past):
        attempt = log.when(what)
        log = attempt.then_admitted()
        found.append(Logged(attempt.event, attempt.context.position, attempt.context.accepted))
    return found


def value_of(subject: str, events: Iterable[Logged]) -> object:
    """Return what the domain knows of a subject after these events."""
    log = Past()
    for each in events:
        log = log.with_event(each.event, _Place(each))
    return log.value(subject)


class _Place:
    """What `Past.with_event` asks of a context."""

    def __init__(self, each: Logged) -> None:
        self.position, self.accepted = each.position, each.accepted


def rows_of(projection: Projection[D], events: Iterable[Logged]) -> dict[str, tuple[D, ...]]:
    """Return the rows of each key after these events."""
    sheet = RowCache(projection, complete=True, capacity=None)
    for each in events:
        if projection.touches(type(each.event.body)):
            sheet.fold(each)
    return {rows[0].subject: rows for rows in sheet.rows() if rows}


def true_and_known(
    rows: Sequence[D], true_on: date, *, at: int | None = None, office_day: date = UNRECORDED
) -> list[D]:
    """Return the rows that hold on a day, as known at a position and by an office day."""
    return [
        row
        for row in rows
        if row.true_from <= true_on
        and (row.true_to is None or true_on < row.true_to)
        and row.office_from <= office_day
        and (row.office_to is None or office_day < row.office_to)
        and _known(row, at)
    ]


def _known(row: Dated, at: int | None) -> bool:
    if at is None:
        return row.known_to is None
    return row.known_from <= at and (row.known_to is None or at < row.known_to)
