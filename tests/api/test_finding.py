"""The search box: what is meant goes there, the rest is a list by kind in words."""

import re
from html import unescape

import httpx2
import pytest

from api.cli.story import names
from tests.support.tale import Loaded

NAMES = names()


@pytest.mark.parametrize("prefix", ["", "/en"])
def test_what_alone_is_meant_is_gone_to(http: httpx2.Client, loaded: Loaded, prefix: str):
    del loaded
    id_ = NAMES["contract"]
    answer = http.get(f"{prefix}/tim", params={"q": f" {id_} "}, follow_redirects=False)
    assert (303, f"{prefix}/hop-dong/{id_}") == (answer.status_code, answer.headers["location"])


@pytest.mark.parametrize("prefix", ["", "/en"])
def test_what_is_found_is_a_list_whose_links_are_there(
    http: httpx2.Client, loaded: Loaded, prefix: str
):
    del loaded
    answer = http.get(f"{prefix}/tim", params={"q": "LOP PHU"})
    assert 200 == answer.status_code
    assert "Lớp phủ chống ăn mòn" in answer.text
    assert 'value="LOP PHU"' in answer.text
    links = {unescape(each) for each in re.findall(r'href="(/[^"]*)"', answer.text)}
    assert {f"{prefix}/quyen/{NAMES['right']}", f"{prefix}/tim?q=LOP+PHU&loai=right"} <= links
    for link in sorted(links):
        assert 200 == http.get(link).status_code, link
    only = http.get(f"{prefix}/tim?q=LOP+PHU&loai=right").text
    assert f"{prefix}/quyen/" in only
    assert f"{prefix}/cong-nghe/" not in only


def test_nothing_found_and_nothing_asked_say_what_can_be_found(http: httpx2.Client, loaded: Loaded):
    del loaded
    for asked in ({}, {"q": ""}, {"q": "   "}, {"q": "zzqqxx"}):
        page = http.get("/tim", params=asked)
        assert 200 == page.status_code
        assert "Gõ tên hoặc một phần tên" in page.text
    assert "Không tìm thấy gì." in page.text


@pytest.mark.parametrize(
    "text",
    ["'", ":*", "AT&T (VN", "<script>alert(1)</script>", '"><b>', "%00", "\u202e", "a" * 400],
)
def test_what_is_typed_is_text(http: httpx2.Client, loaded: Loaded, text: str):
    del loaded
    page = http.get("/tim", params={"q": text})
    assert 200 == page.status_code, page.text
    assert "<script" not in page.text
    assert "<b>" not in page.text


def test_a_text_that_is_too_long_and_a_kind_that_is_none_are_told_on_a_page(
    http: httpx2.Client, loaded: Loaded
):
    del loaded
    for asked in ({"q": "a" * 5000}, {"q": "a", "loai": "dragon"}, {"q": "a", "after": "x"}):
        page = http.get("/tim", params=asked)
        assert (422, True) == (page.status_code, "BAD_PARAMETER" in page.text), asked
        assert "text/html" in page.headers["content-type"]
