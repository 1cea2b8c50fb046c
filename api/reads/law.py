"""Law data: which sets the ledger judged by, since when, and what is in them."""

from typing import Annotated

import orjson
from fastapi import Path, Request, Response

from api.deps import look, node_of
from api.openapi.declared_answers import declared
from api.openapi.told import NOT_FOUND
from api.problems import NotFound
from api.reads.caching import IMMUTABLE
from api.reads.common import (
    AsKnown,
    Now,
    Published,
)
from api.reads.parameters import Position
from api.reads.questions import Questions
from projections.engine.view import NotPublished
from projections.questions.grounds import Editions, EventGrounds, editions_of, grounds_of

router = Questions(prefix="/v1", tags=["law"])


@router.question("/law", "listEditions", "Which rules and law data, since when")
def list_editions(reader: AsKnown) -> Editions:
    """Return the editions that were adopted, with the digest of the law data of each."""
    return editions_of(reader)


@router.get(
    "/law/{sha256}",
    operation_id="getLaw",
    summary="A set of law data, as it is hashed",
    responses=declared("The files", "LawFiles", headers=("ETag",), told=(NOT_FOUND,)),
)
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
        headers={**IMMUTABLE, "ETag": f'"{sha256}"'},
    )


@router.question(
    "/entries/{position}/grounds",
    "getGrounds",
    "By which rules of law was this event judged?",
    told=(NOT_FOUND,),
)
def get_grounds(reader: Now, position: Position, published: Published) -> EventGrounds:
    """Return the edition and law data in force at the position, and the rules that applied."""
    if position >= published:
        raise NotPublished(position, published)
    return grounds_of(reader, position)
