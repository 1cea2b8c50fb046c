"""
What is, or was, on the market: listings and needs, by whom, for what, at which price.

Serves `GET /v1/listings`, and of one `GET /v1/listings/{id}` and `…/matches`. A listing is open
while it is published, nobody has suspended or closed it, its last day has not passed and no court
holds it. An answer to it can yet be refused where a right that it shows has been frozen, has lapsed
or is its lister's no more: the right says so.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date, datetime
from typing import Literal

from ledger.domain.core.scope import Field, field_region
from projections.engine.answer import Answer
from projections.engine.view import KNOWN, Known, View, bound_parameters, positions_of
from projections.questions.dispute_record import standing_orders
from projections.questions.listed import NAMED_BY, Called, Listed, leaf_of, names_in
from projections.tables.basis import listing, named
from projections.tables.dispute_events import OrderRow, orders
from projections.tables.listings import (
    Channel,
    Closed,
    Kind,
    ListingRow,
    Market,
    Stage,
    listings,
    nodes_of,
)
from projections.tables.reader import Reader
from projections.tables.technologies import technologies

PriceShown = Literal["open", "sealed", "unsaid"]
Sort = Literal["newest", "title"]


@dataclass(frozen=True, slots=True)
class ListingState:
    """A listing or a need as it stood: what it shows, whether it was open, what ended that.

    `trl` is the readiness of its technology as last declared. Of a price that is sealed there is
    the commitment only. `held_by` are the positions of the orders that keep it off the market.
    """

    listing: str
    position: int
    accepted: datetime
    shown: Stage
    kind: Kind | None
    market: Market | None
    open: bool
    title: str
    summary: str | None
    lister: str
    technology: str | None
    rights: tuple[str, ...]
    trl: int | None
    field: Field | None
    price_amount: int | None
    price_currency: str | None
    price_commitment: str | None
    expires_on: date | None
    reviewer: str | None
    """Who looked at it before it was published; null where nobody has."""
    coordinator: str | None
    """Who coordinates the case; null for none."""
    channel: Channel | None
    """How it came in; null where that is not said, as of a need."""
    challenge: str | None
    """Challenge that a need belongs to; null for none."""
    suspended_position: int | None
    closed_position: int | None
    closed_reason: Closed | None
    held_by: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What listings are looked for; null narrows nothing."""

    party: str | None = None
    kind: Kind | None = None
    market: Market | None = None
    field: Field | None = None
    trl_from: int | None = None
    trl_to: int | None = None
    price: PriceShown | None = None
    price_to: int | None = None
    currency: str = "VND"
    open: bool | None = None


@dataclass(frozen=True, slots=True)
class Listings(Listed):
    """A page of listings and needs as they stood on a day, the newest first or by their titles.

    Those of a party, of a kind, of a market; those whose field lies within one that is asked for,
    or contains it; of technologies that are so ready; with such a price.
    """

    wanted: Wanted
    true_on: date
    sort: Sort
    listings: tuple[ListingState, ...]

    @property
    def positions(self) -> tuple[int, ...]:
        """Return the positions of the events that made the listings what they were."""
        return positions_of(*map(_told, self.listings))


@dataclass(frozen=True, slots=True)
class ListingAsKnown(Answer):
    """A listing or a need as it stood on a day; null where nothing is known of it."""

    listing: str
    true_on: date
    size: int
    state: ListingState | None
    names: tuple[Called, ...]

    @property
    def positions(self) -> tuple[int, ...]:
        """Return the positions of the events that made the listing what it was."""
        return () if self.state is None else positions_of(_told(self.state))


@dataclass(frozen=True, slots=True)
class MarketMatch:
    """A listing of the field of another."""

    state: ListingState
    """How it stood."""
    by: tuple[Field, ...]
    """Why: the symbols of either that lie within the other's field, each a field of its own."""


@dataclass(frozen=True, slots=True)
class MarketMatches(Listed):
    """A page of what was open and of the field of a listing: for a need offers, for these needs."""

    listing: str
    """Id of the listing that was asked about."""
    true_on: date
    field: Field | None
    """What that listing is for; null where it is not said, and nothing matches it."""
    matches: tuple[MarketMatch, ...]
    """Listings of the page, the newest first."""

    @property
    def positions(self) -> tuple[int, ...]:
        """Return the positions of the events that made the listings what they were."""
        return positions_of(*(_told(each.state) for each in self.matches))


def _told(state: ListingState) -> tuple[int | None, ...]:
    ended = (state.suspended_position, state.closed_position)
    return (state.position, *ended, *state.held_by)


def listings_of(
    reader: Reader,
    wanted: Wanted,
    *,
    true_on: date,
    sort: Sort = "newest",
    after: str | None = None,
    limit: int = 50,
) -> Listings:
    """Return a page of listings as they stood on a day, as known.

    Raises `NotFolded` or `NotAsked`, the latter also for a cursor of another question.
    """
    with listing(reader, *_MODELS) as view:
        asked = reader.as_of(view)
        leaf = leaf_of(reader, view, asked, after, "listings", wanted, true_on, sort, limit)
        where, of = _where(wanted, true_on, leaf.known)
        count = view.count(listings, where, of)
        order = f"{_ORDERS[sort]} OFFSET {leaf.behind:d}"
        rows = view.rows(listings, where, of, order, limit)
        page = _states(view, rows, true_on, leaf.known)
        ids = [*_named_in(page), *filter(None, [wanted.party])]
        answer = Listings(
            wanted=wanted,
            true_on=true_on,
            sort=sort,
            listings=page,
            size=view.size,
            count=count,
            names=names_in(view, leaf.known, ids, true_on),
            after=after,
            limit=limit,
            next_after=leaf.next_of(len(page), count),
        )
        return named(view, answer, asked, wanted.party)


def listing_of(reader: Reader, subject: str, *, true_on: date) -> ListingAsKnown:
    """Return a listing as it stood on a day, as known. Raises `NotFolded` or `NotAsked`."""
    with listing(reader, *_MODELS) as view:
        known = reader.as_of(view)
        state = _state_of(view, subject, true_on, known)
        names = names_in(view, known, _named_in(filter(None, [state])), true_on)
        return named(
            view, ListingAsKnown(subject, true_on, view.size, state, names), known, subject
        )


def matches_of(
    reader: Reader, subject: str, *, true_on: date, after: str | None = None, limit: int = 50
) -> MarketMatches:
    """Return a page of what was open on a day and meets the field of a listing, the newest first.

    Raises `NotFolded` or `NotAsked`, the latter also for a cursor of another question.
    """
    with listing(reader, *_MODELS) as view:
        asked = reader.as_of(view)
        leaf = leaf_of(reader, view, asked, after, "matches", subject, true_on, limit)
        own = _state_of(view, subject, true_on, leaf.known)
        field = None if own is None else own.field
        rows: tuple[ListingRow, ...] = ()
        count = 0
        if own is not None and field is not None:
            where, of = _where(Wanted(field=field, open=True), true_on, leaf.known)
            where += " AND kind = 'need'" if own.kind != "need" else " AND kind <> 'need'"
            count = view.count(listings, where, of)
            order = f"{_ORDERS['newest']} OFFSET {leaf.behind:d}"
            rows = view.rows(listings, where, of, order, limit)
        page = _states(view, rows, true_on, leaf.known)
        answer = MarketMatches(
            listing=subject,
            true_on=true_on,
            field=field,
            matches=tuple(MarketMatch(each, _meeting(field, each.field)) for each in page),
            size=view.size,
            count=count,
            names=names_in(view, leaf.known, _named_in(page), true_on),
            after=after,
            limit=limit,
            next_after=leaf.next_of(len(page), count),
        )
        return named(view, answer, asked, subject)


def _meeting(one: Field | None, other: Field | None) -> tuple[Field, ...]:
    """Return the symbols of either field that lie within the other, each once."""
    if one is None or other is None:
        return ()
    within = (*_within(one, other), *_within(other, one))
    return tuple({each.model_dump_json(): each for each in within}.values())


def _within(field: Field, other: Field) -> Iterator[Field]:
    """Yield each symbol of a field that lies within another field."""
    wide, _ = nodes_of(other)
    symbols = [(code,) for code in field.codes] if field.scheme in _BY_SYMBOL else [field.codes]
    for codes in symbols:
        path = field_region(field.scheme, field.edition, codes).ancestry
        if not frozenset(wide).isdisjoint(*path):
            yield field.model_copy(update={"codes": codes})


_BY_SYMBOL = ("ipc", "vsic")
"""Schemes whose fields are lists of symbols; words are one limit, `any` has none."""


_MODELS = (listings, orders, technologies, *NAMED_BY)
_ORDERS: Mapping[Sort, str] = {"newest": "position DESC, subject", "title": "ordered, subject"}

# As `projections.questions.dispute_record.holds` says it of an order on a day.
_HELD = """EXISTS (
    SELECT FROM read.orders o
    WHERE o.subject = listings.subject AND o.event IS NULL
        AND o.position <= %(known_position)s AND o.accepted <= %(known_accepted)s
        AND o.start <= %(true_on)s AND (o."end" IS NULL OR o."end" > %(true_on)s)
        AND (o.lifted_at IS NULL OR o.lifted_position > %(known_position)s
            OR o.lifted_at > %(known_accepted)s
            OR (o.lifted_at AT TIME ZONE 'Asia/Ho_Chi_Minh')::date > %(true_on)s)
)"""
_OPEN = f"""(stage = 'published' AND suspended_position IS NULL AND closed_position IS NULL
    AND (expires_on IS NULL OR expires_on >= %(true_on)s) AND NOT {_HELD})"""
_TRL = """(SELECT t.trl FROM read.technologies t
    WHERE t.subject = listings.technology AND t.trl IS NOT NULL
        AND t.position <= %(known_position)s AND t.accepted <= %(known_accepted)s
    ORDER BY t.position DESC LIMIT 1)"""
_NARROWS: Mapping[str, str] = {
    "party": "lister = %(party)s",
    "kind": "kind = %(kind)s",
    "market": "market = %(market)s",
    "field": "(field_within && %(own)s::text[] OR field_own && %(within)s::text[])",
    "trl_from": f"{_TRL} >= %(trl_from)s",
    "trl_to": f"{_TRL} <= %(trl_to)s",
    "price_to": "price_amount <= %(price_to)s AND price_currency = %(currency)s",
}
_PRICES: Mapping[PriceShown, str] = {
    "open": "price_amount IS NOT NULL",
    "sealed": "price_commitment IS NOT NULL",
    "unsaid": "price_amount IS NULL AND price_commitment IS NULL",
}


def _where(wanted: Wanted, true_on: date, known: Known) -> tuple[str, dict[str, object]]:
    """Return the condition on rows that they are of what is wanted, and its parameters."""
    own, within = nodes_of(wanted.field)
    asked: dict[str, object] = {"true_on": true_on, "own": list(own), "within": list(within)}
    asked |= {each.name: getattr(wanted, each.name) for each in fields(wanted)}
    del asked["field"]
    return " AND ".join([KNOWN, *_narrowed(wanted)]), {**asked, **bound_parameters(known)}


def _narrowed(wanted: Wanted) -> Iterator[str]:
    for member, condition in _NARROWS.items():
        if getattr(wanted, member) is not None:
            yield condition
    if wanted.price is not None:
        yield _PRICES[wanted.price]
    if wanted.open is not None:
        yield _OPEN if wanted.open else f"NOT {_OPEN}"


def _state_of(view: View, subject: str, true_on: date, known: Known) -> ListingState | None:
    """Return a listing as it stood on a day; None where nothing is known of it."""
    asked = {"subject": subject, **bound_parameters(known)}
    rows = view.rows(listings, f"subject = %(subject)s AND {KNOWN}", asked, "n", 1)
    return next(iter(_states(view, rows, true_on, known)), None)


def _states(
    view: View, rows: Sequence[ListingRow], true_on: date, known: Known
) -> tuple[ListingState, ...]:
    """Return rows as they stood on a day."""
    if not rows:
        return ()
    held = standing_orders(view, [row.subject for row in rows], true_on, known)
    shown = sorted({row.technology for row in rows if row.technology is not None})
    said = view.recorded(technologies, known, subject=shown) if shown else ()
    trl = {fact.subject: fact.trl for fact in said if fact.trl is not None}
    return tuple(
        _state(row, true_on, held.get(row.subject, ()), trl.get(row.technology or ""))
        for row in rows
    )


def _state(
    row: ListingRow, true_on: date, orders_on: Sequence[OrderRow], trl: int | None
) -> ListingState:
    held_by = positions_of([order.position for order in orders_on if order.event is None])
    over = row.expires_on is not None and row.expires_on < true_on
    ended = over or bool(held_by) or row.suspended_position is not None
    is_open = row.stage == "published" and not ended and row.closed_position is None
    own = {each.name: getattr(row, each.name) for each in fields(row)}
    said = {each.name: own[each.name] for each in fields(ListingState) if each.name in own}
    renamed = {"listing": row.subject, "shown": row.stage, "field": _field_of(row)}
    return ListingState(**{**said, **renamed, "open": is_open, "trl": trl, "held_by": held_by})


def _field_of(row: ListingRow) -> Field | None:
    if row.field_scheme is None:
        return None
    said = {"scheme": row.field_scheme, "edition": row.field_edition, "codes": row.field_codes}
    return Field.model_validate(said)


def _named_in(states: Iterable[ListingState]) -> Iterator[str]:
    for state in states:
        named_by = (state.lister, state.reviewer, state.coordinator, state.technology)
        yield from (state.listing, *filter(None, named_by), *state.rights)
