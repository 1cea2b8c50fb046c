"""What the database can take at most: rows like those of the log, and nothing around them."""

import io
import secrets
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from itertools import count

from bench.raw import rate
from ledger.store.binarycopy import HEADER, TRAILER, pack_entry, pack_instant
from ledger.store.connection import Pool

BATCH = 256
"""Rows of one COPY: what the sequencer commits at most at once."""

ENTRY = 950
"""Bytes of a typical entry."""

_TABLE = "bench.rows"
_TOPIC = "offer.made/1"


def copied(owner: Pool, seconds: float) -> float:
    """Return rows a second by COPY BINARY, in commits of `BATCH`, as the append writes them."""
    positions = count()

    def work() -> int:
        rows = [
            pack_entry(next(positions), accepted, uuid.uuid4(), digest, digest, _TOPIC, entry)
            for _ in range(BATCH)
        ]
        raw = io.BytesIO(b"".join((HEADER, *rows, TRAILER)))
        with owner.transaction() as transaction:
            transaction.cursor.copy_expert(
                f"COPY {_TABLE} FROM STDIN (FORMAT binary)", raw, size=1 << 20
            )
        return BATCH

    accepted, digest, entry = (
        pack_instant(datetime.now(UTC)),
        secrets.token_bytes(32),
        secrets.token_bytes(ENTRY),
    )
    with _table(owner):
        return rate(work, seconds)


def inserted(owner: Pool, seconds: float) -> float:
    """Return rows a second by INSERT, one a commit, one round trip each."""
    positions = count()
    now, digest, entry = datetime.now(UTC), secrets.token_bytes(32), secrets.token_bytes(ENTRY)
    with _table(owner), owner.session() as session:

        def work() -> int:
            session.execute(
                f"INSERT INTO {_TABLE} VALUES (%s, %s, %s, %s, %s, %s, %s)",  # noqa: S608
                (next(positions), now, uuid.uuid4(), digest, digest, _TOPIC, entry),
            )
            return 1

        return rate(work, seconds)


@contextmanager
def _table(owner: Pool) -> Iterator[None]:
    """Keep an empty table with the columns and keys of the log's, in a schema of its own.

    The server, which serves no schema but the product's, starts when it is gone.
    """
    with owner.session() as session:
        session.execute(
            f"CREATE SCHEMA bench; CREATE TABLE {_TABLE} (LIKE ledger.entries"
            " INCLUDING CONSTRAINTS INCLUDING INDEXES INCLUDING STORAGE)"
        )
    try:
        yield
    finally:
        with owner.session() as session:
            session.execute("DROP SCHEMA bench CASCADE")
