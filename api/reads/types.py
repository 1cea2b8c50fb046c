"""Types of events: what a client has to know to make one."""

from difflib import get_close_matches
from typing import Annotated

import orjson
from fastapi import APIRouter, Path, Response

from api.describe.event_types import EventType, EventTypes, describe_event_type, list_types
from api.openapi.declared_answers import answers
from api.openapi.told import NOT_FOUND
from api.problems import NotFound
from api.reads.questions import tagged_json
from ledger.domain.registry import TOPICS
from ledger.quoted import quoted

router = APIRouter(prefix="/v1/types", tags=["types"])


@router.get(
    "",
    operation_id="listTypes",
    summary="Every type of event, and the refusals that any event can meet",
    responses=answers(EventTypes),
)
async def list_event_types() -> Response:
    """Return all types by name, each with where the rest stands."""
    return tagged_json(orjson.dumps(list_types()))


@router.get(
    "/{topic:path}",
    operation_id="getType",
    summary="A type of event: the schema of its payload, who signs, what refuses it, an example",
    responses=answers(EventType, told=(NOT_FOUND,)),
)
async def get_event_type(
    topic: Annotated[
        str, Path(description="With its version; the slash may be %2F", examples=["offer.made/1"])
    ],
) -> Response:
    """Return all that a client has to know to make an event of this type."""
    require_type(topic)
    return tagged_json(orjson.dumps(describe_event_type(topic)))


def require_type(topic: str) -> None:
    """Let through a type of event. Raises `NotFound` with what may be meant by what is none."""
    if topic in TOPICS:
        return
    name, _, version = topic.partition("/")
    if versions := [each for each in TOPICS if each.partition("/")[0] == name]:
        what = f"{name} has no version {version}" if version else f"{name} is without a version"
        raise NotFound(what, versions)
    near = get_close_matches(topic, TOPICS, 6)
    raise NotFound(f"{quoted(topic)} is no type of event: /v1/types lists all", near)
