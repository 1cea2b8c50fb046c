"""Whether the server keeps its write-ahead log, as the server itself says."""

from dataclasses import dataclass
from datetime import datetime

from ledger.store.connection import Pool, one_row


@dataclass(frozen=True, slots=True)
class Archiver:
    """How many segments were archived, when the last was, and which one fails, if one does."""

    segments: int
    last: datetime | None
    failing: str | None


def read_archiver(pool: Pool) -> Archiver:
    """Return what `pg_stat_archiver` says; a failure that a later success made good is none."""
    with pool.session() as session:
        session.execute(
            "SELECT archived_count, last_archived_time,"
            " CASE WHEN last_failed_time > coalesce(last_archived_time, '-infinity')"
            " THEN last_failed_wal END FROM pg_stat_archiver"
        )
        return Archiver(*one_row(session))
