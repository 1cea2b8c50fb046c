"""
Looks after a process of one's own: starts it, and another in its place if it ends.

Parent and child share no lock: one that is killed while it holds a lock would block the other for
ever. So the child is stopped by a signal; whatever it does is one commit at a time.
"""

import multiprocessing
from collections.abc import Callable
from multiprocessing.process import BaseProcess
from typing import Any

import structlog

from ledger.faults import Passing
from ledger.loops import Loop

LOOK_S = 0.1
"""How often, in seconds, the process is looked at."""

PATIENCE_S = 5.0
"""How long, in seconds, a process that was told to end may take before it is killed."""

_CONTEXT = multiprocessing.get_context("spawn")

_log = structlog.get_logger(__name__)


class ProcessEnded(Passing):
    """The process was killed, or hit a bug; another one takes its place."""


class Keeper:
    """Keeps one process at work until it is stopped."""

    def __init__(self, name: str, target: Callable[..., None], *arguments: Any) -> None:
        self._target, self._arguments = target, arguments
        self._process: BaseProcess | None = None
        self.loop = Loop(name, self._look, last=True)

    def start(self) -> None:
        """Begin."""
        self.loop.start()

    def stop(self) -> None:
        """End the process, whatever it is doing, and wait until it has ended."""
        self.loop.stop()

    def _look(self) -> float:
        process = self._process
        if self.loop.stopping:
            _end(process)
        elif process is None:
            process = _CONTEXT.Process(
                target=self._target, args=self._arguments, name=self.loop.name
            )
            process.start()
            self._process = process
        elif not process.is_alive():
            _log.error("process_ended", name=self.loop.name, exit_code=process.exitcode)
            self._process = None
            raise ProcessEnded(f"exit code {process.exitcode}")
        return LOOK_S


def _end(process: BaseProcess | None) -> None:
    if process is not None:
        process.terminate()
        process.join(PATIENCE_S)
        process.kill()
        process.join()
