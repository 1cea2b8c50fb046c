"""A fault of ours: the client is told so and nothing more, and the log has the rest."""

import json
from typing import Any

import httpx2
import pytest
from structlog.contextvars import merge_contextvars
from structlog.testing import capture_logs

from ledger.events.compose import uuid7
from ledger.node import chunks
from ledger.node.node import Node
from tests.support.builders import INSTITUTE, technology_registered
from tests.support.world import World


def broken(*_arguments: object, **_named: object) -> None:
    raise ZeroDivisionError("a secret of ours")


def faults_in(lines: list[Any]) -> list[str]:
    """Return the faults that the lines tell."""
    return [str(line["exc_info"]) for line in lines if "exc_info" in line]


@pytest.mark.parametrize("path", ["/v1/events", "/v1/events/batch"])
def test_a_fault_under_a_submission_is_logged_and_not_told(
    http: httpx2.Client, node: Node, world: World, monkeypatch: pytest.MonkeyPatch, path: str
):
    monkeypatch.setattr(node.sequencer, "submit", broken)
    body = technology_registered(technology=f"technology:{uuid7()}")
    with capture_logs() as lines:
        answer = http.post(path, content=world.sign(body, INSTITUTE).to_json())
    told = answer.json() if path == "/v1/events" else answer.json()["problem"]
    assert (500, "INTERNAL") == (told["status"], told["code"])
    assert "secret" not in answer.text
    assert ["a secret of ours"] == faults_in(lines)


def test_a_fault_at_one_submission_is_told_to_no_other(
    http: httpx2.Client, world: World, monkeypatch: pytest.MonkeyPatch
):
    sent = [
        world.sign(technology_registered(technology=f"technology:{uuid7()}"), INSTITUTE).to_json()
        for _ in range(3)
    ]
    read = chunks.read
    monkeypatch.setattr(
        chunks, "read", lambda raw, origin: broken() if raw == sent[1] else read(raw, origin)
    )
    with capture_logs() as lines:
        answer = http.post("/v1/events/batch", content=b"\n".join(sent))
    told = [json.loads(line) for line in answer.text.splitlines()[1:]]
    assert ["admitted", "invalid", "admitted"] == [each["status"] for each in told]
    assert "INTERNAL" == told[1]["problem"]["code"]
    assert ["a secret of ours"] == faults_in(lines)


def test_a_fault_is_found_in_the_log_by_the_id_of_its_request(
    http: httpx2.Client, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("api.reads.rights.title_of", broken)
    with capture_logs(processors=[merge_contextvars]) as lines:
        answer = http.get("/v1/rights/right:a/title", headers={"X-Request-Id": "order-17"})
    assert "order-17" == answer.json()["request_id"]
    assert ["order-17"] == [line["request_id"] for line in lines if "exc_info" in line]


def test_a_fault_under_a_read_is_logged_and_not_told(
    http: httpx2.Client, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
):
    """It is logged once, and the answer has the headers of every other."""
    monkeypatch.setattr("api.reads.rights.title_of", broken)
    with capture_logs() as lines:
        answer = http.get("/v1/rights/right:a/title")
    assert (500, "INTERNAL") == (answer.status_code, answer.json()["code"])
    assert "secret" not in answer.text
    assert ["a secret of ours"] == faults_in(lines)
    assert "nosniff" == answer.headers["x-content-type-options"]
    http.get("/health/live")  # Whatever logs the fault does so after its answer, before this one.
    assert [] == [each.name for each in caplog.records if each.exc_info]
