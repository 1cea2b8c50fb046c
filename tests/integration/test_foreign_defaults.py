"""Settings of the server, its database or its roles: our sessions do without, `fsck` names them."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from api.cli import operate
from ledger.home.antirollback import CheckpointFile
from ledger.home.paths import Home
from ledger.node.fsck import check_log
from ledger.store import connection
from ledger.store.connection import Pool, owned
from ledger.store.embedded import EmbeddedPostgres
from ledger.store.migrate import migrate
from tests.support.node import found, settings_for
from tests.support.postgres import TEMPLATE, Database, run_sql

DEFAULTS = {
    "statement_timeout": "1ms",
    "lock_timeout": "1ms",
    "idle_in_transaction_session_timeout": "50ms",
    "idle_session_timeout": "50ms",
    "default_transaction_isolation": "serializable",
    "default_transaction_read_only": "on",
    "default_transaction_deferrable": "on",
}


@pytest.fixture
def home(database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    settings = settings_for(database, tmp_path / "home")
    monkeypatch.setenv("LEDGER_HOME", str(settings.home))
    monkeypatch.setenv("LEDGER_DATABASE_URL", database.app_dsn)
    monkeypatch.setenv("LEDGER_DATABASE_OWNER_URL", database.owner_dsn)
    return found(settings)


@pytest.fixture(params=DEFAULTS)
def named(request: pytest.FixtureRequest, home: Home, database: Database) -> Iterator[str]:
    """Have one setting be the default of every session with this database; return its name."""
    del home
    name: str = request.param
    change = f"ALTER DATABASE {database.name}"
    run_sql(owned(database.superuser_dsn), f"{change} SET {name} = '{DEFAULTS[name]}'")
    yield name
    run_sql(owned(database.superuser_dsn), f"{change} RESET {name}")


def test_every_setting_that_our_sessions_make_their_own_is_tried() -> None:
    assert connection._DEFAULTS.keys() == DEFAULTS.keys()


def test_nothing_ends_by_a_default_and_fsck_names_it(named: str, database: Database) -> None:
    assert [] == migrate(database.owner_dsn)
    seen = CliRunner().invoke(operate.app, ["status"])
    assert isinstance(seen.exception, SystemExit)
    assert "ok   schema       up to date" in seen.stdout
    assert "cannot be looked at" not in seen.stdout
    said = CliRunner().invoke(operate.app, ["fsck"])
    assert 1 == said.exit_code
    told = f"nobody of this ledger made the setting {named}, which is "
    (found,) = [each for each in said.stdout.splitlines() if told in each]
    value = found.partition(told)[2]
    assert value == DEFAULTS[named] or value.startswith("not to be asked: ")


def test_the_embedded_server_is_taken_over_whatever_its_defaults_are(
    postgres_server: EmbeddedPostgres,
) -> None:
    superuser = owned(postgres_server.superuser_dsn)
    run_sql(superuser, "ALTER DATABASE postgres SET default_transaction_read_only = on")
    run_sql(superuser, "ALTER DATABASE postgres SET statement_timeout = '1ms'")
    try:
        again = EmbeddedPostgres(postgres_server._home, database=TEMPLATE)
        again.start()
        with again._connect(again.superuser_dsn) as session, session.cursor() as cursor:
            cursor.execute("SELECT pg_sleep(0.05), current_setting('transaction_read_only')")
            assert ("off",) == cursor.fetchall()[0][1:]
    finally:
        run_sql(superuser, "ALTER DATABASE postgres RESET ALL")


@pytest.mark.usefixtures("home")
def test_what_cannot_be_looked_at_is_a_line_of_status(database: Database) -> None:
    run_sql(database.superuser_dsn, "ALTER TABLE ledger.checkpoints RENAME COLUMN note TO other")
    seen = CliRunner().invoke(operate.app, ["status"])
    assert 1 == seen.exit_code
    assert isinstance(seen.exception, SystemExit)
    assert "SEE  checkpoint   cannot be looked at: UndefinedColumn" in seen.stdout
    assert "ok   vault" in seen.stdout


def test_the_options_of_a_url_are_kept(database: Database, home: Home) -> None:
    assert CheckpointFile(home.checkpoints).read()
    pool = Pool(f"{database.app_dsn}&options=-c%20work_mem%3D7MB%20-c%20lock_timeout%3D1", 1)
    try:
        with pool.session() as session:
            session.execute("SELECT current_setting('work_mem'), current_setting('lock_timeout')")
            assert ("7MB", "2s") == session.fetchone()
        assert [] == check_log(pool, home).findings
    finally:
        pool.close()
