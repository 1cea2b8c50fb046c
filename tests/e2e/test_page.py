"""The log's page in a real browser: it renders, nothing is blocked, nothing is missing."""

import os
import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from html import escape, unescape
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import httpx2
import pypdfium2
import pytest

from api.cli.story import chapters
from ledger.domain.core.types import HANOI
from ledger.follow.client import LedgerClient
from tests.support.builders import CONTRACT, FIRM, INSTITUTE, SOME_HASH
from tests.support.qr import read_picture
from tests.support.rich import LAST_DAY, conclude
from tests.support.server import Server, served_ledger
from tests.support.tale import Tale, cast_of, play
from tests.support.world import World

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or "/usr/bin/chromium"

pytestmark = pytest.mark.skipif(
    not Path(CHROMIUM).exists(), reason="no chromium on this machine: THE PAGES ARE NOT TESTED"
)

PNG = b"\x89PNG\r\n\x1a\n"


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with served_ledger() as started:
        yield started


@pytest.fixture(scope="module")
def tale(server: Server) -> Tale:
    world = World.of(server.home)
    with LedgerClient(server.url, server.trust) as ledger:
        told = play(ledger, world, cast_of(world), *chapters())
        conclude(ledger, World.of(server.home), told.cast.today)
        answer = ledger.get(f"/v1/contracts/{CONTRACT}/terms", at_least=told.size + MORE)
        assert "in_force" == answer["status"]
        return told


def paths_of(tale: Tale) -> dict[str, str]:
    """Return the address of a page of each kind."""
    cast = tale.cast
    return {
        "log": "/",
        "operations": "/docs",
        "right": f"/quyen/{cast.ids['older_right']}",
        "contract": f"/hop-dong/{CONTRACT}",
        "royalties": f"/hop-dong/{cast.ids['royalties']}",
        "distribution": f"/phan-chia/{cast.ids['older_distribution']}",
        "party": f"/ben/{cast.parties['institute']}",
        "dispute": f"/tranh-chap/{cast.ids['dispute']}",
        "entry": f"/muc/{tale.size - 1}",
        "royalties_signed": f"/muc/{tale.receipts['royalties'].position}",
    }


MORE = 6
"""Entries that a contract with much in it adds to the story."""

KINDS = (
    *("log", "operations", "right", "contract"),
    *("royalties", "distribution", "party", "dispute", "entry", "royalties_signed"),
)


def browse(url: str, profile: Path, *what: str) -> "subprocess.CompletedProcess[str]":
    """Have a headless browser with an empty profile load a page."""
    options = [
        *("--headless", "--disable-gpu", "--disable-quic", "--no-first-run", "--hide-scrollbars"),
        *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
        *("--enable-logging=stderr", "--v=0", f"--user-data-dir={profile}"),
    ]
    if os.geteuid() == 0:
        options.append("--no-sandbox")  # Chromium's own sandbox does not run as root.
    return subprocess.run(
        [CHROMIUM, *options, *what, url], capture_output=True, text=True, timeout=60, check=True
    )


def complaints(run: "subprocess.CompletedProcess[str]") -> list[str]:
    """Return what the page's console said: errors, blocked loads, violated policies."""
    return [line for line in run.stderr.splitlines() if "CONSOLE" in line]


def text_of(document: str) -> str:
    """Return a document's text without its tags."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", document))


def test_the_log_s_page_shows_title_origin_size_and_latest_event(
    server: Server, tale: Tale, tmp_path: Path
):
    run = browse(f"{server.url}/", tmp_path, "--dump-dom")
    said = text_of(run.stdout)
    assert [] == complaints(run)
    assert "Sổ cái giao dịch công nghệ" in said
    assert server.trust.origin in said
    assert re.search(rf"Số mục {tale.size + MORE} ", said)
    rows = [int(each) for each in re.findall(r'<a href="/muc/([0-9]+)"', run.stdout)]
    newest = tale.size + MORE - 1
    assert [*range(newest, newest - 10, -1)] == list(dict.fromkeys(rows))


def test_the_documentation_lists_the_operations(server: Server, tmp_path: Path):
    run = browse(f"{server.url}/docs", tmp_path, "--dump-dom")
    assert [] == complaints(run)
    assert "POST /v1/events Submit one signed event" in text_of(run.stdout)


@pytest.mark.parametrize("size", ["1280,1400", "420,1600"], ids=["desk", "telephone"])
@pytest.mark.parametrize("path", ["/", "/docs", "/en"])
def test_a_page_is_drawn_with_its_style(
    server: Server, tale: Tale, tmp_path: Path, path: str, size: str
):
    """A page without its style is black on white, and its picture a fraction of the size."""
    del tale
    picture = tmp_path / "page.png"
    run = browse(
        f"{server.url}{path}",
        tmp_path / "profile",
        f"--screenshot={picture}",
        f"--window-size={size}",
    )
    assert [] == complaints(run)
    assert picture.read_bytes().startswith(PNG)
    assert 20_000 < picture.stat().st_size


def test_a_violated_policy_would_be_noticed(tmp_path: Path):
    """The check above can fail: a page that breaks its own policy makes the console speak."""
    page = tmp_path / "page.html"
    page.write_text(
        '<meta http-equiv="Content-Security-Policy" content="default-src \'none\'">'
        "<style>p { color: red }</style><p>inline</p>"
    )
    assert complaints(browse(page.as_uri(), tmp_path / "profile", "--dump-dom"))


FRAME = '<iframe width="{width}" height="900" style="border: 0" srcdoc="{page}"></iframe>'
MEASURED = """<script>
addEventListener("load", () => {
  for (const frame of document.querySelectorAll("iframe")) {
    const root = frame.contentDocument.documentElement;
    frame.dataset.width = `${root.scrollWidth} ${root.clientWidth}`;
  }
});
</script>"""


def widths(
    pages: Mapping[str, str], style: str, width: int, directory: Path
) -> dict[str, tuple[int, int]]:
    """Return how wide each page wants to be and may be, in a frame so many pixels wide.

    A window is never as narrow as a telephone, and a page itself lets nobody frame or measure it:
    so its text is measured, with its style beside it.
    """
    (directory / "page.css").write_text(style)
    owns = (page.replace("/static/page.css", "page.css") for page in pages.values())
    frames = (FRAME.format(width=width, page=escape(page)) for page in owns)
    framed = directory / "framed.html"
    framed.write_text("\n".join(["<!doctype html>", *frames, MEASURED]))
    run = browse(framed.as_uri(), directory / "profile", "--virtual-time-budget=5000", "--dump-dom")
    found = re.findall(r'data-width="([0-9]+) ([0-9]+)"', run.stdout)
    return {
        name: (int(wanted), int(there)) for name, (wanted, there) in zip(pages, found, strict=True)
    }


def test_nothing_scrolls_sideways_on_a_telephone(server: Server, tale: Tale, tmp_path: Path):
    style = httpx2.get(f"{server.url}/static/page.css").text
    paths = (
        (prefix + path).removesuffix("/") or "/"
        for prefix in ("", "/en")
        for path in (*paths_of(tale).values(), *licence_paths(tale).values())
    )
    pages = {path: httpx2.get(f"{server.url}{path}").text for path in paths}
    measured = widths(pages, style, 390, tmp_path)
    assert {} == {path: told for path, told in measured.items() if not told[0] <= told[1] <= 390}


def test_a_page_that_is_too_wide_would_be_noticed(tmp_path: Path):
    ((wanted, there),) = widths({"wide": f"<p>{200 * 'm'}</p>"}, "", 390, tmp_path).values()
    assert wanted > there


def printed(url: str, directory: Path) -> list[str]:
    """Return what stands on each sheet of a page that is printed, blanks and breaks left out."""
    pypdf = pytest.importorskip("pypdf", reason="no pypdf here: PRINT IS NOT TESTED")
    file = directory / "page.pdf"
    browse(url, directory / "profile", "--no-pdf-header-footer", f"--print-to-pdf={file}")
    return [re.sub(r"\s", "", sheet.extract_text()) for sheet in pypdf.PdfReader(file).pages]


PAGES_OF = (
    "/quyen/",
    "/hop-dong/",
    "/phan-chia/",
    "/ben/",
    "/tranh-chap/",
    "/muc/",
    "/cong-nghe/",
    "/doi-tuong/",
    "/san/",
)


LICENCE = "/li-xang/kiem-tra"
"""Where a licence is checked: a form, and the answer below it."""


def licence_paths(tale: Tale) -> dict[str, str]:
    """Return the form, the form again with what is to be mended, and answers of each kind."""
    day, cast = tale.cast.today.isoformat(), tale.cast
    ask = f"{LICENCE}/ket-qua?true_on={day}&act=sell&territory=vn-2025:48"
    firm = f"{ask}&party={cast.parties['firm']}"
    return {
        "form": LICENCE,
        "mended": f"{ask}&party=Coatings&field=paints&right=coating&effect=third_parties",
        "yes": f"{firm}&field=C09D&scheme=ipc",
        "no": f"{ask}&party={FIRM}&field=A61K&scheme=ipc",
        "tiers": f"{ask.replace(':48', ':01')}&party={FIRM}&field=A61K&scheme=ipc",
        "unknown": firm,
    }


def takes_of(document: Mapping[str, Any], path: str) -> set[str]:
    """Return what can be asked at an address: of the API by its document, of a page all of it."""
    if path.removeprefix("/en").startswith(PAGES_OF):
        return {"true_on", "known_at", "known_by", "effect"}
    if path.removeprefix("/en") == LICENCE:
        return {"true_on", "known_at", "effect"}
    return {
        parameter["name"]
        for template, methods in document["paths"].items()
        if re.fullmatch(re.sub(r"\{[^}]*\}", "[^/]+", template), path)
        for parameter in methods["get"].get("parameters", ())
        if parameter["in"] == "query"
    }


def questions_of(tale: Tale) -> tuple[Mapping[str, str], ...]:
    """Return what a page may be asked beside its subject."""
    day = tale.cast.today.isoformat()
    return (
        {"true_on": day, "known_at": str(tale.size - 1)},
        {"true_on": day, "known_at": f"{day}T23:59:59.000Z", "effect": "third_parties"},
        {"known_at": day, "known_by": "office", "effect": "third_parties"},
        {"known_by": "office"},
        {},
    )


@pytest.mark.parametrize("number", range(5))
@pytest.mark.parametrize("prefix", ["", "/en"], ids=["vi", "en"])
def test_every_link_of_a_page_asks_what_the_page_was_asked(
    server: Server, tale: Tale, prefix: str, number: int
):
    """A day of an office's register is no time of this ledger: it goes with `known_by` alone."""
    asked = questions_of(tale)[number]
    found: set[str] = set()
    with httpx2.Client(base_url=server.url) as http:
        document = http.get("/openapi.json").json()
        for kind in sorted({*KINDS} - {"log", "operations"}):
            page = http.get(f"{prefix}{paths_of(tale)[kind]}", params=asked)
            assert 200 == page.status_code, page.text
            links = {unescape(each) for each in re.findall(r'href="(/[^"]*)"', page.text)}
            of_today = f"{prefix}{paths_of(tale)[kind]}"
            if asked and "/muc/" not in of_today:  # What an entry says is the same on every day.
                assert of_today in links, "the ribbon leads back to today"
            feeds = {each for each in links if "/phat/" in each}  # Of what will be recorded.
            for link in links - feeds - {of_today}:
                address = urlsplit(link)
                takes = takes_of(document, address.path)
                if "known_by" not in takes and asked.get("known_by") == "office":
                    takes -= {"known_at"}
                said = dict(parse_qsl(address.query))
                for filled in ("after", "party", "right"):
                    said.pop(filled, None)
                assert said == {name: each for name, each in asked.items() if name in takes}, (
                    f"the page of a {kind} links to {link}"
                )
                found |= {*address.path.split("/")[1:]}
                assert 200 == http.get(link).status_code, link
    assert {"doi-tuong", "muc", "title", "terms", "dues", "holds"} <= found


def test_a_contract_s_page_shows_the_orders_that_hold_its_money(server: Server, tale: Tale):
    """They are on an agreement to share, while the page says what of the money is not paid."""
    path, day = f"/hop-dong/{tale.cast.ids['contract']}", tale.cast.today.isoformat()
    with httpx2.Client(base_url=server.url) as http:
        money = http.get(f"/v1/contracts/{tale.cast.ids['contract']}/revenue").json()
        (share,) = {each["subject"] for each in money["shares"]}
        held = http.get(f"/v1/subjects/{share}/holds", params={"true_on": day}).json()
        page = http.get(f"/en{path}").text
    assert held["orders"]
    assert f"Orders that hold {share}: {len(held['orders'])}." in page
    assert f"No order holds {path.rpartition('/')[2]}." in page


@pytest.mark.parametrize("kind", ["contract", "entry"])
def test_a_decoder_reads_the_qr_code_from_paper(
    server: Server, tale: Tale, tmp_path: Path, kind: str
):
    """As a scanner has it: 150 dots an inch, in grey."""
    path = paths_of(tale)[kind]
    browse(
        f"{server.url}{path}",
        tmp_path / "profile",
        "--no-pdf-header-footer",
        f"--print-to-pdf={tmp_path / 'page.pdf'}",
    )
    sheets = pypdfium2.PdfDocument(tmp_path / "page.pdf")
    pictures = [sheet.render(scale=150 / 72, grayscale=True).to_pil() for sheet in sheets]
    (address,) = [each for picture in pictures for each in read_picture(picture)]
    (shown,) = re.findall(r'<a class="id" href="(http[^"]*)"', httpx2.get(address).text)
    assert address == unescape(shown)
    assert path == urlsplit(address).path


@pytest.mark.parametrize("language", ["vi", "en"])
def test_paper_has_the_days_and_the_sums_of_a_contract_and_its_whole_ids(
    server: Server, tale: Tale, tmp_path: Path, language: str
):
    del tale
    vietnamese = language == "vi"
    path = f"{'' if vietnamese else '/en'}/hop-dong/{CONTRACT}"
    sheets = printed(f"{server.url}{path}", tmp_path)
    whole = "".join(sheets)
    said = (
        ("2.000,00 USD", "1.234,56 USD", "90.000,00 USD", "500 đơn vị", f"hết ngày {LAST_DAY[1]}")
        if vietnamese
        else ("USD 2,000.00", "USD 1,234.56", "USD 90,000.00", "500 units", f"to {LAST_DAY[2]}")
    )
    without = "trừ Đà Nẵng (vn-2025:48)" if vietnamese else "except Đà Nẵng (vn-2025:48)"
    for each in (*said, without, CONTRACT, SOME_HASH, INSTITUTE, FIRM):
        assert each.replace(" ", "") in whole, each


@pytest.mark.parametrize("kind", KINDS)
def test_each_sheet_says_of_which_log_it_is_how_far_and_under_which_root(
    server: Server, tale: Tale, tmp_path: Path, kind: str
):
    path = paths_of(tale)[kind]
    sheets = printed(f"{server.url}{path}", tmp_path)
    foot = re.search(
        r'<p class="sheet">(.*?)</p>', httpx2.get(f"{server.url}{path}").text, re.DOTALL
    )
    assert foot
    root = re.search(r"Gốc <code>([^<]*)</code>", foot[1])
    assert root
    for number, sheet in enumerate(sheets, 1):
        assert server.trust.origin in sheet
        assert f"Sốmục{tale.size + MORE}·" in sheet
        assert root[1] in sheet
        assert f"{number}/{len(sheets)}" in sheet
        assert "Trangnàylàlờimáychủ,chưađượckiểmchứng" in sheet
        if kind in ("entry", "royalties_signed"):
            assert f"Mục{path.rpartition('/')[2]}·" in sheet
        elif kind not in ("log", "operations"):
            asked = f"{path.rpartition('/')[2]}·Đúngvàongày{tale.cast.today:%d/%m/%Y}"
            assert f"{asked},theosổnày,giữacácbên" in sheet


def test_each_sheet_says_what_was_asked(server: Server, tale: Tale, tmp_path: Path):
    path, day = paths_of(tale)["right"], f"{tale.cast.today:%Y-%m-%d}"
    of = path.rpartition("/")[2]
    known, written = tale.size - 1, f"{tale.cast.today.day}{tale.cast.today:%B%Y}"
    now = datetime.now(HANOI)
    asked = {
        f"known_at={known}&effect=third_parties": f"asknowntothisledgertoentry{known},against"
        "thirdparties",
        f"known_at={now.astimezone(UTC):%Y-%m-%dT%H:%M:%S.000Z}": "asknowntothisledgerat"
        f"{now.day}{now:%B%Y},{now:%H:%M:%S}(HàNộitime),betweentheparties",
        f"known_at={day}&known_by=office": f"bytheoffice'sregister,asknownon{written},betweenthe"
        "parties",
    }
    for query, said in asked.items():
        sheets = printed(f"{server.url}/en{path}?true_on={day}&{query}", tmp_path)
        assert 1 < len(sheets)
        for sheet in sheets:
            assert f"{of}·Trueon{written},{said}" in sheet


VERDICTS = {"yes": "CÓ", "no": "KHÔNG", "tiers": "CÓ", "unknown": "KHÔNGBIẾT"}


@pytest.mark.parametrize("kind", VERDICTS)
def test_a_printed_licence_check_says_its_verdict_in_words_and_each_sheet_what_was_asked(
    server: Server, tale: Tale, tmp_path: Path, kind: str
):
    sheets = printed(f"{server.url}{licence_paths(tale)[kind]}", tmp_path)
    day = f"{tale.cast.today:%d/%m/%Y}"
    assert f"Kiểmtrali-xăng{VERDICTS[kind]}" in sheets[0]
    for sheet in sheets:
        assert server.trust.origin in sheet
        assert re.search(rf"·bán·[^·]*·.*·Đúngvàongày{day},giữacácbên", sheet)
    whole = "".join(sheets)
    assert "techledgeraskcheck-licence" in whole
    if kind == "tiers":
        for words in ("90.000,00USD", "1.234,56USD", f"hếtngày{LAST_DAY[1]}", "500đơnvị"):
            assert words in whole, words


def test_a_decoder_reads_the_licence_check_s_address_from_paper(
    server: Server, tale: Tale, tmp_path: Path
):
    browse(
        f"{server.url}{licence_paths(tale)['yes']}",
        tmp_path / "profile",
        "--no-pdf-header-footer",
        f"--print-to-pdf={tmp_path / 'page.pdf'}",
    )
    sheets = pypdfium2.PdfDocument(tmp_path / "page.pdf")
    pictures = [sheet.render(scale=150 / 72, grayscale=True).to_pil() for sheet in sheets]
    (address,) = [each for picture in pictures for each in read_picture(picture)]
    again = httpx2.get(address)
    assert (200, True) == (again.status_code, '<h1 class="band yes">' in again.text)
    assert "known_at=" in address


@pytest.mark.parametrize("prefix", ["", "/en"], ids=["vi", "en"])
def test_nothing_of_a_licence_check_is_blocked(
    server: Server, tale: Tale, tmp_path: Path, prefix: str
):
    for kind, path in licence_paths(tale).items():
        run = browse(f"{server.url}{prefix}{path}", tmp_path / kind, "--dump-dom")
        assert [] == complaints(run), kind
