"""What `operate status` sees, each line seen to be wrong once."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner

from api.cli import operate
from api.watching import checks
from ledger.domain.government.governance import RefusalKeysAdopted
from ledger.home.antirollback import CheckpointFile
from ledger.home.datakeys import DataKeyDamaged
from ledger.home.paths import Home, HomeNotInitialised, Identity
from ledger.home.settings import Settings
from ledger.store.archiver import read_archiver
from ledger.store.basebackup import archive_settings
from ledger.store.connection import Pool
from ledger.store.embedded import EmbeddedPostgres
from projections.engine.decoding import decode
from projections.run.rebuild import rebuild
from projections.tables.title_events import title
from tests.support.builders import INSTITUTE, OPERATOR, REGISTRAR
from tests.support.node import append, found, running, settings_for
from tests.support.postgres import Database, home_directory, run_sql
from tests.support.world import World


@pytest.fixture
def settings(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Settings]:
    settings = settings_for(database, tmp_path / "home")
    found(settings)
    monkeypatch.setenv("LEDGER_HOME", str(settings.home))
    monkeypatch.setenv("LEDGER_DATABASE_URL", database.app_dsn)
    monkeypatch.setenv("LEDGER_DATABASE_OWNER_URL", database.owner_dsn)
    back_up(Home(settings.home), datetime.now(UTC))
    adopt_refusal_key(settings)
    return settings


def adopt_refusal_key(settings: Settings) -> None:
    """Have the log adopt a key that signs refusals, and stop again."""
    home = Home(settings.home)
    made = CliRunner().invoke(operate.app, ["refusal-key"])
    body = RefusalKeysAdopted.model_validate_json(made.stdout)
    with running(settings) as node:
        append(node, World.of(home).sign(body, OPERATOR, REGISTRAR))
        node.feed.covering(1).result(30)


def back_up(home: Home, when: datetime) -> None:
    last = {"made": f"{when:%Y-%m-%dT%H:%M:%SZ}", "size": 1, "directory": "/srv/backups/1"}
    (home.path / "last-backup.json").write_text(json.dumps(last))


def look() -> tuple[int, list[str]]:
    """Return the exit code, and the names of what is not well."""
    run = CliRunner().invoke(operate.app, ["status", "--json"])
    said = json.loads(run.stdout)
    ill = [check["name"] for check in said["checks"] if not check["well"]]
    assert said["well"] == (not ill)
    return run.exit_code, ill


def test_all_is_well_where_a_publisher_is_at_work(settings: Settings) -> None:
    with running(settings):
        assert (0, []) == look()


def test_an_order_to_erase_that_cannot_be_read_is_told_beside_all_else(settings: Settings) -> None:
    (Home(settings.home).erasures / "7").mkdir(parents=True)
    with pytest.raises(DataKeyDamaged, match="7: not a regular file"), running(settings):
        pass
    code, ill = look()
    assert (1, ["vault"]) == (code, [each for each in ill if each != "publisher"])


@pytest.mark.parametrize("command", ["status", "seal", "backup BACKUPS", "migrate"])
def test_where_there_is_no_database_none_is_made(
    command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = Home(tmp_path / "bare")
    home.create(Identity("ledger.example.vn/techledger/00000000", OPERATOR, REGISTRAR))
    there = {*tmp_path.rglob("*")}
    monkeypatch.setenv("LEDGER_HOME", str(home.path))
    for name in ("LEDGER_DATABASE_URL", "LEDGER_DATABASE_OWNER_URL"):
        monkeypatch.delenv(name, raising=False)
    words = command.replace("BACKUPS", str(tmp_path / "backups")).split()
    done = CliRunner().invoke(operate.app, words)
    assert isinstance(done.exception, HomeNotInitialised)
    assert f"no database in {home.path}" in str(done.exception)
    assert there == {*tmp_path.rglob("*")}


@pytest.mark.usefixtures("settings")
def test_each_line_says_what_to_do() -> None:
    run = CliRunner().invoke(operate.app, ["status"])
    assert 1 == run.exit_code
    assert "SEE  publisher" in run.stdout
    assert "-> techledger serve" in run.stdout


def test_a_halted_ledger(settings: Settings) -> None:
    CheckpointFile(Home(settings.home).checkpoints).halt("by hand")
    assert (70, ["halt", "publisher"]) == look()


def test_entries_that_are_not_signed(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    world = World.of(Home(settings.home))
    with running(settings, publishes=False) as node:
        append(node, world.registration(INSTITUTE))
        monkeypatch.setattr(checks, "UNSIGNED_MAX", timedelta(0))
        assert (1, ["publisher", "checkpoint"]) == look()


@pytest.mark.parametrize("age", [timedelta(hours=26), None])
def test_a_backup_that_is_old_or_was_never_made(settings: Settings, age: timedelta | None) -> None:
    home = Home(settings.home)
    (home.path / "last-backup.json").unlink()
    if age:
        back_up(home, datetime.now(UTC) - age)
    with running(settings):
        assert (1, ["backup"]) == look()


def test_refusals_that_no_key_of_the_log_signs(settings: Settings) -> None:
    (Home(settings.home).keys / "refusals.pem").unlink()
    with running(settings):
        assert (1, ["refusals"]) == look()
        first, again = (CliRunner().invoke(operate.app, ["refusal-key"]) for _ in range(2))
        assert (0, 0) == (first.exit_code, again.exit_code)
        assert first.stdout == again.stdout, "made once"
        assert (1, ["refusals"]) == look(), "and not adopted"


def test_a_seal_that_is_late(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LEDGER_SEAL_ENTRIES", "1")
    with running(settings) as node:
        append(node, *World.of(Home(settings.home)).registrations())
        node.feed.covering(4).result(30)
        assert (1, ["seal"]) == look()
        monkeypatch.setenv("LEDGER_SEAL_ENTRIES", "0")
        assert (0, []) == look()


def test_read_models_that_are_behind(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checks, "LAG_MAX", 0)
    with running(settings):
        assert (1, ["read models"]) == look()


def test_a_read_model_that_cannot_fold_the_next_entry(
    settings: Settings, database: Database
) -> None:
    with running(settings) as node:
        rebuild(node.pool, (title,), decode, key=node.key)
        assert (0, []) == look()
        run_sql(database.superuser_dsn, "UPDATE read.progress SET halted = 'ValueError: a bug'")
        assert (1, ["read models"]) == look()


def test_a_disk_that_is_almost_full(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checks, "ROOM", (1 << 60, 0.0))
    with running(settings):
        assert (1, ["room"]) == look()


def test_an_archive_that_cannot_be_written(tmp_path: Path) -> None:
    with home_directory() as home:
        missing = tmp_path / "nowhere"
        server = EmbeddedPostgres(home, settings=archive_settings(missing))
        server.start()
        try:
            pool = Pool(server.app_dsn, size=1)
            run_sql(server.superuser_dsn, "CREATE TABLE something AS SELECT 1")
            run_sql(server.superuser_dsn, "SELECT pg_switch_wal()")
            wait_for_failure(pool)
            pool.close()
        finally:
            server.stop()


def wait_for_failure(pool: Pool) -> None:
    for _ in range(600):
        if read_archiver(pool).failing:
            return
        with pool.session() as session:
            session.execute("SELECT pg_sleep(0.05)")
    raise AssertionError("nobody says that the archive cannot be written")
