"""
Hints to whoever waits for the log to grow: NOTIFY, outside the append, from one thread.

A hint may get lost, so every listener polls too. It is sent after the commit, never within: a
transaction that notifies holds a lock of the whole cluster while it commits. The hint's own
transaction does not wait for the disk, as nothing is lost with it.
"""

import threading
from collections.abc import Callable
from contextlib import AbstractContextManager

from psycopg2.extensions import cursor

HEAD_CHANNEL = "ledger_head"
"""The log has grown."""

CHECKPOINT_CHANNEL = "ledger_checkpoint"
"""There is a newer checkpoint."""


PAUSE_S = 0.02
"""The least time between two hints, in seconds: those of a busy log become one."""


class Hinter:
    """Sends hints from a thread of its own, so that no append waits for one."""

    def __init__(self, session: Callable[[], AbstractContextManager[cursor]]) -> None:
        self._session = session
        self._pending: set[str] = set()
        self._stopping = False
        self._wake = threading.Condition()
        self._thread: threading.Thread | None = None

    def hint(self, channel: str) -> None:
        """Have NOTIFY sent on `channel` soon; several hints not yet sent become one."""
        with self._wake:
            self._pending.add(channel)
            if self._thread is None and not self._stopping:
                self._thread = threading.Thread(target=self._run, name="hinter", daemon=True)
                self._thread.start()
            self._wake.notify()

    def stop(self) -> None:
        """Send what is pending and end the thread."""
        with self._wake:
            self._stopping = True
            self._wake.notify()
        if self._thread is not None:
            self._thread.join()

    def _run(self) -> None:
        while channels := self._take():
            names = "".join(f"NOTIFY {channel};" for channel in sorted(channels))
            try:
                with self._session() as session:
                    session.execute(f"BEGIN; SET LOCAL synchronous_commit = off; {names} COMMIT")
            except Exception:  # noqa: BLE001, S110  (a lost hint is made good by the next poll)
                pass
            with self._wake:
                self._wake.wait_for(lambda: self._stopping, PAUSE_S)

    def _take(self) -> set[str]:
        with self._wake:
            while not self._pending and not self._stopping:
                self._wake.wait()
            taken, self._pending = self._pending, set()
            return taken
