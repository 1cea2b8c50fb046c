"""The home page: find, six doors, what there is today, what happened last, the state of the log."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import lru_cache

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from api.deps import look, node_of, reader_of
from api.describe.links import BOARD_AT, feed_at, placed
from api.describe.saying import Speech
from api.explorer.happened import Happened, happened
from api.explorer.shown import language_of, page
from api.limits.here import is_from_here
from api.reads.common import today
from ledger.node.node import Node
from projections.engine.view import NotFolded
from projections.questions.feed import Feed, feed_of
from projections.questions.market import Wanted, listings_of
from projections.questions.vouching import vouched_for

LATEST = 10
"""Events on the page."""

COUNTED = (
    "party.registered/1",
    "technology.registered/1",
    "right.filed/1",
    "contract.concluded/1",
    "dispute.opened/1",
)
"""The types of events whose numbers the page tells."""

router = APIRouter(tags=["explorer"], include_in_schema=False)


@dataclass(frozen=True, slots=True)
class Counts:
    """How many events of the types that are counted there are, and open listings and needs."""

    events: Mapping[str, int]
    listings: int


@router.get("/", response_class=HTMLResponse)
@router.get("/en", response_class=HTMLResponse)
@router.get("/en/", response_class=HTMLResponse)
async def show_home(request: Request) -> HTMLResponse:
    """Show where to begin, what there is, and the state of the log."""
    return await look(request, lambda: _page(request, node_of(request)))


def _page(request: Request, node: Node) -> HTMLResponse:
    latest = node.feed.newest
    feed = _feed(node)
    return page(
        request,
        "home.html",
        names={} if feed is None else _names(feed),
        checkpoint=latest.note.decode() if latest else "",
        halted=node.halted,
        board=placed(language_of(request), BOARD_AT) if is_from_here(request.scope) else None,
        year=today().year,
        counts=None if feed is None else counted(node, feed.size, today()),
        atom=feed_at(language_of(request), {}),
        told=None if feed is None else _told(request, node, feed),
        url=str(request.base_url).rstrip("/"),
    )


def _feed(node: Node) -> Feed | None:
    """Return the latest events; None while the read models are not there."""
    try:
        return feed_of(reader_of(node), limit=LATEST)
    except NotFolded:
        return None


def _names(feed: Feed) -> Mapping[str, str]:
    return {each.id: each.name for each in feed.names}


def _told(request: Request, node: Node, feed: Feed) -> list[Happened]:
    reader = reader_of(node)
    vouched = vouched_for(reader, feed.positions)
    speech = Speech(language_of(request), reader.law)
    return happened(node, feed.events, vouched.at, speech, _names(feed))


@lru_cache(maxsize=8)
def counted(node: Node, size: int, day: date) -> Counts:
    """Return how many there are on a day, as known to so many entries: that never changes."""
    reader = reader_of(node, size - 1)
    events = {topic: feed_of(reader, topic=topic, limit=1).count for topic in COUNTED}
    return Counts(events, listings_of(reader, Wanted(open=True), true_on=day, limit=1).count)
