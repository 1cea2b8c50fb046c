"""
Checks signatures in processes that do nothing else.

`cryptography` releases the GIL, but beside a CPU-bound Python thread each return waits for a
switch interval: one by one, 20,000 checks a second fall to 200. So checks travel in batches to
processes of their own.
"""

import multiprocessing
import os
import signal
import threading
from collections.abc import Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from functools import lru_cache
from multiprocessing.connection import wait
from typing import Any, Protocol

from ledger.intake import KeyCheck, SignatureCheck
from ledger.loops import Loop
from ledger.wire import keys

LOOK_S = 1.0
"""How often, in seconds, it is looked whether the processes are there."""


class _Verifier(Protocol):
    def verify(self, signature: bytes, message: bytes) -> None: ...


@lru_cache(maxsize=10_000)
def _load(algorithm: str, public_key: bytes) -> _Verifier:
    return keys.load_public(algorithm, public_key)


GOOD = 1
_WEAK = 2  # And what is added to it is an index.
_WEAKNESSES = tuple(keys.WEAKNESSES)


def verdicts(checks: Sequence[tuple[Any, ...]]) -> bytes:
    """Return one byte for each (algorithm, SPKI, signature, message): 1 if it verifies, else 0.

    For each (SPKI,), 1 if no weakness is found, else what `weakness` reads.
    """
    return bytes(_verdict(*check) if len(check) > 1 else _key_verdict(*check) for check in checks)


def weakness(verdict: int) -> str:
    """Return the word of `keys.WEAKNESSES` that a verdict on a key stands for."""
    return _WEAKNESSES[verdict - _WEAK]


@lru_cache(maxsize=10_000)
def _key_verdict(public_key: bytes) -> int:
    found = keys.find_weakness(public_key)
    return GOOD if found is None else _WEAK + _WEAKNESSES.index(found)


def _verdict(algorithm: str, public_key: bytes, signature: bytes, message: bytes) -> int:
    try:
        _load(algorithm, public_key).verify(signature, message)
    except (keys.BadSignature, keys.KeyRefused):
        return 0
    return GOOD


def _follow_parent() -> None:
    """End this process when its parent ends, by kill -9 too: no pipe would tell it.

    A signal to the whole group is for the parent, which stops its processes in order.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    parent = multiprocessing.parent_process()
    assert parent is not None

    def watch() -> None:
        wait([parent.sentinel])
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


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
            initializer=_follow_parent,
        )
        # The first job starts the processes: no client is to wait for that.
        pool.submit(verdicts, [])
        return pool

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
