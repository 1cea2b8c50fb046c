"""
The projections' process, and who looks after it.

A read model that cannot fold an entry halts by itself and stays halted. A process that ends is
another matter: it was killed, or hit a bug that may pass; then another one takes its place.

Parent and child share no lock: one that is killed while it holds a lock would block the other for
ever. So the child is stopped by a signal. Every batch is one commit, nothing is left half done.
"""

import multiprocessing
import threading

import structlog

from api.cli.logs import configure_logs
from projections.process import run_projections

LOOK_S = 0.1
"""How often, in seconds, the process is looked at."""

PAUSE_S = 1.0
"""How long, in seconds, until another process takes the place of one that ended."""

PATIENCE_S = 5.0
"""How long, in seconds, a process that was told to end may take before it is killed."""

_CONTEXT = multiprocessing.get_context("spawn")

_log = structlog.get_logger(__name__)


class Projector:
    """Keeps one process folding the log into the read models, until it is stopped."""

    def __init__(self, app_dsn: str, log_level: str) -> None:
        self._arguments = (app_dsn, log_level)
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="projector", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """End the process, whatever it is doing, and wait until it has ended."""
        self._stopping.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._stopping.is_set():
            process = _CONTEXT.Process(target=_project, args=self._arguments, name="projections")
            process.start()
            while process.is_alive() and not self._stopping.wait(LOOK_S):
                pass
            if self._stopping.is_set():
                process.terminate()
                process.join(PATIENCE_S)
                process.kill()
                process.join()
            else:
                _log.error("projections_ended", pid=process.pid, exit_code=process.exitcode)
                self._stopping.wait(PAUSE_S)


def _project(app_dsn: str, log_level: str) -> None:
    configure_logs(log_level)
    run_projections(app_dsn, threading.Event())  # A signal stops it: nothing to share, or to leak.
