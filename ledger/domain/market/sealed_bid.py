"""
Bids under seal: committed to before the auction closes, opened after it, the highest wins.

Until the close nobody can read a bid, the operator included; after it nobody can change one. A bid
that its bidder does not open in time does not count. Of equal bids the one that was sealed first is
the best.
Refusals come in the order in which they are defined here, existence first.
Read in this order: events, refusals, helpers, admit, evolve.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import replace
from typing import Annotated, ClassVar

from pydantic import StringConstraints

from ledger.domain.core.body import Body, State
from ledger.domain.core.context import Context
from ledger.domain.core.event import Logged
from ledger.domain.core.existence import PredecessorUnknown, require_known
from ledger.domain.core.money import Price
from ledger.domain.core.refusal import Refusal
from ledger.domain.core.remedy import Step
from ledger.domain.core.rules import admits, evolves
from ledger.domain.core.types import PartyId, Sha256, format_instant
from ledger.domain.market.auction import (
    KIND,
    OVER,
    Auction,
    AuctionId,
    AuctionOver,
    AuctionRunning,
    Bid,
    SealedBid,
    must_be_to_be_had,
    must_bid,
    must_not_have_ended,
    shown_by,
    waiting,
)

Salt = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
"""32 random bytes in hex, fresh for each bid."""


class BidSealed(Body):
    """A party bids under seal, and is bound by its bid if it wins (`commitment_to`)."""

    TOPIC: ClassVar[str] = "bid.sealed/1"
    TITLE = "Sealed bid placed"
    TITLE_VI = "Bỏ giá kín"
    SUBJECTS = "auction bidder"
    SIGNERS = "bidder"

    auction: AuctionId
    """Sealed auction that runs."""
    bidder: PartyId
    """Who bids, once; not the one who opened the auction."""
    commitment: Sha256
    """Hash of auction, bidder, price and a salt (docs/spec/event.md, Commitments). Keep the
    salt: without it the bid cannot be opened, and does not count.
    """

    def reads(self, state: State) -> Iterable[str]:
        """Return the listing of the auction, and its rights."""
        return shown_by(state, self.auction)


class BidOpened(Body):
    """A bidder opens its bid after the close: the price and the salt that it had committed to."""

    TOPIC: ClassVar[str] = "bid.opened/1"
    TITLE = "Sealed bid opened"
    TITLE_VI = "Mở giá kín"
    SUBJECTS = "auction bidder"
    SIGNERS = "bidder"
    COMMITS = "sum:price"

    auction: AuctionId
    """The auction, after `closes_at` and up to `opens_until`."""
    bidder: PartyId
    """Who sealed the bid."""
    price: Price
    """The price committed to, in the auction's currency; the reserve at least."""
    salt: Salt
    """The salt committed to: 32 random bytes in hex, fresh for each bid."""


class BidTwice(Refusal):
    """A party bids once under seal, and opens its bid once."""

    code = "BID_TWICE"
    members = ("bidder",)
    title_vi = "Mỗi bên chỉ bỏ giá kín một lần và mở giá một lần"


class BidOpeningMismatch(Refusal):
    """What is opened is not what the bidder had committed to."""

    code = "BID_OPENING_MISMATCH"
    members = ("price",)
    title_vi = "Giá được mở không khớp với cam kết giá kín"


def commitment_to(auction: str, bidder: str, price: Price, salt: str) -> str:
    r"""Return the commitment to a bid, as `sha256:` and 64 hex digits.

    sha256( techledger/bid/v1\n <auction>\n <bidder>\n <amount>\n <currency>\n <salt> ), the salt in
    hex; no part but the salt can be chosen freely, and none can hold a line feed.
    """
    parts = ("techledger/bid/v1", auction, bidder, str(price.amount), price.currency, salt)
    return "sha256:" + hashlib.sha256("\n".join(parts).encode()).hexdigest()


@admits(BidSealed)
def _admit_sealed(body: BidSealed, state: State, context: Context) -> None:
    """Refuse a bid after the close, of another form, by who sells, of what is not had, or twice."""
    auction = require_known(state, body.auction, Auction)
    must_not_have_ended(auction, context.accepted)
    must_bid(body.auction, auction, body.bidder, "sealed")
    must_be_to_be_had(state, auction, context)
    earlier = auction.sealed.get(body.bidder)
    if earlier is not None:
        raise _twice(f"{body.bidder} has bid", earlier.position)


@admits(BidOpened)
def _admit_opened(body: BidOpened, state: State, context: Context) -> None:
    """Refuse to open before the close, too late, twice, what was not sealed, or too low a bid."""
    auction = require_known(state, body.auction, Auction)
    sealed = auction.sealed.get(body.bidder)
    if sealed is None:
        raise PredecessorUnknown(
            f"{body.bidder} sealed no bid in {body.auction}",
            positions=(auction.position,),
            pointer="/body/bidder",
            step=Step(case="unbid"),
        )
    _must_be_time(auction, context)
    if sealed.opened is not None:
        raise _twice(f"{body.bidder} opened its bid", sealed.opened)
    if sealed.commitment != commitment_to(body.auction, body.bidder, body.price, body.salt):
        raise BidOpeningMismatch(
            "the commitment was made to another price, or with another salt",
            positions=(sealed.position,),
            step=Step(ask=("/body/price", "/body/salt")),
        )
    auction.must_take(body.price, context.accepted)


def _twice(detail: str, position: int) -> BidTwice:
    return BidTwice(detail, positions=(position,), step=Step({"position": position}))


def _must_be_time(auction: Auction, context: Context) -> None:
    until = auction.opens_until
    if context.accepted <= auction.closes_at:
        raise AuctionRunning(
            f"bids come in until {format_instant(auction.closes_at)}",
            positions=(auction.position,),
            step=waiting(auction.closes_at),
        )
    if auction.ended is not None:
        raise AuctionOver("it was closed", positions=(auction.ended,), step=OVER)
    if until is not None and context.accepted > until:
        raise AuctionOver(
            f"bids were opened until {format_instant(until)}",
            positions=(auction.position,),
            step=OVER,
        )


@evolves(KIND, BidSealed)
def _evolve_sealed(body: BidSealed, logged: Logged, value: Auction) -> Auction:
    bid = SealedBid(logged.position, body.commitment)
    return replace(value, sealed=value.sealed.insert(body.bidder, bid))


@evolves(KIND, BidOpened)
def _evolve_opened(body: BidOpened, logged: Logged, value: Auction) -> Auction:
    """Return the auction with the bid opened: the best so far, if none was higher or as early."""
    sealed = value.sealed[body.bidder]
    opened = value.sealed.insert(body.bidder, replace(sealed, opened=logged.position))
    bid, best = Bid(body.bidder, sealed.position, body.price.amount), value.best
    if best is None or (best.price, -best.position) < (bid.price, -bid.position):
        best = bid
    return replace(value, sealed=opened, best=best)
