import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from ledger.wire.edwards import is_prime_order

P = 2**255 - 19
ORDER_8 = bytes.fromhex("c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a")
"""A point of order eight (RFC 7748 errata, and the `small order` lists of many libraries)."""


def encoded(y: int, sign: int = 0) -> bytes:
    return (y | sign << 255).to_bytes(32, "little")


@pytest.mark.parametrize("seed", range(8))
def test_every_key_made_from_a_seed_is_of_prime_order(seed: int):
    public = Ed25519PrivateKey.from_private_bytes(bytes([seed]) * 32).public_key()
    assert is_prime_order(public.public_bytes_raw())


def test_the_base_point_is_of_prime_order():
    assert is_prime_order(encoded(4 * pow(5, -1, P) % P))


@pytest.mark.parametrize(
    "point",
    [
        pytest.param(encoded(1), id="identity"),
        pytest.param(encoded(P - 1), id="order 2"),
        pytest.param(encoded(0), id="order 4"),
        pytest.param(encoded(0, 1), id="order 4, negative x"),
        pytest.param(ORDER_8, id="order 8"),
        pytest.param(ORDER_8[:31] + bytes([ORDER_8[31] | 0x80]), id="order 8, negative x"),
    ],
)
def test_a_point_of_small_order_is_refused(point: bytes):
    assert not is_prime_order(point)


def test_a_point_with_a_component_of_small_order_is_refused():
    # (x, y) plus the point of order two, (0, -1), is (-x, -y): on the curve, of order 2L.
    public = Ed25519PrivateKey.from_private_bytes(bytes(32)).public_key().public_bytes_raw()
    y = int.from_bytes(public, "little")
    shifted = encoded(P - y % 2**255, 1 - (y >> 255))
    assert is_prime_order(public)
    assert not is_prime_order(shifted)


@pytest.mark.parametrize(
    "point",
    [
        pytest.param(encoded(P + 1), id="identity, y not reduced"),
        pytest.param(encoded(1, 1), id="identity, minus zero"),
        pytest.param(encoded(P + 3), id="y not reduced"),
        pytest.param(encoded(2), id="not on the curve"),
        pytest.param(b"", id="empty"),
        pytest.param(bytes(31), id="31 bytes"),
        pytest.param(encoded(4 * pow(5, -1, P) % P) + b"\0", id="33 bytes"),
    ],
)
def test_what_encodes_no_point_in_the_one_way_is_refused(point: bytes):
    assert not is_prime_order(point)
