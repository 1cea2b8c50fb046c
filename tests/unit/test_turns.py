"""Lines that are fair, and keys that are looked up once."""

import pytest

from ledger.node.signature_checks import KEY_BYTES, KeyDirectory
from ledger.runtime.turns import FairQueue


def test_a_line_is_taken_one_of_each_address_after_the_other():
    line = FairQueue[str]()
    for item in ("a1", "a2", "a3", "b1", "c1", "b2"):
        line.append(item[0], item)
    assert (6, 3, 0) == (len(line), line.of("a"), line.of("d"))
    assert ["a1", "b1", "c1", "a2", "b2", "a3"] == [line.pop() for _ in range(6)]
    with pytest.raises(KeyError):
        line.pop()


def directory(capacity: int = 10**6) -> KeyDirectory:
    return KeyDirectory(None, capacity)  # type: ignore[arg-type]  # nothing is read


def test_a_key_that_nobody_knows_is_asked_for_once_in_a_while():
    keys = directory()
    assert ["x", "y"] == keys.missing(["x", "y", "x"])
    keys.note(["x", "y"], {"x": ("ed25519", b"spki")})
    assert [] == keys.missing(["x", "y"])
    assert ("ed25519", b"spki") == keys.find("x")
    assert None is keys.find("y")


def test_a_key_that_was_unknown_is_found_as_soon_as_it_is_learned():
    keys = directory()
    keys.note(["x"], {})
    keys.learn({"x": ("ed25519", b"spki")})
    assert ("ed25519", b"spki") == keys.find("x")


def test_keys_have_a_bound_in_bytes_and_the_least_recently_used_goes():
    keys = directory(capacity=2 * (KEY_BYTES + 4))
    for name in ("a", "b"):
        keys.learn({name: ("ed25519", b"spki")})
    assert keys.find("a")
    keys.learn({"c": ("ed25519", b"spki")})
    assert [True, False, True] == [keys.find(name) is not None for name in "abc"]
    assert 2 * (KEY_BYTES + 4) == keys.bytes
