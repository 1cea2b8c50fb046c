"""Bodies of the market, like those of `builders`: a draft, a need, a linked exchange, auctions."""

from datetime import datetime, timedelta
from typing import Any

from ledger.domain.core.body import Body
from ledger.domain.core.money import Price
from ledger.domain.core.types import format_instant
from ledger.domain.market.auction import AuctionClosed, AuctionOpened, BidPlaced
from ledger.domain.market.interest_and_nda import InterestShown, NdaSigned
from ledger.domain.market.listing import ListingDrafted, ListingResumed
from ledger.domain.market.mirrored_listing import ListingMirrored
from ledger.domain.market.need import NeedPosted
from ledger.domain.market.sealed_bid import BidOpened, BidSealed, commitment_to
from tests.support.builders import (
    CLERK,
    FIRM,
    INSTITUTE,
    LISTING,
    OTHER_RIGHT,
    REVIEWER,
    SOME_HASH,
    built,
    listing_published,
    listing_suspended,
    vnd,
)

DRAFT = "listing:01890000-0000-7000-8000-000000000020"
NEED = "listing:01890000-0000-7000-8000-000000000021"
ELSEWHERE = "listing:01890000-0000-7000-8000-000000000022"
AUCTION = "auction:01890000-0000-7000-8000-000000000023"
NDA = "nda:01890000-0000-7000-8000-000000000024"
SEALED = "auction:01890000-0000-7000-8000-000000000026"
SALT = 32 * "5a"
CLOSES = "2026-11-03T03:00:00.000Z"


def listing_drafted(**overrides: Any) -> ListingDrafted:
    defaults = {
        "listing": DRAFT,
        "lister": INSTITUTE,
        "title": "Bản nháp",
        "content_sha256": SOME_HASH,
    }
    return built(ListingDrafted, defaults, overrides)


def listing_resumed(**overrides: Any) -> ListingResumed:
    defaults = {"listing": LISTING, "reason": "Đã xác minh", "reviewer": REVIEWER}
    return built(ListingResumed, defaults, overrides)


def listing_mirrored(**overrides: Any) -> ListingMirrored:
    """Return the institute's other right as a linked exchange shows it."""
    defaults = {
        "listing": ELSEWHERE,
        "exchange": "techmart-hcm",
        "external_id": "TM-1",
        "owner": INSTITUTE,
        "rights": [OTHER_RIGHT],
        "title": "Thiết bị sấy",
        "record_sha256": SOME_HASH,
        "attested_by": CLERK,
    }
    return built(ListingMirrored, defaults, overrides)


def need_posted(**overrides: Any) -> NeedPosted:
    defaults = {
        "listing": NEED,
        "market": "dtmarket",
        "title": "Cần giải pháp truy xuất nguồn gốc",
        "summary": "Cho chuỗi rau an toàn",
        "buyer": FIRM,
        "reviewer": REVIEWER,
        "fields": None,
        "budget": vnd(300_000_000),
        "challenge": None,
        "expires_on": None,
    }
    return built(NeedPosted, defaults, overrides)


def interest_shown(**overrides: Any) -> InterestShown:
    return built(InterestShown, {"listing": LISTING, "party": FIRM, "note": None}, overrides)


def nda_signed(**overrides: Any) -> NdaSigned:
    defaults = {
        "nda": NDA,
        "parties": sorted([INSTITUTE, FIRM]),
        "listing": LISTING,
        "documents": [SOME_HASH],
        "terms_sha256": SOME_HASH,
        "signed_on": "2026-11-02",
        "until": "2028-11-02",
    }
    return built(NdaSigned, defaults, overrides)


def auction_opened(**overrides: Any) -> AuctionOpened:
    """Return an English auction of a day, from 100 million, in steps of 10."""
    defaults = {
        "auction": AUCTION,
        "listing": LISTING,
        "kind": "english",
        "opened_by": INSTITUTE,
        "reserve": vnd(100_000_000),
        "increment": 10_000_000,
        "start": None,
        "step_seconds": None,
        "terms_sha256": SOME_HASH,
        "closes_at": CLOSES,
    }
    return built(AuctionOpened, defaults, overrides)


def dutch_opened(**overrides: Any) -> AuctionOpened:
    """Return a Dutch auction that falls by 10 million an hour, from 200 to 100."""
    dutch = {"kind": "dutch", "start": vnd(200_000_000), "step_seconds": 3600}
    return auction_opened(**{**dutch, **overrides})


def bid_placed(amount: int = 100_000_000, bidder: str = FIRM, **overrides: Any) -> BidPlaced:
    defaults = {"auction": AUCTION, "bidder": bidder, "price": vnd(amount)}
    return built(BidPlaced, defaults, overrides)


def auction_closed(winner: str | None = None, amount: int = 0, **overrides: Any) -> AuctionClosed:
    defaults = {
        "auction": AUCTION,
        "closed_by": INSTITUTE,
        "winner": winner,
        "price": None if winner is None else vnd(amount),
    }
    return built(AuctionClosed, defaults, overrides)


def sealed_opened(**overrides: Any) -> AuctionOpened:
    """Return an auction of sealed bids, which are opened in the day after its close."""
    sealed = {"auction": SEALED, "kind": "sealed", "opens_until": "2026-11-04T03:00:00.000Z"}
    return auction_opened(**{**sealed, **overrides})


def bid_sealed(amount: int = 100_000_000, bidder: str = FIRM, **overrides: Any) -> BidSealed:
    price = Price.model_validate(vnd(amount))
    commitment = commitment_to(SEALED, bidder, price, SALT)
    defaults = {"auction": SEALED, "bidder": bidder, "commitment": commitment}
    return built(BidSealed, defaults, overrides)


def bid_opened(amount: int = 100_000_000, bidder: str = FIRM, **overrides: Any) -> BidOpened:
    defaults = {"auction": SEALED, "bidder": bidder, "price": vnd(amount), "salt": SALT}
    return built(BidOpened, defaults, overrides)


def sealed_story(opened_at: datetime) -> tuple[Body, ...]:
    """Return an auction of sealed bids whose events come a second apart."""
    at = [format_instant(opened_at + timedelta(milliseconds=each)) for each in (1_500, 2_500)]
    return (
        sealed_opened(listing=DRAFT, closes_at=at[0], opens_until=at[1]),
        bid_sealed(150_000_000),
        bid_opened(150_000_000),
        auction_closed(FIRM, 150_000_000, auction=SEALED),
    )


STORY: tuple[Body, ...] = (
    listing_suspended(),
    listing_resumed(),
    listing_drafted(),
    listing_published(listing=DRAFT, rights=[]),
    need_posted(),
    interest_shown(),
    nda_signed(),
    listing_mirrored(),
    dutch_opened(listing=DRAFT),
    bid_placed(200_000_000),
    auction_closed(FIRM, 200_000_000),
)
"""Admissible after the listing of `builders`."""
