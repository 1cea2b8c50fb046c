"""
The projections' process, and who looks after it.

A read model that cannot fold an entry halts by itself and stays halted. A process that ends is
another matter: it was killed, or hit a bug that may pass; then another one takes its place.
"""

import multiprocessing
import threading
from multiprocessing.synchronize import Event

import structlog

from api.cli.logs import configure_logs
from projections.process import run_projections

PAUSE_S = 1.0
"""How long, in seconds, until another process takes the place of one that ended."""

_CONTEXT = multiprocessing.get_context("spawn")

_log = structlog.get_logger(__name__)


class Projector:
    """Keeps one process folding the log into the read models, until it is stopped."""

    def __init__(self, app_dsn: str, log_level: str) -> None:
        self._arguments = (app_dsn, log_level)
        self._stopping = _CONTEXT.Event()
        self._thread = threading.Thread(target=self._run, name="projector", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """Have the process finish its batch and end."""
        self._stopping.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._stopping.is_set():
            process = _CONTEXT.Process(
                target=_project, args=(*self._arguments, self._stopping), name="projections"
            )
            process.start()
            process.join()
            if not self._stopping.is_set():
                _log.error("projections_ended", pid=process.pid, exit_code=process.exitcode)
                self._stopping.wait(PAUSE_S)


def _project(app_dsn: str, log_level: str, stop: Event) -> None:
    configure_logs(log_level)
    run_projections(app_dsn, stop)
