"""Short addresses: the QR code of a page whose own address is too long leads to that very page."""

import json
from collections.abc import Callable
from urllib.parse import quote, urlencode

import httpx2
import pytest

from api.cli.story import names
from api.explorer.found_again import MAX_QR, draw_qr
from api.explorer.short import shorten
from ledger.events.intake import subjects_said
from ledger.home.paths import Home
from ledger.node.node import Node
from ledger.store.entries import read_entries
from ledger.wire.entry import parse_entry
from tests.api.test_found_again import end_of
from tests.support.node import append
from tests.support.qr import read_svg
from tests.support.tale import Loaded
from tests.support.world import World

NAMES = names()
PARTY = f"party:vn.{'x' * 77}"


@pytest.fixture
def long(node: Node, home: Home, loaded: Loaded, fold: Callable[[], None]) -> str:
    """Register a party of the longest id."""
    del loaded
    append(node, World.of(home).registration(PARTY))
    fold()
    return urlencode({"party": PARTY, "right": NAMES["right"]}, safe=":")


@pytest.mark.parametrize("prefix", ["", "/en"])
def test_a_code_leads_to_the_very_page_by_a_short_address(
    http: httpx2.Client, long: str, prefix: str
):
    asked = f"{long}&act=sell&territory=vn-2025:48&field=C09D&scheme=ipc"
    asked += "&true_on=2026-01-31&effect=third_parties"
    page = http.get(f"{prefix}/li-xang/kiem-tra/ket-qua?{asked}", follow_redirects=True)
    assert 200 == page.status_code
    address, drawing = end_of(page.text)
    assert len(address.encode()) > MAX_QR
    drawn = read_svg(drawing)
    assert len(drawn.encode()) <= MAX_QR
    led = http.get(drawn, follow_redirects=False)
    assert 303 == led.status_code
    assert http.base_url.join(led.headers["location"]) == httpx2.URL(address)


def test_a_page_whose_own_address_is_short_has_no_other(http: httpx2.Client, loaded: Loaded):
    del loaded
    address, drawing = end_of(http.get("/muc/3").text)
    assert address == read_svg(drawing)


@pytest.mark.parametrize("said", ["~999999.0", "~1.77", "~0.99999"])
def test_what_names_nobody_is_told_on_a_page(http: httpx2.Client, loaded: Loaded, said: str):
    del loaded
    answer = http.get(f"/~/ben/{said}", follow_redirects=False)
    assert 404 == answer.status_code
    assert said in answer.text
    assert "text/html" in answer.headers["content-type"]


@pytest.mark.parametrize(
    ("path", "leads"),
    [
        ("/~//evil.example/a", "/evil.example/a"),
        ("/~/%2F%2Fevil.example", "/%2F%2Fevil.example"),
        ("/~/\\\\evil.example", "/%5C%5Cevil.example"),
        ("/~/%5C/evil.example", "/%5C/evil.example"),
        ("/~/muc/3%0dset-cookie:a", "/muc/3%0Dset-cookie:a"),
        ("/~/", "/"),
        ("/~/tim?q=a&q=%7E1.x&q=", "/tim?q=a&q=~1.x&q="),
    ],
)
def test_it_leads_to_no_other_host_and_changes_nothing_else(
    http: httpx2.Client, loaded: Loaded, path: str, leads: str
):
    del loaded
    answer = http.get(path, follow_redirects=False)
    assert (303, leads) == (answer.status_code, answer.headers["location"])


def test_what_looks_like_a_place_already_is_not_shortened(node: Node, long: str):
    assert f"/tim?{long}&q=~1.0" == shorten(node, f"/tim?{long}&q=~1.0")
    assert "/~/tim?party=~" in shorten(node, f"/tim?{long}&q=~1.")


def test_a_place_among_the_subjects_of_an_entry_is_that_of_its_payload(node: Node, loaded: Loaded):
    """In every process: a set of texts would have another order in each."""
    del loaded
    several = 0
    for stored in read_entries(node.pool, 0, None, 100):
        said = json.loads(parse_entry(stored.entry).payload)["subjects"]
        assert tuple(said) == subjects_said(stored.entry)
        several += len(said) > 1
    assert several > 10


def test_a_short_address_of_many_entries_is_not_followed(http: httpx2.Client, loaded: Loaded):
    del loaded
    many = "/".join(f"~{position}.0" for position in range(9))
    assert 404 == http.get(f"/~/{many}", follow_redirects=False).status_code


def test_an_unknown_id_stands_for_itself(node: Node, loaded: Loaded):
    del loaded
    nobody = f"party:vn.{'y' * 200}"
    short = shorten(node, f"/ben/{quote(nobody, safe=':')}")
    assert f"/~/ben/{nobody}" == short
    assert "" == draw_qr(f"https://{short}{nobody}")
