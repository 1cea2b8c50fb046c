"""
Files that somebody else made, read without being held up: regular ones, and no more than is asked.

Under a name may lie a pipe that nobody writes into, a device that never ends, or a sparse file of
40 GB that takes up nothing: none is waited for, and none read whole before its size is known.
"""

import errno
import os
import stat
from pathlib import Path

from ledger.wire.canonical import WireError

_ODD = "not a regular file"


class OddFile(WireError):
    """Not a regular file, or longer than what it should hold. The message says which."""


def read_regular(path: Path, limit: int) -> bytes:
    """Return what a regular file of at most `limit` bytes holds. Raises `OddFile`, `OSError`."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        if error.errno == errno.ENXIO:
            raise OddFile(_ODD) from None  # A socket.
        raise
    try:
        found = os.fstat(descriptor)
        if not stat.S_ISREG(found.st_mode):
            raise OddFile(_ODD)
        # One of /proc has no size, and one that grows is not followed.
        with os.fdopen(descriptor, "rb", closefd=False) as file:
            raw = file.read(limit + 1) if found.st_size <= limit else None
    finally:
        os.close(descriptor)
    if raw is None or len(raw) > limit:
        raise OddFile(f"longer than {limit} bytes")
    return raw
