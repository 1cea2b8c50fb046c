"""The operator's board: what each row says, and that nobody elsewhere finds it."""

import re
from html import unescape
from http import HTTPStatus
from pathlib import Path
from typing import Any

import httpx2
import pytest

from api.describe.board_words import ROWS
from api.explorer.runbook import runbook
from api.limits.here import is_from_here
from api.metrics import HOUR, SLOW_S, Recent
from api.watching.checks import looks_at_database, looks_at_files, see
from ledger.node.node import Node
from tests.support.inline import INLINE
from tests.support.tale import Loaded

DOCUMENT = Path(__file__).parents[2] / "docs" / "runbook.md"

ROW = re.compile(r'<li class="(\w*)"><strong>([^<]*)</strong> <span class="tag (\w*)">')


def rows(page: str) -> dict[str, str]:
    """Return how each row stands."""
    return {unescape(called): state for _, called, state in ROW.findall(page)}


@pytest.mark.parametrize(("path", "language"), [("/van-hanh", "vi"), ("/en/van-hanh", "en")])
def test_each_thing_that_status_looks_at_is_a_row_with_what_was_seen(
    http: httpx2.Client, node: Node, loaded: Loaded, path: str, language: Any
):
    del loaded
    page = http.get(path).text
    found, words = rows(page), unescape(re.sub("<[^>]*>", "", page))
    looks = {
        **looks_at_files(node.settings),
        **looks_at_database(node.settings, node.database, node.probe),
    }
    for check in see(looks):
        state = found.pop(ROWS[check.name].called.in_(language))
        assert ("well" if check.well else "ill") == state
        if check.name not in ("checkpoint", "clock", "room"):  # Which move on.
            assert check.seen.in_(language) in words
        assert check.well or check.do.in_(language) in words
    assert [ROWS["ready"].called.in_(language)] == [*found]
    assert not INLINE.search(page)


def test_each_row_leads_to_a_heading_of_the_runbook(http: httpx2.Client):
    headings = re.findall("^## (.*)$", DOCUMENT.read_text("utf-8"), re.MULTILINE)
    assert {row.runbook for row in ROWS.values()} <= {*headings}
    assert headings == [part.heading for part in runbook()]
    page = http.get("/van-hanh/so-tay").text
    for row in ROWS.values():
        assert f'id="{row.runbook.lower()}"' in page
    links = {*re.findall(r'href="(/van-hanh/so-tay#\w+)"', http.get("/van-hanh").text)}
    assert len(links) > 5
    assert all(f'id="{each.partition("#")[2]}"' in page for each in links)
    assert "<code>operate fsck</code>" in page


HERE = {"client": ("127.0.0.1", 1), "headers": [(b"host", b"localhost:8017")]}


@pytest.mark.parametrize(
    ("here", "scope"),
    [
        (True, {}),
        (True, {"client": ("::1", 1), "headers": [(b"host", b"[::1]:8017")]}),
        (False, {"client": ("192.0.2.1", 1)}),
        (False, {"client": None}),
        (False, {"client": ("elsewhere", 1)}),
        (False, {"headers": []}),
        (False, {"headers": [(b"host", b"ledger.example.vn")]}),
        (False, {"headers": [(b"host", b"localhost.example.vn")]}),
        *(
            (False, {"headers": [(b"host", b"localhost"), (name, b"127.0.0.1")]})
            for name in (b"x-forwarded-for", b"forwarded", b"via", b"x-forwarded-host")
        ),
    ],
)
def test_who_asks_from_here(here: Any, scope: Any):
    assert here == is_from_here({"type": "http", **HERE, **scope})


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "OPTIONS", "DELETE"])
@pytest.mark.parametrize("path", ["/van-hanh", "/van-hanh/so-tay", "/en/van-hanh"])
@pytest.mark.parametrize("query", ["", "?x=1"])
@pytest.mark.parametrize("accept", ["text/html", "application/json"])
def test_through_a_proxy_it_is_no_more_there_than_any_unknown_address(
    http: httpx2.Client, method: str, path: str, query: str, accept: str
):
    headers = {"Via": "1.1 proxy", "Accept": accept, "X-Request-Id": "one"}
    unknown = path.replace("van-hanh", "van-hanm")
    asked = http.request(method, f"{path}{query}", headers=headers)
    other = http.request(method, f"{unknown}{query}", headers=headers)
    assert other.status_code == asked.status_code == HTTPStatus.NOT_FOUND
    assert other.text.replace("van-hanm", "van-hanh") == asked.text
    assert {*other.headers} == {*asked.headers}


def test_nothing_near_leads_there_from_elsewhere(http: httpx2.Client):
    assert "/van-hanh" in http.get("/van-hanx").json()["near"]
    assert "van-hanh" not in http.get("/van-hanx", headers={"Via": "1.1 proxy"}).text
    assert "van-hanh" not in http.get("/openapi.json").text


@pytest.mark.parametrize("prefix", ["", "/en"])
def test_its_door_stands_on_the_home_page_here_alone(http: httpx2.Client, prefix: str):
    assert f'href="{prefix}/van-hanh"' in http.get(prefix or "/").text
    assert "van-hanh" not in http.get(prefix or "/", headers={"Via": "1.1 proxy"}).text


def test_a_halted_log_is_the_first_thing_said(http: httpx2.Client, node: Node, loaded: Loaded):
    del loaded
    ready = "Takes events and signs them"
    assert "well" == rows(http.get("/en/van-hanh").text)[ready]
    node.halted = "entry 3 is not what was signed <b>"
    try:
        page = http.get("/en/van-hanh").text
    finally:
        node.halted = None
    assert "ill" == rows(page)[ready]
    assert page.index("THE LOG IS HALTED") < page.index("<main")
    assert "signed <b>" not in page


def test_refusals_are_counted_by_code_with_samples_but_what_was_asked(http: httpx2.Client):
    for number in range(4):
        http.get(f"/v1/rights/%3Cscript%3E{number}/title?true_on=Nguyen-Van-A")
    page = http.get("/en/van-hanh").text
    row = page.partition('href="/en/quy-tac/BAD_PARAMETER"')[2].partition("</tr>")[0]
    assert int(re.findall(r">([0-9]+)</td>", row)[0]) >= 4
    samples = re.findall(r'<code lang="en">([^<]*)</code>', row)
    assert [f"GET /v1/rights/&lt;script&gt;{number}/title" for number in (3, 2, 1)] == samples
    assert "?true_on" not in row


def test_of_a_question_that_is_no_good_only_what_is_wanted_is_remembered(
    node: Node, http: httpx2.Client
):
    del node
    http.get("/v1/rights/right:x/title", params={"true_on": "Nguyễn Thị Bí Mật"})
    page = http.get("/van-hanh").text
    assert "BAD_PARAMETER" in page
    assert "true_on: " in page
    assert "Bí Mật" not in page


def test_what_was_slow_is_remembered_and_no_more_than_some():
    recent = Recent()
    for number in range(30):
        recent.answered(f"GET /{number}", SLOW_S, refused=number % 2 == 1, question=True)
    recent.answered("GET /quick", SLOW_S / 2, refused=False, question=True)
    recent.answered("POST /v1/events", 60, refused=False, question=False)
    assert [f"GET /{number}" for number in range(20, 30)] == [each.request for each in recent.slow]
    hour = recent.last_hour()
    assert HOUR == len(hour)
    assert (32, 15, SLOW_S) == (
        sum(each.requests for each in hour),
        sum(each.refused for each in hour),
        max(each.slowest_s for each in hour),
    )
