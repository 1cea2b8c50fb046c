"""Disputes: what was said and ordered, and what an order holds."""

from typing import Annotated

from fastapi import Path

from api.openapi.told import NOT_FOUND
from api.reads.common import (
    AsKnown,
    Published,
    TrueOn,
)
from api.reads.named import SubjectPath
from api.reads.parameters import Position
from api.reads.questions import Questions
from projections.engine.view import NotPublished
from projections.questions.dispute_record import HoldsOn, holds_on
from projections.questions.vouching import MarkedDispute, marked_dispute_of
from projections.tables.dependencies import Falls, falls_with

router = Questions(prefix="/v1", tags=["disputes"])


@router.question("/disputes/{dispute}", "getDispute", "What was claimed, ordered, lifted and ruled")
def get_dispute(
    reader: AsKnown,
    dispute: Annotated[
        str,
        Path(
            pattern=r"^dispute:[a-z0-9.-]{1,80}$",
            examples=["dispute:01890000-0000-7000-8000-000000000010"],
        ),
    ],
) -> MarkedDispute:
    """Return the steps of a dispute and its orders: what each held, and when it ended.

    `vouched_at` of a step is what it is of an event of a timeline.
    """
    return marked_dispute_of(reader, dispute)


@router.question(
    "/entries/{position}/falls",
    "getFalls",
    "What else falls if the event is void from the start",
    told=(NOT_FOUND,),
)
def get_falls(reader: AsKnown, position: Position, published: Published) -> Falls:
    """Return the events that rest on it, near and far, each with why."""
    if position >= published:
        raise NotPublished(position, published)
    return falls_with(reader, position)


@router.question("/subjects/{subject}/holds", "getHolds", "Which orders hold a subject")
def get_holds(reader: AsKnown, subject: SubjectPath, *, true_on: TrueOn) -> HoldsOn:
    """Return the orders in force on a day: payments held, titles frozen, deeds void."""
    return holds_on(reader, subject, true_on=true_on)
