"""The pages for people: what they say, and that nothing in them is loaded from elsewhere or run."""

import re
from collections.abc import Callable
from html import escape

import httpx2
import pytest

from api.explorer.labels import LABELS
from ledger.domain.registry import TOPICS
from ledger.home import Home
from ledger.node import Node
from tests.support.tale import Tale
from tests.support.world import World

PAGES = ("/", "/docs")


def test_every_type_of_event_has_a_vietnamese_name():
    assert TOPICS.keys() == LABELS.keys()
    assert len(LABELS) == len(set(LABELS.values()))


def test_the_log_s_page_shows_head_and_latest_events(http: httpx2.Client, node: Node, tale: Tale):
    page = http.get("/").text
    assert "Sổ cái giao dịch công nghệ" in page
    assert node.identity.origin in page
    assert f'<dd class="size">{node.feed.latest.size}</dd>' in page
    for step, receipt in tale.receipts.items():
        assert f'<a href="/v1/entries/{receipt.position}">' in page, step
    assert "contract.concluded/1" in page
    assert "Ký kết hợp đồng" in page


def test_what_the_page_links_to_is_there(http: httpx2.Client, tale: Tale):
    del tale
    links = set(re.findall(r'href="(/[^"]*)"', http.get("/").text))
    assert {"/docs", "/checkpoint", "/static/page.css"} <= links
    for link in sorted(links):
        assert 200 == http.get(link).status_code, link


def test_a_name_with_a_blank_that_is_no_space_does_not_look_like_another(
    http: httpx2.Client, home: Home, fold: Callable[[], None]
):
    name = "Công\u00a0ty\u1680Lạ\u205fvà\u3000Quen"
    signed = World.of(home).registration("party:vn.blanks", name=name)
    assert 201 == http.post("/v1/events", content=signed.to_json()).status_code
    fold()
    page = http.get("/parties/party:vn.blanks").text
    assert "Công\\u00a0ty\\u1680Lạ\\u205fvà\\u3000Quen" in page
    assert not set("\u00a0\u1680\u205f\u3000") & set(page)


@pytest.mark.parametrize("path", PAGES)
def test_a_page_runs_nothing_and_loads_only_its_own_style(http: httpx2.Client, path):
    answer = http.get(path)
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'; style-src 'self'; " in policy
    assert "unsafe" not in policy
    assert "nosniff" == answer.headers["x-content-type-options"]
    assert not re.search(r"<script|<style|style=|javascript:|\son[a-z]+=", answer.text)
    assert [] == re.findall(r'(?:src|href)="(?!/|#)[^"]*"', answer.text)


def test_the_style_sheet_loads_nothing_either(http: httpx2.Client):
    style = http.get("/static/page.css")
    assert style.headers["content-type"].startswith("text/css")
    assert not re.search(r"url\(|@import", style.text)


def test_the_documentation_lists_every_operation_with_its_parameters(http: httpx2.Client):
    page = http.get("/docs").text
    for path, methods in http.get("/openapi.json").json()["paths"].items():
        for method, operation in methods.items():
            card = page.partition(f'id="{operation["operationId"]}"')[2].partition("</section>")[0]
            assert f'<span class="method">{method.upper()}</span> <code>{path}</code>' in card
            assert escape(operation["summary"]).replace("&#x27;", "&#39;") in card
            for parameter in operation.get("parameters", []):
                assert f"<code>{parameter['name']}</code>" in card, parameter


def test_every_command_of_the_documentation_asks_a_well_formed_question(http: httpx2.Client, url):
    commands = re.findall(r"<pre>curl -sS ([^<]*)</pre>", http.get("/docs").text)
    asked = [command.replace("&#39;", "").replace("&amp;", "&").split()[-1] for command in commands]
    writes = ("/v1/events", "/v1/events/batch", "/v1/events/check")
    reads = [each for each in asked if not each.endswith(writes)]
    assert len(asked) == len(reads) + len(writes)
    for address in reads:
        assert address.startswith(url)
        # The examples need not exist in this ledger, but they are of the right form.
        assert http.get(address).status_code in (200, 404, 503), address
