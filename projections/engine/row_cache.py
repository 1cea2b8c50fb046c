"""
The rows of a read model in memory, while events are folded into them.

A `Sheet` holds the rows of the keys in use, bounded, and remembers which of them changed since the
last commit; a `Roll` holds the rows that a journal added since then. Nothing here knows where the
rows are kept.
"""

from collections import OrderedDict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from operator import attrgetter, ge
from typing import Any, Protocol, TypeVar

from ledger.domain.core.body import Body
from ledger.domain.core.event import Logged
from ledger.store.readmodels import Values
from projections.engine.projection import Journal, Projection, ProjectionError, ReadModel, values_of


@dataclass(frozen=True, slots=True)
class Changes:
    """What a commit must write: rows that are no longer what they were, then new ones.

    A row is the values of its columns; those of a projection end with the row's place.
    """

    gone: Sequence[Values]
    added: Sequence[Values]


class TwinRows(ProjectionError):
    """An event makes two rows of one identity: the read model is at fault."""


class RowCache:
    """The rows of a projection, as far as they are in memory.

    `complete` says that no row is kept elsewhere: a key that is not here has no rows.
    """

    def __init__(
        self, projection: Projection[Any], *, complete: bool, capacity: int | None
    ) -> None:
        self._on = projection.on
        self._values = values_of(projection.row)
        self._complete = complete
        self._capacity = capacity
        self._rows: OrderedDict[str, tuple[Any, ...]] = OrderedDict()
        self._before: dict[str, tuple[Any, ...]] = {}

    def missing(self, events: Iterable[Logged]) -> list[str]:
        """Return the keys which these events touch and whose rows must be loaded first, sorted."""
        if self._complete:
            return []
        missing: set[str] = set()
        for logged in events:
            on = self._on.get(type(logged.event.body))
            if on is None:
                continue
            try:
                missing.update(key for key in on.keys(logged) if key not in self._rows)
            except Exception:  # noqa: BLE001  (folding raises it again, at this very event)
                break
        return sorted(missing)

    def load(self, rows: Mapping[str, tuple[Any, ...]]) -> None:
        """Take in the rows of missing keys; an empty tuple where there are none."""
        self._rows.update(rows)

    def fold(self, logged: Logged) -> Sequence[str]:
        """Fold an event in, wholly or, if that raises, not at all; return whose rows it changes."""
        on = self._on[type(logged.event.body)]
        changed = []
        for key in on.keys(logged):
            old = self._rows.get(key, ())
            new = on.fold(key, old, logged)
            if new is not old:
                changed.append((key, old, new))
        for key, old, new in changed:
            self._before.setdefault(key, old)
            self._rows[key] = new
            self._rows.move_to_end(key)
        return [key for key, _old, _new in changed]

    def changes(self) -> Changes:
        """Return the difference to what was last committed."""
        gone: list[Values] = []
        added: list[Values] = []
        for key, old in self._before.items():
            new = self._rows[key]
            for n in range(max(len(old), len(new))):
                before = old[n] if n < len(old) else None
                after = new[n] if n < len(new) else None
                if before is after or before == after:
                    continue
                if before is not None:
                    gone.append((*self._values(before), n))
                if after is not None:
                    added.append((*self._values(after), n))
        return Changes(gone, added)

    def committed(self) -> None:
        """Note that the changes are kept; let the least recently changed rows go."""
        self._before.clear()
        while self._capacity is not None and len(self._rows) > self._capacity:
            self._rows.popitem(last=False)
            self._complete = False

    def rows(self) -> Iterator[tuple[Any, ...]]:
        """Return the rows of each key in memory, in canonical order."""
        return (self._rows[key] for key in sorted(self._rows))

    def values(self) -> Iterator[Values]:
        """Return the values of all rows in memory, in canonical order."""
        return ((*self._values(row), n) for rows in self.rows() for n, row in enumerate(rows))


class AppendBuffer:
    """The rows that a journal added since the last commit."""

    def __init__(self, journal: Journal[Any]) -> None:
        self._emit = journal.emit
        self._order = attrgetter(*journal.order)
        self._values = values_of(journal.row)
        self._added: list[Values] = []

    def missing(self, events: Iterable[Logged]) -> list[str]:
        """Return nothing: a journal never looks back."""
        del events
        return []

    def load(self, rows: Mapping[str, tuple[Any, ...]]) -> None:
        """Take in nothing."""
        assert not rows, "a journal never looks back"

    def fold(self, logged: Logged) -> Sequence[str]:
        """Add an event's rows in canonical order or, if that raises, none; none is changed."""
        rows = self._emit(logged)
        if len(rows) > 1:
            rows = self._in_order(rows)
        self._added.extend(map(self._values, rows))
        return ()

    def _in_order(self, rows: Sequence[Any]) -> Sequence[Any]:
        orders = list(map(self._order, rows))
        if not any(map(ge, orders, islice(orders, 1, None))):
            return rows
        if len(set(orders)) < len(orders):
            raise TwinRows(f"two rows of one identity: {rows[0]}")
        return sorted(rows, key=self._order)

    def changes(self) -> Changes:
        """Return the rows added since the last commit."""
        return Changes((), self._added)

    def committed(self) -> None:
        """Note that the rows are kept."""
        self._added = []


def open_sheet(
    model: ReadModel, *, complete: bool, capacity: int | None
) -> RowCache | AppendBuffer:
    """Return an empty sheet for a read model."""
    if isinstance(model, Projection):
        return RowCache(model, complete=complete, capacity=capacity)
    return AppendBuffer(model)


class HasModel(Protocol):
    """Whatever folds a read model."""

    @property
    def model(self) -> ReadModel:
        """Return the read model."""


M = TypeVar("M", bound=HasModel)


class Touched(dict[type[Body], list[M]]):
    """Which of these a kind of body touches, found once for each kind."""

    def __init__(self, all_of_them: Sequence[M]) -> None:
        super().__init__()
        self._all = all_of_them

    def __missing__(self, body: type[Body]) -> list[M]:
        self[body] = [one for one in self._all if one.model.touches(body)]
        return self[body]
