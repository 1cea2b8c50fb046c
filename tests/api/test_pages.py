"""The pages for people: what they say, and that nothing in them is loaded from elsewhere or run."""

import re
from collections.abc import Callable
from html import escape, unescape

import httpx2
import pytest
from fastapi.routing import APIRoute

from api import problems
from api.describe.auditor_words import AUDITOR
from api.describe.board_words import BOARD
from api.describe.duty_words import DUTY_WORDS
from api.describe.event_names import event_name
from api.describe.figures_words import FIGURES_WORDS
from api.describe.interface import ASKED_AS, INTERFACE
from api.describe.licence_words import LICENCE
from api.describe.links import PAGES as FOLDERS
from api.describe.question_words import QUESTION_WORDS
from api.describe.rulebook_words import RULEBOOK
from api.explorer import pages
from api.explorer.shown import HERE
from api.reads.parameters import query_of
from ledger.home.paths import Home
from ledger.node.node import Node
from tests.support.http import PROBLEM
from tests.support.inline import INLINE
from tests.support.streams import ENDLESS
from tests.support.tale import Tale
from tests.support.world import World

PAGES = ("/", "/docs", "/luat", "/quy-tac", "/tai-lieu/su-kien", "/en", "/en/docs", "/en/luat")
WORDED = re.compile(r'(?:say|self)\.word\(\s*"([a-z_]+)"')
HEADINGS = re.compile(
    r'\bask\(\s*"([a-z_]+)"|_shows\("([a-z_]+)"|^    \("([a-z_]+)", "'
    r'|_Page\([^,]*, [^,]*, "([a-z_]+)"|\bSection\("([a-z_]+)"',
    re.MULTILINE,
)


def test_pages_say_all_words_that_there_are_for_them_and_no_other():
    templates = "".join(each.read_text("utf-8") for each in (HERE / "templates").iterdir())
    asking, spoken, reported, figures = (
        (HERE / f"{each}.py").read_text("utf-8")
        for each in ("pages", "shown", "reported", "figures_pages")
    )
    asking += "".join(
        (HERE / f"{each}.py").read_text("utf-8")
        for each in ("list_pages", "market_pages", "version_pages")
    )
    listed = (line for line in reported.splitlines() if line.startswith("_"))
    named = {
        *WORDED.findall(templates + spoken + reported + figures),
        *(name for found in HEADINGS.findall(asking) for name in found if name),
        *(name for line in listed for name in re.findall(r'"([a-z_]+)"', line)),
    }
    assert named == INTERFACE.keys()
    assert all(said.vi and said.en for said in INTERFACE.values())


def test_a_word_is_said_in_one_table():
    for table in (AUDITOR, BOARD, DUTY_WORDS, FIGURES_WORDS, LICENCE, QUESTION_WORDS, RULEBOOK):
        assert [] == [name for name, said in table.items() if INTERFACE[name] is not said]


def text_of(page: str) -> str:
    """Return what a page says, without its tags."""
    return re.sub(r"\s+", " ", unescape(re.sub("<[^>]*>", "", page)))


def links_of(page: str) -> set[str]:
    return {unescape(link) for link in re.findall(r'href="(/[^"]*)"', page)}


@pytest.mark.parametrize(("prefix", "language"), [("", "vi"), ("/en", "en")])
def test_a_page_is_in_the_language_of_its_path_and_its_links_stay_in_it(
    http: httpx2.Client, tale: Tale, prefix: str, language: str
):
    for path in (
        "",
        f"/hop-dong/{tale.cast.ids['contract']}",
        f"/ben/{tale.cast.parties['institute']}",
    ):
        answer = http.get(f"{prefix}{path}" or "/")
        assert 200 == answer.status_code, path
        assert f'<html lang="{language}">' in answer.text
        assert language == answer.headers["content-language"]
        other = "" if prefix else "/en"
        elsewhere = f"{other}{path}" or "/"
        assert 2 == answer.text.count(f'href="{elsewhere}"'), path
        machines = ("/v1/", "/static/", "/openapi.json", "/health/", "/metrics", "/checkpoint")
        for link in links_of(answer.text) - {elsewhere}:
            assert link.startswith(machines) or (link.startswith("/en") == (language == "en")), link


def test_an_english_page_says_nothing_in_vietnamese_but_what_was_written_so(
    http: httpx2.Client, tale: Tale
):
    page = http.get(f"/en/hop-dong/{tale.cast.ids['contract']}").text
    said = re.sub(r"\s+", " ", re.sub("<[^>]*>", " ", page))
    assert "Contract contract:" in said
    assert "exclusive" in said
    vietnamese = {both.vi for both in INTERFACE.values() if both.vi != both.en} - {"Trang"}
    assert not [word for word in vietnamese if len(word) > 5 and word in said and word != "English"]


AS_OF = "true_on=2026-11-30&known_at=12"


def test_every_link_of_an_as_of_page_asks_the_same(http: httpx2.Client, tale: Tale):
    right = tale.cast.ids["right"]
    page = http.get(f"/quyen/{right}?{AS_OF}&effect=third_parties").text
    links = links_of(page)
    answers = {link for link in links if link.startswith("/v1/rights/")}
    assert answers
    for link in answers:  # A chain of title, and what a status was held to be, are of all days.
        of_all_days = "/chain" in link or "/status-history" in link
        assert ("known_at=12" if of_all_days else AS_OF) in link, link
        if "/title" in link or "/liens" in link:
            assert "effect=third_parties" in link
        assert 200 == http.get(link).status_code, link
    for link in links:
        if link.startswith(("/ben/", "/hop-dong/", "/tranh-chap/")):
            assert f"{AS_OF}&effect=third_parties" in link
            assert 200 == http.get(link).status_code, link
    (title,) = (link for link in answers if "/title" in link)
    assert ("2026-11-30", "third_parties") == tuple(
        http.get(title).json()[member] for member in ("true_on", "effect")
    )


def test_a_page_asked_by_the_office_s_register_asks_so_whatever_can_be(
    http: httpx2.Client, tale: Tale
):
    right = tale.cast.ids["right"]
    page = http.get(f"/en/quyen/{right}?known_at=2026-11-30&known_by=office").text
    links = {link for link in links_of(page) if link.startswith("/v1/rights/")}
    for link in links:
        by_office = "known_at=2026-11-30&known_by=office" in link
        assert by_office == any(part in link for part in ("/title", "/liens", "/status?")), link
        assert 200 == http.get(link).status_code, link
    (apart,) = page.split("What follows cannot be asked so")[1:]
    assert "2026, by this ledger, between the parties" in text_of(apart).partition("depend on")[0]
    headings = ("Licences that depend on it", "Orders in force", "Events to date")
    assert all(f"<h2>{each}</h2>" in apart for each in headings)
    assert not any(f"<h2>{each}</h2>" in apart for each in ("Owners", "Status", "Liens, by rank"))
    contract = http.get(
        f"/hop-dong/{tale.cast.ids['contract']}?known_at=2026-11-30&known_by=office"
    )
    assert "chỉ trả lời theo sổ cái này" in contract.text


ONLY_HERE = "This page answers by this ledger and between the parties only."


@pytest.mark.parametrize("asked", ["effect=third_parties", "known_at=2026-11-30&known_by=office"])
@pytest.mark.parametrize("kind", ["contract", "distribution", "party", "dispute"])
def test_a_page_that_is_between_the_parties_only_says_nothing_else(
    http: httpx2.Client, tale: Tale, kind: str, asked: str
):
    del tale
    page = http.get(f"/en{FOLDERS[kind]}/{kind}:none?true_on=2026-11-30&{asked}").text
    said = text_of(re.sub("<form class=.days.*?</form>", "", page, flags=re.DOTALL))
    answered = "True on 30 November 2026, by this ledger, between the parties"
    assert (2, 2) == (said.count(answered), said.count(ONLY_HERE)), "in the heading, and in print"
    assert "third parties" not in said
    assert "office's register" not in said


def test_a_right_s_page_is_asked_against_third_parties_as_it_says(http: httpx2.Client, tale: Tale):
    page = http.get(f"/en/quyen/{tale.cast.ids['right']}?effect=third_parties").text
    assert (2, 0) == (page.count("by this ledger, against third parties"), page.count(ONLY_HERE))


def test_nothing_stands_under_third_parties_that_was_not_asked_against_them(
    http: httpx2.Client, tale: Tale
):
    right = tale.cast.ids["right"]
    document = http.get("/openapi.json").json()["paths"]
    for day, by in (("", "by this ledger"), ("&known_by=office", "by the office's register")):
        page = http.get(f"/en/quyen/{right}?effect=third_parties{day}").text
        asked, *apart = re.split(r'<p class="apart">', page)
        assert f"{by}, against third parties" in text_of(asked)
        for part in apart:
            assert ", not asked against third parties" in text_of(part).partition("JSON")[0]
        takes = [
            {each["name"] for each in document[f"/v1/rights/{{right}}/{name}"]["get"]["parameters"]}
            for name in re.findall(r'class="proof">.*?href="/v1/rights/[^/]*/([a-z-]*)', asked)
        ]
        assert 2 == len(takes), "owners and liens"
        assert all("effect" in each for each in takes)
        assert "<h2>Status</h2>" in "".join(apart)
        assert "<h2>Events to date</h2>" in apart[-1]
    assert "by this ledger, not asked" in text_of(apart[-1])


def test_the_next_page_asks_the_same(http: httpx2.Client, tale: Tale, monkeypatch):
    monkeypatch.setattr(pages, "EVENTS", 1)
    contract = tale.cast.ids["contract"]
    as_of = f"true_on=2026-11-30&known_at={tale.size - 1}"
    page = http.get(f"/en/hop-dong/{contract}?{as_of}").text
    (following,) = (link for link in links_of(page) if "after=" in link)
    assert following.startswith(f"/en/hop-dong/{contract}?{as_of}&after=")
    assert 200 == http.get(following).status_code


def test_a_subject_that_nobody_recorded_is_said_to_be_so_first(http: httpx2.Client, tale: Tale):
    del tale
    page = http.get("/hop-dong/contract:never").text
    assert "KHÔNG BIẾT: sổ cái không có gì về <code>contract:never</code>." in page
    assert "đang có hiệu lực" not in page


def test_every_line_of_a_timeline_has_its_day_of_effect_its_office_and_its_state(
    http: httpx2.Client, tale: Tale
):
    page = http.get(f"/quyen/{tale.cast.ids['right']}").text
    (line,) = (
        each
        for each in page.partition('<ol class="told">')[2].split("<li>")
        if event_name("right.granted/1", "vi") in each
    )
    assert re.search(r'Có hiệu lực từ <time datetime="[0-9-]{10}">[0-9/]{10}<', line)
    assert "Cục Sở hữu trí tuệ Việt Nam (vn)" in line


def test_a_name_with_a_blank_that_is_no_space_does_not_look_like_another(
    http: httpx2.Client, home: Home, fold: Callable[[], None]
):
    name = "Công\u00a0ty\u1680Lạ\u205fvà\u3000Quen"
    signed = World.of(home).registration("party:vn.blanks", name=name)
    assert 201 == http.post("/v1/events", content=signed.to_json()).status_code
    fold()
    page = http.get("/ben/party:vn.blanks").text
    assert "Công\\u00a0ty\\u1680Lạ\\u205fvà\\u3000Quen" in page
    assert not set("\u00a0\u1680\u205f\u3000") & set(page)


@pytest.mark.parametrize("path", PAGES)
def test_a_page_runs_nothing_and_loads_only_its_own_style(http: httpx2.Client, path):
    answer = http.get(path)
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'; style-src 'self'; " in policy
    assert "unsafe" not in policy
    assert "nosniff" == answer.headers["x-content-type-options"]
    assert not INLINE.search(answer.text)
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
    writes = [each for each in commands if "--data-binary" in each]
    asked = [each for each in commands if each not in writes and ENDLESS not in each]
    assert 3 == len(writes)
    reads = [each.replace("&#39;", "").replace("&amp;", "&").split()[-1] for each in asked]
    for address in reads:
        assert address.startswith(url)
        # The examples need not exist in this ledger, but they are of the right form.
        assert http.get(address).status_code in (200, 404, 503), address


REFUSED = {
    "/quyen/right:none?true_on=2026-13-01": ("BAD_PARAMETER", 422, "true_on"),
    "/hop-dong/contract:none?true_om=2026-11-30": ("UNKNOWN_PARAMETER", 422, "true_om"),
    "/hop-dong/contract:none?effect=nobody": ("BAD_PARAMETER", 422, "effect"),
    "/quyen/party:none": ("BAD_PARAMETER", 422, "right"),
    "/ben/party:vn.mst.0100047517": ("BAD_PARAMETER", 422, "party"),
    "/tranh-chap/dispute:none?known_at=99999999": ("BAD_PARAMETER", 422, None),
    "/hop-dong": ("NOT_FOUND", 404, None),
    "/hop-dong/contract:none/terms": ("NOT_FOUND", 404, None),
    "/docs/none": ("NOT_FOUND", 404, None),
}


@pytest.mark.parametrize(("prefix", "language"), [("", "vi"), ("/en", "en")])
@pytest.mark.parametrize("path", REFUSED)
def test_a_page_that_cannot_be_shown_is_a_page_that_says_why(
    http: httpx2.Client, tale: Tale, path: str, prefix: str, language: str
):
    del tale
    code, status, parameter = REFUSED[path]
    # A browser's own language is not asked: the address says which.
    answer = http.get(f"{prefix}{path}", headers={"Accept-Language": "vi,en"})
    assert (status, language) == (answer.status_code, answer.headers["content-language"])
    assert answer.headers["content-type"].startswith("text/html")
    assert "default-src 'none'; style-src 'self'; " in answer.headers["content-security-policy"]
    page = answer.text
    title = problems.TITLES[code][language == "vi"]
    for said in (f"<h1>{title}</h1>", f"<code>{code}</code></a> ({status})", *remedies(language)):
        assert said in page, said
    assert (parameter is None) or f"<dd><code>{parameter}</code></dd>" in page
    for link in links_of(page) - {f"{'' if prefix else '/en'}{path}", f"{prefix}{path}"}:
        assert http.get(link).status_code in (200, status), link


def remedies(language: str) -> tuple[str, ...]:
    """Return the head of what helps."""
    return ("<dt>cách khắc phục</dt><dd>",) if language == "vi" else ("<dt>what helps</dt><dd>",)


def test_all_that_a_page_is_asked_is_said_as_what(http: httpx2.Client):
    routes = [each for each in pages.router.routes if isinstance(each, APIRoute)]
    asked = {name for route in routes for name in query_of(route)}
    assert asked == ASKED_AS.keys()
    for name, said in ASKED_AS.items():
        for prefix, words in (("", said.vi), ("/en", said.en)):
            page = http.get(f"{prefix}/quyen/right:none", params={name: "-"})
            assert f"<code>{name}</code>: {words}" in unescape(page.text)


def test_what_helps_is_not_the_same_address_again(http: httpx2.Client):
    page = http.get("/en/ben/party:vn.mst.0100000011?true_on=2026-11-30").text
    helps = page.partition("<dt>what helps</dt>")[2].partition("</dd>")[0]
    assert {"/en"} == links_of(helps)


@pytest.mark.parametrize(
    ("path", "meant"),
    [
        ("/quyen/right:none?true_om=2026-11-30", "/quyen/right:none?true_on=2026-11-30"),
        ("/ben/party:vn.mst.0100047517", "/ben/party:vn.mst.0100047516"),
        ("/docs/", "/docs"),
    ],
)
def test_a_page_that_cannot_be_shown_leads_to_what_may_be_meant(
    http: httpx2.Client, tale: Tale, path: str, meant: str
):
    del tale
    assert meant in links_of(http.get(path).text)
    assert 200 == http.get(meant).status_code


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", "/none"), ("GET", "/v1/none"), ("GET", "/v1/rights/party:none/title"),
     ("POST", "/hop-dong/contract:none"), ("GET", "/entries/1")],
)  # fmt: skip
def test_who_asks_for_no_page_is_told_by_problem_details(
    http: httpx2.Client, method: str, path: str
):
    answer = http.request(method, path)
    assert answer.status_code in (404, 405, 422)
    assert "application/problem+json" == answer.headers["content-type"]


def test_a_program_that_asks_for_a_page_is_told_as_it_reads(http: httpx2.Client):
    answer = http.get("/quyen/x", headers=PROBLEM)
    assert "application/problem+json" == answer.headers["content-type"]


def test_a_request_for_another_host_is_told_nothing_of_this_ledger(http: httpx2.Client, node: Node):
    answer = http.get("/", headers={"Host": "ledger.attacker.example"})
    assert (421, "HOST") == (answer.status_code, answer.json()["code"])
    assert node.identity.origin not in answer.text


def test_the_english_log_is_found_with_a_slash_too(http: httpx2.Client):
    answer = http.get("/en/")
    assert (200, "en") == (answer.status_code, answer.headers["content-language"])
    assert "<h1>Ledger of technology transactions</h1>" in answer.text
    assert 'href="/"' in answer.text
