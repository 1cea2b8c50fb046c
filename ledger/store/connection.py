"""
Lends connections to PostgreSQL, one transaction at a time, and names what can go wrong.

Every transaction is bounded by three timeouts, so that a frozen or slow worker never holds the
head row for long (F18). A connection lost while COMMIT was under way leaves the outcome unknown,
and only then: an earlier loss is a rollback (F13). Nothing is retried here, because only the
caller knows the event ids by which an unknown outcome is resolved.

Connections stay in autocommit mode and BEGIN and COMMIT are written out: that way BEGIN shares a
round trip with the first statement and COMMIT with the last.
"""

import queue
import random
import select
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import Any

import psycopg2
import psycopg2.errors
import psycopg2.extras
from psycopg2.extensions import (
    TRANSACTION_STATUS_IDLE,
    TRANSACTION_STATUS_INERROR,
    TRANSACTION_STATUS_INTRANS,
    cursor,
    make_dsn,
    parse_dsn,
)
from psycopg2.extensions import connection as Connection  # noqa: N812  (it is a class)

from ledger.runtime.computing import Computing
from ledger.runtime.faults import NeedsOperator, Passing
from ledger.store.hint import Hinter
from ledger.store.replication import Confirmations
from ledger.wire.told import Told

KeptMac = Callable[[bytes, int, bytes], bytes]
"""The MAC of what is kept: of what, of how many entries, its bytes (`batches.BatchKey`)."""

Watch = Callable[[object, object], None]
"""Sees what is sent to the database before that is: statements, and their parameters."""


class StoreError(Told):
    """Superclass of the errors of this package. Never raised itself."""


class Unavailable(StoreError, Passing):
    """The database cannot do it now and nothing was stored; the same call may be made again."""


class StorageFull(StoreError, Passing):
    """The database has no room left; nothing was stored."""


class OutcomeUnknown(StoreError, Passing):
    """The connection was lost at COMMIT: ask for the event ids before anything is sent again."""


class ValueUnfit(StoreError):
    """The database does not hold such a value: too long, too large, of another form."""


class Conflict(StoreError):
    """A key that must be unique is taken; nothing was stored."""


class DatabaseDamaged(StoreError, NeedsOperator):
    """PostgreSQL found a page or an index of its own to be corrupt: `techledger operate fsck`."""


class NotAllowed(StoreError, NeedsOperator):
    """The application's role may not do it, or a policy would hide rows: `operate fsck`."""


class NotMigrated(StoreError, NeedsOperator):
    """A table is missing: the migrations have not been run on this database."""


@dataclass(frozen=True, slots=True)
class Timeouts:
    """How long one transaction may wait for a lock, run a statement, stand idle: milliseconds."""

    lock_ms: int = 2_000
    statement_ms: int = 5_000
    idle_ms: int = 5_000

    def commands(self, scope: str) -> str:
        """Return the SET commands for `SESSION` or `LOCAL`."""
        return (
            f"SET {scope} lock_timeout = {self.lock_ms};"
            f"SET {scope} statement_timeout = {self.statement_ms};"
            f"SET {scope} idle_in_transaction_session_timeout = {self.idle_ms};"
        )


class Transaction:
    """An open transaction: `cursor` runs statements in it."""

    __slots__ = ("_closing", "_confirmations", "cursor")

    def __init__(self, cursor: cursor, confirmations: Confirmations | None = None) -> None:
        self.cursor = cursor
        self._confirmations = confirmations
        self._closing = b""

    def close_with(self, statement: str, arguments: Sequence[object] = ()) -> None:
        """Send `statement` in the round trip of COMMIT: its errors arise where the block ends."""
        self._closing += self.cursor.mogrify(statement, arguments) + b";"

    def commit(self) -> None:
        """Commit. Raises `OutcomeUnknown` if the connection broke before the answer came."""
        try:
            self._execute_commit()
        except psycopg2.Error as error:
            if self.cursor.connection.closed or _says_goodbye(error) or error.pgcode is None:
                raise OutcomeUnknown("the connection was lost at COMMIT") from error
            raise
        except (MemoryError, OSError) as error:
            raise OutcomeUnknown("the answer to COMMIT could not be read") from error
        # PostgreSQL answers COMMIT with ROLLBACK where an earlier error was swallowed.
        assert self.cursor.statusmessage == "COMMIT", "a failed transaction was to be committed"

    def _execute_commit(self) -> None:
        statement = self._closing + b"COMMIT"
        if self._confirmations is None:
            self.cursor.execute(statement)
            return
        connection = self.cursor.connection
        connection.notices.clear()
        with self._confirmations.bounded(connection):
            self.cursor.execute(statement)
        # COMMIT has nothing to say but that it waited for a standby no longer.
        if connection.notices:
            raise OutcomeUnknown("no synchronous standby confirmed the commit in time")


class Pool:
    """At most `size` connections, lent to one thread each; anyone who finds none free waits.

    `patience_s` is the longest wait, in seconds, for a free connection and for a database that
    was there before and restarts. A database never reached fails at once: then the settings are
    wrong. With `kept_mac` its readers are answered only from what processes of this ledger kept;
    with `computing` those that have its turn give it back while they wait for the database.
    Where there is a `watch`, it sees whatever is sent on these connections.
    """

    def __init__(  # noqa: PLR0913  (what it works with, by name)
        self,
        dsn: str,
        size: int = 8,
        *,
        application_name: str = "techledger",
        timeouts: Timeouts | None = None,
        patience_s: float = 30.0,
        confirmations: Confirmations | None = None,
        kept_mac: KeptMac | None = None,
        computing: Computing | None = None,
        watch: Watch | None = None,
    ) -> None:
        self.kept_mac = kept_mac
        self._computing = computing or Computing()
        self._cursor = cursor if computing is None else _cursor_of(computing)
        if watch is not None:
            self._cursor = _watched(self._cursor, watch)
        self._dsn = dsn
        self._application_name = application_name
        self._timeouts = timeouts or Timeouts()
        self._patience_s = patience_s
        self._confirmations = confirmations
        self._reached = False
        self._slots: queue.LifoQueue[Connection | None] = queue.LifoQueue()
        for _ in range(size):
            self._slots.put(None)  # None: a connection that may be opened.
        self.hinter = Hinter(self.session)
        self._borrowers = threading.local()

    @contextmanager
    def transaction(
        self,
        statement: str = "",
        arguments: Sequence[object] = (),
        *,
        timeouts: Timeouts | None = None,
    ) -> Iterator[Transaction]:
        """Lend a transaction that begins with `statement`, whose result its cursor holds.

        It commits at the end of the block and rolls back on any exception. READ COMMITTED: order
        comes from the head row's lock, and a statement after it must see what that lock awaited.
        """
        begin = "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE;"
        begin += (timeouts or self._timeouts).commands("LOCAL")
        with self._lent() as lent, translated():
            transaction = Transaction(lent.cursor(), self._confirmations)
            try:
                transaction.cursor.execute(begin + statement, arguments or None)
                yield transaction
                transaction.commit()
            except BaseException:
                _roll_back(lent)
                raise

    @contextmanager
    def connection(self, *, timeouts: Timeouts | None = None) -> Iterator[Connection]:
        """Lend a connection in a transaction; its end is the end of the block."""
        with self.transaction(timeouts=timeouts) as transaction:
            yield transaction.cursor.connection

    @contextmanager
    def session(self) -> Iterator[cursor]:
        """Lend a cursor on which every statement is a transaction of its own."""
        with self._lent() as lent, translated(), lent.cursor() as session:
            yield session

    def open(self) -> Connection:
        """Open a connection that the caller owns and closes, beside those that are lent.

        Raises `Unavailable`.
        """
        with translated():
            opened = psycopg2.connect(
                owned(self._dsn),
                application_name=self._application_name,
                cursor_factory=self._cursor,
                connect_timeout=10,
                # A peer that vanished is noticed in about 20 s, not in two hours.
                keepalives_idle=10,
                keepalives_interval=3,
                keepalives_count=3,
                tcp_user_timeout=20_000,
            )
            opened.autocommit = True
            psycopg2.extras.register_uuid(conn_or_curs=opened)  # type: ignore[no-untyped-call]
            with opened.cursor() as session:
                own = _OWN + self._timeouts.commands("SESSION")
                if opened.info.server_version >= _VERSION_17:
                    own += f"SET {_SINCE_17} = 0;"
                session.execute(own)
        self._reached = True
        return opened

    def foreign_defaults(self) -> dict[str, str]:
        """Return which of our sessions' own settings have another value where none is set."""
        ours = _DEFAULTS | {_SINCE_17: "0"}
        found = {name: self._default_of(name) for name in ours}
        return {name: value for name, value in found.items() if value not in (None, ours[name])}

    def _default_of(self, name: str) -> str | None:
        """Return the value of a setting in a session that sets all others; None: there is none."""
        others = {each: value for each, value in _DEFAULTS.items() if each != name}
        with translated():
            opened = psycopg2.connect(
                make_dsn(self._dsn, options=_options(others)),
                application_name=self._application_name,
            )
        with closing(opened):
            opened.autocommit = True
            try:
                with opened.cursor() as session:
                    session.execute("SELECT current_setting(%s, true)", (name,))
                    value: str | None = one_row(session)[0]
                    return value
            except psycopg2.Error as error:
                return f"not to be asked: {str(error).strip().splitlines()[0]}"

    def has_standby_names(self) -> bool:
        """Say whether the database was told to wait for a synchronous standby."""
        with self.session() as session:
            session.execute("SHOW synchronous_standby_names")
            return bool(one_row(session)[0])

    def barrier(self) -> None:
        """Commit something, so that all that was committed before is where this one is.

        With a synchronous standby: there as well. Raises `OutcomeUnknown`, `Unavailable`.
        """
        with self.transaction("SELECT pg_logical_emit_message(true, 'techledger', 'barrier')"):
            pass

    def hint(self, channel: str) -> None:
        """Wake anyone who listens on `channel`, soon, from another thread; it may get lost."""
        self.hinter.hint(channel)

    def close(self) -> None:
        """Close the connections that are free. Lent ones must have come back before."""
        self.hinter.stop()
        while True:
            try:
                free = self._slots.get_nowait()
            except queue.Empty:
                return
            if free is not None:
                free.close()

    @contextmanager
    def _lent(self) -> Iterator[Connection]:
        lent: Connection | None = None
        # Anyone who waits for a second one while holding the first may wait for oneself.
        assert not getattr(self._borrowers, "holds", False), "a thread has one connection at a time"
        try:
            with self._computing.waiting():
                free = self._slots.get(timeout=self._patience_s)
        except queue.Empty:
            raise Unavailable("every connection to the database is in use") from None
        self._borrowers.holds = True
        try:
            with self._computing.waiting():
                lent = free if free is not None and _is_alive(free) else self._reopen()
            yield lent
        finally:
            self._borrowers.holds = False
            if lent is not None and not _is_idle(lent):
                lent.close()
                lent = None
            self._slots.put(lent)

    def _reopen(self) -> Connection:
        deadline = time.monotonic() + (self._patience_s if self._reached else 0)
        pause = 0.02
        while True:
            try:
                return self.open()
            except Unavailable:
                if time.monotonic() + pause > deadline:
                    raise
            time.sleep(pause * random.uniform(0.5, 1.0))  # noqa: S311  (jitter, not a secret)
            pause = min(2 * pause, 1.0)


def _cursor_of(computing: Computing) -> type[cursor]:
    """Return cursors whose threads let others compute while the database works."""

    class Waiting(cursor):
        def execute(self, *arguments: Any) -> None:
            with computing.waiting():
                super().execute(*arguments)

        def copy_expert(self, *arguments: Any, **named: Any) -> None:
            with computing.waiting():
                super().copy_expert(*arguments, **named)

    return Waiting


def _watched(kind: type[cursor], watch: Watch) -> type[cursor]:
    """Return cursors of a kind that tell what they send."""

    class Watched(kind):  # type: ignore[misc, valid-type]  # the kind is a value
        def execute(self, statement: Any, arguments: Any = None) -> None:
            watch(statement, arguments)
            super().execute(statement, arguments)

        def copy_expert(self, statement: Any, *arguments: Any, **named: Any) -> None:
            watch(statement, None)
            super().copy_expert(statement, *arguments, **named)

    return Watched


# A role's or a database's own settings change what no statement of ours means, and a policy that
# would hide rows is an error: then nobody is answered.
_OWN = "SET TIME ZONE 'UTC'; SET search_path TO pg_catalog, pg_temp; SET row_security TO off;"


_DEFAULTS = {
    "statement_timeout": "0",
    "lock_timeout": "0",
    "idle_in_transaction_session_timeout": "0",
    "idle_session_timeout": "0",
    "default_transaction_isolation": "read committed",
    "default_transaction_read_only": "off",
    "default_transaction_deferrable": "off",
}
"""What every session of ours begins with, whatever server, database and role would have it be."""

_SINCE_17 = "transaction_timeout"
"""Off as well, where the server knows it: an older one refuses the session."""

_VERSION_17 = 170_000


def owned(dsn: str, version: int = 0) -> str:
    """Return a DSN whose sessions begin with our own settings, on a server of `version`."""
    settings = _DEFAULTS | ({_SINCE_17: "0"} if version >= _VERSION_17 else {})
    return make_dsn(dsn, options=f"{parse_dsn(dsn).get('options', '')} {_options(settings)}")


def _options(settings: dict[str, str]) -> str:
    return " ".join(
        "-c " + f"{name}={value}".replace(" ", "\\ ") for name, value in settings.items()
    )


@contextmanager
def translated() -> Iterator[None]:
    """Raise the store's own errors for the driver's; those that are our bugs pass as they are."""
    try:
        yield
    except psycopg2.Error as error:
        kind = _kind_of(error)
        if kind is None:
            raise
        raise kind(str(error).strip() or type(error).__name__) from error


_KINDS: dict[str, type[StoreError]] = {
    "23505": Conflict,  # unique_violation
    "42501": NotAllowed,  # insufficient_privilege
    "3F000": NotMigrated,  # invalid_schema_name
    "42P01": NotMigrated,  # undefined_table
    "53100": StorageFull,  # disk_full
    "XX001": DatabaseDamaged,  # data_corrupted
    "XX002": DatabaseDamaged,  # index_corrupted
}
"""SQLSTATE to error (PostgreSQL manual, appendix A)."""

_PASSING = ("08", "25006", "25P03", "40", "53", "55P03", "57", "58")
"""Beginnings of the SQLSTATEs of what passes: lost connections, locks, timeouts, a server that
starts, stops, recovers or stands by, resources, input and output."""


_UNFIT = ("22", "54")
"""Beginnings of the SQLSTATEs of data that cannot be stored: data exceptions, program limits."""


def _kind_of(error: psycopg2.Error) -> type[StoreError] | None:
    code: str | None = error.pgcode
    if code is None:
        # A bare DatabaseError is what the driver makes of an answer that stops in the middle, as
        # where PostgreSQL ends all sessions because another one was killed.
        lost = isinstance(error, psycopg2.OperationalError | psycopg2.InterfaceError)
        return Unavailable if lost or type(error) is psycopg2.DatabaseError else None
    if code.startswith(_UNFIT):
        return ValueUnfit
    return _KINDS.get(code) or (Unavailable if code.startswith(_PASSING) else None)


def _says_goodbye(error: psycopg2.Error) -> bool:
    """Say whether a server that ends the session says so (57P01 to 57P05)."""
    return (error.pgcode or "").startswith("57P")


def _roll_back(lent: Connection) -> None:
    """Roll back if there is anything to; a connection that cannot is not lent again."""
    open_states = (TRANSACTION_STATUS_INTRANS, TRANSACTION_STATUS_INERROR)
    if lent.closed or lent.info.transaction_status not in open_states:
        return
    try:
        with lent.cursor() as session:
            session.execute("ROLLBACK")
    except psycopg2.Error:
        lent.close()


def _is_idle(lent: Connection) -> bool:
    return not lent.closed and lent.info.transaction_status == TRANSACTION_STATUS_IDLE


def _is_alive(free: Connection) -> bool:
    """Say whether an idle connection still stands: one that ended has something to read."""
    if free.closed:
        return False
    waiting = select.poll()
    waiting.register(free.fileno(), select.POLLIN)
    if waiting.poll(0):
        free.close()
        return False
    return True


def one_row(session: cursor) -> tuple[Any, ...]:
    """Return the row of a statement that always gives one."""
    row = session.fetchone()
    assert row is not None, "the statement gives exactly one row"
    return row
