"""The operator's word held to its log: what was refused, and what was promised to be answered."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from ledger.log.note import Ed25519NoteSigner, format_vkey
from ledger.log.statement import KEY_SUFFIX, Promise, SignedRefusal, sign_statement
from ledger.verify.__main__ import main
from ledger.verify.outcome import Refused
from ledger.verify.word import Kept, verify_word
from ledger.wire.entry import parse_entry
from ledger.wire.envelope import payload_hash
from tests.support import builders as b
from tests.support.governance import refusal_keys_adopted
from tests.support.log import ed25519_key
from tests.support.sample_log import ORIGIN, SIGNED_AT, SampleLog, event_id, sample_log

SIGNER = Ed25519NoteSigner(ORIGIN + KEY_SUFFIX, ed25519_key("refusals"))
AT = 20
"""An entry of the log whose payload the statements are about."""

BEFORE, LATER = "2026-11-01T00:00:00.000Z", "2026-12-31T00:00:00.000Z"
SOON = "2026-11-10T00:00:00.000Z"
"""After the last entry, and before the log's checkpoint was signed."""

NOWHERE = "sha256:" + "0f" * 32


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> tuple[SampleLog, Path, bytes]:
    log = replace(sample_log(size=40), signed=SIGNED_AT)
    body = refusal_keys_adopted(refusal_keys=[format_vkey(SIGNER)])
    log.say(body, [b.OPERATOR, b.REGISTRAR])
    directory = tmp_path_factory.mktemp("log")
    log.write(directory)
    return log, directory, log.trust_root()


def recorded(log: SampleLog) -> str:
    return payload_hash(parse_entry(log.entries[AT]).payload)


def refusal(payload: str, when: str, final: str = "yes", signer: object = SIGNER) -> bytes:
    said = SignedRefusal(ORIGIN, event_id(AT), payload, "EXCLUSIVE_OVERLAP", final, when)
    return sign_statement(said, signer)  # type: ignore[arg-type]


def promise(payload: str, by: str) -> bytes:
    return sign_statement(Promise(ORIGIN, event_id(AT), payload, BEFORE, by), SIGNER)


def test_what_was_refused_and_is_not_there_stands(log):
    _, directory, trust = log
    word = verify_word(refusal(NOWHERE, SOON), directory, trust, workers=1)
    assert (Kept.STANDS, None) == (word.kept, word.position)


@pytest.mark.parametrize("when", [BEFORE, SOON])
def test_what_was_refused_for_good_and_is_there_is_a_broken_word(log, when):
    sample, directory, trust = log
    word = verify_word(refusal(recorded(sample), when), directory, trust, workers=1)
    assert (Kept.BROKEN, AT) == (word.kept, word.position)


def test_what_could_be_mended_may_be_recorded_later_but_not_before(log):
    sample, directory, trust = log
    mended = refusal(recorded(sample), BEFORE, "no")
    assert Kept.MENDED is verify_word(mended, directory, trust, workers=1).kept
    replayed = refusal(recorded(sample), SOON, "no")
    assert Kept.BROKEN is verify_word(replayed, directory, trust, workers=1).kept


@pytest.mark.parametrize(
    ("of", "by", "answer", "kept"),
    [
        ("there", SOON, None, Kept.RECORDED),
        ("there", BEFORE, None, Kept.BROKEN),  # Recorded, but later than promised.
        ("nowhere", LATER, None, Kept.OPEN),
        ("nowhere", SOON, None, Kept.BROKEN),  # Censored.
        ("nowhere", SOON, (NOWHERE, BEFORE), Kept.ANSWERED),
        ("nowhere", SOON, (NOWHERE, LATER), Kept.BROKEN),  # Refused too late.
        ("nowhere", SOON, ("sha256:" + "aa" * 32, BEFORE), Kept.BROKEN),  # Of other bytes.
    ],
)
def test_a_promise(log, of, by, answer, kept):
    sample, directory, trust = log
    payload = recorded(sample) if of == "there" else NOWHERE
    shown = refusal(*answer) if answer else None
    word = verify_word(promise(payload, by), directory, trust, refusal=shown, workers=1)
    assert kept is word.kept


def test_another_key_gives_no_word(log):
    _, directory, trust = log
    stranger = Ed25519NoteSigner(ORIGIN + KEY_SUFFIX, ed25519_key("stranger"))
    with pytest.raises(Refused, match="step 2"):
        verify_word(refusal(NOWHERE, SOON, signer=stranger), directory, trust, workers=1)


def test_a_log_that_adopted_no_key_has_given_no_word(tmp_path):
    log = replace(sample_log(size=40), signed=SIGNED_AT)
    log.write(tmp_path)
    with pytest.raises(Refused, match="no known key has signed"):
        verify_word(refusal(NOWHERE, SOON), tmp_path, log.trust_root(), workers=1)


def test_the_command_says_so(log, tmp_path, capsys):
    sample, directory, trust = log
    (tmp_path / "trust.json").write_bytes(trust)
    (tmp_path / "said").write_bytes(promise(NOWHERE, SOON))
    command = [str(tmp_path / "said"), "--log", str(directory), "--workers", "1"]
    command += ["--trust", str(tmp_path / "trust.json")]
    assert 1 == main(command)
    assert "BROKEN: neither recorded nor" in capsys.readouterr().out
    (tmp_path / "answer").write_bytes(refusal(NOWHERE, BEFORE))
    assert 0 == main([*command, "--refusal", str(tmp_path / "answer"), "--json"])
    said = json.loads(capsys.readouterr().out)
    assert ("ANSWERED", True, sample.size) == (said["kept"], said["verified"], said["size"])
