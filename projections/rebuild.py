"""
The rebuild: the log replayed into fresh tables beside the live ones, which then take their place.

Readers see the old rows until the swap, and a size that never goes back. One rebuild runs at a
time; what an earlier one left behind is made anew. A read model that halts is not swapped: its old
table, stale or not, is worth more than half of a new one.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from ledger.intake import decode
from ledger.store.connection import Pool
from ledger.store.readmodels import (
    Table,
    create_table,
    index_table,
    only_rebuild,
    read_progress,
    swap_tables,
)
from projections.catalogue import READ_MODELS
from projections.digest import stored_digest
from projections.projection import Projection, ProjectionError, ReadModel
from projections.runner import Decode, Limits, Runner, is_outdated


class Halted(ProjectionError):
    """A read model cannot fold the log; `halted` maps its name to the reason."""

    def __init__(self, halted: dict[str, str]) -> None:
        super().__init__("; ".join(f"{name}: {why}" for name, why in sorted(halted.items())))
        self.halted = halted


def next_name(name: str) -> str:
    """Return the name of the table that is to take the place of another."""
    return f"{name}__next"


def outdated(pool: Pool, models: Iterable[ReadModel]) -> tuple[ReadModel, ...]:
    """Return the read models whose table is missing or was made by another version."""
    found = read_progress(pool)
    return tuple(
        model
        for model in models
        if model.name not in found or is_outdated(model, found[model.name])
    )


def rebuild(
    pool: Pool, models: Sequence[ReadModel], decoder: Decode, *, limits: Limits | None = None
) -> None:
    """Replay the whole log into these read models and swap their tables in, in one commit.

    Raises `Rebuilding` if another rebuild is under way, `Halted` if a read model cannot fold the
    log; then nothing was swapped.
    """
    if not models:
        return
    successors = [(_next(model), model) for model in models]
    with only_rebuild(pool):
        for table, model in successors:
            create_table(pool, table, model.version, keyed=_is_keyed(model))
        runner = Runner(pool, models, decoder, limits=limits, rename=next_name)
        _catch_up(pool, runner, models)
        for table, model in successors:
            index_table(pool, table, keyed=_is_keyed(model))
        names = {table.name: model.name for table, model in successors}
        while not swap_tables(pool, names):
            _catch_up(pool, runner, models)


def _catch_up(pool: Pool, runner: Runner, models: Iterable[ReadModel]) -> None:
    runner.catch_up()
    found = read_progress(pool)
    reasons = {model.name: found[next_name(model.name)].halted for model in models}
    halted = {name: why for name, why in reasons.items() if why is not None}
    if halted:
        raise Halted(halted)


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
        return {model.name: stored_digest(pool, model) for model in READ_MODELS}
    finally:
        pool.close()
