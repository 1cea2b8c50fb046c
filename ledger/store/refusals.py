"""Bytes that were refused for good, until the instant after which nobody could send them anyway."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID


@dataclass(frozen=True, slots=True)
class DeadPayload:
    """The hash of a payload that is never to be recorded, and what was said of it, as JSON."""

    payload_sha256: bytes
    event_id: UUID
    refused: datetime
    not_after: datetime
    said: bytes


BURY = "DELETE FROM ledger.refusals WHERE not_after < %s"
"""Forgets those whose time is over: from there on `SUBMISSION_EXPIRED` refuses them."""


def bytes_array(values: Iterable[bytes]) -> str:
    """Write byte strings as a PostgreSQL array."""
    return "{" + ",".join([f'"\\\\x{value.hex()}"' for value in values]) + "}"
