"""Who follows a served ledger is told each event once, in order, whatever happens on the way."""

import json
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from uuid import uuid4

import httpx2
import pytest

from ledger.follow.client import Signed
from tests.support.builders import FIRM, INSTITUTE, technology_registered
from tests.support.server import Server, free_port, served_ledger
from tests.support.streams import Reader
from tests.support.world import World

COMMENT_S = 0.2
REGISTERED = "party.registered/1"
JSON = {"Content-Type": "application/json"}


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with served_ledger(stream_comment_s=str(COMMENT_S), streams="4", streams_per_address="3") as it:
        until(lambda: httpx2.get(f"{it.url}/v1/events?at_least=1").is_success)
        yield it


@pytest.fixture(scope="module")
def world(server: Server) -> World:
    world = World.of(server.home)
    for signed in world.registrations((INSTITUTE, FIRM)):
        post(server, signed)
    return world


def post(server: Server, signed: Signed) -> int:
    """Record an event, however often the server dies meanwhile; return its position."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        with suppress(httpx2.TransportError):
            answer = httpx2.post(
                f"{server.url}/v1/events", content=signed.to_json(), headers=JSON, timeout=20
            )
            if answer.is_success:
                return int(answer.json()["position"])
            assert 503 == answer.status_code, answer.text
        time.sleep(0.05)
    raise AssertionError("never recorded")


def size_of(server: Server) -> int:
    return int(httpx2.get(f"{server.url}/checkpoint").text.splitlines()[1])


def others(server: Server, count: int) -> Iterator[Signed]:
    """Yield registrations of people that nobody knows yet."""
    world = World.of(server.home)
    for _ in range(count):
        yield world.registration(f"party:tok.{uuid4().hex}", name=None)


def test_a_stream_tells_what_the_list_tells(server: Server, world: World) -> None:
    size = min(100, size_of(server))
    reader = Reader(server.url, "?since=0")
    response = reader.read(until=size)
    rows = httpx2.get(f"{server.url}/v1/events?order=oldest&limit=100").json()["events"]
    assert [("message", row) for row in rows] == reader.told[:size]
    assert f"{world.origin}#{reader.told[-1][1]['position']}" == reader.last_id
    headers = response.headers
    assert "*" == headers["access-control-allow-origin"]
    assert ("text/event-stream; charset=utf-8", "no", "no-store") == tuple(
        headers[name] for name in ("content-type", "x-accel-buffering", "cache-control")
    )


def test_it_is_never_compressed(server: Server) -> None:
    response = Reader(server.url, "?since=0").read(until=1, **{"Accept-Encoding": "gzip, br, *"})
    assert "content-encoding" not in response.headers


def test_without_a_position_it_tells_what_comes(server: Server, world: World) -> None:
    """The first block has an id: who is cut before the first event misses none."""
    reader = Reader(server.url)
    with reader.connected() as response:
        events = reader.events(response)
        next(events)
        assert (f"{world.origin}#{size_of(server) - 1}", []) == (reader.last_id, reader.told)
    position = post(
        server, world.sign(technology_registered(technology="technology:cut"), INSTITUTE)
    )
    reader.read()
    assert [position] == reader.positions


def test_the_header_goes_before_the_query(server: Server, world: World) -> None:
    reader = Reader(server.url, "?since=0", last_id=f"{world.origin}#1")
    reader.read()
    assert 2 == reader.positions[0]
    reader = Reader(server.url, "?since=1")
    reader.read(**{"Last-Event-ID": ""})
    assert 1 == reader.positions[0]


def test_a_watch_list_is_an_address(server: Server, world: World) -> None:
    """Types and subjects: what is of one of the types and about one of the subjects."""
    query = f"?since=0&subject={INSTITUTE}&subject={FIRM}&topic={REGISTERED}&topic=offer.made/1"
    reader, only = (
        Reader(server.url, query),
        Reader(server.url, f"?subject={FIRM}&subject=technology:w"),
    )
    reader.read(until=2, comments=1)
    told = {name for _, row in reader.told for name in row["subjects"]}
    assert [REGISTERED] * 2 == [row["topic"] for _, row in reader.told]
    assert {INSTITUTE, FIRM} <= told
    with only.connected() as response:
        events = only.events(response)
        next(events)
        post(server, next(others(server, 1)))
        body = technology_registered(technology="technology:w")
        position = post(server, world.sign(body, INSTITUTE))
        while not only.told:
            next(events)
    assert [position] == only.positions


def test_a_comment_shows_that_it_is_open(server: Server) -> None:
    reader, began = Reader(server.url), time.monotonic()
    reader.read(until=0, comments=4)
    assert 3.5 * COMMENT_S < time.monotonic() - began < 20 * COMMENT_S
    assert [] == reader.told


@pytest.mark.parametrize(
    ("query", "last_id", "code"),
    [
        ("", "other.example/techledger/00000000#1", "OTHER_LOG"),
        ("?since=0", "OWN#100000", "BEYOND"),
        ("?since=100000", "", "BEYOND"),
    ],
)
def test_a_position_of_no_entry_here_is_told_to_start_again(
    server: Server, world: World, query: str, last_id: str, code: str
) -> None:
    """One event; the client forgets its id, so that it comes again without one."""
    reader = Reader(server.url, query, last_id=last_id.replace("OWN", world.origin))
    with reader.connected() as response:
        assert 200 == response.status_code
        assert 1 == len([*reader.events(response)])
    said = {"code": code, "origin": world.origin, "size": size_of(server)}
    assert ([("start-again", said)], "") == (reader.told, reader.last_id)


@pytest.mark.parametrize("last_id", ["7", "x", "a#-1", "a#01", "a#1.0", "a b#1", "#1"])
def test_an_id_of_no_form_is_refused(server: Server, last_id: str) -> None:
    with Reader(server.url, last_id=last_id).connected() as response:
        response.read()
        told = response.json()
    assert (422, "BAD_PARAMETER", "last-event-id", last_id) == (
        response.status_code,
        *(told[name] for name in ("code", "parameter", "value")),
    )


@pytest.mark.parametrize(
    "query", ["since=-1", "topic=offer.made", "topic=no.such/1", "subject=x", "limit=3",
              "&".join(["subject=right:us.1"] * 51)]
)  # fmt: skip
def test_a_watch_list_of_no_form_is_refused(server: Server, query: str) -> None:
    answer = httpx2.get(f"{server.url}/v1/stream?{query}")
    assert 422 == answer.status_code
    assert answer.json()["code"] in ("BAD_PARAMETER", "UNKNOWN_PARAMETER")


def test_its_head_ends_and_other_methods_are_told(server: Server) -> None:
    head = httpx2.head(f"{server.url}/v1/stream", timeout=5)
    with Reader(server.url).connected() as response:
        changing = {"date", "ratelimit", "x-request-id"}
        assert {**response.headers}.keys() - {"transfer-encoding"} == {**head.headers}.keys()
        told = [(name, value) for name, value in head.headers.items() if name not in changing]
        assert [(name, response.headers[name]) for name, _ in told] == told
    refused = httpx2.post(f"{server.url}/v1/stream")
    assert (405, "GET, HEAD, OPTIONS") == (refused.status_code, refused.headers["allow"])


def opened_from(server: Server, address: str, stack: ExitStack) -> httpx2.Response:
    """Open a stream from one of this machine's addresses, and leave it open."""
    transport = httpx2.HTTPTransport(local_address=address)
    client = stack.enter_context(httpx2.Client(transport=transport, timeout=10))
    return stack.enter_context(client.stream("GET", f"{server.url}/v1/stream"))


def test_r11_an_address_has_its_share_so_that_pages_load_beside(server: Server) -> None:
    """Who has as many streams as it may is told so at once, and hangs nowhere."""
    with ExitStack() as stack:
        opened = [opened_from(server, "127.0.0.7", stack) for _ in range(3)]
        assert [200] * 3 == [each.status_code for each in opened]
        refused = opened_from(server, "127.0.0.7", stack)
        refused.read()
        assert (429, "THROTTLED") == (refused.status_code, refused.json()["code"])
        assert "1" == refused.headers["retry-after"]
        assert 200 == opened_from(server, "127.0.0.8", stack).status_code
        full = opened_from(server, "127.0.0.9", stack)
        full.read()
        assert (503, "BUSY") == (full.status_code, full.json()["code"])
        assert "1" == full.headers["retry-after"]
        metrics = httpx2.get(f"{server.url}/metrics").text
        assert "ledger_streams 4.0" in metrics
        assert 200 == httpx2.get(f"{server.url}/").status_code, "pages load beside"
    deadline = time.monotonic() + 5
    while "ledger_streams 0.0" not in httpx2.get(f"{server.url}/metrics").text:
        assert time.monotonic() < deadline, "who goes leaves its place"
        time.sleep(0.6)


@pytest.mark.timeout(120)
def test_who_reads_nothing_is_cut_and_goes_on_where_it_was(server: Server) -> None:
    """It costs a connection for a while, and nobody else waits for it."""
    port = int(server.url.rpartition(":")[2])
    events = [*others(server, 400)]
    lines = b"".join(each.to_json() + b"\n" for each in events)
    with socket.socket() as slow:
        slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        slow.connect(("127.0.0.1", port))
        slow.sendall(b"GET /v1/stream?since=0 HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
        time.sleep(0.3)
        answer = httpx2.post(
            f"{server.url}/v1/events/batch",
            content=lines,
            headers={"Content-Type": "application/x-ndjson"},
            timeout=60,
        )
        assert 400 == answer.text.count('"admitted"')
        size = size_of(server)
        quick = Reader(server.url, "?since=0")
        quick.read(until=size)
        assert [*range(size)] == quick.positions
        slow.settimeout(60)
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            time.sleep(1)
            if "ledger_streams 0.0" in httpx2.get(f"{server.url}/metrics").text:
                break
        else:
            raise AssertionError("it is held for ever")


@pytest.mark.timeout(240)
def test_killed_in_mid_stream_it_loses_no_event_and_tells_none_twice() -> None:
    """Kill -9 five times while events come: one reader of all, one of a watch list, both resume."""
    with served_ledger(stream_comment_s="0.5") as server:
        many = [*others(server, 300)]
        sent = threading.Thread(target=lambda: [post(server, each) for each in many], daemon=True)
        every = Reader(server.url, "?since=0")
        some = Reader(server.url, f"?since=0&topic={REGISTERED}")
        done = threading.Event()
        readers = [
            threading.Thread(target=follow, args=(reader, done), daemon=True)
            for reader in (every, some)
        ]
        for each in (sent, *readers):
            each.start()
        for kill in range(1, 6):
            until(lambda least=kill * 50: len(every.positions) > least)
            server.kill()
            assert {} == server.await_no_orphans()
            server.start()
        sent.join()
        size = size_of(server)
        until(lambda: every.positions[-1] == some.positions[-1] == size - 1)
        done.set()
        began = time.monotonic()
        assert 0 == server.stop(), server.words
        assert time.monotonic() - began < 10, "open streams keep no server from ending"
        for each in readers:
            each.join()
    assert [*range(size)] == every.positions
    rows = [row for _, row in every.told if row["topic"] == REGISTERED]
    assert rows == [row for _, row in some.told]
    assert len(rows) >= 300


def follow(reader: Reader, done: threading.Event) -> None:
    """Follow as a browser does: connect again with the last id whenever the stream ends."""
    while not done.is_set():
        with suppress(httpx2.TransportError), reader.connected() as response:
            if response.status_code == 200:
                for _ in reader.events(response):
                    pass
        time.sleep(0.05)


def until(holds: Callable[[], bool], seconds: float = 60) -> None:
    """Wait until something holds."""
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, "it does not come"
        time.sleep(0.02)


def told_by_command(server: Server, *words: str) -> tuple[int, list[str]]:
    """Run the command; return its exit code and what it printed."""
    trust = str(server.home.trust)
    done = subprocess.run(
        [sys.executable, "-m", "api.cli", "follow", "--url", server.url, "--trust", trust, *words],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert not done.stdout or "the server's word" in done.stderr or "máy chủ" in done.stderr
    return done.returncode, (done.stdout if not done.returncode else done.stderr).splitlines()


def test_the_command_says_what_it_verified(server: Server, world: World) -> None:
    words = ("--since", "0", "--topic", REGISTERED, "--subject", FIRM, "--count", "1")
    code, (line,) = told_by_command(server, *words)
    assert (0, True) == (code, FIRM[-6:] in line)
    code, (other,) = told_by_command(server, *words, "--lang", "vi")
    assert (0, line.split()[0], True) == (code, other.split()[0], line != other)
    code, lines = told_by_command(server, "--since", "0", "--count", "3", "--json")
    told = [json.loads(each) for each in lines]
    assert (0, [0, 1, 2], [True] * 3) == (
        code,
        [each["position"] for each in told],
        [each["verified"] for each in told],
    )
    assert world.origin == told[0]["origin"]


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        (("--since", "100000"), 2, "BEYOND"),
        (("--topic", "offer.made"), 1, "BAD_PARAMETER"),
    ],
)
def test_the_command_tells_what_it_is_refused(
    server: Server, words: tuple[str, ...], code: int, says: str
) -> None:
    ended, lines = told_by_command(server, *words)
    assert (code, True) == (ended, says in lines[-1])


def test_of_several_processes_one_goes_on_where_another_was(server: Server, world: World) -> None:
    """A process that leaves signing and folding to another tells the same, by the same ids."""
    more = {"LEDGER_VERIFIER_PROCESSES": "1"}
    beside = Server(server.home, free_port(), more, "--no-publisher", "--no-projections")
    beside.start()
    try:
        first = Reader(server.url)
        with first.connected() as response:
            next(first.events(response))
        position = post(server, next(others(server, 1)))
        second = Reader(beside.url, last_id=first.last_id)
        second.read()
        assert [position] == second.positions
        later = post(server, next(others(server, 1)))
        first.last_id = second.last_id
        first.read()
        assert [later] == first.positions
        assert world.origin == first.last_id.partition("#")[0]
    finally:
        assert 0 == beside.stop()
