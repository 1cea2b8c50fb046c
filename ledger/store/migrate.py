"""
Brings a database's schema up to date: `migrations/*.sql` in order, each in one transaction.

yoyo-migrations reads the files and keeps the list of those applied, in schema `migrations`. It
does not see that a file was edited, so `SHA256SUMS` is checked before anything runs. A migration
and its mark commit together here, under an advisory lock: a kill between them, or two processes at
once, leave nothing half done.
"""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import resources
from pathlib import Path

import psycopg2
from psycopg2.extensions import connection, parse_dsn
from yoyo.backends.core.postgresql import PostgresqlBackend
from yoyo.connections import DatabaseURI
from yoyo.migrations import default_migration_table, read_migrations

from ledger.log.merkle import EMPTY_ROOT
from ledger.store.connection import StoreError, one_row, owned, translated
from ledger.store.head import OriginMismatch

SCHEMA = "migrations"
"""Schema of yoyo's own tables."""


_LOCK_HEAD = """
DO $$ BEGIN
    IF to_regclass('ledger.head') IS NOT NULL THEN PERFORM FROM ledger.head FOR UPDATE; END IF;
END $$
"""


class MigrationFailed(StoreError):
    """PostgreSQL refused a migration: the database is not as the ones before it left it."""


class MigrationsAltered(StoreError):
    """The migration files are not those of `SHA256SUMS`: nothing was run."""


def directory() -> Path:
    """Return where the migrations lie: package `migrations`, installed beside this one."""
    return Path(str(resources.files("migrations")))


def names() -> list[str]:
    """Return the migrations' names in their order, as they stand in `SHA256SUMS`."""
    return [line.split()[1] for line in _sums(directory())]


def check_sums(where: Path | None = None) -> None:
    """Compare the migration files with `SHA256SUMS`. Raises `MigrationsAltered`."""
    where = where or directory()
    found = [
        f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.name}"
        for path in sorted(where.glob("[0-9]*.sql"))
    ]
    altered = sorted(set(found) ^ set(_sums(where)))
    if altered:
        files = sorted({line.split()[-1] for line in altered})
        raise MigrationsAltered(f"not as in SHA256SUMS: {', '.join(files)}")


def pending(dsn: str) -> list[str]:
    """Return the names of the migrations that this database has not had yet. Changes nothing."""
    with _connected(dsn) as session, session.cursor() as cursor:
        cursor.execute("SELECT to_regclass(%s)", (f"{SCHEMA}.{default_migration_table}",))
        applied = set()
        if one_row(cursor)[0] is not None:
            cursor.execute(f"SELECT migration_id FROM {SCHEMA}.{default_migration_table}")  # noqa: S608
            applied = {row[0] for row in cursor.fetchall()}
    return [name for name in names() if Path(name).stem not in applied]


def migrate(owner_dsn: str) -> list[str]:
    """Apply what is pending, as the schema's owner; return the names of what was applied.

    Raises `MigrationsAltered`, `MigrationFailed`, or `Unavailable`.
    """
    check_sums()
    with _connected(owner_dsn) as session, session.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(hashtext('techledger migrate'))")
        cursor.execute(f"CREATE SCHEMA IF NOT EXISTS {SCHEMA}")
        try:
            return _apply(owned(owner_dsn, session.info.server_version))
        except psycopg2.ProgrammingError as error:
            raise MigrationFailed(str(error).strip().split("\n")[0]) from error


def initialise_head(dsn: str, origin: str) -> None:
    """Write the head row of an empty log of `origin`, as the schema's owner; once.

    Doing it again for the same origin changes nothing. Raises `OriginMismatch` for another.
    """
    with _connected(dsn) as session, session.cursor() as cursor:
        cursor.execute(
            "INSERT INTO ledger.head VALUES (true, %s, 0, %s, '{}', NULL) ON CONFLICT DO NOTHING",
            (origin, EMPTY_ROOT),
        )
        cursor.execute("SELECT origin FROM ledger.head")
        stored = one_row(cursor)[0]
    if stored != origin:
        raise OriginMismatch(f"the database holds the log {stored}, not {origin}")


def _apply(owner_dsn: str) -> list[str]:
    settings = {**parse_dsn(owner_dsn), "schema": SCHEMA}
    backend = PostgresqlBackend(
        DatabaseURI("postgresql", None, None, None, None, None, settings), default_migration_table
    )
    with backend:
        backend.init_database()
        backend.break_lock()  # The advisory lock is ours: this one was left by somebody killed.
        migrations = backend.to_apply(read_migrations(str(directory())).filter(_is_numbered))
        for migration in migrations:
            with backend.transaction():
                # Whoever appends meanwhile does so before it, or sees it.
                backend.execute(_LOCK_HEAD)
                migration.process_steps(backend, "apply")
                backend.mark_one(migration, log=False)
    return [Path(migration.path).name for migration in migrations]


def _is_numbered(migration: object) -> bool:
    """Say whether it is a migration: `schema.sql` and `__init__.py` lie beside them."""
    return str(getattr(migration, "id", ""))[:1].isdigit()


def _sums(where: Path) -> list[str]:
    return (where / "SHA256SUMS").read_text("utf-8").splitlines()


@contextmanager
def _connected(dsn: str) -> Iterator[connection]:
    with translated():
        session = psycopg2.connect(owned(dsn), application_name="techledger migrate")
        session.autocommit = True
        try:
            yield session
        finally:
            session.close()
