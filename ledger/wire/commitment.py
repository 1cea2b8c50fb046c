r"""
Commitments: a private value stands in the log as a hash that its holder can open later.

    sha256( techledger/commit/v1\n <origin>\n <event id>\n <pointer>\n <32 bytes of salt> <value> )

The value is in canonical JSON, as `canonical.dump` writes it. The fresh salt hides values that
could be guessed, such as prices; origin, event and place stop an opening from being shown for
another ledger, event or section. No part before the salt can hold a line feed, and the salt has
a fixed length, so no two openings are hashed as the same bytes. Equal values have unequal
commitments: never compare them, compare openings.
"""

import hashlib
import re
import secrets
from dataclasses import dataclass
from typing import Any

from ledger.quoted import listed, quoted
from ledger.wire.base64 import MalformedBase64, b64url_decode, b64url_encode
from ledger.wire.canonical import NotCanonical, WireError, check, dump

MAGIC = "techledger/commit/v1"

SALT_BYTES = 32

_is_pointer = re.compile(r"(/([a-z][a-z0-9_]{0,63}|0|[1-9][0-9]{0,3})){1,16}").fullmatch
"""RFC 6901, for the names and the limits of the canonical profile: no escapes are needed."""


class BadOpening(WireError):
    """An opening that is malformed, or that the commitment was not made from."""


@dataclass(frozen=True, slots=True)
class Opening:
    """What opens a commitment: the JSON pointer of the section, the salt, and the value."""

    path: str
    salt: bytes
    value: Any


def new_salt() -> bytes:
    """Return 32 fresh random bytes. A salt serves one commitment, ever."""
    return secrets.token_bytes(SALT_BYTES)


def commit(origin: str, event_id: str, pointer: str, salt: bytes, value: Any) -> str:
    """Return the commitment to a value, as `sha256:` and 64 hex digits.

    Raises `BadOpening` if the place or the salt is malformed, `NotCanonical` if the value is.
    """
    if not _is_line(origin) or not _is_line(event_id) or not _is_pointer(pointer):
        raise BadOpening(
            "an opening names a ledger, an event and a place in its payload: "
            f"{listed([origin, event_id, pointer])}"
        )
    if len(salt) != SALT_BYTES:
        raise BadOpening(f"a salt has {SALT_BYTES} bytes")
    head = f"{MAGIC}\n{origin}\n{event_id}\n{pointer}\n".encode()
    return "sha256:" + hashlib.sha256(head + salt + dump(value)).hexdigest()


def section_at(payload: Any, pointer: str) -> Any:
    """Return what a JSON pointer without escapes names in a payload, or None."""
    for part in pointer.split("/")[1:]:
        if isinstance(payload, dict):
            payload = payload.get(part)
        elif isinstance(payload, list) and part.isdecimal() and int(part) < len(payload):
            payload = payload[int(part)]
        else:
            return None
    return payload


def sealed_at(payload: Any, pointer: str) -> str:
    """Return the commitment that stands at a place of a payload. Raises `BadOpening`."""
    section = section_at(payload, pointer)
    commitment = section.get("commitment") if isinstance(section, dict) else None
    if not isinstance(commitment, str) or len(section) != 1:
        raise BadOpening(f"no sealed section at {quoted(pointer)}")
    return commitment


def verify_opening(commitment: str, origin: str, event_id: str, opening: Opening) -> None:
    """Return if the commitment was made from the opening; raise `BadOpening` if not."""
    try:
        expected = commit(origin, event_id, opening.path, opening.salt, opening.value)
    except NotCanonical as error:
        raise BadOpening(f"the opened value is not canonical: {error}") from None
    if expected != commitment:
        raise BadOpening("the commitment was not made from this opening")


def opening_from_object(obj: Any, *, admission: bool = True) -> Opening:
    """Read an opening from its parsed JSON: exactly `path`, `salt` (base64url) and `value`.

    `admission` is as in `canonical.load`. Raises `BadOpening`.
    """
    if not isinstance(obj, dict) or obj.keys() != {"path", "salt", "value"}:
        raise BadOpening(
            f"an opening has exactly the members path, salt and value, and is not {quoted(obj)}"
        )
    path, salt, value = obj["path"], obj["salt"], obj["value"]
    if not isinstance(path, str) or not _is_pointer(path):
        raise BadOpening(f"path is not a JSON pointer into a payload: {quoted(path)}")
    try:
        check(value, admission=admission)
        return Opening(path, _parse_salt(salt), value)
    except NotCanonical as error:
        raise BadOpening(f"value is not canonical: {error}") from None


def opening_to_object(opening: Opening) -> dict[str, Any]:
    """Write an opening as an object that any JSON writer may carry."""
    return {
        "path": opening.path,
        "salt": b64url_encode(opening.salt),
        "value": opening.value,
    }


def _parse_salt(text: Any) -> bytes:
    try:
        salt = b64url_decode(text) if isinstance(text, str) else b""
    except MalformedBase64:
        salt = b""
    if len(salt) != SALT_BYTES:
        raise BadOpening(f"salt is not {SALT_BYTES} bytes in base64url without padding")
    return salt


def _is_line(text: str) -> bool:
    return text != "" and text.isascii() and text.isprintable()
