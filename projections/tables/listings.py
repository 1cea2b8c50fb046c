"""
What was shown on the market: a row for each state in which a listing was known to be.

What its own events say is here, and what a court orders is in `orders`. Read by
`projections.questions.market`.
"""

from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any, Literal

from ledger.domain.core.event import Logged
from ledger.domain.core.scope import Field, field_region
from ledger.domain.market.listing import (
    ListingClosed,
    ListingDrafted,
    ListingPublished,
    ListingResumed,
    ListingSuspended,
)
from ledger.domain.market.mirrored_listing import ListingMirrored
from ledger.domain.market.need import NeedPosted
from ledger.letters import vietnamese_order
from projections.engine.projection import On, Projection, Tells
from projections.engine.sealed_columns import amount_of

Stage = Literal["draft", "published", "mirrored"]
Kind = Literal["technology", "digital_solution", "need"]
Market = Literal["hanotex", "dtmarket"]
Channel = Literal["online", "floor", "paper_converted"]
Closed = Literal["deal", "withdrawn", "expired"]


@dataclass(frozen=True, slots=True)
class ListingRow:
    """A row of `read.listings`: a listing as its events had it from `known_from` to `known_to`.

    `position` and `accepted` are those of the event that made it what it is: drafted, published,
    mirrored. Of a price that is sealed it has the commitment only. `field_own` are the codes of its
    field, `field_within` those and all that contain them, as `ledger.domain.core.scope` compares
    them; `ordered` is the place of its title in a Vietnamese list.
    """

    subject: str
    position: int
    accepted: datetime
    known_from: int
    known_from_at: datetime
    known_to: int | None
    known_to_at: datetime | None
    stage: Stage
    kind: Kind | None
    market: Market | None
    lister: str
    title: str
    summary: str | None
    technology: str | None
    rights: tuple[str, ...]
    field_scheme: str | None
    field_edition: str | None
    field_codes: tuple[str, ...]
    price_amount: int | None
    price_currency: str | None
    price_commitment: str | None
    expires_on: date | None
    reviewer: str | None
    coordinator: str | None
    channel: Channel | None
    challenge: str | None
    suspended_position: int | None
    closed_position: int | None
    closed_reason: Closed | None
    field_own: tuple[str, ...]
    field_within: tuple[str, ...]
    ordered: str


Rows = tuple[ListingRow, ...]


def nodes_of(fields: Field | None) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the codes of a field, and with them all that contain them; none where none is said."""
    if fields is None:
        return (), ()
    region = field_region(fields.scheme, fields.edition, fields.codes)
    return tuple(sorted(region.codes)), tuple(sorted(frozenset().union(*region.ancestry)))


def _shown(logged: Logged, **said: Any) -> ListingRow:
    fields, price = said.pop("fields", None), amount_of(said.pop("price", None))
    own, within = nodes_of(fields)
    unsaid = {"rights": (), **dict.fromkeys(_OF_SOME)}
    return ListingRow(
        **{**unsaid, **said},
        position=logged.position,
        accepted=logged.accepted,
        known_from=logged.position,
        known_from_at=logged.accepted,
        known_to=None,
        known_to_at=None,
        field_scheme=None if fields is None else fields.scheme,
        field_edition=None if fields is None else fields.edition,
        field_codes=() if fields is None else fields.codes,
        price_amount=price[0],
        price_currency=price[1],
        price_commitment=price[2],
        suspended_position=None,
        closed_position=None,
        closed_reason=None,
        field_own=own,
        field_within=within,
        ordered=vietnamese_order(said["title"]),
    )


_OF_SOME = (
    *("kind", "market", "summary", "technology", "expires_on"),
    *("reviewer", "coordinator", "channel", "challenge"),
)
"""What some events say of a listing, and others do not."""


def _said(subject: str, body: Any, logged: Logged) -> ListingRow:
    match body:
        case ListingDrafted():
            said: dict[str, Any] = {"stage": "draft", "lister": body.lister}
        case ListingMirrored():
            said = {"stage": "mirrored", "lister": body.owner, "rights": body.rights}
        case NeedPosted():
            said = {"stage": "published", "lister": body.buyer, "kind": "need"}
            said |= {"price": body.budget, "challenge": body.challenge}
        case _:
            said = {"stage": "published", "lister": body.lister, "kind": body.kind}
            said |= {"price": body.ask, "rights": body.rights, "technology": body.technology}
            said |= {"coordinator": body.coordinator, "channel": body.channel}
    if isinstance(body, NeedPosted | ListingPublished):
        said |= {"market": body.market, "summary": body.summary, "fields": body.fields}
        said |= {"expires_on": body.expires_on, "reviewer": body.reviewer}
    return _shown(logged, subject=subject, title=body.title, **said)


def _changed(row: ListingRow, body: Any, at: int) -> ListingRow:
    match body:
        case ListingSuspended():
            return replace(row, suspended_position=at)
        case ListingResumed():
            return replace(row, suspended_position=None)
    assert isinstance(body, ListingClosed)
    return replace(row, closed_position=at, closed_reason=body.reason)


def _fold(subject: str, rows: Rows, logged: Logged) -> Rows:
    body, at, accepted = logged.event.body, logged.position, logged.accepted
    if not isinstance(body, ListingSuspended | ListingResumed | ListingClosed):
        now = _said(subject, body, logged)
    elif rows:
        now = replace(_changed(rows[-1], body, at), known_from=at, known_from_at=accepted)
    else:
        return rows
    ended = [replace(row, known_to=at, known_to_at=accepted) for row in rows[-1:]]
    return (*rows[:-1], *ended, now)


def _listing(logged: Logged) -> tuple[str, ...]:
    body: Any = logged.event.body
    return (body.listing,)


listings = Projection(
    name="listings",
    version=2,
    row=ListingRow,
    on=dict.fromkeys(
        (
            *(ListingDrafted, ListingPublished, ListingMirrored, NeedPosted),
            *(ListingSuspended, ListingResumed, ListingClosed),
        ),
        On(_listing, _fold),
    ),
    indexes=(("position",), ("lister", "position"), ("technology",)),
    tells={
        "listing": Tells(
            (
                *("position", "lister", "expires_on", "suspended", "closed", "rights"),
                *("technology", "stage", "reviewer"),
            ),
            {"orders": ("holds",), "market_events": ("taken",)},
        ),
    },
)
