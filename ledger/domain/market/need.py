"""
A need: what a buyer looks for. It is a listing, which sellers answer with offers.

Read in this order: events, admit, evolve.
"""

from typing import ClassVar, Literal

from ledger.domain.core.body import Body, State
from ledger.domain.core.codes import must_be_fields
from ledger.domain.core.context import Context
from ledger.domain.core.event import Logged
from ledger.domain.core.existence import require_new
from ledger.domain.core.money import Price
from ledger.domain.core.rules import admits, evolves
from ledger.domain.core.scope import Field
from ledger.domain.core.types import Day, PartyId, Sealed, Text, legal_day
from ledger.domain.market.listing import KIND, Listing, ListingId


class NeedPosted(Body):
    """A buyer says what it looks for, up to which budget; sellers answer it with offers."""

    TOPIC: ClassVar[str] = "need.posted/1"
    TITLE = "Need posted"
    TITLE_VI = "Đăng nhu cầu"
    SUBJECTS = "listing buyer reviewer"
    SIGNERS = "buyer reviewer"
    MAY = "reviewer=@operator|#reviewer"
    COMMITS = "sum:budget"

    listing: ListingId
    """Id of the new listing."""
    market: Literal["hanotex", "dtmarket"]
    """Where it is shown: `hanotex`, the exchange for technologies, or `dtmarket`, that for
    digital solutions.
    """
    title: Text
    """Title of the listing."""
    summary: Text
    """What is looked for, in words, without personal data."""
    buyer: PartyId
    """Who looks for it."""
    reviewer: PartyId
    """The operator, or a party with the role `reviewer`, who looked at it and signs too."""
    fields: Field | None
    """What it is for, by codes of the lists in use on the day of recording; null where it is
    not said.
    """
    budget: Price | Sealed | None
    """Most that the buyer would pay, open or sealed; null where it is not said."""
    challenge: Text | None
    """Challenge that it belongs to, in words; null for none."""
    expires_on: Day | None
    """Last day on the market, inclusive; null is until it is closed."""


@admits(NeedPosted)
def _admit_need(body: NeedPosted, state: State, context: Context) -> None:
    """Refuse a need that nobody has reviewed."""
    require_new(state, body.listing)
    if body.fields is not None:
        must_be_fields(body.fields, legal_day(context.accepted), context.law)


@evolves(KIND, NeedPosted)
def _evolve_need(body: NeedPosted, logged: Logged) -> Listing:
    return Listing(logged.position, body.buyer, body.reviewer, body.expires_on)
