"""
Submissions that were promised an answer, sealed, until they have one; and refusals, for a while.

Several processes give promises, one at a time: so what is stored is counted as it is. Several may
have them judged: each takes rows that no other one has under way.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from ledger.runtime.faults import NeedsOperator
from ledger.store.connection import Pool, StoreError, Transaction, one_row

_ALONE = "SELECT pg_advisory_xact_lock(hashtext('techledger promises'))"

_COLUMNS = "payload_sha256, event_id, keys, received, answer_by, sealed, refusal, tries"

_TAKE = (
    f"SELECT {_COLUMNS} FROM ledger.promises WHERE sealed IS NOT NULL"  # noqa: S608
    " ORDER BY tries, received LIMIT %s FOR UPDATE SKIP LOCKED"
)


@dataclass(frozen=True, slots=True)
class StoredPromise:
    """What was promised, by the payload's hash: `sealed` while it waits, then the `refusal`.

    `tries` is how often it could not be judged.
    """

    payload_sha256: bytes
    event_id: UUID
    keys: tuple[str, ...]
    received: datetime
    answer_by: datetime
    sealed: bytes | None
    refusal: bytes | None = None
    tries: int = 0


class NotKept(StoreError, NeedsOperator):
    """What was to be kept until it is answered is not in its table: nothing is promised."""


class Promising:
    """The stored promises, while nobody else adds to them.

    `known` are those asked for that are there already, `answered` the payload hashes of those that
    the log has recorded, under whatever bytes, or refused for good. `count`, `bytes` and `of_key`
    are what is stored in all, and by the keys asked for; `add` keeps them right.
    """

    def __init__(self, transaction: Transaction, asked: Sequence[StoredPromise]) -> None:
        self._cursor = transaction.cursor
        payloads = [each.payload_sha256 for each in asked]
        self.known = self._find(payloads)
        self.answered = self._find_answered(asked, payloads)
        self._cursor.execute(
            "SELECT count(*), coalesce(sum(octet_length(sealed)), 0)::bigint FROM ledger.promises"
        )
        self.count, self.bytes = one_row(self._cursor)
        self._cursor.execute(
            "SELECT key, count(*) FROM ledger.promises, unnest(keys) AS key"
            " WHERE key = ANY(%s) GROUP BY key",
            ([key for each in asked for key in each.keys],),
        )
        self.of_key: Counter[str] = Counter(dict(self._cursor.fetchall()))
        self._written: dict[bytes, StoredPromise] = {}

    def add(self, new: StoredPromise) -> None:
        """Store one more."""
        assert new.sealed is not None, "it waits for its answer"
        self._cursor.execute(
            f"INSERT INTO ledger.promises ({_COLUMNS})"  # noqa: S608  (a constant)
            " VALUES (%s, %s, %s, %s, %s, %s, NULL, 0)",
            (
                *(new.payload_sha256, new.event_id, list(new.keys)),
                *(new.received, new.answer_by, new.sealed),
            ),
        )
        self.known[new.payload_sha256] = self._written[new.payload_sha256] = new
        self.count += 1
        self.bytes += len(new.sealed)
        self.of_key.update(new.keys)

    def renew(self, known: StoredPromise, new: StoredPromise) -> None:
        """Put the submission, as it came again, in the place of one that could not be judged."""
        self._cursor.execute(
            "UPDATE ledger.promises SET sealed = %s WHERE payload_sha256 = %s",
            (new.sealed, known.payload_sha256),
        )
        self._written[known.payload_sha256] = replace(known, sealed=new.sealed)

    def read_back(self) -> None:
        """Make sure that the table holds what was written, before it is committed and told.

        Raises `NotKept`: whatever stands on the table has had its way by then.
        """
        self._cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        if self._find([*self._written]) != self._written:
            raise NotKept(
                "the table ledger.promises does not keep what is written there: operate fsck says"
                " what stands on it"
            )

    def _find(self, payloads: Sequence[bytes]) -> dict[bytes, StoredPromise]:
        self._cursor.execute(
            f"SELECT {_COLUMNS} FROM ledger.promises"  # noqa: S608  (a constant)
            " WHERE payload_sha256 = ANY(%s)",
            (list(payloads),),
        )
        return {bytes(row[0]): _stored(*row) for row in self._cursor.fetchall()}

    def _find_answered(
        self, asked: Sequence[StoredPromise], payloads: Sequence[bytes]
    ) -> frozenset[bytes]:
        self._cursor.execute(
            "SELECT event_id FROM ledger.entries WHERE event_id = ANY(%s)",
            ([each.event_id for each in asked],),
        )
        recorded = {event_id for (event_id,) in self._cursor.fetchall()}
        self._cursor.execute(
            "SELECT payload_sha256 FROM ledger.refusals WHERE payload_sha256 = ANY(%s)",
            (list(payloads),),
        )
        dead = {bytes(payload) for (payload,) in self._cursor.fetchall()}
        return frozenset(
            each.payload_sha256
            for each in asked
            if each.event_id in recorded or each.payload_sha256 in dead
        )


@contextmanager
def promising(pool: Pool, asked: Sequence[StoredPromise]) -> Iterator[Promising]:
    """Lend what is stored, to be added to; what was added is committed where the block ends.

    It is read back before that. Raises `Unavailable`, `StorageFull`, `NotKept`: nothing was
    stored; and `OutcomeUnknown`.
    """
    with pool.transaction(_ALONE) as transaction:
        stored = Promising(transaction, asked)
        yield stored
        stored.read_back()


class TakenPromises:
    """Submissions that wait for their answer, those tried least first; nobody else has them."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction
        self.rows = [_stored(*row) for row in transaction.cursor.fetchall()]

    def recorded(self, row: StoredPromise) -> None:
        """Note that the log shows the answer: nothing more is kept here."""
        self._close("DELETE FROM ledger.promises WHERE payload_sha256 = %s", row)

    def refused(self, row: StoredPromise, refusal: bytes) -> None:
        """Keep the signed refusal in the place of what it refuses."""
        self._close(
            "UPDATE ledger.promises SET sealed = NULL, refusal = %s WHERE payload_sha256 = %s",
            row,
            refusal,
        )

    def failed(self, row: StoredPromise) -> None:
        """Note that it could not be judged: others go first."""
        self._close("UPDATE ledger.promises SET tries = tries + 1 WHERE payload_sha256 = %s", row)

    def forget_refusals(self, before: datetime) -> None:
        """Remove the refusals of what was to be answered before an instant."""
        self._transaction.close_with(
            "DELETE FROM ledger.promises WHERE refusal IS NOT NULL AND answer_by < %s", (before,)
        )

    def _close(self, statement: str, row: StoredPromise, *values: object) -> None:
        self._transaction.close_with(statement, (*values, row.payload_sha256))


@contextmanager
def taking(pool: Pool, limit: int) -> Iterator[TakenPromises]:
    """Lend some of what waits; what was noted of them is committed where the block ends."""
    with pool.transaction(_TAKE, (limit,)) as transaction:
        yield TakenPromises(transaction)


def find_promise(pool: Pool, payload_sha256: bytes) -> StoredPromise | None:
    """Return what is stored under a payload's hash."""
    with pool.session() as session:
        session.execute(
            f"SELECT {_COLUMNS} FROM ledger.promises WHERE payload_sha256 = %s",  # noqa: S608
            (payload_sha256,),
        )
        row = session.fetchone()
    return None if row is None else _stored(*row)


def count_waiting(pool: Pool, now: datetime) -> tuple[int, int]:
    """Return how many submissions wait for their answer, and how many of them for too long."""
    with pool.session() as session:
        session.execute(
            "SELECT count(*), count(*) FILTER (WHERE answer_by < %s)"
            " FROM ledger.promises WHERE sealed IS NOT NULL",
            (now,),
        )
        waiting, late = one_row(session)
    return waiting, late


def _stored(  # noqa: PLR0913, PLR0917  (one argument a column)
    payload_sha256: bytes,
    event_id: UUID,
    keys: list[str],
    received: datetime,
    answer_by: datetime,
    sealed: bytes | None,
    refusal: bytes | None,
    tries: int,
) -> StoredPromise:
    return StoredPromise(
        bytes(payload_sha256),
        event_id,
        tuple(keys),
        received,
        answer_by,
        None if sealed is None else bytes(sealed),
        None if refusal is None else bytes(refusal),
        tries,
    )
