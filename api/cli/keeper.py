"""
Looks after a process of one's own: starts it, and another in its place if it ends.

Parent and child share no lock: one that is killed while it holds a lock would block the other for
ever. So the child is stopped by a signal; whatever it does is one commit at a time.
"""

import multiprocessing
import sys
import time
from collections.abc import Callable
from multiprocessing.process import BaseProcess
from typing import Any

import structlog

from ledger.runtime.faults import NeedsOperator, Passing
from ledger.runtime.loops import Loop

LOOK_S = 0.1
"""How often, in seconds, the process is looked at."""

PATIENCE_S = 5.0
"""How long, in seconds, a process that was told to end may take before it is killed."""

_CONTEXT = multiprocessing.get_context("spawn")

_log = structlog.get_logger(__name__)


STEADY_S = 30.0
"""How long, in seconds, a process has to live to count as at work again after it ended."""

OFTEN = 3
"""How many times in a row a process ends so soon before somebody has to look."""


class ProcessEnded(Passing):
    """The process was killed, or hit a bug; another one takes its place."""


class ProcessEnds(NeedsOperator):
    """The process ends again and again: another one will not do better."""


class Keeper:
    """Keeps one process at work until it is stopped."""

    def __init__(self, name: str, target: Callable[..., None], *arguments: Any) -> None:
        self._target, self._arguments = target, arguments
        self._process: BaseProcess | None = None
        self._began = 0.0  # time.monotonic() of its start.
        self._ends = 0  # How many times in a row it ended soon.
        self._error: Exception | None = None  # What is wrong until it has lived long enough.
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
                target=_work, args=(self._target, *self._arguments), name=self.loop.name
            )
            process.start()
            self._process, self._began = process, time.monotonic()
        elif not process.is_alive():
            self._process = None
            raise self._ended(process.exitcode)
        elif time.monotonic() - self._began > STEADY_S:
            self._ends, self._error = 0, None
        if self._error is not None:
            raise self._error.with_traceback(None)
        return LOOK_S

    def _ended(self, exit_code: int | None) -> Exception:
        """Return what is wrong with a process that has ended: from the second time on, it stays."""
        _log.error("process_ended", name=self.loop.name, exit_code=exit_code)
        self._ends += 1
        said = f"ended {self._ends} times, the last with exit code {exit_code}"
        if self._ends >= OFTEN:
            self._error = ProcessEnds(f"{said}: the journal says why")
        elif self._ends > 1:
            self._error = ProcessEnded(said)
        return self._error or ProcessEnded(said)


def _work(target: Callable[..., None], *arguments: Any) -> None:
    """Do the work of the process; what ends it is a line of the log."""
    try:
        target(*arguments)
    except Exception:  # noqa: BLE001  (the parent sees that the process has ended)
        _log.critical("uncaught", exc_info=True)
        sys.exit(1)


def _end(process: BaseProcess | None) -> None:
    if process is not None:
        process.terminate()
        process.join(PATIENCE_S)
        process.kill()
        process.join()
