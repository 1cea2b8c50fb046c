"""Technologies: what they are, who owns, paid for and made them, what protects them."""

from typing import Annotated

from fastapi import APIRouter, Path, Query, Request, Response

from api.deps import law_of, node_of
from api.reads.common import AtLeast, KnownAtText, ask, read_known_at, today
from ledger.domain.core.types import Day
from ledger.domain.revenue.author_pay import Income
from projections.questions.author_minimum import author_minimum_of
from projections.tables.technologies import technology_of

EXAMPLE = "technology:01890000-0000-7000-8000-000000000001"

TechnologyPath = Annotated[str, Path(pattern=r"^technology:[a-z0-9.-]{1,80}$", examples=[EXAMPLE])]

router = APIRouter(prefix="/v1/technologies", tags=["technologies"])


@router.get("/{technology}", operation_id="getTechnology", summary="A technology as it is known")
async def get_technology(
    request: Request,
    technology: TechnologyPath,
    known_at: KnownAtText = None,
    at_least: AtLeast = None,
) -> Response:
    """Return owners, funding in exact fractions, authors' tokens, readiness, list, and rights."""
    return await ask(
        request,
        at_least,
        lambda: technology_of(node_of(request).reads, technology, known_at=read_known_at(known_at)),
    )


@router.get(
    "/{technology}/author-minimum",
    operation_id="getAuthorMinimum",
    summary="Which statutory rule sets the authors' minimum?",
)
async def get_author_minimum(  # noqa: PLR0913  (the question's parameters)
    request: Request,
    technology: TechnologyPath,
    *,
    income: Annotated[Income, Query(description="From own use, or from a licence")] = "licence",
    distributed_on: Annotated[
        Day | None, Query(description="When the profit is shared; default: today")
    ] = None,
    agreed: Annotated[bool, Query(description="Remuneration was agreed with the authors")] = False,
    known_at: KnownAtText = None,
    at_least: AtLeast = None,
) -> Response:
    """Return the four keys as they are known, and every rule that they choose."""
    node = node_of(request)
    return await ask(
        request,
        at_least,
        lambda: author_minimum_of(
            node.reads,
            technology,
            law_of(node),
            distributed_on=distributed_on or today(),
            income=income,
            agreed=agreed,
            known_at=read_known_at(known_at),
        ),
    )
