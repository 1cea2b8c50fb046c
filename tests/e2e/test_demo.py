"""`techledger demo`, as a person starts it: the first time, again, and after a crash."""

import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.postgres import home_directory
from tests.support.server import ROOT

PATIENCE_S = 240


@pytest.fixture
def environment() -> Iterator[dict[str, str]]:
    """Lend a home and a free port; whatever is left running there is ended by process id."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with home_directory() as directory:
        home = directory / "ledger"
        yield os.environ | {"LEDGER_HOME": str(home), "LEDGER_PORT": str(port), "COLUMNS": "200"}
        for file in home.glob("postgres-*/postmaster.pid"):
            os.kill(int(file.read_text().split("\n", 1)[0]), signal.SIGQUIT)
            _await(lambda file=file: not file.exists())


def demo(environment: dict[str, str]) -> str:
    """Run the demo to its end; return what it printed."""
    run = subprocess.run(
        [sys.executable, "-m", "api.cli", "demo", "--once"],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=False,
    )
    assert 0 == run.returncode, run.stdout + run.stderr
    return run.stdout


def receipts(printed: str) -> list[str]:
    """Return the receipts' lines, without the word that they are replayed."""
    lines = [line for line in printed.splitlines() if "✓ receipt verified" in line]
    return [re.sub(r" \(replayed[^)]*\)", "", line) for line in lines]


@pytest.mark.timeout(600)
def test_the_demo_plays_verifies_and_finds_its_data_again(environment: dict[str, str]):
    first = demo(environment)
    assert "A new ledger" in first
    assert 15 == len(receipts(first))
    assert "refused EXCLUSIVE_OVERLAP, forbidden by position 11" in first
    assert "VERIFIED" in first
    assert "16 of 16 entries admitted again by the rules" in first
    again = demo(environment)
    assert "Found the ledger" in again
    assert receipts(first) == receipts(again), "the same receipts, to the instant"
    assert 15 == again.count("replayed: the same receipt as before")


@pytest.mark.timeout(600)
def test_a_demo_that_was_killed_goes_on_where_it_was(environment: dict[str, str]):
    with subprocess.Popen(
        [sys.executable, "-m", "api.cli", "demo"],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.DEVNULL,
        start_new_session=True,
    ) as process:
        steps = Path(environment["LEDGER_HOME"]) / "demo"
        _await(lambda: len(list(steps.glob("0*.json"))) >= 5)
        process.kill()
    (server,) = [
        int(line.split()[0])
        for line in subprocess.run(
            ["ps", "-eo", "pid,args"], capture_output=True, text=True, check=True
        ).stdout.splitlines()
        if "api.cli serve" in line and _belongs(int(line.split()[0]), environment["LEDGER_HOME"])
    ]
    os.kill(server, signal.SIGKILL)
    printed = demo(environment)
    assert 15 == len(receipts(printed))
    assert 1 <= printed.count("replayed: the same receipt as before") < 15


def _belongs(pid: int, home: str) -> bool:
    """Say whether a process works for the ledger in that home."""
    try:
        return f"LEDGER_HOME={home}".encode() in Path(f"/proc/{pid}/environ").read_bytes()
    except (FileNotFoundError, ProcessLookupError):
        return False


def _await(happened) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not happened():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.05)
