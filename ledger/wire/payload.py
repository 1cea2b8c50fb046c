"""What signers sign: a body, and the header that goes with it (docs/spec/event.md)."""

import secrets
import time
import uuid
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from ledger.wire import canonical
from ledger.wire.base64 import b64url_encode
from ledger.wire.instant import format_instant

LIFE = timedelta(days=30)
"""How long an event made here may be submitted (the format allows 90 days)."""


def uuid7() -> str:
    """Return a fresh UUIDv7 (RFC 9562, section 5.7): the event's id and idempotency key."""
    milliseconds = time.time_ns() // 1_000_000
    value = milliseconds << 80 | 0x7 << 76 | secrets.randbits(12) << 64
    return str(uuid.UUID(int=value | 0b10 << 62 | secrets.randbits(62)))


def new_nonce() -> str:
    """Return 128 random bits in base64url: nobody can guess a leaf."""
    return b64url_encode(secrets.token_bytes(16))


def write_payload(  # noqa: PLR0913  (the header's members, by name)
    origin: str,
    topic: str,
    body: Mapping[str, Any],
    *,
    subjects: Iterable[str],
    signers: Iterable[str],
    event_id: str | None = None,
    nonce: str | None = None,
    issued_at: datetime | None = None,
    life: timedelta = LIFE,
    seen: int | None = None,
) -> bytes:
    """Return the canonical payload of a new event, ready to sign; its body is taken as it is.

    Raises `NotCanonical` for values that have no canonical form.
    """
    issued = issued_at or datetime.now(UTC)
    payload: dict[str, Any] = {
        "ledger": origin,
        "event_id": event_id or uuid7(),
        "type": topic,
        "issued_at": format_instant(issued),
        "not_after": format_instant(issued + life),
        "nonce": nonce or new_nonce(),
        "subjects": sorted(set(subjects)),
        "signers": sorted(set(signers)),
        "body": body,
    }
    if seen is not None:
        payload["seen"] = seen
    return canonical.dump(payload)
