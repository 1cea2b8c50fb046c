"""The files of an exported log: which there are at a size, and how each one appears whole."""

import os
from collections.abc import Iterator
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


def files_of(size: int) -> Iterator[TilePath]:
    """Yield every bundle and tile of a log, bundles first: level None stands for those."""
    rows = widths(size)
    for level, (full, partial) in [*((None, row) for row in rows[:1]), *enumerate(rows)]:
        yield from (TilePath(level, n) for n in range(full))
        if partial:
            yield TilePath(level, full, partial)


def path_of(file: TilePath) -> str:
    """Return where a tile or a bundle lies."""
    if file.level is None:
        return entries_path(file.index, file.width)
    return tile_path(file.level, file.index, file.width)


def write_whole(directory: Path, path: str, content: bytes) -> None:
    """Make a file appear whole or not at all."""
    (directory / path).parent.mkdir(parents=True, exist_ok=True)
    new = _place(directory)
    new.write_bytes(content)
    new.replace(directory / path)


def _place(directory: Path) -> Path:
    """Return where an unfinished file lies: beside the directory, or in it where it must."""
    place, beside = directory.absolute(), directory.absolute().parent
    if os.access(beside, os.W_OK) and beside.stat().st_dev == place.stat().st_dev:
        return beside / f"{place.name}{UNFINISHED}"
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
