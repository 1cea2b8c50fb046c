"""What a bundle may make a verifier spend is bounded, and the dear tests come last."""

import json
from dataclasses import replace
from functools import cache
from math import isqrt
from typing import NoReturn

import pytest

from ledger import court
from ledger.log.note import format_note, parse_note
from ledger.node.genesis import key_record
from ledger.verify.evidence_check import verify_evidence
from ledger.verify.outcome import Check, Refused
from ledger.verify.verifier import verify_export, verify_receipt
from ledger.wire import signing_keys
from ledger.wire.entry import format_entry, parse_entry
from ledger.wire.envelope import MAX_SIGNATURES
from ledger.wire.signing_keys import PrivateKey, admit_key
from tests.support.builders import FIRM, OPERATOR, REGISTRAR, key_added, party_registered
from tests.support.log import flip
from tests.support.sample_log import SampleLog, open_log, party_key, sample_log
from tests.support.verifying import whole_bundle


@cache
def slow_key() -> PrivateKey:
    return PrivateKey.generate("rsa-pss-sha256")


@pytest.fixture
def log() -> SampleLog:
    """Return a log whose last event brings a key of RSA."""
    log, key = SampleLog(), slow_key()
    open_log(log)
    log.say(key_added(party=FIRM, key=key_record(key)), [FIRM], keys=[party_key(FIRM), key])
    return log


def never(*_: object) -> NoReturn:
    raise AssertionError("this takes long, and was not needed")


def test_a_new_key_is_looked_at_when_its_signature_has_verified(
    log: SampleLog, tmp_path, monkeypatch: pytest.MonkeyPatch
) -> None:
    entry = parse_entry(log.entries[1])
    lines = [
        replace(line, value=flip(line.value, 9)) if line.key_id == slow_key().key_id else line
        for line in entry.signatures
    ]
    log.entries[1] = format_entry(replace(entry, signatures=tuple(lines)))
    monkeypatch.setattr(court, "is_guessable", never)
    monkeypatch.setattr(signing_keys, "weakness_of", never)
    signing_keys.find_weakness.cache_clear()
    root = log.trust_root()
    for verify in (
        lambda: verify_export(log.write(tmp_path), root, workers=1),
        lambda: verify_receipt(log.proof(1), log.entries[1], root),
        lambda: verify_evidence(whole_bundle(log), root),
    ):
        with pytest.raises(Refused, match="does not verify") as caught:
            verify()
        assert (Check.SIGNATURES, 1) == (caught.value.step, caught.value.position)


def test_a_key_is_looked_at_once(log: SampleLog, monkeypatch: pytest.MonkeyPatch) -> None:
    root, bundle, spki = log.trust_root(), whole_bundle(log), slow_key().spki
    court.is_guessable.cache_clear()
    signing_keys.find_weakness.cache_clear()
    court.verify(bundle, root)
    admit_key("rsa-pss-sha256", spki)
    monkeypatch.setattr(court, "small_primes", never)
    monkeypatch.setattr(signing_keys, "weakness_of", never)
    court.verify(bundle, root)
    admit_key("rsa-pss-sha256", spki)


def test_an_entry_of_a_log_has_no_more_keys_to_be_looked_at_than_lines(
    tmp_path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each has signed, and of signatures an entry has 32: that many looks, and not one more."""
    log, looked, brought = SampleLog(), set(), list[list[PrivateKey]]()
    open_log(log)
    body = party_registered(party=FIRM).model_dump(mode="json")
    for count in (MAX_SIGNATURES - 2, MAX_SIGNATURES - 1):
        brought.append(own := [PrivateKey.generate() for _ in range(count)])
        told = body | {"party": f"party:vn.many{count}", "keys": [*map(key_record, own)]}
        officers = [party_key(OPERATOR), party_key(REGISTRAR)]
        topic, signers = "party.registered/1", [told["party"], OPERATOR, REGISTRAR]
        log.say(told, signers, topic=topic, keys=[*officers, *own][:MAX_SIGNATURES])
    monkeypatch.setattr(signing_keys, "admit_key", lambda _, spki: looked.add(spki))
    with pytest.raises(Refused, match="new keys have not signed") as caught:
        verify_export(log.write(tmp_path), log.trust_root(), workers=1)
    assert (Check.SIGNATURES, 2) == (caught.value.step, caught.value.position)
    some, more = ({key.spki for key in each} for each in brought)
    assert (some, set()) == (some & looked, more & looked)


def test_no_key_is_looked_at_of_a_log_that_its_keys_have_not_signed(
    log: SampleLog, tmp_path, monkeypatch: pytest.MonkeyPatch
) -> None:
    directory = log.write(tmp_path)
    note = parse_note((directory / "checkpoint").read_bytes())
    forged = [replace(line, blob=flip(line.blob, 40)) for line in note.signatures]
    (directory / "checkpoint").write_bytes(format_note(replace(note, signatures=tuple(forged))))
    monkeypatch.setattr(signing_keys, "admit_key", never)
    with pytest.raises(Refused) as caught:
        verify_export(directory, log.trust_root(), workers=1)
    assert Check.CHECKPOINT == caught.value.step


@pytest.mark.parametrize("where", [court, "ledger.wire.modulus"])
def test_few_roots_are_drawn_of_a_modulus(where: object, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of 1,279 numbers that Fermat's method looks at, one in 26 could be a square."""
    drawn = []

    def counted(n: int) -> int:
        drawn.append(n)
        return isqrt(n)

    modulus = slow_key().spki[32:-5]
    if where is court:
        court.small_primes()
        monkeypatch.setattr(court, "isqrt", counted)
        assert not court.is_guessable.__wrapped__(modulus)
    else:
        # Then it has its small primes.
        assert signing_keys.weakness_of(int.from_bytes(modulus)) is None
        monkeypatch.setattr(f"{where}.isqrt", counted)
        assert signing_keys.weakness_of(int.from_bytes(modulus)) is None
    assert 64 < len(drawn) < 400


def test_a_bundle_of_too_many_values_is_refused_before_it_is_read(
    log: SampleLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(court, "loads", never)
    many = b"[" + b"{}," * court.MAX_PARTS + b"{}]\n"
    with pytest.raises(court.Refused, match=r"has \d+ values, and \d+ are allowed"):
        court.verify(many, log.trust_root())


def test_a_bundle_has_no_more_entries_than_are_gathered(monkeypatch: pytest.MonkeyPatch) -> None:
    log = sample_log(12)
    monkeypatch.setattr(court, "MAX_SHOWN", 12)
    assert 12 == court.verify(whole_bundle(log), log.trust_root()).size
    monkeypatch.setattr(court, "MAX_SHOWN", 11)
    with pytest.raises(court.Refused, match=r"has 12 entries with 0 RSA keys, and 11 with"):
        court.verify(whole_bundle(log), log.trust_root())


def test_a_bundle_has_no_more_keys_of_rsa_than_a_verifier_looks_at_in_two_minutes(
    log: SampleLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert b'"rsa-pss-sha256"' in json.dumps(key_record(slow_key())).encode()
    monkeypatch.setattr(court, "MAX_RSA", 1)
    assert 2 == court.verify(whole_bundle(log), log.trust_root()).size
    monkeypatch.setattr(court, "MAX_RSA", 0)
    monkeypatch.setattr(court, "read_event", never)
    with pytest.raises(court.Refused, match=r"1 RSA keys, and 2000 with 0 are allowed"):
        court.verify(whole_bundle(log), log.trust_root())
