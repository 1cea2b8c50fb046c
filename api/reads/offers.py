"""Offers, and whether they were open."""

from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from api.deps import node_of
from api.problems import BadParameter
from api.reads.common import AtLeast, ask
from api.reads.named import Party
from api.reads.parameters import Cursor, Hundred
from ledger.domain.core.types import parse_instant
from projections.tables.offers import offers_of

router = APIRouter(prefix="/v1/offers", tags=["offers"])


@router.get("", operation_id="listOffers", summary="Offers as they stood at an instant")
async def list_offers(  # noqa: PLR0913  (the question's parameters)
    request: Request,
    *,
    at: Annotated[str | None, Query(description="Instant; default: now")] = None,
    offer: Annotated[str | None, Query(pattern=r"^offer:[a-z0-9.-]{1,80}$")] = None,
    listing: Annotated[str | None, Query(pattern=r"^listing:[a-z0-9.-]{1,80}$")] = None,
    party: Party | None = None,
    after: Annotated[Cursor, Query(description="Cursor: positions greater than this")] = -1,
    limit: Hundred = 100,
    at_least: AtLeast = None,
) -> Response:
    """Return offers by id, listing or party, each open or closed with the reason."""
    try:
        instant = parse_instant(at) if at else datetime.now(UTC)
    except ValueError as error:
        raise BadParameter("at", at, str(error)) from None
    return await ask(
        request,
        at_least,
        lambda: offers_of(
            node_of(request).reads,
            at=instant,
            offer=offer,
            listing=listing,
            party=party,
            after=after,
            limit=limit,
        ),
    )
