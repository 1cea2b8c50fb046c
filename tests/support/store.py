"""Entries for tests of the store: what they say does not matter, only that they differ."""

import hashlib
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

from ledger.log.merkle import leaf_hash
from ledger.store.append import Head, NewEntry, VaultRow, appending
from ledger.store.connection import Pool

NOON = datetime(2026, 1, 31, 12, tzinfo=UTC)


def new_entry(
    text: str,
    *subjects: str,
    event_id: UUID | None = None,
    vault: tuple[VaultRow, ...] = (),
) -> NewEntry:
    """Return an entry of these words about these subjects."""
    entry = text.encode()
    return NewEntry(
        event_id=event_id or uuid4(),
        payload_sha256=hashlib.sha256(entry).digest(),
        topic="contract.concluded/1",
        entry=entry,
        leaf_hash=leaf_hash(entry),
        subjects=subjects,
        vault=vault,
    )


def append(pool: Pool, *entries: NewEntry, after: timedelta = timedelta()) -> Head:
    """Append entries in one batch, accepted at noon or `after` it; return the new head."""
    with appending(pool) as log:
        return log.write(entries, NOON + after)


def append_many(pool: Pool, number: int, *subjects: str) -> list[NewEntry]:
    """Append `number` entries in one batch; return them."""
    entries = [new_entry(f"entry {n}", *subjects) for n in range(number)]
    append(pool, *entries)
    return entries
