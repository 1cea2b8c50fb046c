"""Why there is no such page, as a page: the problem that the API tells, in the language asked."""

from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlencode

from fastapi import Request
from fastapi.responses import HTMLResponse

from api.describe.interface import ASKED_AS
from api.describe.links import (
    ANY_SUBJECT,
    AUDIT,
    DOCUMENTS,
    DUTIES,
    ENTRY,
    EVENT,
    FIGURES,
    FIND,
    LAW,
    LICENCE_CHECK,
    MARKET,
    PAGES,
    PREFIXES,
    SHORT,
    VERIFY,
)
from api.explorer.found_again import PROOF
from api.explorer.shown import language_of, page
from api.explorer.twins import MEDIA
from api.problems import RULES, code_of, headers_of, problem, wait_s_of

_OTHERS = (ANY_SUBJECT, AUDIT, DUTIES, ENTRY, EVENT, FIND, LICENCE_CHECK, MARKET, SHORT, VERIFY)

_BEGINNINGS = (
    f"{PREFIXES['en']}/",
    "/docs/",
    *(f"{folder}/" for folder in (*PAGES.values(), *_OTHERS)),
    *(f"{folder}/" for folder in (LAW, RULES, DOCUMENTS, FIGURES)),
)

_TWINS = (PROOF, *(f".{form}" for form in MEDIA))

NOT_OURS = "HOST"
"""Of a request for another host nothing is said, least of all about this ledger."""


def problem_page(request: Request, error: Exception) -> HTMLResponse | None:
    """Return the page that an error is; None where no page was asked for."""
    path = request.url.path
    posted = path.removeprefix(PREFIXES["en"]) in (AUDIT, VERIFY)
    reads = request.method in ("GET", "HEAD")
    asks = (reads or posted) and f"{path}/".startswith(_BEGINNINGS)
    accepts = request.headers.get("accept", "")
    by_program = path.endswith(_TWINS) or ("json" in accepts and "html" not in accepts)
    if not (asks or path == "/") or by_program or code_of(error) == NOT_OURS:
        return None
    told = problem(error, vietnamese=language_of(request) == "vi")
    headers = headers_of(error, told["status"])
    return page(
        request,
        "refused.html",
        status=told["status"],
        headers=headers,
        told=told,
        asked_as=ASKED_AS.get(told.get("parameter", "")),
        wait_s=wait_s_of(error) if "Retry-After" in headers else None,
        meant=tuple(_meant(request, told)),
    )


def _meant(request: Request, told: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield what may be meant, and the address at which it is asked."""
    name, asked = told.get("parameter"), dict(request.query_params)
    if name is None:  # No page is there: those that are near, but for the forms of others.
        yield from ((each, each) for each in told.get("near", ()) if "{" not in each)
        return
    for each in told.get("near", ()):
        path, query = request.url.path, asked
        if told["code"] == "UNKNOWN_PARAMETER":
            query = {each if key == name else key: value for key, value in asked.items()}
        elif name in asked:
            query = {**asked, name: each}
        else:
            path = path.replace(told["value"], each)
        yield each, f"{path}?{urlencode(query)}" if query else path
