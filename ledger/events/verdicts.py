"""
What a checking process does, and all that it imports: it must be there soon after a start.

Nothing here knows of events or of the database.
"""

import multiprocessing
import os
import signal
import threading
from collections.abc import Sequence
from functools import lru_cache
from multiprocessing.connection import wait
from typing import Any, Protocol

from ledger.wire import signing_keys


class _Verifier(Protocol):
    def verify(self, signature: bytes, message: bytes) -> None: ...


@lru_cache(maxsize=10_000)
def _load(algorithm: str, public_key: bytes) -> _Verifier:
    return signing_keys.load_public(algorithm, public_key)


GOOD = 1
HIGH_S = 2
_WEAK = 3  # And what is added to it is an index.
_WEAKNESSES = tuple(signing_keys.WEAKNESSES)


def verdicts(checks: Sequence[tuple[Any, ...]]) -> bytes:
    """Return one byte for each (algorithm, SPKI, signature, message): 1 if it verifies, else 0.

    2 for an ECDSA signature whose s is high. For each (SPKI,), 1 if no weakness is found,
    else what `weakness` reads.
    """
    return bytes(_verdict(*check) if len(check) > 1 else _key_verdict(*check) for check in checks)


def weakness(verdict: int) -> str:
    """Return the word of `keys.WEAKNESSES` that a verdict on a key stands for."""
    return _WEAKNESSES[verdict - _WEAK]


@lru_cache(maxsize=10_000)
def _key_verdict(public_key: bytes) -> int:
    found = signing_keys.find_weakness(public_key)
    return GOOD if found is None else _WEAK + _WEAKNESSES.index(found)


def _verdict(algorithm: str, public_key: bytes, signature: bytes, message: bytes) -> int:
    try:
        _load(algorithm, public_key).verify(signature, message)
    except signing_keys.HighS:
        return HIGH_S
    except (signing_keys.SignatureMismatch, signing_keys.KeyRefused):
        return 0
    return GOOD


def follow_parent() -> None:
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
