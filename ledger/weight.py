"""What a value takes in memory, so that a cache of folded subjects is bounded in bytes."""

import gc
from enum import Enum
from sys import getsizeof
from types import FunctionType, ModuleType
from typing import Any

_OF_THE_PROGRAM = (type, Enum, FunctionType, ModuleType)
"""Types of what values refer to and do not bring."""


def weigh(value: Any) -> int:
    """Return the bytes of a value with all that it refers to.

    What two parts of it share counts once; what it shares with other values counts in each. Takes
    about 0.3 µs an object.
    """
    seen: set[int] = set()
    level, total = [value], 0
    while level:
        new = {id(each): each for each in level if not isinstance(each, _OF_THE_PROGRAM)}
        fresh = [each for name, each in new.items() if name not in seen]
        seen.update(new)
        total += sum(map(getsizeof, fresh))
        level = gc.get_referents(*fresh)
    return total
