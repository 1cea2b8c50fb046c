"""Subjects of any kind: all that was ever said of them, in order."""

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from api.deps import node_of
from api.reads.common import AtLeast, KnownAtText, ask, read_known_at
from api.reads.named import SubjectPath
from api.reads.parameters import Cursor, Thousand
from projections.questions.vouching import marked_timeline_of

router = APIRouter(prefix="/v1/subjects", tags=["subjects"])


@router.get("/{subject}/timeline", operation_id="getTimeline", summary="A subject's events")
async def get_timeline(
    request: Request,
    subject: SubjectPath,
    *,
    known_at: KnownAtText = None,
    after: Annotated[Cursor, Query(description="Cursor: positions greater than this")] = -1,
    limit: Thousand = 100,
    at_least: AtLeast = None,
) -> Response:
    """Return a page of events about the subject; `next_after` is the next page's cursor.

    `vouched_at` are the positions at which officers vouched for the keys on which an event rests,
    its own or those that gave the mandates for it, as verifiers mark it; null where that is not
    known.
    """
    node = node_of(request)
    return await ask(
        request,
        at_least,
        lambda: marked_timeline_of(
            node.reads,
            node.identity.origin,
            subject,
            known_at=read_known_at(known_at),
            after=after,
            limit=limit,
        ),
    )
