"""The whole log as the public API serves it, tiles and all, under its latest checkpoint."""

from dataclasses import dataclass

import httpx2

from ledger.log.checkpoint import Checkpoint, open_checkpoint
from ledger.log.merkle import leaf_hash
from ledger.log.tiles import TILE_WIDTH, authenticate, entries_path, parse_bundle, tile_path
from ledger.verify.trust import Trust


@dataclass(frozen=True)
class Log:
    """What was served. `leaves` are the entries' own hashes, `tile_leaves` what the tiles say."""

    checkpoint: Checkpoint
    entries: tuple[bytes, ...]
    leaves: tuple[bytes, ...]
    tile_leaves: tuple[bytes, ...]


def read_log(http: httpx2.Client, trust: Trust) -> Log:
    """Read the log; its checkpoint's signatures and its tiles are verified on the way."""
    checkpoint = open_checkpoint(http.get("/checkpoint").content, trust.origin, trust.verifiers)
    entries: list[bytes] = []
    for n in range(-(-checkpoint.size // TILE_WIDTH)):
        width = min(TILE_WIDTH, checkpoint.size - n * TILE_WIDTH)
        entries += parse_bundle(_get(http, entries_path(n, width)), width)
    leaves = authenticate(
        checkpoint.size,
        checkpoint.root,
        lambda level, n, width: _get(http, tile_path(level, n, width)),
    )
    return Log(checkpoint, tuple(entries), tuple(map(leaf_hash, entries)), tuple(leaves))


def _get(http: httpx2.Client, path: str) -> bytes:
    response = http.get(f"/{path}")
    assert 200 == response.status_code, f"{path}: {response.status_code} {response.text}"
    return response.content
