"""The embedded database dies under a running ledger: it comes back, at the place where it was."""

import os
import signal
import time
from collections.abc import Iterator

import psycopg2
import pytest
from structlog.testing import capture_logs

from ledger.node.postgres_supervisor import Watchdog
from ledger.store.embedded import EmbeddedPostgres
from tests.support.postgres import closing_server, home_directory, run_sql

BACK_S = 60


@pytest.fixture(scope="module")
def home() -> Iterator:
    with home_directory() as directory:
        yield directory


@pytest.fixture
def server(home) -> Iterator[EmbeddedPostgres]:
    server = EmbeddedPostgres(home)
    server.start()
    with closing_server(server):
        yield server


@pytest.fixture
def watchdog(server: EmbeddedPostgres) -> Iterator[Watchdog]:
    watchdog = Watchdog(server)
    watchdog.start()
    yield watchdog
    watchdog.stop()


def kill_and_wait(server: EmbeddedPostgres) -> int:
    """Kill the server; return its process id once another one serves."""
    killed = server.pid
    os.kill(killed, signal.SIGKILL)
    deadline = time.monotonic() + BACK_S
    while not answers(server) or server.pid == killed:
        assert time.monotonic() < deadline, "it does not come back"
        time.sleep(0.01)
    return killed


def answers(server: EmbeddedPostgres) -> bool:
    """Say whether the server is past its recovery."""
    if not server.is_running():
        return False
    try:
        return [(1,)] == run_sql(server.app_dsn, "SELECT 1")
    except psycopg2.OperationalError:
        return False


@pytest.mark.usefixtures("watchdog")
def test_a_database_that_died_comes_back_where_it_was(server: EmbeddedPostgres):
    dsn = server.app_dsn
    kill_and_wait(server)
    assert dsn == server.app_dsn


def test_its_death_and_return_are_logged(server: EmbeddedPostgres):
    with capture_logs() as lines:
        watchdog = Watchdog(server)
        watchdog.start()
        kill_and_wait(server)
        watchdog.stop()
    assert [("database_died", None), ("database_is_back", server.pid)] == [
        (line["event"], line.get("pid")) for line in lines
    ]


@pytest.mark.usefixtures("watchdog")
def test_it_comes_back_each_time(server: EmbeddedPostgres):
    killed = {kill_and_wait(server) for _ in range(3)}
    assert 3 == len(killed - {server.pid})


@pytest.mark.usefixtures("watchdog")
def test_of_two_processes_that_watch_one_starts_it(server: EmbeddedPostgres, home):
    other = EmbeddedPostgres(home)
    other.start()
    watching = Watchdog(other)
    watching.start()
    try:
        killed = kill_and_wait(server)
        deadline = time.monotonic() + BACK_S
        while other.pid == killed:
            assert time.monotonic() < deadline, "the other one does not find it"
            time.sleep(0.01)
    finally:
        watching.stop()
    assert server.pid == other.pid
    assert server.app_dsn == other.app_dsn


def test_what_cannot_be_brought_back_is_said_and_tried_again(
    server: EmbeddedPostgres, monkeypatch: pytest.MonkeyPatch
):
    start, refused = server.start, []

    def fail_once() -> str:
        if refused:
            return start()
        refused.append(True)
        raise OSError("no room for a socket")

    monkeypatch.setattr(server, "start", fail_once)
    with capture_logs() as lines:
        watchdog = Watchdog(server)
        watchdog.start()
        kill_and_wait(server)
        watchdog.stop()
    assert [
        "database_died",
        "worker_failing",
        "database_died",
        "database_is_back",
        "worker_goes_on",
    ] == [line["event"] for line in lines]


def test_nobody_brings_back_a_database_that_is_watched_no_more(server: EmbeddedPostgres):
    watchdog = Watchdog(server)
    watchdog.start()
    watchdog.stop()
    os.kill(server.pid, signal.SIGKILL)
    time.sleep(1)
    assert not server.is_running()
