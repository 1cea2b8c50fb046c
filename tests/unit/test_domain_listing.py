"""Listings: who may show what, and what a listing that stopped no longer takes."""

from datetime import UTC, datetime

import pytest
from pydantic import ValidationError

from ledger.domain.core.existence import PredecessorUnknown, SubjectExists
from ledger.domain.market.listing import ContentMissing, Listing, ListingNoTitle, ListingNotOpen
from ledger.domain.parties.signature_refusals import WrongSigner
from tests.support.builders import (
    AUTHOR,
    BANK,
    FIRM,
    INSTITUTE,
    LISTING,
    OPERATOR,
    OTHER_RIGHT,
    REVIEWER,
    RIGHT,
    SOME_HASH,
    TECHNOLOGY,
    assignment_agreed,
    assignment_registered,
    held,
    listing_closed,
    listing_published,
    listing_suspended,
    offer_made,
    right_filed,
    sealed,
    technology_registered,
)
from tests.support.specification import given, said


def test_an_owner_lists_its_right() -> None:
    past = given(right_filed()).when(listing_published()).then_admitted()
    expected = Listing(2, INSTITUTE, REVIEWER, None, rights=(RIGHT,))
    assert expected == past.value(LISTING)


def test_listing_no_title_of_a_right() -> None:
    past = given(right_filed())
    refusal = past.when(listing_published(lister=FIRM)).then_refused(
        ListingNoTitle, subjects=[RIGHT]
    )
    assert "LISTING_NO_TITLE" == refusal.code


def test_a_co_owner_may_list() -> None:
    owners = [held(INSTITUTE, 99, 100), held(FIRM, 1, 100)]
    given(right_filed(owners=owners)).when(listing_published(lister=FIRM)).then_admitted()


def test_listing_no_title_of_a_right_that_was_assigned_away() -> None:
    past = given(right_filed(), assignment_agreed(), assignment_registered())
    past.when(listing_published()).then_refused(ListingNoTitle)
    past.when(listing_published(lister=FIRM)).then_admitted()


def test_listing_no_title_of_a_technology() -> None:
    past = given(technology_registered())
    listed = {"technology": TECHNOLOGY, "rights": []}
    past.when(listing_published(**listed, lister=FIRM)).then_refused(
        ListingNoTitle, subjects=[TECHNOLOGY]
    )
    past.when(listing_published(**listed)).then_admitted()


def test_listing_no_title_names_only_what_is_not_owned() -> None:
    other = right_filed(
        right=OTHER_RIGHT,
        application_no="1-2020-00002",
        owners=[
            held(FIRM),
        ],
    )
    past = given(right_filed(), other)
    past.when(listing_published(rights=[RIGHT, OTHER_RIGHT])).then_refused(
        ListingNoTitle, subjects=[OTHER_RIGHT]
    )


@pytest.mark.parametrize("listed", [{"rights": [RIGHT]}, {"rights": [], "technology": TECHNOLOGY}])
def test_predecessor_unknown_for_what_nobody_recorded(listed: dict[str, object]) -> None:
    given().when(listing_published(**listed)).then_refused(PredecessorUnknown)


def test_subject_exists_for_a_second_listing_of_one_name() -> None:
    past = given(right_filed(), listing_published())
    past.when(listing_published()).then_refused(SubjectExists, positions=[1], subjects=[LISTING])


def test_a_firm_posts_a_need() -> None:
    given().when(listing_published(kind="need", rights=[], lister=FIRM)).then_admitted()


@pytest.mark.parametrize("offered", [{"rights": [RIGHT]}, {"rights": [], "technology": TECHNOLOGY}])
def test_a_need_lists_nothing(offered: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        listing_published(kind="need", **offered)


def test_the_price_asked_may_be_sealed() -> None:
    given(right_filed()).when(listing_published(ask=sealed())).then_admitted()


def test_wrong_signer_if_a_bank_reviews() -> None:
    past = given(right_filed())
    past.when(listing_published(reviewer=BANK)).then_refused(WrongSigner, subjects=[BANK])


def test_the_operator_may_review() -> None:
    given(right_filed()).when(listing_published(reviewer=OPERATOR)).then_admitted()


def test_content_missing_if_paper_was_converted_without_a_scan() -> None:
    past = given(right_filed())
    refusal = past.when(listing_published(channel="paper_converted")).then_refused(
        ContentMissing, word={"/body/scan_sha256": SOME_HASH}
    )
    assert "CONTENT_MISSING" == refusal.code
    past.when(listing_published(channel="paper_converted", scan_sha256=SOME_HASH)).then_admitted()


def test_a_deal_on_the_floor_needs_no_scan() -> None:
    given(right_filed()).when(listing_published(channel="floor")).then_admitted()


@pytest.mark.parametrize("closer", [INSTITUTE, REVIEWER])
def test_lister_and_reviewer_may_close(closer: str) -> None:
    past = given(right_filed(), listing_published())
    past = past.when(listing_closed(closed_by=closer)).then_admitted()
    assert 3 == past.value(LISTING).closed


def test_wrong_signer_if_a_stranger_closes() -> None:
    past = given(right_filed(), listing_published())
    past.when(listing_closed(closed_by=FIRM)).then_refused(WrongSigner)


def test_wrong_signer_if_the_lister_suspends_as_its_own_reviewer() -> None:
    past = given(right_filed(), listing_published())
    past.when(listing_suspended(reviewer=INSTITUTE)).then_refused(WrongSigner)


@pytest.mark.parametrize("end", [listing_closed(), listing_suspended()])
def test_predecessor_unknown_for_the_end_of_no_listing(end) -> None:
    given().when(end).then_refused(PredecessorUnknown, subjects=[LISTING])


def test_listing_not_open_once_closed() -> None:
    past = given(right_filed(), listing_published(), listing_closed())
    anew = listing_published(listing="listing:anew").model_dump(mode="json")
    word = {"listing.published/1": anew, "/body/listing": "listing:anew"}
    for late in (listing_closed(), listing_suspended(), offer_made(listing=LISTING)):
        refusal = past.when(late).then_refused(
            ListingNotOpen, positions=[2], subjects=[LISTING], word=word
        )
        assert "LISTING_NOT_OPEN" == refusal.code


def test_a_suspended_listing_takes_no_offer_but_can_be_closed() -> None:
    past = given(right_filed(), listing_published(), listing_suspended())
    past.when(listing_suspended()).then_refused(ListingNotOpen, positions=[2])
    word = {"listing.resumed/1": {"reason": "Đã xác minh"}}
    past.when(offer_made(listing=LISTING)).then_refused(ListingNotOpen, positions=[2], word=word)
    past.when(listing_closed()).then_admitted()


def test_listing_not_open_from_midnight_in_hanoi_after_its_last_day() -> None:
    past = given(right_filed(), listing_published(expires_on="2026-11-10"))
    last = datetime(2026, 11, 10, 16, 59, 59, 999_000, tzinfo=UTC)
    past.when(said(offer_made(listing=LISTING), accepted=last)).then_admitted()
    midnight = datetime(2026, 11, 10, 17, tzinfo=UTC)
    past.when(said(offer_made(listing=LISTING), accepted=midnight)).then_refused(
        ListingNotOpen, positions=[1]
    )


def test_a_coordinator_is_about_the_listing_but_does_not_sign() -> None:
    listing = listing_published(coordinator=AUTHOR)
    assert AUTHOR in listing.subjects()
    given(right_filed()).when(listing).then_admitted()
