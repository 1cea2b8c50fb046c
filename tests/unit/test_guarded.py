"""Connections that are held to what they may cost: each guard against a client that does worse."""

import contextlib
import http.client
import json
import socket
import time

import pytest

from api.limits import guarded
from api.limits.answering import HEADERS
from tests.support.guarding import LARGE, all_of, connect, guarding, status


@pytest.fixture
def serving(monkeypatch):
    """Serve with limits; what is looked at now and then is looked at often."""
    monkeypatch.setattr(guarded, "TICK_S", 0.02)
    with contextlib.ExitStack() as running:
        yield lambda **limits: running.enter_context(guarding(**limits))


GET = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"


def test_an_honest_client_is_served_again_and_again(serving):
    _guard, port = serving()
    client = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    for number in range(5):
        client.request("POST", "/read", body=b"a" * number * 100_000)
        assert number * 100_000 == len(client.getresponse().read())
    client.close()


@pytest.mark.parametrize("said", [b"", b"GET / HTTP/1.1\r\nHost: a\r\nX: "])
def test_a_head_that_does_not_come_is_waited_for_only_so_long(serving, said):
    guard, port = serving(head_s=0.1)
    with connect(port) as sock:
        sock.sendall(said)
        assert 408 == status(all_of(sock))
    assert 1 == guard.refused["slow head"]


def test_a_head_that_drips_gains_nothing_by_it(serving):
    guard, port = serving(head_s=0.2)
    with connect(port) as sock, contextlib.suppress(ConnectionError):
        sock.sendall(b"GET / HTTP/1.1\r\nX: ")
        while not guard.refused["slow head"]:
            sock.sendall(b"a")
            time.sleep(0.01)
        assert 408 == status(all_of(sock))


def test_a_body_comes_at_a_rate_or_the_connection_is_cut(serving):
    guard, port = serving(late_s=0.2, rate=1000)
    with connect(port) as sock:
        sock.sendall(b"POST /read HTTP/1.1\r\nHost: a\r\nContent-Length: 5000\r\n\r\n" + b"a" * 100)
        assert 408 == status(all_of(sock))
    assert 1 == guard.refused["slow body"]


def test_a_reader_that_does_not_read_is_cut_and_frees_what_it_held(serving):
    guard, port = serving(late_s=0.2, rate=1000)
    with connect(port) as sock:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        sock.sendall(b"GET /large HTTP/1.1\r\nHost: a\r\n\r\n")
        _until(lambda: guard.refused["slow reader"])
        _until(lambda: not guard.connections)
        assert len(LARGE) > len(all_of(sock))
    assert 0 == guard.unsent


def test_a_reader_that_is_slow_and_goes_on_is_not_cut(serving):
    """What it reads comes from the kernel for long, while nothing of ours moves."""
    guard, port = serving(late_s=0.4, rate=10_000)
    with socket.socket() as sock:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 16)
        sock.connect(("127.0.0.1", port))
        sock.sendall(b"GET /large HTTP/1.1\r\nHost: a\r\n\r\n")
        for _ in range(40):
            assert sock.recv(20_000)
            time.sleep(0.1)
    assert 0 == guard.refused["slow reader"]


def test_a_reader_that_reads_gets_all_of_it(serving):
    _guard, port = serving(late_s=0.2, rate=1000)
    with connect(port) as sock:
        sock.sendall(b"GET /large HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
        assert all_of(sock).endswith(LARGE)


def test_answers_that_nobody_reads_have_a_bound_together(serving):
    guard, port = serving(unsent=10 << 20)
    with contextlib.ExitStack() as open_ones:
        for _ in range(4):
            sock = open_ones.enter_context(connect(port))
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            sock.sendall(b"GET /large HTTP/1.1\r\nHost: a\r\n\r\n")
        _until(lambda: guard.refused["unsent"] >= 2)
        _until(lambda: (10 << 20) >= guard.unsent)


@pytest.mark.parametrize(
    "head",
    [
        b"GET /" + b"a" * 20_000 + b" HTTP/1.1\r\n\r\n",
        b"GET / HTTP/1.1\r\nX: " + b"a" * 20_000 + b"\r\n\r\n",
        b"GET / HTTP/1.1\r\n" + b"X: a\r\n" * 4000 + b"\r\n",
        b"GET / HTTP/1.1\r\nX: " + b"a" * 20_000,
    ],
    ids=["url", "header", "headers", "endless"],
)
def test_a_head_has_so_many_bytes_at_most(serving, head):
    guard, port = serving()
    with connect(port) as sock:
        sock.sendall(head)
        assert 431 == status(all_of(sock))
    assert 1 == guard.refused["head"]


def test_what_is_no_http_is_refused(serving):
    _guard, port = serving()
    with connect(port) as sock:
        sock.sendall(b"\x16\x03\x01 hello\r\n\r\n")
        assert 400 == status(all_of(sock))


BEFORE_A_REQUEST = {
    400: (b"NONSENSE\r\n\r\n", {}),
    408: (b"", {"head_s": 0.1}),
    429: (b"", {"share": 0}),
    431: (b"GET / HTTP/1.1\r\nX: " + b"a" * 20_000, {}),
    503: (b"", {"connections": 0}),
}


def test_every_way_in_which_there_is_no_request_is_known():
    assert guarded._TOLD.keys() == BEFORE_A_REQUEST.keys()


@pytest.mark.parametrize("code", BEFORE_A_REQUEST)
def test_what_is_answered_before_there_is_a_request_has_the_headers_of_every_answer(serving, code):
    said, limits = BEFORE_A_REQUEST[code]
    _guard, port = serving(**limits)
    with connect(port) as sock:
        sock.sendall(said)
        answer = http.client.HTTPResponse(sock)
        answer.begin()
        body = json.loads(answer.read())
    assert (code, guarded._TOLD[code]) == (answer.status, (body["code"], body["detail"]))
    assert {*HEADERS} <= {(k.lower().encode(), v.encode()) for k, v in answer.getheaders()}


def test_few_requests_are_sent_ahead_of_their_answers(serving):
    guard, port = serving()
    with connect(port) as sock:
        sock.sendall(GET * 5)
        said = b""
        while said.count(b"HTTP/1.1 200") < 5:
            said += sock.recv(1 << 16)
        sock.sendall(GET * 50)
        *answers, last = all_of(sock).split(b"HTTP/1.1 200")[1:]
    assert guarded.PIPELINED == len(answers), "nine: one at once, eight that wait"
    assert b"connection: close" in last
    assert not any(b"connection: close" in each for each in answers)
    assert 1 == guard.refused["pipelined"]


def test_requests_that_were_taken_are_answered_however_long_that_takes(serving):
    """What came behind them is not waited for: it has no body that could be late."""
    guard, port = serving(late_s=0.5, head_s=0.5)
    with connect(port) as sock:
        sock.sendall(b"GET /long HTTP/1.1\r\nHost: a\r\n\r\n" + GET * 20)
        assert 1 + guarded.PIPELINED == all_of(sock).count(b"HTTP/1.1 200")
    assert {"pipelined": 1} == dict(guard.refused)


def test_requests_that_were_taken_go_for_no_new_connection(serving):
    """What came behind them is not waited for: it has no body that is still to come."""
    guard, port = serving(connections=1)
    with connect(port) as sock:
        sock.sendall(b"GET /long HTTP/1.1\r\nHost: a\r\n\r\n" + GET * 20)
        _until(lambda: guard.refused["pipelined"])
        time.sleep(0.3)
        with connect(port, "127.0.0.2") as other:
            assert 503 == status(all_of(other))
        assert 1 + guarded.PIPELINED == all_of(sock).count(b"HTTP/1.1 200")


def test_a_connection_that_goes_while_it_is_answered_is_no_fault_of_ours(serving, capfd):
    """With further requests behind the one that is being answered."""
    guard, port = serving(connections=2)
    with connect(port, "127.0.0.2") as first, connect(port, "127.0.0.2") as second:
        for each in (first, second):
            each.sendall(b"GET /long HTTP/1.1\r\nHost: a\r\n\r\n" + GET * 3)
        _until(lambda: guard.connections == 2)
        time.sleep(0.2)
        with connect(port) as other:
            ask(other)
        assert 1 == guard.refused["displaced"]
        time.sleep(2)  # Until the one that is gone would be answered.
    assert "Traceback" not in "".join(capfd.readouterr())


@pytest.mark.parametrize(
    ("behind", "why"),
    [
        (b"NONSENSE\r\n\r\n", {}),
        (b"GET / HTTP/1.1\r\nX: " + b"x" * 20_000, {"head": 1}),
        (b"GET / HTTP/1.1\r\nX: ", {"slow head": 1}),
    ],
    ids=["no request", "too large", "too slow"],
)
def test_what_is_wrong_behind_a_request_is_not_told_in_the_place_of_its_answer(
    serving, behind, why
):
    guard, port = serving(head_s=0.3)
    with connect(port) as sock:
        sock.sendall(b"GET /long HTTP/1.1\r\nHost: a\r\n\r\n")
        time.sleep(0.1)
        sock.sendall(behind)
        said = all_of(sock)
    assert (1, 200) == (said.count(b"HTTP/1.1 "), status(said))
    assert b"connection: close" in said
    assert why == dict(guard.refused)


def test_of_many_submissions_at_once_each_that_is_taken_is_answered(serving):
    guard, port = serving()
    post = b"POST /read HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\n%04d"
    with connect(port) as sock:
        sock.sendall(b"".join(post % number for number in range(40)))
        said = all_of(sock)
    taken = said.count(b"HTTP/1.1 200")
    assert 1 < taken < 40
    assert all(b"\r\n\r\n%04d" % number in said for number in range(taken))
    assert 1 == guard.refused["pipelined"]


CHUNKED = b"POST /read HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"


@pytest.mark.parametrize("endless", [b"5;" + b"x" * (4 << 20), b"0" * (4 << 20)])
def test_the_framing_of_a_body_has_a_bound(serving, endless):
    """Extensions and leading zeros are no body: no limit of a body counts them."""
    guard, port = serving()
    with connect(port) as sock:
        sock.sendall(CHUNKED)
        with contextlib.suppress(ConnectionError):
            for at in range(0, len(endless), 1 << 14):
                sock.sendall(endless[at : at + (1 << 14)])
                time.sleep(0.001)
        said = all_of(sock)
    assert said == b"" or (400, True) == (status(said), b"BAD_HTTP" in said)
    assert 1 == guard.refused["framing"]


def test_a_body_in_chunks_of_one_byte_is_read(serving):
    _guard, port = serving(head=1024)
    with connect(port) as sock:
        sock.sendall(CHUNKED)
        for _ in range(40):
            sock.sendall(b"1\r\nx\r\n" * 1000)
        sock.sendall(b"0\r\n\r\n")
        said = b""
        while not said.endswith(b"x" * 40_000):
            said += sock.recv(1 << 16)
    assert 200 == status(said)


def test_a_body_that_goes_on_after_its_answer_is_read_only_so_far(serving):
    guard, port = serving()
    with connect(port) as sock, contextlib.suppress(ConnectionError):
        sock.sendall(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100000000\r\n\r\n")
        for _ in range(100):
            sock.sendall(b"a" * (1 << 20))
    _until(lambda: not guard.connections)
    assert 1 == guard.refused["dropped"]


def test_an_address_has_its_share_of_connections(serving):
    guard, port = serving(share=2)
    with contextlib.ExitStack() as open_ones:
        for _ in range(2):
            open_ones.enter_context(connect(port, "127.0.0.2"))
        _until(lambda: guard.connections == 2)
        with connect(port, "127.0.0.2") as third:
            said = all_of(third)
        assert (429, True) == (status(said), b"retry-after: 1" in said)
        with connect(port) as honest:
            honest.sendall(b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
            assert 200 == status(all_of(honest))
    _until(lambda: not guard.connections)
    with connect(port, "127.0.0.2") as again:
        again.sendall(b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
        assert 200 == status(all_of(again))


@pytest.mark.parametrize(
    ("proxies", "forwarded", "client"),
    [
        ((), "192.0.2.9", "127.0.0.1"),
        (("10.0.0.0/8",), "192.0.2.9", "127.0.0.1"),
        (("127.0.0.0/8",), "192.0.2.9", "192.0.2.9"),
        (("127.0.0.1",), "198.51.100.1, 192.0.2.9", "192.0.2.9"),
        (("127.0.0.1", "192.0.2.9"), "198.51.100.1, 192.0.2.9", "198.51.100.1"),
    ],
)
def test_a_client_is_whom_trusted_proxies_say_and_nobody_else(serving, proxies, forwarded, client):
    _guard, port = serving(proxies=proxies)
    http_client = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    http_client.request("GET", "/who", headers={"X-Forwarded-For": forwarded})
    assert client == http_client.getresponse().read().decode()
    http_client.close()


def test_a_proxy_that_is_trusted_has_no_share_of_its_own(serving):
    guard, port = serving(share=1, proxies=("127.0.0.1",))
    with connect(port), connect(port), connect(port):
        _until(lambda: guard.connections == 3)


def test_all_connections_together_have_a_bound(serving):
    """Nobody goes who is being answered."""
    guard, port = serving(connections=1)
    with connect(port) as busy:
        busy.sendall(b"GET /long HTTP/1.1\r\nHost: a\r\n\r\n")
        _until(lambda: guard.connections == 1)
        time.sleep(0.2)
        with connect(port, "127.0.0.2") as other:
            said = all_of(other)
        _read_ok(busy)
        assert (503, True) == (status(said), b"retry-after: 1" in said)
        assert "TOO_MANY_CONNECTIONS" == json.loads(said.partition(b"\r\n\r\n")[2])["code"]


def test_who_holds_most_of_all_connections_gives_up_an_idle_one_to_whom_has_fewer(serving):
    guard, port = serving(connections=6, share=4)
    with contextlib.ExitStack() as held:
        idle = [held.enter_context(connect(port, "127.0.0.2")) for _ in range(3)]
        _until(lambda: guard.connections == 3)
        other = [held.enter_context(connect(port, "127.0.0.3")) for _ in range(2)]
        busy = held.enter_context(connect(port, "127.0.0.2"))
        _until(lambda: guard.connections == 6)
        time.sleep(0.3)  # Many looks at who is idle.
        ask(busy)
        with connect(port) as honest:
            ask(honest)
            assert 6 == guard.connections
            assert 1 == guard.refused["displaced"]
            ask(busy)
            with connect(port) as second:  # Of 127.0.0.2 three are left: one more than of us now.
                ask(second)
                assert 2 == sum(all_of_now(each) == b"" for each in idle)
        ask(busy)
        assert [None, None] == [all_of_now(each) for each in other]


def test_at_equal_shares_the_one_goes_that_was_waited_for_the_longest(serving):
    """Each of three addresses has one connection; two drip, one asks now and then."""
    guard, port = serving(connections=3)
    drip = b"POST /read HTTP/1.1\r\nHost: a\r\nContent-Length: 70000\r\n\r\n" + b"a" * 9000
    with connect(port, "127.0.0.2") as first, connect(port, "127.0.0.3") as regular:
        first.sendall(drip)
        ask(regular)
        time.sleep(1)
        with connect(port, "127.0.0.4") as second:
            second.sendall(drip)
            with connect(port, "127.0.0.5") as new:
                ask(new)
                assert 1 == guard.refused["displaced"]
                assert b"" == all_of_now(first)
                ask(regular)


def test_however_fast_others_come_a_new_one_is_answered(serving):
    """Twenty times as many addresses as there is room for connect; most begin to ask."""
    guard, port = serving(connections=40)
    hosts = [f"127.0.{1 + number // 200}.{1 + number % 200}" for number in range(800)]
    with contextlib.ExitStack() as held:
        for number, host in enumerate(hosts):
            other = held.enter_context(connect(port, host))
            if number % 3:
                other.sendall(b"GET / HTTP/1.1\r\nX: ")
            if not number % 50:
                with connect(port) as honest:
                    ask(honest)
    assert guard.refused["displaced"] > 700
    assert 0 == guard.refused["connections"]


def test_a_reader_that_hardly_reads_goes_for_a_new_connection(serving):
    guard, port = serving(connections=1)
    with socket.socket() as slow:
        slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        slow.bind(("127.0.0.2", 0))
        slow.connect(("127.0.0.1", port))
        slow.sendall(b"GET /large HTTP/1.1\r\nHost: a\r\n\r\n")
        time.sleep(1.5)
        with connect(port) as new:
            ask(new)
    assert 1 == guard.refused["displaced"]


@pytest.mark.parametrize(
    ("target", "host", "heard"),
    [
        (b"http://evil.example/host?a=b", b"a", b"evil.example"),
        (b"http://evil.example:8017/host", b"a", b"evil.example:8017"),
        (b"http://a@[::1]:1/host", b"evil.example", b"[::1]:1"),
        (b"/host", b"a", b"a"),
    ],
)
def test_the_host_of_an_absolute_target_is_the_host(serving, target, host, heard):
    _guard, port = serving()
    with connect(port) as sock:
        head = b"GET %b HTTP/1.1\r\nHost: %b\r\nConnection: close\r\n\r\n"
        sock.sendall(head % (target, host))
        assert all_of(sock).endswith(b"\r\n\r\n" + heard)


def ask(sock):
    """Ask, and have the answer."""
    sock.sendall(GET)
    _read_ok(sock)


def _read_ok(sock):
    said = b""
    while not said.endswith(b"ok"):
        came = sock.recv(1 << 16)
        assert came, said
        said += came
    assert 200 == status(said)


def all_of_now(sock):
    """Return b"" where the other side has cut the connection, None where it is there."""
    sock.settimeout(0.5)
    try:
        return sock.recv(1)
    except TimeoutError:
        return None
    except ConnectionError:
        return b""


@pytest.mark.parametrize(
    ("said", "code"),
    [
        (b"NONSENSE\r\n\r\n", "BAD_HTTP"),
        (b"GET / HTTP/1.1\r\nX: " + b"x" * 20_000, "HEAD_TOO_LARGE"),
    ],
)
def test_what_is_no_request_is_answered_with_a_code(serving, said, code):
    _guard, port = serving()
    with connect(port) as sock:
        sock.sendall(said)
        head, _, body = all_of(sock).partition(b"\r\n\r\n")
    problem = json.loads(body)
    assert (code, status(head)) == (problem["code"], problem["status"])
    assert b"application/problem+json" in head


def _until(so):
    deadline = time.monotonic() + 20
    while not so():
        assert time.monotonic() < deadline, "it never came to be so"
        time.sleep(0.01)
