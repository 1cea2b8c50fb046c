"""The batches in which entries were appended, each with the MAC of the sequencer that did."""

from dataclasses import dataclass

from ledger.store import head
from ledger.store.connection import Pool
from ledger.store.head import Head, head_of


@dataclass(frozen=True, slots=True)
class Batch:
    """A batch: the position of its first entry, how many there are, its MAC."""

    first: int
    entries: int
    mac: bytes


def read_head_and_batches(pool: Pool, start: int) -> tuple[Head, list[Batch]]:
    """Return the head, and the batches from `start` on. Raises `DatabaseNotInitialised`."""
    with pool.session() as session:
        session.execute(
            f"SELECT {head.COLUMNS}, b.first, b.entries, b.mac FROM ledger.head"  # noqa: S608
            " LEFT JOIN ledger.batches b ON b.first >= %s ORDER BY b.first",
            (start,),
        )
        rows = session.fetchall()
    batches = [Batch(first, entries, bytes(mac)) for *_, first, entries, mac in rows if mac]
    return head_of(rows[0] if rows else None), batches
