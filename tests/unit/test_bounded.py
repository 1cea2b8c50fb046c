"""An exchange ends by its deadline, whatever the other side sends, drips or holds back."""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import httpx2
import pytest

from api.cli.served import ServedLog
from ledger.follow import reader
from ledger.follow.client import LedgerClient, NoAnswer
from ledger.publish.publisher import SeenCheckpoint
from ledger.publish.rollback_check import _ask as ask_what_was_seen
from ledger.publish.rollback_check import ask_who_saw_more
from ledger.runtime import http as bounded
from ledger.runtime.http import BadUrl, fetch, open_client
from ledger.verify.trust import parse_trust
from tests.support.sample_log import sample_log

DEADLINE_S = 0.1
OVER_S = 5.0
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


def dripping(head: bytes, drop: bytes) -> Callable[[socket.socket], None]:
    def answer(peer: socket.socket) -> None:
        peer.recv(1 << 16)
        peer.sendall(head)
        while True:
            peer.sendall(drop)
            time.sleep(0.02)

    return answer


def hangs(peer: socket.socket) -> None:
    while peer.recv(1 << 16):
        pass


def reads_nothing(_peer: socket.socket) -> None:
    time.sleep(OVER_S)


def says_ok(peer: socket.socket) -> None:
    peer.recv(1 << 16)
    peer.sendall(OK)


HABITS: dict[str, Callable[[socket.socket], None]] = {
    "interim answers": dripping(b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
    "a head that drips": dripping(b"HTTP/1.1 200 OK\r\n", b"X-A: b\r\n"),
    "a body that drips": dripping(b"HTTP/1.1 200 OK\r\nContent-Length: 9999999\r\n\r\n", b" "),
    "silence": hangs,
    "no reading": reads_nothing,
}


@contextmanager
def serving(answer: Callable[[socket.socket], None]) -> Iterator[str]:
    peers = list[socket.socket]()
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve() -> None:
            with suppress(OSError):
                while True:
                    peer, _ = listening.accept()
                    peers.append(peer)
                    threading.Thread(target=kept_on, args=(answer, peer), daemon=True).start()

        threading.Thread(target=serve, daemon=True).start()
        try:
            yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        finally:
            listening.shutdown(socket.SHUT_RDWR)
            for peer in peers:
                peer.close()


def kept_on(answer: Callable[[socket.socket], None], peer: socket.socket) -> None:
    with suppress(OSError):
        answer(peer)


@pytest.fixture(params=[*HABITS])
def url(request: pytest.FixtureRequest) -> Iterator[str]:
    with serving(HABITS[request.param]) as where:
        began = time.monotonic()
        yield where
        assert time.monotonic() - began < OVER_S


def test_an_exchange_ends_by_its_deadline(url: str) -> None:
    with open_client(url) as http, pytest.raises(httpx2.TransportError, match="time"):
        fetch(http, "POST", "/", deadline_s=DEADLINE_S, content=bytes(1 << 24))


def test_the_sdk_says_in_time_that_there_is_no_answer(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reader, "RETRY_FOR_S", DEADLINE_S)
    trust = parse_trust(sample_log(2).trust_root())
    with (
        LedgerClient(url, trust, timeout_s=DEADLINE_S) as ledger,
        pytest.raises(NoAnswer) as told,
    ):
        ledger.get("/v1/parties/party:none")
    assert 2 == told.value.exit_code


@pytest.mark.parametrize("url", ["interim answers", "a head that drips"], indirect=True)
def test_mirrors_and_monitors_are_told_in_time(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ServedLog._get, "__defaults__", (DEADLINE_S,))
    with open_client(url) as http, pytest.raises(NoAnswer):
        ServedLog(http).checkpoint()


@pytest.mark.parametrize("url", ["interim answers", "a head that drips"], indirect=True)
def test_a_witness_that_drips_shows_nothing(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ledger.publish.rollback_check.TIMEOUT_S", DEADLINE_S)
    with open_client() as http:
        assert ask_what_was_seen(http, f"{url}/checkpoint") is None


def test_who_answers_in_time_is_heard_over_one_connection_after_another() -> None:
    def answers(peer: socket.socket) -> None:
        while peer.recv(1 << 16):
            peer.sendall(b"HTTP/1.1 100 Continue\r\n\r\n" + OK)

    with serving(answers) as url, open_client(url) as http:
        assert [b"ok"] * 3 == [fetch(http, "GET", "/", deadline_s=OVER_S).content for _ in range(3)]


def test_a_name_with_many_addresses_takes_no_longer(monkeypatch: pytest.MonkeyPatch) -> None:
    tried = list[float]()

    def connect_tcp(
        _network: object, host: str, _port: int, timeout: float, *_options: object
    ) -> None:
        tried.append(timeout)
        time.sleep(timeout)
        raise bounded.httpcore2.ConnectTimeout(host)

    many = [(0, 0, 0, "", (f"127.0.0.{n}", 9)) for n in range(2, 99)]
    monkeypatch.setattr(bounded.socket, "getaddrinfo", lambda *_given, **_options: many)
    monkeypatch.setattr("httpcore2.SyncBackend.connect_tcp", connect_tcp)
    with open_client("http://many.example") as http, pytest.raises(httpx2.TransportError):
        fetch(http, "GET", "/", deadline_s=DEADLINE_S)
    assert sum(tried) <= DEADLINE_S


def test_a_name_that_is_not_looked_up_in_time_has_no_address(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Nor does the resolver that hangs keep the command from ending."""
    let_go = threading.Event()

    def hang(*_given: object, **_options: object) -> list[object]:
        let_go.wait(OVER_S)
        return []

    monkeypatch.setattr(bounded.socket, "getaddrinfo", hang)
    began = time.monotonic()
    try:
        with (
            open_client("http://slow.example") as http,
            pytest.raises(httpx2.ConnectTimeout, match=r"slow\.example was not looked up in time"),
        ):
            fetch(http, "GET", "/", deadline_s=DEADLINE_S)
        assert time.monotonic() - began < OVER_S
        hung = [each for each in threading.enumerate() if "_look_up" in each.name]
        assert [True] == [each.daemon for each in hung]
    finally:
        let_go.set()


def test_a_name_that_no_thread_can_look_up_now_has_no_address(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def none_left(_thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(bounded.threading.Thread, "start", none_left)
    with (
        open_client("http://127.0.0.1:9") as http,
        pytest.raises(httpx2.ConnectError, match="new thread"),
    ):
        fetch(http, "GET", "/")


def test_a_name_that_is_none_is_told_as_that(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*_given: object, **_options: object) -> list[object]:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(bounded.socket, "getaddrinfo", unknown)
    with (
        open_client("http://none.example") as http,
        pytest.raises(httpx2.ConnectError, match="not known"),
    ):
        fetch(http, "GET", "/")


def test_an_address_that_is_silent_takes_no_time_of_those_behind_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    connect = bounded.httpcore2.SyncBackend.connect_tcp

    def connect_tcp(
        network: bounded.httpcore2.SyncBackend, host: str, port: int, timeout: float, *options: Any
    ) -> bounded.httpcore2.NetworkStream:
        if host == "127.0.0.1":
            return connect(network, host, port, timeout, *options)
        time.sleep(timeout)
        raise bounded.httpcore2.ConnectTimeout(host)

    monkeypatch.setattr(bounded, "_addresses", lambda *_given: ["192.0.2.1", "127.0.0.1"])
    monkeypatch.setattr("httpcore2.SyncBackend.connect_tcp", connect_tcp)
    with serving(says_ok) as url, open_client(url, timeout_s=DEADLINE_S) as http:
        assert b"ok" == fetch(http, "GET", "/", deadline_s=DEADLINE_S).content


NO_SERVERS = [
    *("http://[::1", "localhost:8080", "ftp://log", "", "https://"),
    *(f"http://127.0.0.1:{port}" for port in ("0", "65536", "84453", "99999", "+80", "8_0", "x")),
    *(f"http://{host}" for host in ("a b", "a%20b", "a..b", ".", "-a", "a" * 300, "a." * 150)),
    *(f"http://127.0.0.1{rest}" for rest in ("?x", "?", "/log?x=1", "#x", "/#")),
]


@pytest.mark.parametrize("url", NO_SERVERS)
def test_a_url_of_no_server_is_named_before_anything_is_asked(url: str) -> None:
    with pytest.raises(BadUrl, match=r"BAD_URL.*name a server") as told:
        LedgerClient(url, parse_trust(sample_log(2).trust_root()))
    assert repr(url) in str(told.value)
    assert 2 == told.value.exit_code


@pytest.mark.parametrize(
    "url",
    [
        *("http://localhost", "https://ledger.example/", "HTTPS://Ledger.Example.:65535/log/"),
        *("http://127.0.0.1:1", "http://[::1]:8080", "http://bücher.example", "http://my_log:80"),
    ],
)
def test_a_url_of_a_server_is_taken(url: str) -> None:
    with open_client(url) as http:
        assert http.base_url.host


def test_no_port_stands_for_another() -> None:
    with serving(says_ok) as url, open_client() as http:
        server, _, port = url.rpartition(":")
        with pytest.raises(bounded.httpx2.ConnectError, match="is no port"):
            fetch(http, "GET", f"{server}:{int(port) + (1 << 16)}/")


def test_a_witness_of_no_url_keeps_no_other_from_being_asked() -> None:
    with serving(says_ok) as url:
        assert [SeenCheckpoint(url, b"ok")] == list(ask_who_saw_more(["http://[::1", url]))


def test_no_client_of_ours_is_without_a_deadline() -> None:
    root = Path(__file__).parents[2]
    openers = {
        path.relative_to(root).as_posix()
        for part in ("ledger", "projections", "api")
        for path in (root / part).rglob("*.py")
        if "httpx2.Client(" in path.read_text()
    }
    # A stream never ends: it has broken off once nothing came for longer than a comment takes.
    assert {"ledger/runtime/http.py", "ledger/follow/stream.py"} == openers
    assert "timeout=SILENT_S" in (root / "ledger/follow/stream.py").read_text("utf-8")
