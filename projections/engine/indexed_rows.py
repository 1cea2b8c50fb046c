"""
The rows of one key on a shelf that finds what a change reaches without looking at the rest.

A right that moves a thousand times leaves a thousand boxes that nothing new ever reaches: their
days are over, in truth or on the office's record. `Shelf.revise` does what `axes.revise` does, row
for row, but looks only at boxes that are open enough. A shelf is a tuple like any other; what it
knows of its rows is handed on to the shelf that follows it, and made again for rows that come from
elsewhere.
"""

from bisect import bisect_left, bisect_right, insort
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Generic, TypeVar

from ledger.domain.core.event import Logged
from projections.engine.bitemporal import Change, Dated, Days, changed, ended

D = TypeVar("D", bound=Dated)

Place = int

_LAST = date.max


@dataclass(slots=True)
class _Open:
    """Where the rows of a group stand that the ledger still believes, by how open their box is."""

    both: set[Place] = field(default_factory=set)
    until: list[tuple[date, Place]] = field(default_factory=list)
    """True until a day, with no end on the office's record."""

    recorded: list[tuple[date, Place]] = field(default_factory=list)
    """With no end in truth, and on the office's record until a day."""

    neither: list[tuple[date, Place]] = field(default_factory=list)
    """True until a day, and with an end on the office's record."""

    def add(self, place: Place, row: Dated) -> None:
        kept, entry = self._where(place, row)
        if kept is None:
            self.both.add(place)
        else:
            insort(kept, entry)

    def remove(self, place: Place, row: Dated) -> None:
        kept, entry = self._where(place, row)
        if kept is None:
            self.both.remove(place)
        else:
            del kept[bisect_left(kept, entry)]

    def _where(
        self, place: Place, row: Dated
    ) -> tuple[list[tuple[date, Place]] | None, tuple[date, Place]]:
        if row.true_to is None:
            if row.office_to is None:
                return None, (_LAST, place)
            return self.recorded, (row.office_to, place)
        return (self.until if row.office_to is None else self.neither), (row.true_to, place)

    def reached(self, by: Days) -> list[Place]:
        """Return, in order, the places of boxes that end after the change begins."""
        found = list(self.both)
        for kept, day in (
            (self.until, by.true_from),
            (self.neither, by.true_from),
            (self.recorded, by.office_from),
        ):
            found += [place for _, place in kept[bisect_right(kept, (day, _END)) :]]
        return sorted(found)

    def all(self) -> list[Place]:
        """Return, in order, the places of all rows of the group."""
        kept = (*self.until, *self.recorded, *self.neither)
        return sorted((*self.both, *(place for _, place in kept)))


_END = 1 << 62
"""A place after every place."""


class _Index(Generic[D]):
    """The places of a shelf's rows by group; `of` is the shelf for which that holds."""

    def __init__(self, group: Callable[[D], Hashable]) -> None:
        self.group = group
        self.groups: dict[Hashable, _Open] = {}
        self.of: IndexedRows[D] | None = None

    def add(self, place: Place, row: D) -> None:
        if row.known_to is None:
            self.groups.setdefault(self.group(row), _Open()).add(place, row)

    def remove(self, place: Place, row: D) -> None:
        if row.known_to is None:
            self.groups[self.group(row)].remove(place, row)


class IndexedRows(tuple[D, ...]):  # noqa: SLOT001  (a tuple has no slots for more)
    """Rows of a key in their order, and where to find those of a group."""

    _index: _Index[D]

    @classmethod
    def of(cls, rows: Sequence[D], group: Callable[[D], Hashable]) -> "IndexedRows[D]":
        """Return the rows on a shelf; `group` tells rows apart by what they say."""
        if isinstance(rows, IndexedRows):
            return rows
        shelf = cls(rows)
        shelf._index = _Index(group)
        return shelf

    def plus(self, rows: Iterable[D]) -> "IndexedRows[D]":
        """Return the shelf with rows added at its end."""
        return self._replaced({}, tuple(rows))

    def believed(self, group: Hashable) -> tuple[D, ...]:
        """Return the rows of a group that the ledger still believes."""
        found = self._at_hand().groups.get(group)
        return () if found is None else tuple(self[place] for place in found.all())

    def end(self, group: Hashable, logged: Logged) -> "IndexedRows[D]":
        """Return the shelf after the ledger ceased to believe the rows of a group."""
        found = self._at_hand().groups.get(group)
        places = [] if found is None else found.all()
        return self._replaced(dict.fromkeys(places, logged), ()) if places else self

    def revise(
        self,
        change: Change,
        group: Hashable,
        transform: Callable[[tuple[D, ...]], Sequence[D]],
    ) -> "IndexedRows[D]":
        """Return the shelf after a change to the rows of a group, as `axes.revise` has it."""
        found = self._at_hand().groups.get(group)
        boxes: dict[Days, list[Place]] = {}
        for place in () if found is None else found.reached(change.days):
            row = self[place]
            days = Days(row.true_from, row.true_to, row.office_from, row.office_to)
            boxes.setdefault(days, []).append(place)
        gone: dict[Place, Logged] = {}
        begun: list[D] = []
        for days, places in boxes.items():
            held = tuple(self[place] for place in places)
            fresh = changed(days, held, change, transform)
            if fresh is not None:
                gone.update(dict.fromkeys(places, change.logged))
                begun += fresh
        return self._replaced(gone, tuple(begun)) if gone else self

    def _at_hand(self) -> _Index[D]:
        """Return the index, made again if it is that of another shelf by now."""
        if self._index.of is not self:
            self._index = _Index(self._index.group)
            for place, row in enumerate(self):
                self._index.add(place, row)
            self._index.of = self
        return self._index

    def _replaced(self, gone: dict[Place, Logged], begun: tuple[D, ...]) -> "IndexedRows[D]":
        """Return the shelf after rows ended, and others began at its end.

        A row that began with the very event that ends it goes without a trace. Those are the last
        ones: no row before them changes its place.
        """
        index, rows = self._at_hand(), list(self)
        start = len(rows)
        for place, logged in gone.items():
            index.remove(place, rows[place])
            if rows[place].known_from == logged.position:
                start = min(start, place)
            else:
                rows[place] = ended(rows[place], logged)
        tail = [(place, row) for place, row in enumerate(rows[start:], start)]
        del rows[start:]
        for place, row in tail:
            if place not in gone:
                index.remove(place, row)
        kept = [row for place, row in tail if place not in gone or row.known_to is not None]
        for place, row in enumerate((*kept, *begun), start):
            index.add(place, row)
        shelf: IndexedRows[D] = IndexedRows((*rows, *kept, *begun))
        shelf._index = index
        index.of = shelf
        return shelf
