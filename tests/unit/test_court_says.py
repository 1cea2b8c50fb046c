"""What is printed of a bundle: who signed, by which keys, when; and what is not shown."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from api.cli.main import app
from ledger import court
from ledger.node.genesis import key_record
from ledger.verify.__main__ import main
from ledger.verify.evidence_check import verify_evidence
from tests.support import builders as b
from tests.support.builders import FIRM, INSTITUTE, OPERATOR, REGISTRAR, STRANGER
from tests.support.sample_log import OFFICERS, SampleLog, party_key, sample_log
from tests.support.verifying import bundle_of, seal, sealed_bundle, whole_bundle

NOBODY, OTHERS = "contract:vn.nobody.recorded", "contract:vn.nobody.either"


@pytest.fixture(scope="module")
def log() -> SampleLog:
    """Return a log with a key of every origin: the last is one that an officer vouched for."""
    log, key = sample_log(12), party_key(FIRM, 7)
    added = b.key_added(party=FIRM, key=key_record(key), vouched_by=REGISTRAR)
    log.say(added, [FIRM, *OFFICERS], keys=[key, *map(party_key, OFFICERS)])
    owned = [b.held(FIRM)]
    log.say(b.technology_registered(technology="technology:v", owners=owned), [FIRM], keys=[key])
    owned = [b.held(INSTITUTE)]
    second = party_key(INSTITUTE, 1)
    said = b.technology_registered(technology="technology:w", owners=owned)
    log.say(said, [INSTITUTE], keys=[second])
    return log


def lines_of(raw: bytes, log: SampleLog, *asked: str) -> list[str]:
    return list(court.verify(raw, log.trust_root()).lines(asked))


def test_of_each_line_it_is_said_whose_it_is_and_how_the_key_came_in(log: SampleLog) -> None:
    said = lines_of(whole_bundle(log), log)
    signed = [line for line in said if line.startswith("    signed by ")]
    assert len(signed) == court.verify(whole_bundle(log), log.trust_root()).signatures
    for party, number, came in (
        (OPERATOR, 0, "genesis"),
        (STRANGER, 0, f"registered by {OPERATOR} and {REGISTRAR} at position 1"),
        (INSTITUTE, 1, "vouched for by a key of its own at position 2"),
        (FIRM, 7, f"vouched for by {OPERATOR} and {REGISTRAR} at position 12"),
    ):
        key = party_key(party, number).key_id
        assert f"    signed by {party}, key {key}, {came}" in signed
    # Each stands below its event.
    at = next(n for n, line in enumerate(said) if line.startswith("position 13, accepted "))
    assert said[at].split(": ")[1].startswith("technology.registered/1 ")
    assert FIRM in said[at + 1]


def test_the_time_of_the_checkpoint_and_its_age_are_printed(log: SampleLog) -> None:
    (signed,) = [line for line in lines_of(whole_bundle(log), log) if line.startswith("signed ")]
    when = court.spelled(court.UNIX.fromtimestamp(log.signed_at(), court.UTC))
    assert signed.startswith(f"signed {when} by {log.origin}, ")
    assert signed.endswith(" days ago")


def test_without_a_seal_no_history_passes_and_the_subject_is_not_shown(log: SampleLog) -> None:
    """It was said to be a whole history, of a contract that nobody recorded too."""
    said = lines_of(bundle_of(log, [0, 3]), log, NOBODY)
    assert any(line.startswith("10  not run ") for line in said)
    assert any(line.startswith("11  not run ") for line in said)
    assert any(line.startswith(" 9  not run ") for line in said)
    assert f"not shown: all of {NOBODY}" in said
    assert not any(line.startswith("whole below") for line in said)


def test_what_needs_the_rest_of_the_log_is_unchecked_and_so_is_its_step(log: SampleLog) -> None:
    said = lines_of(bundle_of(log, [0, 3]), log)
    for step in (2, 6, 8):
        assert any(line.startswith(f"{step:>2}  unchecked  ") for line in said)
    whole = lines_of(whole_bundle(log), log)
    for step in range(1, 9):
        assert any(line.startswith(f"{step:>2}  passed ") for line in whole), step


def test_a_subject_that_is_asked_for_and_not_shown_fails_both_commands(
    log: SampleLog, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bundle, trust = tmp_path / "bundle.json", tmp_path / "trust.json"
    bundle.write_bytes(whole_bundle(log))
    trust.write_bytes(log.trust_root())
    words = [str(bundle), "--trust", str(trust)]
    assert 0 == main(words)
    assert 1 == main([*words, "--subject", NOBODY])
    assert f"not shown: all of {NOBODY}\n" in capsys.readouterr().out
    command = [sys.executable, "-I", str(court.__file__), str(bundle), str(trust)]
    for asked, code in (([], 0), ([NOBODY], 1)):
        done = subprocess.run([*command, *asked], capture_output=True, text=True, check=False)
        assert code == done.returncode
        assert bool(asked) == (f"not shown: all of {NOBODY}\n" in done.stdout)


def test_what_no_entry_names_is_headed_as_nothing_and_never_as_verified(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The seal shows that there is none: that was told as verified, with 0."""
    log = sample_log(12)
    seal(log)
    raw = sealed_bundle(log, range(log.size), NOBODY, STRANGER)
    bundle, trust = tmp_path / "bundle.json", tmp_path / "trust.json"
    bundle.write_bytes(raw)
    trust.write_bytes(log.trust_root())
    words = [str(bundle), "--trust", str(trust)]
    ours = ["evidence", "verify", *words]
    for asked, code in (([], 0), ([STRANGER], 0), ([NOBODY], 4), ([NOBODY, OTHERS], 1)):
        subjects = [word for each in asked for word in ("--subject", each)]
        none = {f"NOTHING NAMES {each}: no entry" for each in asked if each == NOBODY}
        none |= {f"NOT SHOWN: {each}: no entry" for each in asked if each == OTHERS}
        command = [sys.executable, "-I", str(court.__file__), str(bundle), str(trust), *asked]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        shown = CliRunner().invoke(app, [*ours, *subjects])
        assert (code, code) == (done.returncode, shown.exit_code)
        assert code == main([*words, *subjects])
        for said in (done.stdout, shown.stdout, capsys.readouterr().out):
            heads = {line for line in said.splitlines() if line.startswith("NO")}
            assert none == {f"{head.partition(' entry')[0]} entry" for head in heads}
            assert ("VERIFIED" in said) == (not none)
        assert code == main([*words, *subjects, "--json"])
        told = json.loads(capsys.readouterr().out)
        assert sorted({NOBODY, OTHERS} & {*asked}) == told["unnamed"]


def test_the_json_says_what_the_text_says(log: SampleLog) -> None:
    raw = whole_bundle(log)
    members = json.loads(json.dumps(verify_evidence(raw, log.trust_root(), [NOBODY]).to_json()))
    text = lines_of(raw, log, NOBODY)
    for step in members["steps"]:
        assert f"{step['step']:>2}  {step['state']:<9}  {step['label']}" in text
    for event in members["events"]:
        for line in event["signed_by"]:
            said = f"    signed by {line['party']}, key {line['key']}, {line['came']}"
            assert said in text
    assert f"signed {members['signed'][0]['at']} by {log.origin}" in "\n".join(text)
    assert [f"not shown: all of {name}" for name in members["not_shown"]] == [
        line for line in text if line.startswith("not shown")
    ]
