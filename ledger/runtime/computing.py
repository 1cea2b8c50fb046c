"""
Turns at computing, for threads that read: one of them computes, the others wait for the database.

Python runs one thread at a time. A receipt needs a dozen short turns of the event loop and of the
workers, and each of these waits for every thread that could run: beside four that read under a
flood it took twice as long as beside one, and nobody's read came sooner (decision 39).
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager


class Computing:
    """One turn. A thread that has it gives it back while it waits."""

    def __init__(self) -> None:
        self._turn = threading.Lock()
        self._mine = threading.local()

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Compute, but for what is done in `waiting`."""
        self._take()
        try:
            yield
        finally:
            self._give_back()

    @contextmanager
    def waiting(self) -> Iterator[None]:
        """Wait, while another thread may compute. Without a turn it is just waited."""
        if not getattr(self._mine, "held", False):
            yield
            return
        self._give_back()
        try:
            yield
        finally:
            self._take()

    def _take(self) -> None:
        self._turn.acquire()
        self._mine.held = True

    def _give_back(self) -> None:
        self._mine.held = False
        self._turn.release()
