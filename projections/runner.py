"""
The runner: folds the log's entries into the read models, a batch at a time.

A batch is: read the next entries, decode each once, load the rows they touch, fold in memory, then
write the changed rows and the new sizes in one commit. The commit holds only if every table is
still where the batch began, so of two runners one is fenced off, drops what it folded and goes on
from where the tables are; a crash before the commit leaves nothing behind.

An entry that a read model cannot fold halts that read model there and no other; an entry that
cannot be decoded halts all. Nothing is skipped. A new runner tries again, in case its code is
another.
"""

import gc
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Protocol

import structlog

from ledger.domain.event import Logged
from ledger.store.connection import OutcomeUnknown, Pool, Unavailable
from ledger.store.entries import StoredEntry, read_entries
from ledger.store.readmodels import (
    Fenced,
    Progress,
    Table,
    Write,
    load_rows,
    read_progress,
    write_batch,
)
from projections.projection import ProjectionError, ReadModel
from projections.sheet import Touched, open_sheet

Decode = Callable[[bytes, int], Logged]
"""Reads an entry's bytes, at a position, back into the event (`ledger.intake.decode`)."""


class Stop(Protocol):
    """An event of threads or of processes."""

    def is_set(self) -> bool:
        """Say whether to stop."""


_log = structlog.get_logger(__name__)


class Gap(ProjectionError):
    """The log gave entries that do not follow one another."""


class NotBuilt(ProjectionError):
    """A read model has no table of its version: it must be rebuilt first."""


@dataclass(frozen=True, slots=True)
class Limits:
    """How much a runner takes on: entries a batch, and keys whose rows stay in memory a model."""

    batch: int = 2_000
    keys: int = 100_000


class Worker:
    """One read model, its table, and the rows in memory."""

    def __init__(self, model: ReadModel, table: Table, progress: Progress, limits: Limits) -> None:
        self.model = model
        self.table = table
        self.progress = progress
        self.size = progress.size
        self.halted: str | None = None
        self._sheet = open_sheet(model, complete=progress.size == 0, capacity=limits.keys)

    def load(self, pool: Pool, events: Sequence[Logged]) -> None:
        """Load the rows that the events touch, unless they are in memory."""
        if self.halted is not None:
            return
        missing = self._sheet.missing(events)
        if not missing:
            return
        rows: dict[str, list[object]] = {key: [] for key in missing}
        for *values, _place in load_rows(pool, self.table, missing):
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
            self.halted = f"{type(error).__name__}: {error}"
            _log.error("read_model_halted", name=self.model.name, at=position, why=self.halted)

    def reach(self, size: int) -> None:
        """Note that the batch has been folded up to a size."""
        if self.halted is None:
            self.size = max(self.size, size)

    def write(self) -> Write | None:
        """Return what the commit must write, or None."""
        if (self.size, self.halted) == (self.progress.size, self.progress.halted):
            return None
        changes = self._sheet.changes()
        return Write(self.table, self.progress, self.size, self.halted, changes.gone, changes.added)

    def committed(self, write: Write) -> None:
        """Note that what was written is kept."""
        self.progress = replace(self.progress, size=write.size, halted=write.halted)
        self._sheet.committed()


class Runner:
    """Folds entries into read models. Not thread-safe; several runners may work side by side.

    `names` maps a model's name to another name of its table, for a rebuild beside the live one.
    """

    def __init__(
        self,
        pool: Pool,
        models: Sequence[ReadModel],
        decode: Decode,
        *,
        limits: Limits | None = None,
        rename: Callable[[str], str] = str,
    ) -> None:
        self._pool = pool
        self._models = models
        self._decode = decode
        self._limits = limits or Limits()
        self._rename = rename
        self._workers: list[Worker] | None = None

    def step(self, until: int | None = None) -> bool:
        """Fold a batch; return False if there was nothing to fold below the size `until`.

        Raises `NotBuilt`, `Gap`, and the store's errors, after which it can be called again.
        """
        try:
            with _uncollected():
                return self._step(until)
        except Fenced:
            _log.info("read_models_fenced")
            self._workers = None
            return True
        except BaseException:
            # What the tables hold is not known any more; they are asked at the next step.
            self._workers = None
            raise

    def catch_up(self, until: int | None = None) -> None:
        """Fold until nothing is left, or up to the size `until`."""
        while self.step(until):
            pass

    def run(self, stop: Stop, wait: Callable[[], object]) -> None:
        """Fold what comes until `stop` is set. `wait` returns on a hint or when it is time to poll.

        What passes (a database that restarts) is waited for; other errors are raised.
        """
        while not stop.is_set():
            try:
                if self.step():
                    continue
            except (Unavailable, OutcomeUnknown) as error:
                _log.warning("read_models_wait", why=str(error))
            wait()

    def _step(self, until: int | None) -> bool:
        if self._workers is None:
            self._workers = self._open()
        running = [worker for worker in self._workers if worker.halted is None]
        if not running:
            return False
        start = min(worker.size for worker in running)
        entries = read_entries(self._pool, start, until, self._limits.batch)
        if not entries:
            return False
        self._fold(running, start, entries)
        self._commit(running)
        return True

    def _open(self) -> list[Worker]:
        found = read_progress(self._pool)
        workers = []
        for model in self._models:
            table = replace(model.table, name=self._rename(model.name))
            progress = found.get(table.name)
            if progress is None or is_outdated(model, progress):
                raise NotBuilt(f"{table.name}, version {model.version}, is not built")
            workers.append(Worker(model, table, progress, self._limits))
        return workers

    def _fold(self, workers: Sequence[Worker], start: int, entries: Sequence[StoredEntry]) -> None:
        events, undecodable = self._decoded(start, entries)
        for worker in workers:
            worker.load(self._pool, events)
        touched = Touched(workers)
        for logged in events:
            for worker in touched[type(logged.event.body)]:
                worker.fold(logged)
        for worker in workers:
            worker.reach(start + len(events))
            if undecodable is not None:
                worker.halt(start + len(events), undecodable)

    def _decoded(
        self, start: int, entries: Sequence[StoredEntry]
    ) -> tuple[list[Logged], Exception | None]:
        """Return the events, and what was wrong with the entry after them, if anything was."""
        decode = self._decode
        events = []
        for position, entry in enumerate(entries, start):
            if entry.position != position:
                raise Gap(f"position {position} was to come, {entry.position} came")
            try:
                events.append(decode(entry.entry, position))
            except Exception as error:  # noqa: BLE001  (whatever it raises, nobody can fold it)
                return events, error
        return events, None

    def _commit(self, workers: Sequence[Worker]) -> None:
        writes = [(worker, write) for worker in workers if (write := worker.write()) is not None]
        if not writes:
            return
        write_batch(self._pool, [write for _, write in writes])
        for worker, write in writes:
            worker.committed(write)


@contextmanager
def _uncollected() -> Iterator[None]:
    """Pause the search for cycles: folding makes none, and it would take a sixth of the time."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


def is_outdated(model: ReadModel, progress: Progress) -> bool:
    """Say whether a table was made by another version of its read model."""
    return progress.version != model.version or progress.shape != model.table.shape
