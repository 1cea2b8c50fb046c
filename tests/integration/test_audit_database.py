"""A log taken home from its database, or from its server, is one and the same, and verifies."""

import json
from itertools import count
from pathlib import Path
from typing import Any

import httpx2
import pytest
from typer.testing import CliRunner

from api.cli.audit import app
from api.cli.served import ServedLog
from ledger.follow.audit import StoredLog, export, exported_checkpoint
from ledger.follow.client import NoAnswer
from ledger.home.paths import Home
from ledger.home.settings import Settings
from ledger.node.node import Node
from ledger.sequence.judging import Recorded
from ledger.store.connection import Pool
from ledger.store.entries import LogUnfinished
from ledger.verify.verifier import verify_export
from tests.support.builders import held, technology_registered
from tests.support.http import serving
from tests.support.node import append
from tests.support.world import World

MAKER = "party:vn.maker"

_numbers = count()


@pytest.fixture
def world(node: Node, home: Home) -> World:
    everyone = World.of(home)
    publish(node, everyone.registration(MAKER))
    return everyone


def publish(node: Node, *many: Any) -> None:
    """Append events and wait for the checkpoint that covers the last."""
    last = append(node, *many)[-1]
    assert isinstance(last, Recorded)
    node.feed.covering(last.position).result(30)


def grow(node: Node, world: World, number: int) -> None:
    """Append so many technologies, and wait for their checkpoint."""
    bodies = [
        technology_registered(technology=f"technology:t{next(_numbers)}", owners=[held(MAKER)])
        for _ in range(number)
    ]
    publish(node, *[world.sign(body, MAKER) for body in bodies])


def files_in(directory: Path) -> dict[str, bytes]:
    """Return every file below a directory, by path."""
    return {
        path.relative_to(directory).as_posix(): path.read_bytes()
        for path in directory.rglob("*")
        if path.is_file()
    }


def test_database_and_server_give_the_same_files_and_they_verify(
    node: Node, world: World, home: Home, tmp_path: Path
) -> None:
    grow(node, world, 300)
    export(StoredLog(node.pool), tmp_path / "stored")
    with serving(node) as url, httpx2.Client(base_url=url) as http:
        export(ServedLog(http), tmp_path / "served")
    assert files_in(tmp_path / "stored") == files_in(tmp_path / "served")
    answer = verify_export(tmp_path / "stored", home.trust.read_bytes(), workers=1)
    assert 302 == answer.checkpoint.size


def test_exports_of_a_growing_ledger_continue_each_other(
    node: Node, world: World, home: Home, tmp_path: Path
) -> None:
    log, old = tmp_path / "log", b""
    for number in (5, 249, 2, 300):
        grow(node, world, number)
        export(StoredLog(node.pool), log)
        verify_export(log, home.trust.read_bytes(), previous=old or None, workers=1)
        old = (log / "checkpoint").read_bytes()
    assert 558 == exported_checkpoint(log).size


def test_a_log_without_a_checkpoint_is_not_finished(pool: Pool, tmp_path: Path) -> None:
    with pytest.raises(LogUnfinished):
        export(StoredLog(pool), tmp_path)


def test_a_server_that_is_not_there_gives_no_answer(tmp_path: Path) -> None:
    with httpx2.Client(base_url="http://127.0.0.1:9") as http, pytest.raises(NoAnswer):
        export(ServedLog(http), tmp_path)


def run(*arguments: object) -> Any:
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def test_the_command_takes_a_log_home_from_a_server_and_verifies_it(
    node: Node, world: World, home: Home, tmp_path: Path
) -> None:
    grow(node, world, 10)
    with serving(node) as url:
        done = run("clone", tmp_path / "log", "--url", url, "--json")
        assert (True, 12, 2) == tuple(
            json.loads(done.stdout)[name] for name in ("exported", "size", "files")
        )
        again = run("clone", tmp_path / "log", "--url", url)
        assert " at size 12, 0 new files, unverified: no trust root was given" in again.stdout
    assert 0 == run("verify", tmp_path / "log", "--trust", home.trust).exit_code


def test_the_command_reads_the_local_database(
    node: Node,
    world: World,
    settings: Settings,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    grow(node, world, 3)
    monkeypatch.setenv("LEDGER_HOME", str(settings.home))
    monkeypatch.setenv("LEDGER_DATABASE_URL", str(settings.database_url))
    assert 0 == run("clone", tmp_path / "log").exit_code
    assert 5 == exported_checkpoint(tmp_path / "log").size


def test_the_command_says_why_nothing_was_exported(
    node: Node, world: World, tmp_path: Path
) -> None:
    grow(node, world, 3)
    with serving(node) as url:
        assert 0 == run("clone", tmp_path / "log", "--url", url).exit_code
        note = tmp_path / "log" / "checkpoint"
        note.write_bytes(note.read_bytes().replace(b"\n5\n", b"\n6\n", 1))
        done = run("clone", tmp_path / "log", "--url", url, "--json")
        gone = run("clone", tmp_path / "gone", "--url", f"{url}/nowhere", "--json")
    assert 1 == done.exit_code
    assert "tile/0/000.p/6" in json.loads(done.stdout)["reason"]  # It has no tile of that size.
    told = "NO_ANSWER: the server answers 404 for checkpoint; ask it again, and it goes on, or name"
    assert (1, f"{told} another source") == (
        gone.exit_code,
        json.loads(gone.stdout)["reason"],
    )
