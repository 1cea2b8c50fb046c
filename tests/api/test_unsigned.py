"""What is committed and not yet signed is shown to nobody: not by position, by id, or folded."""

import json
from collections.abc import Iterator

import httpx2
import pytest

from ledger.events.compose import uuid7
from ledger.follow.client import Signed
from ledger.node.node import Node
from ledger.wire.envelope import sign_envelope
from projections.engine.decoding import decode
from projections.engine.runner import Runner
from projections.run.catalogue import READ_MODELS
from tests.support.builders import FIRM, INSTITUTE, OPERATOR, technology_registered
from tests.support.mandates import mandate_given
from tests.support.node import append
from tests.support.world import World


class _Once:
    """Lets a runner go round until there is nothing for it to do."""

    done = False

    def is_set(self) -> bool:
        return self.done

    def set(self) -> None:
        self.done = True


def fold_what_is_signed(node: Node) -> None:
    once = _Once()
    Runner(node.pool, READ_MODELS, decode, key=node.key).run(once, once.set)


def event_id(signed: Signed) -> str:
    return str(json.loads(signed.envelope.payload)["event_id"])


@pytest.fixture
def patch(node: Node) -> Iterator[pytest.MonkeyPatch]:
    """Lend a patch by which the publisher can be kept from signing to the end of the test."""
    with pytest.MonkeyPatch.context() as patch:
        yield patch
    assert node.publisher is not None
    node.publisher.hint()


def test_an_unsigned_entry_is_there_for_nobody(
    http: httpx2.Client, world: World, node: Node, patch: pytest.MonkeyPatch, fold
):
    fold()
    patch.setattr(node.publisher, "publish", lambda: None)
    technology = f"technology:{uuid7()}"
    signed = world.sign(technology_registered(technology=technology), INSTITUTE)
    (recorded,) = append(node, signed)
    fold_what_is_signed(node)
    at = recorded.position
    for path in (
        f"/v1/entries/{at}",
        f"/v1/entries/{at}/proof",
        f"/v1/entries/{at}/cose-receipt",
        f"/v1/events/{event_id(signed)}",
        f"/v1/evidence?position={at}",
    ):
        answer = http.get(path)
        assert 404 == answer.status_code, path
        assert "immutable" not in answer.headers.get("cache-control", ""), path
    timeline = http.get(f"/v1/subjects/{technology}/timeline").json()
    assert ([], at) == (timeline["events"], timeline["size"])


def test_once_it_is_signed_it_is_there(http: httpx2.Client, world: World, node: Node, fold):
    fold()
    technology = f"technology:{uuid7()}"
    signed = world.sign(technology_registered(technology=technology), INSTITUTE)
    receipt = http.post("/v1/events", content=signed.to_json()).json()
    fold_what_is_signed(node)
    entry = http.get(f"/v1/entries/{receipt['position']}")
    assert "immutable" in entry.headers["cache-control"]
    assert entry.json() == http.get(f"/v1/events/{receipt['event_id']}").json()
    timeline = http.get(f"/v1/subjects/{technology}/timeline").json()
    assert [receipt["position"]] == [each["position"] for each in timeline["events"]]


def test_a_bundle_stops_at_its_checkpoint(
    http: httpx2.Client, world: World, node: Node, patch: pytest.MonkeyPatch
):
    """A later mandate of the same two, not signed yet, is no part of it."""

    def mandate() -> Signed:
        given = mandate_given(mandate=f"mandate:{uuid7()}", holder=FIRM, valid_to=None)
        return world.sign(given, INSTITUTE, OPERATOR)

    body = technology_registered(technology=f"technology:{uuid7()}")
    by_firm = Signed(sign_envelope(world.payload(body, INSTITUTE), [world.key(FIRM)]))
    http.post("/v1/events", content=mandate().to_json())
    at = http.post("/v1/events", content=by_firm.to_json()).json()["position"]
    patch.setattr(node.publisher, "publish", lambda: None)
    append(node, mandate())
    bundle = http.get("/v1/evidence", params={"position": at})
    assert 200 == bundle.status_code
    assert at == max(each["position"] for each in bundle.json()["entries"])
