"""The operator's word held to its log: what was refused, and what was promised to be answered."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from ledger.log.note import Ed25519NoteSigner, format_vkey
from ledger.log.statement import KEY_SUFFIX, Promise, SignedRefusal, sign_statement
from ledger.verify.__main__ import main
from ledger.verify.outcome import Refused
from ledger.verify.word import Kept, verify_word
from ledger.wire.entry import parse_entry
from ledger.wire.envelope import payload_hash
from ledger.wire.instant import format_instant
from tests.support import builders as b
from tests.support.governance import refusal_keys_adopted
from tests.support.log import ed25519_key
from tests.support.sample_log import ORIGIN, SIGNED_AT, SampleLog, event_id, sample_log

SIGNER = Ed25519NoteSigner(ORIGIN + KEY_SUFFIX, ed25519_key("refusals"))
AT = 20
"""An entry of the log whose payload the statements are about."""

BEFORE, LATER = "2026-11-02T03:00:00.500Z", "2026-12-31T00:00:00.000Z"
"""After the first entry and before the one they are about; after the checkpoint."""

SOON, LATE = "2026-11-10T00:00:00.000Z", "2026-11-20T00:00:00.000Z"
"""After the last entry, before and after the log's checkpoint was signed."""

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


def refusal(
    payload: str, when: str, final: str = "yes", signer: object = SIGNER, number: int = AT
) -> bytes:
    said = SignedRefusal(ORIGIN, event_id(number), payload, "EXCLUSIVE_OVERLAP", final, when)
    return sign_statement(said, signer)  # type: ignore[arg-type]


def promise(payload: str, by: str, number: int = AT, received: str = BEFORE) -> bytes:
    return sign_statement(Promise(ORIGIN, event_id(number), payload, received, by), SIGNER)


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
        ("nowhere", SOON, (NOWHERE, LATE), Kept.BROKEN),  # Refused too late.
        ("there", SOON, (AT, BEFORE), Kept.BROKEN),  # Refused for good, yet recorded.
        ("there", SOON, (AT, BEFORE, "no"), Kept.RECORDED),
        ("there", LATER, (AT, SOON, "no"), Kept.BROKEN),  # Refused when it was there.
    ],
)
def test_a_promise(log, of, by, answer, kept):
    sample, directory, trust = log
    payload = recorded(sample) if of == "there" else NOWHERE
    shown = refusal(*(payload if each == AT else each for each in answer)) if answer else None
    word = verify_word(promise(payload, by), directory, trust, refusal=shown, workers=1)
    assert kept is word.kept


EARLIER = "2026-11-02T03:00:00.000Z"
"""When the log began, and before what was promised was received."""


@pytest.mark.parametrize(
    "answer",
    [
        refusal("sha256:" + "aa" * 32, BEFORE),
        refusal(NOWHERE, EARLIER, "no"),
        promise(NOWHERE, SOON),
        b"",
        b"garbage",
    ],
    ids=["of other bytes", "said before", "a promise", "nothing", "no statement"],
)
@pytest.mark.parametrize("by", [SOON, LATER])
@pytest.mark.parametrize("of", ["there", "nowhere"])
def test_what_is_no_answer_to_a_promise_is_refused(log, answer, by, of):
    sample, directory, trust = log
    said = promise(recorded(sample) if of == "there" else NOWHERE, by)
    with pytest.raises(Refused, match="step 2"):
        verify_word(said, directory, trust, refusal=answer, workers=1)


@pytest.mark.parametrize(
    "when", ["1999-01-01T00:00:00.000Z", "2026-11-02T02:59:59.999Z", "2999-01-01T00:00:00.000Z"]
)
@pytest.mark.parametrize("final", ["yes", "no"])
def test_a_refusal_of_before_the_log_or_of_a_time_to_come_is_none(log, when, final):
    _, directory, trust = log
    said = refusal(NOWHERE, when, final)
    with pytest.raises(Refused, match=f"step 2 .*refused {when}: the log began at {EARLIER}"):
        verify_word(said, directory, trust, workers=1)
    with pytest.raises(Refused, match="step 2"):
        verify_word(promise(NOWHERE, SOON), directory, trust, refusal=said, workers=1)


def test_a_clock_may_be_minutes_behind_that_of_the_operator(log):
    _, directory, trust = log
    now = datetime.now(UTC)
    ahead = [refusal(NOWHERE, format_instant(now + timedelta(minutes=n))) for n in (4, 7)]
    assert Kept.STANDS is verify_word(ahead[0], directory, trust, workers=1).kept
    with pytest.raises(Refused, match="by this clock it is"):
        verify_word(ahead[1], directory, trust, workers=1)


def test_that_a_rule_forbids_what_is_refused_is_the_operators_word(log):
    sample, directory, trust = log
    reason = (
        "whether a rule forbids the event, and when it was said: "
        f"EXCLUSIVE_OVERLAP, {SOON} is the operator's word"
    )
    said = sample.size, reason
    alone = refusal(NOWHERE, SOON)
    for word in (
        verify_word(alone, directory, trust, workers=1),
        verify_word(promise(NOWHERE, SOON), directory, trust, refusal=alone, workers=1),
    ):
        assert (said,) == word.unchecked
        assert f"unchecked: position {said[0]}, {said[1]}" in word.report()
        assert [{"position": said[0], "what": said[1]}] == word.to_json()["unchecked"]
    assert () == verify_word(promise(NOWHERE, LATER), directory, trust, workers=1).unchecked


def test_what_was_dead_before_it_came_again_is_answered_by_that(log):
    _, directory, trust = log
    dead = refusal(NOWHERE, EARLIER)
    word = verify_word(promise(NOWHERE, SOON), directory, trust, refusal=dead, workers=1)
    assert Kept.ANSWERED is word.kept


def test_a_statement_about_a_payload_by_the_id_of_another_event_is_a_broken_word(log):
    sample, directory, trust = log
    there = recorded(sample)
    for said in (
        refusal(there, BEFORE, number=AT + 1),
        refusal(there, BEFORE, "no", number=AT + 1),
        promise(there, SOON, number=AT + 1),
    ):
        word = verify_word(said, directory, trust, workers=1)
        assert (Kept.BROKEN, AT) == (word.kept, word.position)
        assert f"the statement {event_id(AT + 1)}, the log {event_id(AT)}" in word.why


def test_an_answer_about_another_event_of_the_same_payload_is_a_broken_word(log):
    _, directory, trust = log
    answer = refusal(NOWHERE, SOON, number=AT + 1)
    word = verify_word(promise(NOWHERE, LATER), directory, trust, refusal=answer, workers=1)
    assert Kept.BROKEN is word.kept


def test_an_id_that_stands_in_the_log_over_another_payload_says_nothing(log):
    _, directory, trust = log
    assert Kept.STANDS is verify_word(refusal(NOWHERE, SOON), directory, trust, workers=1).kept


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


def test_the_log_is_held_to_an_earlier_checkpoint_first(log, tmp_path, capsys):
    _, directory, trust = log
    (tmp_path / "trust.json").write_bytes(trust)
    (tmp_path / "said").write_bytes(refusal(NOWHERE, SOON))
    other = sample_log(5)
    other.entries[3] = other.entries[4]
    (tmp_path / "fork").write_bytes(replace(other, signed=SIGNED_AT).checkpoint())
    command = [str(tmp_path / "said"), "--log", str(directory), "--workers", "1"]
    command += ["--trust", str(tmp_path / "trust.json"), "--previous"]
    assert 1 == main([*command, str(tmp_path / "fork")])
    assert "REFUSED: step 9" in capsys.readouterr().out


def test_what_is_unchecked_of_the_log_is_said_with_the_word(log, tmp_path, capsys):
    sample, _, trust = log
    directory = sample.write(tmp_path / "log")
    (tmp_path / "trust.json").write_bytes(trust)
    (tmp_path / "said").write_bytes(refusal(NOWHERE, SOON))
    (directory / "tile/0/001.p").mkdir()
    (directory / "tile/0/001.p/7").write_bytes(bytes(7 * 32))
    command = [str(tmp_path / "said"), "--log", str(directory), "--workers", "1"]
    command += ["--trust", str(tmp_path / "trust.json")]
    assert 0 == main(command)
    assert "unchecked: position 41, 1 files beside it" in capsys.readouterr().out
    assert 0 == main([*command, "--json"])
    assert 41 == json.loads(capsys.readouterr().out)["unchecked"][0]["position"]
