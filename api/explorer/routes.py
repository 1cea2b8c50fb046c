"""A plain page of the log and its latest events. It works without scripts."""

from pathlib import Path
from typing import Any

import orjson
from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse
from fastapi.templating import Jinja2Templates

from api.deps import node_of
from ledger.domain.event import format_instant
from ledger.store.entries import StoredEntry, read_entries
from ledger.wire.base64 import b64encode
from ledger.wire.entry import parse_entry

LATEST = 50
"""Events on the page."""

# Nothing is loaded from elsewhere, nothing is run, nobody frames the page.
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self' 'unsafe-inline'; "
    "frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}

router = APIRouter(tags=["explorer"], include_in_schema=False)
templates = Jinja2Templates(directory=Path(__file__).parent / "templates")


@router.get("/", response_class=HTMLResponse)
def show_log(request: Request) -> HTMLResponse:
    """Show the log's head and its latest events."""
    node = node_of(request)
    latest = node.feed.latest
    size = latest.size if latest else 0
    entries = read_entries(node.pool, max(0, size - LATEST), size, LATEST)
    return templates.TemplateResponse(
        request,
        "log.html",
        {
            "origin": node.identity.origin,
            "size": size,
            "root": b64encode(latest.root) if latest else "",
            "signed_at": format_instant(latest.created) if latest else "",
            "checkpoint": latest.note.decode() if latest else "",
            "rows": [_row(entry) for entry in reversed(entries)],
            "url": str(request.base_url).rstrip("/"),
        },
        headers=HEADERS,
    )


def _row(stored: StoredEntry) -> dict[str, Any]:
    payload = orjson.loads(parse_entry(stored.entry).payload)
    return {
        "position": stored.position,
        "accepted": format_instant(stored.accepted),
        "type": payload["type"],
        "signers": payload["signers"],
        "subjects": payload["subjects"],
        "event_id": payload["event_id"],
    }
