"""A description as lines of text, for terminals: what is short stands on one line."""

from collections.abc import Iterator

from api.describe.description import Described
from api.describe.saying import Line

_SHORT = 100
"""Characters of what still stands on the line of what it is said of."""


def text_of(described: Described) -> Iterator[str]:
    """Yield an answer's sentence, what it says, and what it rests on."""
    if described.sentence:
        yield described.sentence
    for line in described.lines:
        yield from _written(line, "")
    if described.proof:
        yield "; ".join(map(_alone, described.proof))


def _written(line: Line, indent: str) -> Iterator[str]:
    whole = "; ".join(map(_alone, (line, *line.under)))
    flat = not any(each.under for each in line.under)
    if line.words and flat and len(whole) <= _SHORT:
        yield f"{indent}{whole}"
        return
    yield f"{indent}{_alone(line)}"
    for each in line.under:
        yield from _written(each, f"{indent}  ")


def _alone(line: Line) -> str:
    return f"{line.label}: {line.text}" if line.words else f"{line.label}:"
