"""While the database is away: readiness is red at once, submissions wait, and nothing is lost."""

import os
import signal
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from http import HTTPStatus

import httpx2
import pytest

from api.watching.shared import KEPT_S
from ledger.events.intake import decode
from ledger.follow.client import LedgerClient, read_trust
from ledger.home.paths import Home
from ledger.home.settings import Settings
from ledger.node.genesis import initialise
from ledger.node.node import Node, open_node
from projections.run.catalogue import READ_MODELS
from projections.run.rebuild import rebuild
from tests.support.builders import FIRM, INSTITUTE, OPERATOR, REGISTRAR
from tests.support.http import serving
from tests.support.postgres import home_directory, run_sql
from tests.support.server import children
from tests.support.world import World

PROMPT_S = 5.0
"""Within so many seconds a probe must have its answer, whatever the state of the database."""


@pytest.fixture
def node() -> Iterator[Node]:
    """Run a node on an embedded database that nobody brings back."""
    with home_directory() as home:
        settings = Settings(home=home, database_url=None, verifier_processes=1)
        initialise(settings, "e2e.example.vn", OPERATOR, REGISTRAR, delay_s=0)
        node = open_node(settings)
        node.watchdog = None
        node.start()
        rebuild(node.pool, READ_MODELS, decode, key=node.key)
        yield node
        node.stop()
        node.database.stop()


@pytest.fixture
def url(node: Node) -> Iterator[str]:
    with serving(node) as served:
        yield served


def _no_longer_ready(http: httpx2.Client) -> httpx2.Response:
    """Return the first answer that says so, each one prompt.

    Backends outlive their killed postmaster by a moment, in which they still serve.
    """
    since = time.monotonic()
    while True:
        asked = time.monotonic()
        ready = http.get("/health/ready")
        assert PROMPT_S > time.monotonic() - asked
        if ready.status_code == HTTPStatus.SERVICE_UNAVAILABLE:
            return ready
        assert PROMPT_S > time.monotonic() - since, ready.json()


HUNG_S = 4.0
"""Within so many seconds a probe must have its answer while nothing is heard of the database."""


def test_a_database_that_hangs_is_named_in_time(node: Node, url: str):
    """Stopped, it neither answers nor is gone."""
    with httpx2.Client(base_url=url, timeout=HUNG_S) as http:
        assert 200 == http.get("/health/ready").status_code
        measured = http.get("/metrics").text
        assert 'ledger_measured{source="database"} 1.0' in measured
        assert 'ledger_age_seconds{what="seal"}' in measured
        assert 1 == measured.count("# TYPE ledger_age_seconds ")
        time.sleep(KEPT_S)
        hung = [node.database.embedded.pid, *children(node.database.embedded.pid)]
        for pid in hung:
            os.kill(pid, signal.SIGSTOP)
        try:
            ready = http.get("/health/ready")
            assert "database: it has not answered for 2 seconds" in ready.json()["reasons"]
            asked = time.monotonic()
            assert 503 == http.get("/health/ready").status_code
            assert 1 > time.monotonic() - asked, "the others do not wait as long again"
            measured = http.get("/metrics")
            assert 200 == measured.status_code
            names = {line.partition(" ")[0] for line in measured.text.splitlines()}
            assert 'ledger_measured{source="database"} 0.0' in measured.text
            assert 'ledger_measured{source="disk"} 1.0' in measured.text
            assert 'ledger_worker_failing{worker="sequencer"}' in names
            assert {"ledger_checkpoint_size", "ledger_disk_free_bytes"} <= names
            assert 'ledger_age_seconds{what="checkpoint"}' in names
            assert not {"ledger_tree_size", 'ledger_age_seconds{what="seal"}'} & names
            board = http.get("/en/van-hanh")
            assert 200 == board.status_code
            assert "Last seal, Vault" not in board.text
            assert "cannot be looked at: Last checkpoint" in board.text
            assert "no answer for 2 s" in board.text
            assert "its keys open" in board.text, "what lies in files is said all the same"
        finally:
            for pid in hung:
                os.kill(pid, signal.SIGCONT)
        deadline = time.monotonic() + 30
        while http.get("/health/ready").status_code != 200:
            assert time.monotonic() < deadline
            time.sleep(0.05)


def test_a_database_that_flushes_no_more_is_named(node: Node, url: str):
    """The setting is read again while the server runs."""
    dsn = node.database.embedded.superuser_dsn

    def is_told(*reasons: str) -> bool:
        answer = http.get("/health/ready").json()
        return list(reasons) == answer["reasons"]

    with httpx2.Client(base_url=url, timeout=20) as http:
        for setting, reasons in (("'off'", ["fsync is off, not on"]), ("DEFAULT", [])):
            run_sql(dsn, f"ALTER SYSTEM SET fsync = {setting}")
            run_sql(dsn, "SELECT pg_reload_conf()")
            deadline = time.monotonic() + 30
            while not is_told(*reasons):
                assert time.monotonic() < deadline
                time.sleep(0.05)


def test_a_database_that_went_away_is_waited_for(node: Node, url: str):
    home = Home(node.settings.home)
    world, trust = World.of(home), read_trust(home.trust)
    with LedgerClient(url, trust) as ledger, httpx2.Client(base_url=url, timeout=60) as http:
        first = ledger.submit(world.registration(INSTITUTE))
        assert 200 == http.get("/health/ready").status_code
        os.kill(node.database.embedded.pid, signal.SIGKILL)

        ready = _no_longer_ready(http)
        gone = {"database: Unavailable", "database: OutcomeUnknown"}  # By where it was cut.
        assert gone & set(ready.json()["reasons"])
        assert {"status": "live"} == http.get("/health/live").json()

        with ThreadPoolExecutor() as threads:
            waiting = threads.submit(ledger.submit, world.registration(FIRM))
            time.sleep(0.5)
            assert not waiting.done()
            node.database.embedded.start()
            assert first.position + 1 == waiting.result(60).position
        deadline = time.monotonic() + 30
        while http.get("/health/ready").status_code != 200:
            assert time.monotonic() < deadline
            time.sleep(0.05)
