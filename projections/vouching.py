"""
What rests on keys that officers vouched for: events, by the keys that signed them.

A key rests on a vouching by its own, or if all keys of its party that brought it do.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field

from ledger.store.connection import Pool
from projections.keys import KeyFact, SignedRow, keys, signed
from projections.view import View, viewing


@dataclass(slots=True)
class _Origins:
    """Where keys were vouched for, 0 where they were not, by subject of the key."""

    view: View
    found: dict[str, int] = field(default_factory=dict)

    def of(self, subjects: Collection[str]) -> list[int]:
        """Return where each of these keys was vouched for."""
        new = sorted({*subjects} - self.found.keys())
        added = self._added(new)
        self.found |= {row.subject: row.position if row.by else 0 for row in added}
        for row in added:
            if row.by is None:
                self.found[row.subject] = self._inherited(row)
        return [self.found.get(subject, 0) for subject in subjects]

    def _inherited(self, row: KeyFact) -> int:
        lines = [line.subject for line in lines_of(self.view, [row.position])]
        older = [
            each.subject
            for each in self._added(lines)
            if each.party == row.party and each.position < row.position
        ]
        return min(self.of(older), default=0)

    def _added(self, subjects: Collection[str]) -> tuple[KeyFact, ...]:
        asked = {"keys": list(subjects)}
        return self.view.rows(
            keys, "subject = ANY(%(keys)s) AND fact = 'added'", asked, order="position, subject"
        )


def lines_of(view: View, positions: Iterable[int]) -> tuple[SignedRow, ...]:
    """Return the signature lines of the events at these positions."""
    asked = {"positions": list(positions)}
    return view.rows(signed, "position = ANY(%(positions)s)", asked, order="position, subject")


def vouched_for(pool: Pool, positions: Collection[int]) -> Mapping[int, tuple[int, ...]]:
    """Return of events, by position, where keys were vouched for on which they rest."""
    with viewing(pool, keys, signed) as view:
        origins, found = _Origins(view), dict[int, set[int]]()
        for line in lines_of(view, positions):
            found.setdefault(line.position, set()).update({*origins.of([line.subject])} - {0})
    return {position: tuple(sorted(since)) for position, since in found.items() if since}
