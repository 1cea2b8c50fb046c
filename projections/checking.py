"""
Holds read models against what was kept of them, for `techledger operate fsck`.

That a digest was kept by a process of this ledger, its MAC shows at once; that the rows are those
that were folded takes reading them all.
"""

from collections.abc import Iterator

from ledger.batches import BatchKey
from ledger.store.connection import Pool
from ledger.store.readmodels import BULK, read_progress, snapshot
from projections.catalogue import READ_MODELS
from projections.digest import Digest, is_ours
from projections.projection import ReadModel
from projections.runner import is_newer, is_outdated


def read_model_faults(pool: Pool, key: BatchKey, *, rows: bool = False) -> Iterator[str]:
    """Yield what is wrong with the read models of this version; `rows` reads all their rows."""
    found = read_progress(pool)
    for model in READ_MODELS:
        progress = found.get(model.name)
        if progress is None or is_outdated(model, progress) or is_newer(model, progress):
            continue
        if not is_ours(model, progress, key):
            yield f"what is kept of the read model {model.name} is by no process of this ledger"
        elif rows and not _has_its_rows(pool, model):
            yield f"the rows of the read model {model.name} are not those that were folded"


def _has_its_rows(pool: Pool, model: ReadModel) -> bool:
    with snapshot(pool, [model.table], timeouts=BULK) as looked_at:
        digest = Digest(model)
        for page in looked_at.pages(model.table, model.order):
            digest.add(page)
        return digest.state == looked_at.digest(model.table)
