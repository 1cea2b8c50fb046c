"""Whom questions are put to in tests: a pool's read models, by the law data of this version."""

from ledger.events.lawbook import available_laws
from ledger.store.connection import Pool
from projections.engine.view import KnownAt, KnownBy
from projections.tables.reader import Reader


def reading(
    pool: Pool, known_at: KnownAt = None, known_by: KnownBy = "ledger", origin: str = "none"
) -> Reader:
    """Return what answers questions from a pool."""
    return Reader(pool, origin, available_laws(), known_at, known_by)
