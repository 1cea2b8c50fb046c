"""
A real PostgreSQL for tests: one server a session, one fresh database a test.

The server is the product's own embedded one. A database is a copy of a template that was migrated
once, so a test pays for no migration. Only what was started here is stopped here, by process id,
also when the test process is killed.
"""

import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import psycopg2
from psycopg2 import sql

from ledger.store.embedded import EmbeddedPostgres
from ledger.store.migrate import initialise_head, migrate

ORIGIN = "ledger.example.vn/techledger/00000000"
TEMPLATE = "techledger"

_numbers = count(1)


@dataclass(frozen=True)
class Database:
    """A migrated database whose head is initialised with `ORIGIN`."""

    name: str
    app_dsn: str
    owner_dsn: str
    superuser_dsn: str


_MEMORY = Path("/dev/shm")
_ROOM = 2 << 30
"""Bytes free that the databases of one session need at most."""


@contextmanager
def home_directory() -> Iterator[Path]:
    """Lend a directory that the server's user can enter: pytest's own are root's alone.

    In memory where there is room, because every new database is flushed to the disk.
    """
    roomy = _MEMORY.is_dir() and shutil.disk_usage(_MEMORY).free > _ROOM
    home = Path(tempfile.mkdtemp(prefix="techledger-test-", dir=_MEMORY if roomy else None))
    home.chmod(0o755)
    try:
        yield home
    finally:
        shutil.rmtree(home)


@contextmanager
def running_server(home: Path) -> Iterator[EmbeddedPostgres]:
    """Run a server whose template database is ready to be copied."""
    server = EmbeddedPostgres(home, database=TEMPLATE)
    server.start()
    with _watched(server.pid, home), closing_server(server):
        migrate(server.owner_dsn)
        initialise_head(server.owner_dsn, ORIGIN)
        yield server


@contextmanager
def closing_server(server: EmbeddedPostgres) -> Iterator[EmbeddedPostgres]:
    """Stop a server at the end of the block."""
    try:
        yield server
    finally:
        server.stop()


@contextmanager
def fresh_database(server: EmbeddedPostgres, template: str = TEMPLATE) -> Iterator[Database]:
    """Lend a copy of the template, or of what another holds; it is dropped at the end."""
    # By files: through the server's log, its default, a copy takes half as long again.
    copied = sql.SQL("TEMPLATE {} STRATEGY file_copy").format(sql.Identifier(template))
    with _lent(server, copied) as database:
        yield database


@contextmanager
def database_of_locale(server: EmbeddedPostgres, locale: str) -> Iterator[Database]:
    """Lend a migrated database of a locale that PostgreSQL has built in: the template's is C."""
    of_locale = "TEMPLATE template0 LOCALE_PROVIDER builtin BUILTIN_LOCALE {}"
    with _lent(server, sql.SQL(of_locale).format(sql.Literal(locale))) as database:
        migrate(database.owner_dsn)
        initialise_head(database.owner_dsn, ORIGIN)
        yield database


@contextmanager
def _lent(server: EmbeddedPostgres, made: sql.Composed) -> Iterator[Database]:
    name = f"test_{next(_numbers)}"
    identifier = sql.Identifier(name)
    _administer(
        server, sql.SQL("CREATE DATABASE {} OWNER ledger_owner {}").format(identifier, made)
    )
    try:
        yield Database(
            name,
            server.app_dsn.replace(f"/{TEMPLATE}?", f"/{name}?"),
            server.owner_dsn.replace(f"/{TEMPLATE}?", f"/{name}?"),
            server.superuser_dsn.replace("/postgres?", f"/{name}?"),
        )
    finally:
        _administer(server, sql.SQL("DROP DATABASE {} WITH (FORCE)").format(identifier))


def run_sql(
    dsn: str, statement: str, arguments: tuple[object, ...] = ()
) -> list[tuple[object, ...]]:
    """Run one statement, committed at once, on a connection of its own; return its rows."""
    with closing(psycopg2.connect(dsn)) as session, session.cursor() as cursor:
        session.autocommit = True
        cursor.execute(statement, arguments or None)
        return cursor.fetchall() if cursor.description else []


def _administer(server: EmbeddedPostgres, statement: sql.Composed) -> None:
    with closing(psycopg2.connect(server.superuser_dsn)) as session, session.cursor() as cursor:
        session.autocommit = True
        cursor.execute(statement)


@contextmanager
def _watched(pid: int, home: Path) -> Iterator[None]:
    """Have the server ended and removed even if this process is killed: then input ends."""
    with subprocess.Popen(
        ["sh", "-c", 'read end || { kill -QUIT "$0"; rm -rf "$1"; }', str(pid), str(home)],
        stdin=subprocess.PIPE,
        start_new_session=True,
    ) as watcher:
        yield
        watcher.communicate(b"stopped\n")
