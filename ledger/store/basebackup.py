"""
Copies a whole database, and puts a copy in place: PostgreSQL's own tools, held to what they say.

The embedded server is copied by `pg_basebackup`, with the SHA-256 of every file, while it works;
its write-ahead log can be kept as well (`archive_settings`), which brings a copy up to the minute.
A database of one's own is copied by `pg_dump`, as one snapshot. No password is ever an argument.
"""

import os
import shlex
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import psycopg2
from psycopg2 import sql
from psycopg2.extensions import make_dsn, parse_dsn

from ledger.store.binaries import find_binaries
from ledger.store.connection import StoreError, owned, translated
from ledger.store.embedded import (
    PASSWORDS,
    EmbeddedPostgres,
    give_tree,
    make_passwords,
    read_passwords,
)
from ledger.store.readmodels import next_name
from ledger.store.segments import ArchiveNotReplayed, last_wanted, split
from ledger.wire.regular import read_regular

BASE = "base"
"""Directory of a base backup within a backup."""

DUMP = "database.dump"
"""File of a dump within a backup."""

_ARCHIVE_TIMEOUT_S = 60
"""How long, in seconds, what was written stays out of the archive at most."""

_SCRATCH = "restoring"


class BackupFailed(StoreError):
    """PostgreSQL's tool could not make the copy, or could not read it back; nothing is kept."""


class CopyDamaged(StoreError):
    """A file of the copy is missing, or is not what was copied."""


class DatabasePresent(StoreError):
    """There is a database already, and a copy never replaces one."""


def archive_settings(archive: Path) -> dict[str, str]:
    """Return the settings by which the embedded server keeps its write-ahead log in a directory.

    A segment is there whole or not at all, and never replaced by another of its name.
    """
    there = f"{_quoted(archive)}/%f.gz"
    new = f"{_quoted(archive)}/.%f.gz.new"
    command = (
        f"if test -f {there}; then gzip -dc {there} | cmp -s - %p; "
        f"else gzip -1c %p > {new} && sync {new} && mv {new} {there} && sync {_quoted(archive)}; fi"
    )
    return {
        "archive_mode": "on",
        "archive_command": command,
        "archive_timeout": str(_ARCHIVE_TIMEOUT_S),
    }


def take_base(server: EmbeddedPostgres, directory: Path, bin_dir: Path | None = None) -> None:
    """Copy a running embedded server into `directory / BASE` and read the copy back.

    Raises `BackupFailed`, `CopyDamaged`.
    """
    target = directory / BASE
    _run(
        server.data_directory,
        bin_dir,
        "pg_basebackup",
        ["-D", str(target), "-X", "stream", "-c", "fast", "--manifest-checksums=SHA256"],
        dsn=server.superuser_dsn,
    )
    check_base(directory, bin_dir)


def check_base(directory: Path, bin_dir: Path | None = None) -> None:
    """Read every file of a base backup and hold it to its SHA-256. Raises `CopyDamaged`."""
    base = directory / BASE
    try:
        _run(base, bin_dir, "pg_verifybackup", ["--quiet", "--exit-on-error", str(base)])
    except BackupFailed as error:
        raise CopyDamaged(str(error)) from None


def first_segment(directory: Path) -> str:
    """Return the name of the first segment of the write-ahead log that a base backup wants."""
    label = read_regular(directory / BASE / "backup_label").decode()
    return label.split("(file ", 1)[1].split(")", 1)[0]


def forget_segments(archive: Path, first: str, bin_dir: Path | None = None) -> None:
    """Remove what is older than segment `first` from an archive of the write-ahead log."""
    _run(None, bin_dir, "pg_archivecleanup", ["-x", ".gz", str(archive), first])


@dataclass(frozen=True, slots=True)
class Archive:
    """An archive of the write-ahead log, and the number of its last segment that is wanted."""

    directory: Path
    last: int


def open_archive(directory: Path, backup: Path, up_to: str | None = None) -> Archive:
    """Look whether an archive has what comes after a base backup; `up_to` names where it may end.

    Raises `ArchiveUnreadable`, `ArchiveGap`.
    """
    last = last_wanted(directory, backup / BASE, first_segment(backup), up_to)
    return Archive(directory, last)


def place_base(
    home: Path, directory: Path, archive: Archive | None = None, bin_dir: Path | None = None
) -> None:
    """Make the embedded database of `home` from a base backup, and from an archive if there is one.

    It is made beside, started once, given new passwords, and moved in place as the last step: a
    kill in between leaves nothing half made. What a backup says of the server's settings is not
    taken: they name programs that the server runs, and whom it lets in.
    Raises `DatabasePresent`, `ServerFailed`, `ArchiveNotReplayed`.
    """
    check_home_is_vacant(home)
    base, scratch = directory / BASE, home / _SCRATCH
    shutil.rmtree(scratch, ignore_errors=True)
    scratch.mkdir(mode=0o755, parents=True)
    data = scratch / f"postgres-{read_regular(base / 'PG_VERSION').decode().strip()}"
    shutil.copytree(base, data)
    data.chmod(0o700)
    _set_up_again(data)
    access = data / "pg_hba.restoring"
    access.write_text("local all all trust\n", "ascii")  # Behind a socket that is ours alone.
    settings = {"hba_file": str(access), "archive_mode": "off"}
    if archive:
        (data / "recovery.signal").touch()
        settings |= {
            "hot_standby": "off",  # No session before the last segment was replayed.
            "restore_command": f"gzip -dc {_quoted(archive.directory)}/%f.gz > %p",
        }
    give_tree(data)
    make_passwords(scratch)
    server = EmbeddedPostgres(scratch, bin_dir=bin_dir, settings=settings)
    server.start()
    try:
        if archive:
            _check_replayed(server, archive)
        _set_passwords(server, read_passwords(scratch))
    finally:
        server.stop()
    access.unlink()
    (scratch / PASSWORDS).replace(home / PASSWORDS)
    data.rename(home / data.name)
    shutil.rmtree(scratch)
    _flush(home)


def _set_up_again(data: Path) -> None:
    """Replace whatever a data directory says of how its server is to run."""
    for pattern in ("*.conf", "*.signal", "tablespace_map"):
        for path in data.glob(pattern):
            path.unlink()
    for name, said in _CONFIGURED.items():
        (data / name).write_text(said, "ascii")


_CONFIGURED = {
    "postgresql.conf": "# Made by techledger operate restore: all settings are PostgreSQL's own.\n",
    "postgresql.auto.conf": "# Made by techledger operate restore.\n",
    "pg_hba.conf": "local all all scram-sha-256\nlocal replication all scram-sha-256\n",
    "pg_ident.conf": "# Made by techledger operate restore.\n",
}


def _check_replayed(server: EmbeddedPostgres, archive: Archive) -> None:
    with (
        closing(psycopg2.connect(owned(server.superuser_dsn))) as session,
        session.cursor() as cursor,
    ):
        cursor.execute("SELECT pg_walfile_name(pg_current_wal_lsn())")
        ((name,),) = cursor.fetchall()
    if split(name)[1] < archive.last:
        raise ArchiveNotReplayed(f"PostgreSQL ended in segment {name}: what says its log?")


def take_dump(owner_dsn: str, directory: Path, bin_dir: Path | None = None) -> None:
    """Copy a database into `directory / DUMP`, as of one instant. Raises `BackupFailed`.

    Read models are left out, and how far they are: the application owns their tables, where the
    owner of the schema may read nothing, and they are folded again from the entries. So are those
    that a rebuild makes meanwhile.
    """
    others = (*_tables_of_others(owner_dsn), f"read.{next_name('*')}")
    left_out = [f"--exclude-table={name}" for name in others]
    left_out += [f"--exclude-table-data=read.{name}" for name in ("progress", "tracking")]
    options = ["--format=custom", f"--file={directory / DUMP}", *_SCHEMAS, *left_out]
    _run(None, bin_dir, "pg_dump", options, dsn=owner_dsn)


def _tables_of_others(owner_dsn: str) -> list[str]:
    """Return the tables of schema `read` that somebody else made, as patterns of `pg_dump`."""
    with (
        translated(),
        closing(psycopg2.connect(owned(owner_dsn))) as session,
        session.cursor() as cursor,
    ):
        cursor.execute(
            "SELECT format('%I.%I', schemaname, tablename) FROM pg_catalog.pg_tables"
            " WHERE schemaname = 'read' AND tableowner <> current_user"
        )
        return [name for (name,) in cursor.fetchall()]


def place_dump(owner_dsn: str, directory: Path, bin_dir: Path | None = None) -> None:
    """Fill a database without a log from a dump, whole or not at all.

    Raises `DatabasePresent`, `BackupFailed`.
    """
    check_database_is_vacant(owner_dsn)
    options = ["--single-transaction", "--exit-on-error", "--no-owner", str(directory / DUMP)]
    _run(None, bin_dir, "pg_restore", options, dsn=owner_dsn)


def take_dump_away(owner_dsn: str) -> None:
    """Make a database empty again that a dump was placed in."""
    with (
        translated(),
        closing(psycopg2.connect(owned(owner_dsn))) as session,
        session.cursor() as cursor,
    ):
        session.autocommit = True
        cursor.execute("DROP SCHEMA IF EXISTS ledger, read, migrations CASCADE")


_SCHEMAS = [f"--schema={name}" for name in ("ledger", "read", "migrations")]


def check_home_is_vacant(home: Path) -> None:
    """Raise `DatabasePresent` if there is an embedded database below `home`."""
    if made := sorted(home.glob("postgres-*/PG_VERSION")):
        raise DatabasePresent(f"{made[-1].parent} is there: move it away first")


def check_database_is_vacant(owner_dsn: str) -> None:
    """Raise `DatabasePresent` if a database of one's own holds a ledger."""
    with (
        translated(),
        closing(psycopg2.connect(owned(owner_dsn))) as session,
        session.cursor() as cursor,
    ):
        cursor.execute("SELECT FROM pg_namespace WHERE nspname IN ('ledger', 'read', 'migrations')")
        if cursor.rowcount:
            raise DatabasePresent("the database holds a ledger already: restore into an empty one")


def _set_passwords(server: EmbeddedPostgres, passwords: Mapping[str, str]) -> None:
    with (
        closing(psycopg2.connect(owned(server.superuser_dsn))) as session,
        session.cursor() as cursor,
    ):
        session.autocommit = True
        for role, password in passwords.items():
            change = sql.SQL("ALTER ROLE {} PASSWORD {}")
            cursor.execute(change.format(sql.Identifier(role), sql.Literal(password)))


def _run(
    data: Path | None,
    bin_dir: Path | None,
    program: str,
    options: Sequence[str],
    *,
    dsn: str | None = None,
) -> None:
    """Run a program of PostgreSQL, of the version of `data` if that is given."""
    major = int(read_regular(data / "PG_VERSION").decode()) if data else None
    command = [str(find_binaries(bin_dir, major).directory / program), *options]
    environment = {"PATH": "/usr/bin:/bin", "LC_ALL": "C"}
    if dsn:
        values = parse_dsn(owned(dsn))
        environment["PGPASSWORD"] = values.pop("password", "")
        command[1:1] = ["-d", make_dsn(**values)]
    done = subprocess.run(  # noqa: S603  (our own words)
        command, check=False, capture_output=True, text=True, env=environment
    )
    if done.returncode:
        raise BackupFailed(f"{program} failed: {done.stderr.strip()[-1000:]}")


def _quoted(path: Path) -> str:
    return shlex.quote(str(path.absolute())).replace("%", "%%")


def _flush(directory: Path) -> None:
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
