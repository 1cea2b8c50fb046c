"""
The files of an exported log (C2SP tlog-tiles): those of its checkpoint's size, and no others.

    checkpoint
    checkpoints/300/<SHA-256 of the note>
    tile/0/000  tile/0/001.p/44  tile/1/000.p/1
    tile/entries/000  tile/entries/001.p/44

`checkpoints` has other notes of the log that were seen, by their sizes.

A partial tile of an earlier size may still be there: it has to say what the log's own tile says.
Tiles and notes of a larger log, as a copy of a log that grows has them, are passed over and said to
be unchecked, but for the names of the notes. Any other file is refused, never skipped: nothing
would have been shown about it. So is an empty directory, but for one in which a tile was about to
be written.
"""

import os
import re
from collections.abc import Iterator
from pathlib import Path

from ledger.log import tiles
from ledger.log.dating import around, seen_path, seen_size
from ledger.log.encoding import MAX_COUNT
from ledger.log.merkle import HASH_SIZE
from ledger.log.note import MAX_NOTE
from ledger.log.tiles import TILE_WIDTH, TilePath, entries_path, tile_path
from ledger.verify.checkpoints import Seen
from ledger.verify.outcome import Check, Refused, refusing
from ledger.wire.regular import MISSING, read_regular

CHECKPOINT = "checkpoint"
UNFINISHED = ".new"
"""What a file may be called before it is whole, in a directory that is being written."""

_BEGUN = re.compile("tile/((entries|[0-9]{1,2})/)?(x[0-9]{3}/)*([0-9]{3}[.]p/)?")
"""An empty directory that an interrupted export may leave."""

_DEEPEST = len(tile_path(0, MAX_COUNT, 1).split("/"))

MAX_FILE = TILE_WIDTH * (2 + tiles.MAX_ENTRY)
"""Bytes of the longest file of a log, a bundle of entries."""

MAX_ANSWER = 1 << 23
"""Bytes at most of a receipt or an entry, in JSON as well, and of a trust root."""


def log_in(directory: Path) -> Path:
    """Return a directory in which there is a checkpoint. Raises `OSError` for any other."""
    try:
        (directory / CHECKPOINT).stat()
    except MISSING as error:
        told = f"no log is in {directory}: techledger audit clone {directory} takes one there"
        raise type(error)(error.errno, told, str(error.filename)) from None
    return directory


def read_checkpoint(directory: Path) -> bytes:
    """Return the signed note. Raises `Refused` (step 2) where there is none."""
    return _read(directory, CHECKPOINT, MAX_NOTE, Check.CHECKPOINT, None)


def read_seen(directory: Path, size: int) -> list[Seen]:
    """Return the notes in `checkpoints` that are of a log of `size`, the smallest first.

    Raises `Refused` (step 9) for one, of a larger log too, that is not what its name says.
    """
    named, seen = ((seen_size(path), path) for path in _walk(directory)), list[Seen]()
    for at, path in sorted((at, path) for at, path in named if at is not None):
        note = _read(directory, path, MAX_NOTE, Check.CONSISTENCY, None)
        if path != seen_path(at, note) or at != max(around([note]), default=None):
            raise Refused(Check.CONSISTENCY, "not what was kept under this name", path=path)
        seen += [(note, path)] if at <= size else []
    return seen


def read_tile(directory: Path, level: int, n: int, width: int) -> bytes:
    """Return a tile of exactly `width` hashes. Raises `Refused` (step 3)."""
    partial, full = tile_path(level, n, width), tile_path(level, n)
    path, start = _there(directory, partial, full), n * TILE_WIDTH ** (level + 1)
    tile = _read(directory, path, TILE_WIDTH * HASH_SIZE, Check.TREE, start)
    if len(tile) != (width if path == partial else TILE_WIDTH) * HASH_SIZE:
        raise Refused(Check.TREE, f"the tile does not hold {width} hashes", start, path)
    return tile[: width * HASH_SIZE]


def read_bundle(directory: Path, n: int, width: int) -> bytes:
    """Return the bytes of an entry bundle of `width`, unparsed. Raises `Refused` (step 3)."""
    partial, full = entries_path(n, width), entries_path(n)
    path, start = _there(directory, partial, full), n * TILE_WIDTH
    raw = _read(directory, path, MAX_FILE, Check.TREE, start)
    if path == partial:
        return raw
    with refusing(Check.TREE, start):
        return tiles.format_bundle(tiles.parse_bundle(raw, TILE_WIDTH)[:width])


def check_names(directory: Path, size: int) -> list[str]:
    """Return the files that a checkpoint of `size` does not cover: of a larger log, or unfinished.

    Raises `Refused` (step 3) for a file that no log has, and for a partial tile of an earlier size
    that says something else than the tile of this one.
    """
    larger = []
    for path in sorted(_walk(directory)):
        if path == CHECKPOINT:
            continue
        seen = seen_size(path)
        if seen is not None and seen <= size:
            continue
        if path == UNFINISHED or seen is not None:
            larger.append(path)
            continue
        named = _tile_named(path)
        width = tiles.tile_width(named.level or 0, named.index, size)
        if named.width > width:
            larger.append(path)
        elif named.width < width:
            _check_outgrown(directory, path, named, width)
    return larger


def _tile_named(path: str) -> TilePath:
    """Return which tile a file has, of however large a log. Raises `Refused` for any other."""
    try:
        named = tiles.parse_tile_path(path)
    except tiles.MalformedTilePath as error:
        raise Refused(Check.TREE, f"not a file of a log: {error}", path=path) from None
    if named.width > tiles.tile_width(named.level or 0, named.index, MAX_COUNT):
        raise Refused(Check.TREE, "of a log of more than 2^63 - 1 entries", path=path)
    return named


def _check_outgrown(directory: Path, path: str, named: TilePath, width: int) -> None:
    """Hold a partial tile of an earlier size against the tile of this one."""
    level, start = named.level or 0, named.index * TILE_WIDTH ** ((named.level or 0) + 1)
    old = _read(directory, path, MAX_FILE, Check.TREE, start)
    if named.level is None:
        now = read_bundle(directory, named.index, width)
        with refusing(Check.TREE, start):
            now = tiles.format_bundle(tiles.parse_bundle(now, width)[: named.width])
    else:
        now = read_tile(directory, level, named.index, width)[: named.width * HASH_SIZE]
    if old != now:
        raise Refused(Check.TREE, "not what the tile of this size says", start, path)


def _there(directory: Path, partial: str, full: str) -> str:
    """Return the path of a tile that is there: a log that has grown may keep the full one alone."""
    outgrown = not (directory / partial).exists() and (directory / full).exists()
    return full if outgrown else partial


def _read(directory: Path, path: str, limit: int, step: Check, position: int | None) -> bytes:
    try:
        with refusing(step, position, path):
            return read_regular(directory / path, limit)
    except MISSING as error:
        raise Refused(step, str(error.strerror), position, path) from None


def _walk(directory: Path, prefix: str = "") -> Iterator[str]:
    """Yield the paths of all files; links are refused, and directories without any, or too deep."""
    if prefix.count("/") > _DEEPEST:
        raise Refused(Check.TREE, "deeper than any file of a log", path=prefix)
    with os.scandir(directory / prefix) as found:
        for item in found:
            path = f"{prefix}{item.name}"
            if item.is_dir(follow_symlinks=False):
                inside = list(_walk(directory, f"{path}/"))
                if not inside and not _BEGUN.fullmatch(f"{path}/"):
                    raise Refused(Check.TREE, "an empty directory is nothing of a log", path=path)
                yield from inside
            elif item.is_file(follow_symlinks=False):
                yield path
            else:
                raise Refused(Check.TREE, "neither a file nor a directory", path=path)
