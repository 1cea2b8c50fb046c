"""A rolling upgrade: two versions of the software on one database, the older one in both parts."""

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from http import HTTPStatus
from pathlib import Path

import httpx2

from ledger.follow.client import Signed
from ledger.home.paths import Home
from tests.support.builders import FIRM, INSTITUTE, OPERATOR, REGISTRAR, technology_registered
from tests.support.newer import MIGRATION, as_newer, make_newer
from tests.support.server import ROOT, Server, environment, free_port, ledger_home
from tests.support.world import World

PATIENCE_S = 60.0


@contextmanager
def serving(home: Home, *flags: str, root: Path = ROOT) -> Iterator[Server]:
    """Run a server of some version, ready or not; end it in order."""
    own = {"LEDGER_VERIFIER_PROCESSES": "1", "LEDGER_SEAL_ENTRIES": "1"}
    server = Server(home, free_port(), own, *flags, root=root)
    server.launch()
    try:
        yield server
        assert server.stop() == 0, server.words
    finally:
        if server.runs:
            server.kill()


def until(holds: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not holds():
        assert time.monotonic() < deadline, what
        time.sleep(0.1)


def readiness(server: Server) -> httpx2.Response:
    """Return what a server says of itself once it answers."""
    answers: list[httpx2.Response] = []

    def answered() -> bool:
        try:
            answers.append(httpx2.get(f"{server.url}/health/ready", timeout=10))
        except httpx2.TransportError:
            return False
        return True

    until(answered, server.words)
    return answers[-1]


def post(server: Server, signed, timeout: float = 60) -> httpx2.Response:
    return httpx2.post(f"{server.url}/v1/events", content=signed.to_json(), timeout=timeout)


def accepted(server: Server, signed: Signed) -> httpx2.Response:
    """Post until the answer is no 503, as every client does, and return it: the event is in."""
    answers: list[httpx2.Response] = []

    def answered() -> bool:
        answers.append(post(server, signed))
        return answers[-1].status_code != HTTPStatus.SERVICE_UNAVAILABLE

    until(answered, server.words)
    assert answers[-1].is_success, answers[-1].text
    return answers[-1]


def lag(server: Server) -> int:
    return max(readiness(server).json()["projection_lag"].values())


def run(*command: str, home: Home) -> None:
    subprocess.run(
        [sys.executable, "-m", "api.cli", *command],
        env=environment(home.path, {}),
        cwd=ROOT,
        check=True,
        stdout=subprocess.DEVNULL,
    )


def test_the_older_software_waits_and_the_newer_goes_on(tmp_path: Path) -> None:
    newer = make_newer(tmp_path / "newer")
    with ledger_home() as home:
        init = (
            "operate",
            "init",
            "--host",
            "ledger.example.vn",
            "--operator",
            OPERATOR,
            "--registrar-party",
            REGISTRAR,
            "--delay",
            "0",
        )
        run(*init, home=home)
        world = World.of(home)

        def later(number: int):
            body = technology_registered(technology=f"technology:t{number}")
            return as_newer(world.sign(body, INSTITUTE), world.key(INSTITUTE))

        second = later(2)

        def is_too_old(server: Server) -> None:
            until(lambda: MIGRATION in readiness(server).text, server.words)
            assert HTTPStatus.SERVICE_UNAVAILABLE == readiness(server).status_code
            for signed in (world.registration(FIRM), later(91)):
                answer = post(server, signed)
                assert (503, "SOFTWARE_OLDER") == (answer.status_code, answer.json()["code"])
                assert "Retry-After" in answer.headers

        with serving(home) as older:
            older.await_ready()
            accepted(older, world.registration(INSTITUTE))
            with serving(home, "--no-publisher", root=newer) as ahead:
                # It has migrated the database, and appends what the older one must not sign.
                until(lambda: MIGRATION in readiness(older).text, ahead.words)
                readiness(ahead)  # By now it listens, ready or not.
                with suppress(httpx2.TimeoutException):
                    post(ahead, second, timeout=5)
                is_too_old(older)
        with serving(home, root=newer) as ahead, serving(home, "--no-publisher") as older:
            ahead.await_ready()
            assert accepted(ahead, second).headers.get("Replayed") == "true", "it was committed"
            accepted(ahead, later(3))
            is_too_old(older)
            accepted(ahead, later(5))
            until(lambda: lag(ahead) == 0, ahead.words)
            assert HTTPStatus.OK == readiness(ahead).status_code
            with serving(home, "--no-publisher", root=newer) as replaced:
                until(lambda: readiness(replaced).is_success, replaced.words)
                accepted(replaced, later(6))
        assert not (home.checkpoints / "HALTED").exists()
