"""
Cursors: where a page of an answer begins, of one question and of one state of knowledge.

A cursor says of what question it is. With another question, day or filter it would give pages of
another list, which looks empty: it is refused instead.
"""

import re
from dataclasses import dataclass
from hashlib import sha256

from projections.engine.view import NotAsked

CURSOR = r"^([1-9][0-9]{0,17})\.([1-9][0-9]{0,17})\.([0-9a-f]{12})$"
"""How a cursor is written: what was seen, of how many entries, of which question."""

_CURSOR = re.compile(CURSOR)


class OtherCursor(NotAsked):
    """The cursor is of another question, or is none."""


@dataclass(frozen=True, slots=True)
class Cursor:
    """How many of an answer have been seen, in the state of knowledge of so many entries."""

    offset: int
    size: int

    @staticmethod
    def read(text: str | None, *question: object) -> "Cursor | None":
        """Return a cursor of this question; None for none. Raises `OtherCursor`."""
        if text is None:
            return None
        form = _CURSOR.fullmatch(text)
        if form is None or form[3] != _name(question):
            raise OtherCursor(
                f"after: {text[:40]} is no cursor of this question; leave it out for the first page"
            )
        return Cursor(int(form[1]), int(form[2]))

    def written(self, *question: object) -> str:
        """Return it as the next page of the question is asked for."""
        return f"{self.offset}.{self.size}.{_name(question)}"


def _name(question: tuple[object, ...]) -> str:
    return sha256(repr(question).encode("utf-8", "surrogatepass")).hexdigest()[:12]
