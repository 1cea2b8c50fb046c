"""
What one has signed, as one kept it: known by the hash of its payload, and by nothing else.

An event's id stands in what was signed, and says nothing of the rest: anyone who withholds an event
knows its id, and can put it on another.
"""

import re
from collections.abc import Iterator
from itertools import chain
from pathlib import Path

from ledger.wire import canonical
from ledger.wire.envelope import MalformedEnvelope, envelope_from_object, payload_hash
from ledger.wire.regular import OddFile, read_regular
from ledger.wire.strict import MalformedJson, load_json

_MOST = 1 << 26
"""Bytes of one file at most: a list of 900,000 hashes."""

_HASH = re.compile("(sha256:)?([0-9a-f]{64})")
_ID = re.compile("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)


class SentUnreadable(Exception):
    """A file does not say what was signed; `code` says why."""

    code = "SIGNED_UNREADABLE"

    def __str__(self) -> str:
        return f"{self.code}: {self.args[0]}"


class SignedById(SentUnreadable):
    """An event's id is given for what was signed."""

    code = "SIGNED_BY_ID"


def read_sent(path: Path) -> frozenset[str]:
    """
    Return the payload hashes of what somebody signed. Raises `SentUnreadable`, `SignedById`.

    `path` is an envelope, a submission or a payload, a text of payload hashes, or a directory with
    such files, of which those that end in `.json` or `.txt` are read.
    """
    try:
        found = [path]
        if path.is_dir():
            found = sorted(each for each in path.iterdir() if each.suffix in (".json", ".txt"))
        return frozenset(chain.from_iterable(map(_hashes, found)))
    except OSError as error:
        raise SentUnreadable(f"{error.filename}: {error.strerror}") from None


def _hashes(file: Path) -> Iterator[str]:
    try:
        raw = read_regular(file, _MOST)
    except OddFile as error:
        raise SentUnreadable(error.told) from None
    if raw.lstrip().startswith(b"{"):
        yield payload_hash(_payload(raw, file))
        return
    for word in raw.decode("utf-8", "replace").split():
        if found := _HASH.fullmatch(word):
            yield f"sha256:{found[2]}"
        elif _ID.fullmatch(word):
            raise SignedById(
                f"{file}: {word} is the id of an event, which anyone who withholds it can put on"
                " another: give its payload's hash, its payload or its envelope"
            )
        else:
            raise SentUnreadable(f"{file}: {word[:80]} is no payload hash")


def _payload(raw: bytes, file: Path) -> bytes:
    try:
        value = load_json(raw)
        value = value.get("envelope", value) if isinstance(value, dict) else value
        if isinstance(value, dict) and "payloadType" in value:
            return envelope_from_object(value).payload
        members = canonical.load(raw, admission=False).keys()
    except (MalformedJson, MalformedEnvelope, canonical.WireError) as error:
        raise SentUnreadable(f"{file}: neither an envelope nor a payload: {error}") from None
    if not {"body", "event_id", "type"} <= members:
        raise SentUnreadable(f"{file}: neither an envelope nor a payload")
    return raw
