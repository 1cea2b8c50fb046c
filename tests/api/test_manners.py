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
from api.openapi.published import published
from ledger.follow.client import LedgerClient
from tests.support.tale import Tale

SITE = {"Origin": "https://elsewhere.example"}


def reads() -> Iterator[str]:
    """Yield a target of each operation that reads."""
    for group in groups_of(json.loads(published()), ""):
        for each in group.operations:
            if each.method == "GET":
                yield each.curl.removeprefix("curl -sS ").strip("'")


@pytest.mark.parametrize("target", [*reads()])
def test_every_read_can_be_asked_from_a_page_of_any_site(http: httpx2.Client, target: str):
    public = not target.startswith(("/health", "/metrics"))
    asks = SITE | {"Access-Control-Request-Method": "GET"}
    allowed = http.options(target.partition("?")[0], headers=asks)
    assert (204, "GET, HEAD, OPTIONS") == (allowed.status_code, allowed.headers["allow"])
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


def test_entries_and_answers_have_an_etag(http: httpx2.Client, tale: Tale):
    for target in ("/v1/entries/0", f"/v1/rights/{tale.cast.ids['right']}/title"):
        assert http.get(target).headers["etag"]


def test_no_page_of_another_site_submits(http: httpx2.Client):
    asks = SITE | {"Access-Control-Request-Method": "POST"}
    allowed = http.options("/v1/events", headers=asks)
    assert (204, "POST, OPTIONS") == (allowed.status_code, allowed.headers["allow"])
    assert "access-control-allow-origin" not in allowed.headers
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
    refused = http.get(target, headers={"Accept-Encoding": "gzip;q=0"})
    assert "content-encoding" not in refused.headers


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
