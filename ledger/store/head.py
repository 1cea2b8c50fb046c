"""The head of the log: how far it reaches, and what its tree needs to grow."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from ledger.store.connection import Pool, StoreError

COLUMNS = "head.origin, head.size, head.root, head.frontier, head.accepted, head.not_before"
"""What `head_of` wants of `ledger.head`, in this order."""


class DatabaseNotInitialised(StoreError):
    """The database has no head row: `techledger operate init` makes one."""


class OtherOrigin(StoreError):
    """The database holds the log of another origin."""


@dataclass(frozen=True, slots=True)
class Head:
    """The log's origin, its size (a count), its root, and the roots of its complete subtrees.

    `frontier` has the largest subtree first; `accepted` is the instant of the last batch, None
    while the log is empty. `not_before` is when the head was last signed at rest, if ever.
    """

    origin: str
    size: int
    root: bytes
    frontier: tuple[bytes, ...]
    accepted: datetime | None
    not_before: datetime | None = None

    @property
    def earliest(self) -> datetime | None:
        """The instant before which no further entry is accepted, None where any may be."""
        return max(filter(None, (self.accepted, self.not_before)), default=None)


def head_of(row: tuple[Any, ...] | None) -> Head:
    """Return the head that a row holds. Raises `DatabaseNotInitialised` where there is no row."""
    if row is None:
        raise DatabaseNotInitialised("the database holds no log yet")
    origin, size, root, frontier, *instants = row[:6]
    return Head(origin, size, bytes(root), tuple(bytes(node) for node in frontier), *instants)


def hold_back(
    pool: Pool, size: int, clock: Callable[[], datetime], within: timedelta
) -> datetime | None:
    """Have nothing more accepted before what the clock says; return that, in whole seconds.

    The clock is read under the head's lock, while no entry lies beyond `size`. None, and nothing
    changes: where one does, where somebody else has the lock, and where the clock is not past the
    last instant, or further than `within` past it.
    """
    lock = f"SELECT {COLUMNS} FROM ledger.head FOR UPDATE SKIP LOCKED"  # noqa: S608  (a constant)
    with pool.transaction(lock) as transaction:
        row = transaction.cursor.fetchone()
        if row is None or head_of(row).size != size:
            return None
        now, earliest = clock().replace(microsecond=0), head_of(row).earliest
        if earliest is None or not timedelta(0) < now - earliest <= within:
            return None
        transaction.close_with("UPDATE ledger.head SET not_before = %s", (now,))
    return now
