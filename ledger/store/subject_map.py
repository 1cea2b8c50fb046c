"""The map of subjects as it is stored: moved on by entries, read for its root and for proofs."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from hashlib import sha256

from psycopg2.extensions import cursor
from psycopg2.extras import execute_values

from ledger.log.merkle import leaf_hash
from ledger.log.subject_map import (
    KEY_BITS,
    TOP,
    History,
    MapProof,
    Part,
    Top,
    bucket_of,
    key_of,
    leaf_of,
    part_of,
    path_below,
    untouched,
)
from ledger.store.connection import Pool, Timeouts, Transaction, one_row
from ledger.store.entries import copy_entries

PAGE = 5_000
"""Entries that one commit takes in at most."""

_PATIENT = Timeouts(lock_ms=60_000, statement_ms=600_000, idle_ms=600_000)
_ONE_INSTANT = "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY"

Subjects = Callable[[bytes], Iterable[str]]
"""Returns the subjects of an entry, from its bytes."""


@dataclass(frozen=True, slots=True)
class Proven:
    """What the map at a size says of a subject, None where it is not in it, and the proof."""

    subject: str
    history: History | None
    proof: MapProof


class StoredMap:
    """The map in the database. Whoever moves it on waits for who does."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        # The upper levels at one size: they are the same for every proof under one seal.
        self._kept: tuple[int, Top] | None = None

    def size(self) -> int:
        """Return how many entries the map has taken in."""
        with self._pool.session() as session:
            session.execute("SELECT size FROM read.subject_map_size")
            return int(one_row(session)[0])

    def advance(self, until: int, subjects: Subjects) -> None:
        """Take in the entries below `until`, a page a commit. It never moves back."""
        while self._advance(until, subjects):
            pass

    def root(self) -> tuple[int, bytes]:
        """Return the size and the root of the map as it is now."""
        with self._at_one_instant() as transaction:
            size = _size(transaction.cursor)
            return size, _top(transaction.cursor).root

    def prove(self, subjects: Sequence[str]) -> tuple[int, bytes, list[Proven]]:
        """Return size and root of the map, and what it says of subjects, all at one instant."""
        with self._at_one_instant() as transaction:
            session = transaction.cursor
            size, kept = _size(session), self._kept
            top = kept[1] if kept and kept[0] == size else _top(session)
            self._kept = size, top
            return size, top.root, [_proven(session, top, subject) for subject in subjects]

    def _at_one_instant(self) -> AbstractContextManager[Transaction]:
        return self._pool.transaction(_ONE_INSTANT, timeouts=_PATIENT)

    def _advance(self, until: int, subjects: Subjects) -> bool:
        locked = "SELECT size FROM read.subject_map_size FOR UPDATE"
        with self._pool.transaction(locked, timeouts=_PATIENT) as transaction:
            session = transaction.cursor
            size = int(one_row(session)[0])
            page = copy_entries(session, size, until, PAGE) if size < until else []
            if not page:
                return False
            touched: dict[str, list[tuple[int, bytes]]] = {}
            for stored in page:
                leaf = leaf_hash(stored.entry)
                for subject in subjects(stored.entry):
                    touched.setdefault(subject, []).append((stored.position, leaf))
            _move(session, touched)
            session.execute("UPDATE read.subject_map_size SET size = %s", (size + len(page),))
            return True


def _move(session: cursor, touched: Mapping[str, Sequence[tuple[int, bytes]]]) -> None:
    """Write the values of the subjects after these entries, and their buckets."""
    keys = {subject: key_of(subject) for subject in touched}
    session.execute(
        "SELECT subject, count, last, chain FROM read.subject_map WHERE key = ANY(%s)",
        (list(keys.values()),),
    )
    found = {
        subject: History(count, last, bytes(chain))
        for subject, count, last, chain in session.fetchall()
    }
    rows = []
    for subject, entries in touched.items():
        history = found.get(subject) or untouched(subject)
        for position, leaf in entries:
            history = history.and_then(position, leaf)
        rows.append((keys[subject], subject, history.count, history.last, history.chain))
    execute_values(
        session,
        "INSERT INTO read.subject_map VALUES %s ON CONFLICT (key) DO UPDATE"
        " SET count = excluded.count, last = excluded.last, chain = excluded.chain",
        rows,
        page_size=1_000,
    )
    _rehash(session, sorted({bucket_of(key) for key in keys.values()}))


def _rehash(session: cursor, buckets: Sequence[int]) -> None:
    session.execute(
        "SET LOCAL enable_seqscan = off;"
        "SELECT key, count, last, chain FROM read.subject_map"
        " WHERE (get_byte(key, 0) << 8) + get_byte(key, 1) = ANY(%s)",
        (list(buckets),),
    )
    leaves: dict[int, list[tuple[bytes, bytes]]] = {}
    for raw, count, last, chain in session.fetchall():
        key = bytes(raw)
        leaf = leaf_of(key, History(count, last, bytes(chain)))
        leaves.setdefault(bucket_of(key), []).append((key, leaf))
    parts = {bucket: part_of(sorted(items), TOP) for bucket, items in leaves.items()}
    execute_values(
        session,
        "INSERT INTO read.subject_map_buckets VALUES %s ON CONFLICT (bucket) DO UPDATE"
        " SET keys = excluded.keys, hash = excluded.hash",
        [(bucket, part.keys, part.hash) for bucket, part in parts.items()],
        page_size=1_000,
    )


def _proven(session: cursor, top: Top, subject: str) -> Proven:
    key = key_of(subject)
    siblings = top.siblings(key)
    if len(siblings) == TOP:
        siblings += path_below(_leaves(session, key, TOP), key, TOP)
    end = _range(session, key, len(siblings))
    if not end:
        return Proven(subject, None, MapProof(tuple(siblings)))
    other, history = end[0]
    if other == key:
        return Proven(subject, history, MapProof(tuple(siblings)))
    shown = (other, sha256(history.canonical()).digest())
    return Proven(subject, None, MapProof(tuple(siblings), shown))


def _leaves(session: cursor, key: bytes, depth: int) -> list[tuple[bytes, bytes]]:
    return [(each, leaf_of(each, history)) for each, history in _range(session, key, depth)]


def _range(session: cursor, key: bytes, depth: int) -> list[tuple[bytes, History]]:
    """Return what the map holds below the first `depth` bits of a key, by key."""
    free = KEY_BITS - depth
    first = int.from_bytes(key) >> free << free
    session.execute(
        "SELECT key, count, last, chain FROM read.subject_map WHERE key BETWEEN %s AND %s"
        " ORDER BY key",
        (first.to_bytes(32), (first | ((1 << free) - 1)).to_bytes(32)),
    )
    return [
        (bytes(found), History(count, last, bytes(chain)))
        for found, count, last, chain in session.fetchall()
    ]


def _size(session: cursor) -> int:
    session.execute("SELECT size FROM read.subject_map_size")
    return int(one_row(session)[0])


def _top(session: cursor) -> Top:
    session.execute("SELECT bucket, keys, hash FROM read.subject_map_buckets")
    return Top({bucket: Part(keys, bytes(found)) for bucket, keys, found in session.fetchall()})
