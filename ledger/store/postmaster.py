"""
Tells whether a PostgreSQL server runs on a data directory, and where it listens.

`postmaster.pid` says so, but it outlives a server that was killed. Whether its process id still
exists proves nothing either: it may be a zombie that nobody reaps, or another program's by now. A
server that lives accepts connections on its socket, and works in its data directory; a dead one's
sockets are closed.
"""

import os
import re
import socket
import time
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path

from ledger.store.connection import StoreError
from ledger.wire.regular import read_regular

GRACE_S = 3.0
"""How long a process that may be a server has to listen, where nothing else tells what it is."""

_SOCKET = ".s.PGSQL.5432"
_PID = re.compile(rb"[0-9]{1,9}")
_NOWHERE = Path(os.devnull)


class Unreachable(StoreError):
    """A server runs on the data directory, but its socket is gone: it must be ended by hand."""


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

    def listens(self) -> bool:
        """Say whether it accepts connections."""
        return _listens(self)

    def remove_socket(self) -> None:
        """Remove what is left of the socket's directory, if there is nothing else in it."""
        with suppress(OSError):
            (self.socket_directory / _SOCKET).unlink(missing_ok=True)
            (self.socket_directory / f"{_SOCKET}.lock").unlink(missing_ok=True)
            self.socket_directory.rmdir()


def find_postmaster(data: Path, patience_s: float = 60.0) -> Postmaster | None:
    """Return the server that runs on `data`, or None; then nothing is left of an earlier one.

    A server that has just begun, or is about to end, is waited for. A lock file whose process is
    no server is removed: PostgreSQL itself would take that process for one and refuse to start.
    Raises `Unreachable`.
    """
    began = time.monotonic()
    while postmaster := _read(data):
        if _listens(postmaster):
            return postmaster
        serves = _serves(postmaster)
        waited = time.monotonic() - began
        if serves is False or (serves is None and waited > GRACE_S):
            (data / "postmaster.pid").unlink(missing_ok=True)
            postmaster.remove_socket()
            return None
        if waited > patience_s:
            raise Unreachable(f"process {postmaster.pid} runs on {data} and does not listen")
        time.sleep(0.05)
    return None


def last_socket_directory(data: Path) -> Path | None:
    """Return where the server listens that runs on `data`, or was killed there; None if unknown."""
    last = _read(data)
    return None if last is None or last.socket_directory == _NOWHERE else last.socket_directory


def _read(data: Path) -> Postmaster | None:
    """Read the lock file: process id, data directory, start, port, socket directory, ..."""
    try:
        lines = read_regular(data / "postmaster.pid").splitlines()
    except FileNotFoundError:
        return None
    # A shorter file is one that is being written, or whose writer was killed over it; what a power
    # cut leaves of it may be anything.
    pid = int(lines[0]) if lines and _PID.fullmatch(lines[0]) else os.getpid()
    sockets = Path(os.fsdecode(lines[4])) if len(lines) > 4 else _NOWHERE  # noqa: PLR2004
    return Postmaster(pid, data, sockets)


def _exists(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _serves(postmaster: Postmaster) -> bool | None:
    """Say whether the process works in the data directory, None where that cannot be known."""
    if not _exists(postmaster.pid):
        return False
    try:
        return Path(f"/proc/{postmaster.pid}/cwd").readlink() == postmaster.data.resolve()
    except PermissionError:
        return None  # In a container even root may not look.
    except FileNotFoundError:
        return False if Path("/proc/self").exists() else None  # A zombie works nowhere.


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
