"""
Tables of read models: made, loaded, written, swapped and asked, in schema `read`.

What the rows mean is none of the store's business: a `Table` is a name and columns, rows are
tuples of values in the order of the columns. Nothing here is precious: every table can be folded
again from the entries, so its commits need not wait for the disk. Rows and `read.progress`, which
says how far each table has been folded, are always written in one commit.
"""

import io
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from typing import Any

from psycopg2 import sql
from psycopg2.extensions import cursor

from ledger.store.connection import Pool, StoreError, Timeouts, ValueUnfit, one_row, translated
from ledger.store.frames import Frame, frames_between

Values = tuple[Any, ...]
"""A row, as the values of its columns."""

BULK = Timeouts(lock_ms=10_000, statement_ms=3_600_000, idle_ms=60_000)
"""For statements over whole tables: an index, a digest."""

_SWAP = Timeouts(lock_ms=1_000, statement_ms=60_000, idle_ms=60_000)

_RELAXED = "SET LOCAL synchronous_commit = off;"


@dataclass(frozen=True, slots=True)
class Column:
    """A column; `kind` is its PostgreSQL type. Text is ordered by code point, on every machine."""

    name: str
    kind: str
    optional: bool


@dataclass(frozen=True, slots=True)
class Table:
    """A table of `read`: `key` is its primary key, `indexes` are further lists of columns."""

    name: str
    columns: tuple[Column, ...]
    key: tuple[str, ...]
    indexes: tuple[tuple[str, ...], ...]

    @property
    def shape(self) -> list[str]:
        """Return the columns in words, by which a table of another shape is told."""
        return [f"{column.name} {column.kind}" for column in self.columns]


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a table has been folded: up to, not including, position `size`.

    `generation` is another whenever the table was made again, which fences off anyone who still
    folds into the old one. `halted` says why the entry at position `size` cannot be folded.
    `digest` is what the one who folds keeps of the rows, None where an earlier version kept
    nothing; `mac` shows who kept it.
    """

    name: str
    version: int
    shape: list[str]
    generation: int
    size: int
    halted: str | None
    digest: bytes | None
    mac: bytes | None


@dataclass(frozen=True, slots=True)
class Write:
    """What a commit does to one table that must still be as `progress` says.

    `gone` are the primary keys of rows that go, `added` are rows that come; `digest` is None where
    it stays as it is.
    """

    table: Table
    progress: Progress
    size: int
    halted: str | None
    digest: bytes | None
    gone: Sequence[tuple[str, int]]
    added: Sequence[Values]
    mac: bytes | None = None


class Fenced(StoreError):
    """Another runner or a rebuild has moved a table: what was folded since must be dropped."""


class Unwritable(ValueUnfit):
    """A row cannot be written: it holds what no entry can say."""


class Rebuilding(StoreError):
    """Another rebuild of the read models is under way."""


def read_progress(pool: Pool) -> dict[str, Progress]:
    """Return how far each table has been folded, by name."""
    with pool.transaction(f"SELECT {_PROGRESS} FROM read.progress") as transaction:  # noqa: S608
        return {row[0]: _progress(row) for row in transaction.cursor}


_PROGRESS = "name, version, shape, generation, size, halted, digest, mac"


def _progress(row: Values) -> Progress:
    name, version, shape, generation, size, halted, *hashed = row
    digest, mac = (None if each is None else bytes(each) for each in hashed)
    return Progress(name, version, shape, generation, size, halted, digest, mac)


def next_name(name: str) -> str:
    """Return the name of the table that is to take the place of another."""
    return f"{name}__next"


def create_table(
    pool: Pool, table: Table, version: int, kept: tuple[bytes, bytes | None], *, keyed: bool
) -> Progress:
    """Make an empty table, in place of any of its name, and return its progress.

    `kept` is what is kept of no rows, and its MAC. Without `keyed` it has no primary key yet:
    `index_table` makes that and the other indexes, which is faster once the rows are there.
    """
    columns = sql.SQL(", ").join(map(_definition, table.columns))
    key = sql.SQL(", PRIMARY KEY ({})").format(_comma(table.key)) if keyed else sql.SQL("")
    with pool.transaction(timeouts=BULK) as transaction:
        run = transaction.cursor.execute
        run(sql.SQL("DROP TABLE IF EXISTS {}").format(_qualified(table.name)))
        run(sql.SQL("CREATE TABLE {} ({}{})").format(_qualified(table.name), columns, key))
        run("DELETE FROM read.progress WHERE name = %s", (table.name,))
        run(
            "INSERT INTO read.progress (name, version, shape, size, digest, mac)"  # noqa: S608
            f" VALUES (%s, %s, %s, 0, %s, %s) RETURNING {_PROGRESS}",
            (table.name, version, table.shape, *kept),
        )
        return _progress(one_row(transaction.cursor))


def index_table(pool: Pool, table: Table, *, keyed: bool) -> None:
    """Make the indexes of a filled table, and its primary key if it has none yet."""
    with pool.transaction(timeouts=BULK) as transaction:
        if not keyed:
            transaction.cursor.execute(
                sql.SQL("ALTER TABLE {} ADD PRIMARY KEY ({})").format(
                    _qualified(table.name), _comma(table.key)
                )
            )
        for columns in table.indexes:
            transaction.cursor.execute(
                sql.SQL("CREATE INDEX ON {} ({})").format(_qualified(table.name), _comma(columns))
            )
        transaction.cursor.execute(sql.SQL("ANALYZE {}").format(_qualified(table.name)))


def swap_tables(pool: Pool, names: Mapping[str, str]) -> bool:
    """Put tables in the place of others (new name to live name), all in one commit.

    Return False, having done nothing, if a live table has been folded further than the new one:
    readers never see a table go back. Raises `Unavailable` if a reader stays longer than a second:
    as long as this waits for one, the others wait too.
    """
    with pool.transaction(
        "SELECT name, size FROM read.progress WHERE name = ANY(%s) ORDER BY name FOR UPDATE",
        ([*names, *names.values()],),
        timeouts=_SWAP,
    ) as transaction:
        sizes = dict(transaction.cursor.fetchall())
        if any(sizes.get(live, 0) > sizes[new] for new, live in names.items()):
            return False
        for new, live in names.items():
            _swap(transaction.cursor, new, live)
        return True


def _swap(session: cursor, new: str, live: str) -> None:
    session.execute(sql.SQL("DROP TABLE IF EXISTS {}").format(_qualified(live)))
    session.execute(
        sql.SQL("ALTER TABLE {} RENAME TO {}").format(_qualified(new), sql.Identifier(live))
    )
    session.execute("DELETE FROM read.progress WHERE name = %s", (live,))
    session.execute("UPDATE read.progress SET name = %s WHERE name = %s", (live, new))


def forget_progress(pool: Pool, names: Iterable[str]) -> None:
    """Forget how far tables have been folded: nobody reads them, until others take their place."""
    forget = "DELETE FROM read.progress WHERE name = ANY(%s)"
    with pool.transaction(forget, (list(names),)):
        pass


@contextmanager
def only_rebuild(pool: Pool) -> Iterator[None]:
    """Hold the lock of rebuilds, on a connection of its own; raises `Rebuilding` if it is taken.

    It is released with the connection, however this process ends.
    """
    with closing(pool.open()) as session, translated(), session.cursor() as lock:
        lock.execute("SELECT pg_try_advisory_lock(hashtext('read.rebuild'))")
        if not one_row(lock)[0]:
            raise Rebuilding("another rebuild of the read models is under way")
        yield
        # A connection that was closed may live on for a moment: the next rebuild need not wait.
        lock.execute("SELECT pg_advisory_unlock_all()")


def load_rows(pool: Pool, table: Table, keys: Sequence[str]) -> list[Values]:
    """Return the rows with these values in the key's first column, in order of the key."""
    query = sql.SQL("SELECT {} FROM {} WHERE {} = ANY(%s) ORDER BY {}").format(
        _names(table), _qualified(table.name), sql.Identifier(table.key[0]), _comma(table.key)
    )
    with pool.transaction(timeouts=BULK) as transaction:
        transaction.cursor.execute(query, (list(keys),))
        return _read(table, transaction.cursor.fetchall())


def write_batch(pool: Pool, writes: Sequence[Write]) -> None:
    """Write rows and progress of several tables in one commit.

    Raises `Fenced`, having written nothing, if one of them is not as its `progress` says.
    """
    with pool.transaction(_RELAXED, timeouts=BULK) as transaction:
        _advance(transaction.cursor, writes)
        for write in writes:
            _delete(transaction.cursor, write.table, write.gone)
            _copy(transaction.cursor, write.table, write.added)


def _advance(session: cursor, writes: Sequence[Write]) -> None:
    names = sorted(write.table.name for write in writes)
    # All writers take the rows in one order, so they wait for each other and never in a ring.
    session.execute(
        "SELECT name, generation, size FROM read.progress WHERE name = ANY(%s)"
        " ORDER BY name FOR UPDATE",
        (names,),
    )
    found = set(session.fetchall())
    for write in writes:
        if (write.table.name, write.progress.generation, write.progress.size) not in found:
            raise Fenced(f"read.{write.table.name} was moved by another runner")
    session.execute(
        "UPDATE read.progress SET size = moved.size, halted = moved.halted,"
        " digest = coalesce(moved.digest, progress.digest), mac = moved.mac"
        " FROM unnest(%s::text[], %s::bigint[], %s::text[], %s::bytea[], %s::bytea[])"
        " AS moved (name, size, halted, digest, mac) WHERE progress.name = moved.name",
        (
            [write.table.name for write in writes],
            [write.size for write in writes],
            [write.halted for write in writes],
            [write.digest for write in writes],
            [write.mac for write in writes],
        ),
    )
    assert session.rowcount == len(writes), "every progress row is locked and there"


def _delete(session: cursor, table: Table, gone: Sequence[tuple[str, int]]) -> None:
    if not gone:
        return
    first, second = map(sql.Identifier, table.key)
    session.execute(
        sql.SQL(
            "DELETE FROM {table} AS old"
            " USING unnest(%s::text[], %s::bigint[]) AS gone (first, second)"
            " WHERE old.{first} = gone.first AND old.{second} = gone.second"
        ).format(table=_qualified(table.name), first=first, second=second),
        ([key for key, _ in gone], [place for _, place in gone]),
    )
    if session.rowcount != len(gone):
        raise Fenced(f"rows of read.{table.name} are gone that nobody else may touch")


def _copy(session: cursor, table: Table, added: Sequence[Values]) -> None:
    if not added:
        return
    statement = sql.SQL("COPY {} ({}) FROM STDIN (DELIMITER {}, NULL {})").format(
        _qualified(table.name), _names(table), sql.Literal(_DELIMITER), sql.Literal(_NULL)
    )
    session.copy_expert(statement, io.BytesIO(_written(table, added)), size=1 << 20)


_DELIMITER, _NULL = "\x1f", "\x1e"
"""Controls, which no text of an entry can hold (`ledger.wire.text`)."""


def _written(table: Table, rows: Sequence[Values]) -> bytes:
    """Write rows for COPY, text format (PostgreSQL manual, COPY), column by column.

    A text stands as it is: what COPY could mistake for its own signs are controls, which no text
    of an entry can hold, and the backslash, which is doubled everywhere at the end.
    """
    values = zip(*rows, strict=True)
    columns = [_column(column, each) for column, each in zip(table.columns, values, strict=True)]
    lines = [_DELIMITER.join(fields) for fields in zip(*columns, strict=True)]
    lines.append("")
    text = "\n".join(lines)
    signs = len(rows) * (len(columns) - 1)
    if text.count("\n") != len(rows) or text.count(_DELIMITER) != signs:
        raise Unwritable(f"a text for read.{table.name} holds a control character")
    return text.replace("\\", "\\\\").encode()


def _column(column: Column, values: Sequence[Any]) -> Iterable[str]:
    write = _WRITERS.get(column.kind)
    if column.optional:
        if write is None:
            return [_NULL if value is None else value for value in values]
        return [_NULL if value is None else write(value) for value in values]
    return values if write is None else map(write, values)


def _write_texts(values: Sequence[str]) -> str:
    if not values:
        return "{}"
    inside = '","'.join(values)
    if "\\" in inside or inside.count('"') != 2 * (len(values) - 1):
        inside = '","'.join([v.replace("\\", "\\\\").replace('"', '\\"') for v in values])
    return f'{{"{inside}"}}'


def _write_integers(values: Iterable[int]) -> str:
    return "{" + ",".join(map(str, values)) + "}"


_WRITERS: Mapping[str, Callable[[Any], str]] = {
    "bigint": str,
    "numeric": str,
    "boolean": str,
    "date": date.isoformat,
    "timestamptz": lru_cache(maxsize=1024)(datetime.isoformat),
    "text[]": _write_texts,
    "bigint[]": _write_integers,
}
"""How values other than text are written; a text is already."""


class Snapshot:
    """Tables as they are at one instant. `sizes` says how far each has been folded.

    `progress` is all that is kept of them, of those of another shape as well.
    """

    def __init__(
        self, session: cursor, sizes: Mapping[str, int], progress: Mapping[str, Progress]
    ) -> None:
        self._session = session
        self.sizes = sizes
        self.progress = progress

    def select(
        self,
        table: Table,
        where: str,
        asked: Mapping[str, object],
        order: str,
        limit: int | None,
    ) -> list[Values]:
        """Return the rows that satisfy a condition in SQL with named parameters."""
        query = f"{_selecting(table, self._session)} WHERE {where} ORDER BY {order} LIMIT %(limit)s"
        self._session.execute(query, {**asked, "limit": limit})
        return _read(table, self._session.fetchall())

    def ask(self, statement: str, asked: Mapping[str, object]) -> list[Values]:
        """Return what a statement of the caller's own selects, with named parameters."""
        self._session.execute(statement, asked)
        return self._session.fetchall()

    def digest(self, table: Table) -> bytes | None:
        """Return what is kept of a table's rows."""
        self._session.execute("SELECT digest FROM read.progress WHERE name = %s", (table.name,))
        (kept,) = one_row(self._session)
        return None if kept is None else bytes(kept)

    def log_size(self) -> int:
        """Return how many entries the log had at that instant."""
        self._session.execute("SELECT size FROM ledger.head")
        (size,) = one_row(self._session)
        return int(size)

    def pages(self, table: Table, order: Sequence[str]) -> Iterator[list[Values]]:
        """Return all rows of a table in pages, ordered by columns; memory holds a page."""
        return _pages(self._session, table, order)

    def frames(self, size: int, page: int) -> Iterator[Frame]:
        """Return the first `size` entries of the log; memory holds a page of so many."""
        for start in range(0, size, page):
            yield from frames_between(self._session, start, min(start + page, size))


@contextmanager
def snapshot(
    pool: Pool, tables: Sequence[Table], *, timeouts: Timeouts | None = None
) -> Iterator[Snapshot]:
    """Look at tables at one instant. Raises `NotMigrated` if one is not there.

    A table of another shape, which another version made, has no size.
    """
    # The locks come first: a snapshot older than a swap would find the new table empty.
    names = ", ".join(f"read.{table.name}" for table in tables)
    begin = (
        "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY;"  # noqa: S608  (our own names)
        f"LOCK TABLE {names} IN ACCESS SHARE MODE;"
        f"SELECT {_PROGRESS} FROM read.progress WHERE name = ANY(%s)"
    )
    shapes = {table.name: table.shape for table in tables}
    with pool.transaction(begin, (list(shapes),), timeouts=timeouts) as transaction:
        found = [_progress(row) for row in transaction.cursor]
        sizes = {each.name: each.size for each in found if each.shape == shapes[each.name]}
        yield Snapshot(transaction.cursor, sizes, {each.name: each for each in found})


def scan(pool: Pool, table: Table, order: Sequence[str]) -> Iterator[list[Values]]:
    """Return all rows of a table in pages, ordered by columns; memory holds a page."""
    with pool.transaction(timeouts=BULK) as transaction:
        yield from _pages(transaction.cursor, table, order)


def _pages(session: cursor, table: Table, order: Sequence[str]) -> Iterator[list[Values]]:
    query = sql.SQL("DECLARE page NO SCROLL CURSOR FOR SELECT {} FROM {} ORDER BY {}")
    session.execute(query.format(_names(table), _qualified(table.name), _comma(order)))
    while True:
        session.execute("FETCH 5000 FROM page")
        page = session.fetchall()
        if not page:
            session.execute("CLOSE page")
            return
        yield _read(table, page)


def _read(table: Table, rows: Iterable[Values]) -> list[Values]:
    """Return rows as they were written: lists are tuples again, exact numbers integers."""
    readers = [
        (index, _READERS[column.kind])
        for index, column in enumerate(table.columns)
        if column.kind in _READERS
    ]
    if not readers:
        return list(rows)
    return [_as_written(row, readers) for row in rows]


def _as_written(row: Values, readers: Sequence[tuple[int, Callable[[Any], Any]]]) -> Values:
    values = list(row)
    for index, read in readers:
        if values[index] is not None:
            values[index] = read(values[index])
    return tuple(values)


_READERS: Mapping[str, Callable[[Any], Any]] = {"numeric": int, "text[]": tuple, "bigint[]": tuple}


def _definition(column: Column) -> sql.Composed:
    collation = ' COLLATE "C"' if column.kind.startswith("text") else ""
    presence = "" if column.optional else " NOT NULL"
    return sql.SQL("{} {}").format(
        sql.Identifier(column.name), sql.SQL(f"{column.kind}{collation}{presence}")
    )


_SELECTING: dict[Table, str] = {}


def _selecting(table: Table, session: cursor) -> str:
    """Return what selects all columns of a table: written once, as a page asks many times."""
    if table not in _SELECTING:
        query = sql.SQL("SELECT {} FROM {}").format(_names(table), _qualified(table.name))
        _SELECTING[table] = query.as_string(session)
    return _SELECTING[table]


def _names(table: Table) -> sql.Composed:
    return _comma(column.name for column in table.columns)


def _qualified(name: str) -> sql.Identifier:
    return sql.Identifier("read", name)


def _comma(names: Iterable[str]) -> sql.Composed:
    return sql.SQL(", ").join(map(sql.Identifier, names))
