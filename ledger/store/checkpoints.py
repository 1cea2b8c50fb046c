"""
The signed checkpoints, byte for byte as they were signed; one for each size, for ever.

Receipts hang from these. Beside them lies the one that was last signed again, with a later time.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from ledger.store.connection import Pool, StoreError, one_row
from ledger.store.hint import CHECKPOINT_CHANNEL

_SELECT = "SELECT size, root, note, created FROM ledger.checkpoints"


class CheckpointConflict(StoreError):
    """Another checkpoint of this size is stored: two roots of one size would be a fork."""


@dataclass(frozen=True, slots=True)
class StoredCheckpoint:
    """A signed note over the log at `size` entries with this root."""

    size: int
    root: bytes
    note: bytes
    created: datetime


def insert_checkpoint(pool: Pool, checkpoint: StoredCheckpoint) -> None:
    """Store a checkpoint. Storing the same note again changes nothing.

    Raises `CheckpointConflict` if another note of that size is stored.
    """
    with pool.transaction() as transaction:
        transaction.cursor.execute(
            "INSERT INTO ledger.checkpoints VALUES (%s, %s, %s, %s) ON CONFLICT (size) DO NOTHING",
            (checkpoint.size, checkpoint.root, checkpoint.note, checkpoint.created),
        )
        transaction.cursor.execute(
            "SELECT note FROM ledger.checkpoints WHERE size = %s", (checkpoint.size,)
        )
        if bytes(one_row(transaction.cursor)[0]) != checkpoint.note:
            raise CheckpointConflict(f"another checkpoint of size {checkpoint.size} is stored")
    pool.hint(CHECKPOINT_CHANNEL)


def replace_signed_again(pool: Pool, checkpoint: StoredCheckpoint) -> None:
    """Store a checkpoint that was signed again, in place of the one before: it is no receipt's.

    An earlier one, and the same once more, change nothing.
    """
    with pool.transaction() as transaction:
        transaction.cursor.execute(
            "INSERT INTO ledger.signed_again AS held VALUES (true, %s, %s, %s, %s)"
            " ON CONFLICT (one) DO UPDATE SET (size, root, note, created)"
            " = (excluded.size, excluded.root, excluded.note, excluded.created)"
            " WHERE excluded.size >= held.size AND excluded.created > held.created",
            (checkpoint.size, checkpoint.root, checkpoint.note, checkpoint.created),
        )
    pool.hint(CHECKPOINT_CHANNEL)


def signed_again(pool: Pool) -> StoredCheckpoint | None:
    """Return the checkpoint that was last signed again, at rest, or None before the first."""
    with pool.session() as session:
        session.execute("SELECT size, root, note, created FROM ledger.signed_again")
        found = _stored(session.fetchall())
    return found[0] if found else None


def latest_checkpoint(pool: Pool) -> StoredCheckpoint | None:
    """Return the first checkpoint of the largest size, or None before the first."""
    return _first(pool, "ORDER BY size DESC", ())


def newest_checkpoint(pool: Pool) -> StoredCheckpoint | None:
    """Return the checkpoint of the largest size, as it was last signed, or None."""
    latest, again = latest_checkpoint(pool), signed_again(pool)
    return again if latest and again and again.size == latest.size else latest


def is_signed(pool: Pool) -> bool:
    """Say whether a checkpoint is stored at all: in a database without tables none is."""
    with pool.session() as session:
        session.execute("SELECT to_regclass('ledger.checkpoints') IS NOT NULL")
        there = bool(one_row(session)[0])
    return there and latest_checkpoint(pool) is not None


def published_size(pool: Pool) -> int:
    """Return up to which size the log is signed: what is beyond may be shown to nobody yet."""
    with pool.session() as session:
        session.execute("SELECT coalesce(max(size), 0) FROM ledger.checkpoints")
        return int(one_row(session)[0])


def checkpoint_covering(pool: Pool, position: int) -> StoredCheckpoint | None:
    """Return the first checkpoint with a size above `position`, or None as long as there is none.

    It is the same for ever once it is there: checkpoints are stored in order of their size.
    """
    return _first(pool, "WHERE size > %s ORDER BY size", (position,))


def checkpoint_at(pool: Pool, size: int) -> StoredCheckpoint | None:
    """Return the checkpoint of exactly this size, or None."""
    return _first(pool, "WHERE size = %s", (size,))


def signed_from(pool: Pool, size: int, limit: int) -> list[StoredCheckpoint]:
    """Return the first checkpoints of a size and of larger ones, at most `limit`, smallest first.

    Behind that of its size stands the one that was signed again.
    """
    found, again = _select(pool, "WHERE size >= %s ORDER BY size LIMIT %s", (size, limit)), None
    if found:
        again = signed_again(pool)
    return [each for first in found for each in (first, again) if each and each.size == first.size]


def checkpoints_after(pool: Pool, size: int, limit: int = 1_000) -> list[StoredCheckpoint]:
    """Return the checkpoints of larger sizes, smallest first, at most `limit`."""
    return _select(pool, "WHERE size > %s ORDER BY size LIMIT %s", (size, limit))


def _first(pool: Pool, which: str, arguments: Sequence[int]) -> StoredCheckpoint | None:
    found = _select(pool, f"{which} LIMIT 1", arguments)
    return found[0] if found else None


def _select(pool: Pool, which: str, arguments: Sequence[int]) -> list[StoredCheckpoint]:
    with pool.session() as session:
        session.execute(f"{_SELECT} {which}", arguments)
        return _stored(session.fetchall())


def _stored(rows: Sequence[tuple[Any, ...]]) -> list[StoredCheckpoint]:
    return [
        StoredCheckpoint(size, bytes(root), bytes(note), created)
        for size, root, note, created in rows
    ]
