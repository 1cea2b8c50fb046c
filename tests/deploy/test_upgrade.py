"""
An upgrade from the wheel of a named earlier commit to this software.

That an older version waits on a ledger of a newer one is tried in tests/e2e/test_upgrade.py.
"""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus
from pathlib import Path

import httpx2
import pytest

from ledger.home.paths import Home
from tests.support.builders import FIRM, INSTITUTE, OPERATOR, REGISTRAR
from tests.support.server import ROOT, Server, environment, free_port, ledger_home
from tests.support.world import World

EARLIER = "491ba5c05fc2223a12f1e8894ffea841c1a76053"
"""The first with the law data of today: while the edition is 0-dev, they change in place."""


@pytest.fixture(scope="module")
def earlier(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a directory with what the wheel of the earlier version installs."""
    directory = tmp_path_factory.mktemp(EARLIER[:7])
    source, wheel, installed = (directory / name for name in ("source", "wheel", "installed"))
    source.mkdir()
    archive = subprocess.run(
        ["git", "archive", EARLIER], cwd=ROOT, check=True, capture_output=True
    ).stdout
    subprocess.run(["tar", "-x", "-C", str(source)], input=archive, check=True)
    pip = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*pip, "wheel", "--no-deps", "-w", str(wheel), str(source)], check=True)
    (built,) = wheel.iterdir()
    subprocess.run(
        [*pip, "install", "--no-deps", "--target", str(installed), str(built)], check=True
    )
    return installed


@contextmanager
def serving(home: Home, root: Path = ROOT) -> Iterator[Server]:
    """Run the server of a version, ready or not; end it in order."""
    server = Server(home, free_port(), {"LEDGER_VERIFIER_PROCESSES": "1"}, root=root)
    server.launch()
    try:
        yield server
        assert server.stop() == 0, server.words
    finally:
        if server.runs:
            server.kill()


def initialise(home: Home, root: Path) -> None:
    command = ["-m", "api.cli", "operate", "init", "--operator", OPERATOR]
    more = ["--registrar-party", REGISTRAR, "--host", "upgrade.example.vn", "--delay", "0"]
    subprocess.run(
        [sys.executable, *command, *more],
        env={**environment(home.path, {}), "PYTHONPATH": str(root)},
        cwd=root,
        check=True,
    )


def operate(home: Home, *words: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "api.cli", "operate", *words],
        env=environment(home.path, {}),
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert 0 == done.returncode, done.stdout + done.stderr


def post(server: Server, signed: object) -> httpx2.Response:
    headers = {"Content-Type": "application/json"}
    body = signed.to_json()  # type: ignore[attr-defined]
    return httpx2.post(f"{server.url}/v1/events", content=body, headers=headers, timeout=60)


def test_a_ledger_of_the_earlier_version_goes_on_with_this_one(earlier: Path) -> None:
    with ledger_home() as home:
        initialise(home, earlier)
        world = World.of(home)
        early = world.registration(INSTITUTE)
        with serving(home, earlier) as older:
            older.await_ready()
            receipt = post(older, early)
            assert HTTPStatus.CREATED == receipt.status_code
        with serving(home) as newer:
            newer.await_ready()
            again = post(newer, early)
            assert (receipt.content, "true") == (again.content, again.headers["Replayed"])
            answer = post(newer, world.registration(FIRM))
            assert HTTPStatus.CREATED == answer.status_code, answer.text
        operate(home, "fsck")
