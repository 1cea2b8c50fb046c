"""`techledger demo --once` as a newcomer runs it: once, again, and after a kill in the middle."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from api.cli.story import story
from ledger.home.paths import Home
from tests.support.server import ROOT, environment, free_port, ledger_home

ADMITTED = sum(step.refused is None for step in story())
"""Steps of the story that the ledger admits."""

RUN_S = 60
"""How long the demo may take, in seconds."""

TYPED = re.compile(r"^    ((?:curl|techledger|python) .*)$", re.MULTILINE)
LINES = TYPED.findall((ROOT / "docs" / "questions.md").read_text("utf-8"))
FOR_PEOPLE = [
    ROOT / "docs" / f"{name}{ending}"
    for name in ("start", "guides/licence-check", "guides/case-file", "guides/market")
    for ending in (".md", ".vi.md")
]

RUN_ON_THE_DEMO = [*FOR_PEOPLE, *(ROOT / "docs" / f"questions{each}" for each in (".md", ".vi.md"))]
"""The documents whose lines are run here, by the variables that the demo prints."""


@pytest.fixture
def home() -> Iterator[Home]:
    with ledger_home() as fresh:
        yield fresh


@pytest.fixture
def port() -> int:
    return free_port()


def start(home: Home, port: int, *words: str) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-u", "-m", "api.cli", *(words or ("demo", "--once"))],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env=environment(home.path, {"LEDGER_PORT": str(port), "COLUMNS": "200"}),
        cwd=ROOT,
        start_new_session=True,
    )


def play(home: Home, port: int) -> str:
    """Run the demo to its end; return what it printed."""
    process = start(home, port)
    said, _ = process.communicate(timeout=RUN_S)
    assert 0 == process.returncode, said
    return said


def receipts(home: Home) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in (home.path / "demo").glob("*.tlog-proof")}


def test_a_second_run_finds_its_data_and_gets_the_same_receipts(home: Home, port: int):
    first = play(home, port)
    kept = receipts(home)
    assert f"A new ledger in {home.path}" in first
    assert "demonstration: who has this home has the keys of operator and registrar both" in first
    assert (ADMITTED, 0) == (first.count("✓ receipt verified"), first.count("replayed"))
    assert ADMITTED == len(kept)

    second = play(home, port)
    assert f"Found the ledger in {home.path}" in second
    assert ADMITTED == second.count("✓ receipt verified (replayed: the same receipt as before)")
    assert kept == receipts(home)
    for said in (first, second):
        assert 1 == said.count("✗ refused EXCLUSIVE_OVERLAP, forbidden by position")
        assert re.search(r"May the firm sell in vn-2025:48 .*│ licensed +│", said)
        assert re.search(r"May the firm sell in iso:LA .*│ not licensed +│", said)
        assert f"VERIFIED: {home.identity().origin} at size {ADMITTED + 1}" in said
        assert "Warning" not in said


def test_a_run_that_was_killed_in_the_middle_is_taken_up_again(home: Home, port: int):
    process = start(home, port)
    said = ""
    while said.count("✓ receipt verified") < 7:
        line = process.stdout.readline()
        assert line, said
        said += line
    os.kill(process.pid, signal.SIGKILL)
    process.communicate()
    wait_until_free(port)
    kept = receipts(home)

    resumed = play(home, port)
    assert "Found the ledger" in resumed
    assert ADMITTED == resumed.count("✓ receipt verified")
    replayed = resumed.count("(replayed: the same receipt as before)")
    assert 7 <= replayed < ADMITTED
    assert kept.items() <= receipts(home).items()
    assert ADMITTED == len(receipts(home))


def wait_until_free(port: int) -> None:
    """Wait until the server that the killed demo had started has followed it."""
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        with suppress(ConnectionRefusedError), socket.create_connection(("127.0.0.1", port)):
            time.sleep(0.1)
            continue
        return
    raise AssertionError("the server outlives the demo that started it")


def until(process: "subprocess.Popen[str]", words: str) -> str:
    """Return what the demo prints up to a line with these words."""
    said = ""
    while words not in said:
        line = process.stdout.readline()  # type: ignore[union-attr]
        assert line, said
        said += line
    return said


@pytest.fixture
def told(home: Home, port: int) -> Iterator[dict[str, str]]:
    """Serve the demo's ledger after its story; yield the environment of a shell beside it."""
    process = start(home, port, "demo")
    try:
        said = until(process, "The server stays up.")
        (file,) = re.findall(r"\$ \. (\S+/questions\.env)", said)
        path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
        yield {**environment(home.path, {"COLUMNS": "200"}), "PATH": path, "VARIABLES": file}
    finally:
        process.terminate()  # SIGINT reaches nobody whom a shell has started in its background.
        process.communicate(timeout=30)
        assert 0 == process.returncode


def test_each_line_of_the_questions_runs_as_it_stands(told: dict[str, str], tmp_path: Path):
    assert len(LINES) > 40
    for line in LINES:
        run = subprocess.run(
            ["bash", "-euc", f'. "$VARIABLES"; {line}'],
            env=told,
            cwd=tmp_path,  # One of them takes a copy of the log home.
            capture_output=True,
            text=True,
            check=False,
        )
        assert run.returncode in (0, 1), (line, run.stdout, run.stderr)
        if line.startswith("curl"):
            answer = json.loads(run.stdout)
            assert "code" not in answer, (line, answer)
            assert answer["size"] > ADMITTED, line
        elif line.startswith("techledger mirror "):
            assert list(tmp_path.iterdir()), line
        else:
            assert "as of size" in run.stdout, (line, run.stdout)


def test_each_line_of_the_pages_for_people_runs_as_it_stands(told: dict[str, str], tmp_path: Path):
    for page in FOR_PEOPLE:
        lines, where = TYPED.findall(page.read_text("utf-8")), tmp_path / page.name
        assert lines, page
        where.mkdir(exist_ok=True)
        for line in lines:
            run = subprocess.run(
                ["bash", "-euc", f'. "$VARIABLES"; {line}'],
                env=told,
                cwd=where,
                capture_output=True,
                text=True,
                check=False,
            )
            assert run.returncode in (0, 1), (page, line, run.stdout, run.stderr)  # 1 is a no.
            assert "code" not in (json.loads(run.stdout) if run.stdout.startswith("{") else {})
