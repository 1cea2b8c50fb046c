"""
A hash of a set that moves with it: to add or remove an item costs the same however many there are.

LtHash (Bellare and Micciancio, EUROCRYPT '97) with the parameters of Lewi, Kim, Maykov and Weis
(ePrint 2019/227): an item is stretched to 1,024 lanes of 16 bits, and the hash is their sum, lane
by lane, modulo 2^16. Two sets of one hash would be a short vector of a random lattice, more than
2^200 steps away by their estimate; a plain sum or XOR of 256-bit hashes falls to Wagner's
generalised birthdays. That holds of sets: anyone who adds sees to it that no item is there twice.
"""

from hashlib import shake_128
from typing import Final

LANES: Final = 1_024
SIZE: Final = 2 * LANES
"""Bytes of a hash: the lanes in order, each little-endian."""

_EVEN: Final = int.from_bytes(b"\xff\xff\x00\x00" * (LANES // 2), "little")
_CARRIES: Final = _EVEN + int.from_bytes(b"\x01\x00\x00\x00" * (LANES // 2), "little")


class SetHash:
    """The hash of a set, at first of the empty one. Even and odd lanes apart have room to carry."""

    def __init__(self, state: bytes = bytes(SIZE)) -> None:
        self._even, self._odd = _lanes(state)

    def add(self, item: bytes) -> None:
        """Take in an item that is not in the set."""
        even, odd = _lanes(shake_128(item).digest(SIZE))
        self._even = (self._even + even) & _EVEN
        self._odd = (self._odd + odd) & _EVEN

    def remove(self, item: bytes) -> None:
        """Take out an item that is in the set."""
        even, odd = _lanes(shake_128(item).digest(SIZE))
        self._even = (self._even + _CARRIES - even) & _EVEN
        self._odd = (self._odd + _CARRIES - odd) & _EVEN

    @property
    def state(self) -> bytes:
        """The hash; from it the set is followed further."""
        return (self._even | self._odd << 16).to_bytes(SIZE, "little")


def _lanes(hashed: bytes) -> tuple[int, int]:
    lanes = int.from_bytes(hashed, "little")
    return lanes & _EVEN, lanes >> 16 & _EVEN
