"""One receipt: what it proves of its entry, and that nothing about it can be altered."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from ledger.log.cosignature import CosignatureV1Signer
from ledger.log.merkle import leaf_hash
from ledger.log.note import format_note, parse_note, sign_note
from ledger.log.receipt import TlogProof, format_tlog_proof, parse_tlog_proof
from ledger.verify.evidence_check import verify_evidence
from ledger.verify.outcome import Check, CheckState, Refused, states
from ledger.verify.verifier import OF_BUNDLES, verify_receipt
from ledger.wire import canonical
from ledger.wire.base64 import b64encode
from ledger.wire.entry import parse_entry
from ledger.wire.instant import format_instant
from tests.support.builders import FIRM, INSTITUTE, OPERATOR, REGISTRAR, RIVAL
from tests.support.log import ed25519_key, flip
from tests.support.sample_log import SIGNED_AT, SampleLog, open_log, party_key, sample_log
from tests.support.verifying import append, bundle_of, payload, whole_bundle

OFFER = 8
"""The position of an entry that one party signed."""

ALWAYS = (
    "whether the event stands a second time, elsewhere in the log",
    "whether the log's keys, policy or operator changed since the trust root",
    "whether its lines bind all of its signers",
    "whether the log is a demonstration",
)
"""What no receipt by itself can show."""


@pytest.fixture(scope="module")
def log() -> SampleLog:
    return sample_log(12)


def refused(receipt: bytes, entry: bytes, log: SampleLog) -> Refused:
    with pytest.raises(Refused) as caught:
        verify_receipt(receipt, entry, log.trust_root())
    return caught.value


def as_json(members: dict[str, Any]) -> bytes:
    return json.dumps(members).encode()


@pytest.mark.parametrize("position", range(12))
@pytest.mark.parametrize("size", [None, 300])
def test_the_receipt_of_every_entry_is_verified(position: int, size: int | None) -> None:
    log = sample_log(size or 12)
    answer = verify_receipt(log.proof(position), log.entries[position], log.trust_root())
    assert (position, log.size) == (answer.position, answer.checkpoint.size)
    loose = [Check.CHECKPOINT, Check.IDENTITY, *([Check.SIGNATURES] if position else [])]
    idle = [Check.CONSISTENCY, *OF_BUNDLES, *([Check.GENESIS] if position else [])]
    assert states(loose, idle) == answer.steps


def test_a_line_by_a_key_that_nobody_named_is_unchecked(log: SampleLog) -> None:
    proof = parse_tlog_proof(log.proof(OFFER))
    note = parse_note(proof.checkpoint_raw)
    stranger = CosignatureV1Signer("w.example", ed25519_key("w.example"))
    (line,) = parse_note(sign_note(note.text, [stranger], SIGNED_AT)).signatures
    added = format_note(replace(note, signatures=(*note.signatures, line)))
    receipt = format_tlog_proof(replace(proof, checkpoint_raw=added))
    answer = verify_receipt(receipt, log.entries[OFFER], log.trust_root(), whole_bundle(log))
    said = f"a line by a key nobody named, {line.name}+{line.key_id.hex()}"
    assert said in {what for _, what in answer.unchecked}
    assert CheckState.UNCHECKED == answer.steps[Check.CHECKPOINT.number - 1]


def test_the_apis_json_is_verified_like_the_bare_proof(log: SampleLog) -> None:
    bare = verify_receipt(log.proof(OFFER), log.entries[OFFER], log.trust_root())
    answer = as_json(log.receipt(OFFER))
    assert bare == verify_receipt(answer, log.entries[OFFER], log.trust_root())


def test_lines_by_keys_that_a_receipt_does_not_carry_are_unchecked(log: SampleLog) -> None:
    answer = verify_receipt(log.proof(OFFER), log.entries[OFFER], log.trust_root())
    assert [f"the line by key {party_key(FIRM).key_id}"] == [
        what for _, what in answer.unchecked if what not in ALWAYS
    ]
    assert {OFFER} == {position for position, _ in answer.unchecked}
    assert 0 == answer.signatures
    assert CheckState.UNCHECKED == answer.steps[Check.SIGNATURES.number - 1]


def said(log: SampleLog, topic: str, body: dict[str, Any], *signers: str) -> tuple[bytes, bytes]:
    """Append an event, no matter who signs it; return its receipt and its entry."""
    value = payload(log, type=topic, body=body, signers=sorted(signers))
    at = append(log, value, [party_key(signer) for signer in signers])
    return log.proof(at), log.entries[at]


CONTRACT = {"consents": [INSTITUTE], "parties": [FIRM, INSTITUTE]}
ATTESTED: dict[str, Any] = {"attested_by": None}
CLOSED = {"ledger": "ledger:x", "reason": "x", "successor": None}
VOUCHED = {"party": FIRM, "vouched_by": FIRM}

NOT_THE_TABLES: dict[str, tuple[str, dict[str, Any], list[str]]] = {
    "the operator for two parties": ("contract.concluded/1", CONTRACT, [OPERATOR]),
    "one party for two": ("contract.concluded/1", CONTRACT, [FIRM]),
    "one party too many": ("contract.concluded/1", CONTRACT, [FIRM, INSTITUTE, RIVAL]),
    "two for one officer": ("ledger.sealed/1", {}, [FIRM, INSTITUTE]),
    "three for both officers": ("ledger.closed/1", CLOSED, [FIRM, INSTITUTE, RIVAL]),
    "a party that vouches for itself": ("key.added/1", VOUCHED, [FIRM]),
}


@pytest.mark.parametrize("name", NOT_THE_TABLES)
def test_a_receipt_of_an_entry_that_others_signed_than_its_body_names(name: str) -> None:
    topic, body, signers = NOT_THE_TABLES[name]
    if topic == "key.added/1":
        record = {"algorithm": "ed25519", "key_id": "0" * 64, "public_key": ""}
        body = {"key": record, "not_after": None, "not_before": None, **body}
    log = sample_log(12)
    caught = refused(*said(log, topic, body, *signers), log)
    assert (Check.SIGNATURES, 12) == (caught.step, caught.position)


def test_who_the_officers_are_a_receipt_leaves_open_and_a_bundle_shows() -> None:
    log = sample_log(12)
    before = whole_bundle(log)
    receipt, entry = said(log, "right.granted/1", ATTESTED, RIVAL)
    answer = verify_receipt(receipt, entry, log.trust_root())
    assert f"who is the registrar of the ledger, which is {RIVAL}" in {
        what for _, what in answer.unchecked
    }
    assert CheckState.UNCHECKED == answer.steps[Check.SIGNATURES.number - 1]
    with pytest.raises(Refused, match=f"signed by {REGISTRAR}"):
        verify_receipt(receipt, entry, log.trust_root(), before)


def test_with_a_bundle_that_shows_the_officers_they_are_not_left_open() -> None:
    log = sample_log(12)
    before = whole_bundle(log)
    receipt, entry = said(log, "right.granted/1", ATTESTED, REGISTRAR)
    answer = verify_receipt(receipt, entry, log.trust_root(), before)
    assert not [what for _, what in answer.unchecked if "of the ledger" in what]


def test_whether_the_log_is_a_demonstration_only_a_bundle_shows(log: SampleLog) -> None:
    receipt, entry, root = log.proof(OFFER), log.entries[OFFER], log.trust_root()
    alone = verify_receipt(receipt, entry, root)
    assert alone.to_json()["demonstration"] is None
    assert alone.to_json()["delay"] is None
    assert "demonstration: " not in alone.report()
    assert "unchecked: position 8, whether the log is a demonstration" in alone.report()
    led = verify_receipt(receipt, entry, root, whole_bundle(log))
    assert (True, True) == (led.demonstration, "demonstration: " in led.report())


def test_of_a_bundle_without_the_charter_it_is_not_said_either() -> None:
    delayed = SampleLog()
    open_log(delayed, delay_seconds=60)
    append(delayed, payload(delayed))
    root = delayed.trust_root()
    assert verify_evidence(bundle_of(delayed, [0]), root).demonstration is None
    assert verify_evidence(whole_bundle(delayed), root).demonstration is False
    entry = delayed.entries[1]
    led = verify_receipt(delayed.proof(1), entry, root, bundle_of(delayed, [0]))
    assert led.demonstration is None
    assert verify_receipt(delayed.proof(0), delayed.entries[0], root).demonstration is None
    known = verify_receipt(delayed.proof(1), entry, root, whole_bundle(delayed))
    assert known.demonstration is False
    assert (60, 60) == known.delays
    assert "delay 60 s" in known.report().splitlines()
    for bundle in (bundle_of(delayed, [0]), whole_bundle(delayed)):
        found = verify_evidence(bundle, root)
        assert ("delay 60 s" in found.report()) == (found.delays is not None)
        assert (found.delays is None) == (found.demonstration is None)


def test_lines_by_keys_that_the_entry_brings_are_verified(log: SampleLog) -> None:
    answer = verify_receipt(log.proof(0), log.entries[0], log.trust_root())
    assert 7 == answer.signatures
    assert set(ALWAYS[:2]) == {what for _, what in answer.unchecked}
    assert CheckState.PASSED == answer.steps[Check.SIGNATURES.number - 1]


def test_a_bad_line_by_a_key_that_the_entry_brings_is_refused() -> None:
    log = sample_log(2)
    head, gap, body = log.entries[1].partition(b"\n\n")
    name = b"sig " + party_key("party:vn.stranger").key_id.encode()
    at = head.index(name) + len(name) + 5
    log.entries[1] = flip(head, at, 1) + gap + body
    refusal = refused(log.proof(1), log.entries[1], log)
    assert (Check.SIGNATURES, 1) == (refusal.step, refusal.position)


def test_the_entry_of_another_receipt_is_refused(log: SampleLog) -> None:
    refusal = refused(log.proof(OFFER), log.entries[OFFER + 1], log)
    assert (Check.TREE, OFFER) == (refusal.step, refusal.position)


def test_the_receipt_of_another_log_is_refused(log: SampleLog) -> None:
    other = sample_log(12, origin="other.example/techledger/0badcafe")
    assert Check.CHECKPOINT == refused(other.proof(OFFER), other.entries[OFFER], log).step


def test_a_receipt_with_the_logs_first_signature_only_is_refused(log: SampleLog) -> None:
    proof = parse_tlog_proof(log.proof(OFFER))
    text, _, lines = proof.checkpoint_raw.rpartition(b"\n\n")
    kept = lines.splitlines(keepends=True)[:1]
    stripped = TlogProof(OFFER, proof.hashes, text + b"\n\n" + b"".join(kept))
    refusal = refused(format_tlog_proof(stripped), log.entries[OFFER], log)
    assert Check.CHECKPOINT == refusal.step


@pytest.mark.parametrize(
    "spoil",
    [
        lambda p: TlogProof(p.index + 1, p.hashes, p.checkpoint_raw),
        lambda p: TlogProof(p.index + 12, p.hashes, p.checkpoint_raw),
        lambda p: TlogProof(p.index, p.hashes[:-1], p.checkpoint_raw),
        lambda p: TlogProof(p.index, (*p.hashes, bytes(32)), p.checkpoint_raw),
        lambda p: TlogProof(p.index, p.hashes[::-1], p.checkpoint_raw),
        lambda p: TlogProof(p.index, (), p.checkpoint_raw),
    ],
)
def test_a_proof_for_anything_else_is_refused(
    spoil: Callable[[TlogProof], TlogProof], log: SampleLog
) -> None:
    spoiled = format_tlog_proof(spoil(parse_tlog_proof(log.proof(OFFER))))
    assert Check.TREE == refused(spoiled, log.entries[OFFER], log).step


def test_a_first_entry_that_is_not_the_trusted_one_is_refused(log: SampleLog) -> None:
    other = SampleLog()
    append(other, payload(other))
    assert Check.GENESIS == refused(other.proof(0), other.entries[0], log).step


def test_an_entry_that_is_no_event_is_refused_though_it_is_in_the_tree(log: SampleLog) -> None:
    log = sample_log(12)
    log.sign(canonical.dump({"a": 1}), [party_key(FIRM)])
    refusal = refused(log.proof(12), log.entries[12], log)
    assert (Check.FORM, 12) == (refusal.step, refusal.position)


def test_an_entry_accepted_after_its_checkpoint_was_signed_is_refused() -> None:
    log = sample_log(12)
    log.signed = SIGNED_AT
    late = datetime.fromtimestamp(SIGNED_AT + 1, UTC)
    text = format_instant(late)
    append(log, payload(log, issued_at=text, not_after=text), accepted=late)
    refusal = refused(log.proof(12), log.entries[12], log)
    assert (Check.IDENTITY, 12) == (refusal.step, refusal.position)


@pytest.mark.parametrize(
    "change",
    [
        {"event_id": "019a4000-0000-7000-8000-000000000007"},
        {"position": 9},
        {"accepted": "2026-11-02T03:00:01.000Z"},
        {"leaf_hash": ""},
        {"checkpoint_size": 13},
    ],
)
def test_what_the_json_says_beside_its_proof_must_be_proved(
    change: dict[str, Any], log: SampleLog
) -> None:
    receipt = as_json({**log.receipt(OFFER), **change})
    assert Check.FORM == refused(receipt, log.entries[OFFER], log).step


def test_what_the_json_says_of_other_things_is_said_to_be_unchecked(log: SampleLog) -> None:
    members = {**log.receipt(OFFER), "replayed": True, "grade": "witnessed", "x\n9  passed": 1}
    del members["leaf_hash"]
    answer = verify_receipt(as_json(members), log.entries[OFFER], log.trust_root())
    told = [what for _, what in answer.unchecked if what.startswith("what a file says")]
    assert ['"grade"', '"replayed"', '"x\\n9  passed"'] == [what[20:] for what in told]
    logged = as_json({**log.receipt(OFFER), "grade": "logged"})
    bare = verify_receipt(log.proof(OFFER), log.entries[OFFER], log.trust_root())
    assert bare == verify_receipt(logged, log.entries[OFFER], log.trust_root())


def entry_json(log: SampleLog, **changed: Any) -> bytes:
    """Return an entry as the API answers it."""
    raw, parsed = log.entries[OFFER], parse_entry(log.entries[OFFER])
    lines = [{"keyid": line.key_id, "sig": b64encode(line.value)} for line in parsed.signatures]
    members = {
        "position": OFFER,
        "accepted": parsed.accepted,
        "leaf_hash": b64encode(leaf_hash(raw)),
        "entry": b64encode(raw),
        "signatures": lines,
        "payload": json.loads(parsed.payload),
    }
    return as_json({**members, **changed})


def test_an_entry_as_the_api_answers_it_is_verified_like_its_bytes(log: SampleLog) -> None:
    bare = verify_receipt(log.proof(OFFER), log.entries[OFFER], log.trust_root())
    assert bare == verify_receipt(log.proof(OFFER), entry_json(log), log.trust_root())


FORGED: dict[str, Callable[[dict[str, Any]], Any]] = {
    "position": lambda _: 9,
    "accepted": lambda _: "2020-01-01T00:00:00.000Z",
    "leaf_hash": lambda _: b64encode(bytes(32)),
    "signatures": lambda says: [{**says["signatures"][0], "keyid": "0" * 64}],
    "payload": lambda says: {**says["payload"], "signers": ["party:vn.somebody.else"]},
    "event_id": lambda _: "019a4000-0000-7000-8000-000000000007",
}


@pytest.mark.parametrize("name", FORGED)
def test_an_entry_whose_readable_members_are_forged_is_refused(name: str, log: SampleLog) -> None:
    """All that a person reads was made up; the bytes, in one member, are the true ones."""
    forged = entry_json(log, **{name: FORGED[name](json.loads(entry_json(log)))})
    refusal = refused(log.proof(OFFER), forged, log)
    assert (Check.FORM, OFFER) == (refusal.step, refusal.position)
    assert name in refusal.reason


@pytest.mark.parametrize("other", ["8.0", "true", '"8"', "null"])
def test_a_number_is_no_other_value_that_python_takes_for_it(other: str, log: SampleLog) -> None:
    text = entry_json(log).decode().replace('"position": 8', f'"position": {other}', 1)
    assert Check.FORM == refused(log.proof(OFFER), text.encode(), log).step


def test_a_member_that_stands_twice_is_refused(log: SampleLog) -> None:
    """A person reads the first, a parser takes the last."""
    twice = b'{"accepted": "2020-01-01T00:00:00.000Z", ' + entry_json(log)[1:]
    assert Check.FORM == refused(log.proof(OFFER), twice, log).step
    nested = entry_json(log).replace(b'"payload": {', b'"payload": {"signers": [], ', 1)
    assert Check.FORM == refused(log.proof(OFFER), nested, log).step
    receipt = b'{"position": 9, ' + as_json(log.receipt(OFFER))[1:]
    assert Check.CHECKPOINT == refused(receipt, log.entries[OFFER], log).step


def test_what_is_printed_of_a_receipt_is_what_its_bytes_say(log: SampleLog) -> None:
    answer = verify_receipt(as_json(log.receipt(OFFER)), entry_json(log), log.trust_root())
    event = json.loads(parse_entry(log.entries[OFFER]).payload)
    said = answer.to_json()["entry"]
    assert (event["event_id"], event["type"]) == (said["event_id"], said["type"])
    for line in (f"event_id {event['event_id']}", f"type {event['type']}", f"signers {FIRM}"):
        assert line in answer.report().splitlines()
    assert " 8  unchecked  every signature verifies" in answer.report()
    assert " 4  not run    entry 0" in answer.report()


@pytest.mark.parametrize(
    "receipt",
    [
        b"",
        b"{",
        b"{}",
        b'{"proof": 1}',
        b'{"proof": "\\ud800"}',
        b"c2sp.org/tlog-proof@v1\n",
        b'{"a":' * 90_000,
    ],
)
def test_what_is_no_receipt_is_refused(receipt: bytes, log: SampleLog) -> None:
    assert Check.CHECKPOINT == refused(receipt, log.entries[OFFER], log).step


@pytest.mark.parametrize("mask", [1, 32])
def test_every_byte_of_a_receipt_counts(mask: int, log: SampleLog) -> None:
    proof = log.proof(OFFER)
    for at in range(len(proof)):
        refused(flip(proof, at, mask), log.entries[OFFER], log)


@pytest.mark.parametrize("mask", [1, 8])
def test_every_byte_of_an_entry_counts(mask: int, log: SampleLog) -> None:
    entry, proof = log.entries[OFFER], log.proof(OFFER)
    for at in range(len(entry)):
        assert Check.TREE == refused(proof, flip(entry, at, mask), log).step
