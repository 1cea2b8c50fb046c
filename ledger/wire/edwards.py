"""
Which Ed25519 public keys can bind anyone: those in the prime-order subgroup of edwards25519.

OpenSSL, like most libraries, verifies with any point of the curve. With a point of small order as
key, one signature verifies for many messages, or for all: anyone who "signed" may deny it. In the
prime-order subgroup, with S < L and a canonical R as OpenSSL demands, only the holder of the
private key can make a signature, nor can anyone turn one valid signature into another.

Plain Python (about 2 ms a key), once when a key enters the log, on public data only. RFC 8032 §5.1.
"""

_P = 2**255 - 19
_L = 2**252 + 27742317777372353535851937790883648493
_D = -121665 * pow(121666, -1, _P) % _P
_SQRT_MINUS_1 = pow(2, (_P - 1) // 4, _P)
_SIGN = 1 << 255

_Point = tuple[int, int, int, int]
"""Extended homogeneous coordinates (X, Y, Z, T): x = X/Z, y = Y/Z, x·y = T/Z."""

_IDENTITY: _Point = (0, 1, 1, 0)


def is_prime_order(encoded: bytes) -> bool:
    """Tell whether 32 bytes encode, canonically, a point of order exactly L."""
    point = _decode(encoded)
    return point is not None and not _is_identity(point) and _is_identity(_multiply(_L, point))


def _decode(encoded: bytes) -> _Point | None:
    """Decode a point (RFC 8032 §5.1.3), refusing every second spelling of one."""
    if len(encoded) != 32:  # noqa: PLR2004  (the length of an encoded point)
        return None
    number = int.from_bytes(encoded, "little")
    sign, y = number >> 255, number & (_SIGN - 1)
    x = _recover_x(y) if y < _P else None
    if x is None or (x == 0 and sign):
        return None
    x = _P - x if x & 1 != sign else x
    return x, y, 1, x * y % _P


def _recover_x(y: int) -> int | None:
    """Return a square root of (y² - 1) / (d·y² + 1) modulo p, or None if there is none."""
    square = (y * y - 1) * pow(_D * y * y + 1, -1, _P) % _P
    root = pow(square, (_P + 3) // 8, _P)
    if root * root % _P != square:
        root = root * _SQRT_MINUS_1 % _P
    return root if root * root % _P == square else None


def _add(left: _Point, right: _Point) -> _Point:
    """Add two points; complete, so it doubles as well (RFC 8032 §5.1.4)."""
    x1, y1, z1, t1 = left
    x2, y2, z2, t2 = right
    a = (y1 - x1) * (y2 - x2) % _P
    b = (y1 + x1) * (y2 + x2) % _P
    c = 2 * t1 * t2 * _D % _P
    d = 2 * z1 * z2 % _P
    e, f, g, h = b - a, d - c, d + c, b + a
    return e * f % _P, g * h % _P, f * g % _P, e * h % _P


def _multiply(scalar: int, point: _Point) -> _Point:
    total = _IDENTITY
    while scalar:
        if scalar & 1:
            total = _add(total, point)
        point = _add(point, point)
        scalar >>= 1
    return total


def _is_identity(point: _Point) -> bool:
    x, y, z, _ = point
    return x == 0 and y == z
