"""
The time by which the ledger dates: wall time, for as long as another clock bears it out.

A machine's time can be set to anything, by a person, a hypervisor or a server of time; what is
dated by it is signed for ever. The clock that runs since the machine was started cannot be set. So
wall time that outran it is not used: nothing is dated until it is right again. Time that was set
back is used, and is the measure from then on; against the last entry the sequencer holds it.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from ledger.faults import Passing

TOLERANCE = timedelta(seconds=60)
"""How far wall time may outrun the time that has passed."""

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

    def now(self) -> datetime:
        """Return wall time. Raises `ClockAhead`."""
        anchor, wall, passed = self.anchor, self._wall(), self._passed()
        elapsed = max(0.0, passed - anchor.passed)
        latest = anchor.wall + timedelta(seconds=elapsed * (1 + DRIFT))
        if wall > latest + TOLERANCE:
            raise ClockAhead(f"{wall - latest} ahead of the time that has passed")
        # Within the tolerance the measure does not move ahead, or small steps would add up.
        self.anchor = Anchor(min(wall, latest), passed)
        return wall
