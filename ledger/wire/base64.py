"""
Base64 (RFC 4648) with one spelling for each value: decode, encode again, compare.

Decoders differ in what they let pass: foreign characters, missing padding, bits beyond the last
byte (`QQ==` and `QR==` both read as one byte 0x41). Here only the encoder's own spelling is read.
"""

import binascii

from ledger.wire.canonical import WireError

_TO_URL = str.maketrans("+/", "-_")
_FROM_URL = str.maketrans("-_", "+/")


class MalformedBase64(WireError):
    """A text that is not what the encoder writes for any bytes."""

    def __str__(self) -> str:
        return "the text is not Base64 in its one spelling (RFC 4648)"


def b64encode(raw: bytes) -> str:
    """Write bytes in standard Base64, padded (RFC 4648 §4)."""
    return binascii.b2a_base64(raw, newline=False).decode("ascii")


def b64decode(text: str) -> bytes:
    """Read standard Base64, padded. Raises `MalformedBase64` for any other spelling."""
    try:
        raw = binascii.a2b_base64(text)
    except ValueError:
        raise MalformedBase64 from None
    if b64encode(raw) != text:
        raise MalformedBase64
    return raw


def b64url_encode(raw: bytes) -> str:
    """Write bytes in URL-safe Base64 without padding (RFC 4648 §5, RFC 7515 §2)."""
    return b64encode(raw).rstrip("=").translate(_TO_URL)


def b64url_decode(text: str) -> bytes:
    """Read URL-safe Base64 without padding. Raises `MalformedBase64` for any other spelling."""
    raw = b64decode(text.translate(_FROM_URL) + "=" * (-len(text) % 4))
    if b64url_encode(raw) != text:
        raise MalformedBase64
    return raw
