"""Technologies: what they are, who owns, paid for and made them, what protects them."""

from typing import Annotated

from fastapi import Path, Query

from api.reads.common import (
    AsKnown,
    today,
)
from api.reads.questions import Questions
from ledger.domain.core.types import Day
from ledger.domain.revenue.author_pay import Income
from projections.questions.author_minimum import AuthorMinimum, author_minimum_of
from projections.tables.technologies import TechnologyView, technology_of

EXAMPLE = "technology:01890000-0000-7000-8000-000000000001"

TechnologyPath = Annotated[str, Path(pattern=r"^technology:[a-z0-9.-]{1,80}$", examples=[EXAMPLE])]

router = Questions(prefix="/v1/technologies", tags=["technologies"])


@router.question("/{technology}", "getTechnology", "A technology as it is known")
def get_technology(reader: AsKnown, technology: TechnologyPath) -> TechnologyView:
    """Return owners, funding in exact fractions, authors' tokens, readiness, list, and rights."""
    return technology_of(reader, technology)


@router.question(
    "/{technology}/author-minimum",
    "getAuthorMinimum",
    "Which statutory rule sets the authors' minimum?",
)
def get_author_minimum(
    reader: AsKnown,
    technology: TechnologyPath,
    *,
    income: Annotated[Income, Query(description="From own use, or from a licence")] = "licence",
    distributed_on: Annotated[
        Day | None, Query(description="When the profit is shared; default: today")
    ] = None,
    agreed: Annotated[bool, Query(description="Remuneration was agreed with the authors")] = False,
) -> AuthorMinimum:
    """Return the four keys as they are known, and every rule that they choose."""
    return author_minimum_of(
        reader, technology, distributed_on=distributed_on or today(), income=income, agreed=agreed
    )
