"""One read model at work: its table, the rows of it in memory, how far it has come."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import structlog

from ledger.domain.core.event import Logged
from ledger.home.batches import BatchKey
from ledger.runtime.faults import canonical_reason
from ledger.store.connection import Pool
from ledger.store.readmodels import Progress, Table, Write, load_rows, read_progress
from projections.engine.digest import Digest
from projections.engine.projection import ReadModel
from projections.engine.row_cache import open_sheet

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Limits:
    """How much a runner takes on: entries a batch, and keys whose rows stay in memory a model."""

    batch: int = 2_000
    keys: int = 50_000


class Worker:
    """One read model, its table, and the rows in memory."""

    def __init__(
        self,
        model: ReadModel,
        table: Table,
        progress: Progress,
        limits: Limits,
        key: BatchKey | None = None,
    ) -> None:
        """Without a `key` what is kept of the rows is not shown to be ours, and is not sealed."""
        self.model = model
        self.table = table
        self.progress = progress
        self.size = progress.size
        self.halted: str | None = None
        self._keys = limits.keys
        self._sheet = open_sheet(model, complete=progress.size == 0, capacity=limits.keys)
        self._digest, self._key = Digest(model, progress.digest), key

    def missing(self, events: Sequence[Logged]) -> list[str]:
        """Return the keys that the events touch and whose rows are not in memory."""
        return [] if self.halted is not None else self._sheet.missing(events)

    def load(self, pool: Pool, keys: Sequence[str]) -> None:
        """Load the rows of missing keys."""
        rows: dict[str, list[object]] = {key: [] for key in keys}
        for *values, _place in load_rows(pool, self.table, keys):
            rows[values[0]].append(self.model.row(*values))
        self._sheet.load({key: tuple(found) for key, found in rows.items()})

    def fold(self, logged: Logged) -> None:
        """Fold the event in, unless that is done already; if it fails, halt there."""
        if self.halted is not None or logged.position < self.size:
            return
        try:
            self._sheet.fold(logged)
        except Exception as error:  # noqa: BLE001  (whatever a fold raises, its bug halts it alone)
            self.halt(logged.position, error)

    def halt(self, position: int, error: Exception) -> None:
        """Stop at a position that is still to be folded."""
        if self.halted is None and position >= self.size:
            self.size = position
            self.halted = canonical_reason(f"{type(error).__name__}: {error}")
            _log.error("read_model_halted", name=self.model.name, at=position, why=self.halted)

    def forget(self, pool: Pool, position: int, error: Exception) -> None:
        """Drop what is folded and not committed, and stop at that position."""
        self.progress = read_progress(pool)[self.table.name]
        self.size, self.halted = self.progress.size, None
        self._sheet = open_sheet(self.model, complete=False, capacity=self._keys)
        self._digest = Digest(self.model, self.progress.digest)
        self.halt(position, error)

    def reach(self, size: int) -> None:
        """Note that the batch has been folded up to a size."""
        if self.halted is None:
            self.size = max(self.size, size)

    def write(self) -> Write | None:
        """Return what the commit must write, or None; asked once a commit."""
        if (self.size, self.halted) == (self.progress.size, self.progress.halted):
            return None
        changes = self._sheet.changes()
        self._digest.move(changes)
        return Write(
            self.table,
            self.progress,
            self.size,
            self.halted,
            self._digest.state if changes.gone or changes.added else None,
            [(row[0], row[-1]) for row in changes.gone],
            changes.added,
            self._digest.mac(self._key, self.size),
        )

    def written(self) -> None:
        """Note that what there was to write is kept."""
        self.progress = replace(self.progress, size=self.size, halted=self.halted)
        self._sheet.committed()
