"""
Holds indexes to their tables: an index that does not have a row makes it nobody's, and not unique.

An index is out of step with its table where it was damaged, or where anyone who owns the database
switched it off for a while: what was written meanwhile is in the table alone.
"""

import json
from collections.abc import Iterator, Sequence
from uuid import UUID

from psycopg2.extensions import cursor

from ledger.runtime.faults import NeedsOperator
from ledger.store.append import uuid_array
from ledger.store.connection import Pool, StoreError, one_row

EVENT_IDS = "ledger.entries_event_id_key"
"""The index that an event's id is unique by."""

_MEND = f"operate fsck, then REINDEX INDEX {EVENT_IDS} as the owner of the database"

_BY_INDEX = (
    "SET LOCAL enable_seqscan TO off;"  # noqa: S608  (a constant)
    " SELECT coalesce((SELECT indisunique AND indisvalid"
    " AND indisready AND indislive AND indpred IS NULL FROM pg_index"
    f" WHERE indexrelid = to_regclass('{EVENT_IDS}')), false), NULL::uuid, NULL::bigint"
    " UNION ALL SELECT true, event_id, position FROM ledger.entries"
    " WHERE event_id = ANY(%s::uuid[])"
)

_ALL = """
SELECT i.indrelid::regclass::text, c.relname, m.amname, pg_get_expr(i.indpred, i.indrelid),
    ARRAY(SELECT pg_get_indexdef(i.indexrelid, n, true) FROM generate_series(1, i.indnkeyatts) n)
FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_class t ON t.oid = i.indrelid
JOIN pg_namespace s ON s.oid = t.relnamespace JOIN pg_am m ON m.oid = c.relam
WHERE s.nspname IN ('ledger', 'read') AND t.relkind = 'r' AND m.amname IN ('btree', 'gin')
ORDER BY 1, 2
"""

_DIGEST = "SELECT count(*), sum(hashtextextended(held::text, 0)::numeric) FROM ({}) AS held"

_TWICE = (
    "SELECT event_id, min(position), max(position) FROM ledger.entries"
    " GROUP BY event_id HAVING count(*) > 1 ORDER BY 2"
)

_WAYS = ("indexscan", "indexonlyscan", "bitmapscan", "seqscan", "sort")


def _without(*ways: str) -> str:
    """Return the settings that leave the planner all ways but some."""
    return "".join(f"SET LOCAL enable_{way} TO {way not in ways};" for way in _WAYS)


_BY_ITSELF = _without("seqscan", "sort")
_BY_TABLE = _without("indexscan", "indexonlyscan", "bitmapscan")


class IndexUnsound(StoreError, NeedsOperator):
    """An index does not have what its table has: nothing is unique by it."""


def find_events(pool: Pool, event_ids: Sequence[UUID]) -> set[tuple[UUID, int]]:
    """Return where events stand, as the index of their ids has it. Raises `IndexUnsound`."""
    with pool.transaction(_BY_INDEX, (uuid_array(event_ids),)) as transaction:
        rows = transaction.cursor.fetchall()
    if not all(sound for sound, *_ in rows):
        raise IndexUnsound(f"the index {EVENT_IDS} is not as it was made: {_MEND}")
    return {(event_id, position) for _, event_id, position in rows if event_id}


def index_lacks(position: int) -> IndexUnsound:
    """Return the error that says which entry the index of event ids does not have."""
    return IndexUnsound(f"the index {EVENT_IDS} does not have entry {position}: {_MEND}")


def index_faults(session: cursor) -> Iterator[str]:
    """Yield which indexes do not have what their tables have, and which events are twice.

    The tables are read past every index.
    """
    session.execute(_ALL)
    for table, name, method, predicate, columns in session.fetchall():
        keys = ", ".join(columns)
        rows = f"SELECT {keys} FROM {table} WHERE {predicate or 'true'}"  # noqa: S608  (catalogue)
        every = f" ORDER BY {keys}" if method == "btree" else f" AND {columns[0]} @> '{{}}'"
        by_index = _DIGEST.format(rows + every)
        session.execute(f"{_BY_ITSELF} EXPLAIN (FORMAT JSON) {by_index}")
        if f'"Index Name": {json.dumps(name)}' not in json.dumps(one_row(session)[0]):
            continue  # Another has the same order, or it is off, which the look at flags says.
        session.execute(by_index)
        found = one_row(session)
        session.execute(_BY_TABLE + _DIGEST.format(rows))
        if one_row(session) != found:
            yield f"the index {name} does not have what {table} has: REINDEX it"
    session.execute(_BY_TABLE + _TWICE)
    for event_id, first, last in session.fetchall():
        yield f"the event {event_id} is in the log more than once, at {first} and at {last}"
    session.execute(_without())
