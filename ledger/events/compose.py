"""
Makes the payload that signers sign: the body, and the header that goes with it.

The counterpart of `ledger.events.intake`: what this writes, that reads.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from difflib import get_close_matches
from typing import Any

from pydantic import ValidationError

from ledger.domain.core.body import Body
from ledger.domain.core.forms import first_fault
from ledger.domain.core.types import format_instant
from ledger.domain.registry import TOPICS
from ledger.powers import TABLE, TopicPowers, must_wait
from ledger.quoted import quoted
from ledger.wire.payload import LIFE, new_nonce, uuid7, write_payload
from ledger.wire.told import Told

__all__ = [
    "LIFE",
    "BodyUnfit",
    "ComposeError",
    "TypeUnknown",
    "compose",
    "new_nonce",
    "uuid7",
    "with_delay",
]

LEAST_MARGIN = timedelta(minutes=1)
"""Time for those who sign what waits, and for sending it: a twelfth of the delay, or this."""


class ComposeError(Told):
    """Superclass of the errors of this module. Never raised itself."""

    exit_code = 2


class TypeUnknown(ComposeError):
    """There is no such type of event."""


class BodyUnfit(ComposeError):
    """The body is not of the type that it is said to be of; the message says where, and why."""


def with_delay(
    topic: str, body: Mapping[str, Any], delay: timedelta, now: datetime
) -> dict[str, Any]:
    """Return a body with the instant from which it binds, where it waits and names none itself."""
    waits = delay and must_wait(TABLE.get(topic, TopicPowers("")), body)
    if not waits or body.get("not_before") is not None:
        return dict(body)
    binds = now + delay + max(delay / 12, LEAST_MARGIN)
    return {**body, "not_before": format_instant(binds)}


def compose(  # noqa: PLR0913  (the header's members, by name)
    origin: str,
    topic: str,
    body: Mapping[str, Any],
    signers: Iterable[str],
    *,
    event_id: str | None = None,
    nonce: str | None = None,
    issued_at: datetime | None = None,
    life: timedelta = LIFE,
    seen: int | None = None,
) -> bytes:
    """Return the canonical payload of a new event, ready to sign.

    `body` holds JSON values, as they will stand in the log. Raises `TypeUnknown`, `BodyUnfit`.
    """
    model = TOPICS.get(topic)
    if model is None:
        near = ", ".join(get_close_matches(topic, TOPICS, 6)) or "none"
        listing = "techledger events types lists all"
        raise TypeUnknown(f"no type of event is called {quoted(topic)}; near: {near}; {listing}")
    try:
        derived: Body = model.model_validate(body)
    except ValidationError as error:
        place, said = first_fault(error)
        helps = f"techledger events types {topic} says what it needs"
        raise BodyUnfit(f"{topic}, {'/'.join(['/body', *place])}: {said}; {helps}") from None
    return write_payload(
        origin,
        topic,
        body,
        subjects=derived.subjects(),
        signers=signers,
        event_id=event_id,
        nonce=nonce,
        issued_at=issued_at,
        life=life,
        seen=seen,
    )
