from functools import cache
from typing import Any

import pytest

from ledger.wire.base64 import b64encode
from ledger.wire.envelope import (
    PAYLOAD_TYPE,
    Envelope,
    MalformedEnvelope,
    Signature,
    envelope_from_object,
    envelope_to_object,
    pae,
    payload_hash,
    sign_envelope,
    verify_signatures,
)
from ledger.wire.signing_keys import PrivateKey, SignatureMismatch

PAYLOAD = b'{"ledger":"a.vn"}'


@cache
def keys() -> tuple[PrivateKey, ...]:
    return tuple(PrivateKey.generate() for _ in range(3))


def ring() -> dict[str, Any]:
    return {key.key_id: key.public for key in keys()}


def sealed() -> dict[str, Any]:
    return envelope_to_object(sign_envelope(PAYLOAD, keys()))


def test_what_is_signed_names_the_type_and_both_lengths():
    assert (
        pae("http://example.com/HelloWorld", b"hello world")
        == b"DSSEv1 29 http://example.com/HelloWorld 11 hello world"
    )
    assert b"DSSEv1 37 " + PAYLOAD_TYPE.encode() + b' 17 {"ledger":"a.vn"}' == pae(
        PAYLOAD_TYPE, PAYLOAD
    )


def test_lengths_are_counted_in_bytes():
    assert "DSSEv1 3 ệ 3 ệ".encode() == pae("ệ", "ệ".encode())


def test_an_event_is_named_by_the_hash_of_its_payload():
    empty = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    assert empty == payload_hash(b"")


def test_lines_are_sorted_by_key_id():
    envelope = sign_envelope(PAYLOAD, keys())
    ids = [signature.key_id for signature in envelope.signatures]
    assert sorted(key.key_id for key in keys()) == ids


def test_an_envelope_survives_being_written_and_read():
    envelope = sign_envelope(PAYLOAD, keys())
    assert envelope == envelope_from_object(envelope_to_object(envelope))


def test_lines_may_arrive_in_any_order():
    obj = sealed()
    obj["signatures"].reverse()
    assert envelope_from_object(sealed()) == envelope_from_object(obj)


def test_every_signature_of_a_sealed_envelope_verifies():
    verify_signatures(PAYLOAD, sign_envelope(PAYLOAD, keys()).signatures, ring())


def test_no_signature_at_all_is_refused():
    with pytest.raises(SignatureMismatch):
        verify_signatures(PAYLOAD, (), ring())


def test_a_line_by_a_key_not_asked_for_is_refused_even_beside_good_ones():
    signatures = sign_envelope(PAYLOAD, keys()).signatures
    fewer = {key_id: key for key_id, key in ring().items() if key_id != signatures[0].key_id}
    with pytest.raises(SignatureMismatch):
        verify_signatures(PAYLOAD, signatures, fewer)


def test_one_wrong_line_among_good_ones_is_refused():
    first, second, third = sign_envelope(PAYLOAD, keys()).signatures
    with pytest.raises(SignatureMismatch):
        verify_signatures(PAYLOAD, (first, Signature(second.key_id, third.value), third), ring())


def test_a_signature_over_the_bare_payload_is_refused():
    key = keys()[0]
    with pytest.raises(SignatureMismatch):
        verify_signatures(PAYLOAD, [Signature(key.key_id, key.sign(PAYLOAD))], ring())


@pytest.mark.parametrize("count", [0, 33])
def test_an_envelope_has_one_to_thirty_two_lines(count: int):
    obj = sealed() | {"signatures": [line(number) for number in range(count)]}
    with pytest.raises(MalformedEnvelope, match="1 to 32"):
        envelope_from_object(obj)


def test_thirty_two_lines_are_read():
    obj = sealed() | {"signatures": [line(number) for number in range(32)]}
    assert 32 == len(envelope_from_object(obj).signatures)


def line(number: int) -> dict[str, str]:
    return {"keyid": f"{number:064x}", "sig": b64encode(bytes(64))}


@pytest.mark.parametrize(
    "keys_given",
    [pytest.param([], id="none"), pytest.param([0, 0], id="one key twice")],
)
def test_a_payload_is_signed_by_different_keys(keys_given: list[int]):
    with pytest.raises(MalformedEnvelope):
        sign_envelope(PAYLOAD, [keys()[number] for number in keys_given])


@pytest.mark.parametrize(
    "change",
    [
        {"payload": None},
        {"payload": "eyJsZWRnZXIiOiJhLnZuIn1="},
        {"payload": "eyJsZWRnZXIiOiJhLnZuIn0"},
        {"payload": "eyJsZWRnZXIiOiJhLnZuIn0=\n"},
        {"payload": "ệ"},
        {"payloadType": "application/json"},
        {"payloadType": PAYLOAD_TYPE.upper()},
        {"payloadType": None},
        {"signatures": None},
        {"signatures": {}},
        {"signatures": "x"},
        {"signatures": [None]},
        {"signatures": [{}]},
        {"signatures": [line(1), line(1)]},
        {"signatures": [line(1) | {"keyid": None}]},
        {"signatures": [line(1) | {"keyid": 1}]},
        {"signatures": [line(10) | {"keyid": f"{10:064X}"}]},
        {"signatures": [line(1) | {"keyid": f"{1:064x}\n"}]},
        {"signatures": [line(1) | {"keyid": f"{1:063x}"}]},
        {"signatures": [line(1) | {"sig": ""}]},
        {"signatures": [line(1) | {"sig": "-_"}]},
        {"signatures": [line(1) | {"sig": 1}]},
        {"signatures": [line(1) | {"cert": ""}]},
        {"signatures": [{"sig": b64encode(bytes(64))}]},
        {"extra": 1},
    ],
)
def test_an_object_that_is_not_exactly_an_envelope_is_refused(change: dict[str, Any]):
    with pytest.raises(MalformedEnvelope):
        envelope_from_object(sealed() | change)


@pytest.mark.parametrize("obj", [None, [], "x", 1, {}, {"payload": ""}])
def test_what_is_no_envelope_at_all_is_refused(obj: Any):
    with pytest.raises(MalformedEnvelope, match="exactly the members"):
        envelope_from_object(obj)


def test_an_envelope_cannot_be_changed():
    envelope = Envelope(PAYLOAD_TYPE, PAYLOAD, ())
    with pytest.raises(AttributeError):
        envelope.payload = b"{}"  # type: ignore[misc]
