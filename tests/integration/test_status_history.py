"""What was held of a right's status, ever again: the same as asking of each day, as known then."""

from collections.abc import Iterator
from datetime import date, timedelta

import pytest

from ledger.domain.core.body import Body
from ledger.store.connection import Pool
from projections.questions.status_history import Spell, StatusHistory, status_history
from projections.tables.status import status_of
from tests.support import builders as b
from tests.support import rights
from tests.support.builders import RIGHT
from tests.support.folded import telling
from tests.support.reading import reading
from tests.support.rights import EUROPEAN

AMERICAN = "right:us.07500000"
STORY: dict[str, Body] = {
    "filed": b.right_filed(filed_on="2020-03-10"),
    "published": rights.right_published(right=RIGHT, published_on="2021-09-27"),
    "granted": b.right_granted(expires_on=None),
    "a fee": rights.right_fee_paid(right=RIGHT, paid_on="2024-05-01", territory=None),
    "lapsed": b.right_lapsed(effective_from="2025-05-04", published_on="2025-11-25"),
    "restored": b.right_restored(effective_from="2025-05-04", published_on="2026-02-25"),
    "cancelled": rights.right_cancelled(right=RIGHT, published_on="2026-09-01", territory=None),
    "european": rights.european_filed(),
    "in europe": rights.european_granted(),
    **{
        f"ceased {state}": b.right_lapsed(
            right=EUROPEAN, effective_from=day, published_on="2011-07-27", territory=state
        )
        for state, day in (
            *(("iso:GB", "2010-11-08"), ("iso:BE", "2009-01-01"), ("iso:NL", "2008-01-01")),
        )
    },
    "american": b.right_filed(
        right=AMERICAN, office="us", application_no="07500000", filed_on="1990-01-15"
    ),
}
AT = {name: position for position, name in enumerate(STORY, 1)}


@pytest.fixture(scope="module")
def told(postgres_server) -> Iterator[Pool]:
    """Lend a database in which the story is told and folded."""
    with telling(postgres_server, STORY.values()) as pool:
        yield pool


def held(history: StatusHistory, known_at: int, on: date) -> str | None:
    """Return how a right stood on a day by what the history says was known."""
    beliefs = [each for each in history.beliefs if each.position <= known_at]
    spells = beliefs[-1].spells if beliefs else ()
    found = (each for each in spells if each.start <= on and (each.end is None or on < each.end))
    return next((each.status for each in found), None)


@pytest.mark.parametrize("right", [RIGHT, EUROPEAN, AMERICAN])
def test_it_says_of_each_day_and_entry_what_the_status_question_says(told, right):
    history = status_history(reading(told), right)
    turns = {spell.start for each in history.beliefs for spell in each.spells}
    days = {turn + timedelta(beside) for turn in turns for beside in (-1, 0, 1)}
    assert len(days) >= 6
    for known_at in range(len(STORY) + 1):
        for on in sorted(days):
            asked = status_of(reading(told, known_at=known_at), right, true_on=on)
            assert asked.status == held(history, known_at, on), (known_at, on)


def test_each_entry_that_changed_it_is_a_belief_and_a_fee_is_none(told):
    history = status_history(reading(told), RIGHT)
    changed = ("filed", "published", "granted", "lapsed", "restored", "cancelled")
    assert [AT[each] for each in changed] == [each.position for each in history.beliefs]
    assert tuple(AT[each] for each in changed) == history.positions
    lapsed = history.beliefs[3].spells
    assert [
        Spell("filed", date(2020, 3, 10), date(2021, 9, 27)),
        Spell("published", date(2021, 9, 27), date(2022, 5, 4)),
        Spell("in_force", date(2022, 5, 4), date(2025, 5, 4)),
        Spell("lapsed", date(2025, 5, 4), None),
    ] == [*lapsed]
    assert history.beliefs[4].spells[-1] == Spell("expired", date(2040, 3, 11), None)
    assert ["cancelled"] == [each.status for each in history.beliefs[5].spells]


def test_a_right_is_over_where_the_last_of_its_states_ends(told):
    before, after = status_history(reading(told), EUROPEAN).beliefs[-2:]
    assert AT["ceased iso:NL"] == after.position
    assert "in_force" == before.spells[1].status
    assert Spell("lapsed", date(2010, 11, 8), None) == after.spells[2]


def test_a_term_that_a_later_law_brought_ends_a_right_filed_before_it(told):
    (belief,) = status_history(reading(told), AMERICAN).beliefs
    assert Spell("expired", date(2010, 1, 16), None) == belief.spells[-1]


def test_what_was_not_known_then_is_not_told_and_nobody_recorded_is_unknown(told):
    then = status_history(reading(told, known_at=AT["granted"]), RIGHT)
    assert AT["granted"] == then.beliefs[-1].position
    assert "answered" == then.verdict
    nobody = status_history(reading(told), "right:vn.none")
    assert ("unknown", ()) == (nobody.verdict, nobody.beliefs)
