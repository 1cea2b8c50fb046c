"""`techledger audit diff`: a copy, or a checkpoint, is held to an earlier one."""

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from api.cli.audit import app
from tests.support import builders as b
from tests.support.log import flip
from tests.support.sample_log import SampleLog, sample_log

OLD, NEW = 300, 700


class Places:
    """Copies and checkpoints of one log, below one directory."""

    def __init__(self, directory: Path) -> None:
        self.directory, self.trust = directory, directory / "trust.json"
        self.trust.write_bytes(sample_log(OLD).trust_root())

    def copy(self, name: str, log: SampleLog) -> Path:
        return log.write(self.directory / name)

    def note(self, name: str, log: SampleLog, size: int | None = None) -> Path:
        (self.directory / name).write_bytes(log.checkpoint(size or log.size))
        return self.directory / name

    def run(self, old: Path, new: Path, *more: str) -> Any:
        return CliRunner().invoke(
            app, ["diff", *map(str, (old, new, "--trust", self.trust)), *more]
        )

    def ask(self, old: Path, new: Path) -> dict[str, Any]:
        return dict(json.loads(self.run(old, new, "--json").stdout))


@pytest.fixture
def places(tmp_path: Path) -> Places:
    return Places(tmp_path)


def forked(at: int, size: int) -> SampleLog:
    """Return a log, signed by the same keys, that goes another way from a position on."""
    log = SampleLog(entries=sample_log(at).entries[:], current=dict(sample_log(at).current))
    while log.size < size:
        log.say(b.party_registered(party="party:vn.mst.0100000042"), [b.OPERATOR], number=9000)
    return log


def test_what_is_new_is_counted_by_its_type(places: Places) -> None:
    new = sample_log(NEW)
    copy = places.copy("new", new)
    kinds = Counter(json.loads(each.partition(b"\n\n")[2])["type"] for each in new.entries[OLD:])
    for old in (places.copy("old", sample_log(OLD)), places.note("note", new, OLD)):
        found = places.ask(old, copy)
        assert ("CONTINUED", OLD, NEW) == (
            found["held"],
            found["old"]["size"],
            found["new"]["size"],
        )
        assert dict(kinds) == found["kinds"]
        done = places.run(old, copy)
        assert 0 == done.exit_code
        assert f"CONTINUED: {OLD} of {NEW} entries are as they were\n" in done.stdout


def test_a_log_that_has_not_grown_is_the_same(places: Places) -> None:
    log = sample_log(OLD)
    found = places.ask(places.note("note", log), places.copy("copy", log))
    assert ("SAME", {}) == (found["held"], found["kinds"])


@pytest.mark.parametrize("at", [0, 1, 255, 256, 257, 299])
def test_a_fork_is_told_with_the_first_position_that_differs(places: Places, at: int) -> None:
    old, new = places.copy("old", sample_log(OLD)), places.copy("new", forked(at, OLD + 20))
    found = places.ask(old, new)
    assert ("FORKED", at, None) == (found["held"], found["first"], found["kinds"])
    done = places.run(old, new)
    assert 1 == done.exit_code
    assert f"first difference: position {at}\n" in done.stdout


def test_a_fork_from_a_checkpoint_is_told_though_nothing_shows_where(places: Places) -> None:
    old, new = places.note("old", sample_log(OLD)), places.copy("new", forked(290, OLD + 20))
    assert ("FORKED", None) == tuple(places.ask(old, new)[name] for name in ("held", "first"))
    done = places.run(old, new)
    assert 1 == done.exit_code
    assert "where they part, only the entries of both show: name copies\n" in done.stdout


def test_a_log_that_has_less_is_shorter(places: Places) -> None:
    done = places.run(places.copy("new", sample_log(NEW)), places.copy("old", sample_log(OLD)))
    assert (1, "SHORTER") == (done.exit_code, done.stdout.partition(":")[0])


def test_two_checkpoints_alone_show_a_fork_of_one_size_and_nothing_else(places: Places) -> None:
    one, other = places.note("one", sample_log(OLD)), places.note("other", forked(290, OLD))
    assert (1, "FORK") == (
        places.run(one, other).exit_code,
        places.run(one, other).stdout.partition(":")[0],
    )
    assert 2 == places.run(one, places.note("later", sample_log(NEW))).exit_code


def test_what_the_log_has_not_signed_is_refused(places: Places) -> None:
    note, copy = places.note("note", sample_log(OLD)), places.copy("copy", sample_log(NEW))
    lines = note.read_bytes().split(b"\n")
    lines[2] = forked(290, OLD).checkpoint(OLD).split(b"\n")[2]
    note.write_bytes(b"\n".join(lines))
    done = places.run(note, copy)
    assert (1, "REFUSED") == (done.exit_code, done.stdout.partition(":")[0])


def test_a_byte_of_what_is_new_that_was_changed_is_refused(places: Places) -> None:
    note, copy = places.note("note", sample_log(OLD)), places.copy("copy", sample_log(NEW))
    bundle = copy / "tile/entries/001"
    bundle.write_bytes(flip(bundle.read_bytes(), 100_000))
    done = places.run(note, copy)
    assert 1 == done.exit_code
    assert "tile/entries/001" in done.stdout
