"""The log as tlog-tiles serve it: `/checkpoint`, `/tile/<L>/<N>[.p/<W>]`, `/tile/entries/...`."""

from dataclasses import dataclass
from typing import Annotated, Literal

import orjson
from fastapi import APIRouter, Path, Query, Request, Response

from api.deps import look, node_of
from api.describe.answer_json import members_of
from api.openapi.declared_answers import BYTES, TEXT, declared
from api.openapi.told import NOT_FOUND
from api.problems import BadParameter, NotFound
from api.reads.caching import FRESH, IMMUTABLE, NO_STORE
from api.reads.parameters import Count, Hundred
from ledger.log.encoding import read_hash, write_base64
from ledger.log.merkle import LogError
from ledger.log.proof import verify_consistency
from ledger.log.tiles import MalformedTilePath, TilePath, parse_tile_path
from ledger.publish.quorum import Grade
from ledger.store.checkpoints import StoredCheckpoint, signed_from
from ledger.store.tree import TreeReader
from projections.engine.answer import Verdict, YesOrNo, yes_or_no

router = APIRouter(tags=["log"])

TILE = "entries/000.p/1"


@router.get(
    "/checkpoint",
    operation_id="getCheckpoint",
    summary="The latest signed checkpoint (c2sp.org/tlog-checkpoint)",
    responses=declared("The signed note", media_type=TEXT, told=(NOT_FOUND,)),
)
async def get_checkpoint(
    request: Request,
    grade: Annotated[
        Grade,
        Query(
            description="`logged`: the newest, even if no quorum has cosigned it yet; `degraded`: "
            "the newest that the fallback policy is content with"
        ),
    ] = "witnessed",
) -> Response:
    """Return the newest that a quorum of the policy cosigned, or the newest where none is asked."""
    node = node_of(request)
    checkpoint = {
        "logged": node.feed.newest,
        "witnessed": node.best_checkpoint,
        "degraded": node.standards["degraded"].feed.latest,
    }[grade]
    if checkpoint is None:
        raise NotFound("nothing has been published yet")
    return Response(
        checkpoint.note,
        media_type="text/plain; charset=utf-8",
        headers=FRESH,
    )


@router.get(
    "/v1/checkpoints",
    operation_id="listCheckpoints",
    summary="The checkpoints that were signed, of a size and of larger ones",
    responses=declared("The page", "Checkpoints"),
)
async def list_checkpoints(
    request: Request,
    start: Annotated[Count, Query(alias="from", description="The least size", examples=[1])] = 0,
    limit: Annotated[Hundred, Query(description="Sizes at most")] = 50,
) -> Response:
    """Return the first note of each size, and the one that was last signed again, `again`.

    `next_from` is where the next page begins, null on the last.
    """
    node = node_of(request)
    found = await look(request, lambda: signed_from(node.reads, start, limit))
    sizes = [each.size for each in found]
    more = bool(sizes) and sizes[-1] < node.published
    answer = {
        "checkpoints": [
            {"size": each.size, "again": each.size in sizes[:at], "note": each.note.decode()}
            for at, each in enumerate(found)
        ],
        "next_from": sizes[-1] + 1 if more else None,
    }
    return Response(orjson.dumps(answer), media_type="application/json", headers=NO_STORE)


@router.get(
    "/witness-policy",
    operation_id="getWitnessPolicy",
    summary="The trust policy by whose witnesses the log is cosigned (c2sp.org/tlog-policy)",
    responses=declared("The policy", media_type=TEXT),
)
async def get_witness_policy(
    request: Request,
    grade: Annotated[
        Literal["witnessed", "degraded"],
        Query(description="`degraded`: the fallback policy; `quorum none` where there is none"),
    ] = "witnessed",
) -> Response:
    """Return the policy, verbatim; which one to trust is not for the log to say."""
    policy = node_of(request).standards[grade].quorum.policy
    return Response(policy.raw, media_type="text/plain; charset=utf-8", headers=FRESH)


@dataclass(frozen=True, slots=True)
class Continuation(YesOrNo):
    """Whether the log of `size` entries continues that of `since`; None where no root is given."""

    since: int
    size: int
    unchanged: bool | None
    proof: tuple[str, ...]
    checkpoint: str
    positions: tuple[int, ...] = ()

    @property
    def _says(self) -> Verdict:
        return "answered" if self.unchanged is None else yes_or_no(self.unchanged)


@router.get(
    "/v1/consistency",
    operation_id="getConsistency",
    summary="Whether the log continues what it was at an earlier size",
    responses=declared("The proof", Continuation, told=(NOT_FOUND,)),
)
async def get_consistency(
    request: Request,
    since: Annotated[Count, Query(description="Size of the earlier checkpoint", examples=[1])],
    root: Annotated[
        str | None,
        Query(
            description="Its root hash, in standard base64",
            json_schema_extra={"pattern": "^[A-Za-z0-9+/]{43}=$"},
        ),
    ] = None,
) -> Response:
    """Return the consistency proof (RFC 6962, 2.1.2) from an earlier size to the latest.

    `unchanged` says whether it holds for the root given; anyone who asks verifies that alone.
    """
    node, old = node_of(request), _read_root(root)
    checkpoint = node.feed.newest
    if checkpoint is None or since > checkpoint.size:
        raise NotFound("nothing of that size is published")
    proof = await look(request, lambda: node.reading.prove_prefix(since, checkpoint))
    answer = Continuation(
        since,
        checkpoint.size,
        None if old is None else _continues(since, old, checkpoint, proof),
        tuple(map(write_base64, proof)),
        checkpoint.note.decode(),
    )
    content = orjson.dumps(members_of(answer))
    return Response(content, media_type="application/json", headers=NO_STORE)


def _read_root(root: str | None) -> bytes | None:
    """Read a root hash. Raises `BadParameter` for what is none: a slip is no change of history."""
    try:
        # A plus sign is a space here, unless it was escaped.
        return None if root is None else read_hash(root.replace(" ", "+"), LogError)
    except LogError:
        raise BadParameter("root", root, "it is a hash of 32 bytes in standard base64") from None


def _continues(since: int, old: bytes, checkpoint: StoredCheckpoint, proof: list[bytes]) -> bool:
    try:
        verify_consistency(since, checkpoint.size, proof, old, checkpoint.root)
    except LogError:
        return False
    return True


def _fetch(reader: TreeReader, tile: TilePath) -> bytes:
    if tile.level is None:
        return reader.fetch_bundle(tile.index, tile.width)
    return reader.fetch(tile.level, tile.index, tile.width)


@router.get(
    "/tile/{path:path}",
    operation_id="getTile",
    summary="A tile of hashes or a bundle of entries (c2sp.org/tlog-tiles)",
    responses=declared("The tile", media_type=BYTES, told=(NOT_FOUND,)),
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
    reader = TreeReader(node.reads)
    content = await look(request, lambda: _fetch(reader, tile))
    return Response(content, media_type="application/octet-stream", headers=IMMUTABLE)
