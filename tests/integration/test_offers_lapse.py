"""Offers that lapse: asked of the tables, the answer is that of admission at every instant."""

from collections.abc import Iterator
from datetime import timedelta

import pytest

from ledger.domain.core.body import Body
from ledger.store.connection import Pool
from projections.engine.decoding import decode
from projections.engine.runner import Runner
from projections.run.catalogue import READ_MODELS
from projections.run.rebuild import rebuild
from projections.tables.offers import offers_of
from tests.support import builders as b
from tests.support.builders import FIRM, INSTITUTE, LISTING, OFFER, RIVAL
from tests.support.logbook import NOON, append_all, written_again
from tests.support.postgres import fresh_database
from tests.support.projecting import logged
from tests.support.reading import reading

SECOND, UNLISTED = "offer:second", "offer:unlisted"
REACH = ("licensor", "licensee", "rights", "acts", "exclusivity", "territory", "field")
GRANT = b.grant(valid_from="2026-11-02")
PROPOSED = {name: GRANT[name] for name in (*REACH, "valid_from", "valid_to")}
STORY: dict[str, Body] = {
    "filed": b.right_filed(),
    "listed": b.listing_published(),
    "offered": b.offer_made(listing=LISTING, proposed=[PROPOSED]),
    "offered too": b.offer_made(offer=SECOND, listing=LISTING),
    "offered apart": b.offer_made(offer=UNLISTED, proposed=[PROPOSED]),
    "deal": b.contract_concluded(
        parties=sorted([INSTITUTE, RIVAL]), listing=LISTING, grants=[b.grant(licensee=RIVAL)]
    ),
    "closed": b.listing_closed(),
}
AT = {name: position for position, name in enumerate(STORY, 1)}


@pytest.fixture(scope="module")
def told(postgres_server) -> Iterator[Pool]:
    with fresh_database(postgres_server) as database:
        pool = Pool(database.app_dsn, size=4)
        rebuild(pool, READ_MODELS, decode)
        append_all(pool, written_again(logged(*STORY.values())), NOON, batch=1)
        Runner(pool, READ_MODELS, decode).catch_up()
        yield pool
        pool.close()


def stand(told: Pool, after: str) -> dict[str, tuple[bool, str | None, tuple[int, ...]]]:
    found = offers_of(reading(told), at=NOON + timedelta(seconds=AT[after]), party=FIRM)
    return {each.offer.subject: (each.open, each.reason, each.lapsed_by) for each in found.offers}


def test_a_deal_on_the_listing_takes_what_was_offered_for_another(told: Pool):
    untouched = (True, None, ())
    before = stand(told, "offered apart")
    assert {OFFER: untouched, SECOND: untouched, UNLISTED: untouched} == before
    after = stand(told, "deal")
    lapsed = (False, "lapsed", (AT["deal"],))
    assert {OFFER: lapsed, SECOND: untouched, UNLISTED: untouched} == after


def test_a_listing_takes_the_offers_on_it_along_when_it_closes(told: Pool):
    after = stand(told, "closed")
    assert (False, "lapsed", (AT["closed"],)) == after[SECOND]
    assert (False, "lapsed", (AT["deal"],)) == after[OFFER]
    assert (True, None, ()) == after[UNLISTED]
    found = offers_of(reading(told), at=NOON + timedelta(seconds=AT["closed"]), offer=SECOND)
    assert (AT["offered too"], AT["closed"]) == found.positions
