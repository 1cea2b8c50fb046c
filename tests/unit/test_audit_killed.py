"""Audits that are killed, at any step of what they write, and begun again: the same is found."""

import multiprocessing
import os
import re
import signal
import sqlite3
import sys
from collections.abc import Sequence
from contextlib import ExitStack
from itertools import count
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
from typer.testing import CliRunner

from api.cli.audit import app
from ledger.events.lawbook import available_laws
from ledger.follow import auditfile, judged
from ledger.follow.audit import PastInMemory, Replay
from projections.engine.digest import replay as digests_after
from projections.run import folded
from projections.run.catalogue import READ_MODELS
from tests.support.builders import FIRM, OPERATOR
from tests.support.governance import ledger_sealed
from tests.support.parties import party_renamed
from tests.support.sample_log import SampleLog, sample_log

KILLED = -signal.SIGKILL

CHANGES = frozenset({"open", "os.mkdir", "os.remove", "os.rename"})
"""What a process does to files, as the interpreter tells it (PEP 578)."""

SMALL = ((auditfile, "COMMIT", 4), (judged, "SUBJECTS_BYTES", 2_000), (folded, "KEYS", 0))
"""Bounds that a log of a test reaches: it is committed often, and next to nothing is in memory."""

PROCESSES = multiprocessing.get_context("forkserver")
PROCESSES.set_forkserver_preload([__name__])


def run(*arguments: object) -> Any:
    with ExitStack() as small:
        for each in SMALL:
            small.enter_context(patch.object(*each))
        return CliRunner().invoke(app, [str(argument) for argument in arguments])


def _run_until(step: int, arguments: Sequence[object]) -> None:
    """Run a command in a process of its own, and kill it at one of its steps."""
    steps, connect = count(1), sqlite3.connect

    def die(*_told: object) -> None:
        if next(steps) == step:
            os.kill(os.getpid(), signal.SIGKILL)

    def traced(*args: Any, **named: Any) -> sqlite3.Connection:
        connection = connect(*args, **named)
        connection.set_trace_callback(die)
        return connection

    with patch("sqlite3.connect", traced):
        sys.addaudithook(lambda event, _told: die() if event in CHANGES else None)
        found = run(*arguments)
    sys.exit(found.exit_code)


def kill_at(step: int, *arguments: object) -> int:
    """Run a command that is killed at a step; return its exit code, `KILLED` where it was."""
    process = PROCESSES.Process(target=_run_until, args=(step, arguments))
    process.start()
    process.join()
    code = process.exitcode
    assert code is not None
    return code


def sealed(log: SampleLog) -> None:
    """Log new names of a firm, then a seal of all before them, read models as well."""
    past, size = PastInMemory(mapped=True), log.size
    events = [*Replay(log.entries, log.origin, available_laws(), {size}, past)]
    digests, versions = digests_after(events, READ_MODELS), {m.name: m.version for m in READ_MODELS}
    read_models = [
        {"projection": name, "version": versions[name], "sha256": digest}
        for name, digest in sorted(digests.items())
    ]
    for number in range(9):
        log.say(party_renamed(name=f"Công ty Sao số {size + number}"), [FIRM, OPERATOR])
    body = ledger_sealed(size, map_root=f"sha256:{past.map_root().hex()}", projections=read_models)
    log.say(body, [OPERATOR])


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write a log of two seals, and of what is behind them."""
    directory, log = tmp_path_factory.mktemp("log"), sample_log(20)
    sealed(log)
    sealed(log)
    log.say(party_renamed(name="Công ty Sao"), [FIRM, OPERATOR])
    (directory / "trust.json").write_bytes(log.trust_root())
    return log.write(directory / "log")


def command(name: str, copy: Path, file: Path) -> list[object]:
    """Return a command that judges the copy, and notes in a file."""
    trust = () if name == "replay" else ("--trust", copy.parent / "trust.json")
    event = (30,) if name == "explain" else ()
    return [name, copy, *event, *trust, "--judged", file]


def found(done: Any) -> tuple[str, int]:
    """Return what a command found, and how much of it earlier ones had judged."""
    assert 0 == done.exit_code, done.output
    said = re.compile(r"^judged now: .*: ([0-9]+)\n", re.MULTILINE)
    return said.sub("", done.stdout), sum(map(int, said.findall(done.stdout)))


@pytest.mark.parametrize("name", ["replay", "verify", "explain"])
def test_what_is_killed_at_any_step_finds_the_same_when_it_is_run_again(
    name: str, copy: Path, tmp_path: Path
) -> None:
    whole, _ = found(run(*command(name, copy, tmp_path / "whole")))
    assert (f"2 seals hold, with {2 * len(READ_MODELS)} digests" in whole) == (name != "explain")
    went_on, step = 0, 1
    while kill_at(step, *command(name, copy, file := tmp_path / f"{step}")) == KILLED:
        again = run(*command(name, copy, file))
        answer, earlier = found(again)
        assert whole == answer
        assert "made again" not in again.stderr
        went_on += earlier > 0
        step = step * 2 + 1
    assert step > 500
    assert (went_on > 0) == (name != "explain")  # Which does not say it.


def test_a_replay_that_is_killed_over_and_over_comes_to_its_end(copy: Path, tmp_path: Path) -> None:
    whole, _ = found(run(*command("replay", copy, tmp_path / "whole")))
    asked = command("replay", copy, tmp_path / "file")
    runs = 1
    while kill_at(1_000, *asked) == KILLED:
        runs += 1
        assert runs < 40
    assert runs > 2
    assert (whole, 41) == found(run(*asked))


def test_a_clone_that_is_killed_at_any_step_is_finished_by_the_next(tmp_path: Path) -> None:
    log = sample_log(600)
    source = log.write(tmp_path / "source")
    step = 1
    while kill_at(step, "clone", copy := tmp_path / f"copy{step}", "--mirror", source) == KILLED:
        assert 0 == run("clone", copy, "--mirror", source).exit_code
        assert log.files() == {
            each.relative_to(copy).as_posix(): each.read_bytes()
            for each in copy.rglob("*")
            if each.is_file()
        }
        step = step * 3 // 2 + 1
    assert step > 20
    assert {"source", *(f"copy{each}" for each in _steps(step))} == {
        each.name for each in tmp_path.iterdir()
    }


def _steps(last: int) -> list[int]:
    steps = [1]
    while steps[-1] < last:
        steps.append(steps[-1] * 3 // 2 + 1)
    return steps
