"""
How long after a kill, under load, the first receipt comes.

    python -m tests.benchmarks.restart [TIMES]

Serves a ledger and has eight clients post to it without a pause. Twenty times the server is killed
with SIGKILL and started again at once, then as often its PostgreSQL, which the server starts again.
Printed are seconds from the kill, median, 95th of 100 and longest: until the server says that it is
ready, and until a receipt comes for an event that was sent after the kill. Beside them what a start
takes where nobody posts. No figure passes or fails.
"""

import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from http import HTTPStatus

import httpx2

from bench.workload import Prepared
from tests.attacks.stage import stage
from tests.support.server import Server

TIMES = 20
CLIENTS = 8

EVENTS = 40_000
"""Events that are signed before: more than all clients post."""

REST_S = 1.0
"""How long, in seconds, load goes on between two kills."""

LONGEST_S = 60.0


class Load:
    """Clients that post one event after the other, whatever they are answered."""

    def __init__(self, url: str, events: Iterator[Prepared]) -> None:
        self._url, self._events = url, events
        self._lock = threading.Lock()
        self._goes_on = True
        self._began = 0.0
        self._first = 0.0

    @contextmanager
    def running(self) -> Iterator[None]:
        """Post to the end of the block."""
        threads = [threading.Thread(target=self._post) for _ in range(CLIENTS)]
        for each in threads:
            each.start()
        try:
            yield
        finally:
            self._goes_on = False
            for each in threads:
                each.join()

    def begin(self) -> None:
        """Look out for the first receipt of what is sent from now on."""
        with self._lock:
            self._began, self._first = time.monotonic(), 0.0

    def first_s(self) -> float:
        """Wait for it; return when it came, in seconds since `begin`."""
        deadline = time.monotonic() + LONGEST_S
        while not self._first:
            assert time.monotonic() < deadline, "no receipt came"
            time.sleep(0.005)
        return self._first - self._began

    def _post(self) -> None:
        with httpx2.Client(base_url=self._url, timeout=10) as http:
            while self._goes_on:
                with self._lock:
                    body = next(self._events).body
                sent, status = time.monotonic(), 0
                with suppress(httpx2.TransportError):
                    headers = {"Content-Type": "application/json"}
                    status = http.post("/v1/events", content=body, headers=headers).status_code
                if status != HTTPStatus.CREATED:
                    time.sleep(0.02)
                    continue
                with self._lock:
                    if sent >= self._began and not self._first:
                        self._first = time.monotonic()


def kill_server(server: Server) -> None:
    """Kill the server and start it again at once."""
    server.kill()
    server.launch()


def struck(server: Server, load: Load, strike: Callable[[Server], object]) -> tuple[float, float]:
    """Strike; return after how many seconds it was ready, and the first receipt came."""
    time.sleep(REST_S)
    load.begin()
    began = time.monotonic()
    strike(server)
    server.await_ready()
    return time.monotonic() - began, load.first_s()


def line(name: str, values: Sequence[float]) -> str:
    """Return the figures of one kind as a line."""
    ordered = sorted(values)
    median, late = ordered[len(ordered) // 2], ordered[len(ordered) * 95 // 100]
    return f"{name:44} {median:6.2f} {late:6.2f} {ordered[-1]:6.2f}"


def main() -> int:
    """Print the figures; return the exit code."""
    times = int(sys.argv[1]) if len(sys.argv) > 1 else TIMES
    with stage(fresh=EVENTS) as on:
        server, load = on.server, Load(on.server.url, iter(on.fresh))
        print(f"{'seconds from the kill':44} {'median':>6} {'p95':>6} {'most':>6}", flush=True)
        quiet = []
        for _ in range(times):
            began = time.monotonic()
            kill_server(server)
            server.await_ready()
            quiet.append(time.monotonic() - began)
        print(line("server, nobody posts: ready", quiet), flush=True)
        with load.running():
            of_server = [struck(server, load, kill_server) for _ in range(times)]
            print(line("server, under load: ready", [each[0] for each in of_server]))
            print(line("server, under load: first receipt", [each[1] for each in of_server]))
            of_base = [struck(server, load, Server.kill_postmaster) for _ in range(times)]
            print(line("PostgreSQL, under load: first receipt", [each[1] for each in of_base]))
    return 0


if __name__ == "__main__":
    sys.exit(main())
