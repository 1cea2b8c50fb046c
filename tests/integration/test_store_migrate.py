"""Migrations: run once, in order, by the one who comes first, and never other than they were."""

import shutil
import subprocess
import threading
from contextlib import closing

import psycopg2
import pytest

from ledger.store import migrate as migrations
from ledger.store.connection import NotMigrated, Pool, ValueUnfit
from ledger.store.embedded import EmbeddedPostgres
from ledger.store.entries import read_head
from ledger.store.migrate import MigrationsAltered, check_sums, migrate, names, pending
from tests.support.postgres import closing_server, home_directory, run_sql


@pytest.fixture
def empty(postgres_server):
    """Lend the owner's DSN of a database without any schema."""
    run_sql(postgres_server.superuser_dsn, "CREATE DATABASE empty OWNER ledger_owner")
    yield postgres_server.owner_dsn.replace("/techledger?", "/empty?")
    run_sql(postgres_server.superuser_dsn, "DROP DATABASE empty WITH (FORCE)")


@pytest.fixture
def copied(tmp_path, monkeypatch):
    """Lend a copy of the migrations that `migrate` runs instead."""
    copy = tmp_path / "migrations"
    shutil.copytree(migrations.directory(), copy)
    monkeypatch.setattr(migrations, "directory", lambda: copy)
    return copy


def _schemas(dsn):
    rows = run_sql(dsn, "SELECT nspname FROM pg_namespace WHERE nspname !~ '^pg_|^info'")
    return {name for (name,) in rows}


def test_an_empty_database_has_everything_pending(empty):
    assert names() == pending(empty)
    assert {"public"} == _schemas(empty)


def test_a_database_without_schema_says_what_is_missing(empty):
    pool = Pool(empty, 1)
    with pytest.raises(NotMigrated):
        read_head(pool)
    pool.close()


def test_everything_is_applied_once(empty):
    assert names() == migrate(empty)
    assert [] == pending(empty)
    assert [] == migrate(empty)


def test_the_application_sees_what_is_pending(database):
    assert [] == pending(database.app_dsn)


def test_a_second_process_waits_for_the_first(empty):
    """Who comes second finds nothing left to do."""
    applied = []
    with closing(psycopg2.connect(empty)) as first, first.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(hashtext('techledger migrate'))")
        second = threading.Thread(target=lambda: applied.append(migrate(empty)))
        second.start()
        second.join(0.5)
        assert second.is_alive()
        assert {"public"} == _schemas(empty)
    second.join()
    assert [names()] == applied


def test_a_migration_and_its_mark_are_one_commit(empty, monkeypatch):
    """Killed between the two, it would be run again for ever, and fail."""

    def die(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr(migrations, "_mark", die)
    with pytest.raises(KeyboardInterrupt):
        migrate(empty)
    assert {"public", "migrations"} == _schemas(empty)


def test_a_failed_migration_leaves_nothing_and_is_not_marked(empty, copied):
    """Half of it ran: neither that half nor the mark may stay."""
    last = copied / "9000_fail.sql"
    last.write_text("-- Fail\n--\n-- depends:\n\nCREATE SCHEMA half;\nSELECT 1/0;\n")
    _hold(copied)
    with pytest.raises(ValueUnfit, match="division by zero"):
        migrate(empty)
    assert "half" not in _schemas(empty)
    assert ["9000_fail.sql"] == pending(empty)
    last.write_text("CREATE SCHEMA whole;\n")
    _hold(copied)
    assert ["9000_fail.sql"] == migrate(empty)
    assert "whole" in _schemas(empty)


def test_what_yoyo_applied_is_not_applied_again(empty):
    """Earlier versions ran it by yoyo: its list, without the hashes of files, and its lock."""
    migrate(empty)
    run_sql(
        empty,
        "ALTER TABLE migrations._yoyo_migration DROP COLUMN file_sha256;"
        "DELETE FROM migrations._yoyo_migration WHERE migration_id LIKE '0117%';"
        "CREATE TABLE migrations.yoyo_lock (locked int PRIMARY KEY, ctime timestamp, pid int);"
        "INSERT INTO migrations.yoyo_lock VALUES (1, now(), 1);"
        "ALTER TABLE ledger.refusals DROP COLUMN mac",
    )
    left = [name for name in names() if name.startswith("0117")]
    assert (left, left, []) == (pending(empty), migrate(empty), migrate(empty))


def test_another_file_of_a_name_that_has_run_is_refused(empty):
    """The files and their sums were changed together: the database knows what it has had."""
    migrate(empty)
    first = names()[0]
    run_sql(
        empty,
        "UPDATE migrations._yoyo_migration SET file_sha256 = repeat('a', 64)"
        f" WHERE migration_id = '{first.removesuffix('.sql')}'",
    )
    with pytest.raises(MigrationsAltered, match=f"others of these names: {first}"):
        migrate(empty)


@pytest.mark.parametrize("change", ["edited", "added", "removed"])
def test_altered_migrations_are_not_run(empty, copied, change):
    first = copied / names()[0]
    if change == "edited":
        first.write_text(first.read_text() + " ")
    elif change == "added":
        (copied / "0099_more.sql").write_text("SELECT 1;\n")
    else:
        first.unlink()
    expected = "0099_more.sql" if change == "added" else first.name
    with pytest.raises(MigrationsAltered, match=expected):
        migrate(empty)
    assert {"public"} == _schemas(empty)


def test_what_lies_beside_the_migrations_is_none(copied):
    (copied / "notes.sql").write_text("DROP SCHEMA ledger;\n")
    check_sums()
    assert "notes.sql" not in names()


def test_a_role_that_is_missing_is_made():
    """A database of one's own may not have it. Whether it may log in is its owner's decision."""
    with home_directory() as home, closing_server(EmbeddedPostgres(home)) as server:
        server.start()
        administrator = server.owner_dsn.replace(*_credentials(server))
        run_sql(administrator, "DROP ROLE ledger_app")
        migrate(administrator)
        roles = "SELECT rolcanlogin FROM pg_roles WHERE rolname = 'ledger_app'"
        assert [(False,)] == run_sql(administrator, roles)


def _credentials(server):
    """Return the owner's credentials in a DSN, and the superuser's."""
    owner, superuser = (dsn.split("@")[0] for dsn in (server.owner_dsn, server.superuser_dsn))
    return owner, superuser


def _hold(directory):
    """Write `SHA256SUMS` again, as the author of a migration does."""
    files = sorted(path.name for path in directory.glob("[0-9]*.sql"))
    sums = subprocess.run(
        ["sha256sum", *files], cwd=directory, capture_output=True, text=True, check=True
    )
    (directory / "SHA256SUMS").write_text(sums.stdout)
