"""Open findings: what recorded facts contradict, until something settles it."""

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from api.deps import law_of, node_of
from api.reads.common import AtLeast, KnownAtText, ask, read_known_at
from api.reads.named import Subject
from api.reads.parameters import Cursor, Hundred
from projections.questions.findings import findings

router = APIRouter(prefix="/v1/findings", tags=["findings"])


@router.get("", operation_id="listFindings", summary="What do recorded facts contradict?")
async def list_findings(  # noqa: PLR0913  (the question's parameters)
    request: Request,
    *,
    subject: Annotated[Subject | None, Query(description="Of one subject")] = None,
    settled: Annotated[bool, Query(description="Those that were settled, too")] = False,
    known_at: KnownAtText = None,
    after: Annotated[Cursor, Query(description="Cursor: facts after this position")] = -1,
    limit: Hundred = 50,
    at_least: AtLeast = None,
) -> Response:
    """Return retroactive ends, voidances, compromised keys, late disputes, and what they touch."""
    return await ask(
        request,
        at_least,
        lambda: findings(
            node_of(request).reads,
            law_of(node_of(request)),
            subject=subject,
            settled=settled,
            known_at=read_known_at(known_at),
            after=after,
            limit=limit,
        ),
    )
