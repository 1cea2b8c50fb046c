"""A witness as its holder runs it: made, served, asked over HTTP, killed, and started again."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path

import httpx2
import pytest

from api.limits.answering import HEADERS
from ledger.log.checkpoint import open_cosigned_checkpoint
from ledger.log.note import format_vkey
from ledger.log.policy import parse_policy
from tests.support.log import ORIGIN, log_signers, verifiers
from tests.support.server import free_port
from tests.support.witnessing import NAME, asked, note

ROOT = Path(__file__).parents[2]
HASH = sha256(ORIGIN.encode()).hexdigest()


def run(*words: str) -> str:
    command = [sys.executable, "-m", "api.cli", "witness", *words]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert 0 == done.returncode, done.stderr
    return done.stdout


@contextmanager
def served(home: Path, port: int) -> Iterator["subprocess.Popen[bytes]"]:
    command = [sys.executable, "-m", "api.cli", "witness", "serve", str(home)]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL)
    try:
        with httpx2.Client(transport=httpx2.HTTPTransport(retries=20)) as client:
            for _ in range(100):
                try:
                    client.get(f"http://127.0.0.1:{port}/health/live")
                    break
                except httpx2.TransportError:
                    time.sleep(0.1)
        yield process
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGINT)
        process.wait()


@pytest.fixture
def home(tmp_path: Path) -> tuple[Path, int, str]:
    port = free_port()
    keys = [word for each in log_signers() for word in ("--log", format_vkey(each))]
    lines = run("init", str(tmp_path / "state"), "--name", NAME, *keys, "--port", str(port))
    return tmp_path / "state", port, lines


def test_a_witness_cosigns_and_what_it_cosigned_outlives_a_kill(home: tuple[Path, int, str]):
    path, port, lines = home
    assert 0o600 == (path / "keys" / "witness-ed25519.pem").stat().st_mode & 0o777
    group = "group state all state-ed25519 state-mldsa44\nquorum state\n"
    policy = parse_policy(f"{lines}{group}".encode())
    ours = [each.verifier for each in policy.witnesses]
    url = f"http://127.0.0.1:{port}"
    with served(path, port) as process, httpx2.Client(base_url=url) as client:
        missing = client.get(f"/{HASH}/checkpoint")
        answer = client.post("/add-checkpoint", content=asked(0, 8))
        assert (404, 200) == (missing.status_code, answer.status_code)
        for each in (missing, answer):
            assert {name.decode(): value.decode() for name, value in HEADERS}.items() <= dict(
                each.headers
            ).items()
        log = verifiers(log_signers())
        _, found = open_cosigned_checkpoint(note(8) + answer.content, ORIGIN, log, ours)
        assert 2 == len(found)
        assert 413 == client.post("/add-checkpoint", content=bytes(2_000_000)).status_code
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
    with served(path, port), httpx2.Client(base_url=url) as client:
        told = client.post("/add-checkpoint", content=asked(0, 9))
        assert (409, "8\n") == (told.status_code, told.text)
        assert "text/x.tlog.size" == told.headers["content-type"].partition(";")[0]
        assert 200 == client.post("/add-checkpoint", content=asked(8, 9)).status_code
        seen = client.get(f"/{HASH}/checkpoint")
        head = client.head(f"/{HASH}/checkpoint")
        assert (200, seen.headers["content-length"]) == (
            head.status_code,
            head.headers["content-length"],
        )
        assert 404 == client.get(f"/{HASH}/checkpoint/", follow_redirects=False).status_code
        checkpoint, _ = open_cosigned_checkpoint(seen.content, ORIGIN, log, ours)
        assert 9 == checkpoint.size


@pytest.mark.parametrize(
    ("head", "status", "code"),
    [
        (b"Expect: 200-ok\r\nContent-Length: 2", 417, b"EXPECTATION"),
        (b"Transfer-Encoding: gzip, chunked", 501, b"TRANSFER_CODING"),
    ],
)
def test_what_a_request_asks_of_http_is_refused_as_the_ledger_does(
    home: tuple[Path, int, str], head: bytes, status: int, code: bytes
):
    path, port, _ = home
    asked = b"POST /add-checkpoint HTTP/1.1\r\nHost: localhost\r\n%b\r\n\r\n" % head
    with served(path, port), socket.create_connection(("127.0.0.1", port), timeout=20) as sent:
        sent.sendall(asked)
        said = b"".join(iter(lambda: sent.recv(65536), b""))
    assert said.startswith(b"HTTP/1.1 %d " % status), said
    assert b'"code":"%b"' % code in said


def test_a_client_that_leaves_within_its_request_is_no_fault(
    home: tuple[Path, int, str], capfd: pytest.CaptureFixture[str]
):
    path, port, _ = home
    with served(path, port):  # Anyone who ends it waits for what it does.
        for way in ("/add-checkpoint", "/sign-subtree"):
            with socket.create_connection(("127.0.0.1", port), timeout=20) as sent:
                sent.sendall(b"POST %b HTTP/1.1\r\nHost: a\r\n" % way.encode())
                sent.sendall(b"Content-Length: 1000\r\nExpect: 100-continue\r\n\r\n")
                assert sent.recv(65536).startswith(b"HTTP/1.1 100 ")  # The body is waited for.
                sent.sendall(b"old 0")
    assert "" == capfd.readouterr().err


def test_a_witness_that_lost_its_book_does_not_start(home: tuple[Path, int, str]):
    path, _, _ = home
    (path / "book.sqlite").unlink()
    command = [sys.executable, "-m", "api.cli", "witness", "serve", str(path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (1, True) == (done.returncode, "retired" in done.stderr), done.stderr
