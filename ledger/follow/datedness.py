"""What a monitor's own clock says of the times in a log: too old, or ahead."""

from collections.abc import Iterator, Sequence

from ledger.follow.alarms import Alarm
from ledger.log.checkpoint import log_times
from ledger.log.note import Verifier
from ledger.log.policy import Policy
from ledger.verify.event import RecordedEvent
from ledger.wire.instant import parse_instant

CLOCK_S = 300.0
"""How far, in seconds, the log's clock may be ahead of one's own."""

_AHEAD = f"more than {CLOCK_S:.0f} s ahead of the clock here"


def badly_dated(
    note: bytes, log_keys: Sequence[Verifier], policy: Policy, now: float, stall_s: float
) -> Iterator[Alarm]:
    """Say if what the log, or witnesses, signed last is too old; or ahead of one's own clock.

    A log signs again while it rests, each minute, and witnesses refresh what they cosigned.
    """
    signed = max(log_times(note, log_keys), default=0)
    if signed > now + CLOCK_S:
        yield Alarm("AHEAD_OF_TIME", f"the log has signed {_AHEAD}")
    if now - signed >= stall_s:
        yield Alarm("STALL", f"the log signed last {now - signed:.0f} s ago")
    cosigned = max(log_times(note, (w.verifier for w in policy.witnesses)), default=0)
    if policy.quorum is not None and now - cosigned >= stall_s:
        yield Alarm("STALL", f"the newest cosignature is {now - cosigned:.0f} s old")


def ahead_of_time(event: RecordedEvent, now: float) -> Iterator[Alarm]:
    """Say if an entry is dated ahead of one's own clock: by it what waits binds too early."""
    accepted = event.entry.accepted
    if parse_instant(accepted).timestamp() > now + CLOCK_S:
        yield Alarm("AHEAD_OF_TIME", f"accepted at {accepted}, {_AHEAD}", event.position)
