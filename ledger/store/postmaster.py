"""
Tells whether a PostgreSQL server runs on a data directory, and where it listens.

`postmaster.pid` says so, but it outlives a server that was killed. Whether its process id still
exists proves nothing either: it may be a zombie that nobody reaps, or another program's by now. A
server that lives accepts connections on its socket; a dead one's sockets are closed.
"""

import os
import socket
import time
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path

GRACE_S = 3.0
"""How long a server may exist without listening: it has just started, or is about to end."""

_SOCKET = ".s.PGSQL.5432"
_NOWHERE = Path(os.devnull)


@dataclass(frozen=True, slots=True)
class Postmaster:
    """A server: its process, its data directory, the directory of its socket."""

    pid: int
    data: Path
    socket_directory: Path

    def has_ended(self) -> bool:
        """Say whether it has ended in order: it takes its lock file away as the last thing."""
        found = _read(self.data)
        return found is None or found.pid != self.pid or not _exists(self.pid)

    def remove_socket(self) -> None:
        """Remove what is left of the socket's directory, if there is nothing else in it."""
        with suppress(OSError):
            (self.socket_directory / _SOCKET).unlink(missing_ok=True)
            (self.socket_directory / f"{_SOCKET}.lock").unlink(missing_ok=True)
            self.socket_directory.rmdir()


def find_postmaster(data: Path) -> Postmaster | None:
    """Return the server that runs on `data`, or None; then nothing is left of an earlier one.

    A lock file whose process exists but is no server is removed: PostgreSQL itself would take
    that process for one and refuse to start. Two servers on one directory stay impossible, as the
    shared memory of the first would stop the second.
    """
    deadline = time.monotonic() + GRACE_S
    while postmaster := _read(data):
        if _listens(postmaster):
            return postmaster
        if not _exists(postmaster.pid) or time.monotonic() >= deadline:
            (data / "postmaster.pid").unlink(missing_ok=True)
            postmaster.remove_socket()
            return None
        time.sleep(0.05)
    return None


def _read(data: Path) -> Postmaster | None:
    """Read the lock file: process id, data directory, start, port, socket directory, ..."""
    try:
        lines = (data / "postmaster.pid").read_text("utf-8").splitlines()
    except FileNotFoundError:
        return None
    # A shorter file is one that is being written, or whose writer was killed over it.
    pid = int(lines[0]) if lines and lines[0].strip().isdigit() else os.getpid()
    return Postmaster(pid, data, Path(lines[4]) if len(lines) > 4 else _NOWHERE)  # noqa: PLR2004


def _exists(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _listens(postmaster: Postmaster) -> bool:
    with closing(socket.socket(socket.AF_UNIX)) as client:
        client.settimeout(5)
        try:
            client.connect(str(postmaster.socket_directory / _SOCKET))
        except BlockingIOError:
            return True  # It listens, only its queue is full.
        except OSError:
            return False
    return True
