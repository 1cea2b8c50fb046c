"""
The openings of what the log only commits to, encrypted: the rows from which anything may be erased.

They are written in the commit that writes their entry (`append.py`) and opened by
`ledger.sequence.vault`, whose keys never enter the database. A row that goes leaves a record of
itself and why.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from psycopg2.extensions import cursor

from ledger.store.connection import Pool, one_row


@dataclass(frozen=True, slots=True)
class VaultRow:
    """An opening as it is kept: the JSON pointer of its section, the commitment's digest.

    `sealed` opens with the ledger's data key and those that `holders` names, in this order.
    """

    path: str
    commitment: bytes
    holders: tuple[str, ...]
    sealed: bytes


@dataclass(frozen=True, slots=True)
class KeptOpening:
    """A row of the vault, and which event it belongs to."""

    position: int
    event_id: UUID
    payload_sha256: bytes
    row: VaultRow


@dataclass(frozen=True, slots=True)
class ErasedOpening:
    """What is left of an opening: `erased_by` is the event that erased it; None if given up."""

    path: str
    commitment: bytes
    holders: tuple[str, ...]
    erased_by: int | None


@dataclass(frozen=True, slots=True)
class PlainOpening:
    """An opening that an earlier build kept in the clear."""

    position: int
    path: str
    salt: bytes
    value: bytes


@dataclass(frozen=True, slots=True)
class Erasure:
    """An event by which a person is erased, in the log or behind the end of a closed one."""

    position: int
    entry: bytes


_KEPT = (
    "SELECT v.position, e.event_id, e.payload_sha256, v.path, v.commitment, v.holders, v.sealed"
    " FROM ledger.vault v JOIN ledger.entries e ON e.position = v.position"
)


def find_opening(session: cursor, subject: str, commitment: bytes) -> KeptOpening | None:
    """Return what an event of the subject sealed under a commitment, if it is kept."""
    session.execute(
        f"{_KEPT} JOIN ledger.tags t ON t.position = v.position"
        " WHERE v.commitment = %s AND t.subject = %s LIMIT 1",
        (commitment, subject),
    )
    row = session.fetchone()
    return None if row is None else _kept(*row)


def read_openings(pool: Pool, positions: Sequence[int]) -> list[KeptOpening]:
    """Return the openings of the entries at these positions, by position and path.

    A position without openings, because it never had any or they were erased, is left out.
    """
    with pool.session() as session:
        session.execute(f"{_KEPT} WHERE v.position = ANY(%s) ORDER BY 1, 4", (list(positions),))
        return [_kept(*row) for row in session.fetchall()]


def pending_erasures(pool: Pool, applied: int) -> list[Erasure]:
    """Return, in order, the erasures not carried out here yet, and all after position `applied`."""
    with pool.session() as session:
        session.execute(
            "SELECT position, entry FROM ledger.entries e WHERE topic = 'person.erased/1'"
            " AND (position > %s OR NOT EXISTS"
            " (SELECT FROM ledger.erasures done WHERE done.position = e.position))"
            " ORDER BY position",
            (applied,),
        )
        return [Erasure(position, bytes(entry)) for position, entry in session.fetchall()]


def carried_out(pool: Pool, positions: Sequence[int]) -> frozenset[int]:
    """Return which of these erasures have been carried out here."""
    with pool.session() as session:
        session.execute(
            "SELECT position FROM ledger.erasures WHERE position = ANY(%s)", (list(positions),)
        )
        return frozenset(position for (position,) in session.fetchall())


def erase_openings(pool: Pool, holder: str, erased_by: int) -> int:
    """Remove the openings that need the key of `holder`, and record that; return how many.

    Doing it again changes nothing: then none are left to remove.
    """
    with pool.transaction() as transaction:
        transaction.cursor.execute(
            "WITH gone AS (DELETE FROM ledger.vault WHERE cardinality(holders) > 0"
            " AND holders @> ARRAY[%s] RETURNING position, path, commitment, holders),"
            " recorded AS (INSERT INTO ledger.erased_openings"
            " SELECT position, path, commitment, holders, %s FROM gone),"
            " carried_out AS (INSERT INTO ledger.erasures (position, openings)"
            " SELECT %s, count(*) FROM gone ON CONFLICT DO NOTHING)"
            " SELECT count(*) FROM gone",
            (holder, erased_by, erased_by),
        )
        removed: int = one_row(transaction.cursor)[0]
    return removed


def give_up_openings(pool: Pool) -> int:
    """Remove all openings, their keys being lost, and record that; return how many."""
    with pool.transaction() as transaction:
        transaction.cursor.execute(
            "WITH gone AS (DELETE FROM ledger.vault RETURNING position, path, commitment, holders),"
            " recorded AS (INSERT INTO ledger.erased_openings"
            " SELECT position, path, commitment, holders, NULL FROM gone)"
            " SELECT count(*) FROM gone"
        )
        removed: int = one_row(transaction.cursor)[0]
    return removed


def count_openings(pool: Pool) -> int:
    """Return how many openings are kept."""
    with pool.session() as session:
        session.execute("SELECT count(*) FROM ledger.vault")
        found: int = one_row(session)[0]
    return found


def note_shown(pool: Pool, position: int, path: str, shown_to: str, reason: str) -> None:
    """Record that an opening is about to be shown; it is, only if this returns."""
    with pool.session() as session:
        session.execute(
            "INSERT INTO ledger.shown_openings (position, path, shown_to, reason)"
            " VALUES (%s, %s, %s, %s)",
            (position, path, shown_to, reason),
        )


def read_plain_openings(pool: Pool, limit: int) -> list[PlainOpening]:
    """Return some of the openings that an earlier build kept in the clear."""
    with pool.session() as session:
        session.execute(
            "SELECT position, path, salt, value FROM ledger.plain_openings"
            " ORDER BY position, path LIMIT %s",
            (limit,),
        )
        return [
            PlainOpening(position, path, bytes(salt), bytes(value))
            for position, path, salt, value in session.fetchall()
        ]


def replace_plain_opening(pool: Pool, plain: PlainOpening, row: VaultRow | None) -> None:
    """Put an encrypted row in the place of one in the clear, or none where it opened nothing."""
    with pool.transaction() as transaction:
        if row is not None:
            transaction.cursor.execute(
                "WITH new AS (INSERT INTO ledger.vault VALUES (%s, %s, %s, %s, %s)"
                " ON CONFLICT DO NOTHING RETURNING 1)"
                " UPDATE ledger.kept SET openings = openings + (SELECT count(*) FROM new)",
                (plain.position, row.path, row.commitment, list(row.holders), row.sealed),
            )
        transaction.cursor.execute(
            "DELETE FROM ledger.plain_openings WHERE position = %s AND path = %s",
            (plain.position, plain.path),
        )


def _kept(  # noqa: PLR0913, PLR0917  (one argument a column)
    position: int,
    event_id: UUID,
    payload_sha256: bytes,
    path: str,
    commitment: bytes,
    holders: list[str],
    sealed: bytes,
) -> KeptOpening:
    row = VaultRow(path, bytes(commitment), tuple(holders), bytes(sealed))
    return KeptOpening(position, event_id, bytes(payload_sha256), row)


def openings_kept(pool: Pool) -> int:
    """Return how many openings were ever kept, those that were erased since too."""
    with pool.session() as session:
        session.execute("SELECT coalesce(sum(openings), 0)::bigint FROM ledger.kept")
        kept: int = one_row(session)[0]
    return kept
