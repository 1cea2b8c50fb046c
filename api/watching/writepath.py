"""
Whether an event could be appended now: asked of the log itself, by taking its lock for a moment.

However often it is asked, the lock is taken twice a second at most, and not at all while events are
being appended: those show that it can be done.
"""

import threading
import time

from ledger.node.node import Node
from ledger.runtime.clock import ClockAhead
from ledger.runtime.faults import reason_of
from ledger.sequence.sequencer import SequencerError
from ledger.store.connection import StoreError

KEPT_S = 0.5
"""How long, in seconds, an answer counts."""


class WritePath:
    """The way of an event into the log. Thread-safe."""

    def __init__(self, node: Node) -> None:
        self._node = node
        self._lock = threading.Lock()
        self._looked_at: float | None = None
        self._trouble: str | None = None

    def trouble(self) -> str | None:
        """Return why nothing can be appended now, None where something can."""
        with self._lock:
            now = time.monotonic()
            at = max(
                filter(None, (self._looked_at, self._node.sequencer.appended_at)), default=None
            )
            if at is None or now - at > KEPT_S:
                self._trouble = self._look()
                self._looked_at = time.monotonic()
            elif at != self._looked_at:
                self._trouble = None
            return self._trouble

    def _look(self) -> str | None:
        try:
            self._node.look()
        except StoreError as error:
            return f"database: {type(error).__name__}"
        except (SequencerError, ClockAhead) as error:
            return f"write path: {type(error).__name__}: {reason_of(error)}"
        return None
