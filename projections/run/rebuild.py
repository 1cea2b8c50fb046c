"""
The rebuild: the log replayed into fresh tables beside the live ones, which then take their place.

Readers see the old rows until the swap, and a size that never goes back. One rebuild runs at a
time; what an earlier one left behind is made again. A read model that halts is not swapped in: its
old table, stale or not, is worth more than half of a new one.
"""

import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

from ledger.home.batches import BatchKey
from ledger.store.connection import Pool, Unavailable
from ledger.store.readmodels import (
    Table,
    create_table,
    forget_progress,
    index_table,
    next_name,
    only_rebuild,
    read_progress,
    swap_tables,
)
from projections.engine.decoding import decode
from projections.engine.digest import Digest, is_ours, kept_digest
from projections.engine.projection import Projection, ProjectionError, ReadModel
from projections.engine.runner import Decode, NotBuilt, Runner, is_outdated
from projections.engine.worker import Limits
from projections.run.catalogue import READ_MODELS

PATIENCE_S = 600.0
"""How long, in seconds, a rebuild tries to swap its tables in while somebody reads the old ones."""


LOOK_S = 1.0
"""How often, in seconds, it is looked whether what is kept is still this ledger's."""


class Halted(ProjectionError):
    """A read model cannot fold the log; `halted` maps its name to the reason."""

    def __init__(self, halted: dict[str, str]) -> None:
        super().__init__("; ".join(f"{name}: {why}" for name, why in sorted(halted.items())))
        self.halted = halted


def outdated(
    pool: Pool, models: Iterable[ReadModel], key: BatchKey | None = None
) -> tuple[ReadModel, ...]:
    """Return the read models whose table is missing or was made by another version.

    With the ledger's `key`, also those of which somebody else wrote what is kept.
    """
    found = read_progress(pool)
    return tuple(
        model
        for model in models
        if model.name not in found or is_outdated(model, found[model.name], key)
    )


def doubted(pool: Pool, models: Iterable[ReadModel], key: BatchKey) -> tuple[ReadModel, ...]:
    """Return the read models of which somebody else wrote what is kept.

    The first versions of this software left no MAC: what they kept is of somebody else.
    """
    found = read_progress(pool)
    return tuple(
        model
        for model in models
        if model.name in found and not is_ours(model, found[model.name], key.kept_mac)
    )


class Doubts:
    """Looks whether read models that are followed are still this ledger's, once in `LOOK_S`."""

    def __init__(self, pool: Pool, models: Iterable[ReadModel], key: BatchKey | None) -> None:
        self._pool, self._models, self._key = pool, tuple(models), key
        self._looked = time.monotonic()

    def check(self) -> None:
        """Raise `NotBuilt` if somebody else wrote what is kept of one: it is to be made again."""
        if self._key is None or time.monotonic() - self._looked < LOOK_S:
            return
        self._looked = time.monotonic()
        if names := [model.name for model in doubted(self._pool, self._models, self._key)]:
            raise NotBuilt(f"kept by no process of this ledger: {', '.join(names)}")


def rebuild(
    pool: Pool,
    models: Sequence[ReadModel],
    decoder: Decode,
    *,
    limits: Limits | None = None,
    until: Callable[[], int] | None = None,
    key: BatchKey | None = None,
) -> None:
    """Replay the whole log into these read models and swap their tables in, in one commit.

    `until` says up to which size, unless a table that is in use has come further; with the
    ledger's `key` what is kept of the rows can be sealed.
    Raises `Rebuilding` if another rebuild is under way, and `Halted`, once the others have been
    swapped in, if a read model cannot fold the log.
    """
    if not models:
        return
    with only_rebuild(pool):
        if key is not None:
            # What it says of itself, how far it is too, is not to be believed.
            forget_progress(pool, [model.name for model in doubted(pool, models, key)])
        for model in models:
            nothing, keyed = Digest(model), _is_keyed(model)
            kept = nothing.state, nothing.mac(key, 0)
            create_table(pool, _next(model), model.version, kept, keyed=keyed)
        runner = Runner(pool, models, decoder, limits=limits, rename=next_name, key=key)
        runner.catch_up(_goal(pool, models, until))
        fit = _fit(pool, models)
        with ThreadPoolExecutor(2, "indexes") as threads:
            list(threads.map(lambda model: _index(pool, model), fit))
        while fit and not _swapped(pool, fit):
            runner.catch_up(_goal(pool, models, until))
            fit = _fit(pool, fit)
        halted = _halted(pool, models)
    if halted:
        raise Halted(halted)


def _goal(pool: Pool, models: Iterable[ReadModel], until: Callable[[], int] | None) -> int | None:
    """Return the size to fold up to, None for all there is."""
    if until is None:
        return None
    found, names = read_progress(pool), {model.name for model in models}
    return max([until(), *(progress.size for name, progress in found.items() if name in names)])


def _fit(pool: Pool, models: Iterable[ReadModel]) -> list[ReadModel]:
    """Return the read models that have not halted."""
    halted = _halted(pool, models)
    return [model for model in models if model.name not in halted]


def _halted(pool: Pool, models: Iterable[ReadModel]) -> dict[str, str]:
    """Return why new tables have halted, by the name of the read model."""
    found = read_progress(pool)
    return {
        model.name: new.halted
        for model in models
        if (new := found.get(next_name(model.name))) is not None and new.halted is not None
    }


def _swapped(pool: Pool, models: Iterable[ReadModel]) -> bool:
    """Swap new tables in between two readers; say whether they had come far enough for that."""
    names = {next_name(model.name): model.name for model in models}
    deadline = time.monotonic() + PATIENCE_S
    while True:
        try:
            return swap_tables(pool, names)
        except Unavailable:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.5)


def _index(pool: Pool, model: ReadModel) -> None:
    index_table(pool, _next(model), keyed=_is_keyed(model))


def _next(model: ReadModel) -> Table:
    return replace(model.table, name=next_name(model.name))


def _is_keyed(model: ReadModel) -> bool:
    """Say whether rows are looked up by key while the table fills; a journal's never are."""
    return isinstance(model, Projection)


def rebuild_all(app_dsn: str) -> dict[str, str]:
    """Rebuild every read model of a database; return the digest of each, by name."""
    pool = Pool(app_dsn, size=2, application_name="techledger rebuild")
    try:
        rebuild(pool, READ_MODELS, decode)
        found = read_progress(pool)
        return {model.name: kept_digest(model, found[model.name]) for model in READ_MODELS}
    finally:
        pool.close()
