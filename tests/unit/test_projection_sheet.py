"""Sheets and rolls: rows in memory between two commits."""

from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Annotated, Any, Literal

import pytest

from ledger.domain.core.event import Logged
from ledger.domain.market.offer import OfferMade, OfferRejected
from ledger.store.readmodels import Column
from projections.engine.projection import Exact, Journal, On, Projection, columns_of
from projections.engine.row_cache import AppendBuffer, RowCache, TwinRows
from projections.tables.offers import offers
from projections.tables.timeline import timeline
from tests.support.builders import OFFER, offer_made, offer_rejected
from tests.support.projecting import logged


@dataclass(frozen=True, slots=True)
class Mark:
    subject: str
    position: int


def marking(key: str, rows: tuple[Mark, ...], each: Logged) -> tuple[Mark, ...]:
    return (*rows, Mark(key, each.position))


def keys_of(each: Logged) -> list[str]:
    return ["a", "b"] if isinstance(each.event.body, OfferMade) else ["a"]


MARKS = Projection(
    "marks", 1, Mark, {OfferMade: On(keys_of, marking), OfferRejected: On(keys_of, marking)}
)
_, MADE, REJECTED = logged(offer_made(), offer_rejected())


def complete(projection: Projection[Any] = MARKS) -> RowCache:
    return RowCache(projection, complete=True, capacity=None)


def test_changes_are_places_that_go_and_rows_that_come():
    sheet = complete()
    sheet.fold(MADE)
    assert [] == list(sheet.changes().gone)
    assert [("a", 1, 0), ("b", 1, 0)] == list(sheet.changes().added)
    sheet.committed()
    sheet.fold(REJECTED)
    assert [("a", 2, 1)] == list(sheet.changes().added)


def test_a_row_that_changes_goes_and_comes_at_its_place():
    sheet = complete(offers)
    sheet.fold(MADE)
    sheet.committed()
    sheet.fold(REJECTED)
    (added,) = sheet.changes().added
    assert [(OFFER, 0)] == [(row[0], row[-1]) for row in sheet.changes().gone]
    assert (OFFER, 0) == (added[0], added[-1])


def test_a_row_that_changes_back_is_not_written():
    sheet = complete()
    sheet.fold(MADE)
    sheet.committed()
    sheet.fold(REJECTED)
    sheet.load({"a": (Mark("a", 1),)})
    assert ([], []) == (list(sheet.changes().gone), list(sheet.changes().added))


def test_an_event_is_folded_wholly_or_not_at_all():
    def failing(key: str, rows: tuple[Mark, ...], each: Logged) -> tuple[Mark, ...]:
        if key == "b":
            raise ZeroDivisionError
        return marking(key, rows, each)

    sheet = complete(replace(MARKS, on={OfferMade: On(keys_of, failing)}))
    with pytest.raises(ZeroDivisionError):
        sheet.fold(MADE)
    assert [] == list(sheet.changes().added)
    assert [] == list(sheet.rows())


def test_keys_that_are_not_in_memory_are_missing():
    sheet = RowCache(MARKS, complete=False, capacity=None)
    assert ["a", "b"] == sheet.missing([MADE, REJECTED])
    sheet.load({"a": (), "b": ()})
    assert [] == sheet.missing([MADE, REJECTED])


def test_a_complete_sheet_misses_nothing_until_it_lets_a_key_go():
    sheet = RowCache(MARKS, complete=True, capacity=1)
    assert [] == sheet.missing([MADE])
    sheet.fold(MADE)
    sheet.committed()
    assert ["a"] == sheet.missing([MADE])


def test_keys_that_cannot_be_told_end_the_search():
    """Folding comes to the same event, and says there what is wrong."""

    def unknown(_each: Logged) -> list[str]:
        raise KeyError("a bug")

    on = {OfferMade: On(keys_of, marking), OfferRejected: On(unknown, marking)}
    sheet = RowCache(replace(MARKS, on=on), complete=False, capacity=None)
    assert ["a", "b"] == sheet.missing([MADE, REJECTED, MADE])
    with pytest.raises(KeyError):
        sheet.fold(REJECTED)


def test_a_roll_puts_an_events_rows_in_order():
    backwards = replace(timeline, emit=lambda each: timeline.emit(each)[::-1])
    roll = AppendBuffer(backwards)
    roll.fold(MADE)
    assert [(subject, 1) for subject in sorted(MADE.event.subjects)] == list(roll.changes().added)


def test_a_roll_refuses_two_rows_of_one_identity():
    roll = AppendBuffer(replace(timeline, emit=lambda each: [*timeline.emit(each)] * 2))
    with pytest.raises(TwinRows):
        roll.fold(MADE)
    assert [] == list(roll.changes().added)


def test_columns_are_the_fields_of_the_row():
    @dataclass(frozen=True, slots=True)
    class Row:
        key: str
        count: int
        total: Exact
        flag: bool
        on: date | None
        at: datetime
        names: tuple[str, ...]
        numbers: tuple[int, ...] | None
        choice: Literal["a", "b"] | None

    kinds = [
        "text",
        "bigint",
        "numeric",
        "boolean",
        "date",
        "timestamptz",
        "text[]",
        "bigint[]",
        "text",
    ]
    optional = [name in {"on", "numbers", "choice"} for name in Row.__slots__]
    assert tuple(map(Column, Row.__slots__, [*kinds, "text"], optional)) == columns_of(Row)


def test_a_field_of_another_kind_is_no_column():
    @dataclass(frozen=True, slots=True)
    class Row:
        key: str
        ratio: Annotated[float, "never"]

    with pytest.raises(KeyError):
        columns_of(Row)


def test_a_journal_is_ordered_by_position_then_identity():
    journal = Journal("marks", 1, Mark, lambda _each: [], identity=("subject",))
    assert (("subject", "position"), ("position", "subject")) == (
        journal.table.key,
        journal.order,
    )
