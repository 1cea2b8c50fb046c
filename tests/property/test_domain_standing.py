"""Timelines say of every day what going through all that was ever said of it says."""

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from ledger.domain.rights.status_timeline import (
    FROM_THE_START,
    UNCHANGED,
    StatusChange,
    changed,
    governing,
)

FIRST_DAY = date(2024, 12, 28)
DAYS = [FIRST_DAY + timedelta(days=number) for number in range(8)]
STATES = [None, "iso:BE", "iso:GB"]

Said = list[tuple[StatusChange, str | None]]

EFFECTS = st.sampled_from([*DAYS, FIRST_DAY.replace(year=1999), FROM_THE_START])
OUTCOMES = st.sampled_from(["lapsed", "restored", "cancelled", "surrendered"])
HISTORIES = st.lists(st.tuples(EFFECTS, OUTCOMES, st.sampled_from(STATES)), max_size=12).map(
    lambda words: [
        (StatusChange(effect, position, outcome), state)
        for position, (effect, outcome, state) in enumerate(words)
    ]
)


def naive(history: Said, day: date, state: str | None) -> StatusChange | None:
    """Go through it all: what concerns the State, since the title was last undone there."""
    concerns = [change for change, where in history if where in {None, state}]
    undone = [change.position for change in concerns if change.effective_from == FROM_THE_START]
    since = max(undone, default=0)
    left = [c for c in concerns if c.position >= since and c.effective_from <= day]
    return max(left, key=lambda c: (c.effective_from, c.position), default=None)


@given(HISTORIES)
def test_a_day_is_governed_as_a_naive_replay_says(history: Said) -> None:
    standing = UNCHANGED
    for change, where in history:
        standing = changed(standing, change, where)
    for state in STATES:
        for day in [*DAYS, date(2000, 1, 1), date(2030, 1, 1)]:
            assert naive(history, day, state) == governing(standing, day, state)


@given(HISTORIES, HISTORIES)
def test_what_is_added_later_leaves_the_earlier_standing_as_it_was(
    history: Said, later: Said
) -> None:
    before = UNCHANGED
    for change, where in history:
        before = changed(before, change, where)
    said = [governing(before, day, state) for day in DAYS for state in STATES]
    after = before
    for change, where in later:
        after = changed(after, change, where)
    assert said == [governing(before, day, state) for day in DAYS for state in STATES]
