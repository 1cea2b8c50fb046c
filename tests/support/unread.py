"""Files of a log that are there, and that the system does not let be read."""

import errno
import os
from io import BufferedReader, FileIO
from pathlib import Path
from typing import Any

import pytest

UNREAD = [errno.EMFILE, errno.ENFILE, errno.EACCES, errno.EIO, errno.ENOMEM]
KEPT = ["checkpoint", "tile/0/000.p/12", "tile/entries/000.p/12", "checkpoints/12/"]


def unreadable_file(monkeypatch: pytest.MonkeyPatch, number: int, path: str) -> None:
    """Have the system refuse to read what lies under a path: to open it, or its bytes."""
    opens, lends = os.open, os.fdopen

    class Failing(BufferedReader):
        def read(self, _size: int | None = -1) -> bytes:
            raise OSError(number, os.strerror(number))

    def opened(file: Any, *how: Any, **more: Any) -> int:
        if path in str(file) and number != errno.EIO:
            raise OSError(number, os.strerror(number), str(file))
        return opens(file, *how, **more)

    def lent(descriptor: int, *how: Any, **more: Any) -> Any:
        if number == errno.EIO and path in str(Path(f"/proc/self/fd/{descriptor}").readlink()):
            return Failing(FileIO(descriptor, closefd=False))
        return lends(descriptor, *how, **more)

    monkeypatch.setattr("os.open", opened)
    monkeypatch.setattr("os.fdopen", lent)
