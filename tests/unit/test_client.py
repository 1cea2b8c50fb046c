"""The SDK believes nothing that a server says: forged answers are refused, lost ones retried."""

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import httpx2
import pytest

from ledger.follow import client as sdk
from ledger.follow.client import (
    LedgerClient,
    NoAnswer,
    ProblemAnswer,
    ReceiptRefused,
    Signed,
    VerifiedReceipt,
)
from ledger.follow.reader import LedgerReader
from ledger.home.keystore import create_log_keys
from ledger.log.merkle import node_hash, root_of
from ledger.log.receipt import TlogProof, format_tlog_proof
from ledger.node.genesis import key_record
from ledger.publish.publisher import LogSigner
from ledger.verify.outcome import Refused
from ledger.verify.trust import parse_trust
from ledger.verify.verifier import verify_receipt
from ledger.wire.base64 import b64encode
from ledger.wire.entry import format_entry, parse_entry
from ledger.wire.envelope import Envelope, sign_envelope
from ledger.wire.signing_keys import PrivateKey
from tests.support.builders import FIRM, key_added
from tests.support.log import flip
from tests.support.sample_log import ORIGIN, START, SampleLog, log_keys, open_log, party_key
from tests.support.verifying import append, bundle_of, payload, whole_bundle

NOW = START + timedelta(seconds=1)


class Server:
    """A log of two entries, the second of which is ours, and the answer that proves it."""

    def __init__(self, log: SampleLog) -> None:
        self.log, self.signer = log, LogSigner(ORIGIN, *log_keys())
        self.entry, self.leaves = log.entries[1], log.leaves()
        entry = parse_entry(self.entry)
        self.accepted, self.event_id = entry.accepted, json.loads(entry.payload)["event_id"]
        self.signed = Signed(Envelope(entry.payload_type, entry.payload, entry.signatures))
        self.note = log.checkpoint()
        self.trust = parse_trust(log.trust_root())

    def receipt(self, **changed: Any) -> dict[str, Any]:
        """Return the honest answer with members changed."""
        return self.log.receipt(1) | changed

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


def served(
    keys: Sequence[PrivateKey] = (party_key(FIRM),),
    accepted: datetime | None = None,
    signed: datetime | None = None,
    **header: Any,
) -> Server:
    """Return a server whose second entry is ours, dated and signed so."""
    log = SampleLog()
    open_log(log)
    append(log, payload(log, **header), keys, accepted)
    log.signed = int(signed.timestamp()) if signed else None
    return Server(log)


@pytest.fixture
def server() -> Server:
    return served()


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


DAY = timedelta(days=1)
DATED: dict[str, dict[str, Any]] = {
    "years before it was issued": {"accepted": START - 2000 * DAY, "signed": START},
    "after its not_after": {"accepted": START + 100 * DAY, "signed": START + 100 * DAY},
    "after the checkpoint over it": {"accepted": START + DAY, "signed": START},
    "for another ledger": {"ledger": "other.example/log"},
    "signed by whom its body does not name": {"signers": [FIRM], "body": {}},
}


@pytest.mark.parametrize("name", DATED)
@pytest.mark.parametrize("again", [False, True], ids=["new", "replayed"])
def test_a_receipt_is_held_to_all_that_the_verifier_holds_it_to(name: str, again: bool):  # noqa: FBT001
    server = served(**DATED[name])
    with pytest.raises(Refused) as told:
        verify_receipt(server.log.proof(1), server.entry, server.log.trust_root())
    answer = replayed(server) if again else lambda _: httpx2.Response(201, json=server.receipt())
    with server.client(answer) as ledger, pytest.raises(ReceiptRefused) as caught:
        ledger.submit(server.signed)
    assert str(told.value) in str(caught.value)


def replayed(
    server: Server, bundle: bytes = b"", **changed: Any
) -> Callable[[httpx2.Request], httpx2.Response]:
    """Return a server that says that it had the event before, at another instant than it had."""

    def answer(request: httpx2.Request) -> httpx2.Response:
        if request.url.path == "/v1/evidence":
            return httpx2.Response(200, content=bundle)
        if request.method == "GET":
            return httpx2.Response(200, json={"entry": b64encode(server.entry)})
        members = server.receipt(**changed)
        return httpx2.Response(201, json=members, headers={"Replayed": "true"})

    return answer


def test_a_replayed_answer_is_read_from_the_entry(server: Server):
    with server.client(replayed(server)) as ledger:
        receipt = ledger.submit(server.signed)
    shown = receipt.replayed, receipt.accepted, receipt.event_id
    assert (True, server.accepted, server.event_id) == shown


def co_signed(*keys: PrivateKey) -> tuple[Server, Signed]:
    """Return a server that recorded an event of the firm with these lines, and what the firm sent.

    The institute's second key was added before.
    """
    log = SampleLog()
    open_log(log)
    second = party_key(FIRM, 1)
    log.say(key_added(party=FIRM, key=key_record(second)), [FIRM], keys=[party_key(FIRM), second])
    append(log, payload(log), keys)
    server = Server(log)
    server.entry, server.leaves = log.entries[2], log.leaves()
    sent = sign_envelope(parse_entry(log.entries[2]).payload, [party_key(FIRM)])
    return server, Signed(sent)


OWN, SECOND, STRANGER = party_key(FIRM), party_key(FIRM, 1), PrivateKey.generate()


def submitted_again(server: Server, signed: Signed, bundle: bytes) -> VerifiedReceipt:
    def answer(request: httpx2.Request) -> httpx2.Response:
        if request.method == "GET":
            return replayed(server, bundle)(request)
        return httpx2.Response(201, json=server.log.receipt(2), headers={"Replayed": "true"})

    with server.client(answer) as ledger:
        return ledger.submit(signed)


def test_a_replayed_entry_may_bear_more_lines_where_it_is_shown_that_they_bind():
    server, signed = co_signed(OWN, SECOND)
    found = submitted_again(server, signed, whole_bundle(server.log))
    assert (2, server.entry) == (found.position, found.entry)


@pytest.mark.parametrize("keys", [(STRANGER,), (SECOND,)], ids=["a stranger's", "another"])
def test_a_replayed_entry_without_our_own_line_is_refused(keys: Sequence[PrivateKey]):
    server, signed = co_signed(*keys)
    with pytest.raises(ReceiptRefused, match="lacks a line"):
        submitted_again(server, signed, whole_bundle(server.log))


def test_a_replayed_entry_with_a_line_that_does_not_bind_is_refused():
    server, signed = co_signed(OWN, STRANGER)
    with pytest.raises(ReceiptRefused, match="that no entry before it records"):
        submitted_again(server, signed, whole_bundle(server.log))


def test_a_replayed_entry_of_which_the_lines_are_not_shown_is_refused():
    server, signed = co_signed(OWN, SECOND)
    with pytest.raises(ReceiptRefused, match="does not show"):
        submitted_again(server, signed, bundle_of(server.log, [0, 1]))


def test_another_signature_by_our_key_must_verify():
    server, signed = co_signed(OWN)
    (line,) = signed.envelope.signatures
    spoilt = replace(line, value=flip(line.value, 3))
    server.log.entries[2] = format_entry(
        replace(parse_entry(server.log.entries[2]), signatures=(spoilt,))
    )
    server.entry = server.log.entries[2]
    with pytest.raises(ReceiptRefused, match="does not verify"):
        submitted_again(server, signed, whole_bundle(server.log))


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

    with server.client(dead) as ledger, pytest.raises(NoAnswer, match="NO_ANSWER: no conn"):
        ledger.submit(server.signed)


def test_an_answer_to_many_that_drops_the_last_line_is_refused(server: Server):
    checkpoint = json.dumps({"checkpoint": server.note.decode()}).encode()
    with (
        server.client(lambda _request: httpx2.Response(200, content=checkpoint)) as ledger,
        pytest.raises(ReceiptRefused),
    ):
        list(ledger.submit_many([server.signed]))


@pytest.mark.parametrize("language", [None, "vi"])
def test_a_language_is_asked_for_where_one_is_given(language: str | None) -> None:
    asked = list[str | None]()

    def answer(request: httpx2.Request) -> httpx2.Response:
        asked.append(request.headers.get("accept-language"))
        return httpx2.Response(200, json={})

    transport = httpx2.MockTransport(answer)
    with LedgerReader("http://server", transport=transport, language=language) as ledger:
        ledger.get("/v1/rights/right:a/title")
    assert [language] == asked
