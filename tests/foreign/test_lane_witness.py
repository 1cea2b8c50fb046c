"""A witness that nobody here wrote, fed by our feeder over a running ledger."""

import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx2
import pytest

from ledger.home.keystore import load_log_keys
from ledger.log.policy import open_witnessed_checkpoint, parse_policy
from ledger.publish.publisher import LogSigner
from tests.support.builders import FIRM, INSTITUTE
from tests.support.node import append, found, running, settings_for
from tests.support.postgres import ORIGIN, Database
from tests.support.server import free_port
from tests.support.world import World

NAME = "witness.example.vn/foreign"


@contextmanager
def witness(command: str, directory: Path, log_vkey: str, port: int) -> Iterator[str]:
    """Run the witness; yield its vkey."""
    config = str(directory / "witness.json")

    def run(*words: str) -> str:
        done = subprocess.run([command, *words], capture_output=True, text=True, check=False)
        if done.returncode:
            pytest.fail(f"{words}: {done.stdout} {done.stderr}")
        return done.stdout

    said = run("init", "-c", config, "--name", NAME, "--listen", f"127.0.0.1:{port}")
    vkey = next(word for word in said.split() if word.startswith(f"{NAME}+"))
    run("add-log", "-c", config, "--origin", ORIGIN, "--vkey", log_vkey)
    with subprocess.Popen([command, "serve", "-c", config]) as process:
        try:
            for _ in range(100):
                try:
                    httpx2.get(f"http://127.0.0.1:{port}/", timeout=1)
                    break
                except httpx2.TransportError:
                    time.sleep(0.1)
            yield vkey
        finally:
            process.terminate()
            process.wait()


def test_a_foreign_witness_cosigns_what_our_feeder_posts(
    database: Database, tmp_path: Path, environment: Callable[..., Path]
) -> None:
    python = environment("aics", "aics-tlog==0.2.1", "aics-witness==0.1.0", newest=True)
    settings, port = settings_for(database, tmp_path / "home"), free_port()
    home = found(settings)
    signer = LogSigner(ORIGIN, *load_log_keys(home.keys))
    command = str(python.with_name("aics-witness"))
    with witness(command, tmp_path, signer.vkeys[0], port) as vkey:
        url = f"http://127.0.0.1:{port}"
        home.policy.write_text(f"witness foreign {vkey} {url}\nquorum foreign\n")
        policy = parse_policy(home.policy.read_bytes())
        with running(settings) as node:
            world, size = World.of(home), 1
            for parties in ((INSTITUTE,), (FIRM, "party:vn.third")):
                append(node, *world.registrations(parties))
                size += len(parties)
                for _ in range(200):
                    latest = node.witnessed.latest
                    if latest is not None and latest.size == size:
                        break
                    time.sleep(0.05)
                assert latest is not None
                opened = open_witnessed_checkpoint(latest.note, ORIGIN, signer.verifiers, policy)
                assert (size, {"foreign"}) == (opened.checkpoint.size, set(opened.times))
            assert node.feeder is not None
            assert [None] == [target.frozen for target in node.feeder.targets]
