"""What a value takes in memory, so that a cache of folded subjects is bounded in bytes."""

import gc
from enum import Enum
from itertools import islice
from sys import getsizeof
from types import FunctionType, ModuleType
from typing import Any

from rpds import HashTrieMap, HashTrieSet

_OF_THE_PROGRAM = (type, Enum, FunctionType, ModuleType)
"""Types of what values refer to and do not bring."""

_TRIES = (HashTrieMap, HashTrieSet)

TRIE_B, ENTRY_B = 130, 200
"""Bytes of a persistent map or set, and of an entry with its name: measured, as none of them tells.

Of 1 to 10,000 entries they took 130 to 160 bytes each; what names an entry is short.
"""

SAMPLE = 8
"""How many values of a map are weighed for all: the hashes of their names draw which."""


def weigh(value: Any) -> int:
    """Return the bytes of a value with all that it refers to.

    What two parts of it share counts once; what it shares with other values counts in each. Takes
    about 0.3 µs an object.
    """
    return round(_weigh([value], set()))


def _weigh(level: list[Any], seen: set[int]) -> float:
    """Return the bytes of these, and of what they refer to, but for what was seen."""
    total = 0.0
    while level:
        new = {id(each): each for each in level if not isinstance(each, _OF_THE_PROGRAM)}
        fresh = [each for name, each in new.items() if name not in seen]
        seen.update(new)
        total += sum(map(getsizeof, fresh))
        total += sum(_weigh_trie(each, seen) for each in fresh if isinstance(each, _TRIES))
        level = gc.get_referents(*fresh)
    return total


def _weigh_trie(trie: "HashTrieMap[Any, Any] | HashTrieSet[Any]", seen: set[int]) -> float:
    own: float = TRIE_B + ENTRY_B * len(trie)
    if isinstance(trie, HashTrieSet) or not len(trie):
        return own
    first, *some = islice(trie.values(), SAMPLE)
    own += _weigh([first], seen)  # With all that they share.
    return own + (_weigh(some, seen) * (len(trie) - 1) / len(some) if some else 0)
