"""Commands without a server, with `--json`: the members say what the text says."""

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from api.cli.main import app
from ledger.log.note import format_vkey
from tests.support.sample_log import SampleLog, log_signers, sample_log
from tests.support.verifying import whole_bundle


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> SampleLog:
    log = sample_log(3)
    log.write(tmp_path / "log")
    (tmp_path / "trust.json").write_bytes(log.trust_root())
    (tmp_path / "bundle.json").write_bytes(whole_bundle(log))
    vkeys = [format_vkey(each) for each in log_signers()]
    (tmp_path / "policy").write_text("".join(f"log {each}\n" for each in vkeys) + "quorum none\n")
    monkeypatch.chdir(tmp_path)
    return log


def told(words: str, code: int = 0) -> tuple[dict[str, Any], str]:
    as_json, text = (CliRunner().invoke(app, [*words.split(), *more]) for more in (["--json"], []))
    assert (code, code) == (as_json.exit_code, text.exit_code), as_json.output + text.output
    members = json.loads(as_json.stdout)
    assert isinstance(members, dict)
    return members, text.stdout


@pytest.mark.usefixtures("here")
def test_a_bundle_s_steps_events_and_what_is_not_shown() -> None:
    members, text = told("evidence verify bundle.json --trust trust.json")
    assert (
        f"VERIFIED: {members['origin']} at size {members['size']}, root {members['root']}" in text
    )
    for event in members["events"]:
        assert f"position {event['position']}, accepted {event['accepted']}" in text
    assert [each["state"] for each in members["steps"]] == [
        line[4:13].strip() for line in text.splitlines()[: len(members["steps"])]
    ]
    lacks, _ = told("evidence verify bundle.json --trust trust.json --subject party:x", code=1)
    assert ["party:x"] == lacks["unnamed"]


@pytest.mark.usefixtures("here")
def test_a_bundle_that_is_refused_says_the_step() -> None:
    bundle = Path("bundle.json")
    bundle.write_bytes(bundle.read_bytes().replace(b'"size"', b'"sise"', 1)[:-2])
    members, text = told("evidence verify bundle.json --trust trust.json", code=1)
    assert (False, True) == (
        members["verified"],
        text.startswith(f"REFUSED: step {members['step']}"),
    )


@pytest.mark.usefixtures("here")
def test_a_log_of_the_family() -> None:
    members, text = told("tlog verify log --policy policy")
    assert (
        f"VERIFIED: {members['origin']} at size {members['size']}, root {members['root']}" in text
    )
    assert [] == members["unchecked"]
    Path("log/checkpoint").write_bytes(b"odd\n")
    members, text = told("tlog verify log --policy policy", code=1)
    assert (False, True) == (members["verified"], text.startswith("REFUSED: step "))


@pytest.mark.usefixtures("here")
def test_a_policy_s_worth() -> None:
    members, text = told("policy lint policy", code=1)
    assert f"sha256  {members['sha256']}\n" in text
    assert (2, 0, [], []) == tuple(members[each] for each in ("logs", "keys", "split", "groups"))


def test_a_witness_and_its_book(tmp_path: Path, here: SampleLog) -> None:
    del here
    house, vkey = tmp_path / "house", format_vkey(log_signers()[0])
    words = ["witness", "init", str(house), "--name", "w.example.vn/state", "--log", vkey, "--json"]
    made = json.loads(CliRunner().invoke(app, words).stdout)
    shown, text = told(f"witness show {house}")
    assert made == shown
    assert text == "".join(f"{each}\n" for each in shown["policy"])
    none, text = told(f"witness evidence {house} {vkey.partition('+')[0]}")
    assert ([], "") == (none["contradictions"], text)


def test_law_data(tmp_path: Path) -> None:
    as_json, text = told(f"law export {tmp_path / 'law'}")
    assert text == f"{as_json['law_data_sha256']}  {as_json['directory']}\n"
    members, text = told(f"law digest {tmp_path / 'law'}")
    assert as_json["law_data_sha256"] == members["law_data_sha256"]
    assert text.endswith(f"{members['edition']}, {members['rules']} rules\n")
