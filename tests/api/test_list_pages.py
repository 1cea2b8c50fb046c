"""Lists as pages: how many, exactly; every filter as the API has it; and the twins, whole."""

import csv
import io
import re
from html import unescape

import httpx2
import pytest

from api.cli.story import names
from api.explorer import list_pages, twins
from tests.support.inline import INLINE
from tests.support.tale import Loaded

NAMES = names()
FEED, MARKET = "/muc", "/san"
INSTITUTE = f"/ben/{NAMES['institute']}"
ASKED = {
    FEED: "/v1/events",
    MARKET: "/v1/listings",
    f"{INSTITUTE}/quyen": f"/v1/parties/{NAMES['institute']}/rights",
    f"{INSTITUTE}/hop-dong": f"/v1/parties/{NAMES['institute']}/contracts",
    f"{INSTITUTE}/tin": f"/v1/listings?party={NAMES['institute']}",
    f"{INSTITUTE}/de-nghi": f"/v1/parties/{NAMES['institute']}/offers",
}
"""Each list, and where the API answers the same."""
HREF = re.compile(r'href="(/[^"]*)"')


def links(page: str) -> list[str]:
    return [unescape(each) for each in HREF.findall(page)]


def read(answer: httpx2.Response) -> list[list[str]]:
    """Return the lines of a CSV."""
    assert (200, "text/csv; charset=utf-8") == (
        answer.status_code,
        answer.headers["content-type"],
    ), answer.text
    return [*csv.reader(io.StringIO(answer.content.decode("utf-8-sig"), newline=""))]


def entries(page: str) -> list[int]:
    """Return the entries that the rows of a page lead to."""
    rows = page.split('<ol class="told">')[1].partition("</ol>")[0]
    return [int(each) for each in re.findall(r'href="(?:/en)?/muc/([0-9]+)[?"]', rows)]


@pytest.mark.parametrize("prefix", ["", "/en"])
@pytest.mark.parametrize("path", ASKED)
def test_a_list_says_how_many_there_are_and_links_to_what_is_there(
    http: httpx2.Client, loaded: Loaded, path: str, prefix: str
):
    del loaded
    page = http.get(prefix + path)
    assert (200, prefix.removeprefix("/") or "vi") == (
        page.status_code,
        page.headers["content-language"],
    )
    count = http.get(ASKED[path]).json()["count"]
    lead = re.search(r'<p class="lead">([^<]*)</p>', page.text)
    assert lead
    assert re.search(rf"\b{count}\b", lead[1])
    assert not INLINE.search(page.text)
    for link in {*links(page.text)} - {"/static/page.css"}:
        assert 200 == http.get(link).status_code, link


def test_events_are_told_in_sentences_with_names(http: httpx2.Client, loaded: Loaded):
    page = http.get(f"/en{FEED}?topic=contract.concluded/1").text
    told = re.sub(r"<[^>]*>", "", unescape(page))
    assert "Institute of Materials (demo)" in told
    assert "concluded contract 2026-014" in told
    assert f'href="/en/muc/{loaded.words["CONTRACT"]}"' in page


@pytest.mark.parametrize(
    "asked",
    [
        {"topic": "contract.concluded/1"},
        {"subject": NAMES["contract"]},
        {"subject": NAMES["contract"], "topic": "dispute.opened/1", "order": "oldest"},
        {"since": "40"},
        {"order": "oldest", "known_at": "12"},
    ],
)
def test_the_feed_is_that_of_the_api_for_every_filter(
    http: httpx2.Client, loaded: Loaded, asked: dict[str, str]
):
    del loaded
    told = http.get("/v1/events", params=asked).json()
    assert told["events"]
    assert [each["position"] for each in told["events"]] == entries(
        http.get(FEED, params=asked).text
    )
    twin = http.get(f"{FEED}.json", params=asked).json()
    assert told == {**twin, "limit": told["limit"], "next_after": told["next_after"]}


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ({"field": "C09D", "open": "true", "trl_from": "7"}, True),
        ({"field": "ipc C09D"}, True),
        ({"field": "c09d", "scheme": "ipc"}, True),
        ({"field": "A61K"}, False),
        ({"trl_to": "6"}, False),
        ({"kind": "need"}, False),
        ({"price": "open"}, False),
        ({"open": "false"}, False),
        ({"true_on": "2020-01-01", "known_at": "1"}, False),
        ({"party": NAMES["institute"]}, True),
    ],
)
def test_the_market_is_narrowed_by_what_is_typed(
    http: httpx2.Client,
    loaded: Loaded,
    asked: dict[str, str],
    found: bool,  # noqa: FBT001  (a parameter of the test)
):
    del loaded
    page = http.get(MARKET, params=asked)
    assert 200 == page.status_code
    assert found == ("Lớp phủ chống ăn mòn" in page.text)
    assert found != ("Không có tin nào như vậy" in page.text)
    assert found == bool(http.get(f"{MARKET}.json", params=asked).json()["listings"])


def test_a_field_that_is_left_empty_asks_nothing_and_is_in_no_address(
    http: httpx2.Client, loaded: Loaded
):
    del loaded
    page = http.get(f"{MARKET}?field=&kind=&open=&trl_from=&price_to=&true_on=&known_at=%20")
    assert 200 == page.status_code
    assert "Lớp phủ chống ăn mòn" in page.text
    assert not [each for each in links(page.text) if "=&" in each or each.endswith("=")]


def test_words_of_a_field_that_mean_several_are_asked_again_and_nothing_else_is_lost(
    http: httpx2.Client, loaded: Loaded
):
    del loaded
    page = http.get(f"{MARKET}?field=son&open=true&true_on=2026-12-01")
    assert 422 == page.status_code
    assert 'value="son"' in page.text
    choices = [each for each in links(page.text) if "field=ipc" in each]
    assert f"{MARKET}?field=ipc+C09D&open=true&true_on=2026-12-01" in choices
    for link in choices:
        assert 200 == http.get(link).status_code, link
    refused = http.get(f"{MARKET}.csv?field=son", headers={"accept": "text/html"})
    assert (422, "field", True) == (
        refused.status_code,
        refused.json()["parameter"],
        "ipc C09D" in refused.json()["near"],
    )


def test_r5_who_asks_anew_gets_the_first_page_and_keeps_all_else(
    http: httpx2.Client, loaded: Loaded, monkeypatch: pytest.MonkeyPatch
):
    del loaded
    monkeypatch.setattr(list_pages, "ROWS", 5)
    asked = f"{FEED}?order=oldest&true_on=2026-12-01&known_at=40"
    page, seen = http.get(asked).text, list[int]()
    while following := [
        each for each in links(page) if "after=" in each and each.startswith(f"{FEED}?")
    ]:
        seen += entries(page)
        assert following[0].startswith(asked)
        third, page = page, http.get(following[0]).text
    assert [*range(41)] == seen + entries(page)
    form = third.partition('<form class="days"')[2].partition("</form>")[0]
    assert "after" not in form
    assert 'name="true_on" value="2026-12-01"' in form
    assert 'value="40"' in form
    assert '<option value="oldest" selected>' in form
    alternates = [each for each in links(third) if each.startswith((f"{FEED}.json", f"{FEED}.csv"))]
    assert {f"{FEED}.{form}{asked.removeprefix(FEED)}" for form in ("json", "csv")} == {*alternates}
    english = next(each for each in links(third) if each.startswith(f"/en{FEED}?"))
    assert entries(third) == entries(http.get(english).text)


def test_a_cursor_of_another_question_is_told_on_a_page(http: httpx2.Client, loaded: Loaded):
    del loaded
    for asked in ("after=5.48.abcdefabcdef", "after=x", "limit=3", "topic=x.y/1", "q=a"):
        page = http.get(f"{FEED}?{asked}")
        assert (422, "text/html; charset=utf-8") == (
            page.status_code,
            page.headers["content-type"],
        ), asked


@pytest.mark.parametrize("prefix", ["", "/en"])
def test_r6_a_twin_has_the_rows_of_all_pages_together(
    http: httpx2.Client, loaded: Loaded, prefix: str, monkeypatch: pytest.MonkeyPatch
):
    del loaded
    monkeypatch.setattr(twins, "PAGE", 7)
    asked = {"subject": NAMES["institute"], "order": "oldest"}
    told = http.get("/v1/events", params={**asked, "limit": 100}).json()
    assert 14 < told["count"] == len(told["events"])
    whole = http.get(f"{prefix}{FEED}.json", params=asked).json()
    assert (told["events"], told["names"], None) == (
        whole["events"],
        whole["names"],
        whole["next_after"],
    )
    head, *rows = read(http.get(f"{prefix}{FEED}.csv", params=asked))
    assert ["entry" if prefix else "mục"] == head[1:2]
    assert [str(each["position"]) for each in told["events"]] == [row[1] for row in rows]


def test_r6_a_twin_that_is_cut_says_where_above_and_below_and_how_to_go_on(
    http: httpx2.Client, loaded: Loaded, monkeypatch: pytest.MonkeyPatch
):
    del loaded
    monkeypatch.setattr(twins, "PAGE", 10)
    monkeypatch.setattr(twins, "WHOLE", 20)
    count = http.get("/v1/events").json()["count"]
    assert 40 < count < 60
    seen, after = list[str](), dict[str, str]()
    while True:
        head, *rows = read(http.get(f"{FEED}.csv", params=after))
        if len(rows) != 21:
            break
        cut = rows.pop()[0]
        assert head[-1] == cut
        assert f"CẮT Ở ĐÂY: 20 trên {count} dòng" in cut
        seen += [row[1] for row in rows]
        after = {"after": cut.rpartition("after=")[2]}
        same = http.get(f"{FEED}.json", params=after).json()
        assert same["count"] == count
    assert "CẮT" not in head[-1]
    assert [str(each) for each in reversed(range(count))] == seen + [row[1] for row in rows]
    assert http.get(f"{FEED}.json").json()["next_after"] is not None


@pytest.mark.parametrize("path", [FEED, f"/en{MARKET}"])
def test_a_page_names_its_twins_and_they_are_what_they_say(
    http: httpx2.Client, loaded: Loaded, path: str
):
    del loaded
    page = http.get(f"{path}?known_at=40")
    for form, media in twins.MEDIA.items():
        address = f"{path}.{form}?known_at=40"
        kind = media.partition(";")[0]
        assert f'<{address}>; rel="alternate"; type="{kind}"' in page.headers["link"]
        assert address in links(page.text)
        twin = http.get(address)
        assert (200, media) == (twin.status_code, twin.headers["content-type"])
        assert twin.headers["content-disposition"].endswith(f'{path.rpartition("/")[2]}.{form}"')


@pytest.mark.parametrize("path", ASKED)
def test_the_twin_of_a_list_is_what_the_api_answers(http: httpx2.Client, loaded: Loaded, path: str):
    del loaded
    whole = http.get(f"{path}.json").json()
    assert http.get(ASKED[path]).json() == {**whole, "limit": 50}
    head, *rows = read(http.get(f"{path}.csv"))
    assert whole["count"] == len(rows) > 0
    assert {len(head)} == {len(row) for row in rows}


def test_a_party_s_lists_say_who_and_what_and_lead_to_each_other(
    http: httpx2.Client, loaded: Loaded
):
    del loaded
    lists = [f"{INSTITUTE}/{each}" for each in ("quyen", "hop-dong", "tin", "de-nghi")]
    for path in (INSTITUTE, *lists):
        page = http.get(f"{path}?true_on=2026-12-03&known_at=40").text
        assert {f"{each}?true_on=2026-12-03&known_at=40" for each in lists} <= {*links(page)}
        assert "<h1>" in page
        assert "Institute of Materials (demo)" in page.partition("<h1>")[2].partition("</h1>")[0]


def test_a_right_s_share_is_said_as_of_the_day_and_towards_whom(
    http: httpx2.Client, loaded: Loaded
):
    del loaded
    path = f"{INSTITUTE}/quyen"
    assert "toàn bộ" in http.get(path).text
    before = http.get(f"{path}?true_on=1990-01-01").text
    assert "có phần trong 0 quyền" in before
    assert "Hỏi một ngày khác" in before
    office = http.get(f"{path}?known_by=office&known_at=2019-01-01&effect=third_parties")
    assert 200 == office.status_code
    assert '<option value="office" selected>' in office.text
    assert '<option value="third_parties" selected>' in office.text


def test_offers_are_narrowed_to_a_side_and_to_those_that_are_open(
    http: httpx2.Client, loaded: Loaded
):
    del loaded
    path = f"{INSTITUTE}/de-nghi"
    found = {
        asked: http.get(f"{path}.json?{asked}").json()["count"]
        for asked in ("", "side=made", "side=received", "open=true", "open=false")
    }
    assert found[""] == found["side=made"] + found["side=received"]
    assert found[""] == found["open=true"] + found["open=false"]
    assert found["side=received"] > 0 == found["side=made"]
    assert "Không có đề nghị nào như vậy" in http.get(f"{path}?side=made").text


@pytest.mark.parametrize("end", ["quyen", "hop-dong", "tin", "de-nghi"])
def test_a_party_that_nobody_recorded_is_unknown_and_has_not_nothing(
    http: httpx2.Client, loaded: Loaded, end: str
):
    del loaded
    page = http.get(f"/en/ben/party:a.b/{end}")
    assert 200 == page.status_code
    assert "UNKNOWN" in page.text
    assert "There is no" not in page.text
    assert '<nav class="facets"' not in page.text
    wrong = http.get(f"/ben/party:vn.mst.0100000011/{end}", headers={"accept": "text/html"})
    assert (422, True) == (wrong.status_code, "party:vn.mst.0100000010" in wrong.text)


@pytest.mark.parametrize(
    "path",
    [f"/hop-dong/{NAMES['contract']}", INSTITUTE, f"/en/quyen/{NAMES['right']}"],
)
def test_the_page_of_a_subject_has_its_answers_as_twins(
    http: httpx2.Client, loaded: Loaded, path: str
):
    del loaded
    page = http.get(path)
    for form in twins.MEDIA:
        assert f"<{path}.{form}>" in page.headers["link"]
    told = http.get(f"{path}.json?true_on=2026-12-03").json()["answers"]
    headings = re.findall(r'<section class="card">\s*<h2>([^<]*)</h2>', page.text)
    assert len(told) == len(headings) - 1
    for each in told:
        assert {"question", "asked", "answer"} == {*each}
        assert "2026-12-03" == each["answer"].get("true_on", "2026-12-03")
    head, *rows = read(http.get(f"{path}.csv"))
    assert 3 == len(head)
    assert {unescape(each) for each in headings[:-1]} == {row[0] for row in rows}


def test_what_the_log_does_not_name_is_unknown_and_not_none(http: httpx2.Client, loaded: Loaded):
    del loaded
    for path, asked in ((FEED, {"subject": "contract:2026-015"}), (MARKET, {"party": "party:a.b"})):
        page = http.get(path, params=asked).text
        assert "KHÔNG BIẾT" in page
        assert "Không có" not in re.sub(r"<[^>]*>", "", page)
        assert "unknown" == http.get(f"{path}.json", params=asked).json()["verdict"]
    near = http.get(FEED, params={"subject": "contract:2026-015"}).text
    assert f"/hop-dong/{NAMES['contract']}" in near


@pytest.mark.parametrize(
    "text", ["'", "<script>alert(1)</script>", '"><b>', "\u202e", "%", "a" * 400, "\x00"]
)
@pytest.mark.parametrize(("path", "name"), [(MARKET, "field"), (FEED, "subject")])
def test_what_is_typed_is_text(
    http: httpx2.Client, loaded: Loaded, text: str, path: str, name: str
):
    del loaded
    page = http.get(path, params={name: text})
    assert page.status_code in (200, 422)
    assert "<b>" not in page.text
    assert "<script>" not in page.text


def test_a_page_is_found_again_as_it_stands(
    http: httpx2.Client, loaded: Loaded, monkeypatch: pytest.MonkeyPatch
):
    del loaded
    monkeypatch.setattr(list_pages, "ROWS", 5)
    permalink = re.compile(r'<a class="id" href="(http[^"]*)">')
    page = http.get(f"{FEED}?topic=party.registered/1").text
    for _ in range(2):
        found = permalink.search(page)
        assert found
        again = http.get(unescape(found[1])).text
        assert entries(page) == entries(again)
        page = http.get(next(each for each in links(page) if "after=" in each)).text
