"""
An auction of a listing: opened under rules, bid on until it closes, won as the bids say.

English: each bid is above the last by the increment. Dutch: the first bid at the price of the
moment wins; the price falls by the increment each step. Sealed: bids are committed to until the
close and opened after it (`sealed_bid`). The winner follows from the bids: the highest. Anyone who
closes the auction names it, and the rule checks that.
Refusals come in the order in which they are defined here, existence first.
Read in this order: events, state, refusals, admit, evolve.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Annotated, ClassVar, Literal

from pydantic import Field, model_validator
from rpds import HashTrieMap

from ledger.domain.core.body import Body, State
from ledger.domain.core.context import Context
from ledger.domain.core.court_hold import must_not_be_frozen
from ledger.domain.core.event import Logged
from ledger.domain.core.existence import IntervalEmpty, require_known, require_new
from ledger.domain.core.money import CurrencyMismatch, Price
from ledger.domain.core.refusal import Refusal
from ledger.domain.core.remedy import HERE, Other, Step, anybody_but, naming
from ledger.domain.core.rules import admits, evolves
from ledger.domain.core.types import Instant, PartyId, Sha256, format_instant, legal_day, of_kind
from ledger.domain.market.listing import Listing, ListingId, must_be_open, rights_of
from ledger.domain.parties.signature_refusals import WrongSigner
from ledger.domain.rights.right import Right

KIND = "auction"

AuctionId = Annotated[str, of_kind(KIND)]
Positive = Annotated[int, Field(ge=1)]
A_YEAR = 366 * 24 * 60 * 60
"""Seconds: no step of an auction is longer."""


class AuctionOpened(Body):
    """A lister puts a listing up for auction, under terms that the winner accepts by bidding."""

    TOPIC: ClassVar[str] = "auction.opened/1"
    TITLE = "Auction opened"
    TITLE_VI = "Mở phiên đấu giá"
    SUBJECTS = "auction listing opened_by"
    SIGNERS = "opened_by"
    COMMITS = "sum:reserve|start"

    auction: AuctionId
    """Id of the new auction."""
    listing: ListingId
    """The lister's listing, which is on the market."""
    kind: Literal["english", "dutch", "sealed"]
    """`english`: each bid is above the last. `dutch`: the price falls, and the first bid wins.
    `sealed`: bids are opened after the close, and the highest wins.
    """
    opened_by: PartyId
    """The lister."""
    reserve: Price
    """Least that is taken; of a Dutch auction the price at which it falls no further. All bids
    are in its currency.
    """
    increment: Positive
    """Minor units by which an English bid exceeds the last at least, and by which a Dutch price
    falls at each step.
    """
    start: Price | None
    """Price at which a Dutch auction begins, in the currency of the reserve; null for other
    kinds.
    """
    step_seconds: Annotated[int, Field(ge=1, le=A_YEAR)] | None
    """Seconds after which a Dutch price falls, each time; null for other kinds."""
    terms_sha256: Sha256
    """SHA-256 of the terms that the winner accepts by bidding."""
    closes_at: Instant
    """Last instant for bids, inclusive; after the opening is recorded."""
    opens_until: Instant | None = None
    """Last instant for opening sealed bids, inclusive, after `closes_at`; null or absent for
    other kinds.
    """

    @model_validator(mode="after")
    def _of_its_kind(self) -> "AuctionOpened":
        dutch = (self.start, self.step_seconds)
        if [given is not None for given in dutch] != [self.kind == "dutch"] * 2:
            raise ValueError(f"a Dutch auction, and no other, has a start and steps: {self.kind}")
        if (self.opens_until is not None) != (self.kind == "sealed"):
            raise ValueError(
                f"a sealed auction, and no other, has a time for opening bids: {self.kind}"
            )
        if self.opens_until is not None and self.opens_until <= self.closes_at:
            raise ValueError(
                f"sealed bids are opened after the close at {format_instant(self.closes_at)}, "
                f"not until {format_instant(self.opens_until)}"
            )
        return self

    def reads(self, state: State) -> Iterable[str]:
        """Return the rights of the listing."""
        return rights_of(state, self.listing)


class BidPlaced(Body):
    """A party bids, and is bound by its bid if it wins."""

    TOPIC: ClassVar[str] = "bid.placed/1"
    TITLE = "Bid placed"
    TITLE_VI = "Trả giá"
    SUBJECTS = "auction bidder"
    SIGNERS = "bidder"
    COMMITS = "sum:price"

    auction: AuctionId
    """English or Dutch auction that runs."""
    bidder: PartyId
    """Who bids; not the one who opened the auction."""
    price: Price
    """What is bid, in the auction's currency. In an English auction the reserve, or the best
    bid and the increment, at least; in a Dutch one at least the price of the moment.
    """

    def reads(self, state: State) -> Iterable[str]:
        """Return the listing of the auction, and its rights."""
        return shown_by(state, self.auction)


class AuctionClosed(Body):
    """The auction is over: who won at which price, or nobody."""

    TOPIC: ClassVar[str] = "auction.closed/1"
    TITLE = "Auction closed"
    TITLE_VI = "Kết thúc phiên đấu giá"
    SUBJECTS = "auction closed_by winner"
    SIGNERS = "closed_by"
    COMMITS = "sum:price"
    OPPOSED = "closed_by~winner"

    auction: AuctionId
    """The auction: its time is over, or a Dutch one has its bid."""
    closed_by: PartyId
    """Who opened it."""
    winner: PartyId | None
    """Who bid highest, of equal sealed bids the one sealed first; null where nobody bid."""
    price: Price | None
    """The winner's bid; null where nobody bid."""

    @model_validator(mode="after")
    def _won_at_a_price(self) -> "AuctionClosed":
        if (self.winner is None) != (self.price is None):
            raise ValueError(f"who wins, wins at a price: winner {self.winner or 'null'}")
        return self


@dataclass(frozen=True, slots=True)
class SealedBid:
    """A bid under seal: at which position, to what, and the position at which it was opened."""

    position: int
    commitment: str
    opened: int | None = None


@dataclass(frozen=True, slots=True)
class Bid:
    """A bid: by whom, at which position, at which price."""

    bidder: str
    position: int
    price: int


@dataclass(frozen=True, slots=True)
class Auction:
    """An auction as bids see it.

    `ended` is the position of the event that closed it, `used` that of the deed with its winner.
    """

    position: int
    opened_at: datetime
    kind: str
    listing: str
    opened_by: str
    currency: str
    reserve: int
    increment: int
    start: int | None
    step: timedelta | None
    closes_at: datetime
    best: Bid | None = None
    winner: str | None = None
    ended: int | None = None
    used: int | None = None
    opens_until: datetime | None = None
    sealed: "HashTrieMap[str, SealedBid]" = HashTrieMap()

    @property
    def over_at(self) -> datetime:
        """Return the instant up to which bids are placed or opened."""
        return self.opens_until or self.closes_at

    def must_take(self, price: Price, at: datetime) -> None:
        """Refuse a price in another currency, or less than what is asked at an instant."""
        if price.currency != self.currency:
            raise CurrencyMismatch(
                f"bids are in {self.currency}",
                positions=(self.position,),
                step=Step({"currency": self.currency}, ask=("/body/price",)),
            )
        asked = self.reserve if self.kind == "sealed" else self.asked(at)
        if price.amount < asked:
            best = () if self.best is None or self.kind == "sealed" else (self.best.position,)
            told = {"asked": asked, "currency": self.currency}
            more = Step(told, change={"/body/price/amount": asked})
            raise BidTooLow(
                f"{asked} is asked",
                positions=(self.position, *best),
                step=Step(told, case="sealed") if self.kind == "sealed" else more,
            )

    def asked(self, at: datetime) -> int:
        """Return the least that a bid may be at an instant."""
        if self.start is not None and self.step is not None:
            steps = (at - self.opened_at) // self.step
            return max(self.reserve, self.start - steps * self.increment)
        if self.best is None:
            return self.reserve
        return self.best.price + self.increment


class AuctionOver(Refusal):
    """The time for bids is over, or the auction was closed or won."""

    code = "AUCTION_CLOSED"
    members = ("auction",)
    title_vi = "Phiên đấu giá đã kết thúc"


class AuctionRunning(Refusal):
    """Before the close no winner is named."""

    code = "AUCTION_RUNNING"
    members = ("auction",)
    title_vi = "Phiên đấu giá chưa kết thúc"


class BidForm(Refusal):
    """Bids are open in an English or a Dutch auction, and under seal in a sealed one."""

    code = "BID_FORM"
    members = ("auction",)
    title_vi = "Hình thức trả giá không đúng với hình thức đấu giá"


class BidTooLow(Refusal):
    """A bid is at least what is asked: the reserve, or the last bid and the increment."""

    code = "BID_TOO_LOW"
    members = ("price",)
    title_vi = "Giá trả thấp hơn mức yêu cầu"


class AuctionWinnerMismatch(Refusal):
    """The winner is the one who bid highest, or nobody where nobody bid."""

    code = "AUCTION_WINNER_MISMATCH"
    members = ("winner", "auction")
    title_vi = "Người trúng đấu giá không khớp với các mức giá đã trả"


OVER = Step({"auction": "another"})
"""Nothing is bid any more."""


def waiting(until: datetime) -> Step:
    """Return the step of waiting for the first instant after one."""
    return Step({"until": format_instant(until)}, after=until + timedelta(milliseconds=1))


@admits(AuctionOpened)
def _admit_opened(body: AuctionOpened, state: State, context: Context) -> None:
    """Refuse an auction of what is not on the market or another's, or that is over at once."""
    require_new(state, body.auction)
    must_be_open(state, body.listing, context)
    listing = require_known(state, body.listing, Listing)
    if listing.lister != body.opened_by:
        raise WrongSigner(
            f"{body.opened_by} does not list {body.listing}",
            positions=(listing.position,),
            pointer="/body/opened_by",
            step=naming("/body/opened_by", listing.lister),
        )
    if body.closes_at <= context.accepted:
        raise IntervalEmpty(
            f"it ran until {format_instant(body.closes_at)}, before it opened",
            pointer="/body/closes_at",
            step=Step({"now": format_instant(context.accepted)}, case="deadline", ask=(HERE,)),
        )
    if body.start is not None and body.start.currency != body.reserve.currency:
        raise CurrencyMismatch(
            "start and reserve are in one currency",
            pointer="/body/start",
            step=Step({"currency": body.reserve.currency}, ask=(HERE,)),
        )


@admits(BidPlaced)
def _admit_placed(body: BidPlaced, state: State, context: Context) -> None:
    """Refuse a bid after the close, of another form, by who sells, for what is not to be had."""
    auction = require_known(state, body.auction, Auction)
    must_not_have_ended(auction, context.accepted)
    must_bid(body.auction, auction, body.bidder, "english", "dutch")
    must_be_to_be_had(state, auction, context)
    auction.must_take(body.price, context.accepted)


def shown_by(state: State, subject: str) -> Iterable[str]:
    """Return the listing of an auction, and the rights that it shows."""
    auction = state.get(subject)
    if isinstance(auction, Auction):
        yield auction.listing
        yield from rights_of(state, auction.listing)


def must_be_to_be_had(state: State, auction: Auction, context: Context) -> None:
    """Refuse a bid for a frozen title, and on a listing that is off the market."""
    for right in rights_of(state, auction.listing):
        held = require_known(state, right, Right).frozen
        must_not_be_frozen(right, held, legal_day(context.accepted), "/body/auction")
    must_be_open(state, auction.listing, context, "/body/auction")


def must_bid(subject: str, auction: Auction, bidder: str, *kinds: str) -> None:
    """Refuse a bid of another form than the auction's, and one by who sells."""
    if auction.kind not in kinds:
        topic = "bid.sealed/1" if auction.kind == "sealed" else BidPlaced.TOPIC
        bid = Other(topic, {"auction": subject, "bidder": bidder})
        raise BidForm(
            f"the auction is {auction.kind}",
            positions=(auction.position,),
            step=Step({"topic": topic}, instead=bid),
        )
    if bidder == auction.opened_by:
        raise WrongSigner(
            f"{bidder} sells",
            positions=(auction.position,),
            pointer="/body/bidder",
            step=Step({"why": anybody_but(bidder)}, ask=(HERE,)),
        )


def must_not_have_ended(auction: Auction, at: datetime) -> None:
    """Refuse a bid after the close, or after a bid that won."""
    if auction.ended is not None:
        raise AuctionOver("it was closed", positions=(auction.ended,), step=OVER)
    if at > auction.closes_at:
        raise AuctionOver(
            f"it ran until {format_instant(auction.closes_at)}",
            positions=(auction.position,),
            step=OVER,
        )
    if auction.kind == "dutch" and auction.best is not None:
        raise AuctionOver("its first bid won", positions=(auction.best.position,), step=OVER)


@admits(AuctionClosed)
def _admit_closed(body: AuctionClosed, state: State, context: Context) -> None:
    """Refuse to close by a stranger, early or twice, and a winner that the bids do not make."""
    auction = require_known(state, body.auction, Auction)
    if body.closed_by != auction.opened_by:
        raise WrongSigner(
            f"{auction.opened_by} opened it",
            positions=(auction.position,),
            pointer="/body/closed_by",
            step=naming("/body/closed_by", auction.opened_by),
        )
    if auction.ended is not None:
        raise AuctionOver("it was closed", positions=(auction.ended,), step=Step(case="done"))
    won_early = auction.kind == "dutch" and auction.best is not None
    if context.accepted <= auction.over_at and not won_early:
        raise AuctionRunning(
            f"it runs until {format_instant(auction.over_at)}",
            positions=(auction.position,),
            step=waiting(auction.over_at),
        )
    _must_have_won(auction, body)


def _must_have_won(auction: Auction, body: AuctionClosed) -> None:
    best = auction.best
    winner = None if best is None else best.bidder
    price = None if best is None else {"amount": best.price, "currency": auction.currency}
    told = {"winner": winner or "nobody", "price": "no price" if best is None else best.price}
    step = Step(told, change={"/body/winner": winner, "/body/price": price})
    said = None if body.price is None else body.price.amount
    if (body.winner, said) != (winner, None if best is None else best.price):
        raise AuctionWinnerMismatch(
            f"the bids make {winner or 'nobody'} the winner",
            positions=(auction.position if best is None else best.position,),
            step=step,
        )
    if body.price is not None and body.price.currency != auction.currency:
        raise CurrencyMismatch(
            f"bids are in {auction.currency}",
            positions=(auction.position,),
            step=Step({"currency": auction.currency}, change=step.change),
        )


@evolves(KIND, AuctionOpened)
def _evolve_opened(body: AuctionOpened, logged: Logged) -> Auction:
    return Auction(
        position=logged.position,
        opened_at=logged.accepted,
        kind=body.kind,
        listing=body.listing,
        opened_by=body.opened_by,
        currency=body.reserve.currency,
        reserve=body.reserve.amount,
        increment=body.increment,
        start=None if body.start is None else body.start.amount,
        step=None if body.step_seconds is None else timedelta(seconds=body.step_seconds),
        closes_at=body.closes_at,
        opens_until=body.opens_until,
    )


@evolves(KIND, BidPlaced)
def _evolve_placed(body: BidPlaced, logged: Logged, value: Auction) -> Auction:
    """Return the auction with its best bid: each is above the last, so that is the latest."""
    return replace(value, best=Bid(body.bidder, logged.position, body.price.amount))


@evolves(KIND, AuctionClosed)
def _evolve_closed(body: AuctionClosed, logged: Logged, value: Auction) -> Auction:
    return replace(value, winner=body.winner, ended=logged.position)
