"""The home page: where to begin, what there is, what happened last, and the state of the log."""

import re
from html import unescape

import httpx2
import pytest

from api.explorer.home_page import COUNTED, LATEST, counted
from ledger.domain.core.types import legal_day
from ledger.node.node import Node
from ledger.store.readmodels import forget_progress
from projections.engine.decoding import decode
from projections.run.catalogue import READ_MODELS
from projections.run.rebuild import rebuild
from tests.support.inline import INLINE
from tests.support.tale import Loaded

HREF = re.compile(r'href="([^"]*)"')


def links(page: str) -> list[str]:
    return [unescape(each) for each in HREF.findall(page)]


@pytest.mark.parametrize("prefix", ["", "/en"])
def test_no_door_of_the_home_page_is_shut(http: httpx2.Client, loaded: Loaded, prefix: str):
    del loaded
    page = http.get(prefix or "/").text
    doors = links(page.partition('<nav class="doors"')[2].partition("</nav>")[0])
    assert 6 == len({*doors})
    inside = [each for each in doors if each.startswith("#")]
    assert all(f'id="{each[1:]}"' in page for each in inside)
    assert all(each.startswith(f"{prefix}/") for each in doors if each not in inside)
    for link in {*links(page)} - {*inside, "#main"}:
        assert 200 == http.get(link).status_code, link
    assert not INLINE.search(page)


def test_it_counts_exactly_what_the_lists_behind_the_counts_have(
    http: httpx2.Client, loaded: Loaded
):
    del loaded
    page = http.get("/").text
    found = re.findall(
        r'<a class="card count" href="([^"]*)"><strong>([0-9.]*)</strong> <span>([^<]*)</span>',
        page,
    )
    assert len(COUNTED) + 2 == len(found)
    for address, number, called in found:
        path, _, asked = unescape(address).partition("?")
        assert http.get(f"{path}.json?{asked}").json()["count"] == int(number), called
    told = {called: int(number) for _, number, called in found}
    assert (1, 1) == (told["tin và nhu cầu đang mở"], told["vụ tranh chấp"])
    assert 3 == told["hợp đồng đã ký"]


def test_a_count_is_of_the_entries_and_the_day_it_was_asked_of(node: Node, loaded: Loaded):
    before = counted(node, loaded.at["listing"], legal_day(node.clock.now()))
    after = counted(node, loaded.at["listing"] + 1, legal_day(node.clock.now()))
    assert (0, 1) == (before.listings, after.listings)
    assert 0 == before.events["contract.concluded/1"]


def test_the_last_ten_events_are_told_and_each_leads_to_its_entry(
    http: httpx2.Client, node: Node, loaded: Loaded
):
    del loaded
    page = http.get("/").text
    told = page.partition('<ol class="told">')[2].partition("</ol>")[0]
    size = node.feed.newest.size if node.feed.newest else 0
    shown = [int(each) for each in re.findall(r'href="/muc/([0-9]+)"', told)]
    assert [*range(size - 1, size - 1 - LATEST, -1)] == shown
    assert "Ngân hàng (ví dụ)</a> mở tệp bảo mật của" in told
    assert "/muc" in links(page)


def test_the_state_of_the_log_is_said_with_its_root_and_who_cosigned(
    http: httpx2.Client, node: Node, loaded: Loaded
):
    del loaded
    page = http.get("/en").text
    assert node.identity.origin in page
    assert node.feed.newest
    assert f"<strong>{node.feed.newest.size}</strong>" in page
    assert "no witness cosigns it" in page
    assert node.feed.newest.note.decode().splitlines()[2] in page
    assert "HALTED" not in page


@pytest.mark.parametrize(("path", "word"), [("/", "SỔ ĐÃ DỪNG KÝ"), ("/en", "THE LOG IS HALTED")])
def test_a_halted_log_says_so_first_and_why(
    http: httpx2.Client, node: Node, loaded: Loaded, path: str, word: str
):
    del loaded
    node.halted = "entry 3 is not what was signed <b>"
    try:
        page = http.get(path).text
    finally:
        node.halted = None
    banner = page.partition('role="alert"')[2].partition("</p>")[0]
    assert word in banner
    assert "entry 3 is not what was signed &lt;b&gt;" in banner
    assert page.index(word) < page.index('class="doors"')


def test_it_is_there_where_the_read_models_are_not(http: httpx2.Client, node: Node, loaded: Loaded):
    del loaded
    forget_progress(node.pool, ["events"])
    try:
        page = http.get("/")
    finally:
        rebuild(node.pool, READ_MODELS, decode, key=node.key)
    assert 200 == page.status_code
    assert "Máy chủ chưa đọc xong nhật ký" in page.text
    assert 'class="card count"' not in page.text
    assert node.identity.origin in page.text
