"""
Watches for the checkpoints that another process publishes.

For API processes that run without the log's keys: their receipts wait for the publisher's rows. A
halt in their home holds for them too: what they would take in nobody would sign.
"""

from collections.abc import Callable, Sequence

from ledger.home.antirollback import CheckpointFile
from ledger.publish.quorum import Standard
from ledger.publish.receipts import CheckpointFeed
from ledger.runtime.faults import reason_of
from ledger.runtime.loops import Loop
from ledger.store.checkpoints import checkpoints_after, signed_again
from ledger.store.connection import Pool

EAGER_S = 0.005
"""How often, in seconds, to look while somebody waits for a receipt."""

IDLE_S = 0.25
"""How often, in seconds, to look while nobody waits."""


class Follower:
    """One thread that tells feeds of every new checkpoint row, in order, and of witnessed ones.

    `failed` hears why the log is halted, which ends it.
    """

    def __init__(
        self,
        pool: Pool,
        feed: CheckpointFeed,
        standards: Sequence[Standard],
        file: CheckpointFile,
        failed: Callable[[str], None],
    ) -> None:
        self._pool = pool
        self._feed = feed
        self._standards = standards
        self._file = file
        self.loop = Loop("follower", self._look, ended=lambda error: failed(reason_of(error)))

    def start(self) -> None:
        """Begin to watch."""
        self.loop.start()

    def hint(self) -> None:
        """Say that somebody waits."""
        self.loop.wake()

    def stop(self) -> None:
        """End the thread."""
        self.loop.stop()

    def _look(self) -> float:
        self._file.check_not_halted()
        latest = self._feed.latest
        for checkpoint in checkpoints_after(self._pool, latest.size if latest else 0):
            self._feed.tell(checkpoint)
        for standard in self._standards:
            standard.look(self._pool)
        if self._feed.waited_for:
            return EAGER_S
        if again := signed_again(self._pool):
            self._feed.tell_again(again)
        return IDLE_S
