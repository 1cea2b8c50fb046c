"""`techledger audit explain`: the rules in the order in which they judge, and what they read."""

import json
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from typer.testing import CliRunner

from api.cli.audit import app
from ledger.log.note import Ed25519NoteSigner, format_vkey
from ledger.log.statement import KEY_SUFFIX, SignedRefusal, sign_statement
from ledger.wire.entry import parse_entry
from ledger.wire.envelope import Envelope, envelope_to_object, payload_hash
from tests.support import builders as b
from tests.support.governance import refusal_keys_adopted
from tests.support.log import flip
from tests.support.sample_log import SampleLog, sample_log, sealed_price, whole_story

LICENCE = 10
"""Where the story's exclusive licence stands."""


class Explained:
    """A copy, its trust root and an auditor's own file, to be asked."""

    def __init__(self, log: SampleLog, directory: Path) -> None:
        self.log, self.copy, self.own = log, log.write(directory / "log"), directory / "own"
        self.trust = directory / "trust.json"
        self.trust.write_bytes(log.trust_root())

    def run(self, event: object, *more: object) -> Any:
        named = ("--trust", self.trust, "--judged", self.own, *more)
        return CliRunner().invoke(app, [*map(str, ("explain", self.copy, event, *named))])

    def ask(self, event: object, *more: object) -> dict[str, Any]:
        return dict(json.loads(self.run(event, "--json", *more).stdout))


@pytest.fixture
def story(tmp_path: Path) -> Explained:
    return Explained(whole_story(), tmp_path)


def forbidden(log: SampleLog) -> SampleLog:
    """Add a deal, signed by all whom it takes, that overlaps the exclusive licence."""
    body = b.contract_concluded(
        contract="contract:019a4000-0000-7000-8000-0000000000ff",
        parties=[b.INSTITUTE, b.RIVAL],
        grants=[b.grant(licensee=b.RIVAL)],
    )
    log.say(body, [b.INSTITUTE, b.RIVAL])
    return log


def verdicts(found: dict[str, Any]) -> dict[str, str]:
    return {each["rule"].rpartition(".")[2]: each["verdict"] for each in found["rules"]}


def test_the_rules_stand_in_the_order_of_admission(story: Explained) -> None:
    found = story.ask(LICENCE)
    assert ("admitted", None, 0) == (
        found["verdict"],
        found["refusal"],
        story.run(LICENCE).exit_code,
    )
    first = [each["rule"].rpartition(".")[2] for each in found["rules"] if each["depth"] == 1]
    assert [
        *("must_know", "must_be_open", "must_have_law", "_must_be_in_time"),
        *("_must_refer_to_the_known", "_must_have_a_fresh_view", "must_name_signers"),
    ] == first[:7]
    assert {"passed"} == set(verdicts(found).values())
    codes = {code for each in found["rules"] for code in each["refusals"]}
    assert {"SUBMISSION_EXPIRED", "EXCLUSIVE_OVERLAP", "SIGNER_MISSING"} <= codes


def test_what_was_read_is_told_with_the_events_that_it_is_folded_from(story: Explained) -> None:
    read = {each["subject"]: each for each in story.ask(LICENCE)["read"]}
    right = read[b.RIGHT]
    named = [at for at in range(LICENCE) if f'"{b.RIGHT}"'.encode() in story.log.entries[at]]
    assert named == right["positions"]
    assert right["value"] is not None
    assert (None, []) == (read[b.CONTRACT]["value"], read[b.CONTRACT]["positions"])


def test_an_event_is_found_by_its_position_its_id_and_its_hash(story: Explained) -> None:
    by_position = story.ask(LICENCE)
    hashed = payload_hash(parse_entry(story.log.entries[LICENCE]).payload)
    assert by_position == story.ask(by_position["event_id"]) == story.ask(hashed)
    assert hashed == by_position["payload"]


@pytest.mark.parametrize(
    "event", ["17", "019a4000-0000-7000-8000-0000000fffff", "sha256:" + "0" * 64, "no such file"]
)
def test_what_is_not_there_is_wrong_usage(story: Explained, event: str) -> None:
    done = story.run(event)
    assert isinstance(done.exception, FileNotFoundError) or done.exit_code == 2


def test_an_event_that_stands_against_the_rules_names_the_one_that_refuses(tmp_path: Path) -> None:
    story = Explained(forbidden(whole_story()), tmp_path)
    found = story.ask(17)
    assert (1, "refused") == (story.run(17).exit_code, found["verdict"])
    assert ("EXCLUSIVE_OVERLAP", [LICENCE]) == (
        found["refusal"]["code"],
        found["refusal"]["positions"],
    )
    refusing = [each for each in found["rules"] if each["verdict"] == "refused"]
    assert "EXCLUSIVE_OVERLAP" in refusing[-1]["refusals"]
    assert "passed" == verdicts(found)["_must_be_in_time"]
    assert "REFUSED: EXCLUSIVE_OVERLAP: " in story.run(17).stdout


def test_an_earlier_event_is_explained_as_of_its_own_position(tmp_path: Path) -> None:
    """Once the whole log is judged, the past of an early event is still that of its position."""
    story = Explained(whole_story(), tmp_path)
    before = story.ask(LICENCE)
    story.ask(16)
    assert before == story.ask(LICENCE)
    verified = ["verify", story.copy, "--trust", story.trust, "--judged", story.own]
    done = CliRunner().invoke(app, [*map(str, verified)])
    assert "17 of 17 entries admitted again" in done.stdout
    assert before == story.ask(LICENCE)


def test_a_rule_that_needs_what_is_sealed_is_unchecked(tmp_path: Path) -> None:
    log = sample_log(13)
    log.say(b.share_agreed(parts=sealed_price(log, 1)), [b.AUTHOR, b.INSTITUTE])
    found = Explained(log, tmp_path).ask(13)
    assert "admitted" == found["verdict"]
    assert ["RATE_RANGE", "SHARE_SUM"] in [each["codes"] for each in found["unchecked"]]
    unchecked = [rule for rule, verdict in verdicts(found).items() if verdict != "passed"]
    assert "_admit_agreed" in unchecked
    assert "admit" not in unchecked


def refused(log: SampleLog, directory: Path, code: str) -> tuple[Path, Path]:
    """Write a forbidden deal as it was sent, and a refusal by a key that the log records."""
    signer = Ed25519NoteSigner(log.origin + KEY_SUFFIX, Ed25519PrivateKey.generate())
    log.say(refusal_keys_adopted(refusal_keys=[format_vkey(signer)]), [b.OPERATOR, b.REGISTRAR])
    aside = SampleLog(log.origin, [*log.entries], dict(log.current))
    entry = parse_entry(forbidden(aside).entries[-1])
    envelope = Envelope(entry.payload_type, entry.payload, entry.signatures)
    sent, note = directory / "sent.json", directory / "refusal.note"
    sent.write_text(json.dumps(envelope_to_object(envelope)))
    event_id = json.loads(entry.payload)["event_id"]
    hashed = payload_hash(entry.payload)
    said = SignedRefusal(log.origin, event_id, hashed, code, "yes", entry.accepted)
    note.write_bytes(sign_statement(said, signer))
    return sent, note


@pytest.mark.parametrize("code", ["EXCLUSIVE_OVERLAP", "KEY_REVOKED"])
def test_a_refused_submission_is_judged_as_the_log_refused_it(tmp_path: Path, code: str) -> None:
    log = whole_story()
    sent, note = refused(log, tmp_path, code)
    story = Explained(log, tmp_path)
    found = story.ask(sent, "--refusal", note)
    assert (log.size, "EXCLUSIVE_OVERLAP") == (found["position"], found["refusal"]["code"])
    assert code == found["said"]["code"]
    told = story.run(sent, "--refusal", note).stdout
    assert (code == "EXCLUSIVE_OVERLAP") == (", as here\n" in told)


def test_a_refusal_of_something_else_is_refused(tmp_path: Path) -> None:
    log = whole_story()
    sent, note = refused(log, tmp_path, "EXCLUSIVE_OVERLAP")
    story = Explained(log, tmp_path)
    note.write_bytes(flip(note.read_bytes(), 60))
    assert 2 == story.run(sent, "--refusal", note).exit_code


def test_a_byte_of_the_copy_that_was_changed_is_found_where_it_is_read(tmp_path: Path) -> None:
    story, name = Explained(whole_story(), tmp_path), "tile/entries/000.p/17"
    bundle = story.copy / name
    bundle.write_bytes(flip(bundle.read_bytes(), 3000))
    done = story.run(LICENCE)
    assert 1 == done.exit_code
    told = f"OWN_DISK: of the copy itself: {name}: an entry does not hash into its tile; "
    assert f"{told}techledger audit clone {story.copy} takes again" in done.stdout
    assert bundle.exists()  # It is evidence.
