"""What the machine can do at most: signature checks, flushes, rows. No line of ours in between."""

import multiprocessing
import os
import secrets
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

MESSAGE = 800
"""Bytes of a typical signed message: the encoding of a payload of about 700."""

BATCH = 64
PAGE = 8192


def rate(work: Callable[[], int], seconds: float) -> float:
    """Return how much `work` gets done in a second: it is called until time is up."""
    done, start = 0, time.perf_counter()
    while (elapsed := time.perf_counter() - start) < seconds:
        done += work()
    return done / elapsed


def ed25519_on_both_cores(seconds: float) -> float:
    """Return Ed25519 checks a second of two processes that do nothing else."""
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(2, mp_context=context) as pool:
        list(pool.map(_check_signatures, (0.01, 0.01)))  # Both are up before the clock starts.
        return sum(pool.map(_check_signatures, (seconds, seconds)))


def _check_signatures(seconds: float) -> float:
    private = Ed25519PrivateKey.generate()
    public = private.public_key()
    messages = [secrets.token_bytes(MESSAGE) for _ in range(BATCH)]
    signed = [(private.sign(message), message) for message in messages]

    def work() -> int:
        for signature, message in signed:
            public.verify(signature, message)
        return BATCH

    return rate(work, seconds)


def flushes(directory: Path, seconds: float) -> float:
    """Return how often a second 8 kB are written and flushed to the disk of a directory."""
    page = secrets.token_bytes(PAGE)
    path = directory / "flushes"
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT, 0o600)

    def work() -> int:
        os.pwrite(descriptor, page, 0)
        os.fdatasync(descriptor)
        return 1

    try:
        return rate(work, seconds)
    finally:
        os.close(descriptor)
        path.unlink()
