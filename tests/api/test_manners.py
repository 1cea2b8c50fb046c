"""Answers as HTTP has them: ids of requests, CORS, 304, gzip, where what was made is."""

import gzip
import json
import re
import time
from collections.abc import Iterator
from uuid import UUID

import httpx2
import pytest
import structlog
from structlog.contextvars import merge_contextvars
from structlog.testing import capture_logs
from typer.testing import CliRunner

from api.cli.main import app
from api.explorer.operations import groups_of
from api.limits.answering import LEAST
from api.openapi.published import published
from ledger.follow.client import LedgerClient
from tests.support.http import PROBLEM
from tests.support.streams import ENDLESS
from tests.support.tale import Tale

SITE = {"Origin": "https://elsewhere.example"}


def reads() -> Iterator[str]:
    """Yield a target of each operation that reads."""
    for group in groups_of(json.loads(published()), ""):
        for each in group.operations:
            if each.method == "GET" and ENDLESS not in each.curl:
                yield each.curl.removeprefix("curl -sS ").strip("'")


@pytest.mark.parametrize("target", [*reads()])
def test_every_read_can_be_asked_from_a_page_of_any_site(http: httpx2.Client, target: str):
    public = not target.startswith(("/health", "/metrics"))
    asks = SITE | {"Access-Control-Request-Method": "GET"}
    allowed = http.options(target.partition("?")[0], headers=asks)
    submits = "POST, " * (target.partition("?")[0] == "/v1/events")
    assert (204, f"GET, HEAD, {submits}OPTIONS") == (allowed.status_code, allowed.headers["allow"])
    got = http.get(target, headers=SITE)
    for answer in (allowed, got):
        assert ("*" if public else None) == answer.headers.get("access-control-allow-origin")
        assert "access-control-allow-credentials" not in answer.headers


@pytest.mark.parametrize("target", [*reads()])
def test_what_has_an_etag_is_not_sent_again(http: httpx2.Client, target: str):
    got = http.get(target)
    if "etag" in got.headers:
        again = http.get(target, headers={"If-None-Match": got.headers["etag"]})
        assert (304, b"") == (again.status_code, again.content)
        for name in ("etag", "vary", "cache-control"):  # RFC 9110, 15.4.5
            assert got.headers.get(name) == again.headers.get(name)


def test_entries_receipts_law_and_answers_have_an_etag(http: httpx2.Client, tale: Tale):
    event = http.get("/v1/entries/2").json()["payload"]["event_id"]
    law = http.get("/v1/law").json()["editions"][0]["law_data_sha256"]
    targets = ("/v1/entries/2", f"/v1/events/{event}", f"/v1/law/{law}")
    right = tale.cast.ids["right"]
    for target in (*targets, f"/v1/events/{event}/receipt", f"/v1/rights/{right}/title"):
        got = http.get(target)
        assert ("immutable" in got.headers["cache-control"]) == (target in targets), target
        again = http.get(target, headers={"If-None-Match": got.headers["etag"]})
        assert (304, b"") == (again.status_code, again.content), target


def test_an_id_in_a_path_has_one_spelling(http: httpx2.Client, tale: Tale):
    event = tale.receipts["acceptance"].event_id
    assert 200 == http.get(f"/v1/events/{event}").status_code
    odd = (event.upper(), event.replace("-", ""), f"urn:uuid:{event}", f"{{{event}}}")
    for each in (*odd, "01890000-0000-4000-8000-000000000001"):
        for target in (f"/v1/events/{each}", f"/v1/events/{each}/receipt"):
            answer = http.get(target, headers=PROBLEM)
            assert (422, "event_id") == (answer.status_code, answer.json()["parameter"]), target


def test_a_slash_in_a_part_of_a_path_is_another_path_and_said_to_be_none(http: httpx2.Client):
    asked = 0
    for path, methods in json.loads(published())["paths"].items():
        if "get" not in methods or not re.search("{(?!path|topic)", path):
            continue
        answer = http.get(re.sub("{[^}]*}", "right:a%2Fb", path), headers=PROBLEM)
        assert (404, "NOT_FOUND") == (answer.status_code, answer.json()["code"]), path
        told = methods["get"]["responses"]["404"]["$ref"]
        assert told.endswith(("/NotFound", "/NotWitnessed")), path
        asked += 1
    assert asked > 40


def test_no_page_of_another_site_submits(http: httpx2.Client):
    asks = SITE | {"Access-Control-Request-Method": "POST"}
    allowed = http.options("/v1/events", headers=asks)
    assert (204, "GET, HEAD, POST, OPTIONS") == (allowed.status_code, allowed.headers["allow"])
    assert {"access-control-allow-origin", "access-control-allow-methods"}.isdisjoint(
        allowed.headers
    )
    assert "ORIGIN" == http.post("/v1/events", headers=SITE, json={}).json()["code"]


def test_options_of_nothing_are_not_found(http: httpx2.Client):
    assert "NOT_FOUND" == http.options("/nowhere").json()["code"]


def test_a_request_has_the_id_that_its_client_gave_it(http: httpx2.Client):
    for target in ("/health/live", "/nowhere", "/v1/entries/x"):
        answer = http.get(target, headers={"X-Request-Id": "order-17.a"})
        assert "order-17.a" == answer.headers["x-request-id"]
        assert answer.is_success or "order-17.a" == answer.json()["request_id"]


@pytest.fixture
def all_told() -> Iterator[None]:
    """Log from DEBUG on, whatever a command that ran before has set."""
    before = structlog.get_config()["wrapper_class"]
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(0))
    yield
    structlog.configure(wrapper_class=before)


@pytest.mark.usefixtures("all_told")
def test_the_log_has_a_line_of_each_request_where_all_is_to_be_told(http: httpx2.Client):
    asked = ("/health/live", "/nowhere?secret=1", "/v1/entries/x")
    told: dict[str, dict[str, object]] = {}
    with capture_logs([merge_contextvars]) as lines:
        for number, target in enumerate(asked):
            http.get(target, headers={"X-Request-Id": f"order-{number}"})
        until = time.monotonic() + 10
        while len(told) < len(asked) and time.monotonic() < until:  # A line comes after its answer.
            told = {
                each["request_id"]: dict(each)
                for each in lines
                if each["event"] == "request answered" and each["request_id"].startswith("order-")
            }
    assert {"debug"} == {each["log_level"] for each in told.values()}
    assert [("/health/live", 200), ("/nowhere", 404), ("/v1/entries/x", 422)] == [
        (told[f"order-{number}"]["path"], told[f"order-{number}"]["status"]) for number in range(3)
    ]


@pytest.mark.parametrize("given", ["", "a b", "x" * 65, 'a"b', "a,b"])
def test_an_id_that_is_none_is_replaced(http: httpx2.Client, given: str):
    answer = http.get("/nowhere", headers={"X-Request-Id": given})
    assert UUID(answer.headers["x-request-id"])
    assert answer.headers["x-request-id"] == answer.json()["request_id"]


def test_what_is_long_is_compressed_for_who_takes_it(http: httpx2.Client, tale: Tale):
    target = f"/v1/subjects/{tale.cast.ids['right']}/timeline"
    plain = http.get(target, headers={"Accept-Encoding": "identity"})
    with http.stream("GET", target, headers={"Accept-Encoding": "gzip"}) as packed:
        raw = b"".join(packed.iter_raw())
    assert len(raw) < len(plain.content)
    assert gzip.decompress(raw) == plain.content
    assert "gzip" == packed.headers["content-encoding"]
    assert f"W/{plain.headers['etag']}" == packed.headers["etag"]
    for answer in (plain, packed):
        assert "accept-encoding" in answer.headers["vary"].lower()


ACCEPTED = {
    "gzip": True,
    "GZip;q=1.000, br": True,
    "br , gzip ; q=0.5": True,
    "x-gzip": True,
    "*": True,
    "gzip, identity;q=0.5": True,
    "gzip;q=0": False,
    "gzip;q=0.000": False,
    "gzip;q=0, *": False,
    "*;q=0": False,
    "gzip;q=0.5, identity": False,
    "gzip;q=abc": False,
    "gzip;q=": False,
    "gzip;q=2": False,
    "gzip;q=-1": False,
    "gzip;q=0.0001": False,
    "gzip;w=1": False,
    "gzipped": False,
    "": False,
}
"""By what a client accepts, whether it is sent what is compressed."""


def test_gzip_is_for_who_says_so_in_a_form_that_there_is(http: httpx2.Client, tale: Tale):
    target = f"/v1/subjects/{tale.cast.ids['right']}/timeline"
    for accepted, packed in ACCEPTED.items():
        answer = http.get(target, headers={"Accept-Encoding": accepted})
        assert packed == ("content-encoding" in answer.headers), accepted
    lines = [("Accept-Encoding", "br"), ("Accept-Encoding", "gzip")]
    assert "gzip" == http.get(target, headers=lines).headers["content-encoding"]


def test_answers_to_what_is_submitted_go_as_they_are(http: httpx2.Client, tale: Tale):
    sent = next(iter(tale.sent.values()))
    answer = http.post("/v1/events", content=sent.to_json(), headers={"Accept-Encoding": "gzip"})
    assert len(answer.content) > LEAST
    assert {"content-encoding", "vary"}.isdisjoint(answer.headers)


def test_tiles_go_as_they_are(http: httpx2.Client, tale: Tale):
    assert tale.size
    tile = http.get("/tile/entries/000.p/1", headers={"Accept-Encoding": "gzip"})
    assert 200 == tile.status_code
    assert "content-encoding" not in tile.headers


def test_what_was_made_is_where_its_location_says(
    http: httpx2.Client, tale: Tale, ledger: LedgerClient
):
    assert ledger
    sent = next(iter(tale.sent.values()))
    answer = http.post("/v1/events", content=sent.to_json())
    assert 201 == answer.status_code
    found = http.get(answer.headers["location"]).json()
    assert answer.json()["position"] == found["position"]
    assert re.fullmatch(r"/v1/events/[0-9a-f-]{36}", answer.headers["location"])


def test_problems_differ_by_language(http: httpx2.Client):
    assert "accept-language" in http.get("/nowhere").headers["vary"].lower()


def test_the_document_is_printed_without_a_server_as_it_is_served(http: httpx2.Client):
    printed = CliRunner().invoke(app, ["openapi"])
    assert (0, "") == (printed.exit_code, printed.stderr)
    assert http.get("/openapi.json").json() == json.loads(printed.stdout)
