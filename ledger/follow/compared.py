"""
Two states of one log: whether the later holds all that the earlier held, and what came after.

A state is a checkpoint, beside which a copy or a server may show the tree and the entries; what
these show leads to its root (`Authenticated`).
"""

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

from ledger.follow.authentic import Authenticated
from ledger.log.merkle import HASH_SIZE
from ledger.log.proof import frontier_at
from ledger.log.tiles import TILE_WIDTH, TileHashes, parse_bundle, tile_width
from ledger.log.tree_head import Checkpoint


class Continuity(StrEnum):
    """What a later state shows of an earlier one."""

    SAME = "the same"
    CONTINUED = "continued"
    SHORTER = "shorter"
    FORKED = "forked"


class NotComparable(Exception):
    """Neither of two states shows the tree that has to be looked at."""


@dataclass(frozen=True, slots=True)
class LogState:
    """A checkpoint of the log, and what shows its tree and entries, if anything does."""

    checkpoint: Checkpoint
    shown: Authenticated | None = None

    @property
    def size(self) -> int:
        """How many entries it covers."""
        return self.checkpoint.size

    def root(self, size: int) -> bytes:
        """Return the root of the first `size` entries. Raises `NotComparable`, `NotAuthentic`."""
        if size == self.size:
            return self.checkpoint.root
        if self.shown is None:
            raise NotComparable(
                f"a checkpoint of {self.size} entries does not show what the first {size} were: "
                "name the copy or the server that has them"
            )
        return frontier_at(size, TileHashes(self._tile)).root()

    def _tile(self, level: int, n: int, width: int) -> bytes:
        assert self.shown is not None, "it was asked for a root before"
        whole = self.shown.fetch(level, n, tile_width(level, n, self.size))
        return whole[: width * HASH_SIZE]


@dataclass(frozen=True, slots=True)
class Difference:
    """What a later state shows of an earlier one.

    `first` is the first position at which they differ, where both show their trees; `kinds` counts
    the entries that came after the earlier one, by their types, where the later one shows them.
    """

    held: Continuity
    first: int | None = None
    kinds: Mapping[str, int] | None = None


def difference(old: LogState, new: LogState) -> Difference:
    """Hold a state to an earlier one. Raises `NotComparable`, `NotAuthentic`."""
    common = min(old.size, new.size)
    if old.root(common) != new.root(common):
        return Difference(Continuity.FORKED, _first_difference(old, new))
    if new.size < old.size:
        return Difference(Continuity.SHORTER)
    held = Continuity.SAME if old.size == new.size else Continuity.CONTINUED
    return Difference(held, kinds=kinds_from(new.shown, old.size) if new.shown else None)


def _first_difference(old: LogState, new: LogState) -> int | None:
    """Return the first position at which two states differ, by halves: a root is of a prefix."""
    if old.shown is None or new.shown is None:
        return None
    equal, other = 0, min(old.size, new.size)
    while other - equal > 1:
        middle = (equal + other) // 2
        if old.root(middle) == new.root(middle):
            equal = middle
        else:
            other = middle
    return equal


def kinds_from(log: Authenticated, start: int) -> Mapping[str, int]:
    """Count the entries from a position on by their types, the most frequent first."""
    return dict(Counter(map(_kind, _entries(log, start))).most_common())


def _entries(log: Authenticated, start: int) -> Iterator[bytes]:
    for n in range(start // TILE_WIDTH, -(-log.size // TILE_WIDTH)):
        width = tile_width(0, n, log.size)
        yield from parse_bundle(log.fetch_bundle(n, width), width)[max(0, start - n * TILE_WIDTH) :]


_TYPE = re.compile(rb'"type":"([^"\\]{1,200})"}\Z')
"""A payload's last member: they are sorted, and the brace behind it is the payload's own."""


def _kind(entry: bytes) -> str:
    """Return an entry's type; of one that is no event, nothing."""
    found = _TYPE.search(entry, max(0, len(entry) - 220))
    return found[1].decode("utf-8", "replace") if found else ""
