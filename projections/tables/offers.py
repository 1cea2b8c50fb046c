"""
Offers and what became of them. Serves `GET /v1/offers`.

An offer is open from the instant it entered the log until an answer closes it, its own time is
over, or it lapses: a deal takes what it offers, or its listing is closed. Of the last two nothing
is recorded with the offer, so they are derived from the instant asked about.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import groupby
from typing import Any, Literal

from ledger.domain.core.event import Logged
from ledger.domain.market.offer import (
    OfferAccepted,
    OfferCountered,
    OfferMade,
    OfferRejected,
    OfferRevoked,
    OfferTerms,
    lapsed_by,
)
from projections.engine.answer import Verdict, YesOrNo, yes_or_no
from projections.engine.event_bodies import fold_of
from projections.engine.projection import On, Projection, Tells
from projections.engine.sealed_columns import amount_of, rate_of
from projections.engine.view import Known, View, positions_of
from projections.tables.basis import answering, told
from projections.tables.market_events import market_events
from projections.tables.reader import Reader
from projections.tables.timeline import events

Reason = Literal["accepted", "rejected", "countered", "revoked", "expired", "lapsed"]


@dataclass(frozen=True, slots=True)
class Offer:
    """A row of `read.offers`. Of a price or a rate that is sealed it has the commitment only.

    `position` and `accepted` are those of the event that made the offer, `closed_*` those of the
    one that answered it: by which party and, if by a counter-offer, by which.
    """

    subject: str
    position: int
    accepted: datetime
    payload_hash: str
    listing: str | None
    counters: str | None
    offeror: str
    offeree: str
    subject_matter: str
    price_amount: int | None
    price_currency: str | None
    price_commitment: str | None
    royalty_ppm: int | None
    royalty_commitment: str | None
    terms_sha256: str
    expires_at: datetime
    revocable: bool
    closed_reason: Reason | None = None
    closed_position: int | None = None
    closed_at: datetime | None = None
    closed_by: str | None = None
    closed_by_offer: str | None = None


@dataclass(frozen=True, slots=True)
class OfferState:
    """An offer as it stood at an instant: open, or closed for a reason.

    `lapsed_by` are the positions of the events by which it lapsed.
    """

    offer: Offer
    open: bool
    reason: Reason | None
    lapsed_by: tuple[int, ...] = ()


def positions_told(states: Sequence[OfferState]) -> tuple[int, ...]:
    """Return the positions of the events that made offers, and of those that closed them."""
    lapsed = [position for state in states for position in state.lapsed_by]
    rows = [state.offer for state in states]
    return positions_of(
        [row.position for row in rows], [row.closed_position for row in rows], lapsed
    )


@dataclass(frozen=True, slots=True)
class Offers(YesOrNo):
    """A page of offers as they stood at an instant (null: now), in the order they were made in.

    `offer` is the one asked about, if it was one: then the verdict says whether it was open. Only
    those on a `listing`, or those that a `party` made or was made, if that was asked. Folded up to
    `size` entries.
    """

    at: datetime | None
    offer: str | None
    listing: str | None
    party: str | None
    size: int
    offers: tuple[OfferState, ...]
    after: int
    limit: int
    next_after: int | None

    @property
    def positions(self) -> tuple[int, ...]:
        """Return the positions of the events that made the offers and of those that closed them."""
        return positions_told(self.offers)

    @property
    def _says(self) -> Verdict:
        if self.offer is None:
            return "answered"
        return yes_or_no(any(state.open for state in self.offers))


def _made(subject: str, rows: tuple[Offer, ...], logged: Logged) -> tuple[Offer, ...]:
    del rows
    body = logged.event.body
    assert isinstance(body, OfferTerms)
    offer = Offer(
        subject,
        logged.position,
        logged.accepted,
        logged.event.payload_hash,
        body.listing,
        body.counters if isinstance(body, OfferCountered) else None,
        body.offeror,
        body.offeree,
        body.subject_matter,
        *amount_of(body.price),
        *rate_of(body.royalty_ppm),
        body.terms_sha256,
        body.expires_at,
        body.revocable,
    )
    return (offer,)


def _countered(subject: str, rows: tuple[Offer, ...], logged: Logged) -> tuple[Offer, ...]:
    body = logged.event.body
    assert isinstance(body, OfferCountered)
    if subject == body.offer:
        return _made(subject, rows, logged)
    return _closed(rows, logged, "countered", body.offeror, body.offer)


def _accepted(subject: str, rows: tuple[Offer, ...], logged: Logged) -> tuple[Offer, ...]:
    body = logged.event.body
    assert isinstance(body, OfferAccepted)
    del subject
    return _closed(rows, logged, "accepted", body.accepted_by)


def _rejected(subject: str, rows: tuple[Offer, ...], logged: Logged) -> tuple[Offer, ...]:
    body = logged.event.body
    assert isinstance(body, OfferRejected)
    del subject
    return _closed(rows, logged, "rejected", body.rejected_by)


def _revoked(subject: str, rows: tuple[Offer, ...], logged: Logged) -> tuple[Offer, ...]:
    body = logged.event.body
    assert isinstance(body, OfferRevoked)
    del subject
    return _closed(rows, logged, "revoked", body.revoked_by)


def _closed(
    rows: tuple[Offer, ...], logged: Logged, reason: Reason, by: str, by_offer: str | None = None
) -> tuple[Offer, ...]:
    return tuple(
        replace(
            row,
            closed_reason=reason,
            closed_position=logged.position,
            closed_at=logged.accepted,
            closed_by=by,
            closed_by_offer=by_offer,
        )
        for row in rows
    )


def _the_offer(logged: Logged) -> tuple[str, ...]:
    body: Any = logged.event.body
    return (body.offer,)


def _both_offers(logged: Logged) -> tuple[str, ...]:
    body = logged.event.body
    assert isinstance(body, OfferCountered)
    return (body.offer, body.counters)


offers = Projection(
    name="offers",
    version=1,
    row=Offer,
    on={
        OfferMade: On(_the_offer, _made),
        OfferCountered: On(_both_offers, _countered),
        OfferAccepted: On(_the_offer, _accepted),
        OfferRejected: On(_the_offer, _rejected),
        OfferRevoked: On(_the_offer, _revoked),
    },
    indexes=(
        ("position",),
        ("listing", "position"),
        ("offeror", "position"),
        ("offeree", "position"),
    ),
    tells={
        "offer": Tells(
            (
                *("position", "terms_hash", "offeror", "offeree", "expires_at", "revocable"),
                *("listing", "price", "royalty_ppm", "paper", "answer"),
            ),
            {"market_events": ("proposed", "used")},
        ),
    },
)


def offers_of(  # noqa: PLR0913  (each is a parameter of the query)
    reader: Reader,
    *,
    at: datetime | None = None,
    offer: str | None = None,
    listing: str | None = None,
    party: str | None = None,
    after: int = -1,
    limit: int = 100,
) -> Offers:
    """Return the offers made by the instant `at` (default: now), as they stood then.

    Narrowed to one offer, to a listing, or to those that a party made or was made; up to `limit`
    that were made after position `after`.
    """
    conditions = ["position > %(after)s", "accepted <= %(at)s"]
    if offer is not None:
        conditions.append("subject = %(offer)s")
    if listing is not None:
        conditions.append("listing = %(listing)s")
    if party is not None:
        conditions.append("(offeror = %(party)s OR offeree = %(party)s)")
    then = at or datetime.now(UTC)
    asked = {"at": then, "offer": offer, "listing": listing, "party": party, "after": after}
    with answering(reader, offers, market_events) as view:
        found = view.rows(
            offers, " AND ".join(conditions), asked, order="position", limit=limit + 1
        )
        lapses = lapses_of(view, found[:limit], replace(view.as_of(), accepted=then))
        page = tuple(state_at(row, then, lapses.get(row.subject, ())) for row in found[:limit])
        cursor = page[-1].offer.position if len(found) > limit else None
        answer = Offers(at, offer, listing, party, view.size, page, after, limit, cursor)
        return told(view, answer, view.as_of(), offer, listing, party)


def lapses_of(view: View, made: Sequence[Offer], known: Known) -> Mapping[str, tuple[int, ...]]:
    """Return by which events offers on listings had lapsed, as known, by their ids."""
    listed = [row for row in made if row.listing is not None]
    asked = sorted({name for row in listed for name in (row.subject, str(row.listing))})
    rows = view.recorded(market_events, known, "subject, position", subject=asked)
    folds = {
        name: fold_of(name, list(group)) for name, group in groupby(rows, lambda row: row.subject)
    }
    return {
        row.subject: lapsed_by(folds[row.subject], folds[row.listing])
        for row in listed
        if row.listing in folds
    }


def instant_of(reader: Reader, view: View, known: Known) -> datetime:
    """Return the instant at which what was known is looked at: now, where all that is known is."""
    if reader.known_at is None:
        return datetime.now(UTC)
    if isinstance(reader.known_at, datetime):
        return reader.known_at
    at = {"at": known.position}
    return view.rows(events, "position = %(at)s", at, "position")[0].accepted


def states_of(
    view: View, found: Iterable[Offer], known: Known, then: datetime
) -> tuple[OfferState, ...]:
    """Return how offers stood at an instant, as known."""
    rows = [as_known(row, known) for row in found]
    lapses = lapses_of(view, rows, known)
    return tuple(state_at(row, then, lapses.get(row.subject, ())) for row in rows)


def as_known(offer: Offer, known: Known) -> Offer:
    """Return an offer as known: what closed it later is not."""
    if offer.closed_position is None or offer.closed_at is None:
        return offer
    told = offer.closed_position <= known.position and offer.closed_at <= known.accepted
    return offer if told else _unclosed(offer)


def _unclosed(offer: Offer) -> Offer:
    return replace(
        offer,
        closed_reason=None,
        closed_position=None,
        closed_at=None,
        closed_by=None,
        closed_by_offer=None,
    )


def state_at(offer: Offer, at: datetime, lapsed: tuple[int, ...] = ()) -> OfferState:
    """Return how an offer stood at an instant by which it had been made.

    It is open up to and including `expires_at`, as admission has it (Civil Code art. 394).
    """
    if offer.closed_at is not None and offer.closed_at <= at:
        return OfferState(offer, open=False, reason=offer.closed_reason)
    offer = _unclosed(offer)  # Nobody knew then what would close it.
    if lapsed:
        return OfferState(offer, open=False, reason="lapsed", lapsed_by=lapsed)
    if at > offer.expires_at:
        return OfferState(offer, open=False, reason="expired")
    return OfferState(offer, open=True, reason=None)
