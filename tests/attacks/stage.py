"""The ledger that is attacked, and what everybody on the stage has at hand before it begins."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2

from bench.workload import Actor, Cast, Prepared, deals, offers, registrations
from ledger.home.paths import Home
from ledger.home.settings import Settings
from tests.support.server import Server, served_ledger

DEALS = 220
"""Deals that stand in the log before anything is measured: about 1,500 entries."""

TRIES = 10
"""How often the history is sent to a machine that is slow."""


@dataclass(frozen=True)
class Stage:
    """A served ledger with a history, and events that nobody has sent yet."""

    server: Server
    cast: Cast
    history: list[Prepared]
    fresh: list[Prepared]


def cast_of(home: Home) -> Cast:
    """Return who trades on the ledger of a home."""
    identity = home.identity()
    return Cast(
        identity.origin,
        Actor(identity.operator, (home.keys / "operator.pem").read_bytes()),
        Actor(identity.registrar, (home.keys / "registrar.pem").read_bytes()),
        Actor.new("party:vn.institute"),
        Actor.new("party:vn.firm"),
    )


@contextmanager
def stage(fresh: int, history: int = DEALS, **variables: Any) -> Iterator[Stage]:
    """Serve a ledger with a history of so many deals; prepare so many offers."""
    # What clients may ask is as it is by default: no test's own latitude.
    own = {"address_rate": str(Settings.model_fields["address_rate"].default)}
    with served_ledger(**own, **variables) as server:
        cast = cast_of(server.home)
        written = [*registrations(cast), *deals(cast, history)]
        _send(server.url, written)
        yield Stage(server, cast, written, offers(cast, fresh))


def _send(url: str, prepared: list[Prepared]) -> None:
    with httpx2.Client(base_url=url, timeout=60) as http:
        for start in range(0, len(prepared), 200):
            lines = b"\n".join(each.body for each in prepared[start : start + 200])
            for _again in range(TRIES):
                refused = _refused(http, lines)
                if not refused:
                    break
                time.sleep(1)
            assert not refused, refused[:3]


def _refused(http: httpx2.Client, lines: bytes) -> list[str]:
    """Send events in bulk; return the lines of those that have no receipt now."""
    kind = {"Content-Type": "application/x-ndjson"}
    answer = http.post("/v1/events/batch", content=lines, headers=kind)
    if answer.status_code != 200:
        return [answer.text]
    return [line for line in answer.text.splitlines() if '"problem"' in line]


def memory_of(pid: int) -> int:
    """Return what a process holds in memory now, in bytes."""
    fields = Path(f"/proc/{pid}/statm").read_text().split()
    return int(fields[1]) * 4096
