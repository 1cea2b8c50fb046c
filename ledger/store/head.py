"""The head of the log: how far it reaches, and what its tree needs to grow."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from ledger.store.connection import StoreError

COLUMNS = "head.origin, head.size, head.root, head.frontier, head.accepted"
"""What `head_of` wants of `ledger.head`, in this order."""


class NotInitialised(StoreError):
    """The database has no head row: `techledger operate init` makes one."""


class OriginMismatch(StoreError):
    """The database holds the log of another origin."""


@dataclass(frozen=True, slots=True)
class Head:
    """The log's origin, its size (a count), its root, and the roots of its complete subtrees.

    `frontier` has the largest subtree first; `accepted` is the instant of the last batch, None
    while the log is empty.
    """

    origin: str
    size: int
    root: bytes
    frontier: tuple[bytes, ...]
    accepted: datetime | None


def head_of(row: tuple[Any, ...] | None) -> Head:
    """Return the head that a row holds. Raises `NotInitialised` where there is no row."""
    if row is None:
        raise NotInitialised("the database holds no log yet")
    origin, size, root, frontier, accepted = row[:5]
    return Head(origin, size, bytes(root), tuple(bytes(node) for node in frontier), accepted)
