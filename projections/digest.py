"""
The canonical digest of a read model: two rebuilds, on any machine and Python, agree bit for bit.

SHA-256 over lines, each ended by LF. The first is `{"columns":[...],"name":...,"version":...}`,
then there is one a row, a JSON array of its values: rows of a projection by key, then in their
order; rows of a journal by position, then identity. JSON without spaces, in UTF-8; days are
`YYYY-MM-DD`, instants `YYYY-MM-DDTHH:MM:SS.mmmZ`, `Exact` integers decimal strings.
"""

import hashlib
from collections.abc import Callable, Iterable, Sequence
from copy import copy
from typing import Any

import orjson

from ledger.domain.event import Logged, format_instant
from ledger.store.connection import Pool
from ledger.store.readmodels import Values, scan
from projections.projection import Projection, ReadModel, columns_of
from projections.sheet import Roll, Sheet, Touched, open_sheet

_WRITERS: dict[str, Callable[[Any], object]] = {"numeric": str, "timestamptz": format_instant}


class Digest:
    """A digest in the making: rows are added in canonical order and not kept."""

    def __init__(self, model: ReadModel) -> None:
        columns = columns_of(model.row)
        self._writers = [
            (index, _WRITERS[column.kind])
            for index, column in enumerate(columns)
            if column.kind in _WRITERS
        ]
        head = {
            "columns": [column.name for column in columns],
            "name": model.name,
            "version": model.version,
        }
        self._hash = hashlib.sha256(orjson.dumps(head) + b"\n")

    def add(self, rows: Iterable[Values]) -> None:
        """Take in the values of the next rows."""
        for row in rows:
            self._hash.update(self._line(row))

    def copy(self) -> "Digest":
        """Return a digest that goes on from here by itself."""
        other = copy(self)
        other._hash = self._hash.copy()  # noqa: SLF001  (our own)
        return other

    def _line(self, row: Values) -> bytes:
        values = list(row)
        for index, write in self._writers:
            if values[index] is not None:
                values[index] = write(values[index])
        return orjson.dumps(values, option=orjson.OPT_APPEND_NEWLINE)

    def result(self) -> str:
        """Return `sha256:<hex>` of what was added so far."""
        return f"sha256:{self._hash.hexdigest()}"


def replay(events: Iterable[Logged], models: Sequence[ReadModel]) -> dict[str, str]:
    """Return the digest of each read model after these events, with no database.

    A journal's rows are not kept; those of a projection are, all of them. What a fold raises is
    raised here.
    """
    replays = [Replay(model) for model in models]
    touched = Touched(replays)
    for logged in events:
        for each in touched[type(logged.event.body)]:
            each.fold(logged)
    return {each.model.name: each.result() for each in replays}


class Replay:
    """A read model folded in memory."""

    def __init__(self, model: ReadModel) -> None:
        self.model = model
        self._digest = Digest(model)
        self._sheet = open_sheet(model, complete=True, capacity=None)

    def fold(self, logged: Logged) -> None:
        """Fold in the next event that touches the model."""
        self._sheet.fold(logged)
        if isinstance(self._sheet, Roll):
            self._digest.add(self._sheet.changes().added)
            self._sheet.committed()

    def result(self) -> str:
        """Return the digest of what was folded so far."""
        if isinstance(self._sheet, Sheet):
            digest = self._digest.copy()
            digest.add(self._sheet.values())
            return digest.result()
        return self._digest.result()


def stored_digest(pool: Pool, model: ReadModel) -> str:
    """Return the digest of a read model's table, read in pages."""
    digest = Digest(model)
    # The last column of a projection's table is the row's place, which the order says already.
    width = -1 if isinstance(model, Projection) else None
    for page in scan(pool, model.table, model.order):
        digest.add(row[:width] for row in page)
    return digest.result()
