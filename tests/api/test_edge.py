"""What every request passes before any route, over real sockets."""

import json
import re
import socket
from collections.abc import Iterable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager, suppress
from dataclasses import replace

import httpx2
import pytest

from api.explorer.operations import groups_of
from api.limits.edge import hosts_of
from api.limits.networks import group_of, wider_networks
from api.limits.quotas import WATCH_LEAST, WINDOW_S, Quota
from ledger.follow.client import Signed
from ledger.home.paths import Home
from ledger.node.node import Node
from ledger.runtime.turns import Throttled
from ledger.wire.envelope import sign_envelope
from tests.support.builders import INSTITUTE, OPERATOR, technology_registered
from tests.support.http import PROBLEM, serving
from tests.support.openapi import described
from tests.support.streams import ENDLESS
from tests.support.world import World

HOSTS = ["127.0.0.1", "127.0.0.1:8017", "localhost", "LOCALHOST:1", "[::1]:8017"]
STRANGE_HOSTS = ["evil.example", "127.0.0.1.evil.example", "", "localhost.", "[::2]", "[::1"]


@pytest.mark.parametrize("host", HOSTS)
def test_a_server_on_loopback_is_asked_by_its_own_names(http: httpx2.Client, host: str):
    assert 200 == http.get("/health/live", headers={"Host": host}).status_code


@pytest.mark.parametrize("host", STRANGE_HOSTS)
@pytest.mark.parametrize("path", ["/health/live", "/checkpoint", "/nowhere"])
def test_by_another_name_it_says_nothing(http: httpx2.Client, host: str, path: str):
    answer = http.get(path, headers={"Host": host})
    assert (421, "HOST") == (answer.status_code, answer.json()["code"])


def test_a_target_that_names_another_host_is_for_that_host(url: str):
    port = int(url.rpartition(":")[2])
    with socket.create_connection(("127.0.0.1", port)) as sock:
        sock.sendall(
            b"GET http://evil.example/checkpoint HTTP/1.1\r\nHost: 127.0.0.1\r\n"
            b"Connection: close\r\n\r\n"
        )
        assert sock.recv(1 << 16).startswith(b"HTTP/1.1 421 ")


def test_names_are_those_of_loopback_and_of_the_settings():
    loopback = {"localhost", "127.0.0.1", "::1"}
    assert loopback | {"a.vn"} == set(hosts_of("127.0.0.1", ["A.vn"]) or ())
    assert loopback | {"127.8.8.8"} == set(hosts_of("127.8.8.8", []) or ())
    assert None is hosts_of("0.0.0.0", [])
    assert ["a.vn"] == hosts_of("0.0.0.0", ["a.vn"])


@pytest.mark.parametrize(
    "kind",
    ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "a"],
)
@pytest.mark.parametrize("path", ["/v1/events", "/v1/events/check", "/v1/events/batch"])
def test_what_a_form_sends_is_not_read(http: httpx2.Client, kind: str, path: str):
    answer = http.post(path, content=b"{}", headers={"Content-Type": kind})
    assert (415, "MEDIA_TYPE") == (answer.status_code, answer.json()["code"])


@pytest.mark.parametrize(
    ("path", "own", "other"),
    [
        ("/v1/events", "application/json", "application/x-ndjson"),
        ("/v1/events/check", "application/json", "application/x-ndjson"),
        ("/v1/events/batch", "application/x-ndjson", "application/json"),
    ],
)
def test_each_route_takes_its_own_media_type_and_names_no_other(
    http: httpx2.Client, path: str, own: str, other: str
):
    refused = http.post(path, content=b"{}", headers={"Content-Type": other})
    assert (415, "MEDIA_TYPE") == (refused.status_code, refused.json()["code"])
    assert f"Content-Type is '{other}': here it is {own}, or none" == refused.json()["detail"]
    for kind in ({}, {"Content-Type": own}, {"Content-Type": f"{own.upper()}; charset=utf-8"}):
        assert 415 != http.post(path, content=b"{}", headers=kind).status_code, kind


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://127.0.0.1:1"])
def test_a_page_of_another_site_sends_nothing(http: httpx2.Client, origin: str):
    headers = {"Origin": origin, "Content-Type": "application/json"}
    answer = http.post("/v1/events", content=b"{}", headers=headers)
    assert (403, "ORIGIN") == (answer.status_code, answer.json()["code"])


def test_a_page_of_ours_is_heard(http: httpx2.Client, url: str):
    headers = {"Origin": url, "Content-Type": "application/json; charset=utf-8"}
    answer = http.post("/v1/events", content=b"{}", headers=headers)
    assert (422, "MALFORMED") == (answer.status_code, answer.json()["code"])


def test_every_answer_bears_the_headers_of_its_safety(http: httpx2.Client):
    for path in ("/checkpoint", "/", "/nowhere", "/v1/projections"):
        headers = http.get(path).headers
        assert "nosniff" == headers["x-content-type-options"], path
        assert "same-origin" == headers["referrer-policy"], path
    assert "default-src 'none'" in http.get("/").headers["content-security-policy"]


def asked_of(url: str, said: bytes) -> bytes:
    """Return all that is answered to what is said, until the server closes."""
    with socket.create_connection(("127.0.0.1", int(url.rpartition(":")[2])), 20) as sock:
        sock.sendall(said)
        return b"".join(iter(lambda: sock.recv(1 << 16), b""))


def test_whatever_can_be_got_is_asked_for_its_head(http: httpx2.Client, url: str):
    """Statuses and headers of HEAD are those of GET, and no byte follows them."""
    paths = {
        found.group(1)
        for each in groups_of(described(), "")
        for operation in each.operations
        if (found := re.fullmatch(r"curl -sS '?(/[^']*)'?", operation.curl))
    }
    paths |= {"/", "/docs", "/static/page.css", "/openapi.json", "/nowhere"}
    assert len(paths) > 50
    for path in sorted(paths - {ENDLESS}):
        head, got = http.head(path), http.get(path)
        changing = {"date", "ratelimit", "x-request-id"} | (
            {"content-length"} if path == "/metrics" else set()
        )
        said = [
            {name: value for name, value in each.headers.items() if name not in changing}
            for each in (head, got)
        ]
        assert (head.status_code, said[0]) == (got.status_code, said[1]), path
        assert got.content
    whole = asked_of(url, b"HEAD / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
    assert whole.endswith(b"\r\n\r\n")


def test_a_method_that_a_resource_does_not_have_is_answered_with_those_that_it_has(
    http: httpx2.Client,
):
    for path, methods in described()["paths"].items():
        answer = http.request("PUT", re.sub("{[^}]*}", "0", path))
        assert (405, "METHOD") == (answer.status_code, answer.json()["code"]), path
        ours = {*map(str.upper, methods)}
        assert ours | {"OPTIONS"} | ({"HEAD"} if "GET" in ours else set()) == {
            *answer.headers["allow"].split(", ")
        }, path


@pytest.mark.parametrize(
    ("head", "status", "code"),
    [
        (b"Expect: 200-ok\r\nContent-Length: 2", 417, b"EXPECTATION"),
        (b"Expect: 100-continue, x\r\nContent-Length: 2", 417, b"EXPECTATION"),
        (b"Expect: 100-Continue\r\nContent-Length: 2", 422, b"MALFORMED"),
        (b"Transfer-Encoding: gzip, chunked", 501, b"TRANSFER_CODING"),
        (b"Transfer-Encoding: gzip\r\nTransfer-Encoding: chunked", 501, b"TRANSFER_CODING"),
        (b"Transfer-Encoding: chunked, chunked", 400, b"BAD_HTTP"),
        (b"Transfer-Encoding: Chunked", 422, b"MALFORMED"),
        (b"Transfer-Encoding: gzip", 400, b"BAD_HTTP"),
        (b"Transfer-Encoding: chunked\r\nContent-Length: 2", 400, b"BAD_HTTP"),
    ],
)
def test_what_a_request_asks_of_http_is_done_or_refused(
    url: str, head: bytes, status: int, code: bytes
):
    """After a body that was not read as it was meant nothing more is read."""
    body = b"{}" if b"Length: 2" in head and b"chunked\r\n" not in head else b"2\r\n{}\r\n0\r\n\r\n"
    last = b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
    said = asked_of(
        url, b"POST /v1/events HTTP/1.1\r\nHost: localhost\r\n%b\r\n\r\n" % head + body + last
    )
    assert b'"code":"%b"' % code in said
    statuses = [*map(int, re.findall(rb"HTTP/1.1 (\d+) ", said))]
    goes_on = [200] if status == 422 else []
    assert [100] * (b"Continue" in head) + [status, *goes_on] == statuses


def test_a_client_of_http_1_0_is_told_no_100(url: str):
    said = asked_of(
        url,
        b"POST /v1/events HTTP/1.0\r\nHost: localhost\r\nExpect: 100-continue\r\n"
        b"Content-Length: 2\r\n\r\n{}",
    )
    assert said.startswith(b"HTTP/1.1 422 ")


@pytest.mark.parametrize("path", ["/v1/projections/", "/checkpoint/", "/docs/", "/v1/entries/0/"])
def test_a_path_with_a_slash_behind_it_is_another_one(http: httpx2.Client, path: str):
    """Nobody is sent to the right one: behind a proxy it would be one without TLS."""
    answer = http.get(path, follow_redirects=False, headers=PROBLEM)
    assert (404, "NOT_FOUND") == (answer.status_code, answer.json()["code"])


@contextmanager
def limited(node: Node, **rates: float) -> Iterator[httpx2.Client]:
    """Serve the node with other rates, to a client from an address of its own."""
    before = {name: getattr(node.settings, name) for name in rates}
    try:
        for name, rate in rates.items():
            setattr(node.settings, name, rate)
        with serving(node) as url:
            transport = httpx2.HTTPTransport(local_address="127.0.0.2")
            with httpx2.Client(base_url=url, timeout=30, transport=transport) as client:
                yield client
    finally:
        for name, rate in before.items():
            setattr(node.settings, name, rate)


def test_an_address_is_told_what_is_left_and_when_to_come_back(node: Node):
    with limited(node, address_rate=0.5) as http:
        first = http.get("/checkpoint").headers
        assert ('"address";q=5;w=10', '"address";r=4;t=2') == (
            first["ratelimit-policy"],
            first["ratelimit"],
        )
        answers = [http.get("/checkpoint", headers=forged(n)) for n in range(20)]
        refused = answers[-1]
        assert (429, "THROTTLED") == (refused.status_code, refused.json()["code"])
        assert 1 <= int(refused.headers["retry-after"]) <= 20
        assert refused.headers["ratelimit"].startswith('"address";r=0;')
        assert 200 == http.get("/health/live").status_code
        honest = httpx2.get(http.base_url.join("/checkpoint"), timeout=60)
        assert 200 == honest.status_code, "another address has its own"


def test_signatures_that_nobody_checks_in_time_are_said_to_be_unchecked(
    node: Node, home: Home, monkeypatch: pytest.MonkeyPatch
):
    """The database has nothing to do with it, and is not named."""
    monkeypatch.setattr(node.checker, "submit", lambda _checks: Future())
    unsent = World.of(home).registration(INSTITUTE).to_json()
    with limited(node, receipt_wait_s=0.5) as http:
        for path in ("/v1/events/check", "/v1/events"):
            answer = http.post(path, content=unsent)
            assert (503, "SIGNATURES_UNCHECKED") == (answer.status_code, answer.json()["code"])
            assert "retry-after" in answer.headers
        many = http.post("/v1/events/batch", content=unsent).json()
        assert "SIGNATURES_UNCHECKED" == many["problem"]["code"]


def test_whoever_watches_has_a_quota_of_its_own(node: Node):
    """Who asks how the server is, again and again, is held back, and takes nothing from others."""
    with limited(node, address_rate=0.5) as http:
        answers = [http.get("/health/ready") for _ in range(WATCH_LEAST * WINDOW_S + 60)]
        assert 200 == answers[0].status_code
        assert answers[0].headers["ratelimit-policy"] == '"watch";q=50;w=10'
        refused = answers[-1]
        assert (429, "THROTTLED") == (refused.status_code, refused.json()["code"])
        assert 200 == http.get("/checkpoint").status_code
        honest = httpx2.get(http.base_url.join("/health/ready"), timeout=60)
        assert 200 == honest.status_code


def forged(number: int) -> dict[str, str]:
    return {"X-Forwarded-For": f"192.0.2.{number}", "Forwarded": f"for=192.0.2.{number}"}


def test_what_does_not_verify_costs_its_address_and_no_key(node: Node, home: Home):
    world = World.of(home)
    unknown = world.sign(technology_registered(), "party:vn.nobody").to_json()
    with limited(node, address_rate=2, key_rate=1) as http:
        answers = [http.post("/v1/events", content=unknown).status_code for _ in range(4)]
        assert 403 == answers[0]
        assert 429 == answers[-1]
        operator = world.registration(INSTITUTE).to_json()
        honest = httpx2.post(http.base_url.join("/v1/events"), content=operator, timeout=60)
        assert 429 != honest.status_code


def test_a_key_pays_for_what_it_signed_wherever_it_comes_from(node: Node, home: Home):
    world = World.of(home)
    events = [world.registration(f"party:vn.paid{number}").to_json() for number in range(6)]
    with limited(node, key_rate=0.1) as http:
        told = [
            httpx2.post(http.base_url.join("/v1/events"), content=event, timeout=60)
            for event in events[:-1]
        ]
        assert 201 == told[0].status_code
        assert 429 in [each.status_code for each in told]
        lines = http.post("/v1/events/batch", content=events[-1]).json()
        assert "THROTTLED" == lines["problem"]["code"]


def test_what_was_answered_before_costs_its_address_and_no_key(node: Node, home: Home):
    """Every entry is public: as recorded, with a stranger's line, without one, and in bulk."""
    world = World.of(home)
    stranger, recorded, last, spent = (world.registration(f"party:vn.again{n}") for n in range(4))
    lines = recorded.envelope.signatures
    (strange,) = sign_envelope(recorded.envelope.payload, [world.key("party:vn.again0")]).signatures
    more = Signed(replace(recorded.envelope, signatures=(*lines, strange)))
    # Lines are in the order of their key ids: the one alone must be of a key that the log has.
    officer = world.key(OPERATOR).key_id
    (known,) = (line for line in lines if line.key_id == officer)
    less = Signed(replace(recorded.envelope, signatures=(known,)))
    with limited(node, key_rate=0.3, address_rate=20) as http:

        def send(event: Signed, path: str = "", times: int = 1) -> httpx2.Response:
            content = b"\n".join([event.to_json()] * times)
            return http.post(f"/v1/events{path}", content=content)

        assert 201 == send(stranger).status_code
        assert 201 == send(recorded).status_code, "its keys have one event left, for three seconds"
        for _ in range(3):
            assert "true" == send(recorded).headers["replayed"]
            assert "true" == send(more).headers["replayed"] == send(less).headers["replayed"]
        many = [json.loads(line) for line in send(recorded, "/batch", 40).iter_lines()]
        assert ["replayed"] * 40 == [each["status"] for each in many if "line" in each]
        assert 201 == send(last).status_code
        told = send(spent, "/batch").json()
        assert ("retry", "THROTTLED") == (told["status"], told["problem"]["code"])
        assert 1 <= told["problem"]["retry_after_s"] <= 5


def test_a_dry_run_costs_its_address_and_no_key(node: Node, home: Home):
    signed = World.of(home).registration("party:vn.judged").to_json()
    with limited(node, key_rate=0.1, address_rate=1) as http:

        def ask(path: str, address: str = "127.0.0.3") -> httpx2.Response:
            transport = httpx2.HTTPTransport(local_address=address)
            with httpx2.Client(transport=transport, timeout=30) as client:
                return client.post(http.base_url.join(path), content=signed)

        told = [ask("/v1/events/check")]
        assert "admitted" == told[0].json()["verdict"]
        while told[-1].status_code == 200:
            told.append(ask("/v1/events/check"))
            assert len(told) < 20, "five requests each, of ten: its debt lasts for seconds"
        assert 429 == told[-1].status_code
        other = "127.0.0.4"
        assert 201 == ask("/v1/events", other).status_code, "its keys have paid for nothing yet"
        spent = ask("/v1/events/check", other)
        assert (429, "THROTTLED") == (spent.status_code, spent.json()["code"])


def test_whoever_has_a_network_has_few_quotas():
    """Each /64 asks for all that it may: together they get as much as four."""
    now = [1000.0]
    quota = Quota("address", 2, wider=wider_networks, clock=lambda: now[0])

    def asked(hosts: Iterable[str]) -> Iterator[int]:
        for host in hosts:
            group, count = group_of(host), 0
            with suppress(Throttled):
                while True:
                    quota.must_be_left(group)
                    quota.take(group, 1)
                    count += 1
            yield count

    one = 2 * WINDOW_S
    assert 2 * one == sum(asked(f"2001:db8:1:{number:x}::1" for number in range(50)))
    assert 4 * one == 2 * one + sum(asked(f"2001:db8:1:{n:x}00::1" for n in range(1, 50)))
    assert b"r=0;" in dict(quota.headers("2001:db8:1:7700::/64"))[b"ratelimit"]
    assert [one] == list(asked(["2001:db8:2::1"]))
    assert 9 * one == sum(asked(f"192.0.2.{number}" for number in range(9)))
    now[0] += WINDOW_S
    assert 4 * one == sum(asked(f"2001:db8:1:{number:x}00::1" for number in range(50)))


def test_a_quota_is_that_of_ten_seconds_and_fills_again():
    now = [1000.0]
    quota = Quota("key", 2, clock=lambda: now[0])
    assert 2 * WINDOW_S == quota.left("a")
    quota.take("a", 30)
    with pytest.raises(Throttled) as thrown:
        quota.must_be_left("a")
    assert 6 == thrown.value.wait_s
    quota.must_be_left("b")
    now[0] += 6
    quota.must_be_left("a")
    now[0] += 1000
    assert 2 * WINDOW_S == quota.left("a")
