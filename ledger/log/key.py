"""
What names a key in a signed note (C2SP signed-note): a name, a type, and an id made of both.

The id is short: it says which key to try, never that a signature is good.
"""

import re
from hashlib import sha256
from typing import ClassVar, Final

from ledger.log.merkle import LogError
from ledger.quoted import quoted

ED25519: Final = 0x01
COSIGNATURE_V1: Final = 0x04
MLDSA44: Final = 0x06

_ED25519_SIZE = 32

# No control character, no plus, no White_Space of Unicode, no lone surrogate. The class is spelled
# out because `str.isspace` follows the Unicode version of the Python that runs it.
_NAME = re.compile(
    "[^\x00-\x20+\x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000\ud800-\udfff]+"
)


class MalformedKey(LogError):
    """A key's name or its raw bytes have not the form that its type asks for."""


class BadNoteSignature(LogError):
    """A signature line of a known key does not sign the note's text."""


def is_name(name: str) -> bool:
    """Say whether `name` may name a key: non-empty, without Unicode spaces and without `+`."""
    return _NAME.fullmatch(name) is not None


def key_id(name: str, key_type: int, public: bytes) -> bytes:
    """Return the 4 bytes SHA-256(name || LF || type || public key)[:4]."""
    return sha256(name.encode() + b"\n" + bytes((key_type,)) + public).digest()[:4]


class NoteKey:
    """A named public key of one signature type. Raises `MalformedKey` when it cannot be one."""

    key_type: ClassVar[int]
    key_size: ClassVar[int] = _ED25519_SIZE

    def __init__(self, name: str, public: bytes) -> None:
        if not is_name(name):
            raise MalformedKey(
                f"a key's name is not empty and has no space and no plus: {quoted(name)}"
            )
        if len(public) != self.key_size:
            raise MalformedKey(
                f"a public key of type {self.key_type} has {self.key_size} bytes: "
                f"that of {quoted(name)} has {len(public)}"
            )
        self.name = name
        self.public = public
        self.key_id = key_id(name, self.key_type, public)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.name}+{self.key_id.hex()}>"
