"""
Intervals of legal days, found by the days that they share: an interval tree that is never rebuilt.

The days are cut into blocks of fixed lengths, each of which lies in one of the next length. An
interval is filed at the smallest block that holds all of it, so that a search goes down through the
few blocks that its own days meet. Of intervals that do not overlap a block has only as many as it
has parts. To add, to remove and to search costs the same however many there are elsewhere.
"""

from collections import Counter, defaultdict
from collections.abc import Hashable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import Generic, TypeVar

from rpds import HashTrieMap, HashTrieSet

K = TypeVar("K", bound=Hashable)

Block = tuple[int, int]
"""The index of a length in `_LENGTHS`, and the number of the block among those of that length."""

_LENGTHS = (24, 16, 12, 8, 4, 0)
"""Lengths of blocks in days, as powers of two; the first holds all days that there are."""

_LAST = date.max.toordinal()


@dataclass(frozen=True, slots=True)
class _Filed(Generic[K]):
    """What is filed at a block, and how many are filed there and at the blocks within it."""

    here: "HashTrieSet[K]"
    count: int


@dataclass(frozen=True, slots=True)
class Spans(Generic[K]):
    """Keys of intervals `[start, end)` of days; an interval may have no end."""

    blocks: "HashTrieMap[Block, _Filed[K]]" = HashTrieMap()

    def plus(self, added: Iterable[tuple[K, date, date | None]]) -> "Spans[K]":
        """Return the intervals with further ones: keys, each with its first day and its end."""
        counts: Counter[Block] = Counter()
        keys = defaultdict(list)
        for key, start, end in added:
            path = _path(start, end)
            counts.update(path)
            keys[path[-1]].append(key)
        blocks = {}
        for block, count in counts.items():
            filed = self.blocks.get(block) or _Filed(HashTrieSet(), 0)
            here = filed.here.update(keys[block]) if block in keys else filed.here
            blocks[block] = _Filed(here, filed.count + count)
        return Spans(self.blocks.update(blocks))

    def minus(self, key: K, start: date, end: date | None) -> "Spans[K]":
        """Return the intervals without one that is among them."""
        blocks = self.blocks
        path = _path(start, end)
        for each in path:
            filed = blocks[each]
            here = filed.here.discard(key) if each == path[-1] else filed.here
            left = _Filed(here, filed.count - 1)
            blocks = blocks.insert(each, left) if left.count else blocks.remove(each)
        return Spans(blocks)

    def near(self, start: date, end: date | None) -> Iterator[K]:
        """Yield the keys of all intervals that share a day with these, and of few others."""
        first, last = _days(start, end)
        going: list[Block] = [(0, 0)]
        while going:
            length, number = going.pop()
            filed = self.blocks.get((length, number))
            if filed is None:
                continue
            yield from filed.here
            if filed.count > len(filed.here):
                size, part = _LENGTHS[length], _LENGTHS[length + 1]
                begin = max(first, number << size) >> part
                finish = min(last, ((number + 1) << size) - 1) >> part
                going.extend((length + 1, each) for each in range(begin, finish + 1))


def _days(start: date, end: date | None) -> tuple[int, int]:
    """Return the first and the last day, counted from the first of the calendar."""
    return start.toordinal(), _LAST if end is None else end.toordinal() - 1


def _path(start: date, end: date | None) -> list[Block]:
    """Return the blocks that hold all of an interval, the longest first."""
    first, last = _days(start, end)
    return [
        (length, first >> size)
        for length, size in enumerate(_LENGTHS)
        if first >> size == last >> size
    ]
