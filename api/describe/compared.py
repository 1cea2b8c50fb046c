"""Two things said, side by side: what differs of what they say, to the leaf."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from api.describe.saying import Line, Word


@dataclass(frozen=True, slots=True)
class Changed:
    """One thing that two sides say otherwise: under which names, and in which words each.

    Words are empty where a side does not say it.
    """

    path: tuple[str, ...]
    before: tuple[Word, ...]
    after: tuple[Word, ...]


def compared(
    before: Line | None, after: Line | None, path: tuple[str, ...] = ()
) -> Iterator[Changed]:
    """Yield each leaf that two lines say otherwise, in the order in which they are said."""
    either = after or before
    assert either is not None
    named = (*path, *filter(None, [either.label]))
    words, new = (() if each is None else each.words for each in (before, after))
    if words != new:
        yield Changed(named, words, new)
    elif words:
        named = (*path, f"{either.label} {either.text}".strip())
    inner, outer = (() if each is None else each.under for each in (before, after))
    for one, other in _pairs(inner, outer):
        yield from compared(one, other, named)


def _pairs(
    before: Sequence[Line], after: Sequence[Line]
) -> Iterator[tuple[Line | None, Line | None]]:
    """Yield what stands on both sides, but what is equal, and what stands on one alone.

    The same words are the same thing; of what is left, one of a name is the next of that name.
    """
    left, right = [*enumerate(before)], [*enumerate(after)]
    found: list[tuple[int, Line | None, Line | None]] = []
    for same in _SAME:
        for place, line in tuple(left):
            other = next((each for each in right if same(each[1]) == same(line)), None)
            if other is not None:
                left.remove((place, line))
                right.remove(other)
                found.append((other[0], line, other[1]))
    found += [(place, line, None) for place, line in left]
    found += [(place, None, line) for place, line in right]
    for _, one, another in sorted(found, key=lambda each: each[0]):
        if one != another:
            yield one, another


_SAME: tuple[Callable[[Line], Any], ...] = (
    lambda line: line,
    lambda line: (line.label, line.words),
    lambda line: line.label,
)
"""By what a line of one side is found on the other, the surest first."""
