"""What is to be done by when: with the State, and among the parties of contracts."""

from typing import Annotated

from fastapi import Query

from api.reads.common import AsKnown, TrueOn
from api.reads.contracts import PATTERN
from api.reads.named import Party
from api.reads.parameters import Hundred, PageCursor
from api.reads.questions import Questions
from projections.questions.duties import DutiesByDeadline, Kind, duties_by_deadline

router = Questions(prefix="/v1/duties", tags=["contracts"])


@router.question("", "listDuties", "What is to be done by when, and what is late?")
def list_duties(  # noqa: PLR0913  (the question's parameters)
    reader: AsKnown,
    *,
    true_on: TrueOn,
    kind: Annotated[Kind | None, Query(description="Only duties of this kind")] = None,
    late: Annotated[bool, Query(description="Only what is late")] = False,
    party: Annotated[Party | None, Query(description="Only under contracts of this party")] = None,
    contract: Annotated[
        str | None, Query(pattern=PATTERN, description="Only under this contract")
    ] = None,
    after: PageCursor = None,
    limit: Hundred = 50,
) -> DutiesByDeadline:
    """Return what is still to be filed, answered, reported and paid, the earliest day first."""
    return duties_by_deadline(
        reader,
        true_on=true_on,
        kind=kind,
        late=late,
        party=party,
        contract=contract,
        after=after,
        limit=limit,
    )
