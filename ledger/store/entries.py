"""
Reads of the log: by position, by subject, by event id, by payload hash.

Whatever is visible is committed, and commits are in order of position: a reader that has seen
position n has seen everything before it.
"""

import io
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from psycopg2.extensions import cursor

from ledger.store import head
from ledger.store.binarycopy import unpack_entries
from ledger.store.connection import Pool, StoreError
from ledger.store.head import Head, head_of

_COLUMNS = "e.position, e.accepted, e.event_id, e.leaf_hash, e.topic, e.entry"

_NO_LIMIT = 2**63 - 1
"""The largest bigint: beyond every position."""


_PAGE = 500
"""Entries of subjects' histories that are read at once."""

# Each subject gives its first positions, as many as a page has; the page is the first of all.
_LISTED = (
    "SELECT subject, t.position FROM unnest(%s::text[]) AS asked (subject), LATERAL"
    " (SELECT position FROM ledger.{} AS t WHERE t.subject = asked.subject"
    " AND position > %s AND position < %s ORDER BY position LIMIT %s) AS t"
)
_HISTORIES = (
    "WITH tagged AS (SELECT position, array_agg(subject) AS subjects FROM"  # noqa: S608
    f" ({_LISTED.format('turns')} UNION ALL {_LISTED.format('tags')}) AS listed"
    " GROUP BY position ORDER BY position LIMIT %s)"
    f" SELECT {_COLUMNS}, t.subjects FROM tagged t JOIN ledger.entries e USING (position)"
    " ORDER BY position"
)


@dataclass(frozen=True, slots=True)
class StoredEntry:
    """An entry as it stands in the log. `entry` is the frame, byte for byte."""

    position: int
    event_id: UUID
    topic: str
    accepted: datetime
    leaf_hash: bytes
    entry: bytes


@dataclass(frozen=True, slots=True)
class SubjectPage:
    """Some of a subject's entries; `after` continues behind them, None if that was all."""

    entries: tuple[StoredEntry, ...]
    after: int | None


class LogUnfinished(StoreError):
    """The log has no first entry, or no first checkpoint: it waits for those who have to sign."""

    def __init__(self) -> None:
        super().__init__(
            "LOG_UNFINISHED: the log has no first entry yet, or no first checkpoint: techledger"
            " operate init finishes it, or says who has to sign first; then techledger operate init"
            " --resume signed.json"
        )


def read_head(pool: Pool) -> Head:
    """Return the log's head. Raises `DatabaseNotInitialised`."""
    with pool.session() as session:
        session.execute(f"SELECT {head.COLUMNS} FROM ledger.head")  # noqa: S608  (a constant)
        return head_of(session.fetchone())


def read_first(pool: Pool) -> StoredEntry:
    """Return entry 0, which opens the log. Raises `LogUnfinished`."""
    for first in read_entries(pool, 0, 1, 1):
        return first
    raise LogUnfinished


def read_entries(pool: Pool, start: int, stop: int | None, limit: int) -> list[StoredEntry]:
    """Return the entries at positions `start` up to but without `stop`, at most `limit`."""
    with pool.session() as session:
        return copy_entries(session, start, stop, limit)


def copy_entries(
    session: cursor, start: int, stop: int | None = None, limit: int = _NO_LIMIT
) -> list[StoredEntry]:
    """Do what `read_entries` does, on a cursor that one has already."""
    raw = io.BytesIO()
    end = min(start + limit, _NO_LIMIT if stop is None else stop)
    session.copy_expert(
        f"COPY (SELECT {_COLUMNS} FROM ledger.entries e"  # noqa: S608  (a constant, two integers)
        f" WHERE position >= {start:d} AND position < {end:d} ORDER BY position)"
        " TO STDOUT (FORMAT binary)",
        raw,
    )
    return [
        StoredEntry(position, event_id, topic, accepted, leaf, entry)
        for position, accepted, event_id, leaf, topic, entry in unpack_entries(raw.getvalue())
    ]


def read_by_subject(
    pool: Pool, subject: str, after: int = -1, limit: int = 1_000
) -> list[StoredEntry]:
    """Return the entries tagged with `subject` behind position `after`, at most `limit`."""
    return list(subject_page(pool, subject, after=after, limit=limit).entries)


def subject_page(
    pool: Pool, subject: str, *, after: int = -1, size: int | None = None, limit: int = 100
) -> SubjectPage:
    """Return a page of a subject's entries behind position `after`, oldest first.

    `size` leaves out what came later: the log as it was known when it had that size.
    """
    with pool.session() as session:
        session.execute(
            f"SELECT {_COLUMNS} FROM ledger.tags t JOIN ledger.entries e USING (position)"  # noqa: S608
            # Where both are merged, the entries are not read from the first.
            " WHERE t.subject = %s AND t.position > %s AND e.position > %s AND t.position < %s"
            " ORDER BY t.position LIMIT %s",
            (subject, after, after, _NO_LIMIT if size is None else size, limit + 1),
        )
        found = [_entry(row) for row in session.fetchall()]
    page = tuple(found[:limit])
    return SubjectPage(page, page[-1].position if len(found) > limit else None)


def read_turning_both(pool: Pool, first: str, second: str, topic: str) -> list[StoredEntry]:
    """Return the entries of a topic that turn both of two subjects, in order."""
    with pool.session() as session:
        session.execute(
            f"SELECT {_COLUMNS} FROM ledger.turns a JOIN ledger.turns b USING (position)"  # noqa: S608
            " JOIN ledger.entries e USING (position)"
            " WHERE a.subject = %s AND b.subject = %s AND e.topic = %s ORDER BY position",
            (first, second, topic),
        )
        return [_entry(row) for row in session.fetchall()]


def latest_under(
    pool: Pool, subject: str, topic: str, size: int | None = None
) -> StoredEntry | None:
    """Return the latest entry of a topic, below a size, that is tagged with a subject.

    For a subject with a history of its own that is short, as the ledger and its charter are.
    """
    with pool.session() as session:
        session.execute(
            # Where there is none of the topic, the planner would else look for it in all entries.
            "WITH t AS MATERIALIZED (SELECT position FROM ledger.tags WHERE subject = %s)"  # noqa: S608
            f" SELECT {_COLUMNS} FROM t JOIN ledger.entries e USING (position)"
            " WHERE e.topic = %s AND position < %s ORDER BY position DESC LIMIT 1",
            (subject, topic, _NO_LIMIT if size is None else size),
        )
        row = session.fetchone()
    return None if row is None else _entry(row)


def tagged_positions(
    pool: Pool, subjects: Sequence[str], size: int, limit: int
) -> dict[str, list[int]]:
    """Return for each subject the positions below `size` tagged with it, the first `limit` of them.

    However many there are: it looks at no more than it returns.
    """
    with pool.session() as session:
        session.execute(
            "SELECT asked.subject, t.position FROM unnest(%s::text[]) AS asked (subject),"
            " LATERAL (SELECT position FROM ledger.tags WHERE tags.subject = asked.subject"
            " AND position < %s ORDER BY position LIMIT %s) AS t",
            (list(subjects), size, limit),
        )
        found: dict[str, list[int]] = {}
        for subject, position in session.fetchall():
            found.setdefault(subject, []).append(position)
    return found


def read_topics(pool: Pool, topics: Sequence[str], stop: int) -> list[StoredEntry]:
    """Return the entries of these topics below `stop`, in order: they should be few."""
    with pool.session() as session:
        session.execute(
            f"SELECT {_COLUMNS} FROM ledger.entries e"  # noqa: S608  (a constant)
            " WHERE topic = ANY(%s) AND position < %s ORDER BY position",
            (list(topics), stop),
        )
        return [_entry(row) for row in session.fetchall()]


def first_by_subjects(pool: Pool, subjects: Sequence[str]) -> list[StoredEntry]:
    """Return the first entry tagged with each of these subjects, where there is one; one read."""
    with pool.session() as session:
        session.execute(
            f"SELECT {_COLUMNS} FROM unnest(%s::text[]) AS asked(subject) CROSS JOIN LATERAL"  # noqa: S608
            " (SELECT position FROM ledger.tags t WHERE t.subject = asked.subject"
            " ORDER BY position LIMIT 1) first JOIN ledger.entries e USING (position)",
            (list(subjects),),
        )
        return [_entry(row) for row in session.fetchall()]


def read_at(pool: Pool, positions: Sequence[int]) -> list[StoredEntry]:
    """Return the entries at these positions, in order, as far as they are there."""
    with pool.session() as session:
        session.execute(
            f"SELECT {_COLUMNS} FROM ledger.entries e WHERE position = ANY(%s) ORDER BY position",  # noqa: S608
            (list(positions),),
        )
        return [_entry(row) for row in session.fetchall()]


def read_histories(
    pool: Pool,
    subjects: Sequence[str],
    size: int,
    turning: Callable[[str], bool] = lambda _subject: False,
) -> Iterator[tuple[StoredEntry, list[str]]]:
    """Yield the entries below `size` tagged with any of these subjects, in order, and with which.

    Of a subject for which `turning` holds only those that turn it (`ledger.turns`). Memory holds
    one page of them.
    """
    steady = [subject for subject in subjects if turning(subject)]
    others = [subject for subject in subjects if not turning(subject)]
    after = -1
    while True:
        with pool.session() as session:
            bounds = (after, size, _PAGE)
            session.execute(_HISTORIES, (steady, *bounds, others, *bounds, _PAGE))
            rows = session.fetchall()
        for row in rows:
            yield _entry(row), row[6]
        if len(rows) < _PAGE:
            return
        after = rows[-1][0]


def find_event(pool: Pool, event_id: UUID) -> StoredEntry | None:
    """Return the entry of an event, or None if the log does not hold it."""
    with pool.session() as session:
        session.execute(
            f"SELECT {_COLUMNS} FROM ledger.entries e WHERE event_id = %s",  # noqa: S608
            (event_id,),
        )
        row = session.fetchone()
    return None if row is None else _entry(row)


def positions_of(pool: Pool, payload_hashes: Sequence[bytes]) -> dict[bytes, int]:
    """Return the positions of the events with these payload hashes, SHA-256 each, where known."""
    with pool.session() as session:
        session.execute(
            "SELECT payload_sha256, min(position) FROM ledger.entries"
            " WHERE payload_sha256 = ANY(%s) GROUP BY payload_sha256",
            (list(payload_hashes),),
        )
        return {bytes(sha256): position for sha256, position in session.fetchall()}


def place_of(pool: Pool, payload_sha256: bytes) -> tuple[int, UUID] | None:
    """Return where the event with this payload hash stands, and its id, None if nowhere."""
    with pool.session() as session:
        session.execute(
            "SELECT position, event_id FROM ledger.entries WHERE payload_sha256 = %s"
            " ORDER BY position LIMIT 1",
            (payload_sha256,),
        )
        row = session.fetchone()
    return None if row is None else (row[0], row[1])


def positions_by_id(pool: Pool, first: UUID, last: UUID, most: int) -> list[int]:
    """Return where events stand whose ids lie from `first` to `last`, `most` of them."""
    return _positions(pool, "event_id", (first, last), most)


def positions_by_hash(pool: Pool, first: bytes, last: bytes, most: int) -> list[int]:
    """Return where events stand whose payload hashes lie from `first` to `last`, `most` of them."""
    return _positions(pool, "payload_sha256", (first, last), most)


def _positions(
    pool: Pool, column: str, bounds: tuple[UUID, UUID] | tuple[bytes, bytes], most: int
) -> list[int]:
    with pool.session() as session:
        session.execute(
            f"SELECT position FROM ledger.entries WHERE {column} BETWEEN %s AND %s"  # noqa: S608
            f" ORDER BY {column}, position LIMIT %s",
            (*bounds, most),
        )
        return [position for (position,) in session.fetchall()]


def _entry(row: tuple[Any, ...]) -> StoredEntry:
    position, accepted, event_id, leaf, topic, entry = row[:6]
    return StoredEntry(position, event_id, topic, accepted, bytes(leaf), bytes(entry))
