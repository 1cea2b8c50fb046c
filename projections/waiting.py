"""Waits until the read models have folded so many entries: a client reads what it wrote."""

import time

from ledger.store.connection import Pool
from ledger.store.readmodels import read_progress
from projections.catalogue import READ_MODELS
from projections.view import NotFolded, why_unserved

PAUSE_S = 0.01
"""How long, in seconds, between two looks."""


def folded_sizes(pool: Pool) -> dict[str, int]:
    """Return how many entries each read model has folded; 0 for one that is not built yet."""
    found = read_progress(pool)
    return {
        model.name: found[model.name].size if model.name in found else 0 for model in READ_MODELS
    }


def unserved(pool: Pool) -> dict[str, str]:
    """Return why nobody is answered from a read model that is built, by name."""
    found = read_progress(pool)
    return {
        model.name: why
        for model in READ_MODELS
        if model.name in found and (why := why_unserved(model, found[model.name], pool.kept_mac))
    }


def wait_until_folded(pool: Pool, size: int, patience_s: float) -> None:
    """Return once every read model has folded `size` entries. Raises `NotFolded` in time."""
    deadline = time.monotonic() + patience_s
    while (least := min(folded_sizes(pool).values())) < size:
        if time.monotonic() > deadline:
            raise NotFolded(f"{least} entries are folded, {size} are asked for")
        time.sleep(PAUSE_S)
