"""
Commits that count once a synchronous standby has them, and are waited for in bounded time.

PostgreSQL waits for ever for a standby that has gone, and no timeout of its own ends that. Here the
wait is cancelled from beside. What was waited for is then committed on the primary alone, so its
outcome is unknown until a standby confirms something later: nothing is signed before that (F14).
"""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from psycopg2.extensions import connection as Connection  # noqa: N812  (it is a class)

from ledger.runtime.loops import Loop

LOOK_S = 0.25
"""How often, in seconds, it is looked whether a commit has waited long enough."""


class Confirmations:
    """Bounds how long commits wait for a standby. Thread-safe."""

    def __init__(self, within_s: float) -> None:
        self._within_s = within_s
        self._lock = threading.Lock()
        self._waiting: dict[int, tuple[Connection, float]] = {}
        self.loop = Loop("confirmations", self._look)

    def start(self) -> None:
        """Begin to watch."""
        self.loop.start()

    def stop(self) -> None:
        """Bound no commit any more."""
        self.loop.stop()

    @contextmanager
    def bounded(self, connection: Connection) -> Iterator[None]:
        """Have the wait of a commit on a connection cancelled where it lasts too long."""
        with self._lock:
            self._waiting[id(connection)] = (connection, time.monotonic() + self._within_s)
        try:
            yield
        finally:
            with self._lock:
                del self._waiting[id(connection)]

    def _look(self) -> float:
        now = time.monotonic()
        with self._lock:
            for connection, until in self._waiting.values():
                if now > until:
                    connection.cancel()
        return LOOK_S
