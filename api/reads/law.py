"""Law data: which sets the ledger judged by, since when, and what is in them."""

from typing import Annotated

import orjson
from fastapi import APIRouter, Path, Request, Response

from api.deps import look, node_of
from api.problems import NotFound
from api.reads.common import AtLeast, KnownAtText, ask, read_known_at
from api.reads.parameters import Position
from projections.questions.grounds import grounds_of
from projections.tables.editions import editions_of

router = APIRouter(prefix="/v1", tags=["law"])


@router.get("/law", operation_id="listEditions", summary="Which rules and law data, since when")
async def list_editions(
    request: Request, known_at: KnownAtText = None, at_least: AtLeast = None
) -> Response:
    """Return the editions that were adopted, with the digest of the law data of each."""
    return await ask(
        request,
        at_least,
        lambda: editions_of(node_of(request).reads, known_at=read_known_at(known_at)),
    )


@router.get("/law/{sha256}", operation_id="getLaw", summary="A set of law data, as it is hashed")
async def get_law(
    request: Request,
    sha256: Annotated[str, Path(pattern=r"^sha256:[0-9a-f]{64}$", examples=[f"sha256:{64 * '0'}"])],
) -> Response:
    """Return the files of a set as texts by name: their manifest has the digest asked for."""
    laws = node_of(request).laws
    try:
        files = await look(request, lambda: laws.files(sha256))
    except KeyError:
        raise NotFound("no such law data is at hand") from None
    return Response(
        orjson.dumps({name: raw.decode() for name, raw in files.items()}),
        media_type="application/json",
        headers={"Cache-Control": "public, max-age=31536000, immutable"},
    )


@router.get(
    "/entries/{position}/grounds",
    operation_id="getGrounds",
    summary="By which rules of law was this event judged?",
)
async def get_grounds(
    request: Request,
    position: Position,
    at_least: AtLeast = None,
) -> Response:
    """Return the edition and law data in force at the position, and the rules that applied."""
    node = node_of(request)
    return await ask(request, at_least, lambda: grounds_of(node.reads, node.laws, position))
