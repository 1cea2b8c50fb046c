"""Clients that cut their requests: whatever they leave behind, the workers go on (real sockets)."""

import socket
import struct
import time
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest

from ledger.events.compose import uuid7
from ledger.follow.client import LedgerClient, read_trust
from ledger.home.paths import Home
from ledger.node.node import Node
from tests.support.builders import FIRM, INSTITUTE, RIVAL, technology_registered
from tests.support.http import serving
from tests.support.node import append, found, running, settings_for
from tests.support.postgres import Database
from tests.support.promising import head_locked
from tests.support.world import World

JUNK = b"".join(b'{"envelope": %d}\n' % number for number in range(600))

MANY = 800
"""Events of several chunks, which are read ahead of those that are judged."""


@pytest.fixture
def home(database: Database, tmp_path: Path) -> Home:
    return found(settings_for(database, tmp_path / "home"))


@pytest.fixture
def node(database: Database, home: Home) -> Iterator[Node]:
    with running(settings_for(database, home.path)) as started:
        yield started


@pytest.fixture
def url(node: Node) -> Iterator[str]:
    with serving(node) as served:
        yield served


def cut_request(url: str, body: bytes, after_s: float, missing: int = 1) -> None:
    """Send a bulk request but for its end, and reset the connection some time later."""
    address = httpx2.URL(url)
    with socket.create_connection((address.host, address.port)) as client:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        length = len(body) + missing
        head = (
            f"POST /v1/events/batch HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: {length}\r\n\r\n"
        )
        client.sendall(head.encode() + body)
        time.sleep(after_s)  # The connection is reset where the block ends.


def size_of(node: Node) -> int:
    """Return how many entries are signed for."""
    latest = node.feed.latest
    assert latest is not None
    return latest.size


def still_receipts(url: str, home: Home, world: World, party: str) -> None:
    """Submit an honest event: it gets its receipt."""
    with LedgerClient(url, read_trust(home.trust)) as ledger:
        assert 0 < ledger.submit(world.registration(party)).position


def test_bulk_requests_of_junk_that_are_cut_end_no_worker(node: Node, url: str, home: Home):
    for step in range(12):
        cut_request(url, JUNK, step * 0.002)
    world = World.of(home)
    for party in (INSTITUTE, FIRM, RIVAL):
        still_receipts(url, home, world, party)
    assert node.sequencer.loop.alive
    assert node.publisher.loop.alive


def test_a_body_that_says_that_it_is_too_long_is_not_waited_for(url: str):
    address = httpx2.URL(url)
    with socket.create_connection((address.host, address.port), timeout=5) as client:
        client.sendall(
            b"POST /v1/events HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 99999999999\r\n\r\n{"
        )
        assert client.recv(1 << 16).startswith(b"HTTP/1.1 413 ")


@pytest.mark.parametrize("after_s", [0.1, 0.25])
def test_a_bulk_of_good_events_that_is_cut_does_not_halt_the_log(
    node: Node, url: str, home: Home, after_s: float
):
    world = World.of(home)
    append(node, world.registration(INSTITUTE))
    many = [
        world.sign(technology_registered(technology=f"technology:{uuid7()}"), INSTITUTE).to_json()
        for _ in range(1536)
    ]
    cut_request(url, b"\n".join(many), after_s)
    still_receipts(url, home, world, FIRM)
    assert node.halted is None
    assert not (home.checkpoints / "HALTED").exists()


def test_of_a_bulk_that_was_sent_whole_the_rest_is_not_judged_once_its_client_has_gone(
    node: Node, url: str, home: Home, database: Database
):
    world = World.of(home)
    append(node, world.registration(INSTITUTE))
    before = size_of(node)
    many = [
        world.sign(technology_registered(technology=f"technology:{uuid7()}"), INSTITUTE).to_json()
        for _ in range(MANY)
    ]
    with head_locked(database.superuser_dsn):
        cut_request(url, b"\n".join(many), 1, missing=0)
    still_receipts(url, home, world, FIRM)
    while node.sequencer.outstanding:
        time.sleep(0.1)
    assert size_of(node) < before + MANY // 2
