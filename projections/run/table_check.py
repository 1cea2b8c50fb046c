"""
Holds read models against what was kept of them, for `techledger operate fsck`.

That a digest was kept by a process of this ledger, its MAC shows at once; that the rows are those
that were folded takes reading them all.
"""

from collections.abc import Iterator, Mapping

from ledger.home.batches import BatchKey
from ledger.store.connection import Pool
from ledger.store.readmodels import BULK, Progress, read_progress, snapshot
from ledger.store.schema import table_faults
from projections.engine.digest import Digest, is_ours
from projections.engine.projection import ReadModel
from projections.engine.runner import is_newer, is_outdated
from projections.run.catalogue import READ_MODELS


def read_model_faults(pool: Pool, key: BatchKey, *, rows: bool = False) -> Iterator[str]:
    """Yield what is wrong with the read models; `rows` reads all their rows.

    One that cannot be examined is named: nobody knows what is in it. A ledger that keeps none at
    all, because nobody folds here, has nothing wrong with them.
    """
    found = read_progress(pool)
    yield from _shape_faults(pool, found, key)
    for model in READ_MODELS if found else ():
        progress, name = found.get(model.name), f"the read model {model.name}"
        if progress is None:
            yield f"{name} is not built: it was not examined"
        elif not is_ours(model, progress, key.kept_mac):
            yield f"what is kept of {name} is by no process of this ledger"
        elif is_newer(model, progress):
            yield f"{name} was made by newer software ({progress.version}): it was not examined"
        elif is_outdated(model, progress):
            yield f"{name} was made by an earlier version: it was not examined"
        elif progress.halted is not None:
            yield f"{name} has halted at {progress.size}: {progress.halted[:200]}"
        elif rows and not _has_its_rows(pool, model):
            yield f"the rows of {name} are not those that were folded"


def _shape_faults(pool: Pool, found: Mapping[str, Progress], key: BatchKey) -> Iterator[str]:
    """Yield how tables differ from what this version's read models make."""
    fit = [
        model.table
        for model in READ_MODELS
        if (progress := found.get(model.name)) is not None
        and not (is_outdated(model, progress, key) or is_newer(model, progress))
    ]
    with pool.session() as session:
        yield from table_faults(session, fit, [model.name for model in READ_MODELS])


def _has_its_rows(pool: Pool, model: ReadModel) -> bool:
    with snapshot(pool, [model.table], timeouts=BULK) as looked_at:
        digest = Digest(model)
        for page in looked_at.pages(model.table, model.order):
            digest.add(page)
        return digest.state == looked_at.digest(model.table)
