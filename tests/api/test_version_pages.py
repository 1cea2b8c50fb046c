"""Two versions of a contract side by side: to the leaf, by which events, and which there are."""

import re
from html import unescape
from typing import Any

import httpx2
import pytest

from api.cli.story import names
from tests.support.inline import INLINE
from tests.support.licence_page import text_of
from tests.support.tale import Loaded

NAMES = names()
ROYALTIES, SINGLE = NAMES["royalties"], NAMES["contract"]
PAGE = f"/hop-dong/{ROYALTIES}/so-sanh"


def rows_in(page: str) -> list[tuple[str, ...]]:
    """Return what each row of the tables says: what changed, how it was, how it is."""
    return [
        tuple(text_of(cell).strip() for cell in re.findall(r"<td[^>]*>(.*?)</td>", row, re.DOTALL))
        for row in re.findall(r"<tr>(<td.*?)</tr>", page, re.DOTALL)
    ]


def leaves(value: Any, path: str = "") -> dict[str, Any]:
    if isinstance(value, dict):
        items = [(str(key), each) for key, each in value.items()]
    elif isinstance(value, list):
        items = [(str(place), each) for place, each in enumerate(value)]
    else:
        return {path: value}
    return {at: each for key, inner in items for at, each in leaves(inner, f"{path}/{key}").items()}


def test_each_leaf_that_changed_is_shown_as_it_was_and_as_it_is(
    http: httpx2.Client, loaded: Loaded
):
    page = http.get(PAGE)
    assert 200 == page.status_code, page.text
    assert not INLINE.search(page.text)
    answer = http.get(f"/v1/contracts/{ROYALTIES}/versions/1/diff/2").json()
    assert answer["differences"]
    changed = sum(
        1
        for each in answer["differences"]
        for place in leaves(each["before"]) | leaves(each["after"])
        if leaves(each["before"]).get(place) != leaves(each["after"]).get(place)
    )
    rows = rows_in(page.text)
    assert changed == len(rows)
    assert all(was != now for _, was, now in rows)
    assert ("3%", "5%") in {(was, now) for _, was, now in rows}
    assert f'href="/muc/{loaded.at["amended"]}"' in page.text
    whole = text_of(page.text)
    assert "Từ phiên bản 1 đến phiên bản 2, 1 điều khoản đã đổi." in whole


def test_what_did_not_change_is_folded_away(http: httpx2.Client, loaded: Loaded):
    del loaded
    page = http.get(f"/en{PAGE}").text
    folded = text_of(page.partition("<summary>What did not change</summary>")[2])
    folded = folded.partition("The events that changed it")[0]
    assert "licensee" in folded
    assert "net selling price" not in folded or "4%" not in folded
    shown = page.partition("<h2>What changed</h2>")[2].partition("<details>")[0]
    assert "licensee" not in shown


def test_versions_are_chosen_by_a_form_and_drawn(http: httpx2.Client, loaded: Loaded):
    del loaded
    page = http.get(PAGE, params={"tu": "1", "den": "2"}).text
    assert rows_in(page) == rows_in(http.get(PAGE).text)
    chosen = re.findall(r'<select name="(\w+)">(.*?)</select>', page)
    assert [("tu", "1"), ("den", "2")] == [
        (name, value)
        for name, options in chosen
        for value in re.findall(r'<option value="(\d+)" selected>', options)
    ]
    assert "2 phiên bản, nối từ phiên bản 1 đến phiên bản 2" in page
    assert 2 == page.count('<circle class="own"')
    assert f'href="{PAGE}"' in http.get(f"/hop-dong/{ROYALTIES}").text


@pytest.mark.parametrize("prefix", ["", "/en"])
@pytest.mark.parametrize(
    ("asked", "parameter", "meant"),
    [
        ({"tu": "1", "den": "9"}, "den", ["1", "2"]),
        ({"tu": "9"}, "tu", ["1", "2"]),
        ({"tu": "2"}, "tu", ["1"]),
        ({"den": "1"}, "den", ["2"]),
        ({"tu": "1", "den": "1"}, "den", ["2"]),
        ({"tu": "2", "den": "1"}, "tu", ["1"]),
    ],
)
def test_a_version_that_is_not_there_leads_to_those_that_are(
    http: httpx2.Client,
    loaded: Loaded,
    prefix: str,
    asked: dict[str, str],
    parameter: str,
    meant: list[str],
):
    del loaded
    page = http.get(f"{prefix}{PAGE}", params=asked)
    assert 422 == page.status_code
    assert f"<code>{parameter}</code>" in page.text
    assert f"{ROYALTIES} has versions 1 to 2" in page.text
    links = [unescape(each) for each in re.findall(r'<li><a href="([^"]*)"', page.text)]
    assert meant == [re.findall(rf"{parameter}=(\d+)", each)[0] for each in links]
    twin = http.get(f"{prefix}{PAGE}.json", params=asked)
    assert (422, meant) == (twin.status_code, twin.json()["near"])


def test_the_api_refuses_a_version_that_is_not_there_and_says_which_are(
    http: httpx2.Client, loaded: Loaded
):
    del loaded
    for pair, said in (
        ("1/diff/9", f"there is no version 9: {ROYALTIES} has versions 1 to 2"),
        ("2/diff/1", f"version 2 does not come before version 1: {ROYALTIES} has versions 1 to 2"),
        ("1/diff/1", f"version 1 does not come before version 1: {ROYALTIES} has versions 1 to 2"),
    ):
        refused = http.get(f"/v1/contracts/{ROYALTIES}/versions/{pair}")
        assert (404, "NOT_FOUND", said) == (
            *(refused.status_code, refused.json()["code"], refused.json()["detail"]),
        )


def test_a_contract_of_one_version_and_one_that_nobody_recorded(
    http: httpx2.Client, loaded: Loaded
):
    del loaded
    page = http.get(f"/hop-dong/{SINGLE}/so-sanh")
    assert (200, True) == (page.status_code, "chỉ có một phiên bản" in page.text)
    assert 422 == http.get(f"/hop-dong/{SINGLE}/so-sanh", params={"den": "2"}).status_code
    unknown = http.get(f"/hop-dong/{ROYALTIES[:-1]}/so-sanh")
    assert "KHÔNG BIẾT" in unknown.text
    assert ROYALTIES in unknown.text
    before = http.get(PAGE, params={"known_at": "1"})
    assert (200, True) == (before.status_code, "KHÔNG BIẾT" in before.text)


def test_its_twins_are_the_answer(http: httpx2.Client, loaded: Loaded):
    del loaded
    page = http.get(PAGE, params={"tu": "1"})
    answer = http.get(f"/v1/contracts/{ROYALTIES}/versions/1/diff/2").json()
    for form in ("json", "csv"):
        assert f'<{PAGE}.{form}?tu=1>; rel="alternate"' in page.headers["link"]
    assert answer == http.get(f"{PAGE}.json", params={"tu": "1"}).json()
    assert "5%" in http.get(f"{PAGE}.csv").text
