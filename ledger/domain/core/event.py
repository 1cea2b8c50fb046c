"""
What every event shares: its header, and its place in the log.

An event is a fact as its signers signed it (docs/spec/event.md). The ledger admits it or refuses
it; it never edits, completes or re-serialises it. So every module of `ledger.domain` is read in
one order, events, state, refusals, admit, evolve, and:

* a rule (`@admits`) raises a `Refusal` or returns nothing,
* a fold (`@evolves`) never refuses: what happened has happened.

Both are pure: no clock, no random, no I/O. Time comes in as `Context.accepted`.
"""

from dataclasses import dataclass
from datetime import datetime

from ledger.domain.core.body import Body


@dataclass(frozen=True, slots=True)
class Event:
    """A signed fact: the header's members and the body, as `ledger.events.intake` verified them.

    `signatures` are the ids of the keys whose signature lines verified; whom they bind is judged
    at admission, against the keys in force at that position.
    """

    ledger: str
    event_id: str
    type: str
    issued_at: datetime
    not_after: datetime
    seen: int | None
    subjects: tuple[str, ...]
    signers: tuple[str, ...]
    body: Body
    payload_hash: str
    signatures: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Logged:
    """An event with its place in the log: 0-based position and the instant it was accepted."""

    event: Event
    position: int
    accepted: datetime
