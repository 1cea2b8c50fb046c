"""Keys that work and are weak: their holder signs with them, and so can a stranger."""

import random
from functools import cache

from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from gmpy2 import next_prime

from ledger.wire.signing_keys import PrivateKey

SEED = 20261129
BITS = 3072


def rsa_spki(modulus: int) -> bytes:
    """Return the public key of a modulus in DER."""
    public = rsa.RSAPublicNumbers(65537, modulus).public_key()
    return public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def number(rng: random.Random, bits: int) -> int:
    """Return a number whose two highest bits are set, so that products keep their length."""
    return rng.getrandbits(bits) | 3 << bits - 2 | 1


def prime(rng: random.Random, bits: int) -> int:
    """Return the next prime above such a number."""
    return int(next_prime(number(rng, bits)))


@cache
def close_rsa_key() -> PrivateKey:
    """Return a key whose factors are primes next to each other."""
    p = prime(random.Random(SEED), BITS // 2)
    q = int(next_prime(p))
    d = pow(65537, -1, (p - 1) * (q - 1))
    parts = rsa.rsa_crt_dmp1(d, p), rsa.rsa_crt_dmq1(d, q), rsa.rsa_crt_iqmp(p, q)
    numbers = rsa.RSAPrivateNumbers(p, q, d, *parts, rsa.RSAPublicNumbers(65537, p * q))
    return PrivateKey(numbers.private_key())
