"""The log as tlog-tiles serve it: `/checkpoint`, `/tile/<L>/<N>[.p/<W>]`, `/tile/entries/...`."""

import asyncio
from typing import Annotated

from fastapi import APIRouter, Path, Request, Response

from api.deps import node_of
from api.problems import NotFound
from ledger.log.tiles import MalformedTilePath, parse_tile_path
from ledger.store.tree import TreeReader

router = APIRouter(tags=["log"])

TILE = "entries/000.p/1"

IMMUTABLE = "public, max-age=31536000, immutable"


@router.get(
    "/checkpoint",
    operation_id="getCheckpoint",
    summary="The latest signed checkpoint (c2sp.org/tlog-checkpoint)",
    responses={200: {"content": {"text/plain": {}}}},
)
async def get_checkpoint(request: Request) -> Response:
    """Return the note, verbatim."""
    checkpoint = node_of(request).feed.latest
    if checkpoint is None:
        raise NotFound("nothing has been published yet")
    return Response(
        checkpoint.note,
        media_type="text/plain; charset=utf-8",
        headers={"Cache-Control": "no-store"},
    )


@router.get(
    "/tile/{path:path}",
    operation_id="getTile",
    summary="A tile of hashes or a bundle of entries (c2sp.org/tlog-tiles)",
    responses={200: {"content": {"application/octet-stream": {}}}},
)
async def get_tile(
    request: Request,
    path: Annotated[str, Path(description="<L>/<N>[.p/<W>], L may be entries", examples=[TILE])],
) -> Response:
    """Return a tile's bytes, bounded by the last published size."""
    node = node_of(request)
    try:
        tile = parse_tile_path(f"tile/{path}")
    except MalformedTilePath:
        raise NotFound("no such tile") from None
    checkpoint = node.feed.latest
    per_item = 256 ** (0 if tile.level is None else tile.level)
    end = (tile.index * 256 + tile.width) * per_item
    if checkpoint is None or end > checkpoint.size:
        raise NotFound("nothing is published there")
    reader = TreeReader(node.pool)
    if tile.level is None:
        content = await asyncio.to_thread(reader.fetch_bundle, tile.index, tile.width)
    else:
        content = await asyncio.to_thread(reader.fetch, tile.level, tile.index, tile.width)
    return Response(
        content, media_type="application/octet-stream", headers={"Cache-Control": IMMUTABLE}
    )
