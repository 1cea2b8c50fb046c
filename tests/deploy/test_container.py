"""The container: built from the file that is deployed, on a root made here, and run."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from http import HTTPStatus
from pathlib import Path

import httpx2
import pytest

from tests.deploy.conftest import DEPLOY
from tests.support.server import ROOT, free_port

ENVIRONMENT = {**os.environ, "BUILDAH_ISOLATION": "chroot", "STORAGE_DRIVER": "vfs"}


class Buildah:
    """Debian's buildah, over a store of its own."""

    def __init__(self, store: Path) -> None:
        self.command = ["buildah", "--root", str(store / "root"), "--runroot", str(store / "run")]

    def __call__(self, *words: str) -> str:
        """Run it; return what it printed."""
        done = subprocess.run(
            [*self.command, *words], env=ENVIRONMENT, capture_output=True, text=True, check=False
        )
        assert 0 == done.returncode, done.stderr[-2000:]
        return done.stdout


@pytest.fixture(scope="module")
def container(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Buildah]:
    """Return a buildah whose container `ledger` is made from the image."""
    store = tmp_path_factory.mktemp("store")
    buildah = Buildah(store)
    base = store / "base.tar"
    debian = ["mmdebstrap", "--quiet", "--variant=minbase", "--include=python3,python3-venv"]
    subprocess.run([*debian, "bookworm", str(base)], check=True)
    wheel = [sys.executable, "-m", "pip", "wheel", "--quiet", "--wheel-dir"]
    subprocess.run([*wheel, str(store / "context/dist"), f"{ROOT}[server]"], check=True)
    buildah("from", "--name", "debian", "scratch")
    buildah("add", "--quiet", "debian", str(base), "/")
    buildah("commit", "--quiet", "debian", "localhost/base")
    file = str(DEPLOY / "container/Containerfile")
    options = ["--quiet", "--build-arg", "BASE=localhost/base", "--file", file]
    buildah("build", *options, "--tag", "techledger", str(store / "context"))
    buildah("from", "--quiet", "--name", "ledger", "localhost/techledger")
    try:
        yield buildah
    finally:
        buildah("rm", "--all")
        buildah("rmi", "--all", "--force")


def test_it_makes_a_ledger_serves_it_and_ends_in_order(container: Buildah) -> None:
    assert "c.example.vn/techledger/" in container(
        "run", "ledger", "--", "techledger", "operate", "init", "--host", "c.example.vn"
    )
    port = free_port()
    variables = ["--env", "LEDGER_HOST=127.0.0.1", "--env", f"LEDGER_PORT={port}"]
    run = [*container.command, "run", *variables, "ledger", "--", "techledger", "serve"]
    with subprocess.Popen(run, env=ENVIRONMENT) as running:
        try:
            await_ready(port)
        finally:
            os.kill(server_on(port), signal.SIGTERM)
        assert 0 == running.wait(60)


def test_it_does_not_run_as_root(container: Buildah) -> None:
    assert "0" != container("run", "ledger", "--", "id", "-u").strip()


def test_it_binds_to_the_world_only_where_that_is_said(container: Buildah) -> None:
    run = [*container.command, "run", "ledger", "--", "techledger", "serve"]
    done = subprocess.run(run, env=ENVIRONMENT, capture_output=True, text=True, check=False)
    assert 1 == done.returncode
    assert "LEDGER_ENTRIES=open" in done.stderr


def await_ready(port: int) -> None:
    for _ in range(600):
        with suppress(httpx2.TransportError):
            answer = httpx2.get(f"http://127.0.0.1:{port}/health/ready", timeout=5)
            if answer.status_code == HTTPStatus.OK:
                return
        time.sleep(0.2)
    raise AssertionError("it is never ready")


def server_on(port: int) -> int:
    """Return the process id of the server within, by the port in its environment."""
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            program = (process / "cmdline").read_bytes().split(b"\0")
            variables = (process / "environ").read_bytes().split(b"\0")
            if program[0].endswith(b"/python3") and f"LEDGER_PORT={port}".encode() in variables:
                return int(process.name)
    raise AssertionError("no server has this port")
