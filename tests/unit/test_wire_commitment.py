import hashlib
from typing import Any

import pytest

from ledger.wire.base64 import b64url_encode
from ledger.wire.canonical import NotCanonical
from ledger.wire.commitment import (
    BadOpening,
    Opening,
    commit,
    new_salt,
    opening_from_object,
    opening_to_object,
    verify_opening,
)

ORIGIN = "hanotex.example/techledger/0a1b2c3d"
EVENT = "019f0c1e-7a2b-7c3d-8e4f-5a6b7c8d9e0f"
SALT = bytes(range(32))
PRICE = {"amount": 1_500_000_000, "currency": "VND"}
OPENING = Opening("/body/price", SALT, PRICE)
OBJECT = {"path": "/body/price", "salt": b64url_encode(SALT), "value": PRICE}


def test_a_commitment_is_the_hash_of_magic_place_salt_and_value():
    text = f"techledger/commit/v1\n{ORIGIN}\n{EVENT}\n/body/price\n".encode()
    value = b'{"amount":1500000000,"currency":"VND"}'
    expected = "sha256:" + hashlib.sha256(text + SALT + value).hexdigest()
    assert expected == commit(ORIGIN, EVENT, "/body/price", SALT, PRICE)


def test_an_opening_opens_its_commitment():
    verify_opening(commit(ORIGIN, EVENT, "/body/price", SALT, PRICE), ORIGIN, EVENT, OPENING)


@pytest.mark.parametrize(
    ("origin", "event_id", "opening"),
    [
        pytest.param("other.example", EVENT, OPENING, id="ledger"),
        pytest.param(ORIGIN, EVENT[:-1] + "0", OPENING, id="event"),
        pytest.param(ORIGIN, EVENT, Opening("/body/royalty", SALT, PRICE), id="place"),
        pytest.param(ORIGIN, EVENT, Opening("/body/price", bytes(32), PRICE), id="salt"),
        pytest.param(
            ORIGIN, EVENT, Opening("/body/price", SALT, PRICE | {"amount": 1}), id="value"
        ),
    ],
)
def test_an_opening_moved_elsewhere_or_altered_is_refused(
    origin: str, event_id: str, opening: Opening
):
    commitment = commit(ORIGIN, EVENT, "/body/price", SALT, PRICE)
    with pytest.raises(BadOpening, match="not made from this opening"):
        verify_opening(commitment, origin, event_id, opening)


def test_equal_values_have_unequal_commitments():
    first, second = (commit(ORIGIN, EVENT, "/body/price", new_salt(), PRICE) for _ in range(2))
    assert first != second


def test_a_fresh_salt_has_thirty_two_bytes():
    assert [32, 32] == [len(new_salt()), len(new_salt())]


@pytest.mark.parametrize("value", [None, True, 0, "Hợp đồng", [1, {"ppm": 300_000}]])
def test_any_value_of_the_profile_can_be_sealed(value: Any):
    opening = opening_from_object(OBJECT | {"value": value})
    verify_opening(commit(ORIGIN, EVENT, "/body/price", SALT, value), ORIGIN, EVENT, opening)


def test_an_opening_survives_being_written_and_read():
    assert OPENING == opening_from_object(OBJECT)
    assert OBJECT == opening_to_object(OPENING)


@pytest.mark.parametrize("obj", [None, [], {}, OBJECT | {"more": 1}])
def test_an_object_with_other_members_is_no_opening(obj: Any):
    with pytest.raises(BadOpening, match="exactly the members"):
        opening_from_object(obj)


@pytest.mark.parametrize(
    "path",
    [
        None,
        1,
        "",
        "/",
        "body",
        "/body/",
        "/body//price",
        "/body/Price",
        "/body/01",
        "/body/-",
        "/body/a~1b",
        "/body\n",
        "/body/price\n",
        "/a" * 17,
        "/" + "a" * 65,
    ],
)
def test_a_path_that_leads_nowhere_in_a_payload_is_refused(path: Any):
    with pytest.raises(BadOpening, match="path"):
        opening_from_object(OBJECT | {"path": path})


@pytest.mark.parametrize(
    "salt",
    [
        None,
        1,
        "",
        "A" * 42,
        "A" * 44,
        b64url_encode(SALT) + "=",
        b64url_encode(bytes(31)),
        b64url_encode(bytes(33)),
        "A" * 42 + "B",
        "+" + "A" * 42,
        "ệ" * 43,
    ],
)
def test_a_salt_that_is_not_thirty_two_bytes_in_one_spelling_is_refused(salt: Any):
    with pytest.raises(BadOpening, match="salt"):
        opening_from_object(OBJECT | {"salt": salt})


def test_a_value_outside_the_profile_is_refused_with_its_reason():
    with pytest.raises(BadOpening, match="/amount is an amount of money"):
        opening_from_object(OBJECT | {"value": {"amount": 1.5, "currency": "VND"}})
    with pytest.raises(BadOpening, match="a fraction or an exponent"):
        verify_opening("sha256:", ORIGIN, EVENT, Opening("/body/price", SALT, 1.5))
    with pytest.raises(NotCanonical):
        commit(ORIGIN, EVENT, "/body/price", SALT, 1.5)


def test_a_code_point_unknown_to_this_unicode_opens_in_replay_only():
    obj = OBJECT | {"value": "\u0378"}
    assert "\u0378" == opening_from_object(obj, admission=False).value
    with pytest.raises(BadOpening, match="this version of Unicode"):
        opening_from_object(obj)


@pytest.mark.parametrize(
    ("origin", "event_id", "pointer"),
    [
        ("a\nb", EVENT, "/body"),
        ("", EVENT, "/body"),
        ("ệ", EVENT, "/body"),
        ("\ud800", EVENT, "/body"),
        (ORIGIN, EVENT + "\n", "/body"),
        (ORIGIN, "", "/body"),
        (ORIGIN, EVENT, "/body\n/price"),
    ],
)
def test_a_place_that_could_be_read_in_two_ways_is_refused(
    origin: str, event_id: str, pointer: str
):
    with pytest.raises(BadOpening, match="names a ledger"):
        commit(origin, event_id, pointer, SALT, PRICE)


@pytest.mark.parametrize("size", [0, 16, 31, 33])
def test_a_salt_of_another_length_commits_to_nothing(size: int):
    with pytest.raises(BadOpening, match="32 bytes"):
        commit(ORIGIN, EVENT, "/body/price", bytes(size), PRICE)
