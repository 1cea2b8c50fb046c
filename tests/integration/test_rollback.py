"""
A database that went back in time: it never signs, and a mirror brings back what it has lost.

The older database is a copy made with CREATE DATABASE ... TEMPLATE, as a restored backup would be.
"""

import os
import shutil
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from typer.testing import CliRunner

from api.cli import operate
from ledger.follow.audit import StoredLog, export, exported_checkpoint
from ledger.follow.supply import SourceRefused, gather
from ledger.home.antirollback import CheckpointFile, Halted, InUse
from ledger.home.paths import Home
from ledger.home.settings import Settings
from ledger.node.fsck import check_log
from ledger.node.node import batch_key, open_node
from ledger.node.restore import MirrorBehind, NotAPrefix, StillMissing, restore
from ledger.store.connection import Pool
from ledger.store.entries import read_entries, read_head
from tests.support.builders import FIRM, INSTITUTE, technology_registered
from tests.support.node import append, found, running, settings_for
from tests.support.postgres import Database, run_sql
from tests.support.tampering import without_checks
from tests.support.witnessing import members, policy_of
from tests.support.world import World

FIRST, MORE = 20, 320


@contextmanager
def copied(database: Database) -> Iterator[Database]:
    """Lend a database as this one is now: its backup, restored beside it."""
    name = f"{database.name}_backup"
    make = f"CREATE DATABASE {name} TEMPLATE {database.name} OWNER ledger_owner"
    elsewhere = database.superuser_dsn.replace(f"/{database.name}?", "/postgres?")
    run_sql(elsewhere, make)

    def renamed(dsn: str) -> str:
        return dsn.replace(f"/{database.name}?", f"/{name}?")

    try:
        yield Database(
            name,
            renamed(database.app_dsn),
            renamed(database.owner_dsn),
            renamed(database.superuser_dsn),
        )
    finally:
        run_sql(elsewhere, f"DROP DATABASE {name} WITH (FORCE)")


class Past:
    """A ledger that went on after a backup: its home, the backup, a mirror, its present root."""

    def __init__(
        self, home: Home, world: World, databases: tuple[Database, Database], mirror: Path
    ) -> None:
        self.home, self.world, self.mirror = home, world, mirror
        self.database, self.backup = databases
        self.old_file = (home.path / "old-checkpoint").read_bytes()

    @property
    def settings(self) -> Settings:
        """The ledger on the restored backup."""
        return settings_for(self.backup, self.home.path)

    def lose_the_file_too(self) -> None:
        """Put back the anti-rollback file of the backup's day: the whole host was restored."""
        (self.home.checkpoints / "last-signed").write_bytes(self.old_file)

    def restore(self, *more: Path, receipts: Sequence[tuple[Path, bytes]] = ()) -> int:
        pool = Pool(self.backup.app_dsn, size=2)
        try:
            file = CheckpointFile(self.home.checkpoints)
            trust = self.home.trust.read_bytes()
            return restore(
                pool, file, gather(trust, [self.mirror, *more], (), receipts), batch_key(self.home)
            ).entries
        finally:
            pool.close()


def say(node, world: World, first: int, count: int) -> None:
    for number in range(first, first + count):
        last = append(
            node, world.sign(technology_registered(technology=f"technology:t{number}"), INSTITUTE)
        )[-1]
    node.feed.covering(last.position).result(30)


@pytest.fixture
def past(database: Database, tmp_path: Path) -> Iterator[Past]:
    settings = settings_for(database, tmp_path / "home")
    home = found(settings)
    world = World.of(home)
    with running(settings) as node:
        append(node, *world.registrations((INSTITUTE, FIRM)))
        say(node, world, 0, FIRST)
    shutil.copy(home.checkpoints / "last-signed", home.path / "old-checkpoint")
    with copied(database) as backup:
        with running(settings) as node:
            say(node, world, FIRST, MORE)
            export(StoredLog(node.pool), tmp_path / "mirror")
        yield Past(home, world, (database, backup), tmp_path / "mirror")


@contextmanager
def mirror_of(directory: Path) -> Iterator[str]:
    """Serve a directory as any web server would."""
    handler = partial(SilentHandler, directory=str(directory))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()
            thread.join()


class SilentHandler(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        return


def refuses_to_sign(settings: Settings, reason: str) -> None:
    node = open_node(settings)
    try:
        with pytest.raises(Halted, match=reason):
            node.start()
    finally:
        node.stop()


def test_a_backup_never_signs_and_a_mirror_brings_back_the_identical_root(past: Past) -> None:
    refuses_to_sign(past.settings, "the database has 23 entries; 343 were signed")
    refuses_to_sign(past.settings, "the database has 23 entries")  # The halt is sticky.
    assert MORE == past.restore()
    refuses_to_sign(past.settings, "the database has 23 entries")  # Still: a person must say so.
    assert 0 == past.restore()
    CheckpointFile(past.home.checkpoints).resume()
    mirrored = exported_checkpoint(past.mirror)
    with running(past.settings) as node:
        head = read_head(node.pool)
        assert (mirrored.size, mirrored.root) == (head.size, head.root)
        append(node, World.of(past.home).registration("party:vn.later"))
        report = check_log(node.pool, past.home)
        # The checkpoints in between are lost, and no wrong one is there.
        assert [] == report.findings


def test_a_backup_with_the_file_of_its_day_is_found_out_by_a_mirror(past: Past) -> None:
    past.lose_the_file_too()
    with mirror_of(past.mirror) as url:
        settings = past.settings.model_copy(update={"mirrors": f"http://127.0.0.1:9 {url}"})
        refuses_to_sign(settings, "has seen size 343; 23 is the last here")
        assert MORE == past.restore()
        CheckpointFile(past.home.checkpoints).resume()
        with running(settings) as node:
            assert 343 == read_head(node.pool).size


def test_a_backup_with_the_file_of_its_day_is_found_out_by_a_witness(
    database: Database, tmp_path: Path
) -> None:
    settings = settings_for(database, tmp_path / "home")
    home = found(settings)
    world = World.of(home)
    with running(settings) as node:
        append(node, *world.registrations((INSTITUTE,)))
        signer = node.publisher.signer
    old = (home.checkpoints / "last-signed").read_bytes()
    with copied(database) as backup, members(tmp_path, signer.verifiers) as made:
        home.policy.write_text(policy_of(made))
        with made["firm"].served():
            with running(settings) as node:
                say(node, world, 0, 3)
                for _ in range(200):
                    if any(target.size == 5 for target in node.feeder.targets):
                        break
                    time.sleep(0.05)
            (home.checkpoints / "last-signed").write_bytes(old)
            refuses_to_sign(settings_for(backup, home.path), "has seen size 5; 2 is the last here")


def test_another_history_of_the_same_size_is_found_out(past: Past) -> None:
    """The fork that a backup makes if nobody is asked, as it looks to who kept the first."""
    past.lose_the_file_too()
    with running(past.settings) as node:
        say(node, past.world, 1000, MORE + 5)
    with mirror_of(past.mirror) as url:
        settings = past.settings.model_copy(update={"mirrors": url})
        refuses_to_sign(settings, "has seen another history at size 343")
    with pytest.raises(NotAPrefix, match="position 23"):
        past.restore()


def test_a_stranger_cannot_halt_a_log(past: Past, tmp_path: Path) -> None:
    """A checkpoint that our keys did not sign shows nothing, whatever it says."""
    past.restore()
    other = tmp_path / "other"
    other.mkdir()
    note = (past.mirror / "checkpoint").read_bytes()
    for content in (b"not a note", note.replace(b"\n343\n", b"\n344\n")):
        (other / "checkpoint").write_bytes(content)
        with mirror_of(other) as url:
            settings = past.settings.model_copy(update={"mirrors": url})
            with running(settings) as node:
                assert node.halted is None


def test_nothing_is_restored_from_a_mirror_that_does_not_verify(past: Past) -> None:
    bundle = past.mirror / "tile/entries/001.p/87"
    raw = bytearray(bundle.read_bytes())
    raw[5000] ^= 1
    bundle.write_bytes(raw)
    with pytest.raises(SourceRefused, match="step 3"):
        past.restore()
    assert 23 == size_of(past.backup)


def test_nothing_is_restored_into_another_history(past: Past) -> None:
    without_checks(
        past.backup,
        "UPDATE ledger.entries SET entry = set_byte(entry, 299, get_byte(entry, 299) # 1) "
        "WHERE position = 7",
    )
    with pytest.raises(NotAPrefix) as refused:
        past.restore()
    assert (7, 23) == (refused.value.position, size_of(past.backup))


def test_nothing_is_restored_from_an_older_mirror(past: Past, tmp_path: Path) -> None:
    old = tmp_path / "old"
    pool = Pool(past.backup.app_dsn, size=1)
    export(StoredLog(pool), old)
    pool.close()
    past.mirror = old
    with pytest.raises(StillMissing, match="positions 23 to 342, accepted after"):
        past.restore()
    past.lose_the_file_too()
    assert 0 == past.restore()
    past.backup = past.database
    with pytest.raises(MirrorBehind):
        past.restore()


def test_an_operator_halts_restores_and_resumes_by_commands(past: Past, monkeypatch) -> None:
    monkeypatch.setenv("LEDGER_HOME", str(past.home.path))
    monkeypatch.setenv("LEDGER_DATABASE_URL", past.backup.app_dsn)
    run = CliRunner().invoke
    assert "REFUSED" not in run(operate.app, ["halt", "--reason", "a disk died"]).output
    early = run(operate.app, ["resume", "--reason", "I hope"])
    assert isinstance(early.exception, Halted)
    done = run(operate.app, ["restore-from-mirror", str(past.mirror)])
    assert (0, True) == (done.exit_code, f"{MORE} entries came back; size 343" in done.output)
    held = CheckpointFile(past.home.checkpoints).hold()
    with pytest.raises(InUse):
        run(operate.app, ["resume", "--reason", "x"], catch_exceptions=False)
    os.close(held)
    resumed = run(operate.app, ["resume", "--reason", "restored from the mirror"])
    assert "position 343 says why" in resumed.output
    assert 1 == run(operate.app, ["resume", "--reason", "again"]).exit_code
    with running(past.settings) as node:
        (entry,) = read_entries(node.pool, 343, 344, 1)
        assert b'"halted":"a disk died"' in entry.entry


@pytest.mark.parametrize(
    "reason",
    [
        b"DiskFull: could not extend file\nHINT:  Check free disk space.\n",
        b"server closed the connection unexpectedly\n\tThis probably means \x1b[31mred\x1b[0m",
        b"",
        b"\xff\xfe not text",
        "e\u0301 decomposed, \u200bhidden, \U0001ffff unassigned".encode(),
        b"x" * 100_000,
        b"call 0912345678, or write to who@example.vn",
    ],
)
def test_a_log_goes_on_whatever_it_was_halted_for(
    database: Database, tmp_path: Path, reason: bytes, monkeypatch
) -> None:
    home = found(settings_for(database, tmp_path / "home"))
    (home.checkpoints / "HALTED").write_bytes(reason)
    monkeypatch.setenv("LEDGER_HOME", str(home.path))
    monkeypatch.setenv("LEDGER_DATABASE_URL", database.app_dsn)
    resumed = CliRunner().invoke(operate.app, ["resume", "--reason", "it was\nread"])
    assert "position 1 says why" in resumed.output, resumed.output
    (entry,) = run_sql(
        database.superuser_dsn, "SELECT entry FROM ledger.entries WHERE position = 1"
    )
    assert b"@" not in bytes(entry[0])  # type: ignore[arg-type]
    with running(settings_for(database, home.path)) as node:
        append(node, World.of(home).registration("party:vn.later"))


def size_of(database: Database) -> int:
    ((size,),) = run_sql(database.superuser_dsn, "SELECT size FROM ledger.head")
    assert isinstance(size, int)
    return size
