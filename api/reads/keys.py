"""Keys: whose they are, and what they signed."""

from typing import Annotated

from fastapi import APIRouter, Path, Query, Request, Response

from api.deps import node_of
from api.reads.common import AtLeast, KnownAtText, ask, read_known_at
from api.reads.parameters import Cursor, Thousand
from projections.questions.keys import Between, key_as_known, signed_by
from projections.questions.vouching import MarkedSignedBy, mark_signed

router = APIRouter(prefix="/v1/keys", tags=["keys"])

KeyPath = Annotated[
    str,
    Path(
        pattern=r"^[0-9a-f]{64}$",
        description="Key id",
        examples=["4e797a4a1ebd6fae710feb836a3be13e9fb335aeac8991d7f63d246c4020bafa"],
    ),
]


@router.get("/{key_id}", operation_id="getKey", summary="Whose a key is, from where to where")
async def get_key(
    request: Request, key_id: KeyPath, known_at: KnownAtText = None, at_least: AtLeast = None
) -> Response:
    """Return what added, suspended, resumed and revoked it, and since when it is compromised."""
    return await ask(
        request,
        at_least,
        lambda: key_as_known(node_of(request).reads, key_id, known_at=read_known_at(known_at)),
    )


@router.get("/{key_id}/signed", operation_id="getSigned", summary="What a key signed")
async def get_signed(  # noqa: PLR0913  (the question's parameters)
    request: Request,
    key_id: KeyPath,
    *,
    between: Annotated[
        Between,
        Query(description="`compromise`: only between its compromise and its revocation"),
    ] = "always",
    topic: Annotated[
        str | None,
        Query(pattern=r"^[a-z]+\.[a-z_]+/[0-9]+$", examples=["contract.concluded/1"]),
    ] = None,
    known_at: KnownAtText = None,
    after: Annotated[Cursor, Query(description="Cursor: positions greater than this")] = -1,
    limit: Thousand = 100,
    at_least: AtLeast = None,
) -> Response:
    """Return a page of events; those in doubt are `open` until a party gives its word on them.

    `vouched_at` of an event is what it is in a timeline.
    """
    node = node_of(request)

    def find() -> MarkedSignedBy:
        found = signed_by(
            node.reads,
            key_id,
            between=between,
            topic=topic,
            known_at=read_known_at(known_at),
            after=after,
            limit=limit,
        )
        return mark_signed(node.reads, node.identity.origin, found)

    return await ask(request, at_least, find)
