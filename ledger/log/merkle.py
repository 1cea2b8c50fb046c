"""
The Merkle tree of RFC 6962, section 2.1, over SHA-256.

The tree is written here twice on purpose: `root_of` is the definition of the RFC word for word,
`Frontier` is what the log appends with. A publisher computes each root by both before it signs.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Final, Self

HASH_SIZE: Final = 32
"""Bytes of a SHA-256 hash."""

EMPTY_ROOT: Final = sha256(b"").digest()
"""Root of the tree of no entries: SHA-256 of the empty string (RFC 6962, section 2.1)."""


class LogError(Exception):
    """Superclass of the errors of this package. Never raised itself."""


class MalformedFrontier(LogError):
    """A frontier has not one hash of 32 bytes for each bit set in its size."""


def leaf_hash(entry: bytes) -> bytes:
    """Hash the bytes of an entry: SHA-256(0x00 || entry) (RFC 6962, section 2.1)."""
    return sha256(b"\x00" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Hash two subtrees into their parent: SHA-256(0x01 || left || right)."""
    return sha256(b"\x01" + left + right).digest()


def split_point(size: int) -> int:
    """Return the largest power of two strictly less than `size`, which is at least 2."""
    return 1 << ((size - 1).bit_length() - 1)


def root_of(leaf_hashes: Sequence[bytes]) -> bytes:
    """Return the Merkle tree hash MTH of leaf hashes, by the definition of RFC 6962."""
    size = len(leaf_hashes)
    if size == 0:
        return EMPTY_ROOT
    if size == 1:
        return leaf_hashes[0]
    split = split_point(size)
    return node_hash(root_of(leaf_hashes[:split]), root_of(leaf_hashes[split:]))


@dataclass(frozen=True, slots=True)
class Frontier:
    """
    The roots of the complete subtrees that a tree of `size` leaves consists of, largest first.

    One hash for each bit set in `size`: all that an append and a root need to know of the past.
    Raises `MalformedFrontier` when the hashes cannot be those of `size`.
    """

    size: int = 0
    hashes: tuple[bytes, ...] = ()

    def __post_init__(self) -> None:
        if self.size < 0 or len(self.hashes) != self.size.bit_count():
            raise MalformedFrontier(f"{len(self.hashes)} hashes cannot make a tree of {self.size}")
        for each in self.hashes:
            if len(each) != HASH_SIZE:
                raise MalformedFrontier(f"a hash is {HASH_SIZE} bytes, not {len(each)}")

    def extend(self, leaf_hashes: Sequence[bytes]) -> Self:
        """Return the frontier after appending `leaf_hashes`."""
        larger, row, before = list(self.hashes), list(leaf_hashes), self.size
        smaller: list[bytes] = []
        while row or before:
            if before & 1:
                row.insert(0, larger.pop())
            if len(row) & 1:
                smaller.append(row.pop())
            # The row starts at an even index now, so its pairs are the pairs of the tree.
            row = [
                sha256(b"\x01" + row[i] + row[i + 1]).digest() for i in range(0, len(row) - 1, 2)
            ]
            before >>= 1
        return type(self)(self.size + len(leaf_hashes), tuple(reversed(smaller)))

    def root(self) -> bytes:
        """Return the root of the tree: `EMPTY_ROOT` at size 0."""
        return bag(self.hashes)


def bag(hashes: Sequence[bytes]) -> bytes:
    """Join complete subtrees, largest first, into the root above them, from the right."""
    if not hashes:
        return EMPTY_ROOT
    root = hashes[-1]
    for each in hashes[-2::-1]:
        root = node_hash(each, root)
    return root
