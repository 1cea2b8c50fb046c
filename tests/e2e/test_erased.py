"""What was sealed about a person is on no surface; once erased, the person is found nowhere."""

import json
import re
from collections.abc import Iterator
from html import unescape
from urllib.parse import urlsplit

import httpx2
import pytest

from ledger.court import MAX_BUNDLE
from ledger.follow.client import LedgerClient, Signed
from ledger.wire.report_file import bundle_in
from tests.support.builders import AUTHOR, CONTRACT, FIRM, OPERATOR, REGISTRAR, SHARE
from tests.support.canaries import PRICE, agreements, canaries
from tests.support.parties import person_erased
from tests.support.reports import pages_of
from tests.support.sealing import CONTRACT_AT
from tests.support.server import served_ledger
from tests.support.streams import Reader
from tests.support.world import World

ELSEWHERE = re.compile(
    "/(static|docs|redoc|metrics|quy-tac/|tai-lieu/su-kien/|luat|health|so-lieu/[0-9]+$)"
)
"""What is the same in every ledger, other years, or no page."""

TOKEN = AUTHOR.rpartition(".")[2]

BESIDE = [
    *(f"/phat/muc.atom?subject={each}" for each in (AUTHOR, SHARE, CONTRACT)),
    f"/tim?q={TOKEN}",
    "/dang-ky",
    "/so-lieu/2026?month=11",
    f"/doi-tuong/{SHARE}",
    f"/ben/{AUTHOR}",
    f"/ben/{FIRM}",
    f"/hop-dong/{CONTRACT}",
]
"""Where a reader begins beside the home page; in English, too."""

ASKED = [
    "/v1/events?limit=100",
    "/v1/duties",
    "/v1/findings",
    f"/v1/search?q={TOKEN}",
    f"/v1/shares/{SHARE}",
    *(f"/v1/contracts/{CONTRACT}/{what}" for what in ("terms", "versions", "revenue", "overdue")),
    *(f"/v1/parties/{AUTHOR}{what}" for what in ("", "/dues", "/keys", "/contracts", "/offers")),
    *(f"/v1/subjects/{each}/timeline" for each in (AUTHOR, SHARE, CONTRACT)),
    *(f"/v1/evidence?subject={each}" for each in (AUTHOR, SHARE, CONTRACT)),
]
ENTRIES = 8


@pytest.fixture(scope="module")
def surfaces() -> Iterator[tuple[httpx2.Client, list[Signed]]]:
    """Seal what a person gets, erase the person, and serve it; lend what was signed."""
    with served_ledger() as server:
        world = World.of(server.home)
        signed = agreements(world)
        with LedgerClient(server.url, server.trust) as client:
            for each in signed:
                client.submit(each)
            receipt = client.submit(world.sign(person_erased(token=AUTHOR), OPERATOR, REGISTRAR))
        with httpx2.Client(base_url=server.url, timeout=60) as http:
            http.get(f"/v1/events?at_least={receipt.position + 1}").raise_for_status()
            yield http, signed


def crawled(http: httpx2.Client, *begin: str) -> Iterator[tuple[str, bytes]]:
    """Yield each page that links lead to from some, and its twins.

    Of a PDF what it says, without blanks, and the bundle that it holds.
    """
    waiting, seen = [*begin], {*begin}
    while waiting:
        path = waiting.pop()
        answer = http.get(path, follow_redirects=True)
        assert answer.status_code in {200, 404}, (path, answer.status_code, answer.text[:200])
        kind = answer.headers["content-type"].partition(";")[0]
        if kind == "application/pdf":
            yield path, "".join(pages_of(answer.content)).replace(" ", "").encode()
            yield path, bundle_in(answer.content, MAX_BUNDLE) or b""
            continue
        yield path, answer.content
        if kind == "text/html":
            for href in map(unescape, re.findall(r'href="(/[^"#]*)', answer.text)):
                bare = urlsplit(href).path.removeprefix("/en")
                if href not in seen and not ELSEWHERE.match(bare):
                    seen.add(href)
                    waiting.append(href)


def streamed(url: str) -> bytes:
    """Return the events from the first on as a stream tells them."""
    reader = Reader(url, "?since=0")
    reader.read(until=ENTRIES)
    return json.dumps(reader.told).encode()


def spelt(signed: list[Signed]) -> list[bytes]:
    """Return what is not to be seen: the canaries, and their values as people read them."""
    read = ("731.904.256.118", "731,904,256,118", "61,2345", "61.2345", "38,7655", "38.7655")
    return [*canaries(signed), b"612345", b"387655", *(each.encode() for each in read)]


def test_what_was_sealed_is_on_no_page_twin_feed_or_stream(
    surfaces: tuple[httpx2.Client, list[Signed]],
):
    http, signed = surfaces
    begin = ["/", "/en", *BESIDE, *(f"/en{each}" for each in BESIDE), *ASKED]
    begin += [f"/v1/entries/{position}" for position in range(ENTRIES)]
    told = [*crawled(http, *begin), ("stream", streamed(str(http.base_url).rstrip("/")))]
    kinds = {path.partition("?")[0].rpartition(".")[2] for path, _ in told}
    assert {"json", "csv", "pdf", "proof", "atom", "stream"} <= kinds
    assert any(TOKEN.encode() in content for path, content in told if path == "stream")
    licence = json.loads(signed[CONTRACT_AT - 1].envelope.payload)["body"]
    shown = {path for path, content in told if licence["price"]["commitment"].encode() in content}
    assert {f"/hop-dong/{CONTRACT}{form}" for form in ("", ".json", ".csv", ".pdf")} <= shown
    wanted = spelt(signed)
    assert [] == [path for path, content in told if any(each in content for each in wanted)]


@pytest.mark.parametrize("prefix", ["", "/en"])
def test_who_was_erased_is_found_by_no_search_and_is_no_example(
    surfaces: tuple[httpx2.Client, list[Signed]], prefix: str
):
    http, _ = surfaces
    for asked in (AUTHOR, TOKEN, TOKEN[:12], TOKEN[-12:]):
        found = http.get("/v1/search", params={"q": asked}).raise_for_status().json()
        assert AUTHOR not in [hit["id"] for hit in found["hits"]], asked
        page = http.get(f"{prefix}/tim", params={"q": asked})
        assert 200 == page.status_code, "it leads to nobody"
        assert f"/ben/{AUTHOR}" not in page.text
    assert [] == http.get("/v1/search", params={"q": str(PRICE)}).json()["hits"]
    for documents in ("/tai-lieu", "/tai-lieu/cau-hoi"):
        assert TOKEN not in http.get(f"{prefix}{documents}").text
    own = unescape(http.get(f"{prefix}/ben/{AUTHOR}").text)
    assert ("identity erased" if prefix else "xóa danh tính") in own
