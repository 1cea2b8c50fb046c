"""
Starts the embedded database again when it has died under a running ledger.

A server of one's own is looked after by whoever runs it; nobody else looks after the embedded one.
It comes back where it was, so every pool reconnects by itself; until then submissions wait.
"""

import threading

import structlog

from ledger.store.embedded import EmbeddedPostgres

LOOK_S = 0.25
"""How often, in seconds, the server is looked at."""

_log = structlog.get_logger(__name__)


class Watchdog:
    """One thread that watches one server. Several processes may watch it; one starts it again."""

    def __init__(self, server: EmbeddedPostgres) -> None:
        self._server = server
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="watchdog", daemon=True)

    def start(self) -> None:
        """Begin to watch."""
        self._thread.start()

    def stop(self) -> None:
        """Watch no more; the server goes on."""
        self._stopping.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._stopping.wait(LOOK_S):
            if not self._server.is_running():
                self._bring_back()

    def _bring_back(self) -> None:
        _log.error("database_died")
        try:
            self._server.start()
        except Exception as error:  # noqa: BLE001  (whatever it was, it is tried again)
            _log.critical("database_stays_dead", why=str(error))
        else:
            _log.warning("database_is_back", pid=self._server.pid)
