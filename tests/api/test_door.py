"""At the door: weak keys, and JSON that two parsers read differently, get no further."""

import json
from dataclasses import replace

import httpx2
import pytest

from api.cli.signing import sign_sealed
from ledger.events.compose import uuid7
from ledger.follow.client import Signed
from ledger.node.genesis import key_record
from ledger.wire.envelope import sign_envelope
from ledger.wire.signing_keys import PrivateKey
from tests.support.builders import (
    FIRM,
    INSTITUTE,
    OPERATOR,
    REGISTRAR,
    offer_made,
    party_registered,
    technology_registered,
)
from tests.support.weak_keys import close_rsa_key
from tests.support.world import World


def officers(world: World) -> list[PrivateKey]:
    return [world.key(OPERATOR), world.key(REGISTRAR)]


def technology(world: World) -> Signed:
    body = technology_registered(technology=f"technology:{uuid7()}")
    return world.sign(body, INSTITUTE)


def post(http: httpx2.Client, content: bytes) -> httpx2.Response:
    return http.post("/v1/events", content=content, headers={"Content-Type": "application/json"})


def test_signer_missing_nobody_has_signed_whom_the_log_knows(http: httpx2.Client, world: World):
    """Then nothing is looked at that the event brings: a stranger's keys cost no time."""
    party, weak = f"party:vn.{uuid7()}", close_rsa_key()
    body = party_registered(party=party, keys=[key_record(weak)])
    envelope = sign_envelope(world.payload(body, party, OPERATOR, REGISTRAR), [weak])
    answer = post(http, Signed(envelope).to_json())
    assert (403, "SIGNER_MISSING") == (answer.status_code, answer.json()["code"])


def test_a_weak_key_does_not_enter(http: httpx2.Client, world: World):
    """The event is well signed by everyone; a stranger could sign the next one."""
    party, weak = f"party:vn.{uuid7()}", close_rsa_key()
    body = party_registered(party=party, keys=[key_record(weak)])
    payload = world.payload(body, party, OPERATOR, REGISTRAR)
    refused = post(http, Signed(sign_envelope(payload, [weak, *officers(world)])).to_json())
    assert (422, "KEY_WEAK") == (refused.status_code, refused.json()["code"])
    assert refused.json()["detail"].endswith("(close_factors)")
    assert weak.key_id in refused.json()["detail"]


def test_a_weak_key_is_told_only_to_who_has_signed(http: httpx2.Client, world: World):
    """A bad signature is found first: looking at a key takes longer than at a signature."""
    party, weak = f"party:vn.{uuid7()}", close_rsa_key()
    body = party_registered(party=party, keys=[key_record(weak)])
    payload = world.payload(body, party, OPERATOR, REGISTRAR)
    envelope = sign_envelope(payload, [weak, *officers(world)])
    lines = [replace(line, value=bytes(len(line.value))) for line in envelope.signatures]
    for index, line in enumerate(lines):
        signatures = (*envelope.signatures[:index], line, *envelope.signatures[index + 1 :])
        answer = post(http, Signed(replace(envelope, signatures=signatures)).to_json())
        assert (403, "BAD_SIGNATURE") == (answer.status_code, answer.json()["code"])


def test_weak_keys_in_a_bulk_request_are_refused_beside_what_is_good(
    http: httpx2.Client, world: World
):
    party, weak = f"party:vn.{uuid7()}", close_rsa_key()
    body = party_registered(party=party, keys=[key_record(weak)])
    payload = world.payload(body, party, OPERATOR, REGISTRAR)
    refused = Signed(sign_envelope(payload, [weak, *officers(world)]))
    lines = [technology(world), refused, world.registration(f"party:vn.{uuid7()}")]
    sent = b"\n".join(each.to_json() for each in lines)
    answers = [
        json.loads(line) for line in http.post("/v1/events/batch", content=sent).iter_lines()
    ]
    told = [each for each in answers if "line" in each]
    assert ["admitted", "invalid", "admitted"] == [each["status"] for each in told]
    assert "KEY_WEAK" == told[1]["problem"]["code"]


def doubled(text: str, name: str) -> str:
    """Return JSON in which the first member of a name stands twice, the second time as null."""
    return text.replace(f'"{name}":', f'"{name}":null,"{name}":', 1)


@pytest.mark.parametrize(
    "name",
    ["envelope", "openings", "payload", "payloadType", "signatures", "keyid", "sig", "salt"],
)
def test_a_member_that_stands_twice_is_refused(http: httpx2.Client, world: World, name: str):
    """Some parsers take the first, some the last: what is checked would not be what is read."""
    body = offer_made(offer=f"offer:{uuid7()}", listing=None).model_dump(mode="json")
    body["price"] = {"amount": 800_000_000, "currency": "VND"}
    signed = sign_sealed(
        world.origin, "offer.made/1", body, [FIRM], [world.key(FIRM)], ["/body/price"]
    )
    sent = doubled(signed.to_json().decode(), name)
    answer = post(http, sent.encode())
    assert (422, "MALFORMED") == (answer.status_code, answer.json()["code"])
    assert "twice" in answer.json()["detail"]
    lines = [technology(world).to_json(), sent.encode(), signed.to_json()]
    answers = http.post("/v1/events/batch", content=b"\n".join(lines)).iter_lines()
    told = [each for each in map(json.loads, answers) if "line" in each]
    assert ["admitted", "invalid", "admitted"] == [each["status"] for each in told]


@pytest.mark.parametrize("value", ["8e8", "800000000.0", "9007199254740993", "-0", '"\\ud800"'])
def test_an_opened_value_that_parsers_read_differently_is_refused(
    http: httpx2.Client, world: World, value: str
):
    body = offer_made(offer=f"offer:{uuid7()}", listing=None).model_dump(mode="json")
    body["price"] = {"amount": 800_000_000, "currency": "VND"}
    signed = sign_sealed(
        world.origin, "offer.made/1", body, [FIRM], [world.key(FIRM)], ["/body/price"]
    )
    opened = b'"amount":800000000'
    assert opened in signed.to_json()
    sent = signed.to_json().replace(opened, b'"amount":' + value.encode())
    answer = post(http, sent)
    assert (422, "MALFORMED") == (answer.status_code, answer.json()["code"])
