"""Reads every stored row back, page by page, for a check of the database against itself."""

from collections.abc import Iterator

from ledger.store.connection import Pool
from ledger.store.nodes import Node


def read_payload_hashes(pool: Pool, start: int, stop: int) -> dict[int, bytes]:
    """Return the stored SHA-256 of each payload, by position in [start, stop)."""
    with pool.session() as session:
        session.execute(
            "SELECT position, payload_sha256 FROM ledger.entries"
            " WHERE position >= %s AND position < %s",
            (start, stop),
        )
        return {position: bytes(stored) for position, stored in session.fetchall()}


def read_tags(pool: Pool, start: int, stop: int) -> dict[int, set[str]]:
    """Return the subjects that entries are tagged with, by position in [start, stop)."""
    with pool.session() as session:
        session.execute(
            "SELECT position, subject FROM ledger.tags WHERE position >= %s AND position < %s",
            (start, stop),
        )
        tags: dict[int, set[str]] = {}
        for position, subject in session.fetchall():
            tags.setdefault(position, set()).add(subject)
        return tags


def count_beyond(pool: Pool, size: int) -> dict[str, int]:
    """Return how many entries and tags stand outside a log of `size`, by table."""
    counts = {}
    with pool.session() as session:
        for table in ("entries", "tags"):
            session.execute(
                f"SELECT count(*) FROM ledger.{table} WHERE position < 0 OR position >= %s",  # noqa: S608  (constants)
                (size,),
            )
            ((counts[table],),) = session.fetchall()
    return counts


def read_nodes(pool: Pool) -> Iterator[Node]:
    """Yield the stored tree nodes by level and index, a page at a time."""
    after = (-1, -1)
    while True:
        with pool.session() as session:
            session.execute(
                "SELECT level, index, hash FROM ledger.nodes WHERE (level, index) > (%s, %s)"
                " ORDER BY level, index LIMIT 10000",
                after,
            )
            rows = session.fetchall()
        if not rows:
            return
        yield from (Node(level, index, bytes(stored)) for level, index, stored in rows)
        after = rows[-1][:2]
