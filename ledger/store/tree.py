"""
The stored tree, as hash tiles and entry bundles (C2SP tlog-tiles).

Level 0 is the leaf hashes, which stand beside their entries; the levels above are the complete
subtrees that appends have written to `ledger.nodes`.
"""

from ledger.log.tiles import TILE_WIDTH, format_bundle
from ledger.store.connection import Pool, StoreError, one_row
from ledger.store.nodes import TILE_HEIGHT

_HASH_SIZE = 32


class NoSuchTile(StoreError):
    """The log has not grown so far: the tile has fewer hashes than were asked for."""


class TreeReader:
    """Reads tiles; what it returned once stays true, so it can be cached for ever."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    def leaf_hashes(self, n: int, width: int = TILE_WIDTH) -> bytes:
        """Return the first `width` leaf hashes of the `n`-th 256. Raises `NoSuchTile`."""
        return self._hashes(
            "SELECT string_agg(leaf_hash, ''::bytea ORDER BY position) FROM ledger.entries"
            " WHERE position >= %s AND position < %s",
            (n * TILE_WIDTH, n * TILE_WIDTH + width),
            width,
        )

    def nodes(self, level: int, n: int, width: int = TILE_WIDTH) -> bytes:
        """Return the first `width` hashes of tile `n` of a level above 0. Raises `NoSuchTile`."""
        return self._hashes(
            "SELECT string_agg(hash, ''::bytea ORDER BY index) FROM ledger.nodes"
            " WHERE level = %s AND index >= %s AND index < %s",
            (level * TILE_HEIGHT, n * TILE_WIDTH, n * TILE_WIDTH + width),
            width,
        )

    def fetch(self, level: int, n: int, width: int = TILE_WIDTH) -> bytes:
        """Return the bytes of a hash tile, 32 for each of its `width` hashes.

        Raises `NoSuchTile`.
        """
        return self.nodes(level, n, width) if level else self.leaf_hashes(n, width)

    def fetch_bundle(self, n: int, width: int = TILE_WIDTH) -> bytes:
        """Return the entry bundle `n` with its first `width` entries. Raises `NoSuchTile`."""
        with self._pool.session() as session:
            session.execute(
                "SELECT entry FROM ledger.entries WHERE position >= %s AND position < %s"
                " ORDER BY position",
                (n * TILE_WIDTH, n * TILE_WIDTH + width),
            )
            entries = [bytes(entry) for (entry,) in session.fetchall()]
        if len(entries) != width:
            raise NoSuchTile(f"bundle {n} has {len(entries)} entries, not {width}")
        return format_bundle(entries)

    def _hashes(self, query: str, arguments: tuple[int, ...], width: int) -> bytes:
        with self._pool.session() as session:
            session.execute(query, arguments)
            found = bytes(one_row(session)[0] or b"")
        if len(found) != width * _HASH_SIZE:
            raise NoSuchTile(f"the tile has {len(found) // _HASH_SIZE} hashes, not {width}")
        return found
