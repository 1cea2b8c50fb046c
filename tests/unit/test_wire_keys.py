import hashlib
from functools import cache

import pytest
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed448, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import (
    decode_dss_signature,
    encode_dss_signature,
)
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from ledger.domain.core.body import KeyRecord
from ledger.wire.signing_keys import (
    ALGORITHMS,
    KeyRefused,
    PrivateKey,
    SignatureMismatch,
    admit_key,
    key_id,
    load_public,
    verify,
)

P256_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
ED25519_HEAD = bytes.fromhex("302a300506032b6570032100")
MLDSA65_HEAD = bytes.fromhex("308207b2300b0609608648016503040312038207a100")


@cache
def key(algorithm: str) -> PrivateKey:
    return PrivateKey.generate(algorithm)


def spki(public: ec.EllipticCurvePublicKey | rsa.RSAPublicKey) -> bytes:
    return public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


every_algorithm = pytest.mark.parametrize("algorithm", ALGORITHMS)


@every_algorithm
def test_what_a_key_signs_it_verifies(algorithm: str):
    signer = key(algorithm)
    admit_key(algorithm, signer.spki)
    verify(algorithm, signer.spki, signer.sign(b"fact"), b"fact")
    signer.public.verify(signer.sign(b"fact"), b"fact")


@every_algorithm
def test_a_signature_over_another_message_is_refused(algorithm: str):
    signer = key(algorithm)
    with pytest.raises(SignatureMismatch, match="does not verify"):
        verify(algorithm, signer.spki, signer.sign(b"fact"), b"fiction")


@every_algorithm
def test_a_signature_by_another_key_is_refused(algorithm: str):
    other = PrivateKey.generate(algorithm)
    with pytest.raises(SignatureMismatch):
        verify(algorithm, key(algorithm).spki, other.sign(b"fact"), b"fact")


@every_algorithm
@pytest.mark.parametrize("signature", [b"", b"\0", bytes(64), bytes(384), bytes(3309)])
def test_what_is_no_signature_is_refused_like_a_wrong_one(algorithm: str, signature: bytes):
    with pytest.raises(SignatureMismatch):
        verify(algorithm, key(algorithm).spki, signature, b"fact")


@every_algorithm
def test_a_signature_with_one_byte_more_or_less_is_refused(algorithm: str):
    signer = key(algorithm)
    signature = signer.sign(b"fact")
    for other in (signature + b"\0", signature[:-1]):
        with pytest.raises(SignatureMismatch):
            verify(algorithm, signer.spki, other, b"fact")


@every_algorithm
def test_the_algorithm_belongs_to_the_key(algorithm: str):
    signer = key(algorithm)
    for other in {*ALGORITHMS, "rsa-pkcs1-sha256", ""} - {algorithm}:
        with pytest.raises(KeyRefused):
            admit_key(other, signer.spki)
        with pytest.raises(SignatureMismatch):
            verify(other, signer.spki, signer.sign(b"fact"), b"fact")


@every_algorithm
def test_a_key_record_of_the_domain_takes_every_algorithm(algorithm: str):
    signer = key(algorithm)
    record = KeyRecord(key_id=signer.key_id, algorithm=algorithm, public_key="A" * 40)
    assert signer.algorithm == record.algorithm


def test_a_key_id_is_the_sha256_of_the_spki():
    signer = key("ed25519")
    assert hashlib.sha256(signer.spki).hexdigest() == signer.key_id
    assert signer.key_id == key_id(signer.spki) == load_public("ed25519", signer.spki).key_id


@every_algorithm
@pytest.mark.parametrize("password", [None, b"m\xe1\xba\xadt kh\xe1\xba\xa9u"])
def test_a_key_survives_being_written_and_read(algorithm: str, password: bytes | None):
    again = PrivateKey.from_pem(key(algorithm).to_pem(password), password)
    assert (algorithm, key(algorithm).spki) == (again.algorithm, again.spki)


def test_a_private_key_never_shows_its_secret():
    signer = key("ed25519")
    assert f"PrivateKey(ed25519, {signer.key_id})" == repr(signer)


@pytest.mark.parametrize(
    ("pem", "password"),
    [
        (b"", None),
        (b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n", None),
        (key("ed25519").to_pem(), b"not encrypted"),
        (key("ed25519").to_pem(b"right"), b"wrong"),
        (key("ed25519").to_pem(b"right"), None),
        (b"\xff\xfe", None),
    ],
)
def test_a_pem_that_does_not_open_is_refused(pem: bytes, password: bytes | None):
    with pytest.raises(KeyRefused, match="PEM does not open"):
        PrivateKey.from_pem(pem, password)


def test_an_empty_password_is_refused():
    with pytest.raises(KeyRefused, match="not empty"):
        key("ed25519").to_pem(b"")


@pytest.mark.parametrize(
    "handle",
    [
        pytest.param(dsa.generate_private_key(1024), id="dsa"),
        pytest.param(ed448.Ed448PrivateKey.generate(), id="ed448"),
        pytest.param(ec.generate_private_key(ec.SECP384R1()), id="p-384"),
        pytest.param(ec.generate_private_key(ec.SECP256K1()), id="secp256k1"),
        pytest.param(rsa.generate_private_key(65537, 2048), id="rsa-2048"),
        pytest.param(rsa.generate_private_key(3, 3072), id="rsa e=3"),
    ],
)
def test_a_private_key_of_another_kind_is_refused(handle: ec.EllipticCurvePrivateKey):
    pem = handle.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    with pytest.raises(KeyRefused):
        PrivateKey.from_pem(pem)


def test_an_unknown_algorithm_makes_no_key():
    with pytest.raises(KeyRefused, match="none of those"):
        PrivateKey.generate("rsa-pkcs1-sha256")


def test_ecdsa_signs_with_low_s_and_refuses_the_twin_with_high_s():
    signer = key("ecdsa-p256-sha256")
    for _ in range(16):  # one in two signatures would come out high by itself
        r, s = decode_dss_signature(signer.sign(b"fact"))
        assert P256_ORDER // 2 >= s
        with pytest.raises(SignatureMismatch):
            signer.public.verify(encode_dss_signature(r, P256_ORDER - s), b"fact")


def test_ecdsa_refuses_a_signature_in_any_other_encoding():
    signer = key("ecdsa-p256-sha256")
    r, s = decode_dss_signature(signer.sign(b"fact"))
    raw = r.to_bytes(33, "big"), s.to_bytes(33, "big")  # 33 bytes: a zero too many, most often
    padded = b"\x30\x46" + b"".join(b"\x02\x21" + number for number in raw)
    strict = encode_dss_signature(r, s)
    long_form = b"\x30\x81" + strict[1:]
    for signature in (padded, long_form, r.to_bytes(32, "big") + s.to_bytes(32, "big")):
        if signature != strict:
            with pytest.raises(SignatureMismatch):
                signer.public.verify(signature, b"fact")


def test_a_point_of_p256_in_compressed_form_is_refused():
    public = ec.generate_private_key(ec.SECP256R1()).public_key()
    point = public.public_bytes(Encoding.X962, PublicFormat.CompressedPoint)
    head = bytes.fromhex("3039301306072a8648ce3d020106082a8648ce3d030107032200")
    with pytest.raises(KeyRefused):
        admit_key("ecdsa-p256-sha256", head + point)


def test_a_point_beside_the_curve_p256_is_refused():
    good = spki(ec.generate_private_key(ec.SECP256R1()).public_key())
    with pytest.raises(KeyRefused):
        admit_key("ecdsa-p256-sha256", good[:-1] + bytes([good[-1] ^ 1]))


def test_an_rsa_key_named_for_pss_only_is_refused_for_it_is_a_second_spelling():
    named = bytes.fromhex("300d06092a864886f70d0101010500")
    for_pss = bytes.fromhex("300b06092a864886f70d01010a")
    good = key("rsa-pss-sha256").spki
    length = int.from_bytes(good[2:4], "big") - len(named) + len(for_pss)
    body = good[4:].replace(named, for_pss)
    with pytest.raises(KeyRefused):
        admit_key("rsa-pss-sha256", b"\x30\x82" + length.to_bytes(2, "big") + body)


def test_rsa_pss_with_another_salt_length_is_refused():
    signer = key("rsa-pss-sha256")
    other = padding.PSS(mgf=padding.MGF1(SHA256()), salt_length=20)
    with pytest.raises(SignatureMismatch):
        signer.public.verify(signer._handle.sign(b"fact", other, SHA256()), b"fact")


@pytest.mark.parametrize(
    "spki_der",
    [
        b"",
        b"\x30",
        ED25519_HEAD,
        ED25519_HEAD + bytes(31),
        ED25519_HEAD + bytes(33),
        bytes(3072),
        bytes(100_000),
        b"-----BEGIN PUBLIC KEY-----",
    ],
)
@every_algorithm
def test_what_is_no_key_is_refused(algorithm: str, spki_der: bytes):
    with pytest.raises(KeyRefused):
        load_public(algorithm, spki_der)


@every_algorithm
def test_a_key_with_trailing_bytes_is_refused(algorithm: str):
    with pytest.raises(KeyRefused):
        load_public(algorithm, key(algorithm).spki + b"\0")


def test_an_ed25519_key_under_which_one_signature_fits_many_messages_is_refused():
    identity = ED25519_HEAD + b"\1" + bytes(31)
    anyone = b"\1" + bytes(63)
    for message in (b"fact", b"fiction"):
        verify("ed25519", identity, anyone, message)  # which is why such a key is not admitted
    with pytest.raises(KeyRefused, match="prime order"):
        admit_key("ed25519", identity)


def test_an_ml_dsa_key_of_zeros_is_refused():
    with pytest.raises(KeyRefused, match="zero"):
        admit_key("ml-dsa-65", MLDSA65_HEAD + bytes(range(32)) + bytes(1920))


def test_a_loaded_key_shows_what_it_is_but_not_how_it_works():
    public = key("ed25519").public
    expected = f"PublicKey(algorithm='ed25519', key_id='{public.key_id}')"
    assert expected == repr(public)
