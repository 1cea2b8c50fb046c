"""
Events as their signers signed them, kept by subject, and what they fold to.

A journal of them keeps bodies, so that an answer folds those that are known with the very fold of
the domain: it says what admission sees. Of what is sealed it has the commitment only.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from ledger.domain.core.body import Body
from ledger.domain.core.event import Event, Logged
from ledger.domain.registry import EVOLVES, TOPICS


@dataclass(frozen=True, slots=True)
class EventBody:
    """A row: an event of a subject; `said` is its body as JSON."""

    subject: str
    position: int
    accepted: datetime
    type: str
    payload_hash: str
    signers: tuple[str, ...]
    said: str


def said_of(subject: str, logged: Logged) -> EventBody:
    """Return the row of an event for one of its subjects."""
    event = logged.event
    return EventBody(
        subject,
        logged.position,
        logged.accepted,
        event.type,
        event.payload_hash,
        event.signers,
        event.body.model_dump_json(exclude_unset=True),
    )


def fold_of(subject: str, rows: Sequence[EventBody]) -> Any:
    """Fold a subject's events as the domain does; None where there are none."""
    kind, value = subject.partition(":")[0], None
    for row in rows:
        body = TOPICS[row.type].model_validate_json(row.said)
        evolve = EVOLVES.get((kind, type(body)))
        if evolve is not None:
            value = evolve(subject, value, _logged(row, body))
    return value


def _logged(row: EventBody, body: Body) -> Logged:
    """Return the event as a fold needs it: its header is not kept here."""
    event = Event(
        ledger="",
        event_id="",
        type=row.type,
        issued_at=row.accepted,
        not_after=row.accepted,
        seen=None,
        subjects=(),
        signers=row.signers,
        body=body,
        payload_hash=row.payload_hash,
        signatures=(),
    )
    return Logged(event, row.position, row.accepted)
