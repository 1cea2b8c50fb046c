"""The files of an exported log: which there are at a size, and how each one appears whole."""

import os
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from ledger.log.tiles import (
    TILE_WIDTH,
    MalformedTilePath,
    TilePath,
    entries_path,
    parse_tile_path,
    tile_path,
    tile_width,
    widths,
)
from ledger.verify.files import UNFINISHED

Progress = Callable[[int, int], None]
"""Told how much is done, and how much there is in all."""


@dataclass(frozen=True, slots=True)
class Allowance:
    """What one run takes in of a log at most, in bytes and in seconds.

    Whatever size a checkpoint states, no more than that is taken on its word. A file counts as
    `SMALLEST` bytes at least.
    """

    size: int = 16 << 30
    seconds: float = 3600.0


SMALLEST = 1 << 16

SHARE = Allowance()


@dataclass(frozen=True, slots=True)
class ExportProgress:
    """How many files a run wrote, how many are there now without a gap, and how many there are."""

    written: int
    there: int
    total: int


def files_of(size: int) -> Iterator[TilePath]:
    """Yield every bundle and tile of a log, bundles first: level None stands for those."""
    rows = widths(size)
    for level, (full, partial) in [*((None, row) for row in rows[:1]), *enumerate(rows)]:
        yield from (TilePath(level, n) for n in range(full))
        if partial:
            yield TilePath(level, full, partial)


def count_files(size: int) -> int:
    """Return how many `files_of` yields; it yields none for that."""
    rows = widths(size)
    return sum(full + bool(partial) for full, partial in [*rows[:1], *rows])


def take_in(
    fetch: Callable[[TilePath], bytes],
    directory: Path,
    size: int,
    share: Allowance,
    progress: Progress,
) -> ExportProgress:
    """Write the files of a size that are not there yet, each as it is fetched, up to a share.

    At least one is written.
    """
    written, taken, end = 0, 0, time.monotonic() + share.seconds
    total = count_files(size)
    for done, file in enumerate(files_of(size), start=1):
        if (directory / path_of(file)).exists():
            continue
        if written and (taken >= share.size or time.monotonic() > end):
            return ExportProgress(written, done - 1, total)
        raw = fetch(file)
        write_whole(directory, path_of(file), raw)
        written, taken = written + 1, taken + max(len(raw), SMALLEST)
        progress(done, total)
    return ExportProgress(written, total, total)


def path_of(file: TilePath) -> str:
    """Return where a tile or a bundle lies."""
    if file.level is None:
        return entries_path(file.index, file.width)
    return tile_path(file.level, file.index, file.width)


def write_whole(directory: Path, path: str, content: bytes) -> None:
    """Make a file appear whole or not at all."""
    (directory / path).parent.mkdir(parents=True, exist_ok=True)
    new = _place(directory)
    try:
        new.write_bytes(content)
    except OSError as error:
        with suppress(OSError):
            new.unlink()  # What it took of a full disk is free again.
        error.filename = str(directory / path)
        raise
    new.replace(directory / path)


def _place(directory: Path) -> Path:
    """Return where an unfinished file lies: beside the directory, or in it where it must."""
    place, beside = directory.absolute(), directory.absolute().parent
    if os.access(beside, os.W_OK) and beside.stat().st_dev == place.stat().st_dev:
        return beside / f".{place.name}{UNFINISHED}"
    return place / UNFINISHED


def remove_outgrown(directory: Path, size: int) -> None:
    """Remove the partial tiles of which the full one is there (C2SP tlog-tiles), and no others."""
    for found in (directory / "tile").rglob("*.p/*"):
        try:
            file = parse_tile_path(found.relative_to(directory).as_posix())
        except MalformedTilePath:
            continue
        full = TilePath(file.level, file.index)
        if (
            tile_width(file.level or 0, file.index, size) == TILE_WIDTH
            and (directory / path_of(full)).exists()
        ):
            found.unlink()
            if not any(found.parent.iterdir()):
                found.parent.rmdir()
