"""An entry that a server shows is printed as its bytes say, or not at all."""

import json
from collections.abc import Callable
from typing import Any

import httpx2
import pytest
from typer.testing import CliRunner

from api.cli import events
from api.cli.main import app
from ledger.follow.client import LedgerClient, ReceiptRefused
from ledger.verify.trust import parse_trust
from ledger.wire.base64 import b64encode
from ledger.wire.entry import parse_entry
from tests.support.questioned import entry_json
from tests.support.sample_log import SampleLog, sample_log

AT = 8


@pytest.fixture(scope="module")
def log() -> SampleLog:
    return sample_log(12)


def answered(log: SampleLog, position: int = AT, **changed: Any) -> dict[str, Any]:
    return entry_json(log, position, **changed)


def serving(log: SampleLog, answer: object) -> LedgerClient:
    def served(request: httpx2.Request) -> httpx2.Response:
        path = request.url.path
        if path.endswith("/proof"):
            return httpx2.Response(200, content=log.proof(int(path.split("/")[3])))
        if path == "/v1/evidence":
            return httpx2.Response(404, json={})
        return httpx2.Response(200, json=answer)

    transport = httpx2.MockTransport(served)
    return LedgerClient("http://server", parse_trust(log.trust_root()), transport=transport)


def test_an_honest_entry_is_shown_with_what_is_unchecked(log: SampleLog) -> None:
    with serving(log, answered(log)) as ledger:
        found, payload = ledger.entry(str(AT))
        assert payload == ledger.entry(payload["event_id"])[1]
    assert AT == found.position
    assert json.loads(parse_entry(log.entries[AT]).payload) == payload
    assert any("the line by key" in what for _, what in found.unchecked)


LIES: dict[str, Callable[[SampleLog], object]] = {
    "another payload": lambda log: answered(log, payload={"signers": ["party:vn.other"]}),
    "another instant": lambda log: answered(log, accepted="2020-01-01T00:00:00.000Z"),
    "another position's entry": lambda log: answered(log, 9),
    "an entry under another's position": lambda log: answered(log, entry=b64encode(log.entries[9])),
    "no position": lambda _log: {"code": "NOT_FOUND"},
    "a position that is true": lambda log: answered(log, position=True),
    "no object": lambda _log: [1],
}


@pytest.mark.parametrize("lie", LIES)
def test_a_forged_entry_is_not_shown(lie: str, log: SampleLog) -> None:
    with serving(log, LIES[lie](log)) as ledger, pytest.raises(ReceiptRefused):
        ledger.entry(str(AT))


def test_the_command_prints_what_the_bytes_say(
    log: SampleLog, tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "trust.json").write_bytes(log.trust_root())
    monkeypatch.setattr(events, "LedgerClient", lambda _url, _trust: serving(log, answered(log)))
    words = ["events", "show", str(AT), "--url", "http://server"]
    done = CliRunner().invoke(app, [*words, "--trust", str(tmp_path / "trust.json")])
    said = json.loads(done.output)
    assert (AT, parse_entry(log.entries[AT]).accepted) == (
        said["position"],
        said["entry"]["accepted"],
    )
    assert said["unchecked"]
