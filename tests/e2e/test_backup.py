"""The machine is lost: a backup, the keys from their safe and a mirror bring everything back."""

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from unittest.mock import Mock, patch

import pytest
from typer.testing import CliRunner

from api.cli.main import app
from ledger.domain.government.governance import LedgerClosed
from ledger.domain.parties.ledger_state import ledger_subject
from ledger.follow.audit import StoredLog, export
from ledger.home.keystore import create_log_keys
from ledger.home.paths import Home, Identity
from ledger.home.settings import Settings
from ledger.node import backup
from ledger.node.erasing import order_erasure
from ledger.node.genesis import initialise
from ledger.node.node import Node, open_database, open_node
from ledger.sequence.orders import Orders
from ledger.store import basebackup
from ledger.store.embedded import EmbeddedPostgres
from ledger.store.entries import read_head
from ledger.wire.told import Told
from tests.support.builders import (
    AUTHOR,
    FIRM,
    INSTITUTE,
    OPERATOR,
    REGISTRAR,
    technology_registered,
)
from tests.support.node import append, running, settings_for
from tests.support.postgres import Database, fresh_database, home_directory, run_sql
from tests.support.sealing import erasure
from tests.support.server import ROOT, environment, ledger_home
from tests.support.world import World, submission

FIRST, MORE = 10, 15


@dataclass(frozen=True)
class Machine:
    """A machine with a ledger: its home, and beside it what is kept on others."""

    home: Home
    elsewhere: Path

    @property
    def backups(self) -> Path:
        return self.elsewhere / "backups"

    @property
    def mirror(self) -> Path:
        return self.elsewhere / "mirror"

    @property
    def safe(self) -> Path:
        return self.elsewhere / "safe"

    def settings(self, **more: object) -> Settings:
        return Settings(home=self.home.path, database_url=None, verifier_processes=1, **more)

    @contextmanager
    def node(self, **more: object) -> Iterator[Node]:
        node = open_node(self.settings(**more))
        try:
            node.start()
            yield node
        finally:
            node.stop()
            node.database.stop()

    def operate(self, *words: object, **variables: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [sys.executable, "-m", "api.cli", "operate", *map(str, words)],
            env=environment(self.home.path, variables),
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
        )

    def operate_here(self, *words: object) -> "subprocess.CompletedProcess[str]":
        """As `operate`, in this process: for what starts nothing."""
        with patch.dict(os.environ, environment(self.home.path, {}), clear=True):
            done = CliRunner().invoke(app, ["operate", *map(str, words)])
        code, said = done.exit_code, done.stderr
        if isinstance(done.exception, Told):
            code, said = done.exception.exit_code, str(done.exception)
        elif not isinstance(done.exception, SystemExit | None):
            raise done.exception
        return subprocess.CompletedProcess(words, code, done.stdout, said)

    def newest(self) -> Path:
        return max(self.backups.iterdir())

    def destroy(self) -> None:
        """Lose the machine: nothing of the home stays."""
        for each in self.home.path.iterdir():
            shutil.rmtree(each) if each.is_dir() else each.unlink()

    @property
    def data_keys(self) -> Path:
        return self.elsewhere / "data-keys"

    def bring_keys(self) -> None:
        shutil.copytree(self.safe, self.home.keys)
        shutil.copytree(self.data_keys, self.home.vault)


@pytest.fixture
def machine() -> Iterator[Machine]:
    with ledger_home() as home, home_directory() as elsewhere:
        machine = Machine(home, elsewhere)
        initialise(machine.settings(), "lost.example.vn", OPERATOR, REGISTRAR, delay_s=0)
        shutil.copytree(home.keys, machine.safe)
        shutil.copytree(home.vault, machine.data_keys)
        yield machine


def say(node: Node, world: World, first: int, count: int) -> None:
    for number in range(first, first + count):
        body = technology_registered(technology=f"technology:t{number}")
        last = append(node, world.sign(body, INSTITUTE))[-1]
    node.feed.covering(last.position).result(30)


def told(run: "subprocess.CompletedProcess[str]", code: int = 0) -> str:
    assert code == run.returncode, run.stdout + run.stderr
    assert "Traceback" not in run.stderr
    return run.stdout


def test_the_drill_that_destroys_the_machine(machine: Machine) -> None:
    world = World.of(machine.home)
    with machine.node() as node:
        append(node, *world.registrations((INSTITUTE, FIRM)))
        say(node, world, 0, FIRST)
        assert "to size 13 at least, read back" in told(
            machine.operate("backup", machine.backups)
        )  # While it works.
        say(node, world, FIRST, MORE)
        export(StoredLog(node.pool), machine.mirror)
        root = read_head(node.pool).root
    trust = machine.home.trust.read_bytes()
    machine.destroy()

    refused = told(machine.operate("restore", machine.newest()), 1)
    assert "KEYS_MISSING" in refused
    machine.bring_keys()
    back = told(machine.operate("restore", machine.newest(), "--mirror", machine.mirror))
    assert "at size 28" in back
    assert "halted" in back
    told(machine.operate("resume", "--reason", "the machine burnt"))
    assert trust == machine.home.trust.read_bytes()
    told(machine.operate("fsck"))
    with machine.node() as node:
        head = read_head(node.pool)
        assert 29 == head.size  # 28, and the event that says why it was halted.
        say(node, world, FIRST + MORE, 1)
        export(StoredLog(node.pool), machine.mirror)  # It continues what the mirror held.
    assert root != head.root


def test_the_archive_brings_back_what_no_mirror_has(machine: Machine) -> None:
    world, archive = World.of(machine.home), machine.elsewhere / "wal"
    archive.mkdir()
    archive.chmod(0o777)  # The server's user writes there.
    variables = {"LEDGER_WAL_ARCHIVE": str(archive)}
    with machine.node(wal_archive=archive) as node:
        append(node, *world.registrations((INSTITUTE,)))
        told(machine.operate("backup", machine.backups, **variables))
        say(node, world, 0, MORE)
        signed = node.feed.latest.size
    wait_until_archived(archive, machine.home)
    machine.destroy()
    machine.bring_keys()

    lonely = told(machine.operate("restore", machine.newest(), "--archive", archive), 1)
    assert "nobody could be asked" in lonely
    back = told(
        machine.operate("restore", machine.newest(), "--archive", archive, "--nobody-saw-more")
    )
    assert f"at size {signed}" in back
    told(machine.operate("resume", "--reason", "restored from the archive"))
    told(machine.operate("fsck"))


def test_an_archive_with_a_gap_is_refused_by_name_and_taken_up_to_there_by_name(
    machine: Machine,
) -> None:
    world, archive = World.of(machine.home), machine.elsewhere / "wal"
    archive.mkdir()
    archive.chmod(0o777)
    variables = {"LEDGER_WAL_ARCHIVE": str(archive)}
    with machine.node(wal_archive=archive) as node:
        append(node, *world.registrations((INSTITUTE,)))
        told(machine.operate("backup", machine.backups, **variables))
        sizes = []
        for part in range(3):
            say(node, world, 5 * part, 5)
            sizes.append(node.feed.latest.size)
            run_sql(node.database.embedded.superuser_dsn, "SELECT pg_switch_wal()")
    wait_until_archived(archive, machine.home)
    machine.destroy()
    machine.bring_keys()
    segments = sorted(path for path in archive.glob("*.gz") if len(path.name) == 27)
    missing = segments[-3]
    name, whole = missing.name.removesuffix(".gz"), missing.read_bytes()

    def restored(*options: str) -> "subprocess.CompletedProcess[str]":
        wanted = ("restore", machine.newest(), "--archive", archive, "--nobody-saw-more")
        return machine.operate(*wanted, *options)

    def refused_as(code: str, *options: str) -> None:
        before = sorted(machine.home.path.rglob("*"))
        assert code in told(restored(*options), 1)
        assert before == sorted(machine.home.path.rglob("*"))

    missing.write_bytes(whole[:-9])
    refused_as(f"ARCHIVE_GAP: segment {name} is missing or damaged")
    missing.unlink()
    refused_as(f"ARCHIVE_GAP: segment {name} is missing or damaged")
    back = told(restored("--up-to", name))
    assert f"what was written from segment {name} on is given up" in back
    assert f"at size {sizes[-1]}" not in back


def test_an_archive_that_the_servers_user_cannot_read_is_refused(fresh: Machine) -> None:
    archive = fresh.elsewhere / "wal"
    archive.mkdir()
    refused_there = partial(refused, fresh, "--archive", archive)
    assert "ARCHIVE_GAP: the server's user cannot read" in refused_there()
    (archive / "000000010000000000000002.gz").write_bytes(b"")
    archive.chmod(0)
    assert "ARCHIVE_GAP: the server's user cannot read" in refused_there()
    archive.chmod(0o755)
    (archive / "000000010000000000000002.gz").chmod(0)
    assert "ARCHIVE_GAP: the server's user cannot read" in refused_there()


def wait_until_archived(archive: Path, home: Home) -> None:
    """Wait until a server that has stopped has nothing left to archive."""
    assert list(archive.glob("*.gz"))
    (data,) = home.path.glob("postgres-*/")
    for _ in range(200):
        if not list((data / "pg_wal/archive_status").glob("*.ready")):
            return
        time.sleep(0.05)
    raise AssertionError("the last segment was never archived")


def test_a_dump_comes_back_in_a_database_of_ones_own(
    machine: Machine, empty_databases: tuple[Database, Database]
) -> None:
    first, second = empty_databases
    machine.destroy()
    found_there(machine, first)
    world = World.of(machine.home)
    shutil.rmtree(machine.safe)
    shutil.rmtree(machine.data_keys)
    shutil.copytree(machine.home.keys, machine.safe)
    shutil.copytree(machine.home.vault, machine.data_keys)
    settings = settings_for(first, machine.home.path)
    with running(settings) as node:
        append(node, *world.registrations((INSTITUTE, FIRM)))
        say(node, world, 0, 3)
        closed = LedgerClosed(ledger=ledger_subject(world.origin), successor=None, reason="over")
        append(node, world.registration(AUTHOR, kind="person", name=None))
        append(node, world.sign(closed, OPERATOR, REGISTRAR))
        order = order_erasure(node.pool, machine.home, submission(erasure(world)))
        told(machine.operate("rebuild", **urls(first)))
        told(machine.operate("backup", machine.backups, **urls(first)))
    machine.destroy()
    machine.bring_keys()
    wrong = told(machine.operate("restore", machine.newest()), 1)
    assert "WRONG_METHOD" in wrong
    nobody = told(machine.operate("restore", machine.newest(), **urls(second)), 1)
    assert "BACKUP_OLDER: nobody could be asked" in nobody
    back = told(machine.operate("restore", machine.newest(), "--nobody-saw-more", **urls(second)))
    assert "at size 8" in back
    assert [order.position] == [each.position for each in Orders(machine.home.erasures).read()]
    told(machine.operate("resume", "--reason", "moved", **urls(second)))
    told(machine.operate("fsck", **urls(second)))
    told(machine.operate("rebuild", **urls(second)))
    assert "no difference in 8 entries" in told(
        machine.operate("compare", "parties", **urls(second))
    )


def urls(database: Database) -> dict[str, str]:
    return {
        "LEDGER_DATABASE_URL": database.app_dsn,
        "LEDGER_DATABASE_OWNER_URL": database.owner_dsn,
    }


@pytest.fixture
def empty_databases(postgres_server: EmbeddedPostgres) -> Iterator[tuple[Database, Database]]:
    with fresh_database(postgres_server) as first, fresh_database(postgres_server) as second:
        for each in (first, second):
            for schema in ("ledger", "read", "migrations"):
                run_sql(each.superuser_dsn, f"DROP SCHEMA {schema} CASCADE")
        yield first, second


def found_there(machine: Machine, database: Database) -> None:
    initialise(
        settings_for(database, machine.home.path), "own.example.vn", OPERATOR, REGISTRAR, delay_s=0
    )


@pytest.fixture(scope="module")
def kept() -> Iterator[Machine]:
    """Return a machine that made a backup of size 1, and signed two entries more."""
    with ledger_home() as home, home_directory() as elsewhere:
        machine = Machine(home, elsewhere)
        initialise(machine.settings(), "lost.example.vn", OPERATOR, REGISTRAR, delay_s=0)
        shutil.copytree(home.keys, machine.safe)
        shutil.copytree(home.vault, machine.data_keys)
        told(machine.operate("backup", machine.backups))
        with machine.node() as node:
            append(node, *World.of(home).registrations((INSTITUTE, FIRM)))
            node.feed.covering(2).result(30)
        yield machine


@pytest.fixture
def fresh(kept: Machine) -> Iterator[Machine]:
    """Lend a new machine with the keys from the safe, and a copy of the backup."""
    with home_directory() as home, home_directory() as elsewhere:
        machine = Machine(Home(home), elsewhere)
        shutil.copytree(kept.backups, machine.backups)
        shutil.copytree(kept.safe, machine.home.keys)
        yield machine


def refused(machine: Machine, *options: object) -> str:
    """Return why the backup is refused, and hold that nothing is left of it."""
    before = sorted(machine.home.path.rglob("*"))
    run = machine.operate_here("restore", machine.newest(), *options)
    assert 1 == run.returncode, run.stdout + run.stderr
    assert before == sorted(machine.home.path.rglob("*"))
    return run.stdout + run.stderr


def test_a_backup_that_was_cut_is_refused(fresh: Machine) -> None:
    (fresh.newest() / "manifest.json").unlink()
    assert "BACKUP_CUT" in refused(fresh)


@pytest.mark.parametrize("name", ["trust.json", "base/backup_manifest"])
def test_a_backup_without_one_of_its_files_is_refused(fresh: Machine, name: str) -> None:
    (fresh.newest() / name).unlink()
    assert "BACKUP_CUT" in refused(fresh)


@pytest.mark.parametrize("name", ["trust.json", "base/PG_VERSION", "base/global/pg_control"])
def test_a_backup_with_a_changed_file_is_refused(fresh: Machine, name: str) -> None:
    path = fresh.newest() / name
    path.write_bytes(path.read_bytes() + b" ")
    assert "BACKUP_CORRUPT" in refused(fresh)


@pytest.mark.parametrize("name", ["standby.signal", "conf.d/x.conf", "postgresql.auto.conf"])
def test_a_backup_with_a_file_that_was_not_copied_is_refused(fresh: Machine, name: str) -> None:
    path = fresh.newest() / "base" / name
    path.parent.mkdir(exist_ok=True)
    with path.open("a") as file:
        file.write(RUNS.format(fresh.elsewhere / "ran"))
    assert "BACKUP_CORRUPT" in refused(fresh)


def test_a_backup_with_a_link_is_refused(fresh: Machine) -> None:
    (fresh.newest() / "base" / "link").symlink_to("/etc/passwd")
    assert "BACKUP_CORRUPT: base/link is no file" in refused(fresh)


RUNS = "archive_mode=on\narchive_command='touch {0}; false'\nrestore_command='touch {0}'\n"
"""Settings by which a server runs somebody's program."""


def altered(machine: Machine) -> Path:
    """Write into a backup what its server would run, and sum all files again; return what."""
    base, ran = machine.newest() / "base", machine.elsewhere / "ran"
    machine.elsewhere.chmod(0o777)
    with (base / "postgresql.auto.conf").open("a") as file:
        file.write(RUNS.format(ran))
    (base / "recovery.signal").touch()
    path = machine.newest() / "manifest.json"
    manifest = json.loads(path.read_bytes())
    manifest["files"] = dict(backup._sums(machine.newest()))
    path.write_text(json.dumps(manifest))
    return ran


def test_a_backup_that_was_altered_with_its_manifest_is_refused(fresh: Machine) -> None:
    altered(fresh)
    assert "BACKUP_UNPROVEN" in refused(fresh)


def test_no_setting_of_a_backup_is_taken(fresh: Machine) -> None:
    ran = altered(fresh)
    run = fresh.operate("restore", fresh.newest(), "--nobody-saw-more", "--unproven")
    assert "unproven: nothing shows that this ledger made the backup" in told(run)
    told(fresh.operate("resume", "--reason", "restored"))
    database = open_database(fresh.settings())
    run_sql(database.embedded.superuser_dsn, "SELECT pg_switch_wal()")
    database.stop()
    (data,) = fresh.home.path.glob("postgres-*/")
    assert basebackup._CONFIGURED == {path.name: path.read_text() for path in data.glob("*.conf")}
    assert [] == list(data.glob("*.signal"))
    assert not ran.exists()


def test_without_the_key_it_is_said_that_nothing_shows_who_made_the_backup(fresh: Machine) -> None:
    (fresh.home.keys / "batches.key").unlink()
    run = fresh.operate("restore", fresh.newest(), "--nobody-saw-more")
    assert "unproven: nothing shows that this ledger made the backup" in told(run)


@pytest.mark.parametrize("text", ["", "{", "[]", '{"origin": 1}'])
def test_a_manifest_that_cannot_be_read_is_refused(fresh: Machine, text: str) -> None:
    (fresh.newest() / "manifest.json").write_text(text)
    assert "BACKUP_CORRUPT" in refused(fresh)


def test_a_backup_of_another_ledger_is_refused(fresh: Machine) -> None:
    fresh.home.create(Identity("other.example.vn/techledger/00000000", OPERATOR, REGISTRAR))
    assert "BACKUP_FOREIGN" in refused(fresh)


def test_a_backup_is_refused_where_the_keys_are_missing(fresh: Machine) -> None:
    shutil.rmtree(fresh.home.keys)
    assert "KEYS_MISSING" in refused(fresh)


def test_an_older_backup_is_refused_before_anything_is_written(
    fresh: Machine, kept: Machine
) -> None:
    shutil.copytree(kept.home.checkpoints, fresh.home.checkpoints)
    assert "BACKUP_OLDER: the backup reaches size 1, 3 were signed" in refused(fresh)


def test_a_database_that_is_there_is_never_replaced(fresh: Machine) -> None:
    there = fresh.home.path / "postgres-18"
    there.mkdir()
    (there / "PG_VERSION").write_text("18")
    assert "move it away first" in refused(fresh)


def test_a_backup_by_the_keys_of_another_log_is_refused(fresh: Machine) -> None:
    shutil.rmtree(fresh.home.keys)
    create_log_keys(fresh.home.keys)
    assert "BACKUP_FOREIGN" in refused(fresh, "--nobody-saw-more")  # By the database, in place.


def test_what_a_refusal_advises_works_as_it_is_printed(fresh: Machine) -> None:
    said = refused(fresh)
    assert "BACKUP_OLDER: nobody could be asked" in said
    assert "or say --nobody-saw-more" in said
    told(fresh.operate("restore", fresh.newest(), "--nobody-saw-more"))
    assert "resumed" in told(fresh.operate("resume", "--reason", "restored"))


def test_two_backups_of_one_second_lie_apart(kept: Machine, tmp_path: Path) -> None:
    settings = kept.settings()
    database = open_database(settings)
    try:
        for _ in range(2):
            made = datetime(2026, 11, 29, 22, 34, 4, len(list(tmp_path.iterdir())), UTC)
            with patch.object(backup, "datetime", Mock(now=Mock(return_value=made))):
                backup.back_up(settings, database, tmp_path, "dump")
    finally:
        database.stop()
    assert {"20261129T223404.000000Z-3", "20261129T223404.000001Z-3"} == {
        each.name for each in tmp_path.iterdir()
    }


def test_old_backups_go_and_the_newest_stays(kept: Machine, tmp_path: Path) -> None:
    old = tmp_path / "20200101T000000Z-1"
    shutil.copytree(kept.newest(), old)
    manifest = json.loads((old / "manifest.json").read_bytes())
    (old / "manifest.json").write_text(json.dumps(manifest | {"made": "2020-01-01T00:00:00Z"}))
    assert "removed" in told(kept.operate("backup", tmp_path, "--keep-days", "35"))
    assert 1 == len(list(tmp_path.iterdir()))
