"""Every single bit of what parties sealed counts: flip any one, and it is refused."""

import json
from collections.abc import Iterator
from functools import cache

import pytest

from ledger.wire.canonical import WireError, dump
from ledger.wire.entry import Entry, format_entry, parse_entry
from ledger.wire.envelope import (
    PAYLOAD_TYPE,
    Envelope,
    envelope_from_object,
    envelope_to_object,
    sign_envelope,
    verify_signatures,
)
from ledger.wire.instant import parse_instant
from ledger.wire.signing_keys import PrivateKey, PublicKey, SignatureMismatch

PAYLOAD = dump({"event_id": "019f0c1e-7a2b-7c3d-8e4f-5a6b7c8d9e0f", "title": "Hợp đồng"})
ACCEPTED = "2026-11-22T03:10:00.123Z"


@cache
def keys() -> tuple[PrivateKey, ...]:
    return PrivateKey.generate("ed25519"), PrivateKey.generate("ecdsa-p256-sha256")


@cache
def sealed() -> Envelope:
    return sign_envelope(PAYLOAD, keys())


def ring() -> dict[str, PublicKey]:
    return {key.key_id: key.public for key in keys()}


def flips(raw: bytes) -> Iterator[bytes]:
    for position in range(len(raw)):
        for bit in range(8):
            yield raw[:position] + bytes([raw[position] ^ 1 << bit]) + raw[position + 1 :]


def is_refused_as_an_envelope(raw: bytes) -> bool:
    try:
        envelope = envelope_from_object(json.loads(raw.decode()))
        verify_signatures(envelope.payload, envelope.signatures, ring())
    except (WireError, json.JSONDecodeError, UnicodeDecodeError):
        return True
    return False


def is_refused_as_an_entry(raw: bytes) -> bool:
    try:
        entry = parse_entry(raw)
        verify_signatures(entry.payload, entry.signatures, ring())
    except WireError:
        return True
    return False


def test_no_bit_of_an_envelope_can_be_flipped():
    raw = json.dumps(envelope_to_object(sealed()), separators=(",", ":")).encode()
    assert not is_refused_as_an_envelope(raw)
    assert [] == [other for other in flips(raw) if not is_refused_as_an_envelope(other)]


def test_no_bit_of_an_entry_can_be_flipped_but_in_the_operators_own_word():
    raw = format_entry(Entry(ACCEPTED, PAYLOAD_TYPE, sealed().signatures, PAYLOAD))
    assert not is_refused_as_an_entry(raw)
    passed = [other for other in flips(raw) if not is_refused_as_an_entry(other)]
    head, tail = raw.split(ACCEPTED.encode())
    for other in passed:  # another instant, and nothing else: the tree, not a signature, fixes it
        assert other.startswith(head)
        assert other.endswith(tail)
        assert parse_instant(ACCEPTED) != parse_instant(parse_entry(other).accepted)


@pytest.mark.parametrize(
    ("algorithm", "step"),
    [("ed25519", 1), ("ecdsa-p256-sha256", 1), ("rsa-pss-sha256", 3), ("ml-dsa-65", 29)],
)
def test_no_bit_of_a_signature_can_be_flipped(algorithm: str, step: int):
    signer = PrivateKey.generate(algorithm)
    public, signature = signer.public, signer.sign(PAYLOAD)
    public.verify(signature, PAYLOAD)
    for other in list(flips(signature))[::step]:
        with pytest.raises(SignatureMismatch):
            public.verify(other, PAYLOAD)


@pytest.mark.parametrize(
    "algorithm", ["ed25519", "ecdsa-p256-sha256", "rsa-pss-sha256", "ml-dsa-65"]
)
def test_no_bit_of_a_signed_message_can_be_flipped(algorithm: str):
    signer = PrivateKey.generate(algorithm)
    public, signature = signer.public, signer.sign(PAYLOAD)
    for other in flips(PAYLOAD):
        with pytest.raises(SignatureMismatch):
            public.verify(signature, other)
