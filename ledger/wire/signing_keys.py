"""
Keys: which may sign, what their ids are, and how a signature is verified.

    ed25519             RFC 8032, the default
    ecdsa-p256-sha256   strict DER, low S, for keys in certificates of a public authority
    rsa-pss-sha256      3072 to 4096 bits, e = 65537, MGF1 with SHA-256, salt of 32 bytes
    ml-dsa-65           FIPS 204, pure, empty context, beside one of the others

The algorithm belongs to the registered key, never to a message. A key is its
SubjectPublicKeyInfo in DER (RFC 5280 §4.1.2.7), in exactly one encoding, because its id is the
SHA-256 of those bytes: two spellings would make two keys of one.
"""

import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache, partial

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import (
    ECDSA,
    SECP256R1,
    EllipticCurvePrivateKey,
    EllipticCurvePublicKey,
)
from cryptography.hazmat.primitives.asymmetric.ec import (
    generate_private_key as generate_ec,
)
from cryptography.hazmat.primitives.asymmetric.ed25519 import (
    Ed25519PrivateKey,
    Ed25519PublicKey,
)
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA65PrivateKey, MLDSA65PublicKey
from cryptography.hazmat.primitives.asymmetric.padding import MGF1, PSS
from cryptography.hazmat.primitives.asymmetric.rsa import (
    RSAPrivateKey,
    RSAPublicKey,
)
from cryptography.hazmat.primitives.asymmetric.rsa import (
    generate_private_key as generate_rsa,
)
from cryptography.hazmat.primitives.asymmetric.utils import (
    decode_dss_signature,
    encode_dss_signature,
)
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    KeySerializationEncryption,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_der_public_key,
    load_pem_private_key,
)

from ledger.quoted import first_difference, quoted
from ledger.wire.canonical import WireError
from ledger.wire.edwards import is_prime_order
from ledger.wire.modulus import weakness_of

ALGORITHMS = ("ed25519", "ecdsa-p256-sha256", "rsa-pss-sha256", "ml-dsa-65")

_RSA_BITS = range(3072, 4096 + 1)
_RSA_EXPONENT = 65537
_P256_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
_MLDSA65_T1_BYTES = 1920  # FIPS 204, pkEncode: 32 bytes of rho, then t1, 6 * 256 * 10 bits
_ECDSA = ECDSA(SHA256())
_PSS = PSS(mgf=MGF1(SHA256()), salt_length=32)

_PrivateHandle = Ed25519PrivateKey | EllipticCurvePrivateKey | RSAPrivateKey | MLDSA65PrivateKey
_Check = Callable[[bytes, bytes], None]


WEAKNESSES = {
    "order": "the point is not of prime order, so its signatures would bind nobody",
    "zero": "it is zero, so anyone could sign under it",
    "small_factor": "its modulus has a factor below 2^16",
    "repeated": "its modulus holds the same eight bytes twice",
    "biased": "the bits of its modulus are no random ones",
    "roca": "its primes are those of a library that makes them guessable (CVE-2017-15361)",
    "power": "its modulus is the power of a number",
    "close_factors": "its factors are close to each other, or to a simple ratio",
    "prime": "its modulus is prime, so that anyone knows the private key",
}
"""Why others than its holder could sign under a key, by the word that tools may go by."""


class KeyRefused(WireError):
    """A key that may not sign here: wrong kind, wrong encoding, or too weak to bind its holder."""


class WeakKey(KeyRefused):
    """A key in order, under which others than its holder can sign. `weakness` says why, a word."""

    def __init__(self, weakness: str) -> None:
        super().__init__(f"the key is weak: {WEAKNESSES[weakness]}")
        self.weakness = weakness


class SignatureMismatch(WireError):
    """A signature that does not verify. Nothing says why: a forger would like to know."""

    def __str__(self) -> str:
        return "the signature does not verify"


class HighS(SignatureMismatch):
    """An ECDSA signature of the form that is none here, whatever it is over: anyone sees that."""

    def __str__(self) -> str:
        return "its s is above half of the order of P-256"


@dataclass(frozen=True, slots=True)
class PublicKey:
    """A key that was parsed and checked once, to verify many signatures."""

    algorithm: str
    key_id: str
    _check: _Check = field(repr=False, compare=False)

    def verify(self, signature: bytes, message: bytes) -> None:
        """Return if the signature over a message is this key's; else raise `SignatureMismatch`."""
        try:
            self._check(signature, message)
        except InvalidSignature:
            raise SignatureMismatch from None


def key_id(spki_der: bytes) -> str:
    """Return a key's id: 64 lower-case hex digits, SHA-256 of the SubjectPublicKeyInfo DER."""
    return hashlib.sha256(spki_der).hexdigest()


is_key_id = re.compile("[0-9a-f]{64}").fullmatch
"""Match a text that is spelled as a key id is."""


def load_public(algorithm: str, spki_der: bytes) -> PublicKey:
    """Load a key that was admitted before. Raises `KeyRefused` for all that is cheap to see.

    A key that comes into the log goes through `admit_key`, which looks for weak points as well.
    """
    build = _BUILD.get(algorithm)
    if build is None:
        raise KeyRefused(f"the algorithm {quoted(algorithm)} is none of those of the ledger")
    return PublicKey(algorithm, key_id(spki_der), build(_parse_spki(spki_der)))


def admit_key(algorithm: str, spki_der: bytes) -> None:
    """Refuse, as `KeyRefused`, a key under which a signature would prove nothing.

    That it is `WeakKey` takes a while to see: about 2 ms for Ed25519, 0.1 to 0.2 s for RSA.
    """
    load_public(algorithm, spki_der)
    weakness = find_weakness(spki_der)
    if weakness:
        raise WeakKey(weakness)


@lru_cache(maxsize=4096)
def find_weakness(spki_der: bytes) -> str | None:
    """Return the weakness, one of `WEAKNESSES`, of a key that `load_public` takes, or None."""
    match load_der_public_key(spki_der):
        case Ed25519PublicKey():
            return None if is_prime_order(spki_der[-32:]) else "order"
        case MLDSA65PublicKey():
            return None if any(spki_der[-_MLDSA65_T1_BYTES:]) else "zero"
        case RSAPublicKey() as handle:
            return weakness_of(handle.public_numbers().n)
        case _:
            return None


def verify(algorithm: str, spki_der: bytes, signature: bytes, message: bytes) -> None:
    """Return if the signature over the message is by this key; raise `SignatureMismatch` if not.

    A key that cannot be loaded verifies nothing. The last keys used stay loaded.
    """
    try:
        key = _loaded(algorithm, spki_der)
    except KeyRefused:
        raise SignatureMismatch from None
    key.verify(signature, message)


_loaded = lru_cache(maxsize=1024)(load_public)


def _parse_spki(spki_der: bytes) -> object:
    try:
        handle = load_der_public_key(spki_der)
        canonical = handle.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    except (ValueError, UnsupportedAlgorithm):
        raise KeyRefused(
            f"the key, {len(spki_der)} bytes, is not a SubjectPublicKeyInfo that can be used"
        ) from None
    if canonical != spki_der:
        at = first_difference(canonical, spki_der)
        raise KeyRefused(f"the key is not in its one DER encoding: it differs from byte {at} on")
    return handle


def _named(handle: object) -> str:
    curve = getattr(handle, "curve", None)
    return f"on {curve.name}" if curve else f"an {type(handle).__name__}"


def _build_ed25519(handle: object) -> _Check:
    if not isinstance(handle, Ed25519PublicKey):
        raise KeyRefused(f"the key is not an Ed25519 key, but {_named(handle)}")
    return handle.verify


def _build_ecdsa(handle: object) -> _Check:
    if not isinstance(handle, EllipticCurvePublicKey) or handle.curve.name != SECP256R1.name:
        raise KeyRefused(f"the key is not on the curve P-256, but {_named(handle)}")
    return partial(_check_ecdsa, handle)


def _build_rsa(handle: object) -> _Check:
    if not isinstance(handle, RSAPublicKey):
        raise KeyRefused(f"the key is not an RSA key, but {_named(handle)}")
    if handle.key_size not in _RSA_BITS or handle.public_numbers().e != _RSA_EXPONENT:
        raise KeyRefused(
            "the RSA key is not of 3072 to 4096 bits with exponent 65537, but of "
            f"{handle.key_size} with {quoted(handle.public_numbers().e)}"
        )
    return partial(_check_rsa, handle)


def _build_mldsa(handle: object) -> _Check:
    if not isinstance(handle, MLDSA65PublicKey):
        raise KeyRefused(f"the key is not an ML-DSA-65 key, but {_named(handle)}")
    return handle.verify


_BUILD: dict[str, Callable[[object], _Check]] = {
    "ed25519": _build_ed25519,
    "ecdsa-p256-sha256": _build_ecdsa,
    "rsa-pss-sha256": _build_rsa,
    "ml-dsa-65": _build_mldsa,
}


def _check_ecdsa(handle: EllipticCurvePublicKey, signature: bytes, message: bytes) -> None:
    """Verify in the one form a signature has: (r, n - s) would verify too (BIP 62 rule 5).

    The decoder, and OpenSSL after it, take strict DER only, as the vectors hold them to.
    """
    try:
        _, s = decode_dss_signature(signature)
    except ValueError:
        raise InvalidSignature from None
    if s > _P256_ORDER // 2:
        raise HighS
    handle.verify(signature, message, _ECDSA)


def _check_rsa(handle: RSAPublicKey, signature: bytes, message: bytes) -> None:
    handle.verify(signature, message, _PSS, SHA256())


class PrivateKey:
    """A private key that signs for a party. Its text form never shows what is secret."""

    def __init__(self, handle: _PrivateHandle) -> None:
        self._handle = handle
        self.algorithm = _algorithm_of(handle)
        self.spki = handle.public_key().public_bytes(
            Encoding.DER, PublicFormat.SubjectPublicKeyInfo
        )
        self.public = load_public(self.algorithm, self.spki)
        self.key_id = self.public.key_id

    def __repr__(self) -> str:
        return f"PrivateKey({self.algorithm}, {self.key_id})"

    @classmethod
    def generate(cls, algorithm: str = "ed25519") -> "PrivateKey":
        """Make a new key from the system's randomness. Raises `KeyRefused` for other algorithms."""
        make = _GENERATE.get(algorithm)
        if make is None:
            raise KeyRefused(f"the algorithm {quoted(algorithm)} is none of those of the ledger")
        return cls(make())

    @classmethod
    def from_pem(cls, pem: bytes, password: bytes | None = None) -> "PrivateKey":
        """Read a key in PEM. Raises `KeyRefused` if it, or the password, is not right."""
        try:
            handle = load_pem_private_key(pem, password)
        except (ValueError, TypeError, UnsupportedAlgorithm):
            raise KeyRefused("the PEM does not open to a private key") from None
        return cls(handle)  # type: ignore[arg-type]  # other kinds are refused there

    def to_pem(self, password: bytes | None = None) -> bytes:
        """Write the key in PEM as PKCS #8 (RFC 5958), encrypted if a password is given.

        Raises `KeyRefused` for an empty password, which would protect nothing.
        """
        if password == b"":
            raise KeyRefused("a password is not empty")
        encryption: KeySerializationEncryption = (
            NoEncryption() if password is None else BestAvailableEncryption(password)
        )
        return self._handle.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, encryption)

    def sign(self, message: bytes) -> bytes:
        """Return a signature over the message that `verify` accepts."""
        match self._handle:
            case EllipticCurvePrivateKey() as handle:
                r, s = decode_dss_signature(handle.sign(message, _ECDSA))
                return encode_dss_signature(r, min(s, _P256_ORDER - s))
            case RSAPrivateKey() as handle:
                return handle.sign(message, _PSS, SHA256())
            case Ed25519PrivateKey() | MLDSA65PrivateKey() as handle:
                return handle.sign(message)


def _algorithm_of(handle: object) -> str:
    for kind, algorithm in _KINDS.items():
        if isinstance(handle, kind):
            return algorithm
    raise KeyRefused(f"{type(handle).__name__} is no kind of private key that the ledger knows")


_KINDS: dict[type, str] = {
    Ed25519PrivateKey: "ed25519",
    EllipticCurvePrivateKey: "ecdsa-p256-sha256",
    RSAPrivateKey: "rsa-pss-sha256",
    MLDSA65PrivateKey: "ml-dsa-65",
}

_GENERATE: dict[str, Callable[[], _PrivateHandle]] = {
    "ed25519": Ed25519PrivateKey.generate,
    "ecdsa-p256-sha256": partial(generate_ec, SECP256R1()),
    "rsa-pss-sha256": partial(generate_rsa, _RSA_EXPONENT, _RSA_BITS[0]),
    "ml-dsa-65": MLDSA65PrivateKey.generate,
}
