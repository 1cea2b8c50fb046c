"""
The time by which the ledger dates: wall time, for as long as another clock bears it out.

A machine's time can be set to anything, by a person, a hypervisor or a server of time; what is
dated by it is signed for ever. The clock that runs since the machine was started cannot be set. So
wall time that outran it is not used: nothing is dated until it is right again. Time that was set
back is used, and is the measure once it has stayed so; against the last entry the sequencer holds
it.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from ledger.runtime.faults import Passing

TOLERANCE = timedelta(seconds=60)
"""How far wall time may outrun the time that has passed."""

SET_BACK_S = 600.0
"""How long, in seconds, time that was set back runs before it is the measure."""

DRIFT = 0.001
"""What two good clocks may run apart, of the time that passes."""


class ClockAhead(Passing):
    """Wall time outran the time that has passed; nothing is dated by it."""


def _wall() -> datetime:
    return datetime.now(UTC)


def _passed() -> float:
    """Return the seconds since the machine was started, those asleep too where that is known."""
    return time.clock_gettime(getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC))


@dataclass(frozen=True, slots=True)
class Anchor:
    """An instant that was believed, by wall time and by the time passed: for another process."""

    wall: datetime
    passed: float

    @classmethod
    def now(cls) -> "Anchor":
        """Return the anchor of a machine whose time is believed."""
        return cls(_wall(), _passed())


class Clock:
    """One process's clock. Thread-safe: what it knows is replaced whole."""

    def __init__(
        self,
        anchor: Anchor | None = None,
        *,
        wall: Callable[[], datetime] = _wall,
        passed: Callable[[], float] = _passed,
    ) -> None:
        self._wall, self._passed = wall, passed
        self.anchor = anchor or Anchor(wall(), passed())
        self._set_back: Anchor | None = None

    def now(self) -> datetime:
        """Return wall time. Raises `ClockAhead`."""
        anchor, wall, passed = self.anchor, self._wall(), self._passed()
        elapsed = max(0.0, passed - anchor.passed)
        latest = anchor.wall + timedelta(seconds=elapsed * (1 + DRIFT))
        if wall > latest + TOLERANCE:
            raise ClockAhead(f"{wall - latest} ahead of the time that has passed")
        if wall >= latest - TOLERANCE:
            # The measure does not move ahead within it, or small steps would add up.
            self.anchor, self._set_back = Anchor(min(wall, latest), passed), None
        else:
            self._follow_back(wall, passed)
        return wall

    def _follow_back(self, wall: datetime, passed: float) -> None:
        """Take time that was set back for the measure, once it has stayed so for a while.

        Not at once: time that is put right again would be ahead of it.
        """
        since = self._set_back
        if since is None or wall < since.wall:
            self._set_back = Anchor(wall, passed)
        elif passed - since.passed >= SET_BACK_S:
            self.anchor, self._set_back = Anchor(wall, passed), None
