"""
Hints to anyone who waits for the log to grow: NOTIFY, outside the append, from one thread.

A hint may get lost, so every listener polls too. It is sent after the commit, never within: a
transaction that notifies holds a lock of the whole cluster while it commits. The hint's own
transaction does not wait for the disk, as nothing is lost with it.
"""

import threading
from collections.abc import Callable
from contextlib import AbstractContextManager, suppress

from psycopg2.extensions import cursor

from ledger.runtime.loops import Loop

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
        self._lock = threading.Lock()
        self._started = False
        self.loop = Loop("hinter", self._send, last=True)

    def hint(self, channel: str) -> None:
        """Have NOTIFY sent on `channel` soon; several hints not yet sent become one.

        Never raises: what was committed is committed, hint or no hint.
        """
        with self._lock:
            self._pending.add(channel)
            if not self._started and not self.loop.stopping:
                with suppress(RuntimeError):  # No thread can be started now: with the next hint.
                    self.loop.start()
                    self._started = True
        self.loop.wake()

    def stop(self) -> None:
        """Send what is pending and end the thread."""
        self.loop.stop()

    def _send(self) -> float | None:
        with self._lock:
            channels, self._pending = self._pending, set()
        if not channels:
            return None
        names = "".join(f"NOTIFY {channel};" for channel in sorted(channels))
        try:
            with self._session() as session:
                session.execute(f"BEGIN; SET LOCAL synchronous_commit = off; {names} COMMIT")
        except Exception:  # noqa: BLE001, S110  (a lost hint is made good by the next poll)
            pass
        self.loop.pause(PAUSE_S)
        return 0
