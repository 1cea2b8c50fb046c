"""Search over HTTP and on the command line: what is typed is data; a page is of one question."""

import json
from typing import Any

import httpx2
import pytest
from typer.testing import CliRunner

from api.cli.answers import CouldNotAsk
from api.cli.main import app
from tests.support.tale import Loaded


def search(http: httpx2.Client, q: str, **asked: Any) -> httpx2.Response:
    """Return what HTTP answers."""
    return http.get("/v1/search", params={"q": q, **asked})


def first(http: httpx2.Client, q: str) -> Any:
    """Return the first that is found."""
    return search(http, q).raise_for_status().json()["hits"][0]


@pytest.mark.parametrize(
    "typed",
    ["'", ":*", "AT&T (VN", "%", "\\", "\x00", "'; DROP TABLE read.names; --", "…", "<b>", "../"],
)
def test_r2_what_is_typed_is_data(http: httpx2.Client, loaded: Loaded, typed: str):
    answer = search(http, typed)
    assert (200, typed) == (answer.status_code, answer.json()["q"]), loaded.url


@pytest.mark.parametrize(
    "query",
    [
        "q=" + 5000 * "a",
        "q=",
        "",
        "q=a&kind=parties",
        "q=a&limit=0",
        "q=a&limit=101",
        "q=a&after=7",
        "q=a&after=%00",
        "q=a&known_at=2026-01-01",
        "q=a&Q=b",
    ],
)
def test_r2_what_cannot_be_asked_is_refused_with_a_code(
    http: httpx2.Client, loaded: Loaded, query: str
):
    refused = http.get(f"/v1/search?{query}")
    assert 422 == refused.status_code, loaded.url
    assert refused.json()["code"] in ("BAD_PARAMETER", "UNKNOWN_PARAMETER")


def test_r2_bytes_that_are_no_text_are_data_too(http: httpx2.Client, loaded: Loaded):
    for raw in ("%ff%fe", "%ed%a0%80", "%00%00"):
        assert 200 == http.get(f"/v1/search?q={raw}").status_code, loaded.url


def test_r5_the_page_after_is_of_the_same_question(http: httpx2.Client, loaded: Loaded):
    page = search(http, "a", limit=1).json()
    following = search(http, "a", limit=1, after=page["next_after"]).json()
    assert page["hits"] != following["hits"], loaded.url
    for other in ({"q": "b"}, {"kind": "party"}, {"limit": 2}, {"known_at": "5"}):
        refused = http.get(
            "/v1/search", params={"q": "a", "limit": 1, "after": page["next_after"], **other}
        )
        assert (422, "BAD_PARAMETER") == (refused.status_code, refused.json()["code"])
        assert "leave it out" in refused.json()["detail"]


def test_the_command_finds_what_http_finds(http: httpx2.Client, loaded: Loaded):
    right = first(http, "vn.1-2024-00026")["id"]
    words = ["find", right, "--url", loaded.url, "--trust", str(loaded.trust)]
    found = CliRunner().invoke(app, words)
    assert (0, True) == (found.exit_code, right in found.output), found.output
    told = CliRunner().invoke(app, [*words, "--lang", "vi", "--kind", "right", "--limit", "1"])
    assert (0, True) == (told.exit_code, "đúng như đã hỏi" in told.output), told.output
    said = json.loads(CliRunner().invoke(app, [*words, "--json"]).output)
    assert search(http, right).json()["hits"] == said["hits"]
    nothing = CliRunner().invoke(app, ["find", "zzyzx", "--url", loaded.url])
    assert 4 == nothing.exit_code, nothing.output


def test_the_command_takes_bytes_that_are_no_text(loaded: Loaded):
    done = CliRunner().invoke(app, ["find", "\udcff\ud800", "--url", loaded.url])
    assert isinstance(done.exception, CouldNotAsk)
    assert "BAD_PARAMETER: q is '\\udcff\\ud800'" in str(done.exception)


@pytest.mark.parametrize(
    ("text", "kinds"),
    [("mục 3", {"entry"}), ("#3", {"entry"}), ("văn bằng số 3", set()), ("hợp đồng 3", set())],
)
def test_a_number_is_a_position_only_behind_a_word_for_one(
    http: httpx2.Client, loaded: Loaded, text: str, kinds: set[str]
):
    del loaded
    hits = http.get("/v1/search", params={"q": text}).json()["hits"]
    assert kinds == {"entry"} & {hit["kind"] for hit in hits}
