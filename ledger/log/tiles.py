"""
Tiles and entry bundles (C2SP tlog-tiles): the whole log as static files.

Tile (level, n) holds up to 256 hashes; hash i is the root of the complete subtree number
n * 256 + i of 256**level leaves. At level 0 these are leaf hashes. The last tile of a level may be
*partial* (1 to 255 hashes); a partial tile is never hashed upward. All of it is immutable.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256
from typing import Final

from ledger.log.encoding import MAX_COUNT, write_base64
from ledger.log.merkle import HASH_SIZE, Frontier, LogError
from ledger.quoted import quoted

TILE_WIDTH: Final = 256
"""Hashes of a full tile, entries of a full bundle."""

MAX_ENTRY: Final = 65_535
"""Bytes of an entry at most: a bundle writes the length in two bytes."""

_HEIGHT = 8  # levels of the tree within a tile: 2**8 == TILE_WIDTH
_MAX_LEVEL = 63
_MAX_INDEX = MAX_COUNT // TILE_WIDTH
_PATH = re.compile(r"tile/(entries|[0-9]{1,2})/((?:x[0-9]{3}/){0,6}[0-9]{3})(?:\.p/([0-9]{1,3}))?")

Fetch = Callable[[int, int, int], bytes]
"""`fetch(level, n, width)` returns the bytes of a tile, exactly `width` hashes of it."""

Rows = Callable[[int, int, int], list[bytes]]
"""`rows(level, n, width)` returns the rows of complete subtrees over a tile, the tile first."""


class MalformedTilePath(LogError):
    """A path names no tile and no entry bundle, or not in its one spelling."""


class MalformedBundle(LogError):
    """Bytes are not those of an entry bundle of the width asked for."""


class TileRefused(LogError):
    """A tile is not the part of the tree that it is offered as. `path` says which tile."""

    def __init__(self, path: str, reason: str) -> None:
        super().__init__(path, reason)
        self.path, self.reason = path, reason

    def __str__(self) -> str:
        return f"{self.path}: {self.reason}"


@dataclass(frozen=True, slots=True)
class TilePath:
    """What a path names: a tile of `level`, or entries where that is None; its index and width."""

    level: int | None
    index: int
    width: int = TILE_WIDTH


def tile_path(level: int, n: int, width: int = TILE_WIDTH) -> str:
    """Return the path of a tile below the log's prefix: `tile/0/x001/234`, `tile/1/000.p/17`."""
    return f"tile/{level}/{_numbered(n, width)}"


def entries_path(n: int, width: int = TILE_WIDTH) -> str:
    """Return the path of the bundle with the entries of the level-0 tile `n` of that width."""
    return f"tile/entries/{_numbered(n, width)}"


def _numbered(n: int, width: int) -> str:
    """Write a tile's number in groups of three digits, all but the last with `x`, and its width."""
    groups = f"{n:,}".split(",")
    *higher, lowest = [group.zfill(3) for group in groups]
    path = "".join(f"x{group}/" for group in higher) + lowest
    return path if width == TILE_WIDTH else f"{path}.p/{width}"


def parse_tile_path(path: str) -> TilePath:
    """Read the path of a tile or of a bundle, or raise `MalformedTilePath`."""
    found = _PATH.fullmatch(path)
    if not found:
        raise MalformedTilePath(
            f"a tile's path is tile/<level>/<number>[.p/<width>], not {quoted(path)}"
        )
    level = None if found[1] == "entries" else int(found[1])
    n = int(found[2].replace("x", "").replace("/", ""))
    width = int(found[3]) if found[3] else TILE_WIDTH
    if found[3] and not 0 < width < TILE_WIDTH:
        raise MalformedTilePath(f"a partial tile has 1 to 255 hashes: {quoted(path)}")
    again = entries_path(n, width) if level is None else tile_path(level, n, width)
    if again != path or n > _MAX_INDEX or (level or 0) > _MAX_LEVEL:
        raise MalformedTilePath(
            f"a level is at most 63, and no number has needless zeros: {quoted(path)}"
        )
    return TilePath(level, n, width)


def widths(size: int) -> list[tuple[int, int]]:
    """
    Return, for each level of a log of `size`, (number of full tiles, width of the partial one).

    A width of 0 says that there is no partial tile. Size 70,000: [(273, 112), (1, 17), (0, 1)].
    """
    rows = []
    while size:
        rows.append(divmod(size, TILE_WIDTH))
        size //= TILE_WIDTH
    return rows


def tile_width(level: int, n: int, size: int) -> int:
    """Return how many hashes tile (level, n) of a log of `size` has: 0 where there is no tile."""
    return max(0, min(TILE_WIDTH, (size >> _HEIGHT * level) - n * TILE_WIDTH))


def format_bundle(entries: Sequence[bytes]) -> bytes:
    """Write 1 to 256 entries, each behind its length as a big-endian uint16."""
    if not 0 < len(entries) <= TILE_WIDTH:
        raise MalformedBundle(f"a bundle has 1 to {TILE_WIDTH} entries, not {len(entries)}")
    for at, entry in enumerate(entries):
        if len(entry) > MAX_ENTRY:
            raise MalformedBundle(
                f"an entry has at most {MAX_ENTRY:,} bytes: that at {at} has {len(entry):,}"
            )
    return b"".join([len(entry).to_bytes(2) + entry for entry in entries])


def parse_bundle(raw: bytes, width: int) -> list[bytes]:
    """Read exactly `width` entries, or raise `MalformedBundle`."""
    if not 0 < width <= TILE_WIDTH:
        raise MalformedBundle(f"a bundle has 1 to {TILE_WIDTH} entries, not {width}")
    entries, at = [], 0
    for _ in range(width):
        start = at + 2
        at = start + int.from_bytes(raw[at:start])
        entries.append(raw[start:at])
    # Slices past the end are short, so one comparison finds a bundle that ends too early as well.
    if at != len(raw):
        raise MalformedBundle(f"not a bundle of {width} entries")
    return entries


def split_tile(tile: bytes) -> list[bytes]:
    """Return the hashes of a tile."""
    return [tile[at : at + HASH_SIZE] for at in range(0, len(tile), HASH_SIZE)]


def _fold(tile: bytes) -> list[bytes]:
    """
    Return the rows of complete subtrees over a tile's hashes, each row as one string of bytes.

    Row 0 is the tile, row r has its subtrees of 2**r hashes, row 8 the root of a full tile.
    """
    rows = [tile]
    for _ in range(_HEIGHT):
        row = rows[-1]
        pairs = range(0, len(row) - HASH_SIZE, 2 * HASH_SIZE)
        rows.append(
            b"".join([sha256(b"\x01" + row[at : at + 2 * HASH_SIZE]).digest() for at in pairs])
        )
    return rows


def _fetch_tile(fetch: Fetch, level: int, n: int, width: int) -> bytes:
    tile = fetch(level, n, width)
    if len(tile) != HASH_SIZE * width:
        raise TileRefused(tile_path(level, n, width), f"not {width} hashes")
    return tile


class TileHashes:
    """
    A `proof.HashSource` over the tiles of a log: give it to a prover as it is.

    It keeps the inner nodes of the `tiles` tiles used last, 16 kB each. A growing tile is another
    key for each width, so what was read at one size is never an answer for another. `fetch` must
    serve what can change no more, committed rows or files. Nothing is proved by reading: anyone who
    does not trust `fetch` verifies the proof, or calls `authenticate`. Safe to share by threads.
    """

    def __init__(self, fetch: Fetch, *, tiles: int = 1024) -> None:
        self._rows: Rows = lru_cache(maxsize=tiles)(
            lambda level, n, width: _fold(_fetch_tile(fetch, level, n, width))
        )

    def at(self, size: int) -> "TileReader":
        """Return the reader for the first `size` entries of the log."""
        return TileReader(size, self._rows)


class TileReader:
    """A `proof.HashReader` over the tiles of a log of one size."""

    def __init__(self, size: int, rows: Rows) -> None:
        self._size, self._rows = size, rows

    def subtree(self, level: int, index: int) -> bytes:
        """
        Return the root of the complete subtree `index` of 2**level leaves.

        Raises `TileRefused` when it is not within the tree, or when its tile has a wrong length.
        """
        tile_level, row = divmod(level, _HEIGHT)
        n = index >> (_HEIGHT - row)
        if index < 0 or (index + 1) << level > self._size:
            raise TileRefused(tile_path(tile_level, n), f"not within a tree of {self._size}")
        rows = self._rows(tile_level, n, tile_width(tile_level, n, self._size))
        at = (index - (n << (_HEIGHT - row))) * HASH_SIZE
        return rows[row][at : at + HASH_SIZE]


def authenticate(size: int, root: bytes, fetch: Fetch) -> Iterator[bytes]:
    """
    Return the leaf hashes of the log of `size` and `root`, in order, each authenticated.

    Every tile is fetched once and compared with its parent before anything in it is used, *all* of
    it and not only what one proof needs: CVE-2026-56865 was a reader that skipped tiles. The right
    edge is checked against `root` at once, the rest while the iterator runs: nothing has been
    shown about a tile that was not reached. Raises `TileRefused` with the path of the first tile
    that does not fit. Reads level by level in depth, so memory does not grow with the log.
    """
    edge, hashes = [], list[bytes]()
    for level, (n, width) in reversed(list(enumerate(widths(size)))):
        if width:
            tile = _fetch_tile(fetch, level, n, width)
            edge.append((level, n, tile))
            hashes.extend(Frontier().extend(split_tile(tile)).hashes)
    if (found := Frontier(size, tuple(hashes)).root()) != root:
        raise TileRefused(
            "checkpoint",
            f"the tiles at the right edge lead to another root, {write_base64(found)}",
        )
    return (leaf for level, n, tile in edge for leaf in _leaves(level, n, tile, fetch))


def _leaves(level: int, n: int, tile: bytes, fetch: Fetch) -> Iterator[bytes]:
    """Yield the leaf hashes below an authenticated tile, authenticating the tiles between."""
    if level == 0:
        yield from split_tile(tile)
        return
    for child, parent in enumerate(split_tile(tile), start=n * TILE_WIDTH):
        below = _fetch_tile(fetch, level - 1, child, TILE_WIDTH)
        if _fold(below)[-1] != parent:
            raise TileRefused(tile_path(level - 1, child), "does not hash to its parent")
        yield from _leaves(level - 1, child, below, fetch)


def first_difference(hashes: Sequence[bytes], tile: bytes) -> int:
    """Return the index of the first hash that differs from the tile's, or how many agree."""
    for index, each in enumerate(hashes):
        if each != tile[index * HASH_SIZE : (index + 1) * HASH_SIZE]:
            return index
    return len(hashes)


def split_as_far_as_it_goes(raw: bytes) -> list[bytes]:
    """Take a malformed bundle apart by its lengths: only to say where it is wrong."""
    entries, at = [], 0
    while at < len(raw):
        start, at = at + 2, at + 2 + int.from_bytes(raw[at : at + 2])
        entries.append(raw[start:at])
    return entries
