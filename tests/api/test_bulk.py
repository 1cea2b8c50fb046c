"""Bulk requests beside others that hold them up, over real sockets."""

import asyncio
import socket
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from itertools import count

import httpx2
import orjson
import pytest

from api.limits import uploads
from ledger.events.compose import uuid7
from ledger.home.paths import Home
from ledger.node import chunks
from ledger.node.node import Node
from ledger.node.submit import Submitter
from tests.support.builders import INSTITUTE, technology_registered
from tests.support.http import serving
from tests.support.world import World

HEAD = b"POST /v1/events/batch HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 60000000\r\n\r\n"


@contextmanager
def dripping(url: str, line: bytes) -> Iterator[list[socket.socket]]:
    """Hold sixteen bulk requests of four addresses open, each of which goes on a little."""
    address, stop = httpx2.URL(url), threading.Event()
    with ExitStack() as running:
        held = []
        for number in range(16):
            source = (f"127.0.0.{2 + number % 4}", 0)
            there = (address.host, address.port)
            held.append(
                running.enter_context(socket.create_connection(there, 20, source_address=source))
            )
            held[-1].sendall(HEAD)

        def drip() -> None:
            while not stop.wait(0.1):
                for each in held:
                    with suppress(OSError):
                        each.sendall(line)

        thread = threading.Thread(target=drip)
        thread.start()
        running.callback(thread.join)
        running.callback(stop.set)
        yield held


@pytest.mark.parametrize("line", [b"x" * 600, b"x" * 599 + b"\n"])
def test_who_sends_slowly_keeps_nobody_from_bulk(node: Node, home: Home, line: bytes):
    event = World.of(home).registration(INSTITUTE).to_json()
    with serving(node) as url, dripping(url, line), httpx2.Client(base_url=url) as http:
        for _ in range(3):
            answer = http.post("/v1/events/batch", content=event + b"\n", timeout=10)
            assert 200 == answer.status_code
            assert '"event_id":null' not in answer.text


def test_a_line_that_does_not_end_is_not_waited_for(node: Node, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(uploads, "LINE_S", 0.5)
    with serving(node) as url, dripping(url, b"x" * 600) as held:
        for each in held:
            assert each.recv(1 << 16).startswith(b"HTTP/1.1 408 ")


def test_a_line_may_be_signed_by_a_key_of_a_line_that_was_read_after_it(
    node: Node, home: Home, monkeypatch: pytest.MonkeyPatch
):
    look, looks = Submitter._must_not_be_older, count()

    async def look_long_first(self: Submitter) -> None:
        if next(looks) == 0:
            await asyncio.sleep(0.5)
        await look(self)

    monkeypatch.setattr(chunks, "CHUNK", 1)
    monkeypatch.setattr(Submitter, "_must_not_be_older", look_long_first)
    world, party = World.of(home), f"party:vn.{uuid7()}"
    registered = world.registration(party)
    body = technology_registered(
        technology=f"technology:{uuid7()}", owners=[{"party": party, "share": [1, 1]}]
    )
    lines = [each.to_json() + b"\n" for each in (registered, world.sign(body, party))]
    with serving(node) as url, httpx2.Client(base_url=url) as http:
        answers = http.post("/v1/events/batch", content=b"".join(lines), timeout=10).text
    found = [orjson.loads(line) for line in answers.splitlines()]
    assert [None, None] == [each.get("problem") for each in found if each.get("event_id")]
