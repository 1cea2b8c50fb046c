"""The verifier in one file: checkpoints, frames and keys, at their edges."""

import hashlib
import json
from datetime import UTC, datetime
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.utils import (
    decode_dss_signature,
    encode_dss_signature,
)
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from ledger import court
from ledger.log.cosignature import CosignatureV1Signer, MLDSA44Signer
from ledger.log.merkle import LogError
from ledger.log.note import (
    Ed25519NoteSigner,
    Note,
    format_note,
    format_vkey,
    parse_note,
    parse_vkey,
    sign_note,
)
from ledger.log.policy import open_witnessed_checkpoint, parse_policy
from ledger.wire.signing_keys import ALGORITHMS, PrivateKey
from tests.support.log import ed25519_key, ml_dsa_key
from tests.support.reference_evidence import must_be_by_known_keys
from tests.support.sample_log import ORIGIN as SAMPLE
from tests.support.sample_log import sample_log

# Checkpoints: who must have signed, and who may


CITY = "ledger.example.vn/techledger/00000000"
LOG = (Ed25519NoteSigner(CITY, ed25519_key("log")), MLDSA44Signer(CITY, ml_dsa_key("log")))
WITNESSES = tuple(CosignatureV1Signer(f"w{n}.example", ed25519_key(f"w{n}")) for n in range(3))
STRANGER = CosignatureV1Signer("stranger.example", ed25519_key("stranger"))
ELSEWHERE = Ed25519NoteSigner("other.example/log", ed25519_key("log"))
THREE = "".join(f"witness w{n} {format_vkey(WITNESSES[n])}\n" for n in range(3))
MAJORITY = f"{THREE}group g 2 w0 w1 w2\nquorum g\n"
LISTING = f"log {format_vkey(LOG[0])}\n{MAJORITY}"
LISTING_ANOTHER = f"log {format_vkey(ELSEWHERE)}\n{MAJORITY}"
TEXT = f"{CITY}\n7\n{court.base64(bytes(32))}\n"


@pytest.mark.parametrize(
    ("signers", "policy", "text", "opens"),
    [
        ((*LOG, *WITNESSES), MAJORITY, TEXT, True),
        ((*LOG, *WITNESSES), LISTING, TEXT, True),
        ((*LOG, *WITNESSES[:2]), MAJORITY, TEXT, True),
        ((*WITNESSES[1:], *LOG), MAJORITY, TEXT, True),
        ((*LOG, *WITNESSES[:1]), MAJORITY, TEXT, False),
        (LOG, MAJORITY, TEXT, False),
        (LOG, "quorum none\n", TEXT, True),
        (LOG[:1], "quorum none\n", TEXT, False),
        (LOG[1:], "quorum none\n", TEXT, False),
        (WITNESSES, MAJORITY, TEXT, False),
        ((*LOG, STRANGER), "quorum none\n", TEXT, False),
        ((*LOG, *WITNESSES), "quorum none\n", TEXT, False),
        ((*LOG, *WITNESSES), LISTING_ANOTHER, TEXT, False),
        (LOG, "quorum none\n", TEXT.replace("00000000", "00000001"), False),
    ],
)
def test_a_checkpoint_opens_for_the_log_a_quorum_and_nobody_else(
    signers: tuple[Any, ...], policy: str, text: str, *, opens: bool
) -> None:
    note = sign_note(text, signers, 1_795_000_000)
    vkeys = tuple(map(format_vkey, LOG))
    trust = court.Trust(CITY, vkeys, "", court.read_policy(policy.encode()))
    theirs = (note, CITY, tuple(map(parse_vkey, vkeys)), parse_policy(policy.encode()))
    if opens:
        assert (7, bytes(32)) == court.open_checkpoint(note, trust)[:2]
        assert 7 == open_witnessed_checkpoint(*theirs).checkpoint.size
        must_be_by_known_keys(note, theirs[2], theirs[3])
        return
    with pytest.raises(court.CheckFailed):
        court.open_checkpoint(note, trust)
    assert _refused_by_parts(note, theirs)


def _refused_by_parts(note: bytes, theirs: Any) -> bool:
    try:
        must_be_by_known_keys(note, theirs[2], theirs[3])
        open_witnessed_checkpoint(*theirs)
    except LogError:
        return True
    return False


def test_a_key_of_another_name_is_none_of_this_logs() -> None:
    note = sign_note(TEXT, [ELSEWHERE], 0)
    trust = court.Trust(CITY, (format_vkey(ELSEWHERE),), "", court.read_policy(b"quorum none\n"))
    with pytest.raises(court.CheckFailed, match="bear its name"):
        court.open_checkpoint(note, trust)


def test_the_earliest_signature_with_a_time_ends_what_can_be_in_it() -> None:
    note = sign_note(TEXT, LOG, 1_795_000_000)
    late = parse_note(sign_note(TEXT, WITNESSES[:1], 1_794_000_000)).signatures
    both = format_note(Note(TEXT, (*parse_note(note).signatures, *late)))
    policy = court.read_policy(f"{THREE}quorum none\n".encode())
    trust = court.Trust(CITY, tuple(map(format_vkey, LOG)), "", policy)
    for signed, earliest in ((note, 1_795_000_000), (both, 1_794_000_000)):
        first, *_ = court.open_checkpoint(signed, trust)[2]
        assert datetime.fromtimestamp(earliest, UTC) == first[0]


def spoken(entry: bytes, **members: Any) -> bytes:
    """Return an entry whose payload says something else; its signatures do not matter here."""
    head, gap, payload = entry.partition(b"\n\n")
    return head + gap + court.dumps({**json.loads(payload), **members}).encode()


def test_an_entry_has_at_most_65535_bytes() -> None:
    entry = sample_log(2).entries[1]
    full = ["x" * 12_000] * 5
    frame = len(spoken(entry, body={"a": ["", *full]}))
    for size, fits in ((65_535, True), (65_536, False)):
        body = {"a": ["x" * (size - frame), *full]}
        raw = spoken(entry, body=body)
        assert size == len(raw)
        if fits:
            assert body == court.read_event(raw, 1, SAMPLE).body
        else:
            with pytest.raises(court.Refused, match="step 5"):
                court.read_event(raw, 1, SAMPLE)


def test_signature_lines_are_in_order_and_each_by_another_key() -> None:
    entry = sample_log(8).entries[7]
    head, gap, payload = entry.partition(b"\n\n")
    *frame, first, second = head.split(b"\n")
    assert first[:4] == second[:4] == b"sig "
    court.read_event(entry, 7, SAMPLE)
    for lines in ([second, first], [first, first], [first, second, second]):
        with pytest.raises(court.Refused, match="step 5"):
            court.read_event(b"\n".join([*frame, *lines]) + gap + payload, 7, SAMPLE)


# Keys: which could bind anybody


def key_of(algorithm: str, spki: bytes, key_id: str | None = None) -> court.Key:
    return court.Key(key_id or hashlib.sha256(spki).hexdigest(), "party:x", algorithm, spki, 0)


KEYS = {name: PrivateKey.generate(name) for name in ALGORITHMS}


@pytest.mark.parametrize("name", ALGORITHMS)
def test_a_key_of_each_algorithm_binds_and_verifies(name: str) -> None:
    key = key_of(name, KEYS[name].spki)
    key.must_bind()
    signature = KEYS[name].sign(b"message")
    key.check(signature, b"message")
    for wrong, message in (
        (signature, b"another"),
        (signature[:-1], b"message"),
        (b"", b"message"),
    ):
        with pytest.raises(court.CheckFailed):
            key.check(wrong, message)


@pytest.mark.parametrize("name", ALGORITHMS)
def test_a_key_that_is_not_what_it_is_said_to_be_binds_nobody(name: str) -> None:
    spki = KEYS[name].spki
    others = [other for other in ALGORITHMS if other != name]
    wrong = [key_of(other, spki) for other in others]
    wrong += [key_of(name, spki, "0" * 64), key_of(name, spki + b"\0"), key_of(name, spki[:-1])]
    wrong += [key_of(name, b""), key_of("rsa", spki)]
    for key in wrong:
        with pytest.raises(court.CheckFailed):
            key.must_bind()


def test_a_key_under_which_anybody_signs_binds_nobody() -> None:
    head = KEYS["ed25519"].spki[:-32]
    points = [bytes(32), b"\1" + bytes(31), b"\xec" + b"\xff" * 30 + b"\x7f", b"\xff" * 32]
    zero = KEYS["ml-dsa-65"].spki[:-1920] + bytes(1920)
    for key in (*(key_of("ed25519", head + each) for each in points), key_of("ml-dsa-65", zero)):
        with pytest.raises(court.CheckFailed):
            key.must_bind()


def test_a_weak_rsa_key_binds_nobody() -> None:
    small = rsa.generate_private_key(65537, 2048).public_key()
    spki = small.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    with pytest.raises(court.CheckFailed, match="3072"):
        key_of("rsa-pss-sha256", spki).must_bind()


def test_of_two_ecdsa_signatures_one_counts() -> None:
    key, message = KEYS["ecdsa-p256-sha256"], b"message"
    r, low = decode_dss_signature(key.sign(message))
    order = 2 * court.HALF_OF_P256 + 1
    known = key_of("ecdsa-p256-sha256", key.spki)
    known.check(encode_dss_signature(r, low), message)
    with pytest.raises(court.CheckFailed):
        known.check(encode_dss_signature(r, order - low), message)


def test_a_second_spelling_of_a_key_binds_nobody() -> None:
    """A point of P-256 may be compressed: the same key under another id."""
    handle = serialization.load_der_public_key(KEYS["ecdsa-p256-sha256"].spki)
    assert isinstance(handle, ec.EllipticCurvePublicKey)
    point = handle.public_bytes(Encoding.X962, PublicFormat.CompressedPoint)
    head = bytes.fromhex("3039301306072a8648ce3d020106082a8648ce3d030107032200")
    compressed = head + point
    assert isinstance(serialization.load_der_public_key(compressed), ec.EllipticCurvePublicKey)
    with pytest.raises(court.CheckFailed, match="one DER encoding"):
        key_of("ecdsa-p256-sha256", compressed).must_bind()
