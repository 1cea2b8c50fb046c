"""
Starts the embedded database again when it has died under a running ledger.

A server of one's own is looked after by the one who runs it; nobody else looks after the embedded
one. It comes back where it was, so every pool reconnects by itself; until then submissions wait.
"""

import structlog

from ledger.runtime.loops import Loop
from ledger.store.embedded import EmbeddedPostgres

LOOK_S = 0.25
"""How often, in seconds, the server is looked at."""

_log = structlog.get_logger(__name__)


class Watchdog:
    """One thread that watches one server. Several processes may watch it; one starts it again."""

    def __init__(self, server: EmbeddedPostgres) -> None:
        self._server = server
        self.loop = Loop("watchdog", self._look)

    def start(self) -> None:
        """Begin to watch."""
        self.loop.start()

    def stop(self) -> None:
        """Watch no more; the server goes on."""
        self.loop.stop()

    def _look(self) -> float:
        if not self._server.is_running():
            _log.error("database_died")
            self._server.start()
            _log.warning("database_is_back", pid=self._server.pid)
        return LOOK_S
