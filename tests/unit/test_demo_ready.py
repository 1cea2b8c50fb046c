"""What the demo says of a server that will never be ready: one line, what helps, and a code."""

import json
import re
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console

from api.cli.demo import DemoFailed, DemoHalted, DemoUnfit, await_ready, show_end
from ledger.wire.told import Told


@contextmanager
def saying(*reasons: str) -> Iterator[str]:
    """Answer as a server whose log has these reasons not to be ready, at a loopback address."""

    class Answers(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = json.dumps({"status": "not ready", "reasons": reasons}).encode()
            self.send_response(503)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with HTTPServer(("127.0.0.1", 0), Answers) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.mark.parametrize(
    ("reason", "error", "code"),
    [
        ("software older: law data sha256:ab is not at hand", DemoUnfit, 78),
        ("halted: a wrong root", DemoHalted, 70),
    ],
)
def test_what_no_waiting_ends_is_told_at_once_with_what_helps(
    reason: str, error: type[Told], code: int, tmp_path: Path
) -> None:
    running = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    begun = time.monotonic()
    try:
        with saying("verifiers: they are starting", reason) as url, pytest.raises(error) as told:
            await_ready(running, url, tmp_path)
    finally:
        running.kill()
        running.wait()
    assert 10 > time.monotonic() - begun
    assert code == told.value.exit_code
    said = str(told.value)
    assert reason in said
    assert str(tmp_path) in said
    assert said.endswith("play on a new one, LEDGER_HOME=DIR techledger demo")


def test_a_server_that_ends_is_told_with_what_it_last_waited_for(tmp_path: Path) -> None:
    ending = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(2)"])
    with saying("titles are 1001 behind") as url, pytest.raises(DemoFailed, match="1001 behind"):
        await_ready(ending, url, tmp_path)


def test_the_last_line_on_a_terminal_is_the_address_of_the_home_page():
    told = StringIO()
    show_end("http://127.0.0.1:8017", Console(file=told, force_terminal=True))
    assert "http://127.0.0.1:8017/" == re.sub(
        "\x1b\\[[0-9;]*m", "", told.getvalue().split("\n")[-2]
    )
    told = StringIO()
    show_end("http://127.0.0.1:8017", Console(file=told))
    assert "http" not in told.getvalue(), "a program that reads it has the address already"
