"""What is recorded, told as it comes: server-sent events that resume where they were cut."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Annotated

import orjson
from fastapi import APIRouter, Depends, Header, Query, Request, Response
from fastapi.sse import KEEPALIVE_COMMENT, EventSourceResponse, format_sse_event

from api.deps import address_of, followers_of, look, node_of, reader_of
from api.describe.answer_json import members_of
from api.openapi.declared_answers import declared
from api.reads.feed import EventType
from api.reads.named import Subject
from api.reads.parameters import Count
from api.watching.followers import PAGE, RECENT, Followers, Stream
from ledger.runtime.turns import Busy, Throttled
from ledger.store.connection import StoreError
from ledger.store.entries import read_head
from projections.engine.view import NotFolded
from projections.questions.watched import Watched, WatchList, watched_of
from projections.tables.timeline import EventRow

WATCHED_MAX = 50
"""Types, and subjects, that one watch list names at most."""

MEDIA_TYPE = "text/event-stream"

HEADERS = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
"""Nobody on the way is to keep it, or to wait until more of it has come."""

START_AGAIN = "start-again"
"""The event that says that a position is none of this log."""

_ID = r"([!-~]{1,255})#(0|[1-9][0-9]{0,17})"
"""The id of an event: the log's origin, and a position in it."""

router = APIRouter(prefix="/v1/stream", tags=["events"])

Topics = Annotated[
    list[EventType] | None,
    Query(
        max_length=WATCHED_MAX,
        description="Only of these types, each with its version",
        examples=[["contract.concluded/1"]],
    ),
]
Subjects = Annotated[
    list[Subject] | None,
    Query(max_length=WATCHED_MAX, description="Only those about one of these"),
]


def watch_list(topic: Topics = None, subject: Subjects = None) -> WatchList:
    """Return what is watched by an address."""
    return WatchList(frozenset(topic or ()), frozenset(subject or ()))


Watching = Annotated[WatchList, Depends(watch_list)]


@dataclass(frozen=True, slots=True)
class _Start:
    """From where a stream is to go on."""

    since: int | None
    last_event_id: str | None


def _start(
    since: Annotated[
        Count | None,
        Query(description="From this position on; default: what is recorded from now on"),
    ] = None,
    last_event_id: Annotated[
        str | None,
        Header(
            pattern=f"^({_ID})?$",
            description="Id of the last event that was read: what comes behind it is told, "
            "whatever `since` says",
        ),
    ] = None,
) -> _Start:
    return _Start(since, last_event_id)


Starting = Annotated[_Start, Depends(_start)]


async def _stream(request: Request, watch: Watching, start: Starting) -> AsyncIterator[Stream]:
    """Take a stream in, for as long as it is answered; not one that is asked for wrongly."""
    del start
    async with followers_of(request).stream(address_of(request), watch) as stream:
        yield stream


@router.get(
    "",
    operation_id="followEvents",
    summary="What is recorded, as it comes",
    response_class=Response,
    responses=declared(
        "Server-sent events: of each event that is recorded its row, as in `listEvents`; "
        "`start-again` for a position that is none of this log",
        media_type=MEDIA_TYPE,
        headers=("X-Accel-Buffering",),
    ),
)
async def follow_events(
    request: Request,
    stream: Annotated[Stream, Depends(_stream)],
    start: Starting,
) -> Response:
    """Tell each event once, in the order of the log, once it is signed and folded."""
    followers = followers_of(request)
    origin = node_of(request).origin
    stream.at = followers.size if start.since is None else start.since
    if start.last_event_id:
        named, _, position = start.last_event_id.rpartition("#")
        if named != origin:
            return _answer(request, _start_again(origin, followers, "OTHER_LOG"))
        stream.at = int(position) + 1
    if stream.at > followers.size and stream.at > await look(request, lambda: _recorded(request)):
        return _answer(request, _start_again(origin, followers, "BEYOND"))
    return _answer(request, _told(request, stream, followers))


def _answer(request: Request, content: AsyncIterator[bytes]) -> Response:
    return EventSourceResponse(() if request.state.head else content, headers=HEADERS)


def _recorded(request: Request) -> int:
    """Return how many entries there are: this process may not have seen the last ones yet."""
    return read_head(node_of(request).reads).size


async def _start_again(origin: str, followers: Followers, code: str) -> AsyncIterator[bytes]:
    """Say that there is no such position here, and have the client forget it."""
    said = {"code": code, "origin": origin, "size": followers.size}
    yield format_sse_event(data_str=orjson.dumps(said).decode(), event=START_AGAIN, id="")


async def _told(request: Request, stream: Stream, followers: Followers) -> AsyncIterator[bytes]:
    """Yield what a stream is told, until its client or the server goes."""
    node = node_of(request)
    if stream.at:  # So that anyone who is cut before the first event goes on from here.
        yield format_sse_event(id=f"{node.origin}#{stream.at - 1}")
    while not stream.ended:
        if stream.at < followers.size:
            try:
                found = await _next(request, stream, followers)
            except (Busy, Throttled, NotFolded, StoreError):
                return  # It comes again, and is told then why not, or goes on.
            stream.at = found.upto
            if found.events:
                yield b"".join(_frame(node.origin, event) for event in found.events)
        elif not await stream.wait(node.settings.stream_comment_s):
            yield KEEPALIVE_COMMENT


async def _next(request: Request, stream: Stream, followers: Followers) -> Watched:
    """Return what a stream is told next, from the read models where it is not at hand."""
    if (recent := followers.recent(stream)) is not None:
        return recent
    reader, watch, size = reader_of(node_of(request)), stream.watch, followers.size
    return await look(
        request, lambda: watched_of(reader, watch, since=stream.at, before=size, limit=PAGE)
    )


@lru_cache(maxsize=RECENT)
def _frame(origin: str, event: EventRow) -> bytes:
    """Return an event as it is told: written once for all who are told of it."""
    data = orjson.dumps(members_of(event)).decode()
    return format_sse_event(data_str=data, id=f"{origin}#{event.position}")
