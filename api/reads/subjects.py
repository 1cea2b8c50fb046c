"""Subjects of any kind: all that was ever said of them, in order."""

from typing import Annotated

from fastapi import Query

from api.reads.common import (
    AsKnown,
)
from api.reads.named import SubjectPath
from api.reads.parameters import Cursor, Thousand
from api.reads.questions import Questions
from projections.questions.vouching import MarkedTimeline, marked_timeline_of

router = Questions(prefix="/v1/subjects", tags=["subjects"])


@router.question("/{subject}/timeline", "getTimeline", "A subject's events")
def get_timeline(
    reader: AsKnown,
    subject: SubjectPath,
    *,
    after: Annotated[Cursor, Query(description="Cursor: positions greater than this")] = -1,
    limit: Thousand = 100,
) -> MarkedTimeline:
    """Return a page of events about the subject; `next_after` is the next page's cursor.

    `vouched_at` are the positions at which officers vouched for the keys on which an event rests,
    its own or those that gave the mandates for it, as verifiers mark it; null where that is not
    known.
    """
    return marked_timeline_of(reader, subject, after=after, limit=limit)
