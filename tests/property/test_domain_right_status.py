"""
What the rules and the read model say of a right's status is what a naive replay says.

The replay goes through everything that was said of a State: a cancellation from the start wipes out
what was said before it, and of the rest the latest day of effect counts, then the later word.
"""

from collections.abc import Sequence
from datetime import date, timedelta
from itertools import pairwise
from typing import NamedTuple

from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.domain.core.body import Body
from ledger.domain.rights.protection import lapse_on
from ledger.domain.rights.right import Right
from ledger.events.lawbook import bundled_law
from projections.tables.status import ALIVE, Standing, status, status_on
from tests.support.builders import right_lapsed, right_restored
from tests.support.projecting import logged, rows_of, true_and_known, value_of
from tests.support.rights import (
    DESIGNATED,
    EUROPEAN,
    european_filed,
    european_granted,
    right_cancelled,
    right_limited,
    right_surrendered,
)

FIRST_DAY = date(2005, 12, 29)
DAYS = [FIRST_DAY + timedelta(days=number) for number in range(7)]
STATES = [None, *DESIGNATED[:2]]


class Word(NamedTuple):
    """What an office said: from which day on (None: from the start), where."""

    outcome: str
    effect: date | None
    state: str | None


def body(word: Word) -> Body:
    effect = None if word.effect is None else word.effect.isoformat()
    said = {"right": EUROPEAN, "territory": word.state, "effective_from": effect}
    match word.outcome:
        case "lapsed":
            return right_lapsed(**said)
        case "restored":
            return right_restored(**said)
        case "surrendered":
            return right_surrendered(**said)
        case "limited":
            return right_limited(**said)
    return right_cancelled(**said)


DAY = st.sampled_from(DAYS)
WORDS = st.lists(
    st.one_of(
        st.builds(
            Word,
            st.sampled_from(["lapsed", "restored", "surrendered", "cancelled", "limited"]),
            DAY,
            st.sampled_from(STATES),
        ),
        st.builds(Word, st.just("cancelled"), st.none(), st.sampled_from(STATES)),
    ),
    max_size=8,
)


def naive(words: Sequence[Word], day: date, state: str | None) -> str | None:
    """Return what is left of the title: None if it is in force, else how it ended."""
    said = [
        (word.effect or date.min, place, word.outcome)
        for place, word in enumerate(words)
        if word.state in {None, state} and word.outcome != "limited"
    ]
    undone = max((place for effect, place, _ in said if effect == date.min), default=-1)
    left = [each for each in said if each[1] >= undone and each[0] <= day]
    outcome = max(left)[2] if left else "restored"
    return None if outcome == "restored" else outcome


@settings(max_examples=60, deadline=None)
@given(WORDS)
def test_rules_and_read_model_agree_with_a_naive_replay(words: list[Word]) -> None:
    events = logged(european_filed(), european_granted(), *map(body, words))
    right = value_of(EUROPEAN, events)
    assert isinstance(right, Right)
    rows = rows_of(status, events)[EUROPEAN]
    for day in [*DAYS, date(2011, 1, 1)]:
        found = true_and_known(rows, day)
        for state in DESIGNATED:
            expected = naive(words, day, state)
            lapse = lapse_on(right, day, state)
            told = status_on(EUROPEAN, day, found, bundled_law(), state).status
            assert expected == (None if lapse is None else lapse.outcome)
            assert (expected or "in_force") == told


@settings(max_examples=25, deadline=None)
@given(WORDS)
def test_a_right_as_a_whole_is_over_when_it_is_over_everywhere(words: list[Word]) -> None:
    events = logged(european_filed(), european_granted(), *map(body, words))
    rows = rows_of(status, events)[EUROPEAN]
    right = value_of(EUROPEAN, events)
    assert isinstance(right, Right)
    for day in DAYS:
        told: Standing = status_on(EUROPEAN, day, true_and_known(rows, day), bundled_law())
        whole = naive(words, day, None)
        everywhere = all(naive(words, day, state) for state in DESIGNATED)
        assert (bool(whole) or everywhere) == (told.status not in ALIVE)
        assert (told.status not in ALIVE) == (lapse_on(right, day) is not None)


@settings(max_examples=25, deadline=None)
@given(WORDS)
def test_what_is_said_later_changes_nothing_of_what_was_known(words: list[Word]) -> None:
    bodies = [european_filed(), european_granted(), *map(body, words)]
    for shorter, longer in pairwise(range(2, len(bodies) + 1)):
        then, later = logged(*bodies[:shorter]), logged(*bodies[:longer])
        for state in DESIGNATED:
            for day in DAYS[::2]:
                before = true_and_known(rows_of(status, then)[EUROPEAN], day)
                after = true_and_known(rows_of(status, later)[EUROPEAN], day, at=shorter)
                known = status_on(EUROPEAN, day, before, bundled_law(), state)
                assert known == status_on(EUROPEAN, day, after, bundled_law(), state)
