"""
The openings of what the log only commits to: the one table from which anything may be erased.

They are written in the commit that writes their entry (`append.py`), joined when something is
read, and kept when projections are rebuilt. What was erased here stays a commitment in the log.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from ledger.store.connection import Pool


@dataclass(frozen=True, slots=True)
class VaultRow:
    """An opening: the JSON pointer of the section, its salt, and its canonical bytes."""

    path: str
    salt: bytes
    value: bytes


def read_openings(pool: Pool, positions: Sequence[int]) -> dict[int, tuple[VaultRow, ...]]:
    """Return the openings of the entries at these positions, by position, ordered by path.

    A position without openings, because it never had any or they were erased, is left out.
    """
    with pool.session() as session:
        session.execute(
            "SELECT position, path, salt, value FROM ledger.vault"
            " WHERE position = ANY(%s) ORDER BY position, path",
            (list(positions),),
        )
        rows = session.fetchall()
    openings: dict[int, tuple[VaultRow, ...]] = {}
    for position, path, salt, value in rows:
        row = VaultRow(path, bytes(salt), bytes(value))
        openings[position] = (*openings.get(position, ()), row)
    return openings


def erase_openings(pool: Pool, position: int, paths: Sequence[str] | None = None) -> int:
    """Erase an entry's openings, all or those at `paths`; return how many there were.

    The bytes leave the table now; they leave its files with the next VACUUM, and backups when
    those expire.
    """
    with pool.session() as session:
        session.execute(
            "DELETE FROM ledger.vault WHERE position = %s AND (%s OR path = ANY(%s))",
            (position, paths is None, list(paths or ())),
        )
        return session.rowcount
