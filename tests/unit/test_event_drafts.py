"""`techledger events template|seal|explain`: an event made by hand, from example to signature."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from api.cli.main import app
from ledger.domain.registry import TOPICS
from ledger.follow.signed import Signed
from ledger.wire.canonical import load
from ledger.wire.commitment import opening_from_object, sealed_at, verify_opening
from tests.support.sample_log import sample_log

ROOT = Path(__file__).parents[2]
FIRM = "party:vn.mst.0100000028"


def run(*words: object) -> Result:
    return CliRunner().invoke(app, ["events", *map(str, words)])


@pytest.fixture
def payload(tmp_path: Path) -> Path:
    """Return the payload of an offer, made from the example."""
    body, trust, made = (tmp_path / name for name in ("body.json", "trust.json", "payload"))
    body.write_text(run("template", "offer.made/1").output, "utf-8")
    trust.write_bytes(sample_log(4).trust_root())
    done = run("new", "offer.made/1", "--body", body, "--signer", FIRM, "--trust", trust)
    assert 0 == done.exit_code, done.output
    made.write_bytes(done.stdout_bytes)
    return made


@pytest.mark.parametrize("topic", sorted(TOPICS))
def test_the_template_of_each_type_is_a_body_of_it(topic: str):
    done = run("template", topic)
    assert 0 == done.exit_code
    assert TOPICS[topic].model_validate(json.loads(done.output))


def test_what_is_no_type_is_told_with_those_that_are_near():
    done = run("template", "offer.mad/1")
    assert (2, True) == (done.exit_code, "near: offer.made/1" in done.output)


@pytest.mark.parametrize(
    ("language", "says"),
    [("en", "for VND 500,000,000."), ("vi", "giá 500.000.000 VND.")],
)
def test_a_draft_is_told_in_words_from_its_very_bytes(payload: Path, language: str, says: str):
    sentence, *lines = run("explain", payload, "--lang", language).output.splitlines()
    assert says in sentence
    price = {"en": "price: VND 500,000,000", "vi": "giá: 500.000.000 VND"}
    assert price[language] in lines
    changed = payload.read_bytes().replace(b'"amount":500000000', b'"amount":5000000000')
    payload.write_bytes(changed)
    assert "5,000,000,000" in run("explain", payload).output
    told = json.loads(run("explain", payload, "--json").output)
    assert 5_000_000_000 == told["payload"]["body"]["price"]["amount"]


def test_a_draft_that_breaks_its_type_is_told_where(payload: Path):
    payload.write_bytes(payload.read_bytes().replace(b'"amount":500000000', b'"amount":"much"'))
    done = run("explain", payload)
    assert 2 == done.exit_code
    assert "holds no offer.made/1: /body/price" in done.output


@pytest.mark.parametrize(
    "content", [b"", b"{}", b"[]", b'{"type": "offer.mad/1", "body": {}}', b"\xff"], ids=str
)
def test_what_is_no_event_is_not_explained(tmp_path: Path, content: bytes):
    file = tmp_path / "draft"
    file.write_bytes(content)
    done = run("explain", file)
    assert (2, True) == (done.exit_code, "holds no payload" in done.output), done.output


def test_a_sealed_section_is_a_commitment_that_its_opening_opens(payload: Path, tmp_path: Path):
    openings = tmp_path / "openings.json"
    done = run("seal", payload, "--at", "/body/price", "--openings", openings)
    assert 0 == done.exit_code, done.output
    sealed = load(done.stdout_bytes)
    assert b"500000000" not in done.stdout_bytes
    (opening,) = map(opening_from_object, json.loads(openings.read_bytes()))
    assert {"amount": 500_000_000, "currency": "VND"} == opening.value
    verify_opening(sealed_at(sealed, opening.path), sealed["ledger"], sealed["event_id"], opening)
    assert 0o600 == openings.stat().st_mode & 0o777, "who reads it, knows the price"
    plain = load(payload.read_bytes())
    assert plain["body"].keys() == sealed["body"].keys()
    assert {**plain, "body": {}} == {**sealed, "body": {}}
    made, key = tmp_path / "sealed", tmp_path / "key.pem"
    made.write_bytes(done.stdout_bytes)
    assert 0 == CliRunner().invoke(app, ["keys", "new", str(key)]).exit_code
    envelope = run("sign", made, "--key", key, "--openings", openings)
    assert 0 == envelope.exit_code, envelope.output
    assert opening.path == Signed.from_json(envelope.output.encode()).openings[0].path
    made.write_text(envelope.output, "utf-8")
    assert "a sealed sum" in run("explain", made).output


@pytest.mark.parametrize(
    ("at", "says"),
    [
        ("/body/offeree", "/body/offeree cannot be sealed"),
        ("/body/none", "nothing stands at /body/none"),
        ("/ledger", "nothing stands at /ledger"),
        ("price", "nothing stands at price"),
    ],
)
def test_what_cannot_be_sealed_is_told_and_nothing_is_written(
    payload: Path, tmp_path: Path, at: str, says: str
):
    openings = tmp_path / "openings.json"
    done = run("seal", payload, "--at", at, "--openings", openings)
    assert (2, True) == (done.exit_code, says in done.output), done.output
    assert not openings.exists()


def test_openings_that_are_there_are_not_written_over(payload: Path, tmp_path: Path):
    openings = tmp_path / "openings.json"
    openings.write_text("[]", "utf-8")
    done = run("seal", payload, "--at", "/body/price", "--openings", openings)
    assert (2, True) == (done.exit_code, "FILE_EXISTS" in done.output)
    assert "[]" == openings.read_text("utf-8")


@pytest.mark.parametrize(
    "words", [["types"], ["types", "offer.made/1"], ["template", "offer.made/1"]]
)
def test_a_process_of_its_own_knows_all_rules(words: list[str]):
    """Nothing that another command has imported is needed."""
    done = subprocess.run(
        [sys.executable, "-m", "api.cli", "events", *words],
        capture_output=True,
        cwd=ROOT,
        text=True,
        check=False,
    )
    assert (0, "") == (done.returncode, done.stderr)


def test_the_rows_of_a_table_are_not_said_to_be_checked(tmp_path: Path) -> None:
    trust = tmp_path / "trust.json"
    trust.write_text("{}")
    words = ["events", "list", "--csv", "--url", "http://127.0.0.1:9", "--trust", str(trust)]
    told = CliRunner().invoke(app, words)
    assert 2 == told.exit_code
    assert "leave --trust away" in told.output
