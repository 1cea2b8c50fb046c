"""Bulk requests beside others that hold them up, over real sockets."""

import socket
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress

import httpx2
import pytest

from api.limits import uploads
from ledger.home.paths import Home
from ledger.node.node import Node
from tests.support.builders import INSTITUTE
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
