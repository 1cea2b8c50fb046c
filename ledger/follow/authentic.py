"""
What a source says of a log, as far as it can be shown to be so.

`Authenticated` lets a source say what it likes and passes on what it can show: each tile hashes
into the one above it, those at the right edge into the root of a checkpoint that all keys of the
log have signed, each entry into its tile.
"""

from collections.abc import Iterable, Sequence
from functools import lru_cache

from ledger.follow.audit import AuditError, Source
from ledger.log.checkpoint import open_checkpoint
from ledger.log.dating import Bounds, bounds_of
from ledger.log.merkle import HASH_SIZE, Frontier, LogError, leaf_hash, root_of
from ledger.log.note import Verifier, parse_note
from ledger.log.proof import prove_inclusion
from ledger.log.receipt import TlogProof, format_tlog_proof
from ledger.log.tiles import (
    TILE_WIDTH,
    TileHashes,
    entries_path,
    parse_bundle,
    split_tile,
    tile_path,
    tile_width,
    widths,
)
from ledger.log.tree_head import parse_checkpoint
from ledger.wire.canonical import WireError
from ledger.wire.entry import parse_entry

_TILES = 64
"""Authenticated tiles that are kept at hand: neighbours have one above them in common."""


class NotAuthentic(AuditError):
    """A checkpoint is not signed by the log, or a tile or an entry does not lead to its root.

    `paths` are the files at fault, as far as that is known.
    """

    def __init__(self, reason: str, *paths: str) -> None:
        super().__init__(reason)
        self.paths = paths


class Untimely(AuditError):
    """An entry that a checkpoint which was seen does not allow."""

    def __init__(self, entry: bytes, position: int, reason: str) -> None:
        super().__init__(f"position {position}: {reason}")
        self.entry, self.position = entry, position


class Authenticated:
    """A `Source` of one checkpoint, of which everything has been shown to belong to it."""

    def __init__(
        self,
        source: Source,
        origin: str,
        log_keys: Sequence[Verifier] | None,
        seen: Iterable[Bounds] = (),
        before: Sequence[Verifier] = (),
    ) -> None:
        """Open the source's checkpoint, or believe it where no keys are given.

        It is signed by all `log_keys`, or by all of those `before` them where there are any. Its
        entries are held to what checkpoints say that were `seen`. Raises `NotAuthentic`, and what
        the source raises.
        """
        self._source, self._origin, self._note = source, origin, source.checkpoint()
        try:
            checkpoint = parse_checkpoint(parse_note(self._note).text)
            if log_keys is not None:
                log_keys = self._signing(log_keys, before)
        except LogError as error:
            raise NotAuthentic(f"checkpoint: {error}") from None
        self.log_keys = log_keys
        self._size, self._root = checkpoint.size, checkpoint.root
        self._listed, self._seen = None if log_keys is None else list[bytes](), list(seen)
        if log_keys is not None:
            self._listed = [self._of_this_size(n, log_keys) for n in source.signed(self._size)]
            self._seen += [bounds_of(note, log_keys) for note in (self._note, *self._listed)]
        self._edge = self._right_edge()
        self._full = lru_cache(maxsize=_TILES)(self._authenticated)

    @property
    def size(self) -> int:
        """How many entries the checkpoint covers."""
        return self._size

    def checkpoint(self) -> bytes:
        """Return the signed note."""
        return self._note

    def fetch(self, level: int, n: int, width: int) -> bytes:
        """Return a tile. Raises `NotAuthentic`."""
        if width == TILE_WIDTH:
            return self._full(level, n)
        tile = self._edge.get((level, n))
        if tile is None or len(split_tile(tile)) != width:
            raise NotAuthentic(f"{tile_path(level, n, width)}: not of a log of {self._size}")
        return tile

    def fetch_bundle(self, n: int, width: int) -> bytes:
        """Return an entry bundle. Raises `NotAuthentic`."""
        bundle, path = self._source.fetch_bundle(n, width), entries_path(n, width)
        try:
            entries = parse_bundle(bundle, width)
            leaves = [leaf_hash(entry) for entry in entries]
        except LogError as error:
            raise NotAuthentic(f"{path}: {error}", path) from None
        if leaves != split_tile(self.fetch(0, n, width)):
            raise NotAuthentic(f"{path}: an entry does not hash into its tile", path)
        for position, entry in enumerate(entries, n * TILE_WIDTH):
            self._check_time(entry, position)
        return bundle

    def signed(self, size: int) -> Sequence[bytes]:
        """Return the other notes of the checkpoint's size, which the log has signed too.

        Where no keys are given they are those that the source lists, as they are.
        """
        if size != self._size:
            return []
        return self._source.signed(size) if self._listed is None else self._listed

    def _signing(
        self, log_keys: Sequence[Verifier], before: Sequence[Verifier]
    ) -> Sequence[Verifier]:
        """Return those of two sets of keys that have all signed the checkpoint."""
        try:
            open_checkpoint(self._note, self._origin, log_keys)
        except LogError:
            if not before:
                raise
            open_checkpoint(self._note, self._origin, before)
            return before
        return log_keys

    def _of_this_size(self, note: bytes, log_keys: Sequence[Verifier]) -> bytes:
        try:
            opened = open_checkpoint(note, self._origin, log_keys)
        except LogError as error:
            raise NotAuthentic(f"a note that is listed: {error}") from None
        if (opened.size, opened.root) != (self._size, self._root):
            raise NotAuthentic(
                f"a note that is listed is of size {opened.size} and root {opened.root.hex()}, "
                f"not of {self._size} and {self._root.hex()}"
            )
        return note

    def _check_time(self, entry: bytes, position: int) -> None:
        """Raise `Untimely` for an entry that a checkpoint which was seen does not allow."""
        if not self._seen:
            return
        try:
            accepted = parse_entry(entry).accepted
        except WireError:
            return  # What nobody can read has no time; forms and rules are not a mirror's part.
        for each in self._seen:
            if fault := each.fault(accepted, position):
                raise Untimely(entry, position, fault)

    def prove(self, position: int) -> bytes:
        """Return the tlog-proof of an entry."""
        hashes = prove_inclusion(position, self._size, TileHashes(self.fetch))
        return format_tlog_proof(TlogProof(position, tuple(hashes), self._note))

    def _right_edge(self) -> dict[tuple[int, int], bytes]:
        """Return the partial tiles, which together lead to the root."""
        edge, hashes = {}, list[bytes]()
        for level, (n, width) in reversed(list(enumerate(widths(self._size)))):
            if width:
                edge[level, n] = self._tile(level, n, width)
                hashes.extend(Frontier().extend(split_tile(edge[level, n])).hashes)
        if Frontier(self._size, tuple(hashes)).root() != self._root:
            paths = [tile_path(at, n, len(split_tile(tile))) for (at, n), tile in edge.items()]
            raise NotAuthentic("the tiles at the right edge lead to another root", *paths)
        return edge

    def _authenticated(self, level: int, n: int) -> bytes:
        """Return a full tile, whose root stands in the tile above it."""
        above, at = divmod(n, TILE_WIDTH)
        width = tile_width(level + 1, above, self._size)
        if at >= width:
            raise NotAuthentic(f"{tile_path(level, n)}: not of a log of {self._size}")
        tile = self._tile(level, n, TILE_WIDTH)
        if root_of(split_tile(tile)) != split_tile(self.fetch(level + 1, above, width))[at]:
            path = tile_path(level, n)
            raise NotAuthentic(f"{path}: does not hash into the tile above", path)
        return tile

    def _tile(self, level: int, n: int, width: int) -> bytes:
        tile, path = self._source.fetch(level, n, width), tile_path(level, n, width)
        if len(tile) != width * HASH_SIZE:
            raise NotAuthentic(f"{path}: has not {width} hashes", path)
        return tile
