"""The canonical profile against two foreign writers, `rfc8785` and `orjson`, on random values.

Values are built from a seed by plain code, because drawing them piece by piece costs a thousand
times what is tested. A failing case names its seed.
"""

import json
import random
import unicodedata
from typing import Any

import orjson
import pytest
import rfc8785
from hypothesis import example, given, settings
from hypothesis import strategies as st

from ledger.wire.canonical import (
    MAX_DEPTH,
    MAX_INT,
    NotCanonical,
    check,
    check_parsed,
    dump,
    load,
)
from ledger.wire.text import fault_in

thorough = settings(max_examples=800, deadline=None)
seeds = st.integers(0, 2**64 - 1)

NAMES = ["a", "amount", "b2", "currency", "seen", "valid_from", "z_", "z9"]
LETTERS = [*"aZ09 .-/<>&'{}[]:,", '"', "\\", "é", "ệ", "Đ", "₫", "ກ", "技", "🔬", "\u2028"]
MISFITS = [
    "\n",
    "\0",
    "\x7f",
    "a\u0301",
    "\u200b",
    "\u202e",
    "\ufeff",
    "\ue000",
    "\u0378",
    "\ufffe",
]
STRAY_NAMES = ["", "A", "ệ", "a-b", "9", "a" * 65, "a\n"]
STRAY_SCALARS = [0.5, -0.0, 1e300, float("inf"), float("nan"), 2**53, -(2**53), 2**64, 10**30]
REASONS = {"depth", "name", "float", "fraction", "integer", "text", "nfc", "unassigned"}


class Builder:
    """Builds values of the profile, or, with some `stray`, values that may leave it anywhere."""

    def __init__(self, seed: int, stray: float = 0) -> None:
        self.random = random.Random(seed)
        self.stray = stray

    def strays(self) -> bool:
        return self.random.random() < self.stray

    def text(self) -> str:
        stray = self.strays()
        letters = LETTERS + MISFITS if stray else LETTERS
        text = "".join(self.random.choices(letters, k=self.random.randrange(12)))
        return text if stray else unicodedata.normalize("NFC", text)

    def name(self) -> str:
        return self.random.choice(STRAY_NAMES if self.strays() else NAMES)

    def scalar(self) -> Any:
        if self.strays():
            return self.random.choice(STRAY_SCALARS)
        number = self.random.randint(-MAX_INT, MAX_INT) >> self.random.randrange(53)
        return self.random.choice([None, True, False, number, self.text()])

    def value(self, depth: int) -> Any:
        kind = self.random.randrange(4) if depth else 0
        if kind < 2:
            return self.scalar()
        return self.document(depth) if kind == 2 else self.array(depth)

    def array(self, depth: int) -> list[Any]:
        return [self.value(depth - 1) for _ in range(self.random.randrange(4))]

    def document(self, depth: int) -> dict[str, Any]:
        return {self.name(): self.value(depth - 1) for _ in range(self.random.randrange(5))}


def document(seed: int) -> dict[str, Any]:
    return Builder(seed).document(5)


def loose_document(seed: int) -> dict[str, Any]:
    return Builder(seed, stray=0.02).document(20)


def verdict(judge: Any, *args: Any) -> tuple[str, str] | None:
    try:
        judge(*args)
    except NotCanonical as error:
        return error.reason, error.pointer
    return None


def spelled(value: Any) -> bytes:
    """Write as a careless client may: sorted and compact, but whatever the value."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def test_the_builder_strays_often_and_in_every_way():
    verdicts = [verdict(check, loose_document(seed)) for seed in range(4000)]
    assert 1000 < verdicts.count(None)
    reasons = {reason for reason, _ in filter(None, verdicts)}
    assert REASONS == reasons


def test_the_letters_of_the_profile_are_of_the_profile():
    assert [] == [letter for letter in LETTERS if fault_in(letter, admission=True)]


@thorough
@given(seeds)
def test_what_is_written_is_read_back(seed: int):
    assert document(seed) == load(dump(document(seed)))


@thorough
@given(seeds)
def test_our_writer_agrees_with_rfc8785_and_with_orjson(seed: int):
    written = dump(document(seed))
    assert rfc8785.dumps(document(seed)) == written
    assert orjson.dumps(document(seed), option=orjson.OPT_SORT_KEYS) == written
    assert orjson.loads(written) == load(written)


@thorough
@given(st.text(alphabet=' {}[]",:0123456789-.eEtruefalsn\\u/', max_size=40))
@example('{"a":1}')
@example('{"a":-0}')
@example('{"a":1e0}')
@example('{"a":"\\u0061"}')
def test_what_is_read_is_written_back_byte_for_byte_or_not_read_at_all(text: str):
    raw = text.encode()
    if verdict(load, raw) is None:
        assert raw == dump(load(raw))


@thorough
@given(seeds, st.floats(0, 1, exclude_max=True), st.binary(max_size=2))
def test_a_canonical_document_with_bytes_changed_is_refused_or_canonical_still(
    seed: int, place: float, change: bytes
):
    raw = dump(document(seed))
    position = int(place * len(raw))
    raw = raw[:position] + change + raw[position + 1 :]
    if verdict(load, raw) is None:
        assert raw == rfc8785.dumps(json.loads(raw))


@thorough
@given(seeds)
def test_the_quick_check_and_the_full_check_give_one_verdict(seed: int):
    value = loose_document(seed)
    assert verdict(check, value) == verdict(check_parsed, value, spelled(value))


@thorough
@given(seeds)
def test_a_document_is_refused_exactly_if_its_value_is(seed: int):
    value = loose_document(seed)
    judged = verdict(check, value)
    assert (judged is None) == (verdict(load, spelled(value)) is None)
    assert judged is not None or value == load(spelled(value))


@pytest.mark.parametrize("depth", [1_000, 5_000, 50_000])
@pytest.mark.parametrize(("left", "right"), [(b'{"a":', b"}"), (b"[", b"]"), (b'{"a":[', b"]}")])
def test_no_depth_overflows_the_stack(depth: int, left: bytes, right: bytes):
    for raw in (left * depth, left * depth + b"0" + right * depth):
        refused = verdict(load, raw)
        assert refused is not None
        assert refused[0] in {"depth", "syntax"}


def test_what_is_deep_is_told_as_that_by_every_python():
    """The deepest that one version reads and another does not: a list, which is no payload."""
    for depth in (MAX_DEPTH + 1, 900, 5_000):
        assert ("depth", "") == verdict(load, b"[" * depth + b"]" * depth)
    assert ("object", "") == verdict(load, b"[" * MAX_DEPTH + b"]" * MAX_DEPTH)
