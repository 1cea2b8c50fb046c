"""nginx in front of a served ledger, by the file that is deployed: TLS, limits, what is hidden."""

import shutil
import socket
import ssl
import subprocess
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import httpx2
import pytest

from tests.deploy.conftest import DEPLOY
from tests.support.builders import FIRM, INSTITUTE
from tests.support.server import Server, free_port, served_ledger
from tests.support.streams import Reader
from tests.support.world import World

NAME = "ledger.example.vn"
JSON = {"Content-Type": "application/json"}


@dataclass(frozen=True)
class Front:
    """A running nginx: its ports, the certificate to trust, the ledger behind it."""

    https: int
    http: int
    certificate: Path
    server: Server

    def client(self) -> httpx2.Client:
        """Return a client that trusts the certificate, and calls the server by its name."""
        trusted = ssl.create_default_context(cafile=str(self.certificate))
        return httpx2.Client(
            verify=trusted,
            base_url=f"https://127.0.0.1:{self.https}",
            headers={"Host": NAME},
            timeout=30,
        )

    def connect(self) -> ssl.SSLSocket:
        """Return a bare TLS connection."""
        trusted = ssl.create_default_context(cafile=str(self.certificate))
        plain = socket.create_connection(("127.0.0.1", self.https), timeout=30)
        return trusted.wrap_socket(plain, server_hostname=NAME)


@pytest.fixture(scope="module")
def front(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Front]:
    directory = tmp_path_factory.mktemp("nginx")
    certificate, key = directory / "fullchain.pem", directory / "privkey.pem"
    command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"]
    command += ["-nodes", "-days", "1", "-subj", f"/CN={NAME}", "-keyout", str(key)]
    command += ["-out", str(certificate), "-addext", f"subjectAltName=DNS:{NAME},IP:127.0.0.1"]
    subprocess.run(command, check=True, capture_output=True)
    with served_ledger(trusted_proxies="127.0.0.1", hosts=NAME) as server:
        https, http = free_port(), free_port()
        site = (DEPLOY / "nginx/techledger.conf").read_text()
        for old, new in (
            ("listen 443 ", f"listen 127.0.0.1:{https} "),
            ("listen 80;", f"listen 127.0.0.1:{http};"),
            ("127.0.0.1:8017", server.url.removeprefix("http://")),
            ("/etc/techledger/tls/", f"{directory}/"),
        ):
            assert old in site
            site = site.replace(old, new)
        (directory / "site.conf").write_text(site)
        (directory / "nginx.conf").write_text(
            f"user root; pid {directory}/pid; error_log {directory}/error.log;\n"
            f"events {{}}\nhttp {{ access_log off; client_body_temp_path {directory}/body;\n"
            f"proxy_temp_path {directory}/proxy; include {directory}/site.conf; }}\n"
        )
        program = shutil.which("nginx") or "/usr/sbin/nginx"
        started = [program, "-p", str(directory), "-c", str(directory / "nginx.conf")]
        subprocess.run([*started, "-t"], check=True, capture_output=True)
        with subprocess.Popen([*started, "-g", "daemon off;"]) as nginx:
            try:
                await_port(https)
                yield Front(https, http, certificate, server)
            finally:
                nginx.terminate()


def await_port(port: int) -> None:
    for _ in range(200):
        with suppress(OSError):
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        time.sleep(0.05)
    raise AssertionError("nginx does not listen")


def test_an_event_goes_in_and_its_receipt_comes_out(front: Front) -> None:
    world = World.of(front.server.home)
    with front.client() as client:
        before = int(client.get("/checkpoint").text.splitlines()[1])
        answer = client.post(
            "/v1/events",
            content=world.registration(INSTITUTE).to_json(),
            headers=JSON,
        )
        assert 201 == answer.status_code, answer.text
        assert "max-age=31536000" == answer.headers["strict-transport-security"]
        assert f"{before + 1}" == client.get("/checkpoint").text.splitlines()[1]


def test_r11_a_stream_comes_through_as_it_comes_for_longer_than_proxies_wait(front: Front) -> None:
    """The first event at once; after 65 s, in which comments alone come, one more."""
    world = World.of(front.server.home)
    with (
        front.client() as client,
        client.stream(
            "GET", "/v1/stream?since=0", headers={"Accept-Encoding": "gzip"}, timeout=20
        ) as response,
    ):
        reader, began = Reader(front.server.url), time.monotonic()
        events = reader.events(response)
        next(events)
        assert [0] == reader.positions[:1]
        assert time.monotonic() - began < 10
        assert "content-encoding" not in response.headers
        while time.monotonic() - began < 65:
            next(events)
        assert reader.comments >= 4
        signed = world.registration(FIRM)
        answer = client.post("/v1/events", content=signed.to_json(), headers=JSON)
        told, sent = len(reader.told), time.monotonic()
        while len(reader.told) == told:
            next(events)
        assert (answer.json()["position"], True) == (
            reader.positions[-1],
            time.monotonic() - sent < 2,
        )


def test_plain_http_is_sent_to_tls(front: Front) -> None:
    answer = httpx2.get(f"http://127.0.0.1:{front.http}/checkpoint?x=1", headers={"Host": NAME})
    assert (308, f"https://{NAME}/checkpoint?x=1") == (
        answer.status_code,
        answer.headers["location"],
    )


@pytest.mark.parametrize("path", ["/metrics", "/health/ready"])
def test_what_is_the_operators_own_is_hidden(front: Front, path: str) -> None:
    with front.client() as client:
        assert 404 == client.get(path).status_code


@pytest.mark.parametrize(
    ("path", "size"), [("/v1/events", (256 << 10) + 1), ("/v1/rights/x", 2 << 10)]
)
def test_what_is_too_large_is_refused_before_the_ledger(front: Front, path: str, size: int) -> None:
    with front.client() as client:
        assert 413 == client.post(path, content=b"x" * size).status_code


def test_who_asks_too_often_is_told_so_and_others_are_not(front: Front) -> None:
    many = 900  # At once, on one connection: more than the burst and what a slow machine refills.
    with front.connect() as greedy:
        greedy.sendall(f"GET /health/live HTTP/1.1\r\nHost: {NAME}\r\n\r\n".encode() * many)
        answers = b""
        while answers.count(b"HTTP/1.1 ") < many and (more := greedy.recv(65536)):
            answers += more
    assert answers.count(b"HTTP/1.1 429 ") > many // 4
    assert answers.count(b"HTTP/1.1 200 ") > 100
    answer = httpx2.get(f"{front.server.url}/health/live", timeout=10)
    assert 200 == answer.status_code


def test_a_header_that_never_ends_is_cut(front: Front) -> None:
    with front.connect() as slow:
        slow.sendall(b"GET / HTTP/1.1\r\nHost: ledger.example.vn\r\nX: ")
        slow.settimeout(60)
        answer = slow.recv(1000)
    assert not answer or answer.startswith(b"HTTP/1.1 408 ")
