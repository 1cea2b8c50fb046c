"""The page of the API's operations, and what all pages load."""

from fastapi import APIRouter, Request
from fastapi.responses import FileResponse, HTMLResponse

from api.deps import look
from api.explorer.operations import groups_of
from api.explorer.shown import HEADERS, HERE, INTEGRITY, SCRIPT, page

STATIC_HEADERS = HEADERS | {"Cache-Control": "public, max-age=3600"}

router = APIRouter(tags=["explorer"], include_in_schema=False)


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


@router.get("/static/icon.svg")
def get_icon() -> FileResponse:
    """Return the pages' icon, which a browser asks for in any case."""
    return FileResponse(HERE / "static" / "icon.svg", headers=STATIC_HEADERS)


@router.get(SCRIPT)
def get_script() -> FileResponse:
    """Return the check of a page; from no cache that has not asked, as a page has its hash."""
    headers = HEADERS | {"Cache-Control": "no-cache", "ETag": f'"{INTEGRITY}"'}
    return FileResponse(HERE / SCRIPT[1:], media_type="text/javascript", headers=headers)


def _url(request: Request) -> str:
    return str(request.base_url).rstrip("/")
