"""A mirror of a served log: it follows, outlives a kill, and holds what the operator exports."""

import subprocess
import sys
import time
from pathlib import Path

import pytest
from typer.testing import CliRunner

from api.cli.main import app
from ledger.follow.audit import StoredLog, export, exported_checkpoint
from ledger.home.paths import Home
from ledger.home.settings import Settings
from ledger.node.node import Node
from tests.support.builders import FIRM, INSTITUTE, held, technology_registered
from tests.support.http import serving
from tests.support.node import append, found, running, settings_for
from tests.support.postgres import Database
from tests.support.world import World

ROOT = Path(__file__).parents[2]


@pytest.fixture
def settings(database: Database, tmp_path: Path) -> Settings:
    return settings_for(database, tmp_path / "home")


def say(node: Node, world: World, first: int, count: int) -> None:
    for number in range(first, first + count):
        body = technology_registered(technology=f"technology:t{number}", owners=[held(FIRM)])
        append(node, world.sign(body, FIRM))


def files_in(directory: Path) -> dict[str, bytes]:
    return {
        path.relative_to(directory).as_posix(): path.read_bytes()
        for path in directory.rglob("*")
        if path.is_file()
    }


def test_a_mirror_follows_and_outlives_a_kill(settings: Settings, tmp_path: Path) -> None:
    home: Home = found(settings)
    world, mirror = World.of(home), tmp_path / "mirror"
    with running(settings) as node, serving(node) as url:
        append(node, *world.registrations((INSTITUTE, FIRM)))
        command = [sys.executable, "-m", "api.cli", "mirror", str(mirror), "--url", url]
        command += ["--trust", str(home.trust), "--every", "0.05"]
        following = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL)
        say(node, world, 0, 40)
        wait_for(mirror, 20)
        following.kill()
        following.wait()
        say(node, world, 40, 300)
        once = ["mirror", str(mirror), "--url", url, "--trust", str(home.trust)]
        done = CliRunner().invoke(app, once)
        assert 0 == done.exit_code, done.output
        export(StoredLog(node.pool), tmp_path / "exported")
        assert files_in(tmp_path / "exported") == files_in(mirror)
        assert node.feed.latest is not None
        assert node.feed.latest.size == exported_checkpoint(mirror).size
        (mirror / "checkpoint").write_bytes(b"not a note")
    gone = CliRunner().invoke(app, once)
    assert (1, True) == (gone.exit_code, "REFUSED" in gone.output)


def wait_for(mirror: Path, size: int) -> None:
    for _ in range(400):
        if (mirror / "checkpoint").exists() and exported_checkpoint(mirror).size >= size:
            return
        time.sleep(0.05)
    raise AssertionError("the mirror does not follow")
