"""The market: listings and needs as they stood on a day."""

from typing import Annotated

from fastapi import Path, Query

from api.reads.common import AsKnown, TrueOn
from api.reads.named import (
    Currency,
    EditionText,
    Party,
    SchemeText,
    SymbolText,
    read_field,
)
from api.reads.parameters import Amount, Hundred, PageCursor, Readiness
from api.reads.questions import Questions
from projections.questions.market import (
    ListingAsKnown,
    Listings,
    MarketMatches,
    PriceShown,
    Sort,
    Wanted,
    listing_of,
    listings_of,
    matches_of,
)
from projections.tables.listings import Kind, Market

router = Questions(prefix="/v1/listings", tags=["market"])

ListingPath = Annotated[
    str,
    Path(
        pattern=r"^listing:[a-z0-9.-]{1,80}$",
        examples=["listing:01890000-0000-7000-8000-000000000002"],
    ),
]


@router.question("", "listListings", "What is on the market, by field, kind, readiness and price?")
def list_listings(  # noqa: PLR0913  (the question's parameters)
    reader: AsKnown,
    *,
    true_on: TrueOn,
    party: Annotated[Party | None, Query(description="Only those that it lists")] = None,
    kind: Annotated[Kind | None, Query(description="Only of this kind")] = None,
    market: Annotated[Market | None, Query(description="Only what is shown there")] = None,
    field: SymbolText = None,
    scheme: SchemeText = None,
    edition: EditionText = None,
    trl_from: Annotated[
        Readiness | None, Query(description="Only of technologies that are at least so ready")
    ] = None,
    trl_to: Annotated[
        Readiness | None, Query(description="Only of technologies that are at most so ready")
    ] = None,
    price: Annotated[
        PriceShown | None, Query(description="Only with an open price, a sealed one, or none")
    ] = None,
    price_to: Annotated[
        Amount | None, Query(description="Only with an open price of at most this, in minor units")
    ] = None,
    currency: Annotated[Currency, Query(description="Of `price_to`")] = "VND",
    open: Annotated[  # noqa: A002  (the parameter's name)
        bool | None, Query(description="Only those that were open on the day, or that were not")
    ] = None,
    sort: Annotated[
        Sort, Query(description="The newest first, or by title in Vietnamese order")
    ] = "newest",
    after: PageCursor = None,
    limit: Hundred = 50,
) -> Listings:
    """Return listings and needs as they stood on a day, as known, with how many there are.

    Of a field those within it, and those that are for one that contains it.
    """
    symbol = (field, scheme, edition)
    wanted = Wanted(
        party=party,
        kind=kind,
        market=market,
        field=read_field(reader.law, *symbol) if any(symbol) else None,
        trl_from=trl_from,
        trl_to=trl_to,
        price=price,
        price_to=price_to,
        currency=currency,
        open=open,
    )
    return listings_of(reader, wanted, true_on=true_on, sort=sort, after=after, limit=limit)


@router.question("/{listing}", "getListing", "How a listing or a need stood on a day")
def get_listing(reader: AsKnown, listing: ListingPath, *, true_on: TrueOn) -> ListingAsKnown:
    """Return what it shows, whether it was open, and what ended that."""
    return listing_of(reader, listing, true_on=true_on)


@router.question("/{listing}/matches", "getMatches", "What on the market meets the field of one?")
def get_matches(
    reader: AsKnown,
    listing: ListingPath,
    *,
    true_on: TrueOn,
    after: PageCursor = None,
    limit: Hundred = 50,
) -> MarketMatches:
    """Return what was open and of its field: for a need what is offered, for a listing needs."""
    return matches_of(reader, listing, true_on=true_on, after=after, limit=limit)
