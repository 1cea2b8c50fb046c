"""Bytes that were refused for good, until the instant after which nobody could send them anyway."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID


@dataclass(frozen=True, slots=True)
class DeadPayload:
    """The hash of a payload that is never to be recorded, and what was said of it, as JSON.

    `mac` is over its `content`, by the one who refused it; empty where an earlier build did.
    """

    payload_sha256: bytes
    event_id: UUID
    refused: datetime
    not_after: datetime
    said: bytes
    mac: bytes = b""

    @property
    def content(self) -> bytes:
        """All of it; only the last part has no length of its own."""
        instants = (
            each.astimezone(UTC).isoformat(timespec="microseconds").encode()
            for each in (self.refused, self.not_after)
        )
        return b"".join((self.payload_sha256, self.event_id.bytes, *instants, self.said))


COLUMNS = "payload_sha256, event_id, refused, not_after, said, mac"
"""What `dead_of` wants of `ledger.refusals`, in this order."""

BURY = "DELETE FROM ledger.refusals WHERE not_after < %s OR payload_sha256 = ANY(%s::bytea[])"
"""Forgets those whose time is over, which `SUBMISSION_EXPIRED` refuses from there on; and what
lies in the place of those that are to be buried, for it counted for nothing."""


def dead_of(row: tuple[Any, ...]) -> DeadPayload:
    """Return the refusal that a row holds."""
    payload_sha256, event_id, refused, not_after, said, mac = row
    return DeadPayload(
        bytes(payload_sha256), event_id, refused, not_after, bytes(said), bytes(mac or b"")
    )


def bytes_array(values: Iterable[bytes]) -> str:
    """Write byte strings as a PostgreSQL array."""
    return "{" + ",".join([f'"\\\\x{value.hex()}"' for value in values]) + "}"
