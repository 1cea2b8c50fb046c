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

_ONES: Final = int.from_bytes(b"\x01\x00" * LANES, "little")
_FULL: Final = 0xFFFF * _ONES
_EVEN: Final = int.from_bytes(b"\xff\xff\x00\x00" * (LANES // 2), "little")
_ROOM: Final = 0xFFFF
"""Items of which the lanes can be added before 16 bits more are full."""


class SetHash:
    """The hash of a set, at first of the empty one.

    Lanes are added as one number, carries and all, and the even ones apart: of these no carry
    reaches the next, and what they leave of the sum are the odd ones.
    """

    def __init__(self, state: bytes = bytes(SIZE)) -> None:
        self._all = self._even = self._added = 0
        self._take(int.from_bytes(state, "little"))

    def add(self, item: bytes) -> None:
        """Take in an item that is not in the set."""
        self._take(_lanes(item))

    def remove(self, item: bytes) -> None:
        """Take out an item that is in the set."""
        self._take(_FULL - _lanes(item))  # What a lane lacks of 2^16, less one.
        self._take(_ONES)

    def _take(self, lanes: int) -> None:
        if self._added == _ROOM:
            state = int.from_bytes(self.state, "little")
            self._all, self._even, self._added = state, state & _EVEN, 1
        self._all += lanes
        self._even += lanes & _EVEN
        self._added += 1

    @property
    def state(self) -> bytes:
        """The hash; from it the set is followed further."""
        odd = (self._all - self._even >> 16) & _EVEN
        return (self._even & _EVEN | odd << 16).to_bytes(SIZE, "little")


def _lanes(item: bytes) -> int:
    return int.from_bytes(shake_128(item).digest(SIZE), "little")
