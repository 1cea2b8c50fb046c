"""
What all lists have in common: how many there are, a page of them, and names beside ids.

The pages of a list are of one state of knowledge, which its cursor keeps: what is recorded while
somebody leafs through it changes no page of it.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date
from itertools import groupby

from projections.engine.answer import Answer
from projections.engine.cursor import Cursor
from projections.engine.view import Known, View
from projections.questions.party_names import named_in
from projections.tables.names import names, title_of
from projections.tables.party_facts import parties
from projections.tables.reader import Reader

NAMED_BY = (parties, names)
"""The read models from which a list has its names."""

_PARTY = "party:"


@dataclass(frozen=True, slots=True)
class Called:
    """What a subject that a list names is called, as last said; a party, on the day asked about."""

    id: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed(Answer):
    """The base of the answers that are lists: a page of rows, folded from `size` entries.

    `count` is how many rows there are on all pages. `next_after` is the cursor of the next page,
    None on the last: it is of this question alone, and its pages are of one state of knowledge.
    `names` are those of the subjects that the rows name, as far as the log has any.
    """

    size: int
    count: int
    names: tuple[Called, ...]
    after: str | None
    limit: int
    next_after: str | None

    def untold(self) -> tuple[str, ...]:
        """Return the ids of which the rows do not tell all: unknown, or sealed in part."""
        return self.unknown


@dataclass(frozen=True, slots=True)
class Leaf:
    """Which page of a list is asked for: of what was `known`, behind so many rows."""

    known: Known
    behind: int
    size: int
    question: tuple[object, ...]

    def following(self, seen: int | None) -> str | None:
        """Return the cursor of the page behind so many rows; None where there is none."""
        return None if seen is None else Cursor(seen, self.size).written(*self.question)

    def next_of(self, shown: int, count: int) -> str | None:
        """Return the cursor of the page behind the rows that this one shows."""
        seen = self.behind + shown
        return self.following(seen if shown and seen < count else None)


def leaf_of(reader: Reader, view: View, known: Known, after: str | None, *question: object) -> Leaf:
    """Return which page is asked for. Raises `OtherCursor`, `NotFolded` or `NotAsked`."""
    asked = (*question, known.asked, reader.known_by)
    cursor = Cursor.read(after, *asked)
    size = view.size if cursor is None else cursor.size
    known = replace(known, position=min(known.position, size - 1))
    return Leaf(known, 0 if cursor is None else cursor.offset, size, asked)


def names_in(view: View, known: Known, ids: Iterable[str], day: date) -> tuple[Called, ...]:
    """Return the names of subjects, as far as they have any, in the order of their ids."""
    wanted = sorted(set(ids))
    found = dict(named_in(view, known, [each for each in wanted if each.startswith(_PARTY)], day))
    others = [each for each in wanted if not each.startswith(_PARTY)]
    rows = view.recorded(names, known, "subject, n", subject=others) if others else ()
    for subject, own in groupby(rows, lambda row: row.subject):
        title = title_of([*own])
        if title is not None:
            found[subject] = title
    return tuple(Called(each, found[each]) for each in wanted if each in found)
