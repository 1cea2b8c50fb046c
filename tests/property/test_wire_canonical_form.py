"""The canonical profile against two foreign writers, `rfc8785` and `orjson`, on random values."""

import json
import unicodedata
from typing import Any

import orjson
import pytest
import rfc8785
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from ledger.wire.canonical import (
    MAX_INT,
    NotCanonical,
    check,
    check_parsed,
    dump,
    load,
)
from ledger.wire.text import fault_in

thorough = settings(max_examples=200, deadline=None)

names = st.from_regex(r"[a-z][a-z0-9_]{0,9}", fullmatch=True)
texts = (
    st.text(max_size=20)
    .map(lambda text: unicodedata.normalize("NFC", text))
    .filter(lambda text: fault_in(text, admission=True) is None)
)
scalars = st.none() | st.booleans() | st.integers(-MAX_INT, MAX_INT) | texts
values = st.recursive(
    scalars, lambda inner: st.lists(inner) | st.dictionaries(names, inner), max_leaves=20
)
documents = st.dictionaries(names, values)

loose_scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5)
loose_values = st.recursive(
    loose_scalars,
    lambda inner: st.lists(inner) | st.dictionaries(names | st.text(max_size=3), inner),
    max_leaves=20,
)
loose_documents = st.dictionaries(names, loose_values)


def refusal(judge: Any, *args: Any) -> tuple[str, str] | None:
    try:
        judge(*args)
    except NotCanonical as error:
        return error.reason, error.pointer
    return None


@thorough
@given(documents)
def test_what_is_written_is_read_back(document: dict[str, Any]):
    assert document == load(dump(document))


@thorough
@given(values)
def test_our_writer_agrees_with_rfc8785_and_with_orjson(value: Any):
    assert rfc8785.dumps(value) == dump(value)
    assert orjson.dumps(value, option=orjson.OPT_SORT_KEYS) == dump(value)


@thorough
@given(documents)
def test_orjson_reads_what_we_read(document: dict[str, Any]):
    assert load(dump(document)) == orjson.loads(dump(document))


@thorough
@given(st.text(alphabet=' {}[]",:0123456789-.eEtruefalsn\\u/', max_size=40))
@example('{"a":1}')
@example('{"a":-0}')
@example('{"a":1e0}')
@example('{"a":"\\u0061"}')
def test_what_is_read_is_written_back_byte_for_byte_or_not_read_at_all(text: str):
    raw = text.encode()
    if refusal(load, raw) is None:
        assert raw == dump(load(raw))


@thorough
@given(documents, st.data())
def test_a_canonical_document_with_one_byte_changed_is_refused_or_canonical_still(
    document: dict[str, Any], data: st.DataObject
):
    raw = bytearray(dump(document))
    position = data.draw(st.integers(0, len(raw) - 1))
    raw[position] = data.draw(st.integers(0, 255))
    if refusal(load, bytes(raw)) is None:
        assert bytes(raw) == dump(load(bytes(raw)))
        assert bytes(raw) == rfc8785.dumps(json.loads(raw))


@thorough
@given(loose_documents)
def test_no_value_makes_the_check_fail_in_another_way_than_its_own(document: dict[str, Any]):
    refused = refusal(check, document)
    assert refused == refusal(lambda value: check(value, admission=True), document)
    if refused is None:
        assert document == load(dump(document))


@thorough
@given(loose_documents)
def test_the_quick_check_and_the_full_check_give_one_verdict(document: dict[str, Any]):
    try:
        raw = json.dumps(
            document, ensure_ascii=False, sort_keys=True, separators=(",", ":")
        ).encode()
    except UnicodeEncodeError:  # a lone surrogate, which no UTF-8 document can hold
        assume(False)  # noqa: FBT003  (hypothesis names no such argument)
    assert refusal(check, document) == refusal(check_parsed, document, raw)


@thorough
@given(loose_documents)
def test_any_document_that_another_writer_wrote_is_judged_as_the_value_is(
    document: dict[str, Any],
):
    try:
        raw = json.dumps(
            document, ensure_ascii=False, sort_keys=True, separators=(",", ":")
        ).encode()
    except UnicodeEncodeError:
        assume(False)  # noqa: FBT003  (hypothesis names no such argument)
    judged = refusal(check, document)
    assert (judged is None) == (refusal(load, raw) is None)


@pytest.mark.parametrize("depth", [1_000, 5_000, 50_000])
@pytest.mark.parametrize(("left", "right"), [(b'{"a":', b"}"), (b"[", b"]"), (b'{"a":[', b"]}")])
def test_no_depth_overflows_the_stack(depth: int, left: bytes, right: bytes):
    for raw in (left * depth, left * depth + b"0" + right * depth):
        refused = refusal(load, raw)
        assert refused is not None
        assert refused[0] in {"depth", "syntax"}
