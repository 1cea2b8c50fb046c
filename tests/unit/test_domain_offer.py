"""Offers: the Civil Code's state machine, each refusal beside the nearest answer admitted."""

from datetime import UTC, datetime, timedelta

import pytest
from pydantic import ValidationError

from ledger.domain.core.context import OpeningRequired
from ledger.domain.core.existence import IntervalEmpty, PredecessorUnknown, SubjectExists
from ledger.domain.core.money import RateRange
from ledger.domain.market.offer import (
    AcceptNotAddressee,
    AcceptTermsDiffer,
    OfferClosed,
    OfferExpired,
    RevokeNotReserved,
)
from ledger.domain.parties.party import PartyUnknown
from ledger.domain.parties.signature_refusals import WrongSigner
from tests.support.builders import (
    COUNTER,
    FIRM,
    INSTITUTE,
    LISTING,
    OFFER,
    RIVAL,
    SOME_HASH,
    STRANGER,
    hash_of,
    listing_published,
    offer_accepted,
    offer_countered,
    offer_made,
    offer_rejected,
    offer_revoked,
    right_filed,
    sealed,
)
from tests.support.specification import START, given, said

NOON = datetime(2036, 11, 30, 5, tzinfo=UTC)
"""Noon in Hanoi, when the offer of the builders ends."""


def test_the_addressee_accepts() -> None:
    past = given(offer_made()).when(offer_accepted()).then_admitted()
    answer = past.value(OFFER).answer
    assert ("accepted", 2, hash_of(offer_accepted())) == (
        answer.outcome,
        answer.position,
        answer.payload_hash,
    )


def test_offer_expired_one_second_after_noon() -> None:
    past = given(offer_made())
    late = said(offer_accepted(), accepted=NOON + timedelta(seconds=1))
    word = {
        "offer.countered/1": offer_countered(expires_at="2036-12-31T05:00:00.000Z").model_dump()
    }
    refusal = past.when(late).then_refused(OfferExpired, positions=[0], word=word)
    assert "OFFER_EXPIRED" == refusal.code
    past.when(said(offer_accepted(), accepted=NOON)).then_admitted()


def test_a_late_acceptance_can_be_said_as_a_new_offer() -> None:
    past = given(offer_made())
    answer = offer_countered(royalty_ppm=50_000, expires_at="2036-12-31T05:00:00.000Z")
    past.when(said(answer, accepted=NOON + timedelta(seconds=1))).then_admitted()


def test_accept_terms_differ_at_4_per_cent_where_5_was_offered() -> None:
    past = given(offer_made())
    other = hash_of(offer_made(royalty_ppm=40_000))
    refusal = past.when(offer_accepted(accepts=other)).then_refused(
        AcceptTermsDiffer, positions=[0]
    )
    assert "ACCEPT_TERMS_DIFFER" == refusal.code
    past.when(offer_countered(royalty_ppm=40_000)).then_admitted()


def test_accept_terms_differ_for_the_terms_of_another_offer_in_the_log() -> None:
    rival = offer_made(offer=COUNTER, offeror=RIVAL)
    past = given(offer_made(), rival)
    past.when(offer_accepted(accepts=hash_of(rival))).then_refused(AcceptTermsDiffer)
    past.when(offer_accepted(offer=COUNTER, accepts=hash_of(rival))).then_admitted()


def test_accept_not_addressee_if_a_third_firm_accepts() -> None:
    past = given(offer_made())
    refusal = past.when(offer_accepted(accepted_by=RIVAL)).then_refused(
        AcceptNotAddressee, positions=[0]
    )
    assert "ACCEPT_NOT_ADDRESSEE" == refusal.code
    past.when(offer_accepted(accepted_by=INSTITUTE)).then_admitted()


@pytest.mark.parametrize(
    "answer",
    [
        offer_accepted(accepted_by=FIRM),
        offer_rejected(rejected_by=RIVAL),
        offer_countered(offeror=RIVAL),
        offer_countered(offeree=RIVAL),
    ],
    ids=["own offer accepted", "rejected", "countered", "countered to another"],
)
def test_accept_not_addressee_for_every_answer(answer) -> None:
    given(offer_made()).when(answer).then_refused(AcceptNotAddressee)


@pytest.mark.parametrize(
    ("answer", "outcome"),
    [
        (offer_accepted(), "accepted"),
        (offer_rejected(), "rejected"),
        (offer_countered(), "countered"),
        (offer_revoked(), "revoked"),
    ],
)
def test_offer_closed_by_each_answer(answer, outcome: str) -> None:
    past = given(offer_made(revocable=True), offer_made(offer="offer:another"))
    made = hash_of(offer_made(revocable=True))
    if outcome == "countered":
        answer = offer_countered(counters_event=made)
    elif outcome == "accepted":
        answer = offer_accepted(accepts=made)
    past = past.and_then(answer)
    assert outcome == past.value(OFFER).answer.outcome
    again = [
        offer_accepted(accepts=made),
        offer_rejected(),
        offer_countered(offer="offer:late", counters_event=made),
        offer_revoked(),
    ]
    word = {"offer.made/1": offer_made(offer="offer:anew").model_dump(mode="json")}
    for late in again:
        refusal = past.when(late).then_refused(OfferClosed, positions=[2], word=word)
        assert "OFFER_CLOSED" == refusal.code


def test_an_answer_closes_no_other_offer() -> None:
    past = given(offer_made(), offer_made(offer="offer:another"), offer_rejected())
    past.when(offer_rejected(offer="offer:another")).then_admitted()


def test_the_counter_offer_is_open_in_its_turn() -> None:
    past = given(offer_made(), offer_countered())
    accepts = hash_of(offer_countered())
    past.when(offer_accepted(offer=COUNTER, accepts=accepts, accepted_by=FIRM)).then_admitted()


def test_revoke_not_reserved() -> None:
    refusal = (
        given(offer_made()).when(offer_revoked()).then_refused(RevokeNotReserved, positions=[0])
    )
    assert "REVOKE_NOT_RESERVED" == refusal.code
    given(offer_made(revocable=True)).when(offer_revoked()).then_admitted()


def test_wrong_signer_if_the_addressee_revokes() -> None:
    past = given(offer_made(revocable=True))
    past.when(offer_revoked(revoked_by=INSTITUTE)).then_refused(WrongSigner)


@pytest.mark.parametrize(
    "answer", [offer_accepted(), offer_rejected(), offer_revoked()], ids=lambda body: body.TOPIC
)
def test_predecessor_unknown_if_there_is_no_such_offer(answer) -> None:
    given().when(answer).then_refused(PredecessorUnknown, subjects=[OFFER])


def test_predecessor_unknown_if_a_counter_names_another_event() -> None:
    past = given(offer_made(), offer_made(offer="offer:another", royalty_ppm=10_000))
    other = hash_of(offer_made(offer="offer:another", royalty_ppm=10_000))
    past.when(offer_countered(counters_event=SOME_HASH)).then_refused(
        PredecessorUnknown, subjects=[SOME_HASH]
    )
    past.when(offer_countered(counters_event=other)).then_refused(
        PredecessorUnknown, positions=[0], subjects=[OFFER]
    )


def test_existence_comes_before_standing_and_standing_before_state() -> None:
    wrong = offer_accepted(accepted_by=RIVAL, accepts=SOME_HASH)
    expired = {"accepted": NOON + timedelta(seconds=1)}
    given().when(said(wrong, **expired)).then_refused(PredecessorUnknown)
    past = given(offer_made(), offer_rejected())
    past.when(said(wrong, **expired)).then_refused(AcceptNotAddressee)
    past.when(said(offer_accepted(accepts=SOME_HASH), **expired)).then_refused(OfferClosed)
    past = given(offer_made())
    past.when(said(offer_accepted(accepts=SOME_HASH), **expired)).then_refused(OfferExpired)


def test_subject_exists_for_a_second_offer_of_one_name() -> None:
    past = given(offer_made())
    past.when(offer_made(royalty_ppm=1)).then_refused(
        SubjectExists, positions=[0], subjects=[OFFER]
    )


def test_interval_empty_if_an_offer_ends_before_it_is_recorded() -> None:
    now = START + timedelta(seconds=1)
    ended = offer_made(expires_at="2026-11-02T03:00:01.000Z")
    word = {"/body/expires_at": "2026-12-02T03:00:00.000Z"}
    given().when(said(ended, accepted=now)).then_refused(IntervalEmpty, word=word)
    lasting = offer_made(expires_at="2026-11-02T03:00:01.001Z")
    given().when(said(lasting, accepted=now)).then_admitted()


@pytest.mark.parametrize("rate", [-1, 1_000_001])
def test_rate_range_of_a_royalty(rate: int) -> None:
    refusal = given().when(offer_made(royalty_ppm=rate)).then_refused(RateRange)
    assert "RATE_RANGE" == refusal.code
    given(offer_made()).when(offer_countered(royalty_ppm=rate)).then_refused(RateRange)


@pytest.mark.parametrize("rate", [0, 1_000_000, None])
def test_a_royalty_may_be_nothing_everything_or_absent(rate: int | None) -> None:
    given().when(offer_made(royalty_ppm=rate)).then_admitted()


def test_a_sealed_royalty_is_opened_to_see_that_it_is_a_rate() -> None:
    offer = offer_made(royalty_ppm=sealed())
    given().when(offer).then_refused(OpeningRequired)
    for wrong in (1_000_001, 50_000.0, "5 %"):
        opened = said(offer, openings={"/body/royalty_ppm": wrong})
        given().when(opened).then_refused(RateRange)
    past = given().when(said(offer, openings={"/body/royalty_ppm": 50_000})).then_admitted()
    past.when(offer_accepted(accepts=hash_of(offer))).then_admitted()


def test_a_sealed_price_needs_no_opening() -> None:
    given().when(offer_made(price=sealed())).then_admitted()


def test_an_offer_to_oneself_is_none() -> None:
    with pytest.raises(ValidationError):
        offer_made(offeree=FIRM)


def test_a_counter_offer_is_an_offer_of_its_own() -> None:
    with pytest.raises(ValidationError):
        offer_countered(offer=OFFER)


def test_party_unknown_if_nobody_could_answer() -> None:
    given().when(offer_made(offeree=STRANGER)).then_refused(PartyUnknown)


def test_an_offer_may_answer_a_listing() -> None:
    past = given(right_filed(), listing_published())
    past.when(offer_made(listing=LISTING)).then_admitted()
    given().when(offer_made(listing=LISTING)).then_refused(PredecessorUnknown, subjects=[LISTING])
