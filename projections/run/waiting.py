"""Waits until the read models have folded so many entries: a client reads what it wrote."""

import time
from collections.abc import Mapping
from dataclasses import dataclass

from ledger.store.connection import Pool
from ledger.store.readmodels import read_progress
from projections.engine.view import NotFolded, why_unserved
from projections.run.catalogue import READ_MODELS

PAUSE_S = 0.01
"""How long, in seconds, between two looks."""


@dataclass(frozen=True, slots=True)
class FoldProgress:
    """How many entries a read model has folded, and why it cannot fold the next if it cannot."""

    size: int
    halted: str | None = None


def folded(pool: Pool) -> dict[str, FoldProgress]:
    """Return how far each read model is; nothing is folded into one that is not built yet."""
    found = read_progress(pool)
    return {
        model.name: FoldProgress(found[model.name].size, found[model.name].halted)
        if model.name in found
        else FoldProgress(0)
        for model in READ_MODELS
    }


def unserved(pool: Pool) -> dict[str, str]:
    """Return why nobody is answered from a read model that is built, by name."""
    found = read_progress(pool)
    return {
        model.name: why
        for model in READ_MODELS
        if model.name in found and (why := why_unserved(model, found[model.name], pool.kept_mac))
    }


def folded_sizes(pool: Pool) -> dict[str, int]:
    """Return how many entries each read model has folded; 0 for one that is not built yet."""
    return {name: each.size for name, each in folded(pool).items()}


def troubles_of(models: Mapping[str, FoldProgress]) -> list[str]:
    """Return, of each read model that cannot go on, at which position it stands and why."""
    return [
        f"read model {name}: needs the operator: it cannot fold position {each.size}: {each.halted}"
        for name, each in models.items()
        if each.halted is not None
    ]


def least_of(models: Mapping[str, FoldProgress]) -> int:
    """Return how many entries all read models have folded that can go on."""
    going = [each.size for each in models.values() if each.halted is None]
    return min(going or [each.size for each in models.values()])


def wait_until_folded(pool: Pool, size: int, patience_s: float) -> None:
    """Return once every read model has folded `size` entries. Raises `NotFolded` in time."""
    deadline = time.monotonic() + patience_s
    while (least := min(folded_sizes(pool).values())) < size:
        if time.monotonic() > deadline:
            raise NotFolded(f"{least} entries are folded, {size} are asked for")
        time.sleep(PAUSE_S)
