r"""
The entry: what the log holds of an event, and nothing else. Its hash is a leaf of the tree.

    techledger-entry/v1\n
    accepted 2026-11-22T03:10:00.123Z\n
    type application/vnd.techledger.event+json\n
    sig 0b79…e1 kdNtUz…Bg==\n
    sig 9f01…22 mQINBF…Aw==\n
    \n
    {"body":{…},"event_id":…}

A plain frame, not JSON in Base64, so that the size limit is spent on facts and any text editor
shows them. The payload stands verbatim, as signed. `accepted` is the operator's word.
"""

from dataclasses import dataclass

from ledger.wire.base64 import MalformedBase64, b64decode, b64encode
from ledger.wire.canonical import WireError
from ledger.wire.envelope import PAYLOAD_TYPE, Signature, are_signature_lines
from ledger.wire.instant import MalformedInstant, parse_instant

MAGIC = "techledger-entry/v1"

MAX_ENTRY = 65535
"""Bytes of a whole entry: entry bundles give its length in 16 bits (C2SP tlog-tiles)."""


class MalformedEntry(WireError):
    """Bytes that `format_entry` writes for no entry, or an entry that it cannot write."""

    def __str__(self) -> str:
        return f"not an entry in the form {MAGIC}"


class EntryTooLarge(WireError):
    """An entry of more than `MAX_ENTRY` bytes."""

    def __str__(self) -> str:
        return f"an entry has at most {MAX_ENTRY} bytes"


@dataclass(frozen=True, slots=True)
class Entry:
    """A signed payload as the log accepted it.

    `accepted` is the instant of its batch; `signatures` are in the order of their key ids.
    """

    accepted: str
    payload_type: str
    signatures: tuple[Signature, ...]
    payload: bytes


def format_entry(entry: Entry) -> bytes:
    """Write an entry. Raises `MalformedEntry`, or `EntryTooLarge`, if the frame cannot hold it."""
    if entry.payload_type != PAYLOAD_TYPE or not are_signature_lines(entry.signatures):
        raise MalformedEntry
    try:
        parse_instant(entry.accepted)
    except MalformedInstant:
        raise MalformedEntry from None
    lines = [MAGIC, f"accepted {entry.accepted}", f"type {entry.payload_type}"]
    lines += [f"sig {line.key_id} {b64encode(line.value)}" for line in entry.signatures]
    raw = "\n".join(lines).encode() + b"\n\n" + entry.payload
    if len(raw) > MAX_ENTRY:
        raise EntryTooLarge
    return raw


def parse_entry(raw: bytes) -> Entry:
    """Read an entry. Raises `MalformedEntry` unless `format_entry` writes it byte for byte.

    Raises `EntryTooLarge` beyond `MAX_ENTRY`. The payload and the signatures are not judged here.
    """
    if len(raw) > MAX_ENTRY:
        raise EntryTooLarge
    head, _, payload = raw.partition(b"\n\n")
    try:
        _, accepted, kind, *lines = head.decode("ascii").split("\n")
        signatures = tuple(_parse_signature(line) for line in lines)
    except (ValueError, MalformedBase64):
        raise MalformedEntry from None
    entry = Entry(
        accepted.removeprefix("accepted "), kind.removeprefix("type "), signatures, payload
    )
    # Whatever was read too kindly above does not come out of the writer again.
    if format_entry(entry) != raw:
        raise MalformedEntry
    return entry


def _parse_signature(line: str) -> Signature:
    _, key_id, value = line.split(" ")
    return Signature(key_id, b64decode(value))
