"""
Kills a serving ledger under load, again and again, and checks that nothing it promised is gone.

    python -m tests.e2e.kill --rounds 200          the long run
    SEED=1234 python -m tests.e2e.kill             the same kills and clients once more

A third of the kills fall at a random instant, a third just after a commit, before what it appended
is signed, and a third just after the publisher swapped its file, before the checkpoint's row.
"""

import argparse
import os
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from random import Random, SystemRandom
from typing import Literal

import psycopg2

from ledger.store.connection import one_row
from ledger.store.embedded import EmbeddedPostgres
from tests.e2e.checker import Verdict, check
from tests.e2e.journal import Journal
from tests.e2e.load import Client
from tests.support.server import READY_S, Server, served_ledger
from tests.support.world import World

CLIENTS = 4

PROGRESS = 15
"""Receipts that must come after each kill, before the next one."""

PROGRESS_S = 30.0

LATEST_KILL_S = 0.8
"""A random instant lies within so many seconds of the load's progress."""

AIMED_S = 5.0
"""How long the step that a kill is aimed at is waited for, in seconds."""

Victim = Literal["server", "postmaster", "workers"]
Aim = Literal["instant", "commit", "swap"]
AIMS: tuple[Aim, ...] = ("instant", "commit", "swap")


A_DOZEN: Mapping[Victim, int] = {"server": 5, "postmaster": 6, "workers": 1}


@dataclass(frozen=True)
class Kill:
    """Which process is killed, and when: after so many seconds, or behind the next such step."""

    victim: Victim
    aim: Aim
    after_s: float


@dataclass(frozen=True)
class Result:
    """What a run showed."""

    verdict: Verdict
    wrong: list[str]
    seconds: float


def seed_of_the_day() -> str:
    """Return `SEED` of the environment, else a fresh one."""
    return os.environ.get("SEED") or str(SystemRandom().randrange(10**6))


def plan(seed: str, counts: Mapping[Victim, int] = A_DOZEN) -> list[Kill]:
    """Return that many kills of each victim, in an order and at instants that the seed says."""
    random = Random(seed)
    victims = [victim for victim, count in counts.items() for _ in range(count)]
    random.shuffle(victims)
    aims = random.sample(AIMS, len(AIMS))
    return [
        Kill(victim, aims[number % len(aims)], random.uniform(0, LATEST_KILL_S))
        for number, victim in enumerate(victims)
    ]


def run(seed: str, kills: Sequence[Kill]) -> Result:
    """Kill, recover, and at the end check everything."""
    began, wrong = time.monotonic(), []
    with (
        tempfile.TemporaryDirectory(prefix="techledger-kill-") as journals,
        served_ledger() as server,
    ):
        with _clients(server, Path(journals), seed) as clients:
            for kill in kills:
                _await_progress(clients)
                wrong += _suffer(server, kill)
            _await_progress(clients)
        verdict = check(server, Path(journals))
        if code := server.stop():
            wrong.append(f"told to end, the server answered {code}:\n{server.words}")
        if server.postmaster:
            wrong.append("the server ended and left its database running")
    return Result(verdict, wrong + verdict.wrong, time.monotonic() - began)


@contextmanager
def _clients(server: Server, journals: Path, seed: str) -> Iterator[list[Client]]:
    world = World.of(server.home)
    clients = [
        Client(
            number,
            url=server.url,
            world=world,
            journal=Journal(journals / f"client-{number}.jsonl"),
            seed=seed,
        )
        for number in range(CLIENTS)
    ]
    for client in clients:
        client.start()
    try:
        yield clients
    finally:
        for client in clients:
            client.end()
        for client in clients:
            client.join()
    for client in clients:
        if client.failure:
            raise client.failure


def _await_progress(clients: Sequence[Client]) -> None:
    """Wait until every client has got receipts again: the next kill is to hit a working ledger."""
    before = [client.acknowledged for client in clients]
    deadline = time.monotonic() + PROGRESS_S
    for client, count in zip(clients, before, strict=True):
        while client.acknowledged < count + PROGRESS:
            assert client.failure is None, client.failure
            assert time.monotonic() < deadline, f"{client.name} gets no receipts any more"
            time.sleep(0.01)


def _suffer(server: Server, kill: Kill) -> list[str]:
    """Kill, have the ledger recover, and return what is wrong with how it did."""
    _await_instant(server, kill)
    return _DEATHS[kill.victim](server)


def _await_instant(server: Server, kill: Kill) -> None:
    """Return when the kill is due. The steps that it may be aimed at are over in a millisecond."""
    time.sleep(kill.after_s)
    if kill.aim == "swap":
        stored = server.home.checkpoints / "last-signed"
        _await_change(lambda: stored.stat().st_mtime_ns)
    elif kill.aim == "commit":
        dsn = EmbeddedPostgres(server.home.path).start()
        with closing(psycopg2.connect(dsn)) as session, session.cursor() as cursor:
            session.autocommit = True
            _await_change(lambda: _head_size(cursor))


def _await_change(look: Callable[[], int]) -> None:
    before, deadline = look(), time.monotonic() + AIMED_S
    while look() == before and time.monotonic() < deadline:
        pass


def _head_size(cursor: psycopg2.extensions.cursor) -> int:
    cursor.execute("SELECT size FROM ledger.head")
    return int(one_row(cursor)[0])


def _server_dies(server: Server) -> list[str]:
    """Kill the server: its children follow, the database does not, and the next one adopts it."""
    database = server.postmaster
    server.kill()
    left = server.await_no_orphans()
    wrong = [f"process {pid} outlived the server: {command}" for pid, command in left.items()]
    server.start()
    if server.postmaster != database:
        wrong.append("the database did not outlive the server, or was not taken over")
    return wrong


def _postmaster_dies(server: Server) -> list[str]:
    """Kill the database: the same server brings it back by itself."""
    serving, killed = server.pid, server.kill_postmaster()
    deadline = time.monotonic() + READY_S
    while server.postmaster in (0, killed):
        if time.monotonic() > deadline or not server.runs:
            return [f"the database does not come back:\n{server.words}"]
        time.sleep(0.01)
    server.await_ready()
    return [] if (server.runs, server.pid) == (True, serving) else ["the server died with it"]


def _workers_die(server: Server) -> list[str]:
    """Kill every process that checks signatures or folds: the server replaces them."""
    workers = server.workers
    for pid in workers:
        os.kill(pid, signal.SIGKILL)
    deadline = time.monotonic() + READY_S
    while len(set(server.workers) - set(workers)) < len(workers):
        if time.monotonic() > deadline:
            return [f"of {len(workers)} processes not all were replaced:\n{server.words}"]
        time.sleep(0.02)
    server.await_ready()
    return []


_DEATHS: dict[Victim, Callable[[Server], list[str]]] = {
    "server": _server_dies,
    "postmaster": _postmaster_dies,
    "workers": _workers_die,
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run rounds of twelve kills until one goes wrong; return how many did."""
    parser = argparse.ArgumentParser(prog="python -m tests.e2e.kill", description=__doc__)
    parser.add_argument("--rounds", type=int, default=1, help="rounds, a fresh ledger each")
    for victim, count in A_DOZEN.items():
        parser.add_argument(f"--{victim}", type=int, default=count, help="kills of it a round")
    asked = parser.parse_args(arguments)
    first = seed_of_the_day()
    for number in range(asked.rounds):
        seed = first if asked.rounds == 1 else f"{first}.{number}"
        result = run(seed, plan(seed, {victim: vars(asked)[victim] for victim in A_DOZEN}))
        sys.stdout.write(f"SEED={seed} {result.verdict} seconds={result.seconds:.0f}\n")
        sys.stdout.flush()
        if result.wrong:
            sys.stderr.write("\n".join([*result.wrong, ""]))
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
