"""A clock that is set a year ahead for a while: nothing is dated by it, everybody is told."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx2
import pytest

from api.cli.sealer import seal
from ledger.home.paths import Home
from ledger.node.node import Node
from ledger.runtime.clock import Clock, ClockAhead
from ledger.store.entries import read_entries, read_head
from tests.support.builders import FIRM, INSTITUTE, RIVAL
from tests.support.http import serving
from tests.support.node import found, running, settings_for
from tests.support.postgres import Database
from tests.support.world import World

AHEAD = timedelta(days=365)


class Wall:
    """Wall time, and how far it was set ahead."""

    def __init__(self) -> None:
        self.ahead = timedelta()

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self.ahead


@pytest.fixture
def home(database: Database, tmp_path: Path) -> Home:
    return found(settings_for(database, tmp_path / "home"))


@pytest.fixture
def wall(monkeypatch: pytest.MonkeyPatch) -> Wall:
    wall, begin = Wall(), Clock.__init__

    def init(self: Clock, anchor=None, **_named) -> None:
        begin(self, anchor, wall=wall)

    monkeypatch.setattr(Clock, "__init__", init)
    return wall


@pytest.fixture
def node(database: Database, home: Home, wall: Wall) -> Iterator[Node]:
    assert wall.ahead == timedelta()
    with running(settings_for(database, home.path)) as started:
        yield started


def test_nothing_is_dated_by_a_clock_that_was_set_ahead(node: Node, wall: Wall, home: Home):
    world = World.of(home)
    with serving(node) as url, httpx2.Client(base_url=url, timeout=30) as http:

        def post(party: str) -> httpx2.Response:
            return http.post("/v1/events", content=world.registration(party).to_json())

        assert 201 == post(INSTITUTE).status_code
        assert 200 == _ready(http, 200).status_code
        wall.ahead = AHEAD
        refused = post(FIRM)
        assert (503, "CLOCK_AHEAD") == (refused.status_code, refused.json()["code"])
        assert refused.headers["retry-after"]
        assert "ClockAhead" in " ".join(_ready(http, 503).json()["reasons"])
        with pytest.raises(ClockAhead):
            seal(node.pool, home, node.clock)
        wall.ahead = timedelta()
        assert 200 == _ready(http, 200).status_code
        assert 201 == post(RIVAL).status_code
        size = read_head(node.pool).size
        latest = max(each.accepted for each in read_entries(node.pool, 0, size, size))
        assert latest < datetime.now(UTC) + timedelta(minutes=1)


def _ready(http: httpx2.Client, status: int) -> httpx2.Response:
    deadline = time.monotonic() + 30
    while (ready := http.get("/health/ready")).status_code != status:
        assert time.monotonic() < deadline, ready.text
        time.sleep(0.05)
    return ready
