"""`techledger serve` as a command: where it binds, how it ends, what it says when it cannot run."""

import os
import re
import resource
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import httpx2
import pytest

from api.cli.serve import (
    OWN_DESCRIPTORS,
    NotLoopback,
    PortTaken,
    TooFewDescriptors,
    check_reach,
    connections_of,
    must_be_bound,
)
from ledger.home.settings import Settings
from tests.support.builders import INSTITUTE
from tests.support.server import ROOT, environment, ledger_home, served_ledger
from tests.support.world import World


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.8.8", "::1", "localhost"])
def test_it_binds_to_loopback(host):
    check_reach(Settings(host=host))


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.7", "ledger.example.vn", ""])
def test_it_refuses_to_bind_beyond_loopback(host):
    with pytest.raises(NotLoopback):
        check_reach(Settings(host=host))


def test_a_port_that_another_has_is_told_before_anything_starts():
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(PortTaken, match=rf"127\.0\.0\.1:{port} .*LEDGER_PORT"):
            must_be_bound("127.0.0.1", port)
    must_be_bound("127.0.0.1", 0)


def test_it_binds_anywhere_where_that_was_said_by_hand():
    check_reach(Settings(host="0.0.0.0", entries="open"))


def run_serve(home, **variables: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "api.cli", "serve"],
        env=environment(home.path, variables),
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_the_command_says_how_to_mean_it():
    with ledger_home() as home:
        run = run_serve(home, LEDGER_HOST="0.0.0.0")
        assert 1 == run.returncode
        assert "LEDGER_ENTRIES=open" in run.stderr
        assert "Traceback" not in run.stderr


def test_without_a_ledger_it_says_how_to_make_one():
    with ledger_home() as home:
        run = run_serve(home)
        assert 1 == run.returncode
        assert "techledger operate init" in run.stderr
        assert "Traceback" not in run.stderr


def test_a_wrong_setting_is_named():
    with ledger_home() as home:
        run = run_serve(home, LEDGER_PORT="many")
        assert 2 == run.returncode
        assert run.stderr.startswith("techledger: LEDGER_PORT='many': ")


def test_a_halted_ledger_is_not_served_and_its_database_is_stopped():
    with served_ledger() as server:
        assert 0 == server.stop()
        (server.home.checkpoints / "HALTED").write_text("a test halted it\n")
        run = run_serve(server.home)
        assert 70 == run.returncode
        assert "techledger: a test halted it" in run.stderr
        assert "Traceback" not in run.stderr
        assert 0 == server.postmaster


def test_it_ends_in_order_with_all_that_it_started():
    with served_ledger() as server:
        assert server.workers
        assert 0 == server.stop()
        assert {} == server.await_no_orphans()
        assert 0 == server.postmaster
        assert "Traceback" not in server.words


UNFINISHED = [
    b"",
    b"GET /checkpoint HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Slow: ",
    b"POST /v1/events HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 1000\r\n\r\n{",
    b"GET /v1/projections HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
]
"""What clients have said that never say the rest, or never go away."""


def test_it_ends_while_slow_clients_are_connected():
    with served_ledger() as server, ExitStack() as clients:
        port = int(server.url.rpartition(":")[2])
        for said in UNFINISHED:
            client = clients.enter_context(socket.create_connection(("127.0.0.1", port), 20))
            client.sendall(said)
        assert 0 == server.stop()
        assert {} == server.await_no_orphans()
        assert 0 == server.postmaster


def test_it_ends_though_its_database_answers_no_more():
    with served_ledger() as server:
        frozen = _family(server.postmaster)
        for pid in frozen:
            os.kill(pid, signal.SIGSTOP)
        try:
            server.stop()
        finally:
            for pid in frozen:
                os.kill(pid, signal.SIGCONT)
        assert {} == server.await_no_orphans()
        assert "Traceback" not in server.words


def _family(pid: int) -> list[int]:
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [pid, *map(int, children)]


def test_it_does_not_say_that_it_serves_where_it_cannot():
    with served_ledger() as server:
        port = server.url.rpartition(":")[2]
        run = run_serve(server.home, LEDGER_PORT=port)
        assert run.returncode
        assert "serves" not in run.stdout


def test_descriptors_are_left_for_the_workers(monkeypatch: pytest.MonkeyPatch):
    set_to = []
    monkeypatch.setattr(resource, "setrlimit", lambda _what, limits: set_to.append(limits))
    for limits, wanted, most in [
        ((4096, 4096), 1000, 1000),
        ((1024, 1024), 1000, 1024 - OWN_DESCRIPTORS),
        ((200, 200), 1000, 200 - OWN_DESCRIPTORS),
        ((200, 5000), 1000, 1000),
        ((200, resource.RLIM_INFINITY), 1000, 1000),
        ((resource.RLIM_INFINITY, resource.RLIM_INFINITY), 1000, 1000),
    ]:
        monkeypatch.setattr(resource, "getrlimit", lambda _what, limits=limits: limits)
        assert most == connections_of(wanted), limits
    monkeypatch.setattr(resource, "getrlimit", lambda _what: (OWN_DESCRIPTORS, OWN_DESCRIPTORS))
    with pytest.raises(TooFewDescriptors):
        connections_of(1000)
    assert (1000 + OWN_DESCRIPTORS, 5000) in set_to


def test_a_server_that_crashes_leaves_no_image_of_its_memory():
    with served_ledger() as server:
        limits = Path(f"/proc/{server.pid}/limits").read_text()
    assert re.search(r"Max core file size +0 +0 ", limits)


def test_a_request_that_the_end_of_the_server_cuts_short_is_answered_with_a_code():
    """The database stands still: the event may be stored, and its client is told so."""
    with served_ledger() as server:
        body = World.of(server.home).registration(INSTITUTE).to_json()
        headers = {"Content-Type": "application/json"}
        told: list[httpx2.Response] = []

        def post() -> None:
            url = f"{server.url}/v1/events"
            told.append(httpx2.post(url, content=body, headers=headers, timeout=30))

        client = threading.Thread(target=post)
        with standing_still(server.postmaster):
            client.start()
            time.sleep(0.5)
            server._process.send_signal(signal.SIGTERM)
            client.join()
        assert 0 == server._process.wait(30)
        (answer,) = told
        assert (503, "OUTCOME_UNKNOWN") == (answer.status_code, answer.json()["code"])
        assert answer.headers["Retry-After"]
        assert "Traceback" not in server.words


@contextmanager
def standing_still(postmaster: int) -> Iterator[None]:
    """Stop a PostgreSQL server and all its processes for the length of the block."""
    pids = [postmaster, *children_of(postmaster)]
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        for pid in pids:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGCONT)


def children_of(pid: int) -> list[int]:
    return [int(each) for each in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
