"""Rules 39 to 43, 79 and 80, and those of auctions: what an answer on the market must meet."""

from datetime import UTC, datetime, timedelta
from hashlib import sha256

from ledger.domain.contracts.acceptance import AcceptanceDiffers
from ledger.domain.core.existence import PredecessorUnknown
from ledger.domain.market.auction import (
    AuctionOver,
    AuctionRunning,
    AuctionWinnerMismatch,
    BidForm,
    BidTooLow,
)
from ledger.domain.market.listing import ListingDuplicate, ListingNoTitle, ListingNotOpen
from ledger.domain.market.offer import (
    AcceptNotAddressee,
    AcceptTermsDiffer,
    OfferClosed,
    OfferExpired,
    RevokeNotReserved,
)
from ledger.domain.market.sealed_bid import BidOpeningMismatch, BidTwice
from ledger.domain.parties.signature_refusals import WrongSigner
from tests.support import market as m
from tests.support.builders import (
    BANK,
    COUNTER,
    FIRM,
    INSTITUTE,
    LISTING,
    OTHER_RIGHT,
    RIVAL,
    contract_concluded,
    grant,
    hash_of,
    listing_closed,
    listing_published,
    listing_suspended,
    offer_accepted,
    offer_countered,
    offer_made,
    offer_rejected,
    offer_revoked,
    other_right_filed,
    right_filed,
    vnd,
)
from tests.support.specification import START, Past, given, said

NOON = datetime(2036, 11, 30, 5, tzinfo=UTC)
LISTED = given(right_filed(), listing_published())
PROPOSED = {
    key: value
    for key, value in grant(valid_from="2026-11-02").items()
    if key in ("licensor", "licensee", "rights", "acts", "exclusivity", "territory", "field")
    or key.startswith("valid")
}


def test_offer_expired() -> None:
    """Open until noon; accepted a second later; a counter-offer is the answer then."""
    past = given(offer_made())
    late = NOON + timedelta(seconds=1)
    past.when(said(offer_accepted(), accepted=late)).then_refused(OfferExpired)
    past.when(said(offer_accepted(), accepted=NOON)).then_admitted()


def test_accept_terms_differ() -> None:
    """Accepted at 4 % where 5 % was offered; saying so as a counter-offer is admitted."""
    past = given(offer_made())
    other = hash_of(offer_made(royalty_ppm=40_000))
    past.when(offer_accepted(accepts=other)).then_refused(AcceptTermsDiffer, positions=[0])
    past.when(offer_countered(royalty_ppm=40_000)).then_admitted()


def test_accept_not_addressee() -> None:
    """A third firm accepts."""
    past = given(offer_made())
    past.when(offer_accepted(accepted_by=RIVAL)).then_refused(AcceptNotAddressee)
    past.when(offer_accepted()).then_admitted()


def test_offer_closed() -> None:
    """Accepted after it was rejected, countered, or taken by a deal with another."""
    past = given(offer_made())
    past.and_then(offer_rejected()).when(offer_accepted()).then_refused(OfferClosed, positions=[1])
    countered = past.and_then(offer_countered())
    countered.when(offer_accepted()).then_refused(OfferClosed, positions=[1])
    accepts = hash_of(offer_countered())
    countered.when(offer_accepted(offer=COUNTER, accepts=accepts, accepted_by=FIRM)).then_admitted()


def test_offer_closed_by_a_deal_that_took_what_was_offered() -> None:
    """The rival is licensed exclusively from the listing: the firm's offer has lapsed."""
    offer = offer_made(listing=LISTING, proposed=[PROPOSED])
    accepted = offer_accepted(accepts=hash_of(offer))
    past = LISTED.and_then(offer)
    past.when(accepted).then_admitted()
    deal = contract_concluded(
        parties=sorted([INSTITUTE, RIVAL]), listing=LISTING, grants=[grant(licensee=RIVAL)]
    )
    past.and_then(deal).when(accepted).then_refused(OfferClosed, positions=[3])
    elsewhere = grant(licensee=RIVAL, field={**grant()["field"], "codes": ["A01B"]})
    apart = contract_concluded(
        parties=sorted([INSTITUTE, RIVAL]), listing=LISTING, grants=[elsewhere]
    )
    past.and_then(apart).when(accepted).then_admitted()
    past.and_then(listing_closed()).when(accepted).then_refused(OfferClosed, positions=[3])


def test_revoke_not_reserved() -> None:
    """Revoked before its deadline, though the offer did not say that it may be."""
    given(offer_made()).when(offer_revoked()).then_refused(RevokeNotReserved)
    given(offer_made(revocable=True)).when(offer_revoked()).then_admitted()


def licensed(**overrides: object) -> Past:
    """Return the past in which the firm holds a licence."""
    today = {"valid_from": "2026-11-02", "sublicensing": "no"}
    deal = contract_concluded(grants=[grant(**{**today, **overrides})])
    return given(right_filed(), deal)


def test_listing_no_title() -> None:
    """A firm lists what it holds under a licence that it may not pass on."""
    listed = listing_published(lister=FIRM)
    refusal = licensed().when(listed).then_refused(ListingNoTitle, positions=[1])
    assert "LISTING_NO_TITLE" == refusal.code
    licensed(sublicensing="free").when(listed).then_admitted()
    licensed(transferable=True).when(listed).then_admitted()


def test_listing_duplicate() -> None:
    """The same right is live on a linked exchange, for another owner."""
    elsewhere = given(other_right_filed(), m.listing_mirrored(owner=BANK))
    mine = listing_published(rights=[OTHER_RIGHT])
    elsewhere.when(mine).then_refused(ListingDuplicate, positions=[1])
    given(other_right_filed(), m.listing_mirrored()).when(mine).then_admitted()


def test_a_mirrored_listing_takes_no_answers() -> None:
    """It is answered where it stands."""
    past = given(other_right_filed(), m.listing_mirrored())
    past.when(m.interest_shown(listing=m.ELSEWHERE)).then_refused(ListingNotOpen)


def test_a_draft_is_published_by_its_lister_only() -> None:
    """Nobody answers a draft; another's listing under its id is a second one."""
    past = given(right_filed(), m.listing_drafted())
    published = {"listing.published/1": listing_published().model_dump(mode="json")}
    past.when(m.interest_shown(listing=m.DRAFT)).then_refused(ListingNotOpen, word=published)
    published = past.and_then(listing_published(listing=m.DRAFT))
    published.when(m.interest_shown(listing=m.DRAFT)).then_admitted()


def test_a_listing_resumes() -> None:
    """What a reviewer suspended takes answers again; what was not suspended is not resumed."""
    LISTED.when(m.listing_resumed()).then_refused(ListingNotOpen)
    suspended = LISTED.and_then(listing_suspended())
    suspended.when(m.interest_shown()).then_refused(ListingNotOpen, positions=[2])
    suspended.and_then(m.listing_resumed()).when(m.interest_shown()).then_admitted()


BIDDING = LISTED.and_then(m.auction_opened())
AFTER = START + timedelta(days=2)


def test_bid_too_low() -> None:
    """Below the reserve; above the last bid by less than the increment."""
    BIDDING.when(m.bid_placed(99_999_999)).then_refused(BidTooLow, positions=[2])
    once = BIDDING.and_then(m.bid_placed(100_000_000))
    once.when(m.bid_placed(109_999_999, RIVAL)).then_refused(BidTooLow, positions=[2, 3])
    once.when(m.bid_placed(110_000_000, RIVAL)).then_admitted()


def test_a_seller_does_not_bid() -> None:
    """Who sells drives no price up."""
    own = m.bid_placed(100_000_000, INSTITUTE)
    BIDDING.when(own).then_refused(WrongSigner, word={"/body/bidder": FIRM})


def test_auction_closed() -> None:
    """A bid after the time, or after the close."""
    BIDDING.when(said(m.bid_placed(), accepted=AFTER)).then_refused(AuctionOver, positions=[2])
    closed = BIDDING.and_then(said(m.auction_closed(), accepted=AFTER))
    late = said(m.bid_placed(), accepted=AFTER + timedelta(seconds=1))
    closed.when(late).then_refused(AuctionOver, positions=[3])


def test_auction_running() -> None:
    """No winner is named while bids come in."""
    past = BIDDING.and_then(m.bid_placed())
    past.when(m.auction_closed(FIRM, 100_000_000)).then_refused(AuctionRunning, positions=[2])


def test_auction_winner_mismatch() -> None:
    """The lister names the lower bidder, another price, or nobody; a contract binds a third."""
    past = BIDDING.and_then(m.bid_placed()).and_then(m.bid_placed(120_000_000, RIVAL))
    for wrong in (
        m.auction_closed(FIRM, 100_000_000),
        m.auction_closed(RIVAL, 119_000_000),
        m.auction_closed(),
    ):
        past.when(said(wrong, accepted=AFTER)).then_refused(AuctionWinnerMismatch, positions=[4])
    won = past.and_then(said(m.auction_closed(RIVAL, 120_000_000), accepted=AFTER))
    later = AFTER + timedelta(seconds=1)
    with_firm = contract_concluded(listing=LISTING, auction=m.AUCTION)
    won.when(said(with_firm, accepted=later)).then_refused(AcceptanceDiffers, positions=[5])
    with_rival = contract_concluded(
        parties=sorted([INSTITUTE, RIVAL]),
        listing=LISTING,
        auction=m.AUCTION,
        grants=[grant(licensee=RIVAL)],
        price=vnd(120_000_000),
        royalty_ppm=None,
        concluded_on="2026-11-04",
    )
    won.when(said(with_rival, accepted=later)).then_admitted()


def test_a_dutch_auction_falls_until_somebody_bids() -> None:
    """From 200 million by 10 an hour: 180 after two hours; the first bid ends it."""
    past = LISTED.and_then(m.dutch_opened())
    two_hours = START + timedelta(hours=2, minutes=1)
    low = said(m.bid_placed(179_999_999), accepted=two_hours)
    past.when(low).then_refused(BidTooLow)
    won = past.and_then(said(m.bid_placed(180_000_000), accepted=two_hours))
    later = two_hours + timedelta(seconds=1)
    second = said(m.bid_placed(190_000_000, RIVAL), accepted=later)
    won.when(second).then_refused(AuctionOver, positions=[3])
    won.when(said(m.auction_closed(FIRM, 180_000_000), accepted=later)).then_admitted()


UNDER_SEAL = LISTED.and_then(m.sealed_opened())
OPENING = datetime(2026, 11, 3, 4, tzinfo=UTC)
OPENED = datetime(2026, 11, 4, 4, tzinfo=UTC)


def test_bid_form() -> None:
    """An open bid where bids are sealed, and a sealed one where they are open."""
    word = {"bid.sealed/1": {"commitment": m.bid_sealed().commitment}}
    UNDER_SEAL.when(m.bid_placed(auction=m.SEALED)).then_refused(BidForm, positions=[2], word=word)
    word = {"bid.placed/1": {"price": vnd(100_000_000)}}
    BIDDING.when(m.bid_sealed(auction=m.AUCTION)).then_refused(BidForm, positions=[2], word=word)
    UNDER_SEAL.when(m.bid_sealed()).then_admitted()
    UNDER_SEAL.when(m.bid_sealed(bidder=INSTITUTE)).then_refused(WrongSigner)


def test_bid_twice() -> None:
    """A party seals a second bid, or opens its bid once more."""
    past = UNDER_SEAL.and_then(m.bid_sealed())
    past.when(m.bid_sealed(200_000_000)).then_refused(BidTwice, positions=[3])
    past.when(m.bid_sealed(bidder=RIVAL)).then_admitted()
    opened = past.and_then(said(m.bid_opened(), accepted=OPENING))
    again = said(m.bid_opened(), accepted=OPENING + timedelta(seconds=1))
    opened.when(again).then_refused(BidTwice, positions=[4])


def test_bid_opening_mismatch() -> None:
    """Another price than was sealed, another salt, or another's commitment."""
    past = UNDER_SEAL.and_then(m.bid_sealed()).and_then(m.bid_sealed(bidder=RIVAL))
    for wrong in (m.bid_opened(100_000_001), m.bid_opened(salt=32 * "00")):
        past.when(said(wrong, accepted=OPENING)).then_refused(
            BidOpeningMismatch,
            positions=[3],
            word={"/body/price": vnd(100_000_000), "/body/salt": m.SALT},
        )
    past.when(said(m.bid_opened(), accepted=OPENING)).then_admitted()
    copied = m.bid_sealed().commitment
    thief = UNDER_SEAL.and_then(m.bid_sealed(bidder=RIVAL, commitment=copied))
    stolen = said(m.bid_opened(bidder=RIVAL), accepted=OPENING)
    thief.when(stolen).then_refused(BidOpeningMismatch, positions=[3])


def test_sealed_bids_are_opened_after_the_close_and_in_time() -> None:
    past = UNDER_SEAL.and_then(m.bid_sealed())
    past.when(m.bid_opened()).then_refused(AuctionRunning, positions=[2])
    past.when(said(m.bid_opened(), accepted=OPENED)).then_refused(AuctionOver, positions=[2])
    past.when(said(m.bid_opened(), accepted=OPENING)).then_admitted()
    past.when(said(m.bid_sealed(bidder=RIVAL), accepted=OPENING)).then_refused(AuctionOver)
    stranger = said(m.bid_opened(bidder=RIVAL), accepted=OPENING)
    past.when(stranger).then_refused(PredecessorUnknown, positions=[2])
    low = UNDER_SEAL.and_then(m.bid_sealed(99_999_999))
    low.when(said(m.bid_opened(99_999_999), accepted=OPENING)).then_refused(BidTooLow)
    other = UNDER_SEAL.and_then(m.bid_sealed())
    dollars = said(m.bid_opened(price={"amount": 100_000_000, "currency": "USD"}), accepted=OPENING)
    other.when(dollars).then_refused(BidOpeningMismatch)


def test_the_highest_bid_that_was_opened_wins_and_of_equal_ones_the_first_sealed() -> None:
    past = UNDER_SEAL
    for bid in (
        m.bid_sealed(150_000_000, RIVAL),
        m.bid_sealed(150_000_000),
        m.bid_sealed(900_000_000, BANK),
    ):
        past = past.and_then(bid)
    firm, rival = m.bid_opened(150_000_000), m.bid_opened(150_000_000, RIVAL)
    for number, bid in enumerate((firm, rival)):
        past = past.and_then(said(bid, accepted=OPENING + timedelta(seconds=number)))
    close = m.auction_closed(RIVAL, 150_000_000, auction=m.SEALED)
    early = said(close, accepted=OPENING + timedelta(hours=1))
    past.when(early).then_refused(AuctionRunning, positions=[2])
    wrong = m.auction_closed(FIRM, 150_000_000, auction=m.SEALED)
    past.when(said(wrong, accepted=OPENED)).then_refused(AuctionWinnerMismatch, positions=[3])
    past.when(said(close, accepted=OPENED)).then_admitted()


def test_a_commitment_is_the_hash_of_what_it_says() -> None:
    """Computed apart, from the documented lines."""
    said_so = f"techledger/bid/v1\n{m.SEALED}\n{FIRM}\n100000000\nVND\n{m.SALT}"
    assert "sha256:" + sha256(said_so.encode()).hexdigest() == m.bid_sealed().commitment
