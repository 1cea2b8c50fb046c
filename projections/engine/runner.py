"""
The runner: folds the log's entries into the read models, a batch at a time.

A batch is: read the next entries, decode each once, load the rows they touch, fold in memory, then
write the changed rows and the new sizes in one commit. The commit holds only if every table is
still where the batch began, so of two runners one is fenced off, drops what it folded and goes on
from where the tables are; a crash before the commit leaves nothing behind.

A runner that has much to catch up with reads the next batch and commits the last one in threads of
their own, while it folds: the database works meanwhile.

An entry that a read model cannot fold halts that read model there and no other; an entry that
cannot be decoded halts all. Nothing is skipped. A new runner tries again, in case its code is
another. Where rows cannot be digested or written, the batch is folded again, each entry and each
read model alone: the one that fails again halts.
"""

import gc
from collections.abc import Callable, Sequence
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from dataclasses import replace
from types import TracebackType
from typing import Protocol

import structlog

from ledger.domain.core.event import Logged
from ledger.events.vintage import SoftwareOlder
from ledger.home.batches import BatchKey
from ledger.runtime.faults import is_bug
from ledger.store.checkpoints import published_size
from ledger.store.connection import Conflict, OutcomeUnknown, Pool, Unavailable, ValueUnfit
from ledger.store.frames import Frame, read_frames
from ledger.store.readmodels import (
    Fenced,
    Progress,
    read_progress,
    write_batch,
)
from projections.engine.digest import is_ours
from projections.engine.projection import ProjectionError, ReadModel
from projections.engine.row_cache import Touched
from projections.engine.worker import Limits, Worker

Decode = Callable[[bytes, int], Logged]
"""Reads an entry's bytes, at a position, back into the event (`decoding.decode`)."""

_log = structlog.get_logger(__name__)


class Gap(ProjectionError):
    """The log gave entries that do not follow one another."""


class NotBuilt(ProjectionError):
    """A read model has no table of its version: it must be rebuilt first."""


class Stop(Protocol):
    """An event of threads or of processes."""

    def is_set(self) -> bool:
        """Say whether to stop."""


class Runner:
    """Folds entries into read models. Not thread-safe; several runners may work side by side.

    `rename` maps a model's name to another name of its table, for a rebuild beside the live one.
    """

    def __init__(  # noqa: PLR0913  (what it works with, by name)
        self,
        pool: Pool,
        models: Sequence[ReadModel],
        decode: Decode,
        *,
        limits: Limits | None = None,
        rename: Callable[[str], str] = str,
        check: Callable[[], None] = lambda: None,
        key: BatchKey | None = None,
    ) -> None:
        """`check` raises what keeps this software from folding (`SoftwareOlder`).

        With the ledger's `key` what it keeps can be sealed, and it folds on from nothing else.
        """
        self._pool = pool
        self._models = models
        self._decode = decode
        self._limits = limits or Limits()
        self._rename = rename
        self._check = check
        self._key = key
        self._workers: list[Worker] | None = None
        self._reached = 0  # The size up to which the batch under way goes.
        self._alone_below = 0  # Entries that are folded one by one, as a batch of them failed.
        self._ahead: tuple[int, Future[list[Frame]]] | None = None
        self._behind: Future[None] | None = None

    def step(self, until: int | None = None) -> bool:
        """Fold a batch; return False if there was nothing to fold below the size `until`.

        Raises `NotBuilt`, `Gap`, and the store's errors, after which it can be called again.
        """
        with self._attempt():
            return self._batch(until, None)
        return True  # Fenced off, or to be folded again: there is something to look at.

    def catch_up(self, until: int | None = None) -> None:
        """Fold until nothing is left, or up to the size `until`. Raises what `step` raises."""
        with ThreadPoolExecutor(2, "read-models") as threads:
            moved = True
            while moved:
                with self._attempt():
                    more = self._batch(until, threads)
                    if not more:
                        self._settle()
                    moved = more  # Not so if the last commit turns out to be fenced off.

    def run(self, stop: Stop, wait: Callable[[], object]) -> None:
        """Fold what is signed until `stop` is set. `wait` returns on a hint or to poll.

        What passes (a database that restarts) is waited for; other errors are raised.
        """
        while not stop.is_set():
            try:
                if self.step(published_size(self._pool)):
                    continue
            except (Unavailable, OutcomeUnknown) as error:
                _log.warning("read_models_wait", why=str(error))
            wait()

    def _attempt(self) -> "Attempt":
        return Attempt(self._forget, self._to_be_folded_alone)

    def _to_be_folded_alone(self, error: BaseException) -> bool:
        """Say whether a batch failed at what it holds, and has not been folded one by one yet."""
        if not is_at_fault(error) or self._reached <= self._alone_below:
            return False
        _log.error("read_models_fold_alone", below=self._reached, exc_info=error)
        self._alone_below = self._reached
        return True

    def _forget(self) -> None:
        """Believe the tables: they are asked at the next step."""
        self._workers = self._ahead = self._behind = None

    def _batch(self, until: int | None, threads: Executor | None) -> bool:
        self._check()
        if self._workers is None:
            self._workers = self._open()
        running = [worker for worker in self._workers if worker.halted is None]
        if not running:
            return False
        start = min(worker.size for worker in running)
        alone = start < self._alone_below
        entries = self._read(start, until, None if alone else threads)
        if not entries:
            return False
        self._reached = start + len(entries)
        if alone:
            self._fold_alone(running, start, entries)
        else:
            self._fold(running, start, entries)
            self._commit(running, threads)
        return True

    def _fold_alone(self, workers: Sequence[Worker], start: int, entries: Sequence[Frame]) -> None:
        """Fold an entry into all read models or, if that fails, into one after the other."""
        try:
            self._fold(workers, start, entries)
            self._commit(workers, None)
        except Exception as error:
            if not is_at_fault(error):
                raise
        else:
            return
        self._workers = self._open()
        for worker in self._workers:
            try:
                self._fold([worker], start, entries)
                self._commit([worker], None)
            except Exception as error:
                if not is_at_fault(error):
                    raise
                worker.forget(self._pool, start, error)
                self._commit([worker], None)

    def _open(self) -> list[Worker]:
        found = read_progress(self._pool)
        workers = []
        for model in self._models:
            table = replace(model.table, name=self._rename(model.name))
            progress = found.get(table.name)
            if progress is None or is_outdated(model, progress, self._key):
                raise NotBuilt(f"{table.name}, version {model.version}, is not built")
            if is_newer(model, progress):
                continue
            workers.append(Worker(model, table, progress, self._limits, self._key))
        return workers

    def _read(self, start: int, until: int | None, threads: Executor | None) -> Sequence[Frame]:
        """Return the entries from `start` on; begin to read those after them."""
        size = 1 if start < self._alone_below else self._limits.batch
        ahead, self._ahead = self._ahead, None
        if ahead is not None and ahead[0] == start:
            entries = ahead[1].result()
        else:
            entries = read_frames(self._pool, start, until, size)
        if threads is not None and entries:
            after = start + len(entries)
            self._ahead = after, threads.submit(read_frames, self._pool, after, until, size)
        return entries

    def _fold(self, workers: Sequence[Worker], start: int, entries: Sequence[Frame]) -> None:
        events, undecodable = self._decoded(start, entries)
        for worker in workers:
            missing = worker.missing(events)
            if missing:
                self._settle()  # Rows must not be loaded while their successors are written.
                worker.load(self._pool, missing)
        touched = Touched(workers)
        for logged in events:
            for worker in touched[type(logged.event.body)]:
                worker.fold(logged)
        for worker in workers:
            worker.reach(start + len(events))
            if undecodable is not None:
                worker.halt(start + len(events), undecodable)

    def _decoded(
        self, start: int, entries: Sequence[Frame]
    ) -> tuple[list[Logged], Exception | None]:
        """Return the events, and what was wrong with the entry after them, if anything was."""
        decode = self._decode
        events = []
        for position, (came, entry) in enumerate(entries, start):
            if came != position:
                raise Gap(f"position {position} was to come, {came} came")
            try:
                events.append(decode(entry, position))
            except SoftwareOlder:
                if events:
                    return events, None  # What is known is folded; the rest waits for an upgrade.
                raise
            except Exception as error:  # noqa: BLE001  (whatever it raises, nobody can fold it)
                return events, error
        return events, None

    def _commit(self, workers: Sequence[Worker], threads: Executor | None) -> None:
        """Commit what changed, at once or, with threads, while the next batch is folded."""
        self._settle()
        writes = [write for worker in workers if (write := worker.write()) is not None]
        if not writes:
            return
        if threads is None:
            write_batch(self._pool, writes)
        else:
            self._behind = threads.submit(write_batch, self._pool, writes)
        # If that fails, all of this is forgotten.
        for worker in workers:
            worker.written()

    def _settle(self) -> None:
        """Wait for the commit that is under way; raises what it raised."""
        behind, self._behind = self._behind, None
        if behind is not None:
            behind.result()


class Attempt:
    """A batch, after which, if it fails, everything in memory is forgotten.

    Being fenced off by another runner is no failure: the block just ends.
    """

    def __init__(
        self, forget: Callable[[], None], excused: Callable[[BaseException], bool] = lambda _: False
    ) -> None:
        """`excused` says of what a batch raised whether to go on."""
        self._forget, self._excused = forget, excused
        self._collecting = gc.isenabled()

    def __enter__(self) -> None:
        # Folding makes no cycles; to look for them would take a sixth of the time.
        gc.disable()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> bool:
        if self._collecting:
            gc.enable()
        if error is not None:
            self._forget()
        return isinstance(error, Fenced) or (error is not None and self._excused(error))


def is_at_fault(error: BaseException) -> bool:
    """Say whether it is what the entries hold, or our code, that failed: it would fail again."""
    return is_bug(error) or isinstance(error, ValueUnfit | Conflict)


def is_outdated(model: ReadModel, progress: Progress, key: BatchKey | None = None) -> bool:
    """Say whether a table was made by an earlier version of its read model, or another shape.

    With the ledger's `key`, also whether what is kept of it was written by somebody else.
    """
    if key is not None and not is_ours(model, progress, key.kept_mac):
        return True
    if progress.version != model.version:
        return progress.version < model.version
    return progress.shape != model.table.shape or progress.digest is None


def is_newer(model: ReadModel, progress: Progress) -> bool:
    """Say whether a table says that a later version made it; where it is not outdated, one did.

    It is left to software of that version.
    """
    return progress.version > model.version
