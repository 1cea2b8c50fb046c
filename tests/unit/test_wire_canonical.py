import enum
import json
import time
from typing import Any

import pytest

from ledger.wire import canonical
from ledger.wire.canonical import (
    MAX_DEPTH,
    MAX_INT,
    MAX_ITEMS,
    MAX_KEYS,
    MAX_STRING,
    NotCanonical,
    check,
    check_parsed,
    dump,
    load,
)

EVENT = (
    '{"body":{"grants":[{"acts":["make","use"],"valid_to":null}],'
    '"price":{"amount":-1500000,"currency":"VND"},"title":"Hợp đồng \\"A\\""},'
    '"seen":41,"sole":true}'
).encode()


def nested(depth: int) -> bytes:
    return b'{"a":' * (depth - 1) + b"{}" + b"}" * (depth - 1)


def fault(raw: bytes, *, admission: bool = True) -> tuple[str, str]:
    with pytest.raises(NotCanonical) as caught:
        load(raw, admission=admission)
    return caught.value.reason, caught.value.pointer


def test_a_canonical_payload_is_read_and_written_back_byte_for_byte():
    assert EVENT == dump(load(EVENT))


@pytest.mark.parametrize(
    ("raw", "reason", "pointer"),
    [
        (b"\xff{}", "encoding", ""),
        (b'{"a":"\xed\xa0\x80"}', "encoding", ""),
        ('{"a":1}'.encode("utf-16"), "encoding", ""),
        (b'\xef\xbb\xbf{"a":1}', "syntax", ""),
        (b"", "syntax", ""),
        (b"{", "syntax", ""),
        (b'{"a":01}', "syntax", ""),
        (b'{"a":1}{"a":1}', "syntax", ""),
        (b'{"a":"\n"}', "syntax", ""),
        (b"[]", "object", ""),
        (b"7", "object", ""),
        (b'{"a":[{"A":1}]}', "name", "/a/0"),
        (b'{"":1}', "name", ""),
        (b'{"a\\n":1}', "name", ""),
        (b'{"%s":1}' % (b"a" * 65), "name", ""),
        ('{"ạ":1}'.encode(), "name", ""),
        (b'{"a":{"b":1,"b":2}}', "duplicate", "/a"),
        (b'{"a":{"c":1,"b":2}}', "order", "/a"),
        (b'{"a":[0,1.0]}', "float", "/a/1"),
        (b'{"a":1e2}', "float", "/a"),
        (b'{"a":NaN}', "float", "/a"),
        (b'{"a":-Infinity}', "float", "/a"),
        (b'{"a":1e400}', "float", "/a"),
        (b'{"price":{"amount":1500.5,"currency":"VND"}}', "fraction", "/price/amount"),
        (b'{"amount":{"ppm":0.5}}', "float", "/amount/ppm"),
        (b'{"amount":[0.5]}', "float", "/amount/0"),
        (b'{"a":9007199254740992}', "integer", "/a"),
        (b'{"a":-9007199254740992}', "integer", "/a"),
        (b'{"a":18446744073709551616}', "integer", "/a"),
        (b'{"a":-0}', "spelling", "/a"),
        (b'{"a": 1}', "spelling", ""),
        (b'{"a":1}\n', "spelling", ""),
        (b'{"a":"\\u0041"}', "spelling", ""),
        (b'{"a":"\\/"}', "spelling", ""),
        (b'{"a":"\\u1EC7"}', "spelling", ""),
        (b'{"a":"\\u0000"}', "text", "/a"),
        (b'{"a":"\\n"}', "text", "/a"),
        (b'{"a":"\\ud800"}', "text", "/a"),
        (b'{"a":"\x7f"}', "text", "/a"),
        ('{"a":["ok","\u0085"]}'.encode(), "text", "/a/1"),
        ('{"a":"\u200b"}'.encode(), "text", "/a"),
        ('{"a":"\u202e"}'.encode(), "text", "/a"),
        ('{"a":"\ue000"}'.encode(), "text", "/a"),
        ('{"a":"e\u0323\u0302"}'.encode(), "nfc", "/a"),
        ('{"a":"\u1ec7\u0378"}'.encode(), "unassigned", "/a"),
    ],
)
def test_a_refusal_names_the_reason_and_the_place(raw: bytes, reason: str, pointer: str):
    assert (reason, pointer) == fault(raw)


def test_a_refusal_says_in_words_what_it_says_in_code():
    assert "/a/1 is a number with a fraction or an exponent" == str(NotCanonical("float", "/a/1"))
    assert "the document is not JSON (RFC 8259)" == str(NotCanonical("syntax"))


def test_a_refusal_never_echoes_a_name_that_is_not_allowed():
    assert ("name", "/a") == fault(b'{"a":{"<script>":1}}')


def test_the_largest_integers_of_the_profile_are_read():
    raw = b'{"a":[9007199254740991,-9007199254740991]}'
    assert {"a": [MAX_INT, -MAX_INT]} == load(raw)


def test_sixteen_levels_are_read_and_the_seventeenth_is_refused_where_it_begins():
    assert nested(MAX_DEPTH) == dump(load(nested(MAX_DEPTH)))
    assert ("depth", "/a" * MAX_DEPTH) == fault(nested(MAX_DEPTH + 1))


@pytest.mark.parametrize(
    "raw",
    [
        b'{"a":' * 250_000,
        nested(250_000),
        b"[" * 250_000,
        b'{"a":' + b"[" * 250_000 + b"]" * 250_000 + b"}",
    ],
)
def test_a_quarter_of_a_million_levels_are_refused_as_too_deep(raw: bytes):
    assert ("depth", "") == fault(raw)


def test_a_value_that_holds_itself_is_refused_as_too_deep():
    value: dict[str, Any] = {}
    value["a"] = value
    with pytest.raises(NotCanonical, match="nested more than 16 deep"):
        dump(value)


@pytest.mark.parametrize("digits", [18, 4_300, 4_301, 200_000])
def test_a_huge_integer_is_refused_without_being_computed(digits: int):
    started = time.perf_counter()
    assert ("integer", "/a/0") == fault(b'{"a":[' + b"9" * digits + b"]}")
    assert time.perf_counter() - started < 1


def test_a_huge_float_under_amount_is_refused_without_being_computed():
    raw = b'{"amount":' + b"9" * 200_000 + b".0}"
    assert ("fraction", "/amount") == fault(raw)


def test_the_limits_are_those_of_the_specification():
    assert (16, 4096, 512, 16384) == (MAX_DEPTH, MAX_ITEMS, MAX_KEYS, MAX_STRING)


@pytest.mark.parametrize(
    ("within", "beyond", "reason"),
    [
        ([0] * MAX_ITEMS, [0] * (MAX_ITEMS + 1), "items"),
        (
            {f"k{n:03}": 0 for n in range(MAX_KEYS)},
            {f"k{n:03}": 0 for n in range(MAX_KEYS + 1)},
            "keys",
        ),
        ("a" * MAX_STRING, "a" * (MAX_STRING + 1), "string"),
        ("ệ" * (MAX_STRING // 3), "ệ" * (MAX_STRING // 3 + 1), "string"),
        ('"' * MAX_STRING, '"' * (MAX_STRING + 1), "string"),
    ],
)
def test_limits_hold_exactly(within: Any, beyond: Any, reason: str):
    assert {"a": within} == load(dump({"a": within}))
    raw = json.dumps({"a": beyond}, ensure_ascii=False, separators=(",", ":")).encode()
    assert (reason, "/a") == fault(raw)


def test_a_name_of_sixty_four_characters_is_allowed():
    raw = b'{"%s":1}' % (b"a" * 64)
    assert raw == dump(load(raw))


def test_a_quote_and_a_backslash_are_the_only_escapes():
    raw = b'{"a":"\\"\\\\n"}'
    assert {"a": '"\\n'} == load(raw)
    assert raw == dump(load(raw))


def test_in_replay_a_code_point_unknown_to_this_unicode_passes_but_not_a_forbidden_one():
    for raw in ('{"a":"\u0378"}'.encode(), '{"a":"\\"\u0378"}'.encode()):
        assert raw == dump(load(raw, admission=False))
    assert ("text", "/a") == fault('{"a":"\u200b"}'.encode(), admission=False)
    assert ("nfc", "/a") == fault('{"a":"e\u0301"}'.encode(), admission=False)


class Text(str):
    __slots__ = ()


class Level(enum.IntEnum):
    ONE = 1


@pytest.mark.parametrize(
    ("value", "reason", "pointer"),
    [
        ({"a": Text("x")}, "type", "/a"),
        ({"a": Level.ONE}, "type", "/a"),
        ({"a": (1, 2)}, "type", "/a"),
        ({"a": b"x"}, "type", "/a"),
        ({"a": {1, 2}}, "type", "/a"),
        ({"a": 1.5}, "float", "/a"),
        ({"amount": 1.5}, "fraction", "/amount"),
        ({1: "x"}, "name", ""),
        ({None: "x"}, "name", ""),
        ({"a": "\ud800"}, "text", "/a"),
        (float("nan"), "float", ""),
    ],
)
def test_only_the_plain_types_of_json_are_written(value: Any, reason: str, pointer: str):
    for refuse in (dump, check):
        with pytest.raises(NotCanonical) as caught:
            refuse(value)
        assert (reason, pointer) == (caught.value.reason, caught.value.pointer)


def test_a_name_that_is_a_subclass_of_str_is_refused_even_when_its_text_is_well_known():
    dump({"a": 1})
    with pytest.raises(NotCanonical, match="member whose name"):
        dump({Text("a"): 1})


@pytest.mark.parametrize("value", [None, True, 0, "", [], {}, ["x", -1]])
def test_any_value_of_the_profile_can_be_written_on_its_own(value: Any):
    check(value)
    assert value == json.loads(dump(value))


def test_true_is_not_one():
    assert b'{"a":true}' == dump({"a": True})


def test_the_quick_check_of_a_parsed_document_refuses_what_the_full_one_does():
    check_parsed({"a": ["x", 1]}, b'{"a":["x",1]}')
    with pytest.raises(NotCanonical, match="/a/0 is an integer beyond"):
        check_parsed({"a": [2**53]}, b'{"a":[9007199254740992]}')
    with pytest.raises(NotCanonical, match="/a holds a control"):
        check_parsed({"a": "\n"}, b'{"a":"\\n"}')


def test_names_never_seen_before_do_not_pile_up_in_memory():
    for batch in range(20):
        load(dump({f"n{batch}_{n}": 0 for n in range(MAX_KEYS)}))
    assert canonical._KNOWN_NAMES_MAX + MAX_KEYS >= len(canonical._known_names)
