"""The end of a page: an address pinned to what it says, as a QR code, too, and how to check it."""

import hashlib
import json
import re
import shlex
from base64 import b64encode
from html import unescape
from urllib.parse import quote, urlsplit

import httpx2
import pytest

from api.cli.story import names
from api.describe.checked_here import CHECKED
from api.explorer.found_again import MAX_QR, draw_qr
from ledger.domain.core.types import legal_day
from ledger.node.node import Node
from tests.support.qr import read_svg
from tests.support.tale import Loaded

NAMES = names()
CONTRACT = f"/hop-dong/{NAMES['contract']}"
ADDRESS = re.compile(r'<a class="id" href="(http[^"]*)">')
DRAWING = re.compile(r'<svg [^>]*class="qr".*?</svg>', re.DOTALL)


def end_of(page: str) -> tuple[str, str]:
    """Return the address that a page gives, and its drawing."""
    address, drawing = ADDRESS.search(page), DRAWING.search(page)
    assert address
    assert drawing
    return unescape(address[1]), drawing[0]


@pytest.mark.parametrize("path", [CONTRACT, f"/en{CONTRACT}", "/muc/3", f"/ben/{NAMES['firm']}"])
def test_the_qr_code_leads_to_the_address_that_stands_beside_it(
    http: httpx2.Client, loaded: Loaded, path: str
):
    del loaded
    page = http.get(path)
    address, drawing = end_of(page.text)
    assert address == read_svg(drawing)
    assert urlsplit(address).path == path
    again = http.get(address)
    assert 200 == again.status_code
    assert path.startswith("/muc/") or " ribbon" not in page.text
    assert end_of(again.text) == (address, drawing)


def test_what_was_left_open_is_pinned_and_what_was_asked_stays(
    http: httpx2.Client, loaded: Loaded, node: Node
):
    today, size = legal_day(node.clock.now()), node.published
    address, _ = end_of(http.get(CONTRACT).text)
    assert f"true_on={today}&known_at={size - 1}" == urlsplit(address).query
    asked = f"true_on={loaded.words['Q2']}&known_at=2&effect=third_parties"
    address, _ = end_of(http.get(f"{CONTRACT}?{asked}").text)
    assert asked == urlsplit(address).query
    address, _ = end_of(http.get(f"/quyen/{NAMES['right']}?known_by=office").text)
    assert f"true_on={today}&known_at={today}&known_by=office" == urlsplit(address).query


def test_the_command_gathers_what_the_page_rests_on(http: httpx2.Client, loaded: Loaded):
    del loaded
    for path, shown in (("/muc/3", ["--position", "3"]), (CONTRACT, ["--subject", CONTRACT[10:]])):
        (command,) = re.findall(r"<pre>(techledger [^<]*)</pre>", http.get(path).text)
        words = shlex.split(unescape(command))
        assert ["techledger", "evidence", "gather", "bundle.json", *shown] == words[:6]
        assert "--url" == words[6]
        name, _, value = shown[0].removeprefix("--"), "", shown[1]
        assert 200 == http.get(f"{words[7]}/v1/evidence?{name}={value}").status_code


def test_an_address_that_no_reader_would_take_from_paper_is_not_drawn():
    longest = "https://a.vn/" + (MAX_QR - 13) * "x"
    assert longest == read_svg(draw_qr(longest))
    assert "" == draw_qr(f"{longest}x")
    assert "" == draw_qr("https://a.vn/" + 119 * "đ")


def test_the_foot_says_that_no_witness_cosigns_where_none_is_asked(
    http: httpx2.Client, loaded: Loaded
):
    del loaded
    assert "không có nhân chứng đồng ký" in http.get(CONTRACT).text
    assert "no witness cosigns it" in http.get(f"/en{CONTRACT}").text


@pytest.mark.parametrize(
    ("path", "evidence"),
    [("/muc/3", "position=3"), (f"/en{CONTRACT}", f"subject={quote(NAMES['contract'], safe='')}")],
)
def test_a_page_brings_its_check_along_and_no_other_script(
    http: httpx2.Client, loaded: Loaded, path: str, evidence: str
):
    del loaded
    answer = http.get(path)
    scripts = re.findall(r"<script ([^>]*)></script>", answer.text)
    served = http.get("/static/verify.js")
    digest = b64encode(hashlib.sha256(served.content).digest()).decode()
    assert [f'type="module" src="/static/verify.js" integrity="sha256-{digest}"'] == scripts
    assert answer.text.count("<script") == 1
    assert served.headers["content-type"].startswith("text/javascript")
    assert "no-cache" == served.headers["cache-control"], "it is kept, and asked for each time"
    known = {"If-None-Match": served.headers["etag"]}
    assert 304 == http.get("/static/verify.js", headers=known).status_code
    policy = answer.headers["content-security-policy"]
    for said in ("default-src 'none'", "script-src 'self'", "connect-src 'self'"):
        assert f"{said}; " in policy
    assert f'data-evidence="{evidence}"' in answer.text
    assert 200 == http.get(f"/v1/evidence?{evidence}").status_code


@pytest.mark.parametrize("prefix", ["", "/en"])
def test_the_check_speaks_the_page_s_language(http: httpx2.Client, loaded: Loaded, prefix: str):
    del loaded
    (words,) = re.findall(r'data-words="([^"]*)"', http.get(f"{prefix}/muc/3").text)
    said = json.loads(unescape(words))
    assert {name: both[prefix == "/en"] for name, both in CHECKED.items()} == said
