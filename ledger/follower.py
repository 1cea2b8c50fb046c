"""
Watches for the checkpoints that another process publishes.

For API processes that run without the log's keys: their receipts wait for the publisher's rows.
"""

import threading
from collections.abc import Sequence

import structlog

from ledger.receipts import CheckpointFeed
from ledger.store.checkpoints import checkpoints_after
from ledger.store.connection import Pool, Unavailable
from ledger.witnessed import Standard

EAGER_S = 0.005
"""How often, in seconds, to look while somebody waits for a receipt."""

IDLE_S = 0.25
"""How often, in seconds, to look while nobody waits."""

_log = structlog.get_logger(__name__)


class Follower:
    """One thread that tells feeds of every new checkpoint row, in order, and of witnessed ones."""

    def __init__(self, pool: Pool, feed: CheckpointFeed, standards: Sequence[Standard]) -> None:
        self._pool = pool
        self._feed = feed
        self._standards = standards
        self._wake = threading.Event()
        self._stopping = False
        self._thread = threading.Thread(target=self._run, name="follower", daemon=True)

    def start(self) -> None:
        """Begin to watch."""
        self._thread.start()

    def hint(self) -> None:
        """Say that somebody waits."""
        self._wake.set()

    def stop(self) -> None:
        """End the thread."""
        self._stopping = True
        self._wake.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._stopping:
            try:
                latest = self._feed.latest
                for checkpoint in checkpoints_after(self._pool, latest.size if latest else 0):
                    self._feed.tell(checkpoint)
                for standard in self._standards:
                    standard.look(self._pool)
            except Unavailable as error:
                _log.warning("follow_again", reason=type(error).__name__)
            self._wake.wait(EAGER_S if self._feed.waited_for else IDLE_S)
            self._wake.clear()
