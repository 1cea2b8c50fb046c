"""Intervals of days against a plain dictionary of them."""

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from ledger.domain.core.spans import Spans

FIRST = date(2026, 1, 1)
DAYS = st.one_of(st.integers(0, 60), st.integers(0, 9_000))
LENGTHS = st.one_of(st.none(), st.integers(1, 5), st.integers(1, 8_000))
INTERVALS = st.tuples(DAYS, LENGTHS)

Interval = tuple[date, date | None]


def interval(drawn: tuple[int, int | None]) -> Interval:
    start, length = drawn
    first = FIRST + timedelta(days=start)
    return first, None if length is None else first + timedelta(days=length)


def share_a_day(one: Interval, other: Interval) -> bool:
    first = max(one[0], other[0])
    return all(end is None or first < end for _, end in (one, other))


@given(st.lists(st.tuples(INTERVALS, st.booleans()), max_size=60), INTERVALS)
def test_no_interval_is_missed_and_none_comes_twice(steps, asked):
    spans: Spans[int] = Spans()
    plain = dict[int, Interval]()
    for number, (drawn, taken_back) in enumerate(steps):
        plain[number] = interval(drawn)
        spans = spans.plus([(number, *plain[number])])
        if taken_back:
            gone = sorted(plain)[number % len(plain)]
            spans = spans.minus(gone, *plain.pop(gone))
    wanted = interval(asked)
    found = list(spans.near(*wanted))
    assert len(found) == len(set(found))
    assert set(found) <= plain.keys()
    assert {number for number, each in plain.items() if share_a_day(each, wanted)} <= set(found)


def test_what_was_taken_back_leaves_nothing():
    spans: Spans[str] = Spans()
    kept = spans.plus([("a", FIRST, None), ("b", FIRST, date(2026, 1, 2))])
    left = kept.minus("a", FIRST, None).minus("b", FIRST, date(2026, 1, 2))
    assert 0 == len(left.blocks)


def test_of_ten_thousand_days_in_turn_a_search_meets_few():
    """A block has at most as many intervals that cross its parts as it has parts."""
    spans: Spans[int] = Spans()
    for number in range(10_000):
        first = FIRST + timedelta(days=2 * number)
        spans = spans.plus([(number, first, first + timedelta(days=2))])
    day = FIRST + timedelta(days=7_001)
    found = list(spans.near(day, day + timedelta(days=1)))
    assert 3_500 in found
    assert len(found) < 64
