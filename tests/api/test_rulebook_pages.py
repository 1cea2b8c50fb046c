"""The pages of law by day, of codes and of types of events: what they say, and of what is none."""

import re
from html import escape, unescape
from pathlib import Path

import httpx2
import pytest

from api.describe.rulebook_words import FAMILIES
from api.explorer.coded import all_coded
from api.openapi.told import EVERY, written
from api.problems import NO_EVENT
from ledger.domain.refused import classes
from ledger.domain.registry import TOPICS
from ledger.events import intake
from ledger.events.intake import CODES
from ledger.events.lawbook import bundled_law
from tests.support.tale import Tale

BOTH = pytest.mark.parametrize("prefix", ["", "/en"])


def test_each_code_that_anyone_can_be_told_has_its_page():
    told = {code for each in (*written(), *EVERY) for code in each.codes}
    assert told | {*CODES} | classes().keys() <= all_coded().keys()
    assert {*CODES, "TOO_LARGE", "OPENING_MALFORMED"} == NO_EVENT.keys()
    raised = re.findall(r'Invalid\(\s*"([A-Z_]+)"', Path(intake.__file__).read_text("utf-8"))
    assert {*raised} <= NO_EVENT.keys()
    assert all(each.title.vi and each.title.en for each in all_coded().values())


@BOTH
def test_the_type_of_a_problem_is_the_address_of_what_its_code_means(
    http: httpx2.Client, tale: Tale, prefix: str
):
    del tale
    problem = http.get("/v1/rights/none/title").json()
    page = http.get(prefix + problem["type"])
    assert 200 == page.status_code
    assert problem["code"] in page.text
    language = "en" if prefix else "vi"
    assert escape(all_coded()[problem["code"]].title.in_(language)) in page.text


@BOTH
def test_a_page_that_is_refused_links_to_what_its_code_means(http: httpx2.Client, prefix: str):
    refused = http.get(f"{prefix}/ben/nobody", headers={"accept": "text/html"})
    assert 422 == refused.status_code
    assert f'href="{prefix}/quy-tac/BAD_PARAMETER"' in refused.text


@BOTH
def test_a_code_says_its_law_what_helps_and_whom_it_refuses(http: httpx2.Client, prefix: str):
    text = unescape(http.get(f"{prefix}/quy-tac/BEYOND_RIGHT_TERM").text)
    assert "Luật Sở hữu trí tuệ, Điều 93" in text
    assert f'href="{prefix}/tai-lieu/su-kien/contract.concluded/1"' in text
    coded = all_coded()["BEYOND_RIGHT_TERM"]
    for way in coded.ways:
        assert plain(way.say({}, vietnamese=not prefix)) in re.sub("<[^>]*>", "", text)
    assert coded.ways
    assert "{" not in "".join(re.findall("<li>[^<]*</li>", text))


@BOTH
@pytest.mark.parametrize("code", ["NO_SUCH_CODE", "beyond_right_term", "<script>alert(1)</script>"])
def test_what_is_no_code_is_said_with_what_may_be_meant(
    http: httpx2.Client, prefix: str, code: str
):
    page = http.get(f"{prefix}/quy-tac/{code.replace('/', '%2F')}")
    assert 404 == page.status_code
    assert "text/html" in page.headers["content-type"]
    assert "<script>alert" not in page.text
    near = f'href="{prefix}/quy-tac/BEYOND_RIGHT_TERM"' in page.text
    assert near == (code == "beyond_right_term")


@BOTH
def test_all_codes_and_all_types_are_listed_each_with_its_page(http: httpx2.Client, prefix: str):
    codes = http.get(f"{prefix}/quy-tac").text
    for code in all_coded():
        assert f'href="{prefix}/quy-tac/{code}"' in codes, code
        assert 200 == http.get(f"{prefix}/quy-tac/{code}").status_code, code
    types = http.get(f"{prefix}/tai-lieu/su-kien").text
    for topic in TOPICS:
        assert f'href="{prefix}/tai-lieu/su-kien/{topic}"' in types, topic
        assert 200 == http.get(f"{prefix}/tai-lieu/su-kien/{topic}").status_code, topic
    for family in {each.__module__.split(".")[2] for each in TOPICS.values()}:
        assert FAMILIES[family].in_("en" if prefix else "vi") in types


@BOTH
def test_a_type_says_its_members_its_signers_its_refusals_and_an_example(
    http: httpx2.Client, prefix: str
):
    told = http.get("/v1/types/offer.made/1").json()
    page = unescape(http.get(f"{prefix}/tai-lieu/su-kien/offer.made/1").text)
    text = re.sub("<[^>]*>", "", page)
    for name, member in told["schema"]["properties"]["body"]["properties"].items():
        assert f"<code>{name}</code>" in page
        assert plain(member["description"]) in text
    assert plain(told["signers"]["says"]) in text
    for refusal in told["refusals"]:
        assert f'href="{prefix}/quy-tac/{refusal["code"]}"' in page
    assert told["example"]["body"]["terms_sha256"] in page


def plain(text: str) -> str:
    """Return a text as it reads where its names are in another type."""
    return text.replace("`", "")


def test_what_is_no_type_is_said_as_the_api_says_it(http: httpx2.Client):
    page = http.get("/tai-lieu/su-kien/offer.make/1")
    assert 404 == page.status_code
    assert "offer.made/1" in page.text


@BOTH
def test_the_law_of_a_day_is_that_of_the_rows_in_force(
    http: httpx2.Client, tale: Tale, prefix: str
):
    del tale
    law = bundled_law()
    page = http.get(f"{prefix}/luat?true_on=2010-01-01").text
    shown = set(re.findall(r'class="rule" id="([^"]+)"', page))
    on = [row for row in law.rows if str(row.valid_from) <= "2010-01-01"]
    in_force = {row.rule for row in on if row.valid_to is None or str(row.valid_to) > "2010-01-01"}
    assert in_force == shown
    assert 0 < len(shown) < len(law.rows)
    assert law.sha256 in page
    for row in law.rows:
        if row.rule in shown:
            assert escape(row.title_en if prefix else row.title_vi, quote=False) in unescape(page)
    hand = http.get(f"{prefix}/luat?true_on=01/01/2010").text
    assert shown == set(re.findall(r'class="rule" id="([^"]+)"', hand))


def test_the_last_day_of_a_rule_has_it_and_the_next_has_not(http: httpx2.Client, tale: Tale):
    del tale
    law = bundled_law()
    row = next(each for each in law.rows if each.valid_to is not None)
    last = row.valid_to.fromordinal(row.valid_to.toordinal() - 1)  # type: ignore[union-attr]
    mark = f'class="rule" id="{row.rule}"'
    assert mark in http.get(f"/luat?true_on={last}").text
    assert mark not in http.get(f"/luat?true_on={row.valid_to}").text


@BOTH
def test_a_day_before_all_law_says_so(http: httpx2.Client, tale: Tale, prefix: str):
    del tale
    page = http.get(f"{prefix}/luat?true_on=1900-01-01").text
    assert 'class="rule"' not in page
    assert ("have no rule" if prefix else "chưa có quy tắc nào") in page


def test_a_day_that_is_none_is_refused_as_a_page(http: httpx2.Client):
    page = http.get("/luat?true_on=2026-13-01")
    assert (422, True) == (page.status_code, "text/html" in page.headers["content-type"])
