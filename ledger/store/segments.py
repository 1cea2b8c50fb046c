"""
The segments of the write-ahead log in an archive: whether those that a restore wants are there.

PostgreSQL takes a segment that it cannot read for the end of the log, and says nothing. So they are
looked at before: that the server's user can read them, that each is whole, that none is missing.
"""

import gzip
import re
import subprocess
import zlib
from collections.abc import Sequence
from pathlib import Path

from ledger.store.connection import StoreError
from ledger.store.embedded import as_server_user
from ledger.wire.regular import OddFile, open_regular, read_regular

SIZE = 16 << 20
"""Bytes of a segment, as `initdb` makes it."""

_NAME = re.compile(r"([0-9A-F]{8})([0-9A-F]{8})000000([0-9A-F]{2})")
_BRANCH = re.compile(r"([0-9]+)\s+([0-9A-F]+)/([0-9A-F]+)")
_UNREADABLE = (OSError, OddFile, EOFError, zlib.error, ValueError)
_READABLE = 'for f in "$1"/*.gz; do test -r "$f" || { echo "$f"; exit 1; }; done'


class ArchiveUnreadable(StoreError):
    """The user that the server runs as cannot read the archive, or nothing is in it."""


class ArchiveGap(StoreError):
    """A segment is missing or damaged, and later ones are there."""


class ArchiveNotReplayed(StoreError):
    """PostgreSQL ended before the last segment of the archive."""


def last_wanted(archive: Path, base: Path, first: str, up_to: str | None = None) -> int:
    """Return the number of the last segment that a restore of `base` is to replay.

    `first` is the name of the first; `up_to` names the one before which the log is to end, if that
    is the first to be missing. Raises `ArchiveUnreadable`, `ArchiveGap`.
    """
    _check_readable(archive)
    timeline, start = split(first)
    there = {path.name.removesuffix(".gz") for path in archive.glob("*.gz")}
    chain = _timelines(archive, there, timeline)
    segments = [split(name) for name in there if _NAME.fullmatch(name)]
    last = max([start, *(at for of, at in segments if of == _timeline_of(at, chain))])
    for number in range(start, last + 1):
        name = _name(_timeline_of(number, chain), number)
        if not (_is_whole(archive / f"{name}.gz") or (base / "pg_wal" / name).is_file()):
            if name == up_to:
                return number - 1
            end = _name(_timeline_of(last, chain), last)
            raise ArchiveGap(
                f"segment {name} is missing or damaged, and the archive goes on to {end}: bring it"
                f" back, or give up what came after it: --up-to {name}"
            )
    if up_to is not None:
        raise ArchiveGap(f"segment {up_to} is not the first that is missing: none is")
    return last


def split(name: str) -> tuple[int, int]:
    """Return the timeline and the number of a segment. Raises `ArchiveGap` where it has none."""
    found = _NAME.fullmatch(name)
    if not found:
        raise ArchiveGap(f"{name} is no name of a segment")
    timeline, high, low = (int(part, 16) for part in found.groups())
    return timeline, high << 8 | low


def _name(timeline: int, number: int) -> str:
    return f"{timeline:08X}{number >> 8:08X}{number & 0xFF:08X}"


def _check_readable(archive: Path) -> None:
    """Ask as the server's user, who is not who runs this where that is root."""
    done = subprocess.run(  # noqa: S603  (our own words)
        ["/bin/sh", "-c", _READABLE, "sh", str(archive.absolute())],
        check=False,
        capture_output=True,
        text=True,
        cwd="/",
        **as_server_user(),
    )
    if done.returncode:
        raise ArchiveUnreadable(
            f"the server's user cannot read {done.stdout.strip() or archive}: nothing is there, or"
            " its rights are wrong"
        )


def _timelines(archive: Path, there: set[str], own: int) -> Sequence[tuple[int, int]]:
    """Return the timelines that lead to the newest, each with the segment in which it begins."""
    newest = max([own, *(int(name[:8], 16) for name in there if name.endswith(".history"))])
    if newest == own:
        return [(own, 0)]
    try:
        said = gzip.decompress(read_regular(archive / f"{newest:08X}.history.gz")).decode()
    except _UNREADABLE as error:
        raise ArchiveUnreadable(f"{newest:08X}.history.gz cannot be read: {error}") from None
    found = _BRANCH.findall(said)
    timelines = [*(int(of) for of, _, _ in found), newest]
    ends = [(int(high, 16) << 32 | int(low, 16)) // SIZE for _, high, low in found]
    return list(zip(timelines, [0, *ends], strict=True))


def _timeline_of(number: int, chain: Sequence[tuple[int, int]]) -> int:
    """Return the timeline on which a segment lies; one in which two meet lies on the newer."""
    return [timeline for timeline, begins in chain if begins <= number][-1]


def _is_whole(path: Path) -> bool:
    size = 0
    try:
        with open_regular(path) as packed, gzip.open(packed) as file:
            while page := file.read(1 << 20):
                size += len(page)
    except _UNREADABLE:
        return False
    return size == SIZE
