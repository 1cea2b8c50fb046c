"""
Two tellings of one log: a read model's table against a fresh replay of the entries.

Serves `GET /v1/projections`, `.../{name}/difference` and `.../{name}/digest`. Where the two
disagree, the first event to look at is the earliest whose rows differ.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from itertools import islice
from typing import Any

from ledger.domain.core.event import Logged
from ledger.store.connection import NotMigrated, Pool
from ledger.store.entries import read_head
from ledger.store.frames import Frame, read_frames
from ledger.store.readmodels import (
    BULK,
    Snapshot,
    Values,
    read_progress,
    snapshot,
)
from projections.engine.answer import Answer, Verdict
from projections.engine.decoding import decode
from projections.engine.digest import Digest
from projections.engine.projection import ReadModel
from projections.engine.row_cache import RowCache, open_sheet
from projections.engine.view import NOT_BUILT, NotAsked, NotFolded, NotThere
from projections.run.catalogue import READ_MODELS

SHOWN = 10
"""Rows that an answer shows of those that differ."""

_PAGE = 2_000

BY_NAME: Mapping[str, ReadModel] = {model.name: model for model in READ_MODELS}


class TooLong(NotAsked):
    """The log has more entries than a request may replay."""


class UnknownProjection(NotThere):
    """There is no read model of that name."""


@dataclass(frozen=True, slots=True)
class FoldedModel:
    """A read model: how far it has been folded, and why it halted, if it did."""

    name: str
    version: int
    size: int
    halted: str | None


@dataclass(frozen=True, slots=True)
class Folded(Answer):
    """All read models; `size` is the least of theirs."""

    projections: tuple[FoldedModel, ...]

    @property
    def size(self) -> int:
        """Return how far all of them have come."""
        return min((each.size for each in self.projections), default=0)

    @property
    def positions(self) -> tuple[int, ...]:
        """Return the empty list: it is about tables, not about events."""
        return ()


Cell = str | int | bool | date | datetime | tuple[str, ...] | tuple[int, ...] | None
"""What stands in a column of a read model."""


@dataclass(frozen=True, slots=True)
class Differing:
    """A place where table and replay disagree. Values as the columns."""

    position: int
    """The first event by which the two differ."""
    stored: tuple[Cell, ...] | None
    """The row of the table; null where it has none."""
    replayed: tuple[Cell, ...] | None
    """The row of the replay; null where it has none."""


@dataclass(frozen=True, slots=True)
class TableDifference(Answer):
    """How a table of `size` entries compares with their replay.

    `first` is the position of the first event whose rows differ, None if nothing does; `rows` are
    the first of `count` differing places. `stored` and `replayed` are the digests of all rows;
    `kept` is the one that has moved with the table's, which the next seal says.
    """

    projection: str
    version: int
    size: int
    columns: tuple[str, ...]
    stored: str
    kept: str
    replayed: str
    first: int | None
    count: int
    rows: tuple[Differing, ...]

    @property
    def positions(self) -> tuple[int, ...]:
        """Return the positions of the events whose rows are shown."""
        return tuple(sorted({row.position for row in self.rows}))

    @property
    def agrees(self) -> bool:
        """Say whether nothing differs, neither a row nor a digest."""
        return self.stored == self.kept == self.replayed

    @property
    def _says(self) -> Verdict:
        return "answered" if self.agrees else "contested"


@dataclass(frozen=True, slots=True)
class ReplayDigest(Answer):
    """The digest of a read model after the first `size` entries, computed from them alone."""

    projection: str
    version: int
    size: int
    digest: str
    positions: tuple[int, ...] = ()


def folded_models(pool: Pool) -> Folded:
    """Return how far each read model has been folded."""
    found = read_progress(pool)
    return Folded(
        tuple(
            FoldedModel(name, each.version, each.size, each.halted)
            for name in BY_NAME
            if (each := found.get(name)) is not None
        )
    )


def model_named(name: str) -> ReadModel:
    """Return a read model, or raise `UnknownProjection`."""
    if name not in BY_NAME:
        raise UnknownProjection(f"{name} is none of {', '.join(BY_NAME)}")
    return BY_NAME[name]


def difference(pool: Pool, model: ReadModel, limit: int | None = None) -> TableDifference:
    """Return where a table differs from the replay of the entries that it was folded from.

    Raises `TooLong` for more than `limit` entries, `NotFolded` if the table is not there.
    """
    try:
        with snapshot(pool, [model.table], timeouts=BULK) as looked_at:
            if model.name not in looked_at.sizes:
                raise NotFolded(f"made by another version: {model.name}")
            size = looked_at.sizes[model.name]
            _must_not_exceed(size, limit, instead=": use techledger operate compare")
            kept = Digest(model, looked_at.digest(model.table)).result()
            comparing = _Comparing(model, looked_at)
            events = _decoded(looked_at.frames(size, _PAGE))
            rows = sorted(comparing.differing(events), key=lambda row: row.position)
    except NotMigrated as error:
        raise NotFolded(NOT_BUILT) from error
    return TableDifference(
        model.name,
        model.version,
        size,
        tuple(column.name for column in model.table.columns),
        comparing.stored.result(),
        kept,
        comparing.replayed.result(),
        first=rows[0].position if rows else None,
        count=len(rows),
        rows=tuple(islice(rows, SHOWN)),
    )


def replay_digest(
    pool: Pool, model: ReadModel, size: int, limit: int | None = None
) -> ReplayDigest:
    """Return the digest of a read model after the first `size` entries.

    Raises `TooLong` for more than `limit`, and for more than there are.
    """
    _must_not_exceed(size, limit)
    if size > (there := read_head(pool).size):
        raise TooLong(f"the log has {there} entries")
    digest = Digest(model)
    for page in _replay(model, _entries(pool, size)):
        digest.add([page])
    return ReplayDigest(model.name, model.version, size, digest.result())


def _must_not_exceed(size: int, limit: int | None, instead: str = "") -> None:
    if limit is not None and size > limit:
        told = f"{size} entries are to be replayed, a request replays {limit} at most"
        raise TooLong(told + instead)


def _entries(pool: Pool, size: int) -> Iterator[Logged]:
    for start in range(0, size, _PAGE):
        yield from _decoded(read_frames(pool, start, size, _PAGE))


def _decoded(frames: Iterable[Frame]) -> Iterator[Logged]:
    return (decode(frame, position) for position, frame in frames)


def _replay(model: ReadModel, events: Iterable[Logged]) -> Iterator[Values]:
    """Yield the rows of a replay in canonical order; a journal's as the events come."""
    sheet = open_sheet(model, complete=True, capacity=None)
    for logged in events:
        if not model.touches(type(logged.event.body)):
            continue
        sheet.fold(logged)
        if not isinstance(sheet, RowCache):
            yield from sheet.changes().added
            sheet.committed()
    if isinstance(sheet, RowCache):
        yield from sheet.values()


class _Comparing:
    """Walks table and replay side by side, in canonical order."""

    def __init__(self, model: ReadModel, looked_at: Snapshot) -> None:
        self.stored, self.replayed = Digest(model), Digest(model)
        self._model = model
        self._looked_at = looked_at
        names = [column.name for column in model.table.columns]
        self._key = [names.index(name) for name in model.order]
        # The event that made a row comes first among its positions.
        self._positions = [
            index
            for index, name in enumerate(names)
            if name in ("position", "known_from", "known_to") or name.endswith("_position")
        ]

    def differing(self, events: Iterable[Logged]) -> Iterator[Differing]:
        """Yield the places that differ."""
        for key, stored, replayed in self._side_by_side(events):
            del key
            if stored != replayed:
                yield Differing(self._first(stored, replayed), stored, replayed)

    def _side_by_side(
        self, events: Iterable[Logged]
    ) -> Iterator[tuple[tuple[Any, ...], Values | None, Values | None]]:
        ours = self._keyed(self._told(_replay(self._model, events), self.replayed))
        theirs = self._keyed(self._told(self._rows(), self.stored))
        left, right = next(theirs, None), next(ours, None)
        while left is not None or right is not None:
            if right is None or (left is not None and left[0] < right[0]):
                assert left is not None, "one of the two is there"
                yield left[0], left[1], None
                left = next(theirs, None)
            elif left is None or right[0] < left[0]:
                yield right[0], None, right[1]
                right = next(ours, None)
            else:
                yield left[0], left[1], right[1]
                left, right = next(theirs, None), next(ours, None)

    def _rows(self) -> Iterator[Values]:
        for page in self._looked_at.pages(self._model.table, self._model.order):
            yield from page

    def _told(self, rows: Iterable[Values], digest: Digest) -> Iterator[Values]:
        for row in rows:
            digest.add([row])
            yield row

    def _keyed(self, rows: Iterable[Values]) -> Iterator[tuple[tuple[Any, ...], Values]]:
        """Yield rows with what orders them."""
        return ((tuple(row[index] for index in self._key), row) for row in rows)

    def _first(self, stored: Values | None, replayed: Values | None) -> int:
        """Return the position of the first event by which two rows of one place differ."""
        rows = [row for row in (stored, replayed) if row is not None]
        named = [
            row[index]
            for index in self._positions
            for row in rows
            if row[index] is not None and (len(rows) == 1 or rows[0][index] != rows[1][index])
        ]
        # Where nothing but the words differ, they are those of the event that made the row.
        made = [row[index] for index in self._positions[:1] for row in rows]
        return int(min(named or made))
