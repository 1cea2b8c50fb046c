"""Open findings: what recorded facts contradict, until something settles it."""

from typing import Annotated

from fastapi import Query

from api.reads.common import (
    AsKnown,
)
from api.reads.named import Subject
from api.reads.parameters import Cursor, Hundred
from api.reads.questions import Questions
from projections.questions.findings import Findings, findings

router = Questions(prefix="/v1/findings", tags=["findings"])


@router.question("", "listFindings", "What do recorded facts contradict?")
def list_findings(
    reader: AsKnown,
    *,
    subject: Annotated[Subject | None, Query(description="Of one subject")] = None,
    settled: Annotated[bool, Query(description="Those that were settled, too")] = False,
    after: Annotated[Cursor, Query(description="Cursor: facts after this position")] = -1,
    limit: Hundred = 50,
) -> Findings:
    """Return retroactive ends, voidances, compromised keys, late disputes, and what they touch."""
    return findings(reader, subject=subject, settled=settled, after=after, limit=limit)
