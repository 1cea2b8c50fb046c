"""What witnesses signed beside the log's checkpoints; every line is kept, the latest counts."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from psycopg2.extras import execute_values

from ledger.store.checkpoints import StoredCheckpoint, checkpoint_at
from ledger.store.connection import Pool
from ledger.store.hint import CHECKPOINT_CHANNEL


@dataclass(frozen=True, slots=True)
class Cosignature:
    """A witness's line under the checkpoint of `size`, signed at `time` in POSIX seconds."""

    size: int
    name: str
    key_id: bytes
    time: int
    line: str


def insert_cosignatures(pool: Pool, cosignatures: Sequence[Cosignature]) -> None:
    """Store lines; those that are stored already change nothing."""
    rows = [(c.size, c.name, c.key_id, c.time, c.line) for c in cosignatures]
    with pool.transaction() as transaction:
        execute_values(
            transaction.cursor,
            "INSERT INTO ledger.cosignatures VALUES %s ON CONFLICT DO NOTHING",
            rows,
        )
    pool.hint(CHECKPOINT_CHANNEL)


def cosignatures_of(pool: Pool, size: int) -> list[Cosignature]:
    """Return the latest line of each key under the checkpoint of `size`, in order of the keys."""
    with pool.session() as session:
        session.execute(
            "SELECT DISTINCT ON (name, key_id) size, name, key_id, time, line"
            " FROM ledger.cosignatures WHERE size = %s ORDER BY name, key_id, time DESC",
            (size,),
        )
        return [
            Cosignature(size, name, bytes(key_id), time, line)
            for size, name, key_id, time, line in session.fetchall()
        ]


def cosigned_checkpoints(
    pool: Pool, above: int = -1
) -> Iterator[tuple[StoredCheckpoint, list[Cosignature]]]:
    """Yield the checkpoints larger than `above` that any witness cosigned, the largest first."""
    with pool.session() as session:
        session.execute(
            "SELECT DISTINCT size FROM ledger.cosignatures WHERE size > %s ORDER BY size DESC",
            (above,),
        )
        sizes = [size for (size,) in session.fetchall()]
    for size in sizes:
        if checkpoint := checkpoint_at(pool, size):
            yield checkpoint, cosignatures_of(pool, size)
