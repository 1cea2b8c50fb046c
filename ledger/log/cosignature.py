"""
Timestamped signatures over checkpoints (C2SP tlog-cosignature): types 0x04 and 0x06.

Both carry `uint64 big-endian POSIX seconds || signature`. Type 0x04 (Ed25519) signs the note's
text below two header lines; it does not name the cosigner, so one key must never serve two. Type
0x06 (ML-DSA-44, FIPS 204) signs cosigner, time, origin, size and root. The log's own second line
is of type 0x06 under the log's name, as tlog-checkpoint recommends.
"""

from typing import ClassVar

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PrivateKey, MLDSA44PublicKey

from ledger.log.encoding import MAX_COUNT
from ledger.log.key import COSIGNATURE_V1, MLDSA44, BadNoteSignature, MalformedKey, NoteKey
from ledger.log.tree_head import Checkpoint, MalformedCheckpoint, parse_checkpoint

_TIME_SIZE = 8
_MAX_NAME = 255


def cosignature_time(blob: bytes) -> int:
    """Return the POSIX seconds of a cosignature, or raise `BadNoteSignature`."""
    time = int.from_bytes(blob[:_TIME_SIZE])
    if len(blob) <= _TIME_SIZE or time > MAX_COUNT:
        raise BadNoteSignature("a cosignature is a time below 2**63 and a signature")
    return time


def cosignature_message(text: str, timestamp: int) -> bytes:
    """Return what a signature of type 0x04 signs."""
    return f"cosignature/v1\ntime {timestamp}\n{text}".encode()


def subtree_message(cosigner: str, timestamp: int, checkpoint: Checkpoint) -> bytes:
    """
    Return what a signature of type 0x06 signs: the whole tree [0, size) of a checkpoint.

    Raises `MalformedCheckpoint` for an origin over 255 bytes: its length has to fit in one byte.
    """
    name, origin = cosigner.encode(), checkpoint.origin.encode()
    if len(origin) > _MAX_NAME:
        raise MalformedCheckpoint("an origin signed by ML-DSA-44 has at most 255 bytes")
    return b"".join(
        (
            b"subtree/v1\n\x00",
            bytes((len(name),)) + name,
            _stamp(timestamp),
            bytes((len(origin),)) + origin,
            (0).to_bytes(8),  # the subtree's start: a checkpoint always starts at leaf 0
            checkpoint.size.to_bytes(8),
            checkpoint.root,
        )
    )


def _stamp(timestamp: int) -> bytes:
    assert 0 <= timestamp <= MAX_COUNT, "a POSIX time in whole seconds"
    return timestamp.to_bytes(_TIME_SIZE)


class _CosignatureV1Key(NoteKey):
    key_type: ClassVar[int] = COSIGNATURE_V1


class CosignatureV1Verifier(_CosignatureV1Key):
    """Verifies lines of type 0x04."""

    def verify(self, text: str, blob: bytes) -> None:
        """Raise `BadNoteSignature` unless `blob` cosigns the note `text`."""
        message = cosignature_message(text, cosignature_time(blob))
        try:
            Ed25519PublicKey.from_public_bytes(self.public).verify(blob[_TIME_SIZE:], message)
        except InvalidSignature:
            raise BadNoteSignature(f"the cosignature of {self.name} is not good") from None


class CosignatureV1Signer(_CosignatureV1Key):
    """Cosigns as a witness of the given name. The key must serve no other name and no log."""

    def __init__(self, name: str, private: Ed25519PrivateKey) -> None:
        super().__init__(name, private.public_key().public_bytes_raw())
        self._private = private

    def sign(self, text: str, timestamp: int) -> bytes:
        """Return the blob `time || signature`, the time in POSIX seconds."""
        return _stamp(timestamp) + self._private.sign(cosignature_message(text, timestamp))


class _MLDSA44Key(NoteKey):
    key_type: ClassVar[int] = MLDSA44
    key_size: ClassVar[int] = 1312

    def __init__(self, name: str, public: bytes) -> None:
        super().__init__(name, public)
        if len(name.encode()) > _MAX_NAME:
            raise MalformedKey("the name of an ML-DSA-44 key has at most 255 bytes")


class MLDSA44Verifier(_MLDSA44Key):
    """Verifies lines of type 0x06 on checkpoints."""

    def verify(self, text: str, blob: bytes) -> None:
        """Raise `BadNoteSignature` unless `text` is a checkpoint and `blob` cosigns it."""
        timestamp = cosignature_time(blob)
        try:
            message = subtree_message(self.name, timestamp, parse_checkpoint(text))
            MLDSA44PublicKey.from_public_bytes(self.public).verify(blob[_TIME_SIZE:], message)
        except (InvalidSignature, MalformedCheckpoint):
            raise BadNoteSignature(f"the cosignature of {self.name} is not good") from None


class MLDSA44Signer(_MLDSA44Key):
    """Cosigns checkpoints by ML-DSA-44, as a witness or, under its origin, as the log itself."""

    def __init__(self, name: str, private: MLDSA44PrivateKey) -> None:
        super().__init__(name, private.public_key().public_bytes_raw())
        self._private = private

    def sign(self, text: str, timestamp: int) -> bytes:
        """Return the blob `time || signature`; raise `MalformedCheckpoint` for any other text."""
        message = subtree_message(self.name, timestamp, parse_checkpoint(text))
        return _stamp(timestamp) + self._private.sign(message)
