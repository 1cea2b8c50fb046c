"""
Checks signatures in processes that do nothing else.

`cryptography` releases the GIL, but beside a CPU-bound Python thread each return waits for a
switch interval: one by one, 20,000 checks a second fall to 200. So checks travel in batches to
processes of their own.
"""

import multiprocessing
import threading
from collections.abc import Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool

from ledger.intake import KeyCheck, SignatureCheck
from ledger.loops import Loop
from ledger.verdicts import follow_parent, verdicts

LOOK_S = 1.0
"""How often, in seconds, it is looked whether the processes are there."""


class SignatureChecker:
    """A pool of checking processes. Thread-safe; `loop` sees to it that they are there."""

    def __init__(self, processes: int) -> None:
        self._processes = processes
        self._lock = threading.Lock()
        self._pool: ProcessPoolExecutor | None = self._start()
        self.loop = Loop("verifiers", self.look)

    def _start(self) -> ProcessPoolExecutor:
        pool = ProcessPoolExecutor(
            self._processes,
            mp_context=multiprocessing.get_context("spawn"),
            initializer=follow_parent,
        )
        # The first job starts the processes: no client is to wait for that.
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
                    return self._pool.submit(verdicts, plain)
                except BrokenProcessPool:
                    # A checking process was killed: start afresh, and lose nothing but time.
                    self._drop()
            self._pool = self._start()
            return self._pool.submit(verdicts, plain)

    def look(self) -> float:
        """Start the processes again if one of them has ended; return when to look again."""
        self.submit([])
        return LOOK_S

    def _drop(self) -> None:
        dropped, self._pool = self._pool, None
        if dropped is not None:
            dropped.shutdown(wait=False, cancel_futures=True)

    def close(self) -> None:
        """End the processes, after what they are checking."""
        if self._pool is not None:
            self._pool.shutdown(wait=True, cancel_futures=True)
