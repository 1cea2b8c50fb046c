"""
C2SP's CCTV vectors for Ed25519: 914 edge cases of low order and second spellings, frozen.

OpenSSL verifies 208 of them. Most are signed under a key that binds nobody, and `admit_key` keeps
such keys out. The two that are left can be made only by whoever holds the private key.
"""

import json
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from ledger.court import CheckFailed, Key
from ledger.wire.signing_keys import KeyRefused, SignatureMismatch, admit_key, key_id, verify

FILE = Path(__file__).parents[3] / "shared" / "vectors" / "cctv-ed25519" / "ed25519vectors.json"
SPKI_HEAD = bytes.fromhex("302a300506032b6570032100")

pytestmark = pytest.mark.skipif(
    not FILE.is_file(), reason="NOT TESTED: ../shared/vectors/cctv-ed25519 is absent"
)


@cache
def vectors() -> list[dict[str, Any]]:
    return json.loads(FILE.read_text())


def verifies(vector: dict[str, Any]) -> bool:
    try:
        verify("ed25519", spki(vector), bytes.fromhex(vector["sig"]), vector["msg"].encode())
    except SignatureMismatch:
        return False
    return True


@cache
def is_admitted(key: bytes) -> bool:
    try:
        admit_key("ed25519", key)
    except KeyRefused:
        return False
    return True


def spki(vector: dict[str, Any]) -> bytes:
    return SPKI_HEAD + bytes.fromhex(vector["key"])


def test_openssl_alone_would_let_208_of_914_pass():
    assert 914 == len(vectors())
    assert 208 == sum(verifies(vector) for vector in vectors())


def test_with_admission_of_keys_two_are_left():
    left = [v["number"] for v in vectors() if verifies(v) and is_admitted(spki(v))]
    assert [304, 305] == left


def test_neither_of_the_two_has_a_key_or_a_commitment_in_a_second_spelling():
    flags = {flag for number in (304, 305) for flag in vectors()[number]["flags"] or ()}
    assert {"low_order_R"} == flags


def test_every_key_of_small_or_mixed_order_or_in_a_second_spelling_is_refused():
    weak = {"low_order_A", "low_order_component_A", "non_canonical_A"}
    admitted = {v["key"] for v in vectors() if is_admitted(spki(v))}
    weakly = {v["key"] for v in vectors() if weak & set(v["flags"] or ())}
    assert set() == admitted & weakly
    assert admitted | weakly == {v["key"] for v in vectors()}


def test_the_verifier_in_one_file_lets_the_same_keys_bind():
    for key in {spki(vector) for vector in vectors()}:
        try:
            Key(key_id(key), "party:x", "ed25519", key, 0).must_bind()
        except CheckFailed:
            assert not is_admitted(key)
        else:
            assert is_admitted(key)
