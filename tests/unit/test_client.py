"""The SDK believes nothing that a server says: forged answers are refused, lost ones retried."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import httpx2
import pytest

from ledger import client as sdk
from ledger.client import (
    LedgerClient,
    NoAnswer,
    ProblemAnswer,
    ReceiptRefused,
    Signed,
    VerifiedReceipt,
)
from ledger.genesis import trust_root
from ledger.keystore import create_log_keys
from ledger.log.merkle import leaf_hash, node_hash, root_of
from ledger.log.receipt import TlogProof, format_tlog_proof
from ledger.publisher import LogSigner
from ledger.verify.trust import parse_trust
from ledger.wire import canonical
from ledger.wire.base64 import b64encode
from ledger.wire.entry import Entry, format_entry
from ledger.wire.envelope import sign_envelope
from ledger.wire.keys import PrivateKey

ORIGIN = "ledger.example.vn/techledger/00000000"
ACCEPTED = "2026-11-22T03:10:00.123Z"
EVENT = "01a20000-0000-7000-8000-000000000000"
NOW = datetime(2026, 11, 22, 3, 10, 1, tzinfo=UTC)


class Server:
    """A log of two entries, the second of which is ours, and the answer that proves it."""

    def __init__(self, directory) -> None:
        self.signer = LogSigner(ORIGIN, *create_log_keys(directory))
        payload = canonical.dump({"a": 1, "event_id": EVENT})
        self.signed = Signed(sign_envelope(payload, [PrivateKey.generate()]))
        envelope = self.signed.envelope
        self.entry = format_entry(
            Entry(ACCEPTED, envelope.payload_type, envelope.signatures, envelope.payload)
        )
        self.leaves = [leaf_hash(b"genesis"), leaf_hash(self.entry)]
        self.note = self.signer.sign(2, root_of(self.leaves), NOW)
        root = trust_root(ORIGIN, self.signer.vkeys, b"genesis")
        self.trust = parse_trust(json.dumps(root).encode())

    def receipt(self, **changed: Any) -> dict[str, Any]:
        """Return the honest answer with members changed."""
        proof = TlogProof(1, (self.leaves[0],), self.note)
        honest = {
            "event_id": EVENT,
            "position": 1,
            "accepted": ACCEPTED,
            "leaf_hash": b64encode(self.leaves[1]),
            "checkpoint_size": 2,
            "proof": format_tlog_proof(proof).decode(),
        }
        return honest | changed

    def proof(self, index: int, hashes: tuple[bytes, ...], note: bytes) -> str:
        """Return a proof of whatever the server likes."""
        return format_tlog_proof(TlogProof(index, hashes, note)).decode()

    def client(self, answer: Callable[[httpx2.Request], httpx2.Response]) -> LedgerClient:
        """Return a client of a server that answers so."""
        return LedgerClient("http://server", self.trust, transport=httpx2.MockTransport(answer))

    def submit(self, answer: object, status: int = 201) -> VerifiedReceipt:
        """Submit to a server that answers with this content."""
        content = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
        with self.client(lambda _request: httpx2.Response(status, content=content)) as ledger:
            return ledger.submit(self.signed)


@pytest.fixture
def server(tmp_path) -> Server:
    return Server(tmp_path)


def test_an_honest_receipt_is_verified(server: Server):
    receipt = server.submit(server.receipt())
    assert (1, 2, server.entry) == (receipt.position, receipt.size, receipt.entry)


def forgeries(server: Server, directory) -> dict[str, object]:
    """Return answers that a client must not believe."""
    left, right = server.leaves
    other = LogSigner(ORIGIN, *create_log_keys(directory / "other"))
    elsewhere = LogSigner("other.example/log", *create_log_keys(directory / "elsewhere"))
    root = root_of(server.leaves)
    note = server.note.decode()
    one_line = note[: note.rindex("\u2014")]
    return {
        "no proof": server.receipt(proof=""),
        "empty proof": server.receipt(proof=server.proof(1, (), server.note)),
        "one node extra": server.receipt(proof=server.proof(1, (left, left), server.note)),
        "another position": server.receipt(proof=server.proof(0, (left,), server.note)),
        "position beyond the size": server.receipt(proof=server.proof(2, (left,), server.note)),
        "position differs from the proof": server.receipt(position=0),
        "another sibling": server.receipt(proof=server.proof(1, (right,), server.note)),
        "interior node as a leaf": server.receipt(
            proof=server.proof(0, (), server.signer.sign(1, node_hash(left, right), NOW))
        ),
        "root of another tree": server.receipt(
            proof=server.proof(1, (left,), server.signer.sign(2, root_of([right, left]), NOW))
        ),
        "size of another tree": server.receipt(
            proof=server.proof(1, (left,), server.signer.sign(3, root, NOW))
        ),
        "signed by unknown keys": server.receipt(
            proof=server.proof(1, (left,), other.sign(2, root, NOW))
        ),
        "signed for another log": server.receipt(
            proof=server.proof(1, (left,), elsewhere.sign(2, root, NOW))
        ),
        "one of two log signatures missing": server.receipt(
            proof=server.proof(1, (left,), one_line.encode())
        ),
        "another instant": server.receipt(accepted="2026-11-22T03:10:00.124Z"),
        "an instant that is none": server.receipt(accepted="yesterday"),
        "members missing": {"event_id": "x"},
        "no object": [1],
        "no JSON": b"<html>",
        "not UTF-8": b"\xff\xfe",
        "position is no integer": server.receipt(position="1"),
        "position is true": server.receipt(position=True),
        "another event": server.receipt(event_id="01a20000-0000-7000-8000-000000000001"),
        "another leaf": server.receipt(leaf_hash=b64encode(left)),
        "another checkpoint's size": server.receipt(checkpoint_size=3),
    }


FORGERIES = (
    """
no proof; empty proof; one node extra; another position; position beyond the size;
position differs from the proof; another sibling; interior node as a leaf; root of another tree;
size of another tree; signed by unknown keys; signed for another log;
one of two log signatures missing; another instant; an instant that is none; members missing;
no object; no JSON; not UTF-8; position is no integer; position is true; another event;
another leaf; another checkpoint's size
""".replace("\n", " ")
    .strip()
    .split("; ")
)


@pytest.mark.parametrize("forgery", FORGERIES)
def test_a_forged_receipt_is_refused(server: Server, tmp_path, forgery: str):
    made = forgeries(server, tmp_path)
    assert set(FORGERIES) == set(made)
    with pytest.raises(ReceiptRefused):
        server.submit(made[forgery])


def replayed(server: Server, **changed: Any) -> Callable[[httpx2.Request], httpx2.Response]:
    """Return a server that says that it had the event before, at another instant than it had."""

    def answer(request: httpx2.Request) -> httpx2.Response:
        if request.method == "GET":
            return httpx2.Response(200, json={"entry": b64encode(server.entry)})
        members = server.receipt(**changed)
        return httpx2.Response(201, json=members, headers={"Replayed": "true"})

    return answer


def test_a_replayed_answer_is_read_from_the_entry(server: Server):
    with server.client(replayed(server)) as ledger:
        receipt = ledger.submit(server.signed)
    assert (True, ACCEPTED, EVENT) == (receipt.replayed, receipt.accepted, receipt.event_id)


@pytest.mark.parametrize(
    "changed",
    [{"accepted": "2020-01-01T00:00:00.000Z"}, {"event_id": "x"}, {"leaf_hash": "x"}],
    ids=str,
)
def test_a_replayed_answer_that_says_something_else_is_refused(
    server: Server, changed: dict[str, Any]
):
    with server.client(replayed(server, **changed)) as ledger, pytest.raises(ReceiptRefused):
        ledger.submit(server.signed)


def test_a_problem_is_raised_with_its_code(server: Server):
    with pytest.raises(ProblemAnswer) as caught:
        server.submit({"code": "NOT_OWNER", "detail": "no", "positions": [3]}, status=422)
    assert ("NOT_OWNER", [3]) == (caught.value.code, caught.value.problem["positions"])


def test_a_success_that_is_a_problem_is_no_receipt(server: Server):
    with pytest.raises(ReceiptRefused):
        server.submit({"code": "NOT_OWNER", "detail": "no"})


def test_a_redirect_is_not_followed(server: Server):
    def redirect(_request: httpx2.Request) -> httpx2.Response:
        return httpx2.Response(307, headers={"Location": "http://elsewhere/"}, content=b"{}")

    with server.client(redirect) as ledger, pytest.raises(ProblemAnswer):
        ledger.submit(server.signed)


def test_a_lost_answer_is_asked_for_again_with_the_same_bytes(
    server: Server, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(sdk.time, "sleep", lambda _seconds: None)
    seen: list[bytes] = []

    def flaky(request: httpx2.Request) -> httpx2.Response:
        seen.append(request.read())
        if len(seen) == 1:
            raise httpx2.ReadError("reset")
        if len(seen) == 2:
            return httpx2.Response(503, content=b"{}")
        return httpx2.Response(201, content=json.dumps(server.receipt()).encode())

    with server.client(flaky) as ledger:
        assert 1 == ledger.submit(server.signed).position
    assert 3 == len(seen)
    assert 1 == len(set(seen))


def test_a_server_that_never_answers_is_given_up(server: Server, monkeypatch: pytest.MonkeyPatch):
    clock = iter(range(0, 1000, 20))
    monkeypatch.setattr(sdk.time, "sleep", lambda _seconds: None)
    monkeypatch.setattr(sdk.time, "monotonic", lambda: next(clock))

    def dead(_request: httpx2.Request) -> httpx2.Response:
        raise httpx2.ConnectError("refused")

    with server.client(dead) as ledger, pytest.raises(NoAnswer):
        ledger.submit(server.signed)


def test_an_answer_to_many_that_drops_the_last_line_is_refused(server: Server):
    checkpoint = json.dumps({"checkpoint": server.note.decode()}).encode()
    with (
        server.client(lambda _request: httpx2.Response(200, content=checkpoint)) as ledger,
        pytest.raises(ReceiptRefused),
    ):
        list(ledger.submit_many([server.signed]))
