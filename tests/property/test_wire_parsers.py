"""Whatever bytes come in, a parser raises its declared errors or returns what can be written."""

from collections.abc import Callable
from contextlib import suppress
from functools import cache
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.wire.base64 import (
    MalformedBase64,
    b64decode,
    b64encode,
    b64url_decode,
    b64url_encode,
)
from ledger.wire.canonical import NotCanonical, dump, load
from ledger.wire.commitment import BadOpening, opening_from_object, opening_to_object
from ledger.wire.entry import Entry, EntryTooLarge, MalformedEntry, format_entry, parse_entry
from ledger.wire.envelope import (
    PAYLOAD_TYPE,
    MalformedEnvelope,
    Signature,
    envelope_from_object,
    envelope_to_object,
)
from ledger.wire.instant import MalformedInstant, format_instant, parse_instant
from ledger.wire.signing_keys import (
    ALGORITHMS,
    KeyRefused,
    PrivateKey,
    SignatureMismatch,
    admit_key,
    load_public,
    verify,
)

thorough = settings(max_examples=400, deadline=None)
brief = settings(max_examples=200, deadline=None)

ENTRY = Entry(
    "2026-11-22T03:10:00.123Z",
    PAYLOAD_TYPE,
    (Signature("0a" * 32, b"\1" * 64), Signature("0b" * 32, b"\2" * 65)),
    b'{"a":"\xe1\xbb\x87"}',
)
FRAME = format_entry(ENTRY)


@cache
def key(algorithm: str) -> PrivateKey:
    return PrivateKey.generate(algorithm)


@cache
def signature(algorithm: str) -> bytes:
    return key(algorithm).sign(b"fact")


@st.composite
def edited(draw: st.DrawFn, original: bytes) -> bytes:
    """Change, drop or add a few bytes, so that the depths of a parser are reached."""
    raw = bytearray(original)
    for _ in range(draw(st.integers(1, 3))):
        start = draw(st.integers(0, len(raw)))
        stop = draw(st.integers(start, min(len(raw), start + 3)))
        raw[start:stop] = draw(st.binary(max_size=3) | st.sampled_from([b"\n", b" ", b"sig "]))
    return bytes(raw)


any_object = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | st.binary(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=4,
)


@thorough
@given(st.binary(max_size=80) | edited(FRAME))
def test_an_entry_is_refused_or_written_back_byte_for_byte(raw: bytes):
    try:
        entry = parse_entry(raw)
    except (MalformedEntry, EntryTooLarge):
        return
    assert raw == format_entry(entry)


@thorough
@given(st.binary(max_size=80) | edited(dump({"a": [1, "ệ", None], "b": {"amount": -7}})))
def test_a_payload_is_refused_or_written_back_byte_for_byte(raw: bytes):
    try:
        value = load(raw)
    except NotCanonical:
        return
    assert raw == dump(value)


@brief
@given(
    any_object
    | st.fixed_dictionaries(
        {
            "payload": st.text(alphabet="AQ=+/-_ ") | any_object,
            "payloadType": st.just(PAYLOAD_TYPE) | any_object,
            "signatures": any_object
            | st.lists(
                st.fixed_dictionaries(
                    {
                        "keyid": st.sampled_from(["0a" * 32, "0b" * 32, ""]) | any_object,
                        "sig": st.sampled_from(["QQ==", "QR==", ""]) | any_object,
                    }
                )
            ),
        }
    )
)
def test_an_envelope_is_refused_or_written_back_but_for_the_order_of_its_lines(obj: Any):
    try:
        envelope = envelope_from_object(obj)
    except MalformedEnvelope:
        return
    again = envelope_to_object(envelope)
    assert obj | {"signatures": None} == again | {"signatures": None}
    assert sorted(obj["signatures"], key=lambda line: line["keyid"]) == again["signatures"]


@brief
@given(
    any_object
    | st.fixed_dictionaries(
        {
            "path": st.sampled_from(["/body/price", "/a/0", "/"]) | any_object,
            "salt": st.just("A" * 43) | any_object,
            "value": any_object,
        }
    )
)
def test_an_opening_is_refused_or_written_back(obj: Any):
    try:
        opening = opening_from_object(obj)
    except BadOpening:
        return
    assert obj == opening_to_object(opening)


@pytest.mark.parametrize(
    ("decode", "encode"), [(b64decode, b64encode), (b64url_decode, b64url_encode)]
)
@thorough
@given(text=st.text() | st.text(alphabet="AQRgw=+/-_\n ", max_size=12))
def test_base64_is_refused_or_written_back(
    decode: Callable[[str], bytes], encode: Callable[[bytes], str], text: str
):
    try:
        raw = decode(text)
    except MalformedBase64:
        return
    assert text == encode(raw)


@pytest.mark.parametrize(
    ("decode", "encode"), [(b64decode, b64encode), (b64url_decode, b64url_encode)]
)
@thorough
@given(raw=st.binary())
def test_every_value_has_a_spelling_in_base64(
    decode: Callable[[str], bytes], encode: Callable[[bytes], str], raw: bytes
):
    assert raw == decode(encode(raw))


@thorough
@given(st.text() | edited(ENTRY.accepted.encode()).map(lambda raw: raw.decode("latin-1")))
def test_an_instant_is_refused_or_written_back(text: str):
    try:
        instant = parse_instant(text)
    except MalformedInstant:
        return
    assert text == format_instant(instant)


@pytest.mark.parametrize("algorithm", ALGORITHMS)
@brief
@given(data=st.data())
def test_a_key_is_refused_or_taken_whatever_its_bytes(algorithm: str, data: st.DataObject):
    spki = data.draw(st.binary(max_size=80) | edited(key(algorithm).spki))
    for judge in (load_public, admit_key):
        with suppress(KeyRefused):
            judge(algorithm, spki)


@pytest.mark.parametrize("algorithm", ALGORITHMS)
@brief
@given(data=st.data())
def test_no_bytes_but_a_signature_verify(algorithm: str, data: st.DataObject):
    other = data.draw(st.binary(max_size=80) | edited(signature(algorithm)))
    if other != signature(algorithm):
        with pytest.raises(SignatureMismatch):
            verify(algorithm, key(algorithm).spki, other, b"fact")


@brief
@given(pem=st.binary(max_size=80) | edited(key("ed25519").to_pem()))
def test_a_private_key_is_refused_or_read_whatever_its_bytes(pem: bytes):
    with suppress(KeyRefused):
        PrivateKey.from_pem(pem)
