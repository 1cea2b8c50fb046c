"""Subjects of any kind: all that was ever said of them, in order."""

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from api.deps import node_of
from api.reads import AtLeast, SubjectPath, ask
from projections.timeline import timeline_of

router = APIRouter(prefix="/v1/subjects", tags=["subjects"])


@router.get("/{subject}/timeline", operation_id="getTimeline", summary="A subject's events")
async def get_timeline(
    request: Request,
    subject: SubjectPath,
    after: Annotated[int, Query(ge=-1, description="Cursor: positions greater than this")] = -1,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
    at_least: AtLeast = None,
) -> Response:
    """Return a page of events about the subject; `next_after` is the next page's cursor."""
    return await ask(
        request,
        at_least,
        lambda: timeline_of(node_of(request).reads, subject, after=after, limit=limit),
    )
