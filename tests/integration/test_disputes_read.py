"""What a forum ordered, what was frozen, and when it ended: as true on a day, as known then."""

from collections.abc import Iterator
from datetime import date

import pytest

from ledger.store.connection import Pool
from projections.engine.decoding import decode
from projections.engine.runner import Runner
from projections.questions.dispute_record import dispute_of, holds_on
from projections.run.catalogue import READ_MODELS
from projections.run.rebuild import rebuild
from tests.support.builders import (
    CONTRACT,
    LISTING,
    RIGHT,
    SHARE,
    contract_concluded,
    listing_published,
    right_filed,
    share_agreed,
)
from tests.support.disputes import COURT, DISPUTE, SECOND_DISPUTE, STORY
from tests.support.logbook import NOON, append_all, written_again
from tests.support.postgres import fresh_database
from tests.support.projecting import logged
from tests.support.reading import reading

BEFORE = (right_filed(), contract_concluded(), share_agreed(), listing_published())
FIRST = len(BEFORE) + 3
"""The position of the opening: after the ledger's, what is before, and two forums."""
HELD, LIFTED, RULED, SETTLED = FIRST + 3, FIRST + 4, FIRST + 5, FIRST + 7
THE_DAY = date(2026, 11, 2)


@pytest.fixture(scope="module")
def told(postgres_server) -> Iterator[Pool]:
    """Lend a database in which the disputes' story is told and folded."""
    with fresh_database(postgres_server) as database:
        pool = Pool(database.app_dsn, size=4)
        rebuild(pool, READ_MODELS, decode)
        append_all(pool, written_again(logged(*BEFORE, *STORY)), NOON, batch=1)
        Runner(pool, READ_MODELS, decode).catch_up()
        yield pool
        pool.close()


def test_a_dispute_is_told_whole(told):
    found = dispute_of(reading(told), DISPUTE)
    assert tuple(range(FIRST, SETTLED + 1)) == found.positions
    assert "settlement.recorded/1" == found.stage
    assert SETTLED == found.ended
    assert (CONTRACT,) == found.steps[0].concerns
    assert {
        ("o1", "HOLD_PAYMENT", SHARE, RULED),
        ("o2", "FREEZE_TITLE", RIGHT, RULED),
        ("o3", "SUSPEND_LISTING", LISTING, LIFTED),
        ("o9", "DECLARE_VOID", SHARE, None),
    } == {(o.name, o.effect, o.subject, o.lifted_position) for o in found.orders}


def test_a_dispute_as_it_was_known_while_the_orders_stood(told):
    found = dispute_of(reading(told, known_at=HELD), DISPUTE)
    assert ("hold.ordered/1", COURT, None) == (found.stage, found.forum, found.ended)
    assert [None] * 3 == [order.lifted_position for order in found.orders]


def test_a_withdrawn_dispute_is_over(told):
    found = dispute_of(reading(told), SECOND_DISPUTE)
    assert found.positions[-1] == found.ended
    assert () == found.orders


def test_what_holds_a_right_on_a_day_as_known(told):
    held = holds_on(reading(told, known_at=HELD), RIGHT, true_on=THE_DAY)
    assert [("FREEZE_TITLE", COURT, date(2027, 2, 2))] == [
        (order.effect, order.forum, order.end) for order in held.orders
    ]
    assert (HELD,) == held.positions
    assert () == holds_on(reading(told, known_at=HELD), RIGHT, true_on=date(2027, 2, 2)).orders
    assert () == holds_on(reading(told, known_at=HELD), RIGHT, true_on=date(2026, 11, 1)).orders
    assert () == holds_on(reading(told), RIGHT, true_on=THE_DAY).orders


def test_a_voidance_stays(told):
    (order,) = holds_on(reading(told), SHARE, true_on=THE_DAY).orders
    assert ("DECLARE_VOID", RULED) == (order.effect, order.position)


def test_nothing_is_known_of_a_dispute_that_was_not_opened(told):
    found = dispute_of(reading(told), "dispute:none")
    assert ((), (), None) == (found.steps, found.orders, found.stage)
