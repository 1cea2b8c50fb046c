"""
How two parties negotiated: the offers that led to one, those that answered it, and what came of it.

Serves `GET /v1/offers/{id}`. Each offer is answered once: by a counter-offer, which is an offer of
its own, or by what ends the thread.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ledger.domain.core.types import legal_day
from ledger.domain.market.offer import OfferTerms, Proposed
from ledger.domain.registry import TOPICS
from projections.engine.answer import Verdict, YesOrNo, yes_or_no
from projections.engine.event_bodies import EventBody
from projections.engine.view import RECORDED, Known, View, bound_parameters, positions_of
from projections.questions.listed import NAMED_BY, Called, names_in
from projections.tables.basis import answering, told
from projections.tables.market_events import market_events
from projections.tables.offers import (
    Offer,
    OfferState,
    instant_of,
    offers,
    positions_told,
    states_of,
)
from projections.tables.reader import Reader
from projections.tables.timeline import events

LONGEST = 200
"""Offers of a thread that are told before one that is asked about, and behind it, at most."""


@dataclass(frozen=True, slots=True)
class OfferTold:
    """An offer of a thread."""

    state: OfferState
    """How it stood."""
    proposed: tuple[Proposed, ...]
    """Grants that it offers, as they were signed; empty where it names none."""


@dataclass(frozen=True, slots=True)
class OfferThread(YesOrNo):
    """An offer among those that it answers and that answered it, in order, as they stood.

    The verdict says whether the offer asked about was open.
    """

    offer: str
    size: int
    thread: tuple[OfferTold, ...]
    """Offers of the thread, in the order in which they were made."""
    deed: str | None
    """Contract, or agreement to assign, that followed an acceptance; null where none is known."""
    deed_position: int | None
    """Position of the event that made it; null where there is none."""
    names: tuple[Called, ...]

    @property
    def positions(self) -> tuple[int, ...]:
        """Return the positions of what made and closed the offers, and of what came of them."""
        states = [each.state for each in self.thread]
        return positions_of(positions_told(states), [self.deed_position])

    @property
    def _says(self) -> Verdict:
        return yes_or_no(
            any(each.state.open for each in self.thread if each.state.offer.subject == self.offer)
        )


def thread_of(reader: Reader, offer: str) -> OfferThread:
    """Return an offer and its thread, as known. Raises `NotFolded` or `NotAsked`."""
    with answering(reader, offers, market_events, events, *NAMED_BY) as view:
        known = reader.as_of(view)
        then = instant_of(reader, view, known)
        rows = _rows(view, offer, known)
        told_of = [row.subject for row in rows]
        bodies = view.recorded(market_events, known, "position", subject=told_of) if rows else ()
        said = {each.position: each for each in bodies}
        states = states_of(view, rows, known, then)
        deed, position = next(_deeds(bodies), (None, None))
        named = (name for row in rows for name in (row.offeror, row.offeree, row.listing))
        answer = OfferThread(
            offer=offer,
            size=view.size,
            thread=tuple(OfferTold(each, _proposed(said[each.offer.position])) for each in states),
            deed=deed,
            deed_position=position,
            names=names_in(view, known, filter(None, named), legal_day(then)),
        )
        return told(view, answer, known, offer)


def _rows(view: View, offer: str, known: Known) -> tuple[Offer, ...]:
    """Return the offers of a thread, in order; none where the one asked about is not known yet."""
    asked = {"offer": offer, "longest": LONGEST, **bound_parameters(known)}
    rows = view.rows(offers, f"{_OF_THREAD} AND {RECORDED}", asked, "position")
    return rows if any(row.subject == offer for row in rows) else ()


_OF_THREAD = """subject IN (
    WITH RECURSIVE earlier (id, far) AS (
        SELECT %(offer)s COLLATE "C", 0
        UNION SELECT o.counters, far + 1 FROM read.offers o JOIN earlier ON o.subject = id
        WHERE o.counters IS NOT NULL AND far < %(longest)s
    ), later (id, far) AS (
        SELECT %(offer)s COLLATE "C", 0
        UNION SELECT o.closed_by_offer, far + 1 FROM read.offers o JOIN later ON o.subject = id
        WHERE o.closed_by_offer IS NOT NULL AND far < %(longest)s
    )
    SELECT id FROM earlier UNION SELECT id FROM later
)"""


def _proposed(said: EventBody) -> tuple[Proposed, ...]:
    body = TOPICS[said.type].model_validate_json(said.said)
    assert isinstance(body, OfferTerms)
    return body.proposed


def _deeds(bodies: Sequence[EventBody]) -> Iterator[tuple[str, int]]:
    """Yield what was concluded on an acceptance, by its id, and where."""
    for said in bodies:
        if said.type in _DEEDS:
            body = TOPICS[said.type].model_validate_json(said.said)
            yield getattr(body, _DEEDS[said.type]), said.position


_DEEDS = {"contract.concluded/1": "contract", "assignment.agreed/1": "assignment"}
"""The member by which each deed that may follow an offer is named."""
