"""What was handed out once must verify for ever: exports, bundles, receipts of every format."""

import json
import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from api.cli.main import app
from ledger.log.note import parse_note, parse_vkey
from ledger.log.tree_head import parse_checkpoint
from ledger.verify.__main__ import main
from ledger.verify.evidence_check import verify_evidence
from ledger.verify.outcome import Check, CheckState, Refused
from ledger.verify.verifier import verify_export, verify_receipt
from tests.support.cose import opened

HERE = Path(__file__).parent / "ledger"
LEDGERS = sorted(path for path in HERE.iterdir() if path.is_dir())


@pytest.fixture(params=LEDGERS, ids=lambda path: path.name)
def ledger(request: pytest.FixtureRequest) -> Path:
    return Path(request.param)


def test_there_is_one() -> None:
    assert LEDGERS


def test_the_export_verifies_from_the_trust_root_of_the_first_day(ledger: Path) -> None:
    earlier = (ledger / "earlier.checkpoint").read_bytes()
    trust = (ledger / "trust.json").read_bytes()
    answer = verify_export(ledger / "log", trust, previous=earlier, workers=1)
    assert parse_checkpoint(parse_note(earlier).text).size < answer.checkpoint.size
    assert CheckState.PASSED == answer.steps[Check.CONSISTENCY.number - 1]
    assert () == answer.unchecked


def test_the_rules_admit_every_event_again_and_the_seals_hold(ledger: Path, tmp_path: Path) -> None:
    words = ["audit", "verify", str(ledger / "log"), "--trust", str(ledger / "trust.json")]
    noted = [["--judged", str(tmp_path / name)] for name in ("one", "other")]
    said = CliRunner().invoke(app, [*words, *noted[0], "--json"])
    assert 0 == said.exit_code, said.output
    steps = json.loads(said.output)["steps"]
    # Whether the contract is at the price that was accepted nobody sees who has no openings.
    assert (12, "unchecked") == (steps[-1]["step"], steps[-1]["state"])
    output = CliRunner().invoke(app, [*words, *noted[1]]).output
    assert ["ACCEPTANCE_DIFFERS"] == re.findall("unchecked: position 11, ([A-Z_, ]+):", output)
    assert "1 seals hold" in output


def test_the_bundle_shows_whole_histories_and_openings(ledger: Path) -> None:
    raw, trust = (ledger / "bundle.json").read_bytes(), (ledger / "trust.json").read_bytes()
    answer = verify_evidence(raw, trust)
    kinds = {subject.partition(":")[0] for subject, _ in answer.histories}
    assert {"charter", "contract", "technology", "key"} <= kinds
    assert json.loads(raw)["openings"]
    with pytest.raises(Refused):
        verify_evidence(raw.replace(b'"salt":"', b'"salt":"A', 1), trust)


def test_the_receipts_verify_under_the_keys_of_their_day_and_of_later(ledger: Path) -> None:
    entry, trust = (ledger / "entry").read_bytes(), (ledger / "trust.json").read_bytes()
    verify_receipt((ledger / "receipt.tlog-proof").read_bytes(), entry, trust)
    words = [str(ledger / "receipt.json"), "--entry", str(ledger / "entry")]
    words += ["--trust", str(ledger / "trust.json")]
    assert 1 == main(words), "the log has had other keys since"
    assert 0 == main([*words, "--charter", str(ledger / "charter.json")])


def test_the_cose_receipt_verifies(ledger: Path) -> None:
    trust = (ledger / "trust.json").read_bytes()
    now = verify_export(ledger / "log", trust, workers=1)
    public = parse_vkey(now.log_keys[0]).public
    cose, entry = (ledger / "receipt.cose").read_bytes(), (ledger / "entry").read_bytes()
    protected, size, _, root = opened(cose, entry, public)
    assert (now.checkpoint.size, now.checkpoint.root) == (size, root)
    assert now.log_keys[0].startswith(protected[4].decode())
