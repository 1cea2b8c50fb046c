"""Refusals and promises as signed notes: one spelling each, by one key, of one log."""

from dataclasses import replace

import pytest

from ledger.log.key import BadNoteSignature
from ledger.log.merkle import LogError
from ledger.log.note import Ed25519NoteSigner, UnverifiedNote, format_vkey, parse_vkey
from ledger.log.statement import (
    KEY_SUFFIX,
    MalformedStatement,
    Promise,
    SignedRefusal,
    format_statement,
    open_statement,
    parse_statement,
    sign_statement,
)
from tests.support.log import ORIGIN, ed25519_key

SIGNER = Ed25519NoteSigner(ORIGIN + KEY_SUFFIX, ed25519_key("refusals"))
KEYS = [parse_vkey(format_vkey(SIGNER))]
EVENT, PAYLOAD = "0189abcd-0000-7000-8000-000000000001", "sha256:" + "0f" * 32
NOW = "2026-11-29T08:00:00.000Z"
REFUSED = SignedRefusal(ORIGIN, EVENT, PAYLOAD, "EXCLUSIVE_OVERLAP", "yes", NOW)
PROMISED = Promise(ORIGIN, EVENT, PAYLOAD, NOW, "2026-11-29T08:01:00.000Z")
both = pytest.mark.parametrize("statement", [REFUSED, PROMISED], ids=["refusal", "promise"])


@both
def test_it_reads_back_as_it_was_signed(statement):
    raw = sign_statement(statement, SIGNER)
    assert statement == open_statement(raw, KEYS)
    assert raw == sign_statement(statement, SIGNER)  # The same bytes each time.


def test_a_refusal_is_these_lines():
    assert (
        "techledger-refusal/v1\n"
        f"origin {ORIGIN}\n"
        f"event {EVENT}\n"
        f"payload {PAYLOAD}\n"
        "code EXCLUSIVE_OVERLAP\n"
        "final yes\n"
        "refused 2026-11-29T08:00:00.000Z\n"
    ) == format_statement(REFUSED)


@both
def test_every_flipped_bit_is_refused(statement):
    raw = sign_statement(statement, SIGNER)
    for at in range(len(raw) * 8):
        flipped = bytearray(raw)
        flipped[at // 8] ^= 1 << at % 8
        with pytest.raises(LogError):
            open_statement(bytes(flipped), KEYS)


@both
def test_another_key_of_the_log_does_not_sign_it(statement):
    by_log = Ed25519NoteSigner(ORIGIN, ed25519_key("log"))
    with pytest.raises(UnverifiedNote):
        open_statement(sign_statement(statement, by_log), KEYS)
    forged = sign_statement(statement, Ed25519NoteSigner(ORIGIN + KEY_SUFFIX, ed25519_key("x")))
    with pytest.raises((UnverifiedNote, BadNoteSignature)):
        open_statement(forged, KEYS)


@pytest.mark.parametrize(
    "change",
    [
        {"code": "no code"},
        {"code": "CODE\nfinal no"},
        {"origin": "two words"},
        {"event_id": EVENT.upper()},
        {"payload": PAYLOAD.removeprefix("sha256:")},
        {"final": "perhaps"},
        {"refused": "2026-11-29T08:00:00Z"},
        {"refused": "9999-99-99T99:99:99.999Z"},
        {"refused": "2026-02-30T08:00:00.000Z"},
        {"refused": "2026-11-29T24:00:00.000Z"},
        {"refused": "2026-12-31T23:59:60.000Z"},
        {"refused": "0999-11-29T08:00:00.000Z"},
        {"refused": "3000-01-01T00:00:00.000Z"},
    ],
)
def test_what_is_not_of_its_form_is_not_signed(change):
    with pytest.raises(MalformedStatement):
        format_statement(replace(REFUSED, **change))


@pytest.mark.parametrize("member", ["received", "answer_by"])
def test_a_promise_names_instants_that_there_are(member):
    with pytest.raises(MalformedStatement):
        format_statement(replace(PROMISED, **{member: "9999-99-99T99:99:99.999Z"}))


def test_nobody_promises_to_answer_before_the_receipt():
    with pytest.raises(MalformedStatement):
        format_statement(replace(PROMISED, answer_by="2026-11-29T07:59:59.999Z"))


@pytest.mark.parametrize(
    "change",
    [lambda text: text + "\n", lambda text: text[:-1], lambda text: text.replace("code", "Code")],
)
def test_there_is_one_spelling(change):
    with pytest.raises(MalformedStatement):
        parse_statement(change(format_statement(REFUSED)))
