"""
Grows the tree by a batch: its new frontier, and the subtrees of 2^8, 2^16 ... leaves it completed.

Those subtrees are what the hash tiles above level 0 consist of. The tree is therefore grown tile
by tile: 256 hashes of one level make one hash of the next, so that each is computed once.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from ledger.log.merkle import Frontier

TILE_HEIGHT = 8
TILE_WIDTH = 1 << TILE_HEIGHT


@dataclass(frozen=True, slots=True)
class TreeNode:
    """The root of a complete subtree of 2**level leaves, the `index`-th from the left."""

    level: int
    index: int
    hash: bytes


def grow(frontier: Frontier, leaf_hashes: Sequence[bytes]) -> tuple[Frontier, list[TreeNode]]:
    """Return the frontier with the leaves appended, and the tile nodes completed by them."""
    if frontier.size % TILE_WIDTH + len(leaf_hashes) < TILE_WIDTH:
        return frontier.extend(leaf_hashes), []  # No tile is completed: the usual case, and fast.
    nodes: list[TreeNode] = []
    kept = list(frontier.hashes)
    grown: list[bytes] = []
    size, level, added = frontier.size, 0, list(leaf_hashes)
    while size or added:
        width = size % TILE_WIDTH
        tail = [kept.pop() for _ in range(width.bit_count())][::-1]
        tile, added = _fill(Frontier(width, tuple(tail)), added)
        grown[:0] = tile.hashes
        size, level = size >> TILE_HEIGHT, level + TILE_HEIGHT
        nodes += (TreeNode(level, size + number, root) for number, root in enumerate(added))
    return Frontier(frontier.size + len(leaf_hashes), tuple(grown)), nodes


def _fill(tile: Frontier, hashes: Sequence[bytes]) -> tuple[Frontier, list[bytes]]:
    """Append hashes to a tile; return the tile then begun and the roots of those completed."""
    roots = []
    at = 0
    while len(hashes) - at >= TILE_WIDTH - tile.size:
        room = TILE_WIDTH - tile.size
        roots.append(tile.extend(hashes[at : at + room]).root())
        tile, at = Frontier(), at + room
    return tile.extend(hashes[at:]), roots
