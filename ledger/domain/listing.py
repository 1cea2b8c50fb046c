"""
A listing: a technology, a digital solution or a need, shown on the exchange.

Read in this order: events, state, refusals, admit, evolve.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from fractions import Fraction
from typing import Annotated, ClassVar, Literal

from pydantic import model_validator

from ledger.domain.authority import WrongSigner, ledger_of
from ledger.domain.codes import must_be_fields
from ledger.domain.event import (
    DISTINCT,
    FROM_LIST,
    Admits,
    Body,
    Context,
    Day,
    Event,
    Evolves,
    Logged,
    PartyId,
    Refusal,
    RightId,
    Sealed,
    Sha256,
    State,
    Text,
    legal_day,
    of_kind,
)
from ledger.domain.existence import known, new
from ledger.domain.hold import Holds, holding
from ledger.domain.money import Price
from ledger.domain.party import party_of
from ledger.domain.right import Right
from ledger.domain.scope import Field
from ledger.domain.technology import Technology, TechnologyId

KIND = "listing"

ListingId = Annotated[str, of_kind(KIND)]


class ListingPublished(Body):
    """A lister shows what it has or needs, and a reviewer has looked at it."""

    TOPIC: ClassVar[str] = "listing.published/1"

    listing: ListingId
    market: Literal["hanotex", "dtmarket"]
    kind: Literal["technology", "digital_solution", "need"]
    channel: Literal["online", "floor", "paper_converted"]
    title: Text
    summary: Text
    lister: PartyId
    reviewer: PartyId
    coordinator: PartyId | None
    technology: TechnologyId | None
    rights: Annotated[tuple[RightId, ...], FROM_LIST, DISTINCT]
    fields: Field | None
    ask: Price | Sealed | None
    expires_on: Day | None
    scan_sha256: Sha256 | None

    @model_validator(mode="after")
    def _a_need_offers_nothing(self) -> "ListingPublished":
        if self.kind == "need" and (self.rights or self.technology is not None):
            raise ValueError("a need lists neither rights nor a technology")
        return self

    def subjects(self) -> frozenset[str]:
        """Return the listing, those who stand for it, and what it shows."""
        optional = (self.coordinator, self.technology)
        named = {self.listing, self.lister, self.reviewer, *self.rights}
        return frozenset(named.union(subject for subject in optional if subject is not None))


class ListingClosed(Body):
    """A listing ended: a deal was made, or it was withdrawn, or its time was over."""

    TOPIC: ClassVar[str] = "listing.closed/1"

    listing: ListingId
    reason: Literal["deal", "withdrawn", "expired"]
    closed_by: PartyId

    def subjects(self) -> frozenset[str]:
        """Return the listing and who closed it."""
        return frozenset({self.listing, self.closed_by})


class ListingSuspended(Body):
    """A reviewer took a listing off the market, for a reason."""

    TOPIC: ClassVar[str] = "listing.suspended/1"

    listing: ListingId
    reason: Text
    reviewer: PartyId

    def subjects(self) -> frozenset[str]:
        """Return the listing and the reviewer."""
        return frozenset({self.listing, self.reviewer})


@dataclass(frozen=True, slots=True)
class Listing:
    """A listing as its answers see it: who may end it, and whether it still runs.

    `suspended` and `closed` are the positions of the events that did so; it runs up to and
    including the legal day `expires_on`.
    """

    position: int
    lister: str
    reviewer: str
    expires_on: date | None
    suspended: int | None = None
    closed: int | None = None
    holds: Holds = field(default_factory=dict)


class ListingNoTitle(Refusal):
    """Who lists a right or a technology owns at least a share of it."""

    code = "LISTING_NO_TITLE"
    title_vi = "Bên niêm yết không sở hữu phần nào của đối tượng niêm yết"
    article = "Luật Chuyển giao công nghệ, Điều 7"


class ListingNotOpen(Refusal):
    """The listing is closed, suspended or past its last day."""

    code = "LISTING_NOT_OPEN"
    title_vi = "Niêm yết đã đóng, bị tạm dừng hoặc hết hạn"


class ContentMissing(Refusal):
    """The event lacks what the law asks of its kind."""

    code = "CONTENT_MISSING"
    title_vi = "Thiếu nội dung bắt buộc theo luật"
    article = (
        "Luật Sở hữu trí tuệ, Điều 144; Luật Chuyển giao công nghệ, Điều 23; "
        "Luật Giao dịch điện tử, Điều 12"
    )


def must_be_open(state: State, listing: str, context: Context) -> None:
    """Refuse an answer to a listing that is closed, suspended or past its last day."""
    found = known(state, listing, Listing)
    stops = [position for position in (found.suspended, found.closed) if position is not None]
    held = holding(found.holds, legal_day(context.accepted))
    stops += [hold.position for hold in held.values()]
    if stops:
        raise ListingNotOpen(
            f"{listing} was taken off the market", positions=stops, subjects=(listing,)
        )
    if found.expires_on is not None and legal_day(context.accepted) > found.expires_on:
        raise ListingNotOpen(
            f"{listing} ran until {found.expires_on}",
            positions=(found.position,),
            subjects=(listing,),
        )


def _admit_published(state: State, event: Event, context: Context) -> None:
    """Refuse a listing by whom it does not belong to, unreviewed, or without its paper."""
    body = event.body
    assert isinstance(body, ListingPublished)
    new(state, body.listing)
    if body.fields is not None:
        must_be_fields(body.fields, legal_day(context.accepted), context.law)
    _must_review(state, event, body.reviewer)
    if body.channel == "paper_converted" and body.scan_sha256 is None:
        raise ContentMissing("a listing converted from paper names the hash of its scan")
    _must_own(state, body)


def _must_own(state: State, body: ListingPublished) -> None:
    listed: dict[str, Mapping[str, Fraction]] = {
        right: known(state, right, Right).owners for right in body.rights
    }
    if body.technology is not None:
        listed[body.technology] = known(state, body.technology, Technology).owners
    strange = [subject for subject, owners in listed.items() if body.lister not in owners]
    if strange:
        raise ListingNoTitle(
            f"{body.lister} owns no share of {', '.join(strange)}", subjects=strange
        )


def _must_review(state: State, event: Event, reviewer: str) -> None:
    operator = ledger_of(state, event).operator
    if reviewer != operator and "reviewer" not in party_of(state, reviewer).roles:
        raise WrongSigner(f"{reviewer} does not review listings", subjects=(reviewer,))


def _admit_closed(state: State, event: Event, context: Context) -> None:
    """Refuse to close a listing twice, or by a stranger."""
    del context
    body = event.body
    assert isinstance(body, ListingClosed)
    listing = known(state, body.listing, Listing)
    if body.closed_by not in (listing.lister, listing.reviewer):
        raise WrongSigner(f"{body.closed_by} neither lists nor reviews {body.listing}")
    _must_not_be_closed(listing, body.listing)


def _admit_suspended(state: State, event: Event, context: Context) -> None:
    """Refuse to suspend by whom does not review, or what is off the market already."""
    del context
    body = event.body
    assert isinstance(body, ListingSuspended)
    listing = known(state, body.listing, Listing)
    _must_review(state, event, body.reviewer)
    _must_not_be_closed(listing, body.listing)
    if listing.suspended is not None:
        raise ListingNotOpen(
            f"{body.listing} is suspended",
            positions=(listing.suspended,),
            subjects=(body.listing,),
        )


def _must_not_be_closed(listing: Listing, subject: str) -> None:
    if listing.closed is not None:
        raise ListingNotOpen(
            f"{subject} is closed", positions=(listing.closed,), subjects=(subject,)
        )


def _evolve_published(subject: str, value: Listing | None, logged: Logged) -> Listing:
    del subject, value
    body = logged.event.body
    assert isinstance(body, ListingPublished)
    return Listing(logged.position, body.lister, body.reviewer, body.expires_on)


def _evolve_closed(subject: str, value: Listing, logged: Logged) -> Listing:
    del subject
    return replace(value, closed=logged.position)


def _evolve_suspended(subject: str, value: Listing, logged: Logged) -> Listing:
    del subject
    return replace(value, suspended=logged.position)


BODIES: tuple[type[Body], ...] = (ListingPublished, ListingClosed, ListingSuspended)

ADMITS: Admits = {
    ListingPublished: _admit_published,
    ListingClosed: _admit_closed,
    ListingSuspended: _admit_suspended,
}

EVOLVES: Evolves = {
    (KIND, ListingPublished): _evolve_published,
    (KIND, ListingClosed): _evolve_closed,
    (KIND, ListingSuspended): _evolve_suspended,
}
