"""Events that rest on a vouched key bear a mark on the pages; a party's page says what waits."""

import httpx2

from ledger.client import Signed
from ledger.genesis import key_record
from ledger.node import Node
from ledger.wire.envelope import sign_envelope
from ledger.wire.keys import PrivateKey
from projections.catalogue import READ_MODELS
from projections.decoding import decode
from projections.rebuild import rebuild
from projections.vouching import vouched_for
from tests.support import builders as b
from tests.support.builders import OPERATOR, REGISTRAR, RIVAL
from tests.support.node import append
from tests.support.parties import LATER
from tests.support.world import World


def test_events_that_rest_on_a_vouched_key_are_marked(
    http: httpx2.Client, node: Node, world: World
) -> None:
    """Also by a second key that only the vouched one brought; not by one that an own key did."""
    vouched, second, third = (PrivateKey.generate() for _ in range(3))
    officers = [world.key(OPERATOR), world.key(REGISTRAR)]

    def say(body, *signers: str, keys: list[PrivateKey]) -> int:
        signed = Signed(sign_envelope(world.payload(body, *signers), keys))
        (recorded,) = append(node, signed)
        assert hasattr(recorded, "position"), recorded
        return recorded.position

    def added(key: PrivateKey, **more: str):
        return b.key_added(party=RIVAL, key=key_record(key), **more)

    def technology(name: str):
        return b.technology_registered(technology=f"technology:{name}", owners=[b.held(RIVAL)])

    by = (RIVAL, OPERATOR, REGISTRAR)
    first = say(added(vouched, vouched_by=REGISTRAR), *by, keys=[vouched, *officers])
    marked = [
        first,
        say(added(second), RIVAL, keys=[second, vouched]),
        say(technology("by-second"), RIVAL, keys=[second]),
    ]
    own = [
        say(added(third), RIVAL, keys=[third, vouched, world.key(RIVAL)]),
        say(technology("by-third"), RIVAL, keys=[third]),
    ]
    rebuild(node.pool, READ_MODELS, decode, key=node.key)
    assert dict.fromkeys((*marked, own[0]), (first,)) == vouched_for(node.pool, [*marked, *own])
    page = http.get(f"/parties/{RIVAL}").text
    assert 4 == page.count("khóa được bảo lãnh")
    assert page.count('<span class="en" lang="en">vouched</span>') == 4


def test_a_party_page_says_from_when_a_registration_binds(
    http: httpx2.Client, node: Node, world: World
) -> None:
    append(node, world.registration("party:vn.later", not_before=LATER))
    rebuild(node.pool, READ_MODELS, decode, key=node.key)
    assert "binds from" in http.get("/parties/party:vn.later").text
    assert "binds from" not in http.get(f"/parties/{RIVAL}").text
