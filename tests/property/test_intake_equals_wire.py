"""The server's fast intake and the verifier's canonical profile judge all bytes alike."""

import json

import orjson
from hypothesis import given
from hypothesis import strategies as st

from ledger.events.intake import Invalid, load_payload
from ledger.wire import canonical
from ledger.wire.strict import MalformedJson, load_json

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


LOOSE_NAMES = st.sampled_from(["a", "b", "envelope", "\u1ea1", "\ud800", ""])
NUMBERS = st.integers(-(2**54), 2**54) | st.floats()
LOOSE = st.recursive(
    st.none() | st.booleans() | NUMBERS | TEXTS | st.just("\ud800"),
    lambda inner: st.lists(inner, max_size=3) | st.lists(st.tuples(LOOSE_NAMES, inner), max_size=3),
    max_leaves=12,
)


def written(value: object) -> str:
    """Write JSON in which an object, here a list of pairs, may have a name twice."""
    if isinstance(value, list) and value and all(isinstance(each, tuple) for each in value):
        return "{" + ", ".join(f"{json.dumps(name)}: {written(each)}" for name, each in value) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(written, value)) + "]"
    return json.dumps(value)


def faults(value: object) -> bool:
    """Say whether anything in it is read differently by some parser."""
    if isinstance(value, list):
        names = [each[0] for each in value if isinstance(each, tuple)]
        inner = [each[1] if isinstance(each, tuple) else each for each in value]
        halves = any("\ud800" in name for name in names)
        return halves or len(set(names)) < len(names) or any(map(faults, inner))
    if isinstance(value, str):
        return any("\ud800" <= char <= "\udfff" for char in value)
    return type(value) is float or (type(value) is int and abs(value) >= 2**53)


@given(LOOSE)
def test_what_stands_around_a_payload_is_read_as_another_parser_reads_it(value: object):
    """Where the strict reader takes it, orjson reads the same; where it does not, it has cause."""
    raw = written(value).encode()
    try:
        found = load_json(raw)
    except MalformedJson:
        assert faults(value)
    else:
        assert not faults(value)
        assert orjson.loads(raw) == found


@given(
    st.binary(max_size=40) | st.text(alphabet='{}[]:,"a0e.- \\\u00e9', max_size=30).map(str.encode)
)
def test_bytes_that_the_strict_reader_takes_are_read_the_same_elsewhere(raw: bytes):
    try:
        found = load_json(raw)
    except MalformedJson:
        return
    assert orjson.loads(raw) == json.loads(raw) == found
