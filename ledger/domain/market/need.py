"""
A need: what a buyer looks for. It is a listing, which sellers answer with offers.

Read in this order: events, admit, evolve.
"""

from typing import ClassVar, Literal

from ledger.domain.core.body import Body, State
from ledger.domain.core.codes import must_be_fields
from ledger.domain.core.context import Admits, Context, Evolves
from ledger.domain.core.event import Event, Logged
from ledger.domain.core.existence import new
from ledger.domain.core.money import Price
from ledger.domain.core.scope import Field
from ledger.domain.core.types import Day, PartyId, Sealed, Text, legal_day
from ledger.domain.market.listing import KIND, Listing, ListingId


class NeedPosted(Body):
    """A buyer says what it looks for, up to which budget; sellers answer it with offers."""

    TOPIC: ClassVar[str] = "need.posted/1"

    listing: ListingId
    market: Literal["hanotex", "dtmarket"]
    title: Text
    summary: Text
    buyer: PartyId
    reviewer: PartyId
    fields: Field | None
    budget: Price | Sealed | None
    challenge: Text | None
    expires_on: Day | None

    def subjects(self) -> frozenset[str]:
        """Return the listing, the buyer and the reviewer."""
        return frozenset((self.listing, self.buyer, self.reviewer))


def _admit_need(state: State, event: Event, context: Context) -> None:
    """Refuse a need that nobody has reviewed."""
    body = event.body
    assert isinstance(body, NeedPosted)
    new(state, body.listing)
    if body.fields is not None:
        must_be_fields(body.fields, legal_day(context.accepted), context.law)


def _evolve_need(subject: str, value: Listing | None, logged: Logged) -> Listing:
    del subject, value
    body = logged.event.body
    assert isinstance(body, NeedPosted)
    return Listing(logged.position, body.buyer, body.reviewer, body.expires_on)


BODIES: tuple[type[Body], ...] = (NeedPosted,)
ADMITS: Admits = {NeedPosted: _admit_need}
EVOLVES: Evolves = {(KIND, NeedPosted): _evolve_need}
