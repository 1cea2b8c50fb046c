"""
An import that is run again: what was refused for good is signed again, and nothing else is.

Of what became of an event nobody knows, the same bytes go again: signed again it could stand twice.
"""

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from api.cli.importing import CLERK, Attesting
from api.cli.main import app
from api.importers.memory import Memory, load_memory
from ledger.follow.client import LedgerClient, NoAnswer, Signed, read_trust
from ledger.home.paths import Home, Identity
from ledger.home.settings import Settings
from ledger.node.genesis import initialise
from ledger.node.node import Node
from ledger.store.entries import read_head
from tests.support.builders import OPERATOR, REGISTRAR
from tests.support.http import serving
from tests.support.node import running
from tests.support.postgres import ORIGIN
from tests.support.uspto import line

FIRST = line("10001-1", "assignment", ("ALPHA PUMPS INC",), ("BETA PUMPS INC",))
MISSING = line("10001-2", "assignment", ("BETA PUMPS INC",), ("GAMMA PUMPS INC",))
LAST = line("10001-3", "assignment", ("GAMMA PUMPS INC",), ("DELTA PUMPS INC",))
"""Three conveyances of one right; without the second its third owner never appears."""


Run = Callable[..., dict[str, Any]]


@pytest.fixture
def run(node: Node, home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Run]:
    """Return what imports these lines, and returns the report."""
    monkeypatch.setenv("LEDGER_HOME", str(home.path))
    (tmp_path / "data").mkdir()
    with serving(node) as url:

        def imported(*lines: bytes) -> dict[str, Any]:
            (tmp_path / "data" / "assignments.jsonl").write_bytes(b"".join(lines))
            asked = ["import", "uspto", str(tmp_path / "data"), "--url", url, "--json"]
            told = CliRunner().invoke(app, asked)
            assert told.exit_code in {0, 1}, (told.output, told.exception)
            assert told.stdout, (told.output, told.exception)
            report: dict[str, Any] = json.loads(told.stdout)
            refused = any(each["status"] == "refused" for each in report["answers"])
            assert (1 if refused or report["not_sent"] else 0) == told.exit_code
            refused = any(each["status"] == "refused" for each in report["answers"])
            assert (1 if refused or report["not_sent"] else 0) == told.exit_code
            return report

        yield imported


def became(report: dict[str, Any], source: str) -> tuple[str, bool]:
    """Return what became of a record, and whether it was signed again."""
    (answer,) = (each for each in report["answers"] if each["source"] == source)
    code = answer.get("problem", {}).get("code", answer["status"])
    return code, answer["signed_anew"]


def lost(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have the answers about the next conveyances lost, once the ledger has given them."""
    whole = LedgerClient.submit_many

    def submit_many(self: LedgerClient, many: Any) -> Any:
        answers = list(whole(self, many))
        if not any(b"conveyance.attested" in each.envelope.payload for each in many):
            return answers
        monkeypatch.setattr(LedgerClient, "submit_many", whole)
        raise NoAnswer("cut off")

    monkeypatch.setattr(LedgerClient, "submit_many", submit_many)


def test_what_was_refused_for_good_is_signed_anew_once_its_cause_is_mended(run: Run) -> None:
    first = run(FIRST, LAST)
    assert ("CHAIN_GAP", False) == became(first, "10001-3")
    (problem,) = (each["problem"] for each in first["answers"] if "problem" in each)
    assert problem["final"] is True
    second = run(FIRST, MISSING, LAST)
    assert ("replayed", False) == became(second, "10001-1")
    assert ("admitted", False) == became(second, "10001-2")
    assert ("admitted", True) == became(second, "10001-3")
    third = run(FIRST, MISSING, LAST)
    assert {"replayed"} == {each["status"] for each in third["answers"]}


def test_a_cause_that_stands_is_told_again_of_each_new_event(run: Run) -> None:
    run(FIRST, LAST)
    assert ("CHAIN_GAP", True) == became(run(FIRST, LAST), "10001-3")


def test_of_whose_answers_were_lost_the_same_bytes_go_again(
    run: Run, node: Node, monkeypatch: pytest.MonkeyPatch
) -> None:
    lost(monkeypatch)
    with pytest.raises(AssertionError, match="cut off"):
        run(FIRST, MISSING)
    size = read_head(node.pool).size
    report = run(FIRST, MISSING)
    assert {("replayed", False)} == {
        (each["status"], each["signed_anew"]) for each in report["answers"]
    }
    assert size == read_head(node.pool).size


def test_a_refusal_whose_answer_was_lost_is_told_by_the_next_run_and_mended_by_the_one_after(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    lost(monkeypatch)
    with pytest.raises(AssertionError, match="cut off"):
        run(FIRST, LAST)
    assert ("CHAIN_GAP", False) == became(run(FIRST, MISSING, LAST), "10001-3")
    assert ("admitted", True) == became(run(FIRST, MISSING, LAST), "10001-3")


def test_what_a_run_signed_that_was_killed_is_sent_by_the_next_one(
    run: Run, home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed(_self: LedgerClient, _many: Any) -> Any:
        raise NoAnswer("killed")

    with monkeypatch.context() as patched:
        patched.setattr(LedgerClient, "submit_many", killed)
        with pytest.raises(AssertionError, match="killed"):
            run(FIRST)
    signed = load_memory(home.path / "imports" / "uspto.json", home.identity().origin).events
    assert {("admitted", False)} == {became(run(FIRST), "10001-1")}
    kept = load_memory(home.path / "imports" / "uspto.json", home.identity().origin).events
    name = "conveyance:us.10001-1"
    assert (signed[name].identity, True) == (kept[name].identity, kept[name].admitted)


def test_the_clerk_whose_registration_was_cut_short_is_registered_by_the_next_run(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By then what was signed would bind too early."""
    home = Home(settings.home)
    home.create(Identity(ORIGIN, OPERATOR, REGISTRAR))
    initialise(settings, None, None, None, delay_s=60)
    memory, now = Memory(ORIGIN), datetime.now(UTC)
    file = tmp_path / "memory.json"

    def killed(_self: LedgerClient, _signed: Signed) -> None:
        raise NoAnswer("killed")

    with (
        running(settings) as node,
        serving(node) as url,
        LedgerClient(url, read_trust(home.trust)) as ledger,
    ):
        with monkeypatch.context() as patched:
            patched.setattr(LedgerClient, "submit", killed)
            attesting = Attesting(ledger, home, memory, file)
            with pytest.raises(NoAnswer):
                attesting.register_clerk(now - timedelta(hours=1))
        early = load_memory(file, ORIGIN)
        assert not early.events[CLERK].admitted
        Attesting(ledger, home, early, file).register_clerk(now)
        assert early.events[CLERK].admitted
        assert {CLERK} == early.renewed
        assert 2 == read_head(node.pool).size


def test_on_a_right_whose_filing_is_refused_nothing_is_posted_and_on_another_all_is(
    run: Run, home: Home, node: Node
) -> None:
    """The ledger has a right of that number by other events: the state file of before is lost."""
    other = line(
        "20001-1",
        "assignment",
        ("ALPHA PUMPS INC",),
        ("BETA PUMPS INC",),
        applications=("15000009",),
    )
    run(FIRST)
    size = read_head(node.pool).size
    (home.path / "imports" / "uspto.json").unlink()
    report = run(FIRST, MISSING, other)
    assert ("admitted", False) == became(report, "20001-1")
    assert ("RIGHT_EXISTS", False) == became(report, "15000001")
    assert {("10001-1", "FILING_REFUSED"), ("10001-2", "FILING_REFUSED")} == {
        (each["source"], each["code"]) for each in report["not_sent"]
    }
    assert size + 3 == read_head(node.pool).size, "a name, a filing and its conveyance"


def test_a_file_without_a_record_is_no_set_of_records(
    home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A copy that was cut short at its beginning is not imported whole."""
    monkeypatch.setenv("LEDGER_HOME", str(home.path))
    monkeypatch.setenv("COLUMNS", "500")
    (tmp_path / "assignments.jsonl").write_bytes(b"\n")
    told = CliRunner().invoke(app, ["import", "uspto", str(tmp_path)])
    assert 2 == told.exit_code
    assert "assignments.jsonl holds no record" in " ".join(told.output.split())
