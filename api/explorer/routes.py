"""Plain pages: the log with its latest events, and the API's operations; what they load."""

from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import FileResponse, HTMLResponse

from api.deps import look, node_of, reader_of
from api.explorer.operations import groups_of
from api.explorer.shown import HEADERS, HERE, SCRIPT, page
from ledger.store.entries import StoredEntry, read_entries
from projections.engine.decoding import decode
from projections.questions.vouching import Vouched, vouched_for
from projections.tables.timeline import days_of, office_of, states_of

LATEST = 50
"""Events on the page."""

SHOWN = 4
"""Subjects of an event that are shown at once; a conveyance may have forty."""

STATIC_HEADERS = HEADERS | {"Cache-Control": "public, max-age=3600"}

router = APIRouter(tags=["explorer"], include_in_schema=False)


@router.get("/", response_class=HTMLResponse)
@router.get("/en", response_class=HTMLResponse)
@router.get("/en/", response_class=HTMLResponse)
async def show_log(request: Request) -> HTMLResponse:
    """Show the log's head and its latest events."""
    node = node_of(request)
    latest = node.feed.newest
    size = latest.size if latest else 0

    def shown() -> HTMLResponse:
        entries = read_entries(node.reads, max(0, size - LATEST), size, LATEST)
        positions = [entry.position for entry in entries]
        vouched = vouched_for(reader_of(node), positions)
        return page(
            request,
            "log.html",
            size=size,
            checkpoint=latest.note.decode() if latest else "",
            rows=[_row(entry, vouched) for entry in reversed(entries)],
            shown=SHOWN,
            url=_url(request),
        )

    return await look(request, shown)


@router.get("/docs", response_class=HTMLResponse)
@router.get("/en/docs", response_class=HTMLResponse)
async def show_operations(request: Request) -> HTMLResponse:
    """Show every operation of the API with its parameters and a command that calls it."""

    def shown() -> HTMLResponse:
        groups = groups_of(request.app.openapi(), _url(request))
        return page(request, "operations.html", groups=groups)

    return await look(request, shown)


@router.get("/static/page.css")
def get_style() -> FileResponse:
    """Return the pages' style sheet."""
    return FileResponse(HERE / "static" / "page.css", headers=STATIC_HEADERS)


@router.get(SCRIPT)
def get_script() -> FileResponse:
    """Return the check of a page; never from a cache, as its hash stands in the page."""
    return FileResponse(HERE / SCRIPT[1:], media_type="text/javascript", headers=HEADERS)


def _url(request: Request) -> str:
    return str(request.base_url).rstrip("/")


def _row(stored: StoredEntry, vouched: Vouched) -> dict[str, Any]:
    logged = decode(stored.entry, stored.position)
    event = logged.event
    return {
        "position": stored.position,
        "accepted": stored.accepted,
        "topic": event.type,
        "signers": event.signers,
        "subjects": event.subjects,
        "true_from": days_of(event.body)[0],
        "office": office_of(event.body),
        "territory": states_of(event.body),
        "vouched_at": vouched.at(stored.position),
    }
