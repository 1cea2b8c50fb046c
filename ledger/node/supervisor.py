"""
Knows every worker of a process, and says at any time what keeps one of them from its work.

Readiness, metrics and the door ask here, so all of them say the same. A trouble that has just begun
is waited out before anybody is turned away: most of them are a database that restarts.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from ledger.home.antirollback import Halted
from ledger.runtime.clock import ClockAhead
from ledger.runtime.faults import Fault, NeedsOperator, fault_of, is_full, reason_of
from ledger.runtime.loops import Loop
from ledger.store.connection import StorageFull, StoreError, Unavailable

GRACE_S = 2.0
"""How long, in seconds, a worker may fail before new events are turned away."""


STUCK_S = 5.0
"""How long, in seconds, a worker may be at one step before it counts as stuck."""


@dataclass(frozen=True, slots=True)
class Supervisor:
    """The workers of one process."""

    loops: list[Loop] = field(default_factory=list)

    def watch(self, loop: Loop) -> None:
        """Look after one more."""
        self.loops.append(loop)

    def troubles(self) -> list[str]:
        """Return, of each worker that does not do its work at present, why: one line each."""
        return [f"{loop.name}: {why}" for loop in self.loops if (why := trouble_of(loop))]


def trouble_of(loop: Loop) -> str | None:
    """Return what keeps a worker from its work, in one line, None where nothing does."""
    if loop.error is not None:
        return f"{fault_of(loop.error).value}: {reason_of(loop.error)}"
    if loop.started and not loop.alive:
        return "it has ended"
    return (
        f"at one step for more than {STUCK_S:.0f} seconds"
        if _lasts(loop.step_began, STUCK_S)
        else None
    )


def hindrance(needed: Sequence[Loop]) -> Exception | None:
    """Return what to tell anyone who brings an event that these workers could not finish now."""
    for loop in needed:
        if loop.error is not None and (not loop.alive or _lasts(loop.failing_since, GRACE_S)):
            return told_as(loop.error)
        if (loop.started and not loop.alive) or _lasts(loop.step_began, STUCK_S):
            return Unavailable(f"the {loop.name} does not go on")
    return None


def _lasts(since: float | None, longer_than_s: float) -> bool:
    return since is not None and time.monotonic() - since > longer_than_s


def told_as(error: BaseException) -> Exception:
    """Return the error by which a client is told of a worker's."""
    if isinstance(error, StoreError | NeedsOperator | ClockAhead):
        return error
    reason = reason_of(error)
    match fault_of(error):
        case Fault.CONTRADICTION:
            return Halted(reason)
        case Fault.OPERATOR:
            return NeedsOperator(reason)
    return StorageFull(reason) if is_full(error) else Unavailable(reason)
