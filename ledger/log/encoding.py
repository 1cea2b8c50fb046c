"""
Strict readings of the primitive forms that notes, proofs and policies are written in.

Python's own readers are lenient where a signed format must not be: `b64decode` drops foreign
characters, `int` takes full-width digits and underscores. What is read here has one spelling only.
Each reader raises the error its caller names, so that a parser has one error.
"""

import re
from base64 import b64encode
from binascii import a2b_base64
from typing import Final

from ledger.log.merkle import HASH_SIZE, LogError
from ledger.quoted import first_difference, quoted

MAX_COUNT: Final = 2**63 - 1
"""The largest size or position: signed 64 bits, as Go and PostgreSQL hold them."""

LAST_SECOND: Final = 32_503_679_999
"""The largest timestamp, in POSIX seconds: that of the end of 2999, as of instants in events."""

_DECIMAL = re.compile("0|[1-9][0-9]{0,18}")
_CONTROL = re.compile("[\x00-\x09\x0b-\x1f]")


def read_decimal(text: str, error: type[LogError]) -> int:
    """Read an ASCII decimal without sign or leading zeros, at most `MAX_COUNT`."""
    if not _DECIMAL.fullmatch(text) or int(text) > MAX_COUNT:
        raise error(
            f"a number is written in decimal, without leading zeros, below 2**63: {quoted(text)}"
        )
    return int(text)


def read_base64(text: str, error: type[LogError]) -> bytes:
    """Read standard base64 with padding (RFC 4648, section 4) in its one canonical spelling."""
    try:
        raw = a2b_base64(text)
    except ValueError:
        raise error(f"{len(text)} characters are not standard base64") from None
    if (canonical := write_base64(raw)) != text:
        at = first_difference(canonical, text)
        raise error(f"not the canonical base64 of its bytes: it differs from character {at} on")
    return raw


def read_hash(text: str, error: type[LogError]) -> bytes:
    """Read the base64 of a SHA-256 hash."""
    raw = read_base64(text, error)
    if len(raw) != HASH_SIZE:
        raise error(f"a hash is 32 bytes: {quoted(text)} has {len(raw)}")
    return raw


def write_base64(raw: bytes) -> str:
    """Write standard base64 with padding."""
    return b64encode(raw).decode("ascii")


def read_text(raw: bytes, error: type[LogError]) -> str:
    """Read UTF-8 without control characters but LF."""
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as fault:
        raise error(f"not UTF-8: byte {fault.start} is 0x{raw[fault.start]:02x}") from None
    if found := _CONTROL.search(text):
        raise error(
            f"a control character other than a line feed: character {found.start()} is {found[0]!r}"
        )
    return text


def plain_text(text: str, error: type[LogError]) -> str:
    """Return `text` if a note can hold it: no lone surrogate, no control character but LF."""
    return read_text(text.encode("utf-8", "surrogatepass"), error)
