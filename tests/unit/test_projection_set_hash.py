"""The hash of a set: the same whatever the order, and back where it was when an item goes."""

import struct
from hashlib import shake_128
from unittest.mock import patch

from hypothesis import given
from hypothesis import strategies as st

from projections.engine.set_hash import LANES, SIZE, SetHash

ITEMS = st.sets(st.binary(max_size=40), max_size=12)


def naive(items: set[bytes]) -> bytes:
    """Return the sum by the definition, lane by lane."""
    lanes = [0] * LANES
    for item in items:
        hashed = struct.unpack(f"<{LANES}H", shake_128(item).digest(SIZE))
        lanes = [(one + other) % 65536 for one, other in zip(lanes, hashed, strict=True)]
    return struct.pack(f"<{LANES}H", *lanes)


def of(items: set[bytes]) -> SetHash:
    made = SetHash()
    for item in items:
        made.add(item)
    return made


@given(ITEMS)
def test_it_is_the_sum_of_the_lanes(items: set[bytes]):
    assert naive(items) == of(items).state


@given(ITEMS, ITEMS)
def test_what_goes_leaves_no_trace(items: set[bytes], others: set[bytes]):
    both = SetHash(of(items).state)
    for item in sorted(others - items):
        both.add(item)
    assert of(items | others).state == both.state
    for item in sorted(others - items, reverse=True):
        both.remove(item)
    assert of(items).state == both.state


@given(ITEMS)
def test_more_items_than_lanes_have_room_for(items: set[bytes]):
    """Carries are taken out in time: here after three items instead of 65,535."""
    with patch("projections.engine.set_hash._ROOM", 3):
        made = of(items)
        for item in items:
            made.remove(item)
            made.add(item)
    assert made.state == naive(items)


def test_lanes_that_are_full_run_over_by_themselves():
    made = SetHash(b"\xff" * SIZE)
    with patch("projections.engine.set_hash._lanes", lambda _: (1 << 8 * SIZE) - 1):
        for _ in range(70_000):
            made.add(b"")
    assert made.state == struct.pack("<H", -70_001 % 65_536) * LANES


def test_a_known_answer():
    """The SHAKE128 of `a` and of `b`, first and last lanes added by hand."""
    one, other = (shake_128(item).digest(SIZE) for item in (b"a", b"b"))
    first = (int.from_bytes(one[:2], "little") + int.from_bytes(other[:2], "little")) % 65536
    last = (int.from_bytes(one[-2:], "little") + int.from_bytes(other[-2:], "little")) % 65536
    state = of({b"a", b"b"}).state
    assert (first, last) == (
        int.from_bytes(state[:2], "little"),
        int.from_bytes(state[-2:], "little"),
    )
