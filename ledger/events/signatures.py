"""
Checks signatures in processes that do nothing else.

`cryptography` releases the GIL, but beside a CPU-bound Python thread each return waits for a
switch interval: one by one, 20,000 checks a second fall to 200. So checks travel in batches to
processes of their own.
"""

import multiprocessing
import threading
import time
from collections.abc import Sequence
from concurrent.futures import Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from typing import Any

import structlog

from ledger.events.intake import KeyCheck, SignatureCheck
from ledger.events.verdicts import follow_parent, verdicts
from ledger.runtime.faults import Passing
from ledger.runtime.loops import Loop

LOOK_S = 1.0
"""How often, in seconds, it is looked whether the processes are there."""

HUNG_S = 4.0
"""How long, in seconds, a batch may be with a process before that one is taken to hang."""

STEP_S = 0.1
"""How long, in seconds, a look waits without seeing whether it is to stop."""

BEGIN_S = 30.0
"""How long, in seconds, processes may take to begin."""

_log = structlog.get_logger(__name__)


class Unchecked(Passing):
    """Signatures could not be checked in time; nothing was stored. The same may be sent again."""


class VerifierHung(Unchecked):
    """A checking process did not answer, and was replaced."""


class SignatureChecker:
    """A pool of checking processes. Thread-safe; `loop` sees to it that they are there."""

    def __init__(self, processes: int) -> None:
        self._processes = processes
        self._lock = threading.Lock()
        self._under_way: dict[Future[bytes], float] = {}
        self._pool: ProcessPoolExecutor | None = self._start()
        self.loop = Loop("verifiers", self.look)

    def _start(self) -> ProcessPoolExecutor:
        pool = ProcessPoolExecutor(
            self._processes,
            mp_context=multiprocessing.get_context("spawn"),
            initializer=follow_parent,
        )
        # The first job starts the processes: no client is to wait for that.
        self._began = time.monotonic()
        self._first = pool.submit(verdicts, [])
        return pool

    @property
    def up(self) -> bool:
        """Whether the processes have begun to work."""
        return self._first.done()

    def start(self) -> None:
        """Begin to look after the processes, which are there already."""
        self.loop.start()

    def stop(self) -> None:
        """Look after them no more; `close` ends them."""
        self.loop.stop()

    def submit(self, checks: Sequence[SignatureCheck | KeyCheck]) -> "Future[bytes]":
        """Check a batch elsewhere; the future holds one byte a check, 1 where it is good."""
        plain = [tuple(check) for check in checks]
        with self._lock:
            if self._pool is not None:
                try:
                    return self._sent(self._pool, plain)
                except BrokenProcessPool:
                    # A checking process was killed: start afresh, and lose nothing but time.
                    self._drop()
            self._pool = self._start()
            return self._sent(self._pool, plain)

    def _sent(self, pool: ProcessPoolExecutor, plain: list[tuple[Any, ...]]) -> "Future[bytes]":
        future = pool.submit(verdicts, plain)
        self._under_way[future] = time.monotonic()
        future.add_done_callback(lambda done: self._under_way.pop(done, None))
        return future

    def look(self) -> float:
        """See that the processes answer; return when to look again.

        Those that ended are started again, and those of which one hangs are replaced: anyone who
        waits for them sends again. Raises `VerifierHung` then.
        """
        probe, until = self.submit([]), time.monotonic() + HUNG_S
        while not probe.done() and time.monotonic() < until and not self.loop.stopping:
            wait([probe], STEP_S)
        if hung_s := self._hangs_for():
            self._replace()
            raise VerifierHung(f"no answer for {hung_s:.0f} seconds")
        if probe.done():
            probe.result()
        return LOOK_S

    def _hangs_for(self) -> float:
        """Return for how many seconds the oldest batch has waited, if that is too long; else 0."""
        now = time.monotonic()
        if not self._first.done():  # They do not work yet.
            waited = now - self._began
            return waited if waited > BEGIN_S else 0.0
        oldest = min(list(self._under_way.values()), default=now)
        waited = now - oldest
        return waited if waited >= HUNG_S else 0.0

    def _replace(self) -> None:
        """Kill all processes, a stopped one too, and start others."""
        with self._lock:
            hung = self._pool
            self._under_way.clear()
            self._pool = self._start()
        if hung is None:
            return
        processes = list((hung._processes or {}).values())  # noqa: SLF001  (3.14 has kill_workers)
        _log.error("verifiers_hung", pids=[each.pid for each in processes])
        for each in processes:
            each.kill()
        hung.shutdown(wait=False, cancel_futures=True)

    def _drop(self) -> None:
        dropped, self._pool = self._pool, None
        if dropped is not None:
            dropped.shutdown(wait=False, cancel_futures=True)

    def close(self) -> None:
        """End the processes, after what they are checking."""
        if self._pool is not None:
            self._pool.shutdown(wait=True, cancel_futures=True)
