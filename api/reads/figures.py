"""A year in figures, as known then or now."""

from typing import Annotated

from fastapi import Path, Query

from api.reads.common import AsKnown
from api.reads.parameters import Month, Year
from api.reads.questions import Questions
from projections.questions.figures import Figures, figures_of

router = Questions(prefix="/v1/figures", tags=["figures"])


@router.question("/{year}", "getFigures", "What was concluded and paid in a year?")
def get_figures(
    reader: AsKnown,
    year: Annotated[Year, Path(description="Calendar year, in Hanoi", examples=[2026])],
    *,
    month: Annotated[Month | None, Query(description="Only this month; default: all")] = None,
) -> Figures:
    """Return how many deals were concluded, by month, kind, field and seat, and money confirmed."""
    return figures_of(reader, year, month)
