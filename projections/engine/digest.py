"""
The canonical digest of a read model: two rebuilds, on any machine and Python, agree bit for bit.

It moves with the rows, so that it costs what changed and not what is there. A row is a line, the
JSON array of the table's columns and LF: no spaces, UTF-8; days are `YYYY-MM-DD`, instants
`YYYY-MM-DDTHH:MM:SS.mmmZ`, `Exact` integers decimal strings. The
state is what is kept of them:

* of a journal, which only grows, a chain: 32 zero bytes, then SHA-256( chain || line ) for each
  row, by position, then identity;
* of a projection, whose rows change, the sum of a set (`projections.engine.set_hash`); no two rows
  are alike, because each says its key and its place.

The digest is the SHA-256 of `{"columns":[...],"name":...,"version":...}`, LF, and the state.
"""

import hmac
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from hashlib import sha256
from typing import Any

import orjson

from ledger.domain.core.event import Logged
from ledger.domain.core.types import format_instant
from ledger.home.batches import BatchKey
from ledger.store.connection import KeptMac, Pool
from ledger.store.readmodels import Progress, Values, scan
from projections.engine.projection import Projection, ReadModel
from projections.engine.row_cache import Changes, Touched, open_sheet
from projections.engine.set_hash import SetHash

_WRITERS: dict[str, Callable[[Any], object]] = {
    "numeric": str,
    "timestamptz": lru_cache(maxsize=1_024)(format_instant),  # Rows of one event share it.
}


class _Chain:
    """The state of rows that are never taken back."""

    def __init__(self, state: bytes = bytes(32)) -> None:
        self.state = state

    def add(self, line: bytes) -> None:
        self.state = sha256(self.state + line).digest()

    def remove(self, line: bytes) -> None:
        raise AssertionError(f"a journal takes no row back: {line!r}")


class Digest:
    """The digest of a read model's rows, of none at first; `state` is kept to go on from."""

    def __init__(self, model: ReadModel, state: bytes | None = None) -> None:
        columns = model.table.columns
        self._writers = [
            (index, _WRITERS[column.kind])
            for index, column in enumerate(columns)
            if column.kind in _WRITERS
        ]
        self._head = _head(model.name, model.version, [column.name for column in columns])
        kind = SetHash if isinstance(model, Projection) else _Chain
        self._rows: SetHash | _Chain = kind() if state is None else kind(state)

    def add(self, rows: Iterable[Values]) -> None:
        """Take in rows, as the values of the table's columns; those of a journal in order."""
        for row in rows:
            self._rows.add(self._line(row))

    def move(self, changes: Changes) -> None:
        """Take out rows that go, then take in those that come."""
        for row in changes.gone:
            self._rows.remove(self._line(row))
        self.add(changes.added)

    @property
    def state(self) -> bytes:
        """What is kept of the rows."""
        return self._rows.state

    def mac(self, key: BatchKey | None, size: int) -> bytes | None:
        """Return the MAC of what is kept of the rows at a size; None without a key."""
        return None if key is None else key.kept_mac(self._head, size, self.state)

    def result(self) -> str:
        """Return `sha256:<hex>` of what was added so far."""
        return f"sha256:{sha256(self._head + self.state).hexdigest()}"

    def _line(self, row: Values) -> bytes:
        values = list(row)
        for index, write in self._writers:
            if values[index] is not None:
                values[index] = write(values[index])
        return orjson.dumps(values, option=orjson.OPT_APPEND_NEWLINE)


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


Rows = tuple[Any, ...]


class Replay:
    """A read model folded in memory, with no database.

    It goes on from the `state` of another one, if there is one: then `load` gives the rows of a
    key, which are kept for so many keys as `capacity` says.
    """

    def __init__(
        self,
        model: ReadModel,
        state: bytes | None = None,
        *,
        load: Callable[[str], Rows] = lambda _: (),
        capacity: int | None = None,
    ) -> None:
        self.model = model
        self._digest = Digest(model, state)
        self._load = load
        self._sheet = open_sheet(model, complete=state is None, capacity=capacity)
        self._folded = 0

    def fold(self, logged: Logged) -> Sequence[str]:
        """Fold in the next event that touches the model; return the keys whose rows it changes."""
        self._sheet.load({key: self._load(key) for key in self._sheet.missing((logged,))})
        changed = self._sheet.fold(logged)
        self._folded += 1
        if self._folded % _OFTEN == 0:
            self._settle()
        return changed

    def result(self) -> str:
        """Return the digest of what was folded so far."""
        self._settle()
        return self._digest.result()

    @property
    def state(self) -> bytes:
        """What is kept of the rows, for another replay to go on from."""
        self._settle()
        return self._digest.state

    def _settle(self) -> None:
        self._digest.move(self._sheet.changes())
        self._sheet.committed()


_OFTEN = 256
"""Events after which a replay's rows go into its digest: what changes twice meanwhile goes once."""


def kept_digest(model: ReadModel, progress: Progress) -> str:
    """Return the digest that was moved with a table's rows."""
    return Digest(model, progress.digest).result()


def is_ours(model: ReadModel, progress: Progress, kept_mac: KeptMac) -> bool:
    """Say whether a process of this ledger, of any version, kept what is kept of a table's rows.

    The MAC is over the version and the columns that the table says it is of: what newer software
    made is known to be of this ledger too, and what nobody made is not.
    """
    if progress.digest is None or progress.mac is None:
        return False
    columns = [str(column).partition(" ")[0] for column in progress.shape]
    head = _head(model.name, progress.version, columns)
    return hmac.compare_digest(kept_mac(head, progress.size, progress.digest), progress.mac)


def _head(name: str, version: int, columns: Sequence[str]) -> bytes:
    return orjson.dumps({"columns": columns, "name": name, "version": version}) + b"\n"


def stored_digest(pool: Pool, model: ReadModel) -> str:
    """Return the digest of a read model's table, every row read again, in pages."""
    digest = Digest(model)
    for page in scan(pool, model.table, model.order):
        digest.add(page)
    return digest.result()
