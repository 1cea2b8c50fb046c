"""A shelf does what `axes.revise` and `axes.end` do, row for row, without looking at all rows."""

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.domain.core.event import Logged
from projections.engine.bitemporal import Change, Dated, end, open_box, revise
from projections.engine.indexed_rows import IndexedRows

START = date(2026, 1, 1)
AT = datetime(2026, 11, 2, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Fact(Dated):
    """A fact of one of two groups, said a number of times."""

    group: str
    times: int


DAYS = st.integers(0, 9).map(lambda number: START + timedelta(days=number))
Step = tuple[str, str, date, date, date | None]

STEPS = st.lists(
    st.tuples(
        st.sampled_from(("begin", "revise", "revise", "empty", "end", "twice")),
        st.sampled_from(("a", "b")),
        DAYS,
        DAYS,
        st.one_of(st.none(), DAYS),
    ),
    max_size=14,
)


def once_more(held: tuple[Fact, ...]) -> tuple[Fact, ...]:
    return tuple(replace(row, times=row.times + 1) for row in held)


def nothing(held: tuple[Fact, ...]) -> tuple[Fact, ...]:
    return () if held else held


@settings(max_examples=300, deadline=None)
@given(STEPS)
def test_a_shelf_does_what_the_axes_do(
    steps: list[tuple[str, str, date, date, date | None]],
) -> None:
    shelf: IndexedRows[Fact] = IndexedRows.of((), lambda row: row.group)
    rows: tuple[Fact, ...] = ()
    for position, (step, group, effective, recorded, until) in enumerate(steps):
        no_event: Any = None
        change = Change(Logged(no_event, position, AT), effective, recorded, until)
        concerns = lambda row, group=group: row.group == group  # noqa: E731  (of this step)
        if step == "begin":
            fact = Fact("right:x", *open_box(change), group, 1)
            rows, shelf = (*rows, fact), shelf.plus((fact,))
        elif step == "end":
            rows, shelf = end(rows, change.logged, concerns), shelf.end(group, change.logged)
        else:
            transform = nothing if step == "empty" else once_more
            for _ in range(2 if step == "twice" else 1):
                rows = revise(rows, change, concerns, transform)
                shelf = shelf.revise(change, group, transform)
        assert rows == tuple(shelf)
        assert [row for row in rows if row.known_to is None and row.group == group] == list(
            shelf.believed(group)
        )


def test_a_shelf_that_was_left_behind_finds_its_rows_again() -> None:
    """A fold that raises leaves the old rows; what is known of them is made again."""
    no_event: Any = None
    first, second = (Change(Logged(no_event, at, AT), START, START) for at in (0, 1))
    old = IndexedRows.of((Fact("right:x", *open_box(first), "a", 1),), lambda row: row.group)
    new = old.revise(second, "a", once_more)
    assert [2] == [row.times for row in new.believed("a")]
    assert [1] == [row.times for row in old.believed("a")]
    assert tuple(new) == tuple(old.revise(second, "a", once_more))
