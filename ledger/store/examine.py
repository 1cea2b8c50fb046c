"""
Every stored row at one instant, page by page, for a check of the database against itself.

One snapshot serves the whole examination, so the ledger may go on growing meanwhile: whatever two
tables say, they say of the same size.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import psycopg2
from psycopg2.extensions import cursor

from ledger.log.subject_map import Branch, History, key_of
from ledger.store import head
from ledger.store.attest import schema_faults
from ledger.store.batches import Batch
from ledger.store.checkpoints import StoredCheckpoint
from ledger.store.connection import Pool, StoreError, Timeouts
from ledger.store.cosignatures import Cosignature
from ledger.store.entries import StoredEntry
from ledger.store.head import Head, head_of
from ledger.store.indexes import index_faults
from ledger.store.links import Link
from ledger.store.nodes import TreeNode
from ledger.store.overlays import meddling
from ledger.store.refusals import COLUMNS, DeadPayload, dead_of
from ledger.store.subject_map import unpack_leaves
from ledger.store.vault import ErasedOpening, VaultRow

PAGE = 2_000
"""Entries that are read at once."""

_ROWS = 10_000
"""Rows of the smaller tables that are read at once."""

_PATIENT = Timeouts(lock_ms=2_000, statement_ms=600_000, idle_ms=600_000)


@dataclass(frozen=True, slots=True)
class EntryRows:
    """All that is stored of one entry: its row, tags, turns, openings or their traces."""

    stored: StoredEntry
    payload_sha256: bytes
    subjects: frozenset[str]
    turns: frozenset[str]
    openings: tuple[VaultRow, ...]
    erased: tuple[ErasedOpening, ...] = ()


class DatabaseUnreadable(StoreError):
    """The database cannot answer what is asked: a table is gone, or is another one."""


@contextmanager
def examining(pool: Pool) -> "Iterator[Examination]":
    """Look at all tables of the log at one instant."""
    begin = "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY"
    with pool.transaction(begin, timeouts=_PATIENT) as transaction:
        yield Examination(transaction.cursor)


class Examination:
    """Reads the rows of one snapshot, every page in the order of its key."""

    def __init__(self, session: cursor) -> None:
        self._session = session

    def heads(self) -> list[Head]:
        """Return the head, if the log has exactly one."""
        return [
            head_of(row)
            for row in self._rows(f"SELECT {head.COLUMNS} FROM ledger.head")  # noqa: S608  (a constant)
        ]

    def pages(self) -> Iterator[list[EntryRows]]:
        """Yield the entries from position 0 on, with what is stored beside them."""
        start = 0
        while rows := self._rows(
            "SELECT position, event_id, topic, accepted, leaf_hash, entry, payload_sha256"
            " FROM ledger.entries WHERE position >= %s ORDER BY position LIMIT %s",
            start,
            PAGE,
        ):
            start = rows[-1][0] + 1
            tags, turns = (self._tags(table, rows[0][0], start) for table in ("tags", "turns"))
            openings = self._openings(rows[0][0], start)
            erased = self._erased(rows[0][0], start)
            yield [
                EntryRows(
                    StoredEntry(position, event_id, topic, accepted, bytes(leaf), bytes(entry)),
                    bytes(sha256),
                    frozenset(tags.get(position, ())),
                    frozenset(turns.get(position, ())),
                    tuple(openings.get(position, ())),
                    tuple(erased.get(position, ())),
                )
                for position, event_id, topic, accepted, leaf, entry, sha256 in rows
            ]

    def entries_of(self, topics: Sequence[str]) -> Iterator[tuple[int, bytes]]:
        """Yield (position, entry) of all entries that are stored under these topics, in order."""
        for position, entry in self._rows(
            "SELECT position, entry FROM ledger.entries WHERE topic = ANY(%s) ORDER BY position",
            list(topics),
        ):
            yield position, bytes(entry)

    def nodes(self) -> Iterator[TreeNode]:
        """Yield the tree nodes, by level and index."""
        level, index = -1, -1
        while rows := self._rows(
            "SELECT level, index, hash FROM ledger.nodes WHERE (level, index) > (%s, %s)"
            " ORDER BY level, index LIMIT %s",
            level,
            index,
            _ROWS,
        ):
            for level, index, stored in rows:
                yield TreeNode(level, index, bytes(stored))

    def batches(self) -> Iterator[Batch]:
        """Yield the batches, by their first position."""
        first = -(2**63)
        while rows := self._rows(
            "SELECT first, entries, mac FROM ledger.batches WHERE first > %s"
            " ORDER BY first LIMIT %s",
            first,
            _ROWS,
        ):
            for first, entries, mac in rows:
                yield Batch(first, entries, bytes(mac))

    def checkpoints(self) -> Iterator[StoredCheckpoint]:
        """Yield the checkpoints, by size."""
        size = -(2**63)
        while rows := self._rows(
            "SELECT size, root, note, created FROM ledger.checkpoints WHERE size > %s"
            " ORDER BY size LIMIT %s",
            size,
            _ROWS,
        ):
            for size, root, note, created in rows:
                yield StoredCheckpoint(size, bytes(root), bytes(note), created)

    def signed_again(self) -> Iterator[StoredCheckpoint]:
        """Yield the checkpoint that was last signed again, if one ever was."""
        for size, root, note, created in self._rows(
            "SELECT size, root, note, created FROM ledger.signed_again"
        ):
            yield StoredCheckpoint(size, bytes(root), bytes(note), created)

    def cosignatures(self) -> Iterator[Cosignature]:
        """Yield the witnesses' lines, by size."""
        for size, name, key_id, time, line in self._rows(
            "SELECT size, name, key_id, time, line FROM ledger.cosignatures ORDER BY 1, 2, 3, 4"
        ):
            yield Cosignature(size, name, bytes(key_id), time, line)

    def links(self, chain: str) -> Iterator[Link]:
        """Yield the links of a chain, by number."""
        number = -(2**63)
        while rows := self._rows(
            "SELECT number, digest, link FROM ledger.links WHERE chain = %s AND number > %s"
            " ORDER BY number LIMIT %s",
            chain,
            number,
            _ROWS,
        ):
            for number, digest, link in rows:
                yield Link(chain, number, bytes(digest), bytes(link))

    def refusals(self) -> Iterator[DeadPayload]:
        """Yield what was refused for good, by the payload's hash."""
        after = b""
        while rows := self._rows(
            f"SELECT {COLUMNS} FROM ledger.refusals WHERE payload_sha256 > %s"  # noqa: S608
            " ORDER BY payload_sha256 LIMIT %s",
            after,
            _ROWS,
        ):
            yield from map(dead_of, rows)
            after = bytes(rows[-1][0])

    def subject_map(self) -> tuple[int, dict[str, History]]:
        """Return the size of the map of subjects, and its values. It is held in memory."""
        sizes = self._rows("SELECT size FROM read.subject_map_size")
        rows = self._rows("SELECT key, subject, count, last, chain FROM read.subject_map")
        return sizes[0][0] if len(sizes) == 1 else -1, {
            subject: History(count, last, bytes(chain))
            for key, subject, count, last, chain in rows
            if bytes(key) == key_of(subject)
        }

    def subject_buckets(self) -> dict[int, tuple[Branch, list[tuple[bytes, bytes]]]]:
        """Return the parts of the map of subjects, as `SubjectMap.buckets` has them."""
        rows = self._rows("SELECT bucket, keys, hash, leaves FROM read.subject_map_buckets")
        return {
            bucket: (Branch(keys, bytes(found)), unpack_leaves(leaves))
            for bucket, keys, found, leaves in rows
        }

    def openings_kept(self) -> int:
        """Return how many openings were ever kept."""
        ((kept,),) = self._rows("SELECT coalesce(sum(openings), 0)::bigint FROM ledger.kept")
        found: int = kept
        return found

    def carried_out(self) -> frozenset[int]:
        """Return the positions of the erasures that have been carried out."""
        return frozenset(
            position for (position,) in self._rows("SELECT position FROM ledger.erasures")
        )

    def shown_and_never_kept(self) -> list[tuple[int, str]]:
        """Return positions and paths of openings that were shown, of which nothing was kept."""
        return [
            (position, path)
            for position, path in self._rows(
                "SELECT DISTINCT position, path FROM ledger.shown_openings AS shown"
                " WHERE NOT EXISTS (SELECT FROM ledger.vault AS kept"
                " WHERE (kept.position, kept.path) = (shown.position, shown.path))"
                " AND NOT EXISTS (SELECT FROM ledger.erased_openings AS gone"
                " WHERE (gone.position, gone.path) = (shown.position, shown.path))"
                " ORDER BY position, path"
            )
        ]

    def schema_faults(self) -> list[str]:
        """Return how the schema differs from what the migrations make, triggers and rights too."""
        return [*schema_faults(self._session), *meddling(self._session)]

    def index_faults(self) -> list[str]:
        """Return which indexes do not have what their tables have, and which events are twice."""
        return list(index_faults(self._session))

    def missing_openings(self) -> int:
        """Return how many openings were kept once and are gone without a trace."""
        ((missing,),) = self._rows(
            "SELECT coalesce((SELECT sum(openings) FROM ledger.kept), 0)::bigint"
            " - (SELECT count(*) FROM ledger.vault)"
            " - (SELECT count(*) FROM ledger.erased_openings)"
        )
        found: int = missing
        return found

    def count_outside(self, size: int) -> dict[str, int]:
        """Return how many rows lie outside the positions of a log of `size`, by table."""
        counts = {}
        for table in ("entries", "tags", "turns", "vault", "erased_openings"):
            ((counts[table],),) = self._rows(
                f"SELECT count(*) FROM ledger.{table}"  # noqa: S608  (constants)
                " WHERE position < 0 OR position >= %s",
                size,
            )
        return counts

    def _tags(self, table: str, start: int, stop: int) -> dict[int, list[str]]:
        tags: dict[int, list[str]] = {}
        for position, subject in self._rows(
            f"SELECT position, subject FROM ledger.{table}"  # noqa: S608  (constants)
            " WHERE position >= %s AND position < %s",
            start,
            stop,
        ):
            tags.setdefault(position, []).append(subject)
        return tags

    def _openings(self, start: int, stop: int) -> dict[int, list[VaultRow]]:
        openings: dict[int, list[VaultRow]] = {}
        for position, path, commitment, holders, sealed in self._rows(
            "SELECT position, path, commitment, holders, sealed FROM ledger.vault"
            " WHERE position >= %s AND position < %s ORDER BY position, path",
            start,
            stop,
        ):
            row = VaultRow(path, bytes(commitment), tuple(holders), bytes(sealed))
            openings.setdefault(position, []).append(row)
        return openings

    def _erased(self, start: int, stop: int) -> dict[int, list[ErasedOpening]]:
        erased: dict[int, list[ErasedOpening]] = {}
        for position, path, commitment, holders, by in self._rows(
            "SELECT position, path, commitment, holders, erased_by FROM ledger.erased_openings"
            " WHERE position >= %s AND position < %s ORDER BY position, path",
            start,
            stop,
        ):
            row = ErasedOpening(path, bytes(commitment), tuple(holders), by)
            erased.setdefault(position, []).append(row)
        return erased

    @contextmanager
    def part(self) -> "Iterator[None]":
        """Let what fails in the block leave the rest of the examination possible."""
        self._session.execute("SAVEPOINT part")
        try:
            yield
        except psycopg2.Error as error:
            self._session.execute("ROLLBACK TO part")
            raise DatabaseUnreadable(str(error).strip().split("\n")[0]) from error
        self._session.execute("RELEASE part")

    def _rows(self, statement: str, *arguments: object) -> list[tuple[Any, ...]]:
        self._session.execute(statement, arguments)
        return self._session.fetchall()
