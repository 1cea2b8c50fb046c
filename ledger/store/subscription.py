"""
Follows the log: entries in order, batch after batch, for as long as one likes.

LISTEN comes first, then the read, then the wait: an entry committed between read and wait has its
hint waiting already. A hint may still get lost, with its session or before, so the wait ends by
itself and the log is read again: the poll is the truth. A session that broke is replaced.
"""

import select
import threading
import time
from types import TracebackType
from typing import Self

import psycopg2
from psycopg2.extensions import connection as Connection  # noqa: N812  (it is a class)

from ledger.store.connection import Pool, StoreError, Unavailable
from ledger.store.entries import StoredEntry, read_entries
from ledger.store.hint import HEAD_CHANNEL

POLL_S = 0.25
"""How long a wait lasts without a hint."""

_SLICE_S = 0.25
"""How long it takes at most until a waiting thread sees that it shall stop."""


class Gap(StoreError):
    """The next entry is not at the next position: something has been lost, so reading ends."""


class Listener:
    """A session that hears the hints of one channel; for one thread, but `stop` for any."""

    def __init__(self, pool: Pool, channel: str = HEAD_CHANNEL) -> None:
        self._pool = pool
        self._channel = channel
        self._session: Connection | None = None
        self._stopped = threading.Event()

    @property
    def stopped(self) -> bool:
        """Whether `stop` was called."""
        return self._stopped.is_set()

    def stop(self) -> None:
        """End the wait and every later one."""
        self._stopped.set()

    def close(self) -> None:
        """Give the session up."""
        session, self._session = self._session, None
        if session is not None:
            session.close()

    def listen(self) -> None:
        """See to it that hints are heard from now on; without a database, do nothing yet."""
        if self._session is not None:
            return
        try:
            self._session = self._pool.open()
            with self._session.cursor() as cursor:
                cursor.execute(f"LISTEN {self._channel}")
        except (Unavailable, psycopg2.Error):
            self.close()

    def wait(self, timeout_s: float) -> None:
        """Wait for a hint, at most `timeout_s` seconds; a session that breaks ends the wait."""
        deadline = time.monotonic() + timeout_s
        while not self.stopped and (left := deadline - time.monotonic()) > 0:
            if self._heard(min(left, _SLICE_S)):
                return

    def _heard(self, timeout_s: float) -> bool:
        if self._session is None:
            self._stopped.wait(timeout_s)
            return False
        waiting = select.poll()
        waiting.register(self._session.fileno(), select.POLLIN)
        if not waiting.poll(timeout_s * 1000):
            return False
        try:
            self._session.poll()
        except psycopg2.Error:
            self.close()
        else:
            self._session.notifies.clear()
        return True


class Subscription:
    """An iterator over batches of entries behind position `after`; it waits for those to come.

        with Subscription(pool, after=-1) as subscription:
            for batch in subscription: ...

    Raises `Gap` if a position is missing.
    """

    def __init__(
        self, pool: Pool, after: int = -1, *, limit: int = 500, poll_s: float = POLL_S
    ) -> None:
        self._pool = pool
        self._next = after + 1
        self._limit = limit
        self._poll_s = poll_s
        self._listener = Listener(pool)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()
        self._listener.close()

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> list[StoredEntry]:
        while not self._listener.stopped:
            self._listener.listen()
            if batch := self._read():
                return batch
            self._listener.wait(self._poll_s)
        raise StopIteration

    def stop(self) -> None:
        """End the iteration, from any thread."""
        self._listener.stop()

    def _read(self) -> list[StoredEntry]:
        try:
            batch = read_entries(self._pool, self._next, None, self._limit)
        except Unavailable:
            return []  # The database restarts; what it holds is read when it is back.
        for entry in batch:
            if entry.position != self._next:
                raise Gap(f"position {self._next} is missing before {entry.position}")
            self._next += 1
        return batch
