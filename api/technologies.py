"""Technologies: what they are, who owns, paid for and made them, what protects them."""

from typing import Annotated

from fastapi import APIRouter, Path, Request, Response

from api.deps import node_of
from api.reads import AtLeast, KnownAtText, ask, read_known_at
from projections.technologies import technology_of

EXAMPLE = "technology:01890000-0000-7000-8000-000000000001"

router = APIRouter(prefix="/v1/technologies", tags=["technologies"])


@router.get("/{technology}", operation_id="getTechnology", summary="A technology as it is known")
def get_technology(
    request: Request,
    technology: Annotated[str, Path(pattern=r"^technology:[a-z0-9.-]{1,80}$", examples=[EXAMPLE])],
    known_at: KnownAtText = None,
    at_least: AtLeast = None,
) -> Response:
    """Return owners, funding in exact fractions, authors' tokens, readiness, list, and rights."""
    return ask(
        request,
        at_least,
        lambda: technology_of(node_of(request).pool, technology, known_at=read_known_at(known_at)),
    )
