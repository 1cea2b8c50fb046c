"""
The JSON in which the API answers receipts and entries: what a person reads in it must be so.

The bytes in it, a proof and an entry, are what is verified. Every other member is held against
what those bytes say: a file that says otherwise is refused, and what no bytes can show is listed.
"""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from ledger.log.merkle import leaf_hash
from ledger.quoted import quoted
from ledger.verify.event import RecordedEvent
from ledger.verify.outcome import Check, Refused
from ledger.wire.base64 import MalformedBase64, b64decode, b64encode
from ledger.wire.strict import MalformedJson, load_json

Members = dict[str, Any]


class FileUnreadable(Exception):
    """A file is no JSON object that can be read in one way only."""


def read_receipt(raw: bytes) -> tuple[bytes, Members]:
    """Return the tlog-proof of a receipt, and what its JSON says beside. Raises `Refused`."""
    if not raw.startswith(b"{"):
        return raw, {}
    try:
        stated = _members(raw)
        return str(stated.pop("proof")).encode("utf-8", "replace"), stated
    except (FileUnreadable, KeyError):
        raise Refused(
            Check.CHECKPOINT, f"the receipt is neither a tlog-proof nor JSON: {quoted(raw)}"
        ) from None


def read_entry(raw: bytes) -> tuple[bytes, Members]:
    """Return an entry's bytes, and what the JSON around them says. Raises `Refused`."""
    if not raw.startswith(b"{"):
        return raw, {}
    try:
        stated = _members(raw)
        return b64decode(str(stated.pop("entry"))), stated
    except (FileUnreadable, KeyError, MalformedBase64):
        raise Refused(
            Check.FORM, f"the entry is neither bytes nor the API's JSON: {quoted(raw)}"
        ) from None


def unverified(
    stated: Members, event: RecordedEvent, raw: bytes, known: Mapping[str, Any]
) -> Iterator[str]:
    """Yield the names of members of which nothing is shown. `known` are facts beside the entry's.

    Raises `Refused` (step 5) for a member that says something else than what was verified.
    """
    lines = event.entry.signatures
    proved = {
        "event_id": event.event_id,
        "position": event.position,
        "accepted": event.entry.accepted,
        "leaf_hash": b64encode(leaf_hash(raw)),
        "payload": json.loads(event.entry.payload),
        "signatures": [{"keyid": line.key_id, "sig": b64encode(line.value)} for line in lines],
        **known,
    }
    for name, value in stated.items():
        # Compared as text, for in Python `1`, `1.0` and `true` are equal.
        if name not in proved:
            yield json.dumps(name)
        elif json.dumps(value, sort_keys=True) != json.dumps(proved[name], sort_keys=True):
            raise Refused(Check.FORM, f"the file states another {name}", event.position)


def _members(raw: bytes) -> Members:
    try:
        found = load_json(raw)
    except MalformedJson:
        raise FileUnreadable from None
    if not isinstance(found, dict):
        raise FileUnreadable
    return found
