"""RSA moduli whose factors a stranger finds bind nobody: at the door, for each of the verifiers."""

import random
from collections.abc import Callable
from functools import cache
from math import prod

import badkeys.rsakeys
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from gmpy2 import mpz, next_prime

from ledger import court
from ledger.wire.modulus import weakness_of
from ledger.wire.signing_keys import (
    KeyRefused,
    PrivateKey,
    WeakKey,
    admit_key,
    find_weakness,
    key_id,
)
from tests.support.weak_keys import BITS, SEED, close_rsa_key, number, prime
from tests.support.weak_keys import rsa_spki as spki


def product_near(rng: random.Random, near: Callable[[int], int]) -> int:
    """Return a product of two primes, the second the next one above what stands near the first."""
    first = prime(rng, BITS // 2)
    return first * int(next_prime(near(first)))


def roca(rng: random.Random) -> int:
    """Return a modulus as Infineon's library made it: p = k * M + (65537^a mod M)."""
    primorial, last = 1, mpz(1)
    for _ in range(126):
        last = next_prime(last)
        primorial *= int(last)

    def one() -> int:
        while True:
            times = number(rng, BITS // 2 - primorial.bit_length())
            found = times * primorial + pow(65537, rng.getrandbits(200), primorial)
            if mpz(found).is_prime():
                return found

    return one() * one()


def sparse(rng: random.Random) -> int:
    """Return a product of primes that have 32 random bits in each 94, and zeros between them."""

    def one() -> int:
        chunks = sum(rng.getrandbits(32) << 94 * at for at in range(17))
        return int(next_prime(chunks | 3 << BITS // 2 - 2))

    return one() * one()


def patterned(rng: random.Random) -> int:
    """Return a product of primes into whose middle sixteen equal bytes were written."""
    first = prime(rng, BITS // 2)
    wanted = number(rng, BITS) & ~(((1 << 128) - 1) << 2600) | (0x5A5A << 2600) * (
        ((1 << 128) - 1) // 0xFFFF
    )
    return first * int(next_prime(wanted // first))


@cache
def weak(kind: str) -> int:
    rng = random.Random(f"{SEED} {kind}")
    half, made = BITS // 2, _MAKE.get(kind)
    if made:
        return made(rng)
    match kind:
        case "square":
            return prime(rng, half) ** 2
        case "cube":
            return prime(rng, BITS // 3 + 1) ** 3
        case "cube of a product":
            return (prime(rng, BITS // 6 + 1) * prime(rng, BITS // 6 + 1)) ** 3
        case "prime":
            return prime(rng, BITS)
        case _:
            return int(kind.removeprefix("factor ")) * prime(rng, BITS - 2)


_MAKE: dict[str, Callable[[random.Random], int]] = {
    "roca": roca,
    "sparse": sparse,
    "patterned": patterned,
    "next prime": lambda rng: product_near(rng, lambda p: p + 1),
    "high half shared": lambda rng: product_near(rng, lambda p: p ^ rng.getrandbits(BITS // 4)),
    "three halves": lambda rng: product_near(rng, lambda p: p * 2 // 3),
    "seven ninths": lambda rng: product_near(rng, lambda p: p * 7 // 9),
}

KINDS = {
    **{f"factor {factor}": "small_factor" for factor in (3, 5, 257, 65521)},
    "patterned": "repeated",
    "sparse": "biased",
    "roca": "roca",
    "square": "power",
    "cube": "power",
    "cube of a product": "power",
    "next prime": "close_factors",
    "high half shared": "close_factors",
    "three halves": "close_factors",
    "seven ninths": "close_factors",
    "prime": "prime",
}

every_kind = pytest.mark.parametrize("kind", KINDS)


@every_kind
def test_a_weak_modulus_is_refused_by_the_word_for_its_weakness(kind: str) -> None:
    assert KINDS[kind] == weakness_of(weak(kind))
    with pytest.raises(WeakKey) as refused:
        admit_key("rsa-pss-sha256", spki(weak(kind)))
    assert KINDS[kind] == refused.value.weakness


@every_kind
def test_the_verifier_in_one_file_refuses_it_too(kind: str) -> None:
    der = spki(weak(kind))
    with pytest.raises(court.CheckFailed, match="factored"):
        court.Key(key_id(der), "party:x", "rsa-pss-sha256", der, 0).must_bind()


@every_kind
def test_each_weakness_is_found_by_its_own_test_alone(
    kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So no test stands there that another one does the work of."""
    monkeypatch.setitem(weakness_of.__globals__["_TESTS"], KINDS[kind], lambda _modulus: False)
    assert weakness_of(weak(kind)) in (None, *OVERLAPS.get(kind, ()))


OVERLAPS = {"square": ["close_factors"]}
"""Fermat's method finds squares at its first step."""


def test_a_weak_key_signs_as_any_other_does_but_does_not_enter() -> None:
    key = close_rsa_key()
    key.public.verify(key.sign(b"fact"), b"fact")
    with pytest.raises(WeakKey, match="close to each other"):
        admit_key(key.algorithm, key.spki)


def test_a_stranger_signs_under_a_modulus_that_is_prime() -> None:
    """Which is why it is refused: phi(p) = p - 1 is no secret."""
    modulus = weak("prime")
    secret = pow(65537, -1, modulus - 1)
    message = 0x1234567890
    assert message == pow(pow(message, secret, modulus), 65537, modulus)


@pytest.mark.parametrize("bits", [3072, 3080, 3584, 4096])
def test_a_good_modulus_passes(bits: int) -> None:
    public = rsa.generate_private_key(65537, bits).public_key()
    der = spki(public.public_numbers().n)
    admit_key("rsa-pss-sha256", der)
    court.Key(key_id(der), "party:x", "rsa-pss-sha256", der, 0).must_bind()


def badkeys_says(modulus: int) -> set[str]:
    """Return what the field's own checker finds in a modulus, warnings aside."""
    tests = set(badkeys.rsakeys.__all__) - {"rsarecover", "rsawarnings"}
    return {name for name in tests if getattr(badkeys.rsakeys, name)(modulus, 65537)}


@every_kind
def test_what_badkeys_finds_is_refused_here(kind: str) -> None:
    """And here are found three kinds that it does not look for."""
    missed = {"cube", "cube of a product", "prime", "three halves", "seven ninths"}
    assert bool(badkeys_says(weak(kind))) == (kind not in missed)


def test_random_products_are_judged_as_badkeys_judges_them() -> None:
    """Neither refuses a product of two random primes, nor any number that has no weakness."""
    rng = random.Random(SEED)
    for _ in range(8):
        modulus = prime(rng, BITS // 2) * prime(rng, BITS // 2)
        assert not badkeys_says(modulus)
        assert weakness_of(modulus) is None


def test_random_numbers_that_badkeys_finds_weak_are_refused() -> None:
    """Most of them have small factors; the others have none that either of the two would see."""
    rng, found = random.Random(SEED), 0
    for _ in range(60):
        modulus = number(rng, BITS)
        if badkeys_says(modulus):
            found += 1
            assert weakness_of(modulus)
    assert found > 40


@pytest.mark.parametrize("power", [2, 3, 5, 7, 31, 127, 181])
def test_powers_are_told_from_their_neighbours(power: int) -> None:
    rng = random.Random(power)
    root = prime(rng, BITS // power)
    shows = weakness_of.__globals__["_TESTS"]["power"]
    assert shows(root**power)
    assert not shows(root**power + 2)
    assert not shows(root ** (power - 1) * prime(rng, 40))


def test_only_rsa_keys_have_a_modulus() -> None:
    for algorithm in ("ed25519", "ecdsa-p256-sha256", "ml-dsa-65", "rsa-pss-sha256"):
        assert find_weakness(PrivateKey.generate(algorithm).spki) is None


def test_a_modulus_of_another_size_is_none_of_ours() -> None:
    with pytest.raises(KeyRefused, match="3072"):
        admit_key("rsa-pss-sha256", spki(prod(prime(random.Random(n), 1024) for n in (1, 2))))
