"""Plain pages: the log with its latest events, and the API's operations. They need no scripts."""

from datetime import datetime
from pathlib import Path
from typing import Any

import orjson
from fastapi import APIRouter, Request
from fastapi.responses import FileResponse, HTMLResponse
from fastapi.templating import Jinja2Templates

from api.deps import node_of
from api.explorer.labels import LABELS
from api.explorer.operations import groups_of
from ledger.domain.event import HANOI, format_instant
from ledger.store.entries import StoredEntry, read_entries
from ledger.wire.base64 import b64encode
from ledger.wire.entry import parse_entry

LATEST = 50
"""Events on the page."""

SHOWN = 4
"""Subjects of an event that are shown at once; a conveyance may have forty."""

# Nothing is loaded from elsewhere, nothing is run, nothing inline, nobody frames the page.
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; "
    "frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}

STATIC_HEADERS = HEADERS | {"Cache-Control": "public, max-age=3600"}

_HERE = Path(__file__).parent

router = APIRouter(tags=["explorer"], include_in_schema=False)
templates = Jinja2Templates(directory=_HERE / "templates")


@router.get("/", response_class=HTMLResponse)
def show_log(request: Request) -> HTMLResponse:
    """Show the log's head and its latest events."""
    node = node_of(request)
    latest = node.feed.latest
    size = latest.size if latest else 0
    entries = read_entries(node.pool, max(0, size - LATEST), size, LATEST)
    return _page(
        request,
        "log.html",
        size=size,
        root=b64encode(latest.root) if latest else "",
        signed=_time(latest.created) if latest else None,
        checkpoint=latest.note.decode() if latest else "",
        rows=[_row(entry) for entry in reversed(entries)],
        shown=SHOWN,
        url=_url(request),
    )


@router.get("/docs", response_class=HTMLResponse)
def show_operations(request: Request) -> HTMLResponse:
    """Show every operation of the API with its parameters and a command that calls it."""
    groups = groups_of(request.app.openapi(), _url(request))
    return _page(request, "operations.html", groups=groups)


@router.get("/static/page.css")
def get_style() -> FileResponse:
    """Return the pages' style sheet."""
    return FileResponse(_HERE / "static" / "page.css", headers=STATIC_HEADERS)


def _page(request: Request, template: str, **shown: Any) -> HTMLResponse:
    context = {"origin": node_of(request).identity.origin, **shown}
    return templates.TemplateResponse(request, template, context, headers=HEADERS)


def _url(request: Request) -> str:
    return str(request.base_url).rstrip("/")


def _time(instant: datetime) -> dict[str, str]:
    """Return an instant for machines, and for people in Hanoi."""
    local = instant.astimezone(HANOI).strftime("%d/%m/%Y %H:%M:%S")
    return {"instant": format_instant(instant), "local": local}


def _row(stored: StoredEntry) -> dict[str, Any]:
    payload = orjson.loads(parse_entry(stored.entry).payload)
    return {
        "position": stored.position,
        "accepted": _time(stored.accepted),
        "type": payload["type"],
        "label": LABELS[payload["type"]],
        "signers": payload["signers"],
        "subjects": payload["subjects"],
    }
