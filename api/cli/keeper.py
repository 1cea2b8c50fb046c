"""
Looks after a process of one's own: starts it, and another in its place if it ends.

Parent and child share no lock: one that is killed while it holds a lock would block the other for
ever. So the child is stopped by a signal; whatever it does is one commit at a time.
"""

import multiprocessing
import threading
from collections.abc import Callable
from typing import Any

import structlog

LOOK_S = 0.1
"""How often, in seconds, the process is looked at."""

PAUSE_S = 1.0
"""How long, in seconds, until another process takes the place of one that ended."""

PATIENCE_S = 5.0
"""How long, in seconds, a process that was told to end may take before it is killed."""

_CONTEXT = multiprocessing.get_context("spawn")

_log = structlog.get_logger(__name__)


class Keeper:
    """Keeps one process at work until it is stopped."""

    def __init__(self, name: str, target: Callable[..., None], *arguments: Any) -> None:
        self._name, self._target, self._arguments = name, target, arguments
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"{name} keeper", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """End the process, whatever it is doing, and wait until it has ended."""
        self._stopping.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._stopping.is_set():
            process = _CONTEXT.Process(target=self._target, args=self._arguments, name=self._name)
            process.start()
            while process.is_alive() and not self._stopping.wait(LOOK_S):
                pass
            if self._stopping.is_set():
                process.terminate()
                process.join(PATIENCE_S)
                process.kill()
                process.join()
            else:
                _log.error("process_ended", name=self._name, exit_code=process.exitcode)
                self._stopping.wait(PAUSE_S)
