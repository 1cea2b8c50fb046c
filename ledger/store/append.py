"""
Appends entries to the log, in one transaction under the head row's lock: the only write path.

    with appending(pool, event_ids) as append:   # locked; append.head is the log's head
        append.stored(event_ids)                 # reads
        append.write(entries, accepted)          # one write, last; committed where the block ends

The lock is held from the allocation of positions to the commit, so positions are gapless, batches
are contiguous, and commits come in order of position (F1, F2). That order forfeits group commit:
what helps is a batch. A single entry costs two round trips: BEGIN, lock, head and stored ids share
the first, all rows, the new head and COMMIT the second.
"""

import io
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from psycopg2.extensions import cursor

from ledger.domain.turning import turned
from ledger.log.merkle import Frontier
from ledger.store import head as head_row
from ledger.store.binarycopy import (
    HEADER,
    TRAILER,
    pack_entry,
    pack_instant,
    pack_opening,
    pack_tag,
)
from ledger.store.connection import Pool, Transaction
from ledger.store.entries import StoredEntry, copy_entries
from ledger.store.head import Head, head_of
from ledger.store.held import APPLIED, known_migrations
from ledger.store.hint import HEAD_CHANNEL
from ledger.store.nodes import TreeNode, grow
from ledger.store.refusals import BURY, DeadPayload, bytes_array, dead_of
from ledger.store.vault import VaultRow

__all__ = [
    "Append",
    "DeadPayload",
    "Head",
    "NewEntry",
    "Seen",
    "StoredId",
    "VaultRow",
    "appending",
    "look",
]

Mac = Callable[[int, Sequence[bytes]], bytes]
"""(position of the first entry, leaf hashes) to the MAC of a batch."""

MAC_BYTES = 32

FEW = 4
"""Up to so many entries go as INSERT, in the round trip of COMMIT; more of them go as COPY."""

_LOOK = (
    f"SELECT {head_row.COLUMNS}, (SELECT count(*) FROM {APPLIED}), entries.event_id,"  # noqa: S608
    " entries.position, entries.payload_sha256, entries.accepted, entries.leaf_hash,"
    " NULL::timestamptz, NULL::bytea, NULL::bytea"
    " FROM ledger.head LEFT JOIN ledger.entries ON entries.event_id = ANY(%s::uuid[])"
    " UNION ALL SELECT NULL::text, NULL::bigint, NULL::bytea, NULL::bytea[], NULL::timestamptz,"
    " NULL::timestamptz, NULL::bigint, event_id, NULL::bigint, payload_sha256, refused,"
    " NULL::bytea, not_after, said, mac"
    " FROM ledger.refusals WHERE payload_sha256 = ANY(%s::bytea[])"
)

# The second statement takes its snapshot after the lock was granted, so it sees what the lock was
# waiting for. One statement would have looked for event ids in the snapshot of before.
_LOCK = f"SELECT FROM ledger.head FOR UPDATE;{_LOOK}"


@dataclass(frozen=True, slots=True)
class NewEntry:
    """An entry to be appended, and what is written with it.

    `entry` is the frame, `leaf_hash` its hash in the tree; `subjects` are what it is tagged with.
    """

    event_id: UUID
    payload_sha256: bytes
    topic: str
    entry: bytes
    leaf_hash: bytes
    subjects: tuple[str, ...]
    vault: tuple[VaultRow, ...] = field(default=())


@dataclass(frozen=True, slots=True)
class StoredId:
    """Where an event stands, and the SHA-256 of its payload, to tell a retry from another event.

    `accepted` and `leaf_hash` are what a receipt needs besides.
    """

    position: int
    payload_sha256: bytes
    accepted: datetime
    leaf_hash: bytes


@dataclass(frozen=True, slots=True)
class Seen:
    """The log as one look at it shows it.

    `migrated` says that the schema has had migrations which this software does not have, `stored`
    which of the events asked for are in the log, `dead` which of the payloads asked for were
    refused for good, by their hash.
    """

    head: Head
    migrated: bool
    stored: dict[UUID, StoredId]
    dead: dict[bytes, DeadPayload]

    @classmethod
    def of(cls, found: Sequence[tuple[Any, ...]]) -> "Seen":
        """Return what the rows of a look say. Raises `DatabaseNotInitialised`."""
        rows = [row[:-3] for row in found if row[-2] is None]
        head = head_of(rows[0] if rows else None)
        stored = {
            event_id: StoredId(position, bytes(payload_sha256), accepted, bytes(leaf_hash))
            for *_, event_id, position, payload_sha256, accepted, leaf_hash in rows
            if event_id is not None
        }
        dead = [
            dead_of((key, event_id, refused, not_after, said, mac))
            for *_, event_id, _, key, refused, _, not_after, said, mac in found
            if said is not None
        ]
        by_hash = {each.payload_sha256: each for each in dead}
        return cls(head, rows[0][6] > len(known_migrations()), stored, by_hash)


class Append:
    """The log, locked. `head` is where it ends; after `write`, where it will end.

    `migrated` and `dead` are as in `Seen`.
    """

    def __init__(self, transaction: Transaction, event_ids: Sequence[UUID]) -> None:
        self._transaction = transaction
        seen = Seen.of(transaction.cursor.fetchall())
        self.head, self.migrated, self.dead = seen.head, seen.migrated, seen.dead
        self._stored = seen.stored
        self._looked_up = set(event_ids)
        self.written = False

    @property
    def cursor(self) -> cursor:
        """A cursor for further reads under the lock, before the write."""
        return self._transaction.cursor

    def stored(self, event_ids: Sequence[UUID]) -> dict[UUID, StoredId]:
        """Return those of these events that are in the log already."""
        unknown = [event_id for event_id in event_ids if event_id not in self._looked_up]
        if unknown:
            self._look_up(unknown)
        return {
            event_id: self._stored[event_id] for event_id in event_ids if event_id in self._stored
        }

    def entries_since(self, position: int) -> list[StoredEntry]:
        """Return the entries at `position` and after it: what others appended since that size."""
        return copy_entries(self._transaction.cursor, position)

    def bury(
        self,
        refused: Sequence[DeadPayload],
        now: datetime,
        mac: Callable[[DeadPayload], bytes] | None = None,
    ) -> None:
        """Keep what was refused for good, and forget what has expired since.

        `mac` says who refused it: nothing without one counts where there is a key.
        """
        self._transaction.close_with(
            BURY, (now, bytes_array(each.payload_sha256 for each in refused))
        )
        self._insert_rows(
            "ledger.refusals",
            [
                (
                    *(each.payload_sha256, each.event_id, each.refused, each.not_after),
                    *(each.said, mac(each) if mac else bytes(MAC_BYTES)),
                )
                for each in refused
            ],
        )

    def write(
        self, entries: Sequence[NewEntry], accepted: datetime, mac: Mac | None = None
    ) -> Head:
        """Append `entries`, in order, all accepted at one instant; return the head there will be.

        `mac` says that they were judged: nothing without one is signed.

        Once a transaction, and last. `Conflict` for an event id that is stored already may arise
        here or where the block ends.
        """
        assert entries, "an empty batch would move nothing"
        assert not self.written, "all reads first, one write last"
        first = self.head.size
        tree, nodes = grow(
            Frontier(first, self.head.frontier), [entry.leaf_hash for entry in entries]
        )
        if len(entries) <= FEW:
            self._insert(entries, first, accepted)
        else:
            self._copy(entries, first, accepted)
        if openings := sum(len(entry.vault) for entry in entries):
            self._transaction.close_with(
                "UPDATE ledger.kept SET openings = openings + %s", (openings,)
            )
        if mac is not None:
            judged = mac(first, [entry.leaf_hash for entry in entries])
            self._insert_rows("ledger.batches", [(first, len(entries), judged)])
        self.head = replace(
            self.head, size=tree.size, root=tree.root(), frontier=tree.hashes, accepted=accepted
        )
        self._move_head(nodes)
        self.written = True
        return self.head

    def _look_up(self, event_ids: Sequence[UUID]) -> None:
        self._transaction.cursor.execute(
            "SELECT event_id, position, payload_sha256, accepted, leaf_hash FROM ledger.entries"
            " WHERE event_id = ANY(%s::uuid[])",
            (uuid_array(event_ids),),
        )
        for event_id, *at in self._transaction.cursor.fetchall():
            position, payload_sha256, accepted, leaf_hash = at
            self._stored[event_id] = StoredId(
                position, bytes(payload_sha256), accepted, bytes(leaf_hash)
            )
        self._looked_up.update(event_ids)

    def _insert(self, entries: Sequence[NewEntry], first: int, accepted: datetime) -> None:
        numbered = list(enumerate(entries, first))
        self._insert_rows(
            "ledger.entries",
            [
                (
                    *(position, accepted, new.event_id, new.payload_sha256, new.leaf_hash),
                    *(new.topic, new.entry),
                )
                for position, new in numbered
            ],
        )
        self._insert_rows(
            "ledger.tags",
            [(subject, position) for position, new in numbered for subject in new.subjects],
        )
        self._insert_rows("ledger.turns", _turns(entries, first))
        self._insert_rows(
            "ledger.vault",
            [
                (position, row.path, row.commitment, list(row.holders), row.sealed)
                for position, new in numbered
                for row in new.vault
            ],
        )

    def _insert_rows(self, table: str, rows: Sequence[tuple[object, ...]]) -> None:
        if rows:
            row = f"({', '.join(['%s'] * len(rows[0]))})"
            values = [value for each in rows for value in each]
            self._transaction.close_with(
                f"INSERT INTO {table} VALUES {', '.join([row] * len(rows))}",  # noqa: S608
                values,
            )

    def _copy(self, entries: Sequence[NewEntry], first: int, accepted: datetime) -> None:
        instant = pack_instant(accepted)
        numbered = list(enumerate(entries, first))
        self._copy_rows(
            "ledger.entries",
            (
                pack_entry(
                    *(position, instant, new.event_id, new.payload_sha256, new.leaf_hash),
                    *(new.topic, new.entry),
                )
                for position, new in numbered
            ),
        )
        # In the index's order, neighbours fall on the same page.
        tags = sorted(
            (tag.encode(), position) for position, new in numbered for tag in new.subjects
        )
        self._copy_rows("ledger.tags", (pack_tag(tag, position) for tag, position in tags))
        if turns := _turns(entries, first):
            rows = (pack_tag(subject.encode(), position) for subject, position in turns)
            self._copy_rows("ledger.turns", rows)
        openings = [(position, row) for position, new in numbered for row in new.vault]
        if openings:
            self._copy_rows(
                "ledger.vault",
                (
                    pack_opening(position, row.path, row.commitment, row.holders, row.sealed)
                    for position, row in openings
                ),
            )

    def _copy_rows(self, table: str, rows: Iterable[bytes]) -> None:
        raw = b"".join((HEADER, *rows, TRAILER))
        self._transaction.cursor.copy_expert(
            f"COPY {table} FROM STDIN (FORMAT binary)", io.BytesIO(raw), size=1 << 20
        )

    def _move_head(self, nodes: Sequence[TreeNode]) -> None:
        self._insert_rows("ledger.nodes", [(node.level, node.index, node.hash) for node in nodes])
        self._transaction.close_with(
            "UPDATE ledger.head SET size = %s, root = %s, frontier = %s::bytea[], accepted = %s",
            (self.head.size, self.head.root, list(self.head.frontier), self.head.accepted),
        )


def _turns(entries: Sequence[NewEntry], first: int) -> list[tuple[str, int]]:
    """Return the tags under which admission looks for what turns a party, a key or the ledger."""
    return [
        (subject, position)
        for position, new in enumerate(entries, first)
        for subject in sorted(turned(new.topic, new.subjects))
    ]


@contextmanager
def appending(
    pool: Pool, event_ids: Sequence[UUID] = (), payloads: Iterable[bytes] = ()
) -> Iterator[Append]:
    """Lock the log and lend it to be appended to; commit where the block ends.

    Naming the event ids beforehand lets `stored` answer without a round trip of its own; `payloads`
    are hashes that are looked for among the dead. Raises `Unavailable` where the lock is not
    granted in time, `DatabaseNotInitialised`, `Conflict`, `StorageFull`: nothing was stored; and
    `OutcomeUnknown`.
    """
    with pool.transaction(_LOCK, (uuid_array(event_ids), bytes_array(payloads))) as transaction:
        append = Append(transaction, event_ids)
        yield append
    if append.written:
        pool.hint(HEAD_CHANNEL)


def look(pool: Pool, event_id: UUID, payload_sha256: bytes) -> Seen:
    """Return what `appending` reads under the lock, of one event, without the lock.

    Raises `Unavailable`, `DatabaseNotInitialised`.
    """
    with pool.session() as session:
        session.execute(_LOOK, (uuid_array([event_id]), bytes_array([payload_sha256])))
        return Seen.of(session.fetchall())


def uuid_array(event_ids: Sequence[UUID]) -> str:
    """Write ids as a PostgreSQL array, several times faster than the driver does."""
    return "{" + ",".join([event_id.hex for event_id in event_ids]) + "}"
