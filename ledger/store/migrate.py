"""
Brings a database's schema up to date: `migrations/*.sql` in order, each in one transaction.

What was applied is listed in schema `migrations`, with the SHA-256 of the file as it ran; the files
are held to `SHA256SUMS` before anything runs. A migration and its mark commit together, under an
advisory lock: a kill between them, or two processes at once, leave nothing half done.
"""

import hashlib
from collections.abc import Iterator
from contextlib import closing, contextmanager
from importlib import resources
from pathlib import Path

import psycopg2
from psycopg2.extensions import connection, cursor

from ledger.log.merkle import EMPTY_ROOT
from ledger.store.connection import StoreError, one_row, owned, translated
from ledger.store.head import OtherOrigin

APPLIED = "migrations._yoyo_migration"
"""The list of what was applied; named and formed as yoyo did, which kept it in earlier versions."""

_LIST = f"""
CREATE SCHEMA IF NOT EXISTS migrations;
CREATE TABLE IF NOT EXISTS {APPLIED} (
    migration_hash varchar(64) PRIMARY KEY,
    migration_id varchar(255),
    applied_at_utc timestamp
);
ALTER TABLE {APPLIED} ADD COLUMN IF NOT EXISTS file_sha256 text
"""

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
        cursor.execute("SELECT to_regclass(%s)", (APPLIED,))
        applied = set()
        if one_row(cursor)[0] is not None:
            cursor.execute(f"SELECT migration_id FROM {APPLIED}")  # noqa: S608  (a constant)
            applied = {row[0] for row in cursor.fetchall()}
    return [name for name in names() if Path(name).stem not in applied]


def migrate(owner_dsn: str) -> list[str]:
    """Apply what is pending, as the schema's owner; return the names of what was applied.

    Raises `MigrationsAltered`, `MigrationFailed`, or `Unavailable`.
    """
    check_sums()
    with _connected(owner_dsn) as session, session.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(hashtext('techledger migrate'))")
        cursor.execute(_LIST)
        _must_have_run_as_it_is(cursor)
        try:
            return _apply(owned(owner_dsn, session.info.server_version), pending(owner_dsn))
        except psycopg2.ProgrammingError as error:
            raise MigrationFailed(str(error).strip().split("\n")[0]) from error


def initialise_head(dsn: str, origin: str) -> None:
    """Write the head row of an empty log of `origin`, as the schema's owner; once.

    Doing it again for the same origin changes nothing. Raises `OtherOrigin` for another.
    """
    with _connected(dsn) as session, session.cursor() as cursor:
        cursor.execute(
            "INSERT INTO ledger.head VALUES (true, %s, 0, %s, '{}', NULL) ON CONFLICT DO NOTHING",
            (origin, EMPTY_ROOT),
        )
        cursor.execute("SELECT origin FROM ledger.head")
        stored = one_row(cursor)[0]
    if stored != origin:
        raise OtherOrigin(f"the database holds the log {stored}, not {origin}")


def _must_have_run_as_it_is(applied: cursor) -> None:
    """Refuse, as `MigrationsAltered`, a file that is not what ran under its name.

    Of what yoyo applied nobody noted it.
    """
    applied.execute(f"SELECT migration_id, file_sha256 FROM {APPLIED}")  # noqa: S608  (a constant)
    ran = {f"{sha256}  {name}.sql" for name, sha256 in applied.fetchall() if sha256 is not None}
    known = names()
    other = sorted(
        line.split()[1] for line in ran - set(_sums(directory())) if line.split()[1] in known
    )
    if other:
        raise MigrationsAltered(f"this database has had others of these names: {', '.join(other)}")


def _apply(owner_dsn: str, wanted: list[str]) -> list[str]:
    with closing(psycopg2.connect(owner_dsn, application_name="techledger migrate")) as session:
        for name in wanted:
            raw = (directory() / name).read_bytes()
            with session, session.cursor() as step:
                # Anyone who appends meanwhile does so before it, or sees it.
                step.execute(_LOCK_HEAD)
                step.execute(raw.decode())
                _mark(step, name, raw)
    return wanted


def _mark(step: cursor, name: str, raw: bytes) -> None:
    stem = Path(name).stem
    step.execute(
        f"INSERT INTO {APPLIED} VALUES (%s, %s, now() AT TIME ZONE 'UTC', %s)",  # noqa: S608
        (hashlib.sha256(stem.encode()).hexdigest(), stem, hashlib.sha256(raw).hexdigest()),
    )


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
