"""Offers: open, or closed for a reason, at any instant."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from ledger.domain.core.event import Logged
from projections.engine.row_cache import RowCache
from projections.tables.offers import Offer, offers, state_at
from tests.support.builders import (
    COUNTER,
    FIRM,
    INSTITUTE,
    OFFER,
    offer_accepted,
    offer_countered,
    offer_made,
    offer_rejected,
    offer_revoked,
    sealed,
    vnd,
)
from tests.support.projecting import logged
from tests.support.specification import START

EXPIRES = datetime(2036, 11, 30, 5, tzinfo=UTC)
MADE, ANSWERED = START + timedelta(seconds=1), START + timedelta(seconds=2)


def folded(events: list[Logged]) -> dict[str, Offer]:
    sheet = RowCache(offers, complete=True, capacity=None)
    for each in events:
        if offers.touches(type(each.event.body)):
            sheet.fold(each)
    return {offer.subject: offer for (offer,) in sheet.rows()}


def state(offer: Offer, at: datetime) -> tuple[bool, str | None]:
    found = state_at(offer, at)
    return found.open, found.reason


def test_an_offer_is_open_through_its_last_instant():
    """Civil Code art. 394: an answer within the time is in time."""
    offer = folded(logged(offer_made()))[OFFER]
    assert (True, None) == state(offer, EXPIRES)
    assert (False, "expired") == state(offer, EXPIRES + timedelta(milliseconds=1))


@pytest.mark.parametrize(
    ("made", "answer", "reason", "by"),
    [
        ({}, offer_accepted(), "accepted", INSTITUTE),
        ({}, offer_rejected(), "rejected", INSTITUTE),
        ({"revocable": True}, offer_revoked(), "revoked", FIRM),
        ({}, offer_countered(), "countered", INSTITUTE),
    ],
    ids=["accepted", "rejected", "revoked", "countered"],
)
def test_an_answer_closes_an_offer_from_its_instant_on(
    made: dict[str, Any], answer: Any, reason: str, by: str
):
    offer = folded(logged(offer_made(**made), answer))[OFFER]
    before = state_at(offer, ANSWERED - timedelta(milliseconds=1))
    assert (True, None) == (before.open, before.reason)
    assert (None, None) == (before.offer.closed_position, before.offer.closed_by)
    assert (False, reason) == state(offer, ANSWERED)
    assert (2, ANSWERED, by) == (offer.closed_position, offer.closed_at, offer.closed_by)


def test_an_answer_is_the_reason_even_after_the_offer_would_have_expired():
    offer = folded(logged(offer_made(), offer_rejected()))[OFFER]
    assert (False, "rejected") == state(offer, EXPIRES + timedelta(days=1))


def test_a_counter_offer_closes_one_and_opens_another():
    found = folded(logged(offer_made(), offer_countered()))
    assert COUNTER == found[OFFER].closed_by_offer
    assert (OFFER, None) == (found[COUNTER].counters, found[COUNTER].closed_reason)


def test_a_sealed_price_stays_a_commitment():
    """Rows derive from entry bytes alone, so an opening never gets into them."""
    price = sealed("price")
    offer = folded(logged(offer_made(price=price, royalty_ppm=None)))[OFFER]
    assert (None, None, price["commitment"]) == (
        offer.price_amount,
        offer.price_currency,
        offer.price_commitment,
    )
    open_price = folded(logged(offer_made(price=vnd(5), royalty_ppm=7)))[OFFER]
    assert (5, "VND", None, 7, None) == (
        open_price.price_amount,
        open_price.price_currency,
        open_price.price_commitment,
        open_price.royalty_ppm,
        open_price.royalty_commitment,
    )
