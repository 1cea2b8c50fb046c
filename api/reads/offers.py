"""Offers, whether they were open, and what came of them."""

from datetime import datetime
from typing import Annotated

from fastapi import Path, Query

from api.reads.common import AsKnown, Now, written_as_text
from api.reads.named import Party
from api.reads.parameters import Cursor, Hundred
from api.reads.questions import Questions
from ledger.domain.core.types import parse_instant
from ledger.events.schema import INSTANT_FORM
from projections.questions.offer_thread import OfferThread, thread_of
from projections.tables.offers import Offers, offers_of

PATTERN = r"^offer:[a-z0-9.-]{1,80}$"

OfferPath = Annotated[
    str, Path(pattern=PATTERN, examples=["offer:01890000-0000-7000-8000-000000000003"])
]

router = Questions(prefix="/v1/offers", tags=["offers"])


@router.question("", "listOffers", "Offers as they stood at an instant")
def list_offers(  # noqa: PLR0913  (the question's parameters)
    reader: Now,
    *,
    at: Annotated[
        datetime | None,
        written_as_text(parse_instant, INSTANT_FORM),
        Query(description="Instant; default: now"),
    ] = None,
    offer: Annotated[str | None, Query(pattern=PATTERN)] = None,
    listing: Annotated[str | None, Query(pattern=r"^listing:[a-z0-9.-]{1,80}$")] = None,
    party: Annotated[Party | None, Query(description="Only those that it made or was made")] = None,
    after: Annotated[Cursor, Query(description="Cursor: positions greater than this")] = -1,
    limit: Hundred = 100,
) -> Offers:
    """Return offers by id, listing or party, each open or closed with the reason."""
    return offers_of(
        reader,
        at=at,
        offer=offer,
        listing=listing,
        party=party,
        after=after,
        limit=limit,
    )


@router.question("/{offer}", "getOffer", "Was the offer open, what led to it, what came of it?")
def get_offer(reader: AsKnown, offer: OfferPath) -> OfferThread:
    """Return the offers of its thread in order, each as it stood, and the deed that followed."""
    return thread_of(reader, offer)
