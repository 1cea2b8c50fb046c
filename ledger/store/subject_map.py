"""
The map of subjects as it is stored: moved on by entries, read for its root and for proofs.

Anyone who moves it on leaves a MAC over size and root. So it is known whose work the whole is, and
what is read of it to move it on is held against the root before.
"""

import hmac
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from hashlib import sha256
from struct import Struct

from psycopg2.extensions import cursor
from psycopg2.extras import execute_values

from ledger.log.merkle import HASH_SIZE, leaf_hash
from ledger.log.subject_map import (
    EMPTY,
    KEY_BITS,
    TOP,
    Branch,
    History,
    MapProof,
    Top,
    bucket_of,
    key_of,
    leaf_of,
    part_of,
    path_below,
    untouched,
)
from ledger.store.connection import Pool, StoreError, Timeouts, Transaction, one_row
from ledger.store.entries import copy_entries

PAGE = 10_000
"""Entries that one commit takes in at most."""

_PART = Struct(">ih32s")

_PATIENT = Timeouts(lock_ms=60_000, statement_ms=600_000, idle_ms=600_000)
_ONE_INSTANT = "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY"

Subjects = Callable[[bytes], Iterable[str]]
"""Returns the subjects of an entry, from its bytes."""

Mac = Callable[[int, bytes], bytes]
"""Returns the MAC of a map of a size and a root."""

_ALONE = (
    "LOCK TABLE read.subject_map, read.subject_map_buckets, read.subject_map_size"
    " IN SHARE ROW EXCLUSIVE MODE"
)


class MapDoubted(StoreError):
    """The stored map is not as one of this ledger's processes left it."""


@dataclass(frozen=True, slots=True)
class Proven:
    """What the map at a size says of a subject, None where it is not in it, and the proof."""

    subject: str
    history: History | None
    proof: MapProof


class StoredMap:
    """The map in the database. Anyone who moves it on waits for who does.

    With a `mac` it is moved on, and its root is told, only if it is as this left it.
    """

    def __init__(self, pool: Pool, mac: Mac | None = None) -> None:
        self._pool, self._mac = pool, mac
        # The upper levels at one size: they are the same for every proof under one seal.
        self._kept: tuple[int, Top] | None = None

    def advance(self, until: int, subjects: Subjects) -> None:
        """Take in the entries below `until`, a page a commit. It never moves back.

        Raises `MapDoubted`.
        """
        while self._advance(until, subjects):
            pass

    def root(self) -> tuple[int, bytes]:
        """Return the size and the root of the map as it is now. Raises `MapDoubted`."""
        with self._at_one_instant() as transaction:
            size, top = self._checked(transaction.cursor)
            return size, top.root

    def clear(self) -> None:
        """Take everything out of the map again."""
        with self._pool.transaction(_ALONE, timeouts=_PATIENT) as transaction:
            transaction.cursor.execute(
                "DELETE FROM read.subject_map; DELETE FROM read.subject_map_buckets;"
                "UPDATE read.subject_map_size SET size = 0, mac = NULL"
            )

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
        with self._pool.transaction(_ALONE, timeouts=_PATIENT) as transaction:
            session = transaction.cursor
            size = _size(session)
            page = copy_entries(session, size, until, PAGE) if size < until else []
            if not page:
                return False
            _, top = self._checked(session)
            touched: dict[str, list[tuple[int, bytes]]] = {}
            for stored in page:
                leaf = leaf_hash(stored.entry)
                for subject in subjects(stored.entry):
                    touched.setdefault(subject, []).append((stored.position, leaf))
            top.put(_move(session, touched))
            size += len(page)
            mac = self._mac and self._mac(size, top.root)
            session.execute("UPDATE read.subject_map_size SET size = %s, mac = %s", (size, mac))
            return True

    def _checked(self, session: cursor) -> tuple[int, Top]:
        session.execute("SELECT size, mac FROM read.subject_map_size")
        size, mac = one_row(session)
        top = _top(session)
        if (
            self._mac is not None
            and (size, top.root) != (0, EMPTY)
            and not hmac.compare_digest(self._mac(size, top.root), bytes(mac or b""))
        ):
            raise MapDoubted("somebody else wrote the map of subjects")
        return size, top


def _move(
    session: cursor, touched: Mapping[str, Sequence[tuple[int, bytes]]]
) -> Mapping[int, Branch]:
    """Write the values of the subjects after these entries, and their buckets; return these."""
    keys = {subject: key_of(subject) for subject in touched}
    session.execute(
        "SELECT subject, count, last, chain FROM read.subject_map WHERE key = ANY(%s)",
        (list(keys.values()),),
    )
    found = {
        subject: History(count, last, bytes(chain))
        for subject, count, last, chain in session.fetchall()
    }
    histories = {}
    for subject, entries in touched.items():
        history = found.get(subject) or untouched(subject)
        for position, leaf in entries:
            history = history.and_then(position, leaf)
        histories[subject] = history
    execute_values(
        session,
        "INSERT INTO read.subject_map VALUES %s ON CONFLICT (key) DO UPDATE"
        " SET count = excluded.count, last = excluded.last, chain = excluded.chain",
        [
            (keys[subject], subject, each.count, each.last, each.chain)
            for subject, each in histories.items()
        ],
        page_size=1_000,
    )
    changed: dict[int, dict[bytes, bytes]] = {}
    before: dict[bytes, bytes | None] = {}
    for subject, key in keys.items():
        changed.setdefault(bucket_of(key), {})[key] = leaf_of(key, histories[subject])
        before[key] = leaf_of(key, found[subject]) if subject in found else None
    return _rehash(session, changed, before)


def _rehash(
    session: cursor,
    changed: Mapping[int, Mapping[bytes, bytes]],
    before: Mapping[bytes, bytes | None],
) -> Mapping[int, Branch]:
    """Write buckets some of whose leaves, by key, are new or others; return them.

    Raises `MapDoubted` where the leaves are not those of the bucket's hash, or of the values.
    """
    session.execute(
        "SELECT bucket, keys, hash, leaves FROM read.subject_map_buckets WHERE bucket = ANY(%s)",
        (list(changed),),
    )
    found: dict[int, dict[bytes, bytes]] = {}
    for bucket, keys, hashed, leaves in session.fetchall():
        items = unpack_leaves(leaves)
        if part_of(items, TOP) != (keys, bytes(hashed)):
            raise MapDoubted(f"bucket {bucket} of the map of subjects has other leaves")
        found[bucket] = dict(items)
    rows, parts = [], {}
    for bucket, leaves in changed.items():
        held = found.get(bucket, {})
        if any(held.get(key) != before[key] for key in leaves):
            raise MapDoubted(f"bucket {bucket} of the map of subjects has other values")
        items = sorted({**held, **leaves}.items())
        part = parts[bucket] = part_of(items, TOP)
        rows.append((bucket, part.keys, part.hash, b"".join(key + leaf for key, leaf in items)))
    execute_values(
        session,
        "INSERT INTO read.subject_map_buckets (bucket, keys, hash, leaves) VALUES %s"
        " ON CONFLICT (bucket) DO UPDATE"
        " SET keys = excluded.keys, hash = excluded.hash, leaves = excluded.leaves",
        rows,
        page_size=1_000,
    )
    return parts


def unpack_leaves(raw: bytes) -> list[tuple[bytes, bytes]]:
    """Return the (key, leaf) pairs that a bucket keeps."""
    raw = bytes(raw)
    starts = range(0, len(raw), 2 * HASH_SIZE)
    return [(raw[at : at + HASH_SIZE], raw[at + HASH_SIZE : at + 2 * HASH_SIZE]) for at in starts]


def _proven(session: cursor, top: Top, subject: str) -> Proven:
    key = key_of(subject)
    siblings = top.siblings(key)
    if len(siblings) == TOP:
        siblings += path_below(_leaves(session, bucket_of(key)), key, TOP)
    end = _range(session, key, len(siblings))
    if not end:
        return Proven(subject, None, MapProof(tuple(siblings)))
    other, history = end[0]
    if other == key:
        return Proven(subject, history, MapProof(tuple(siblings)))
    shown = (other, sha256(history.canonical()).digest())
    return Proven(subject, None, MapProof(tuple(siblings), shown))


def _leaves(session: cursor, bucket: int) -> list[tuple[bytes, bytes]]:
    session.execute("SELECT leaves FROM read.subject_map_buckets WHERE bucket = %s", (bucket,))
    row = session.fetchone()
    return [] if row is None else unpack_leaves(row[0])


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
    # In one piece: as rows they would take three times as long as all that is hashed above them.
    session.execute(
        "SELECT string_agg(int4send(bucket) || int2send(keys) || hash, ''::bytea)"
        " FROM read.subject_map_buckets"
    )
    (found,) = one_row(session)
    rows = _PART.iter_unpack(found or b"")
    return Top({bucket: Branch(keys, part) for bucket, keys, part in rows})
