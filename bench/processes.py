"""Runs servers as processes of their own, on free ports."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import httpx2

from bench.figure import BenchError
from ledger.home.settings import Settings

START_S = 60.0
"""How long a server may take to answer, in seconds."""

_NOT_HANDED_ON = ("LEDGER_DATABASE_URL", "LEDGER_DATABASE_OWNER_URL", "LEDGER_HOST")
"""Settings that would lead a server away from the scratch ledger."""


class NotStarted(BenchError):
    """A server did not come up; its own words are above."""


@dataclass(frozen=True, slots=True)
class Server:
    """A server that answers."""

    port: int
    pid: int


@contextmanager
def serving(settings: Settings, module: Sequence[str], ready: str) -> Iterator[Server]:
    """Run a server module over a ledger's home until the end of the block.

    `{port}` in its arguments is its port. It is up when it answers 200 at the path `ready`.
    """
    port = _free_port()
    env = {name: value for name, value in os.environ.items() if name not in _NOT_HANDED_ON}
    process = subprocess.Popen(  # noqa: S603  (our own modules)
        [sys.executable, "-m", *(part.format(port=port) for part in module)],
        stdout=subprocess.DEVNULL,
        env=env | {"LEDGER_HOME": str(settings.home), "LEDGER_PORT": str(port)},
        start_new_session=True,
    )
    try:
        _await_ready(process, f"http://127.0.0.1:{port}{ready}")
        yield Server(port, process.pid)
    finally:
        process.send_signal(signal.SIGINT)
        process.wait()


def _free_port() -> int:
    """Return a TCP port of the loopback that nobody listens on."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


def _await_ready(process: "subprocess.Popen[bytes]", url: str) -> None:
    deadline = time.monotonic() + START_S
    while process.poll() is None and time.monotonic() < deadline:
        try:
            if httpx2.get(url).status_code == 200:  # noqa: PLR2004  (OK)
                return
        except httpx2.TransportError:
            pass
        time.sleep(0.05)
    raise NotStarted(f"nothing answers at {url}")
