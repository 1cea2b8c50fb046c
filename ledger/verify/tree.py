"""
Step 3: from the bytes of every entry up to the root that the checkpoint signs.

It goes upwards: entries are hashed into leaves, and each tile of each level must equal what the
entries say. A reader that goes down and takes only the tiles that it needs can be shown forged
ones (CVE-2026-56865); here every tile is compared, all of it, with what lies below it.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path

from ledger.log import tiles
from ledger.log.encoding import write_base64
from ledger.log.merkle import Frontier, leaf_hash
from ledger.log.tiles import TILE_WIDTH, entries_path, parse_bundle, tile_path, tile_width
from ledger.log.tree_head import Checkpoint
from ledger.verify.authority import is_authority
from ledger.verify.files import read_bundle, read_tile
from ledger.verify.outcome import Check, Refused

Entries = list[tuple[int, bytes]]
"""Positions and entries."""


@dataclass(frozen=True, slots=True)
class Hashed:
    """A bundle that hashes into its tile: the roots of its complete subtrees, and its SHA-256."""

    roots: tuple[bytes, ...]
    sha256: bytes
    authority: Entries


@dataclass(frozen=True, slots=True)
class HashBundle:
    """Hashes the bundles of a log of `size` in a directory; runs in worker processes."""

    directory: Path
    size: int

    def __call__(self, n: int) -> Hashed:
        """Hash every entry of bundle `n` into its tile. Raises `Refused` with the first bad one."""
        width, start = tile_width(0, n, self.size), n * TILE_WIDTH
        raw = read_bundle(self.directory, n, width)
        tile = read_tile(self.directory, 0, n, width)
        try:
            entries, malformed = parse_bundle(raw, width), ""
        except tiles.MalformedBundle as error:
            entries, malformed = tiles.split_as_far_as_it_goes(raw), str(error)
        leaves = [leaf_hash(entry) for entry in entries]
        if malformed or b"".join(leaves) != tile:
            reason = malformed or f"does not hash into {tile_path(0, n, width)}"
            bad = start + min(tiles.first_difference(leaves, tile), width - 1)
            raise Refused(Check.TREE, reason, bad, entries_path(n, width))
        authority = [named for named in enumerate(entries, start) if is_authority(named[1])]
        return Hashed(Frontier().extend(leaves).hashes, sha256(raw).digest(), authority)


@dataclass(slots=True)
class Tree:
    """The authenticated tree: SHA-256 of each bundle, and the entries that change who may sign."""

    bundles: list[bytes] = field(default_factory=list)
    authority: Entries = field(default_factory=list)


def check_tree(directory: Path, checkpoint: Checkpoint, hashed: Iterable[Hashed]) -> Tree:
    """Hold all hashed bundles, in order, and every tile above them, to the checkpoint's root."""
    tree, row, tail = Tree(), list[bytes](), tuple[bytes, ...]()
    for bundle in hashed:
        tree.bundles.append(bundle.sha256)
        tree.authority += bundle.authority
        if len(tree.bundles) * TILE_WIDTH <= checkpoint.size:
            row += bundle.roots
        else:
            tail = bundle.roots
    frontier = Frontier(checkpoint.size, (*_climb(directory, row), *tail))
    if (found := frontier.root()) != checkpoint.root:
        raise Refused(
            Check.TREE,
            "entries and tiles agree, but lead to another root than is signed, "
            f"{write_base64(found)}",
        )
    return tree


def _climb(directory: Path, row: Sequence[bytes], level: int = 1) -> tuple[bytes, ...]:
    """Check every tile from `level` up; return the complete subtrees there, largest first."""
    if not row:
        return ()
    parents, edge = list[bytes](), tuple[bytes, ...]()
    for n, at in enumerate(range(0, len(row), TILE_WIDTH)):
        children = row[at : at + TILE_WIDTH]
        tile = read_tile(directory, level, n, len(children))
        if tile != b"".join(children):
            bad = (at + tiles.first_difference(children, tile)) * TILE_WIDTH**level
            path = tile_path(level, n, len(children))
            raise Refused(Check.TREE, "not what the entries below it hash to", bad, path)
        roots = Frontier().extend(children).hashes
        if len(children) == TILE_WIDTH:
            parents += roots
        else:
            edge = roots
    return (*_climb(directory, parents, level + 1), *edge)
