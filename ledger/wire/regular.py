"""
Files that somebody else made or names, read without being held up: regular, and no more than asked.

Under a name may lie a pipe that nobody writes into, a device that never ends, or a sparse file of
40 GB that takes up nothing: none is waited for, and none read whole before its size is known.
"""

import errno
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from io import BufferedReader
from pathlib import Path

from ledger.wire.canonical import WireError

MOST = 1 << 24
"""Bytes at most of a file that somebody names, where nothing says how long it may be: 16 MiB."""

MISSING = (FileNotFoundError, NotADirectoryError)
"""Errors that say that there is no such file. After any other nobody knows what it holds."""

_ODD = "not a regular file"


class OddFile(WireError):
    """Not a regular file, longer than what it should hold, or nothing of that. `why` says which."""

    def __init__(self, path: Path, why: str) -> None:
        super().__init__(path, why)
        self.path, self.why = path, why

    def __str__(self) -> str:
        return self.why

    @property
    def told(self) -> str:
        """Where it lies, and what is wrong with it."""
        return f"{self.path}: {self.why}"


@contextmanager
def open_regular(path: Path) -> Iterator[BufferedReader]:
    """Lend a regular file to read from. Raises `OddFile`, `OSError`."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        if error.errno in (errno.ENXIO, errno.ELOOP):
            raise OddFile(path, _ODD) from None  # A socket; a link to itself.
        raise
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise OddFile(path, _ODD)
        with os.fdopen(descriptor, "rb", closefd=False) as file:
            yield file
    finally:
        os.close(descriptor)


def read_regular(path: Path, limit: int = MOST) -> bytes:
    """Return what a regular file of at most `limit` bytes holds. Raises `OddFile`, `OSError`."""
    with open_regular(path) as file:
        # One of /proc has no size, and one that grows is not followed.
        long = os.fstat(file.fileno()).st_size > limit
        try:
            raw = b"" if long else file.read(limit + 1)
        except OSError as error:
            error.filename = str(path)
            raise
    if long or len(raw) > limit:
        raise OddFile(path, f"longer than {limit} bytes")
    return raw
