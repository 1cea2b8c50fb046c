"""
Timestamped signatures over checkpoints (C2SP tlog-cosignature): types 0x04 and 0x06.

Both carry `uint64 big-endian POSIX seconds || signature`. Type 0x04 (Ed25519) signs the note's
text below two header lines; it does not name the cosigner, so one key must never serve two. Type
0x06 (ML-DSA-44, FIPS 204) signs cosigner, time, origin, size and root. The log's own second line
is of type 0x06 under the log's name, as tlog-checkpoint recommends.
"""

from dataclasses import dataclass
from typing import ClassVar

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PrivateKey, MLDSA44PublicKey

from ledger.log.encoding import LAST_SECOND, MAX_COUNT
from ledger.log.key import COSIGNATURE_V1, MLDSA44, BadNoteSignature, MalformedKey, NoteKey
from ledger.log.tree_head import Checkpoint, MalformedCheckpoint, parse_checkpoint
from ledger.quoted import quoted

_TIME_SIZE = 8
_MAX_NAME = 255


def cosignature_time(blob: bytes) -> int:
    """Return the POSIX seconds of a cosignature, or raise `BadNoteSignature`."""
    time = int.from_bytes(blob[:_TIME_SIZE])
    if len(blob) <= _TIME_SIZE or time > LAST_SECOND:
        raise BadNoteSignature(
            "a cosignature is a time, before the year 3000, and a signature: "
            f"this is {len(blob)} bytes, with {time} in front"
        )
    return time


def cosignature_message(text: str, timestamp: int) -> bytes:
    """Return what a signature of type 0x04 signs."""
    return f"cosignature/v1\ntime {timestamp}\n{text}".encode()


@dataclass(frozen=True, slots=True)
class Subtree:
    """A claim: the entries [start, end) of the log `origin` have the root `root` (32 bytes)."""

    origin: str
    start: int
    end: int
    root: bytes


def whole_tree(checkpoint: Checkpoint) -> Subtree:
    """Return the tree of a checkpoint as the subtree [0, size)."""
    return Subtree(checkpoint.origin, 0, checkpoint.size, checkpoint.root)


def subtree_message(cosigner: str, timestamp: int, subtree: Subtree) -> bytes:
    """
    Return what a signature of type 0x06 signs; of a part of a tree the timestamp is 0.

    Raises `MalformedCheckpoint` for an origin over 255 bytes: its length has to fit in one byte.
    """
    name, origin = cosigner.encode(), subtree.origin.encode()
    if len(origin) > _MAX_NAME:
        raise MalformedCheckpoint(
            f"an origin signed by ML-DSA-44 has at most {_MAX_NAME} bytes: "
            f"{quoted(subtree.origin)} has {len(origin)}"
        )
    return b"".join(
        (
            b"subtree/v1\n\x00",
            bytes((len(name),)) + name,
            _stamp(timestamp),
            bytes((len(origin),)) + origin,
            subtree.start.to_bytes(8),
            subtree.end.to_bytes(8),
            subtree.root,
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

    def verifier(self) -> CosignatureV1Verifier:
        """Return what verifies this key's lines."""
        return CosignatureV1Verifier(self.name, self.public)


class _MLDSA44Key(NoteKey):
    key_type: ClassVar[int] = MLDSA44
    key_size: ClassVar[int] = 1312

    def __init__(self, name: str, public: bytes) -> None:
        super().__init__(name, public)
        if len(name.encode()) > _MAX_NAME:
            raise MalformedKey(
                f"the name of an ML-DSA-44 key has at most {_MAX_NAME} bytes: "
                f"{quoted(name)} has {len(name.encode())}"
            )


class MLDSA44Verifier(_MLDSA44Key):
    """Verifies lines of type 0x06 on checkpoints."""

    def verify_subtree(self, subtree: Subtree, blob: bytes) -> None:
        """Raise `BadNoteSignature` unless `blob` cosigns a part of a tree."""
        if time := cosignature_time(blob):
            raise BadNoteSignature(f"the cosignature of a subtree has no time: this has {time}")
        message = subtree_message(self.name, 0, subtree)
        try:
            MLDSA44PublicKey.from_public_bytes(self.public).verify(blob[_TIME_SIZE:], message)
        except InvalidSignature:
            raise BadNoteSignature(f"the cosignature of {self.name} is not good") from None

    def verify(self, text: str, blob: bytes) -> None:
        """Raise `BadNoteSignature` unless `text` is a checkpoint and `blob` cosigns it."""
        timestamp = cosignature_time(blob)
        try:
            message = subtree_message(self.name, timestamp, whole_tree(parse_checkpoint(text)))
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
        message = subtree_message(self.name, timestamp, whole_tree(parse_checkpoint(text)))
        return _stamp(timestamp) + self._private.sign(message)

    def sign_subtree(self, subtree: Subtree) -> bytes:
        """Return the blob for a part of a tree: it says what is in a log, not when it was seen."""
        return _stamp(0) + self._private.sign(subtree_message(self.name, 0, subtree))

    def verifier(self) -> MLDSA44Verifier:
        """Return what verifies this key's lines."""
        return MLDSA44Verifier(self.name, self.public)
