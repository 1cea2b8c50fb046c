"""
Makes the payload that signers sign: the body, and the header that goes with it.

The counterpart of `ledger.events.intake`: what this writes, that reads.
"""

import secrets
import time
import uuid
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from pydantic import ValidationError

from ledger.domain.core.body import Body
from ledger.domain.core.types import format_instant
from ledger.domain.registry import TOPICS
from ledger.powers import TABLE, Row, must_wait
from ledger.runtime.faults import Told
from ledger.wire import canonical
from ledger.wire.base64 import b64url_encode

LIFE = timedelta(days=30)
"""How long an event made here may be submitted (the format allows 90 days)."""

LEAST_MARGIN = timedelta(minutes=1)
"""Time for those who sign what waits, and for sending it: a twelfth of the delay, or this."""


class ComposeError(Told):
    """Superclass of the errors of this module. Never raised itself."""

    exit_code = 2


class TypeUnknown(ComposeError):
    """There is no such type of event."""


class BodyUnfit(ComposeError):
    """The body is not of the type that it is said to be of; the message says where, and why."""


def uuid7() -> str:
    """Return a fresh UUIDv7 (RFC 9562, section 5.7): the event's id and idempotency key."""
    milliseconds = time.time_ns() // 1_000_000
    value = milliseconds << 80 | 0x7 << 76 | secrets.randbits(12) << 64
    return str(uuid.UUID(int=value | 0b10 << 62 | secrets.randbits(62)))


def new_nonce() -> str:
    """Return 128 random bits in base64url: nobody can guess a leaf."""
    return b64url_encode(secrets.token_bytes(16))


def with_delay(
    topic: str, body: Mapping[str, Any], delay: timedelta, now: datetime
) -> dict[str, Any]:
    """Return a body with the instant from which it binds, where it waits and names none itself."""
    waits = delay and must_wait(TABLE.get(topic, Row("")), body)
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
        raise TypeUnknown(f"no type {topic}; known: {', '.join(sorted(TOPICS))}")
    try:
        derived: Body = model.model_validate(body)
    except ValidationError as error:
        first, *_ = error.errors(include_url=False, include_input=False, include_context=False)
        place = "/".join(["", "body", *map(str, first["loc"])])
        raise BodyUnfit(f"{topic}, {place}: {first['msg']}") from None
    issued = issued_at or datetime.now(UTC)
    payload: dict[str, Any] = {
        "ledger": origin,
        "event_id": event_id or uuid7(),
        "type": topic,
        "issued_at": format_instant(issued),
        "not_after": format_instant(issued + life),
        "nonce": nonce or new_nonce(),
        "subjects": sorted(derived.subjects()),
        "signers": sorted(set(signers)),
        "body": body,
    }
    if seen is not None:
        payload["seen"] = seen
    return canonical.dump(payload)
