"""Disputes: what was said and ordered, and what an order holds."""

from typing import Annotated

from fastapi import APIRouter, Path, Request, Response

from api.deps import node_of
from api.problems import NotFound
from api.reads.common import AtLeast, KnownAtText, TrueOn, ask, read_known_at, today
from api.reads.named import SubjectPath
from api.reads.parameters import Position
from projections.questions.disputes import holds_on
from projections.questions.vouching import marked_dispute_of
from projections.tables.dependencies import falls_with

router = APIRouter(prefix="/v1", tags=["disputes"])


@router.get(
    "/disputes/{dispute}",
    operation_id="getDispute",
    summary="What was claimed, ordered, lifted and ruled",
)
async def get_dispute(
    request: Request,
    dispute: Annotated[
        str,
        Path(
            pattern=r"^dispute:[a-z0-9.-]{1,80}$",
            examples=["dispute:01890000-0000-7000-8000-000000000010"],
        ),
    ],
    known_at: KnownAtText = None,
    at_least: AtLeast = None,
) -> Response:
    """Return the steps of a dispute and its orders: what each held, and when it ended.

    `vouched_at` of a step is what it is of an event of a timeline.
    """
    node = node_of(request)
    return await ask(
        request,
        at_least,
        lambda: marked_dispute_of(
            node.reads, node.identity.origin, dispute, known_at=read_known_at(known_at)
        ),
    )


@router.get(
    "/entries/{position}/falls",
    operation_id="getFalls",
    summary="What else falls if the event is void from the start",
)
async def get_falls(
    request: Request,
    position: Position,
    known_at: KnownAtText = None,
    at_least: AtLeast = None,
) -> Response:
    """Return the events that rest on it, near and far, each with why."""
    latest = node_of(request).feed.latest
    if latest is None or position >= latest.size:
        raise NotFound("no entry at that position is published")
    return await ask(
        request,
        at_least,
        lambda: falls_with(node_of(request).reads, position, known_at=read_known_at(known_at)),
    )


@router.get(
    "/subjects/{subject}/holds", operation_id="getHolds", summary="Which orders hold a subject"
)
async def get_holds(
    request: Request,
    subject: SubjectPath,
    *,
    true_on: TrueOn = None,
    known_at: KnownAtText = None,
    at_least: AtLeast = None,
) -> Response:
    """Return the orders in force on a day: payments held, titles frozen, deeds void."""
    return await ask(
        request,
        at_least,
        lambda: holds_on(
            node_of(request).reads,
            subject,
            true_on=true_on or today(),
            known_at=read_known_at(known_at),
        ),
    )
