"""Events that rest on a vouched key bear a mark on the pages; a party's page says what waits."""

import re

import httpx2

from ledger.follow.client import Signed
from ledger.node.genesis import key_record
from ledger.node.node import Node
from ledger.store.readmodels import forget_progress
from ledger.wire.envelope import sign_envelope
from ledger.wire.signing_keys import PrivateKey
from projections.engine.decoding import decode
from projections.questions.vouching import vouched_for
from projections.run.catalogue import READ_MODELS
from projections.run.rebuild import rebuild
from tests.support import builders as b
from tests.support.builders import FIRM, OPERATOR, REGISTRAR, RIVAL
from tests.support.disputes import dispute_opened
from tests.support.mandates import mandate_given
from tests.support.node import append, rest
from tests.support.parties import LATER
from tests.support.reading import reading
from tests.support.world import World


def _entries_say_it(
    http: httpx2.Client, mandated: int, own: int, vouched: int, mandate: str
) -> None:
    """Hold the page of an event under a mandate that a vouched key gave against that of another."""
    by_mandate, by_own = (http.get(f"/muc/{at}").text for at in (mandated, own))
    assert f'khóa được bảo lãnh</strong> <a href="/muc/{vouched}">' in by_mandate
    assert re.search(rf"<dt>theo ủy quyền của</dt><dd>.*{RIVAL}.*{mandate}", by_mandate)
    assert "khóa được bảo lãnh" not in by_own
    assert "theo ủy quyền của" not in by_own


def test_events_that_rest_on_a_vouched_key_are_marked(
    http: httpx2.Client, node: Node, world: World
) -> None:
    """Also by a second key that only the vouched one brought; not by one that an own key did.

    And by anyone who holds a mandate that such a key gave.
    """
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

    opened = dispute_opened(claimant=RIVAL, respondents=[FIRM], concerns=[FIRM])
    append(node, world.registration(opened.forum, roles=["forum"]))
    by = (RIVAL, OPERATOR, REGISTRAR)
    first = say(added(vouched, vouched_by=REGISTRAR), *by, keys=[vouched, *officers])
    marked = [
        first,
        say(added(second), RIVAL, keys=[second, vouched]),
        say(technology("by-second"), RIVAL, keys=[second]),
        say(opened, RIVAL, keys=[second]),
    ]
    given = mandate_given(principal=RIVAL, holder=FIRM, topics=["technology.registered"])
    marked += [
        say(given, RIVAL, OPERATOR, keys=[vouched, world.key(OPERATOR)]),
        say(technology("by-the-firm"), RIVAL, keys=[world.key(FIRM)]),
    ]
    own = [
        say(added(third), RIVAL, keys=[third, vouched, world.key(RIVAL)]),
        say(technology("by-third"), RIVAL, keys=[third]),
    ]
    rebuild(node.pool, READ_MODELS, decode, key=node.key)
    found = vouched_for(reading(node.pool, origin=world.origin), [*marked, *own])
    assert dict.fromkeys((*marked, own[0]), (first,)) == found.places
    told = http.get(f"/v1/subjects/{RIVAL}/timeline").json()["events"]
    said = {each["position"]: each["vouched_at"] for each in told}
    assert said == {at: [first] if at in found.places else [] for at in said}
    assert found.places.keys() <= said.keys()
    for path in ("/muc", f"/ben/{RIVAL}"):
        assert 7 == http.get(path).text.count("<strong>khóa được bảo lãnh</strong>")
        english = http.get(f"/en{path}").text
        assert 7 == english.count("<strong>key vouched for</strong>")
    _entries_say_it(http, marked[-1], own[-1], first, given.mandate)
    # In what a key signed, and in the steps of a dispute; beside those its page has its events.
    for key, places in ((second, [first]), (third, [])):
        of_key = http.get(f"/v1/keys/{key.key_id}/signed").json()
        signed = {
            each["event"]["position"]: each["event"]["vouched_at"] for each in of_key["signed"]
        }
        assert {at: [first] if at in found.places else [] for at in signed} == signed
        assert places == list(signed.values())[-1]
        assert first in of_key["positions"]
    told = http.get(f"/v1/disputes/{opened.dispute}").json()
    assert [[first]] == [step["vouched_at"] for step in told["steps"]]
    assert first in told["positions"]
    assert 2 == http.get(f"/tranh-chap/{opened.dispute}").text.count("khóa được bảo lãnh")


def test_where_the_read_models_are_not_there_it_is_said_that_it_is_not_known(
    http: httpx2.Client, node: Node
) -> None:
    """By the home page and by timelines; what they need besides is there."""
    rest(node)  # What is signed later is not folded by then.
    rebuild(node.pool, READ_MODELS, decode, key=node.key)
    assert "not known whether vouched" not in http.get("/en").text
    forget_progress(node.pool, ["keys"])
    try:
        page = http.get("/en")
        assert 200 == page.status_code
        assert "not known whether vouched" in page.text
        told = http.get(f"/v1/subjects/{OPERATOR}/timeline").json()["events"]
        assert {None} == {each["vouched_at"] for each in told}
    finally:
        rebuild(node.pool, READ_MODELS, decode, key=node.key)


def test_a_party_page_says_from_when_a_registration_binds(
    http: httpx2.Client, node: Node, world: World
) -> None:
    append(node, world.registration("party:vn.later", not_before=LATER))
    rebuild(node.pool, READ_MODELS, decode, key=node.key)
    assert "binds from" in http.get("/en/ben/party:vn.later").text
    assert "binds from" not in http.get(f"/en/ben/{RIVAL}").text
