"""Two API processes of one ledger whose clocks are four seconds apart: no honest log is refused."""

import json
import os
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from threading import Barrier

import httpx2
import pytest

from api.cli.served import ServedLog
from ledger.follow.audit import export, exported_entries
from ledger.home.settings import Settings
from ledger.log.checkpoint import log_times
from ledger.log.dating import seen_path
from ledger.log.note import parse_note
from ledger.log.tree_head import parse_checkpoint
from ledger.node.genesis import initialise
from ledger.verify.outcome import Check, CheckState
from ledger.verify.trust import parse_trust
from ledger.verify.verifier import verify_export
from ledger.wire.entry import parse_entry
from tests.support.builders import INSTITUTE, OPERATOR, REGISTRAR, technology_registered
from tests.support.server import Server, free_port, ledger_home
from tests.support.world import World

ENTRIES = int(os.environ.get("CLOCK_ENTRIES") or 400)
"""How many events are submitted in all; the long lane takes 100,000."""

BULK = 20
RESTS = 4
"""How often all wait, until the head has been signed at rest."""
SHIFTED = Path(__file__).parents[1] / "support" / "shifted"
OFFSETS_S = {"--publisher": 2, "--no-publisher": -2}

_numbers = count()


@contextmanager
def two_servers() -> Iterator[dict[str, Server]]:
    """Serve a fresh ledger from two processes: the publisher's clock is ahead, the other's behind.

    The head rests whenever nothing new came for a tenth of a second.
    """
    with ledger_home() as home:
        settings = Settings(home=home.path, database_url=None)
        initialise(settings, "e2e.example.vn", OPERATOR, REGISTRAR, delay_s=0)
        servers = {
            flag: Server(
                home,
                free_port(),
                {
                    "LEDGER_VERIFIER_PROCESSES": "1",
                    "LEDGER_ADDRESS_RATE": "1000000",
                    "LEDGER_KEY_RATE": "1000000",
                    "LEDGER_SEAL_ENTRIES": "0",
                    "CLOCK_REST_S": "0.1",
                    "CLOCK_OFFSET_S": str(offset),
                    "PYTHONPATH": str(SHIFTED),
                },
                flag,
            )
            for flag, offset in OFFSETS_S.items()
        }
        try:
            for server in servers.values():
                server.start()
            yield servers
        finally:
            for server in servers.values():
                if server.runs:
                    server.kill()


class Client(threading.Thread):
    """Submits events to one server, many at once and one between; counts the answers."""

    def __init__(self, server: Server, world: World, events: int, all_rest: Barrier) -> None:
        super().__init__(daemon=True)
        self.answers, self._events, self._all_rest = Counter[str](), events, all_rest
        self._url, self._world = server.url, world

    def run(self) -> None:
        """Submit all."""
        with httpx2.Client(base_url=self._url, timeout=60) as http:
            for done in range(0, self._events, BULK):
                if done % (self._events // RESTS) < BULK:
                    self._all_rest.wait()
                    time.sleep(1.5)
                many = [self._event() for _ in range(BULK)]
                self.answers[http.post("/v1/events", content=many.pop()).reason_phrase] += 1
                answer = http.post("/v1/events/batch", content=b"\n".join(many))
                for line in map(json.loads, answer.content.splitlines()):
                    if "receipt" in line or "problem" in line:
                        self.answers["Created" if "receipt" in line else str(line)] += 1

    def _event(self) -> bytes:
        body = technology_registered(technology=f"technology:clock-{next(_numbers)}")
        return self._world.sign(body, INSTITUTE).to_json()


@pytest.mark.timeout(3000)
def test_no_honest_log_is_refused_by_what_its_checkpoints_say_of_time(tmp_path: Path) -> None:
    with two_servers() as servers:
        ahead, behind = servers.values()
        world = World.of(ahead.home)
        registered = world.registration(INSTITUTE).to_json()
        assert 201 == httpx2.post(f"{behind.url}/v1/events", content=registered).status_code
        together = Barrier(len(servers))
        clients = [Client(each, world, ENTRIES // 2, together) for each in servers.values()]
        for client in clients:
            client.start()
        seen, answers = dict[bytes, int](), Counter[str]()
        with httpx2.Client(base_url=ahead.url, timeout=60) as http:
            while any(client.is_alive() for client in clients):
                for server in servers.values():
                    note = httpx2.get(f"{server.url}/checkpoint").content
                    seen[note] = parse_checkpoint(parse_note(note).text).size
                clients[0].join(0.05)
            for client in clients:
                answers += client.answers
            assert {"Created": ENTRIES} == dict(answers)
            directory = tmp_path / "log"
            export(ServedLog(http), directory)
        last = max(seen.values())
        for note, size in seen.items():
            path = directory / seen_path(size, note)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(note)
        answer = verify_export(directory, ahead.home.trust.read_bytes())
        assert ENTRIES + 2 == answer.checkpoint.size
        assert CheckState.PASSED == answer.steps[Check.CONSISTENCY.number - 1]
        assert last <= answer.checkpoint.size
        _check_that_it_was_tried(seen, directory, ahead)


def _check_that_it_was_tried(seen: dict[bytes, int], directory: Path, server: Server) -> None:
    """Sizes were signed again amid the load, and entries accepted in that very second."""
    accepted = [parse_entry(entry).accepted for entry in exported_entries(directory)]
    keys = parse_trust(server.home.trust.read_bytes()).verifiers
    times = [(size, max(log_times(note, keys))) for note, size in seen.items()]
    assert len({size for size, _ in times}) < len(times), "no size was seen under two times"
    assert len(set(accepted)) < len(accepted)
