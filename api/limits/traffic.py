"""Through what everything that a client asks has to pass, in one event loop."""

from dataclasses import dataclass

from api.limits.folding import Folding
from api.limits.lanes import Lane
from ledger.home.settings import Settings
from ledger.runtime.computing import Computing
from ledger.store.connection import Pool

SHARE = 16
"""Reads of one address that are under way, or wait, at once."""

REPLAYS_WAITING = 4
"""Questions that replay the log, and wait while another one does."""


@dataclass(frozen=True, slots=True)
class Traffic:
    """Lanes for what reads, by whom and how much.

    `reads` is for questions, `replays` for those that replay the log.
    """

    reads: Lane
    replays: Lane
    folding: Folding

    @classmethod
    def over(cls, pool: Pool, settings: Settings, computing: Computing) -> "Traffic":
        """Return the lanes over the readers' connections: a thread has at most one of them."""
        patience_s = settings.read_wait_s
        return cls(
            Lane(
                "reads",
                settings.readers,
                waiting=settings.reads_waiting,
                share=SHARE,
                patience_s=patience_s,
                computing=computing,
            ),
            Lane(
                "replays",
                1,
                waiting=REPLAYS_WAITING,
                share=2,
                patience_s=patience_s,
                computing=computing,
            ),
            Folding(pool, settings),
        )

    def close(self) -> None:
        """Begin nothing more."""
        self.reads.close()
        self.replays.close()
        self.folding.close()
