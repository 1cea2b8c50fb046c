"""Values in error texts: what stands there is shown as it is written, and cut where it is long."""

from collections.abc import Iterable, Mapping, Sequence
from itertools import islice
from typing import TypeVar

T = TypeVar("T")

MOST_QUOTED = 60
"""Characters of a value at most that an error text shows."""

_MOST_LISTED = 5
_JSON = {"None": "null", "True": "true", "False": "false"}


def quoted(value: object, most: int = MOST_QUOTED) -> str:
    """Return a value so that each character is seen; of what holds others, how many it holds."""
    if isinstance(value, Mapping):
        return f"an object of {len(value)}"
    if isinstance(value, bytes):
        value = value.decode("utf-8", "backslashreplace")
    elif isinstance(value, Sequence) and not isinstance(value, str):
        return f"a list of {len(value)}"
    if not isinstance(value, str):
        return _JSON.get(repr(value), f"{value!r:.{most}}")
    more = len(value) - most
    return repr(value) if more <= 0 else f"{value[:most]!r} and {more} characters more"


def listed(values: Iterable[object]) -> str:
    """Return the first few of some values, and whether there are more; or `none`."""
    first = [quoted(each) for each in islice(values, _MOST_LISTED + 1)]
    return ", ".join([*first[:_MOST_LISTED], *(["more"] if first[_MOST_LISTED:] else [])]) or "none"


def repeated(values: Iterable[T]) -> T | None:
    """Return the first value that occurs again, or None."""
    seen = set[T]()
    for each in values:
        if each in seen:
            return each
        seen.add(each)
    return None


def first_difference(one: Sequence[object], other: Sequence[object]) -> int:
    """Return where two sequences differ first: the end of the shorter one, at the latest."""
    pairs = enumerate(zip(one, other, strict=False))
    return next((at for at, (a, b) in pairs if a != b), min(len(one), len(other)))
