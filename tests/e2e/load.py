"""
Clients that never stop: deal after deal, singly or in bulk, whatever happens to the server.

A client sends the same bytes again after a lost answer, or gives the event up and never learns
what became of it. Now and then it sends something twice, or something that must be refused.
"""

import json
import threading
import time
from collections.abc import Sequence
from http import HTTPStatus
from random import Random
from typing import Any

import httpx2

from ledger.follow.client import Signed
from ledger.log.receipt import TlogProof, format_tlog_proof
from ledger.wire import canonical
from ledger.wire.base64 import b64decode
from ledger.wire.envelope import Envelope
from tests.e2e.journal import Journal
from tests.support.builders import technology_registered
from tests.support.deals import Trade, deal
from tests.support.world import World

GIVES_UP = 0.25
"""How often a lost answer is never asked for again."""

MISBEHAVES = 0.3
"""How often a deal is followed by events that must be refused."""

DEALS_OF_A_BATCH = 3

PAUSE_S = (0.02, 0.15)
"""Between two tries of the same bytes: the shortest and the longest, in seconds."""


class Client(threading.Thread):
    """One client in a thread of its own. `acknowledged` counts receipts, while it runs too."""

    def __init__(self, number: int, *, url: str, world: World, journal: Journal, seed: str) -> None:
        super().__init__(name=f"client-{number}", daemon=True)
        self.acknowledged = 0
        self.failure: BaseException | None = None
        self._in_bulk = bool(number % 2)
        self._world = world
        self._trade = Trade.between(str(number))
        self._journal = journal
        self._random = Random(f"{seed}/{number}")
        self._http = httpx2.Client(base_url=url, timeout=30)
        self._ending = threading.Event()

    def end(self) -> None:
        """Have it finish the deal that it is at. `join` waits for that."""
        self._ending.set()

    def run(self) -> None:
        """Register the parties, then deal until the end."""
        try:
            for signed in self._trade.registrations(self._world):
                self._send_one(signed, patient=True)
            while not self._ending.is_set():
                self._deal()
        except BaseException as error:  # noqa: BLE001  (the one who joins this thread raises it)
            self.failure = error
        finally:
            self._http.close()
            self._journal.close()

    def _deal(self) -> None:
        if self._in_bulk:
            many = [
                signed for _ in range(DEALS_OF_A_BATCH) for signed in deal(self._world, self._trade)
            ]
            self._send_batch(many)
        else:
            many = deal(self._world, self._trade)
            for signed in many:
                self._send_one(signed)
        if self._random.random() < MISBEHAVES:
            self._send_one(self._random.choice(many))  # Again, as after an answer that was lost.
            for signed in self._refused(many[0]):
                self._send_one(signed)

    def _refused(self, technology: Signed) -> list[Signed]:
        """Return events that no ledger admits beside this registration of a technology."""
        header = canonical.load(technology.envelope.payload)
        body = technology_registered(**header["body"])
        other = technology_registered(**{**header["body"], "title": "Another"})
        forged = self._world.sign(other, self._trade.institute)
        broken = Envelope(
            forged.envelope.payload_type,
            forged.envelope.payload,
            technology.envelope.signatures,
        )
        return [
            self._world.sign(body, self._trade.institute),  # SUBJECT_EXISTS, or it comes to exist
            self._world.sign(other, self._trade.institute, event_id=header["event_id"]),
            Signed(broken),
        ]

    def _send_one(self, signed: Signed, *, patient: bool = False) -> None:
        content, patient = signed.to_json(), patient or self._is_patient()
        while True:
            self._journal.invoke([signed])
            response = self._post("/v1/events", content, "application/json")
            if isinstance(response, httpx2.Response) and response.status_code == HTTPStatus.CREATED:
                self._note_receipt(signed, response.json())
                return
            if isinstance(response, httpx2.Response) and response.is_client_error:
                self._journal.fail(signed, response.json()["code"])
                return
            self._journal.info([signed], _words(response))
            if not patient:
                return
            self._wait()

    def _send_batch(self, many: Sequence[Signed]) -> None:
        content = b"\n".join(signed.to_json() for signed in many)
        patient = self._is_patient()
        while True:
            self._journal.invoke(many)
            response = self._post("/v1/events/batch", content, "application/x-ndjson")
            if isinstance(response, httpx2.Response) and response.status_code == HTTPStatus.OK:
                if self._note_batch(many, response):
                    return
            else:
                self._journal.info(many, _words(response))
            if not patient:
                return
            self._wait()

    def _note_batch(self, many: Sequence[Signed], response: httpx2.Response) -> bool:
        """Note the answer of each line; say whether all of them are final."""
        checkpoint, final, answered = b"", True, iter(many)
        for line in response.content.splitlines():
            members = json.loads(line)
            if "checkpoint" in members:
                checkpoint = members["checkpoint"].encode()
                continue
            signed = next(answered)
            if "receipt" in members:
                self._note_receipt(signed, whole_receipt(members["receipt"], checkpoint))
            elif members["problem"]["status"] < HTTPStatus.INTERNAL_SERVER_ERROR:
                self._journal.fail(signed, members["problem"]["code"])
            else:
                self._journal.info([signed], members["problem"]["code"])
                final = False
        assert next(answered, None) is None, "a line of the request was not answered"
        return final

    def _note_receipt(self, signed: Signed, receipt: dict[str, Any]) -> None:
        self._journal.ok(signed, receipt)
        self.acknowledged += 1

    def _post(
        self, path: str, content: bytes, media_type: str
    ) -> httpx2.Response | httpx2.TransportError:
        try:
            return self._http.post(path, content=content, headers={"Content-Type": media_type})
        except httpx2.TransportError as error:
            return error

    def _is_patient(self) -> bool:
        return self._random.random() >= GIVES_UP

    def _wait(self) -> None:
        time.sleep(self._random.uniform(*PAUSE_S))


def whole_receipt(receipt: dict[str, Any], checkpoint: bytes) -> dict[str, Any]:
    """Return a receipt of a bulk answer in the form that a single one has."""
    hashes = tuple(b64decode(item) for item in receipt["inclusion"])
    proof = format_tlog_proof(TlogProof(receipt["position"], hashes, checkpoint))
    members = {name: value for name, value in receipt.items() if name != "inclusion"}
    return members | {"proof": proof.decode()}


def _words(answer: httpx2.Response | httpx2.TransportError) -> str:
    if isinstance(answer, httpx2.Response):
        return f"{answer.status_code} {answer.text[:200]}"
    return type(answer).__name__
