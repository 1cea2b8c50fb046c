"""The money of a contract: shares, reports, distributions, payments, balances."""

from typing import Annotated

from fastapi import APIRouter, Path, Request, Response

from api.deps import node_of
from api.reads import AtLeast, KnownAtText, ask, read_known_at
from projections.revenue import revenue_of

EXAMPLE = "contract:01890000-0000-7000-8000-000000000008"

router = APIRouter(prefix="/v1/contracts", tags=["contracts"])


@router.get("/{contract}/revenue", operation_id="getRevenue", summary="The money of a contract")
def get_revenue(
    request: Request,
    contract: Annotated[str, Path(pattern=r"^contract:[a-z0-9.-]{1,80}$", examples=[EXAMPLE])],
    known_at: KnownAtText = None,
    at_least: AtLeast = None,
) -> Response:
    """Return what was agreed, reported, distributed and paid, and each payee's balance."""
    return ask(
        request,
        at_least,
        lambda: revenue_of(node_of(request).pool, contract, known_at=read_known_at(known_at)),
    )
