"""The server's fast intake and the verifier's canonical profile judge all bytes alike."""

import json

from hypothesis import given
from hypothesis import strategies as st

from ledger.intake import Invalid, load_payload
from ledger.wire import canonical

KEYS = st.from_regex(r"[a-z][a-z0-9_]{0,8}", fullmatch=True)
TEXTS = st.text(max_size=12)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**54), 2**54) | st.floats() | TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=20,
)


def accepted_by_wire(raw: bytes) -> object:
    try:
        return canonical.load(raw)
    except canonical.NotCanonical:
        return None


def accepted_by_intake(raw: bytes) -> object:
    try:
        return load_payload(raw)
    except Invalid as error:
        return None if error.code in {"NOT_CANONICAL", "FRACTIONAL_VND"} else error


@given(st.dictionaries(KEYS, VALUES, max_size=5))
def test_documents_near_the_profile_are_judged_alike(document: dict[str, object]):
    raw = json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode(
        "utf-8", "surrogatepass"
    )
    assert accepted_by_wire(raw) == accepted_by_intake(raw)


@given(st.binary(max_size=60))
def test_random_bytes_are_judged_alike(raw: bytes):
    assert accepted_by_wire(raw) == accepted_by_intake(raw)


@given(st.dictionaries(KEYS, VALUES, min_size=1, max_size=3), st.data())
def test_a_document_with_one_byte_changed_is_judged_alike(document, data: st.DataObject):
    try:
        raw = bytearray(canonical.dump(document))
    except canonical.NotCanonical:
        return
    place = data.draw(st.integers(0, len(raw) - 1))
    raw[place] ^= data.draw(st.integers(1, 255))
    assert accepted_by_wire(bytes(raw)) == accepted_by_intake(bytes(raw))
