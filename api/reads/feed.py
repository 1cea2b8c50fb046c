"""The feed of events: what was recorded, newest or oldest first."""

from difflib import get_close_matches
from typing import Annotated

from fastapi import Query
from pydantic import AfterValidator, StringConstraints

from api.reads.common import AsKnown
from api.reads.named import Subject, none_such
from api.reads.parameters import Count, Hundred, PageCursor
from api.reads.questions import Questions
from ledger.domain.registry import TOPICS
from projections.questions.feed import Feed, Order, feed_of

router = Questions(prefix="/v1/events", tags=["events"])


def _known_type(topic: str) -> str:
    """Let through a type of event. Raises `PydanticCustomError` for what is none."""
    if topic in TOPICS:
        return topic
    raise none_such(
        "a type of event has its version, such as contract.concluded/1: /v1/types lists all",
        get_close_matches(topic, TOPICS, 6),
    )


EventType = Annotated[
    str, StringConstraints(pattern=r"^[a-z]+\.[a-z_]+(/[0-9]+)?$"), AfterValidator(_known_type)
]


@router.question("", "listEvents", "What was recorded, newest or oldest first?")
def list_events(  # noqa: PLR0913  (the question's parameters)
    reader: AsKnown,
    *,
    topic: Annotated[
        EventType | None,
        Query(description="Only of this type, with its version", examples=["contract.concluded/1"]),
    ] = None,
    subject: Annotated[Subject | None, Query(description="Only those about it")] = None,
    since: Annotated[Count, Query(description="Only those at this position or behind it")] = 0,
    order: Annotated[Order, Query(description="Which come first")] = "newest",
    after: PageCursor = None,
    limit: Hundred = 50,
) -> Feed:
    """Return events with who signed them and what they are about, and how many there are."""
    return feed_of(
        reader,
        topic=topic,
        subject=subject,
        since=since,
        order=order,
        after=after,
        limit=limit,
    )
