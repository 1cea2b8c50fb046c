"""The HTTP surface over a node in this process, served for real on a loopback port."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import httpx2
import uvicorn

from api.limits.guarded import Guard, Limits, guarded
from api.main import create_app
from ledger.node.node import Node
from tests.support.contract import Contract, Held

PROBLEM = {"Accept": "application/problem+json"}
"""Who asks so is a program: it is told no page, where one was asked for."""


@contextmanager
def serving(node: Node) -> Iterator[str]:
    """Serve a started node; yield its URL. Each answer is held to the published document."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        app = create_app(node)
        held = Held(app, Contract(app.openapi()))
        server = uvicorn.Server(guarded(held, Guard(Limits())))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
        thread.start()
        url = f"http://127.0.0.1:{listening.getsockname()[1]}"
        try:
            _await(url)
            yield url
        finally:
            server.should_exit = True
            thread.join()
        assert not held.told, "\n".join(dict.fromkeys(held.told))


def _await(url: str) -> None:
    transport = httpx2.HTTPTransport(retries=20)
    with httpx2.Client(transport=transport) as client:
        assert 200 == client.get(f"{url}/health/live").status_code
