"""
Project Wycheproof's vectors for the four algorithms, verdict by verdict.

Theirs is the verdict on a signature, ours on a key as well: what `admit_key` refuses verifies
nothing. We refuse three things that they call valid: ECDSA with high S, ML-DSA with a context, and
ML-DSA under a key of zeros, which they call trivial to forge but "none of the verification
algorithm's business". It is the business of whoever admits keys.
"""

import json
from collections.abc import Callable, Iterator
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

from ledger.court import CheckFailed, Key
from ledger.wire.signing_keys import KeyRefused, SignatureMismatch, admit_key, key_id, verify

FOLDER = Path(__file__).parents[3] / "shared" / "vectors" / "wycheproof"
Judge = Callable[[str, bytes, dict[str, Any]], bool]
P256_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551

pytestmark = pytest.mark.skipif(
    not FOLDER.is_dir(), reason="NOT TESTED: ../shared/vectors/wycheproof is absent"
)


def spki(group: dict[str, Any]) -> bytes:
    if group.get("publicKeyDer"):
        return bytes.fromhex(group["publicKeyDer"])
    # ML-DSA keys of a wrong length have no DER there: give them the head of a right one.
    return bytes.fromhex("308207b2300b0609608648016503040312038207a100" + group["publicKey"])


def cases(file: str) -> Iterator[tuple[bytes, dict[str, Any]]]:
    document = json.loads((FOLDER / file).read_text())
    for group in document["testGroups"]:
        for test in group["tests"]:
            yield spki(group), test


@cache
def is_admitted(algorithm: str, spki_der: bytes) -> bool:
    try:
        admit_key(algorithm, spki_der)
    except KeyRefused:
        return False
    return True


def accepts(algorithm: str, spki_der: bytes, test: dict[str, Any]) -> bool:
    if not is_admitted(algorithm, spki_der):
        return False
    try:
        verify(algorithm, spki_der, bytes.fromhex(test["sig"]), bytes.fromhex(test["msg"]))
    except SignatureMismatch:
        return False
    return True


def has_high_s(test: dict[str, Any]) -> bool:
    return decode_dss_signature(bytes.fromhex(test["sig"]))[1] > P256_ORDER // 2


def is_valid(algorithm: str, test: dict[str, Any]) -> bool:
    if test["result"] != "valid":
        return False
    if algorithm == "ecdsa-p256-sha256":
        return not has_high_s(test)
    return not test.get("ctx") and "ZeroPublicKey" not in test["flags"]


@lru_cache
def key_in_court(algorithm: str, spki_der: bytes) -> Key:
    """Return a key that binds, after half a second where it is RSA. Raises `Wrong`."""
    key = Key(key_id(spki_der), "party:x", algorithm, spki_der, 0)
    key.must_bind()
    return key


def accepts_in_court(algorithm: str, spki_der: bytes, test: dict[str, Any]) -> bool:
    """Say the same by the verifier in one file."""
    try:
        key_in_court(algorithm, spki_der).check(
            bytes.fromhex(test["sig"]), bytes.fromhex(test["msg"])
        )
    except CheckFailed:
        return False
    return True


@pytest.mark.parametrize("judge", [accepts, accepts_in_court])
@pytest.mark.parametrize(
    ("file", "algorithm", "total", "accepted"),
    [
        ("ed25519_test.json", "ed25519", 151, 88),
        ("ecdsa_secp256r1_sha256_test.json", "ecdsa-p256-sha256", 484, 103),
        ("rsa_pss_3072_sha256_mgf1_32_test.json", "rsa-pss-sha256", 108, 63),
        ("rsa_pss_4096_sha256_mgf1_32_test.json", "rsa-pss-sha256", 108, 63),
        ("mldsa_65_verify_test.json", "ml-dsa-65", 210, 75),
    ],
)
def test_every_verdict_is_the_expected_one(
    file: str, algorithm: str, total: int, accepted: int, judge: Judge
):
    tests = list(cases(file))
    verdicts = {test["tcId"]: judge(algorithm, key, test) for key, test in tests}
    expected = {test["tcId"]: is_valid(algorithm, test) for _, test in tests}
    wrong = [number for number in expected if verdicts[number] != expected[number]]
    assert [] == wrong
    assert (total, accepted) == (len(verdicts), sum(verdicts.values()))
