"""What a database holds that a version of the software may not know: migrations, types, rules."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from ledger.store.connection import Pool
from ledger.store.migrate import APPLIED, names

__all__ = ["APPLIED", "HeldRecords", "known_migrations", "read_held"]

# A skip scan: one look-up in the index for each topic, whatever the number of entries.
_TOPICS = """
WITH RECURSIVE held AS (
    (SELECT topic FROM ledger.entries ORDER BY topic LIMIT 1)
    UNION ALL
    SELECT (SELECT topic FROM ledger.entries WHERE topic > held.topic ORDER BY topic LIMIT 1)
    FROM held WHERE held.topic IS NOT NULL
)
SELECT array_remove(array_agg(topic), NULL) FROM held
"""


@dataclass(frozen=True, slots=True)
class HeldRecords:
    """What is there: migrations by name, topics, and the entries of some topics, in order."""

    migrations: frozenset[str]
    topics: frozenset[str]
    entries: tuple[tuple[int, bytes], ...]


@lru_cache(maxsize=1)
def known_migrations() -> frozenset[str]:
    """Return the names of this version's migrations, as the list of those applied has them."""
    return frozenset(Path(name).stem for name in names())


def read_held(pool: Pool, topics: Sequence[str]) -> HeldRecords:
    """Look at what the database holds, with the entries of `topics`, which are to be few."""
    with pool.session() as session:
        session.execute(f"SELECT migration_id FROM {APPLIED}")  # noqa: S608  (a constant)
        migrations = frozenset(name for (name,) in session.fetchall())
        session.execute(_TOPICS)
        ((held,),) = session.fetchall()
        session.execute(
            "SELECT position, entry FROM ledger.entries WHERE topic = ANY(%s) ORDER BY position",
            (list(topics),),
        )
        entries = tuple((position, bytes(entry)) for position, entry in session.fetchall())
    return HeldRecords(migrations, frozenset(held or ()), entries)
