"""
Which RSA moduli can bind anyone: those whose factors nobody finds by a method that is published.

A key shows its modulus alone, so no test can say that one is good. Each of these says that one is
bad, and a key that was made as the standards say fails one of them less than once in 2^40 keys:

    small_factor    divisible by a number below 2^16
    repeated        eight bytes stand in it twice: constants, broken random numbers
    biased          ones and zeros are further apart than 59 to 41: sparse primes, sparse modulus
    roca            both primes are of the form that Infineon's library made (CVE-2017-15361)
    power           a square, or a higher power
    close_factors   p/q is near to u/v with u·v up to 64: Fermat's method, with multipliers (Lehman)
    prime           of one factor: anyone who sees the modulus has the private key

Plain Python, once when a key enters the log: 0.1 s at 3072 bits, 0.2 s at 4096, nearly all of it
for `prime`, which comes last. Not looked for: primes shared with other keys and lists of leaked
keys, which need data that no verifier has at hand, and primes p with p - 1 or p + 1 smooth.
"""

from collections.abc import Callable
from functools import cache
from math import gcd, isqrt, prod

_SMALL = 1 << 16
_WINDOW = 8
_LEAST_SHARE = 41  # Percent of ones, or of zeros: ten standard deviations at 3072 bits.
_RATIOS = 64
_STEPS = 256
_INFINEON = 65537
_COMMON = 38  # How many of the first odd primes each size of Infineon's keys is made with.
_MOST_POWER = 256
_REMAINDERS = 5040


def weakness_of(modulus: int) -> str | None:
    """Return the word for the first weakness that an odd modulus has, None if it shows none."""
    return next((word for word, shows in _TESTS.items() if shows(modulus)), None)


@cache
def _small_primes() -> list[int]:
    """Return the odd primes below 2^16."""
    return [n for n in range(3, _SMALL, 2) if all(n % d for d in range(3, isqrt(n) + 1, 2))]


@cache
def _product() -> int:
    return prod(_small_primes())


@cache
def _squares() -> frozenset[int]:
    """Return the remainders of squares: one number in 27 has one of them."""
    return frozenset(n * n % _REMAINDERS for n in range(_REMAINDERS))


def _is_square(n: int) -> bool:
    return n % _REMAINDERS in _squares() and isqrt(n) ** 2 == n


def _has_small_factor(n: int) -> bool:
    return gcd(n, _product()) > 1


def _is_repeated(n: int) -> bool:
    raw = n.to_bytes((n.bit_length() + 7) // 8, "big")
    windows = [raw[at : at + _WINDOW] for at in range(len(raw) - _WINDOW + 1)]
    return len(set(windows)) < len(windows)


def _is_biased(n: int) -> bool:
    ones, bits = n.bit_count(), n.bit_length()
    return 100 * min(ones, bits - ones) < _LEAST_SHARE * bits


def _is_roca(n: int) -> bool:
    """Tell whether one exponent makes n = 65537^x modulo each of the first odd primes.

    Such is the product of two primes of this form; of other numbers one in 2^150 is. Exponents x
    modulo m and y modulo k are of one number if and only if gcd(m, k) divides x - y.
    Source: Nemec, Sys, Svenda, Klinec, Matyas, "The Return of Coppersmith's Attack", CCS 2017.
    """
    exponents: list[tuple[int, int]] = []
    for prime in _small_primes()[:_COMMON]:
        powers = [pow(_INFINEON, x, prime) for x in range(prime)]
        if n % prime not in powers:
            return False
        exponents.append((powers.index(n % prime), powers.index(1, 1)))
    return all((x - y) % gcd(m, k) == 0 for x, m in exponents for y, k in exponents)


def _is_power(n: int) -> bool:
    """Tell whether n = m^k for a prime k: below 256, as no factor is below 2^16.

    Modulo a prime r = 1 + k·j, the k-th powers are those whose j-th power is 1, one number in k.
    Only they are so modulo each of the small primes of this form, of which each k has 25 or more.
    """
    return any(
        all(pow(n, prime // k, prime) == 1 for prime in _small_primes() if prime % k == 1)
        for k in (2, *(prime for prime in _small_primes() if prime < _MOST_POWER))
    )


def _has_close_factors(n: int) -> bool:
    """Tell whether 4·u·v·p·q = (up + vq)^2 - (up - vq)^2 gives the factors away in a few steps."""
    for ratio in range(1, _RATIOS + 1):
        product = 4 * ratio * n
        first = isqrt(product - 1) + 1
        for total in range(first, first + _STEPS // ratio + 1):
            square = total * total - product
            if _is_square(square) and 1 < gcd(total - isqrt(square), n) < n:
                return True
    return False


def _is_prime(n: int) -> bool:
    """Tell whether n passes Fermat's test to the base 2, as every prime does.

    A composite number that passes is refused with them: no honest key is one.
    """
    return pow(2, n - 1, n) == 1


_TESTS: dict[str, Callable[[int], bool]] = {
    "small_factor": _has_small_factor,
    "repeated": _is_repeated,
    "biased": _is_biased,
    "roca": _is_roca,
    "power": _is_power,
    "close_factors": _has_close_factors,
    "prime": _is_prime,
}
