"""
Reads entries of the log back into events, as fast as folding them needs.

The frame and the payload were checked, byte for byte, when the entry was admitted, and anyone who
doubts the log since verifies it (`techledger operate fsck`, `audit`). So nothing is checked here
twice: what `ledger.events.intake.decode` returns, this returns, in half the time. A test holds them
together. Bytes that are no entry raise some error, which halts the read models.
"""

import hashlib
from datetime import datetime
from functools import lru_cache

import orjson

from ledger.domain.core.event import Event, Logged
from ledger.domain.registry import TOPICS
from ledger.events.vintage import SoftwareOlder

_ACCEPTED = slice(len("techledger-entry/v1\naccepted "), len("techledger-entry/v1\naccepted ") + 24)
_KEY_ID = slice(len("sig "), len("sig ") + 64)

# All entries of a batch were accepted at one instant.
_instant = lru_cache(maxsize=256)(datetime.fromisoformat)


def decode(entry: bytes, position: int) -> Logged:
    """Return the event of an entry of the log."""
    head, _, payload = entry.partition(b"\n\n")
    value = orjson.loads(payload)
    topic = value["type"]
    if topic not in TOPICS:
        raise SoftwareOlder(f"position {position} is of the type {topic[:100]}: not one of this")
    event = Event(
        value["ledger"],
        value["event_id"],
        topic,
        datetime.fromisoformat(value["issued_at"]),
        datetime.fromisoformat(value["not_after"]),
        value.get("seen"),
        tuple(value["subjects"]),
        tuple(value["signers"]),
        TOPICS[topic].model_validate(value["body"]),
        f"sha256:{hashlib.sha256(payload).hexdigest()}",
        tuple([line[_KEY_ID].decode() for line in head.split(b"\n")[3:]]),
    )
    return Logged(event, position, _instant(head[_ACCEPTED].decode()))
