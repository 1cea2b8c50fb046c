"""What a server says beside its answers: problems, forecasts and receipts are told as its word."""

import json
import re
import subprocess
import sys
from dataclasses import replace
from inspect import signature
from pathlib import Path
from typing import Any

import httpx2
import pytest
from typer.testing import CliRunner

from api.cli import events, import_uspto
from api.cli.main import app
from api.cli.sending import Answered, Outcome
from api.describe.checking import NOT_VERIFIED
from api.importers.uspto import Plan
from ledger.follow import checked
from ledger.follow.client import LedgerClient
from ledger.follow.replies import ProblemAnswer
from ledger.follow.signed import Signed
from ledger.log.cosignature import CosignatureV1Signer
from ledger.log.note import format_note, format_vkey, parse_note, sign_note
from ledger.log.receipt import format_tlog_proof, parse_tlog_proof
from ledger.verify import __main__ as verifier
from ledger.verify.trust import parse_trust
from ledger.wire.entry import parse_entry
from ledger.wire.envelope import Envelope
from tests.support.log import ed25519_key
from tests.support.questioned import COMMANDS, SIZE, Server, commands
from tests.support.sample_log import SIGNED_AT, SampleLog, log_signers, sample_log
from tests.support.verifying import whole_bundle

AT = 8
CLI = Path(events.__file__).parent


@pytest.fixture(scope="module")
def log() -> SampleLog:
    return sample_log(SIZE)


@pytest.fixture
def signed(log: SampleLog) -> Signed:
    entry = parse_entry(log.entries[AT])
    return Signed(Envelope(entry.payload_type, entry.payload, entry.signatures))


@pytest.fixture
def server(log: SampleLog, monkeypatch: pytest.MonkeyPatch) -> Server:
    monkeypatch.setattr(checked, "SIGNED_WAIT_S", 0.0)
    server = Server(log)
    server.serve(monkeypatch)
    return server


def test_of_a_problem_nothing_is_taken_that_is_not_of_its_type() -> None:
    code, detail = {"code": "HELD", "detail": "x"}, {"detail": "x"}
    good = {"positions": [1, 2], "final": True, "article": "art. 1", "status": 422, **code}
    assert good == ProblemAnswer(good | {"verified": "by the court"}).problem
    for name, wrong in (
        ("positions", [1, True]),
        ("positions", [-1]),
        ("positions", 7),
        ("final", "yes"),
        ("article", ["art. 1"]),
        ("status", "422"),
    ):
        kept = {each: value for each, value in good.items() if each != name}
        assert kept == ProblemAnswer(good | {name: wrong}).problem
    for none in ("", "no code", "x", 5, "A" * 81):
        assert "NO_CODE" == ProblemAnswer(detail | {"code": none}).code
    assert "HELD: the server says: x" == str(ProblemAnswer(code))
    assert "HELD: the server says: nothing" in str(ProblemAnswer(code | {"detail": [1]}))


ASKED_OTHERWISE = {
    ("events", "new"): "how long it waits, by a bundle",
    ("events", "submit"): "the receipt, or the promise",
    ("events", "check"): "the events that are named: it is no question, but its answer is headed",
    ("events", "answer"): "the receipt, or the refusal",
    ("events", "show"): "the entry",
    ("events", "list"): "the entries that an answer names",
    ("evidence", "gather"): "the bundle",
    ("evidence", "open"): "the bundle",
    ("evidence", "verify"): "the bundle",
    ("law", "adopt"): "the receipt",
    ("report", "case"): "the bundle in the report",
    ("report", "licence"): "the bundle in the report",
    ("report", "year"): "the bundle in the report",
    ("audit", "clone"): "the checkpoint, and what leads to it",
    ("audit", "verify"): "the log",
    ("audit", "diff"): "the two states",
    ("audit", "explain"): "the root of what is read",
    ("audit", "succession"): "the log",
    ("operate", "succeed"): "the closed log",
}
"""What is checked by the trust root of the commands that ask no question."""


def test_no_trust_root_is_named_that_checks_nothing() -> None:
    by_trust = {
        (noun, command.name)
        for noun, command in commands()
        if "trust" in signature(command.callback).parameters
    }
    questions = {(noun, command) for noun, command, *_ in COMMANDS}
    assert questions <= by_trust
    assert by_trust - questions == ASKED_OTHERWISE.keys()


def test_no_command_takes_an_answer_past_what_heads_it() -> None:
    texts = {path.name: path.read_text("utf-8") for path in CLI.glob("*.py")}
    taking = {name for name, text in texts.items() if re.search(r"ledger\.get\(", text)}
    # The demonstration asks its own server, and says so; an importer prints nothing of it; what
    # is near an id that no evidence names is headed in its line.
    assert {"answers.py", "demo.py", "importing.py", "evidence.py"} == taking


# What would become of an event


def check(server: Server, signed: Signed, tmp_path: Path, said: Any, *more: str) -> Any:
    """Ask what would become of an event, where the server says this of it."""
    (file := tmp_path / "signed.json").write_bytes(signed.to_json())
    (trust := tmp_path / "trust.json").write_bytes(server.log.trust_root())
    server.answers({"event_id": signed.event_id, **said})
    words = ["events", "check", str(file), "--url", "http://server", "--trust", str(trust)]
    return CliRunner().invoke(app, [*words, *more])


def refused(**members: Any) -> dict[str, Any]:
    problem = {"code": "HELD", "detail": "an order holds it", "positions": [4, 7], **members}
    return {"verdict": "refused", "size": SIZE, "final": True, "problem": problem}


def test_what_would_become_of_an_event_is_headed_as_the_servers_word(
    server: Server, signed: Signed, tmp_path: Path
) -> None:
    done = check(server, signed, tmp_path, refused())
    heading, foretold, *lines = done.output.splitlines()
    assert (1, NOT_VERIFIED.en) == (done.exit_code, heading)
    assert f"would be refused, HELD: an order holds it, as of {SIZE} entries" == foretold
    assert ["4", "7"] == [line.split()[0] for line in lines if "signatures checked" in line]
    said = check(server, signed, tmp_path, {"verdict": "admitted", "seal": "of X"}, "--json").output
    assert False is json.loads(said)["verified"]
    assert "of X" not in said


def test_what_a_forecast_names_is_in_the_log_or_it_is_none(
    server: Server, signed: Signed, tmp_path: Path
) -> None:
    for lie in (
        {"verdict": "recorded", "size": SIZE, "position": SIZE},
        refused(positions=[SIZE]),
        {"verdict": "admitted", "size": "many"},
        {"verdict": "admitted", "size": SIZE, "not_before": "tomorrow"},
        {"verdict": "recorded", "size": SIZE, "position": True},
    ):
        done = check(server, signed, tmp_path, lie)
        assert (2, "") == (done.exception.exit_code, done.output), lie


def test_an_importer_prints_a_refusal_in_the_servers_words_as_they_are(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "400")
    problem = {"code": "HELD", "detail": "[conceal]hidden[/] \x1b[8m:smile:"}
    outcome = Outcome([Answered("10001-1", "right.filed/1", ProblemAnswer(problem))])
    import_uspto._print(Plan((), (), (), (), ()), outcome)
    told = capsys.readouterr().out
    assert "as the server says" in told
    assert "[conceal]hidden[/] \\u001b[8m:smile:" in told


# Receipts


def test_lines_in_a_receipt_by_strangers_are_said_to_be_unverified(
    log: SampleLog, signed: Signed, capsys: pytest.CaptureFixture[str]
) -> None:
    proof = parse_tlog_proof(log.proof(AT))
    note = parse_note(proof.checkpoint_raw)
    stranger = CosignatureV1Signer("w.example", ed25519_key("w.example"))
    (line,) = parse_note(sign_note(note.text, [stranger], SIGNED_AT)).signatures
    added = format_note(replace(note, signatures=(*note.signatures, line)))
    lied = replace(proof, checkpoint_raw=added, extra=b"verified by the court")
    answer = log.receipt(AT) | {"proof": format_tlog_proof(lied).decode()}
    transport = httpx2.MockTransport(lambda _request: httpx2.Response(201, json=answer))
    with LedgerClient("http://s", parse_trust(log.trust_root()), transport=transport) as ledger:
        receipt = ledger.submit(signed)
    events._print_receipt(receipt, as_json=True)
    told = json.loads(capsys.readouterr().out)
    assert [f"a line by a key nobody named, {line.name}+{line.key_id.hex()}"] == (
        told["unverified"]["proof"]
    )
    assert None is parse_tlog_proof(told["proof"].encode()).extra


# Logs that are taken home, and trust roots that are none


def test_an_export_whose_checkpoint_nobody_vouches_for_says_so(
    log: SampleLog, tmp_path: Path
) -> None:
    mirror, trust = log.write(tmp_path / "mirror"), tmp_path / "trust.json"
    trust.write_bytes(log.trust_root())
    words = ["audit", "clone", "--mirror", str(mirror)]
    done = CliRunner().invoke(app, [*words, str(tmp_path / "believed")])
    assert done.output.endswith("unverified: no trust root was given (--trust)\n")
    done = CliRunner().invoke(app, [*words, str(tmp_path / "json"), "--json"])
    assert json.loads(done.output)["verified"] is False
    done = CliRunner().invoke(app, [*words, str(tmp_path / "vouched"), "--trust", str(trust)])
    assert "unverified" not in done.output


def test_a_trust_root_that_is_no_json_refuses_no_proof(
    log: SampleLog, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (trust := tmp_path / "trust.json").write_bytes(b"\x00 no JSON")
    with pytest.raises(SystemExit) as ended:
        verifier.main([str(log.write(tmp_path / "log")), "--trust", str(trust)])
    assert (2, True) == (ended.value.code, f"ODD_FILE: {trust}: no" in capsys.readouterr().err)


# A disk that is full


@pytest.mark.parametrize(
    "words",
    [
        "audit verify log --no-rules --trust trust.json",
        "evidence verify bundle.json --trust trust.json",
        "tlog verify log --policy policy",
        "policy lint policy",
    ],
)
def test_what_cannot_be_printed_refuses_nothing(words: str, log: SampleLog, tmp_path: Path) -> None:
    log.write(tmp_path / "log")
    (tmp_path / "trust.json").write_bytes(log.trust_root())
    (tmp_path / "bundle.json").write_bytes(whole_bundle(log))
    vkeys = [format_vkey(each) for each in log_signers()]
    policy = "".join(f"log {each}\n" for each in vkeys) + "quorum none\n"
    (tmp_path / "policy").write_text(policy)
    command = [sys.executable, "-m", "api.cli", *words.split()]
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            command, stdout=full, stderr=subprocess.PIPE, text=True, cwd=tmp_path, check=False
        )
    assert (2, 1) == (done.returncode, len(done.stderr.splitlines())), done.stderr
    assert "ENOSPC" in done.stderr
