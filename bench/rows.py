"""What the database can take at most: rows like those of the log, and nothing around them."""

import io
import secrets
import uuid
from datetime import UTC, datetime
from itertools import count

from bench.raw import rate
from ledger.store.binarycopy import HEADER, TRAILER, pack_entry, pack_instant
from ledger.store.connection import Pool

BATCH = 256
"""Rows of one COPY: what the sequencer commits at most at once."""

ENTRY = 950
"""Bytes of a typical entry."""

_TABLE = "bench_rows"
_TOPIC = "offer.made/1"


def copied(owner: Pool, seconds: float) -> float:
    """Return rows a second by COPY BINARY, in commits of `BATCH`, as the append writes them."""
    _create(owner)
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
    return rate(work, seconds)


def inserted(owner: Pool, seconds: float) -> float:
    """Return rows a second by INSERT, one a commit, one round trip each."""
    _create(owner)
    positions = count()
    now, digest, entry = datetime.now(UTC), secrets.token_bytes(32), secrets.token_bytes(ENTRY)
    with owner.session() as session:

        def work() -> int:
            session.execute(
                f"INSERT INTO {_TABLE} VALUES (%s, %s, %s, %s, %s, %s, %s)",  # noqa: S608
                (next(positions), now, uuid.uuid4(), digest, digest, _TOPIC, entry),
            )
            return 1

        return rate(work, seconds)


def _create(owner: Pool) -> None:
    """Make an empty table with the columns and keys of the log's."""
    with owner.session() as session:
        session.execute(
            f"DROP TABLE IF EXISTS {_TABLE};"
            f"CREATE TABLE {_TABLE} (LIKE ledger.entries INCLUDING CONSTRAINTS INCLUDING INDEXES"
            " INCLUDING STORAGE)"
        )
