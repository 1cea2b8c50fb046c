"""The page of what is found by a text: what is meant goes there at once, else a list by kind."""

from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from api.deps import look, node_of, reader_of
from api.describe.links import FIND, PREFIXES, AddressQuery
from api.explorer.shown import HEADERS, Spoken, language_of, page
from api.reads.search import Kind
from projections.engine.cursor import CURSOR
from projections.questions.search import Found, Hit, search

LONGEST = 400
"""Characters of a question at most."""

router = APIRouter(tags=["explorer"], include_in_schema=False)


async def show_found(
    request: Request,
    q: Annotated[str, Query(description="What is looked for", max_length=LONGEST)] = "",
    loai: Annotated[Kind | None, Query(description="Of this kind only")] = None,
    after: Annotated[
        str | None, Query(pattern=CURSOR, description="`next_after` of the page before")
    ] = None,
) -> Response:
    """Show what is found, or go to what alone is meant; without a question, how to ask."""
    sought = q.strip()
    if not sought:
        return page(request, "found.html", q="", found=None, chosen=None)
    node = node_of(request)

    def shown() -> Response:
        found = search(reader_of(node), sought, kind=loai, after=after)
        say = Spoken(request, AddressQuery(language_of(request)))
        if (only := only_meant(found)) is not None:
            return RedirectResponse(say.found(only), 303, HEADERS)
        return page(request, "found.html", q=sought, found=found, chosen=loai)

    return await look(request, shown)


def only_meant(found: Found) -> Hit | None:
    """Return what is meant exactly, if nothing else is found."""
    if found.after is None and len(found.hits) == 1 and found.hits[0].why == "exact":
        return found.hits[0]
    return None


for _prefix in PREFIXES.values():
    router.add_api_route(f"{_prefix}{FIND}", show_found, response_class=HTMLResponse)
