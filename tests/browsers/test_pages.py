"""Every page in Chromium, in both languages, on a telephone and a desk, light, dark, printed."""

import re
from collections import Counter
from pathlib import Path
from typing import Any

import httpx2
import pypdfium2
import pytest

from api.describe.links import PREFIXES, placed
from api.reads.parameters import query_of
from tests.browsers.addresses import ADDRESSES, EXAMPLES, SENT, routes, status_of
from tests.support.tale import Loaded

PHONE, DESK = "390", "1280"
PAGE_MOST, LOADED_MOST = 60_000, 150_000
"""Bytes of a page, gzipped, and of all that pages load beside, as it is."""

FIGURE = re.compile(r"[0-9](?:[0-9.,:/-]*[0-9])?")
"""A day, a sum, a share, a time, or a number in an id."""

each_page = pytest.mark.parametrize("address", ADDRESSES)


def test_every_page_that_there_is_is_looked_at():
    looked_at = Counter(placed(each, path) for path in EXAMPLES for each in PREFIXES)
    there = Counter(route.path.removesuffix("/") or "/" for route in routes())
    assert looked_at.keys() == there.keys(), "say in EXAMPLES where each page shows something"


@each_page
def test_axe_finds_nothing(seen: dict[str, Any], address: str):
    for width, looked in seen[address]["widths"].items():
        assert [] == looked["axe"], width


@each_page
def test_it_fits_stays_where_it_is_and_can_be_hit(seen: dict[str, Any], address: str):
    for width, looked in seen[address]["widths"].items():
        wanted, there = looked["sideways"]
        assert wanted <= there == int(width)
        assert (0, []) == (looked["shift"], looked["small"]), width


@each_page
def test_it_says_its_language_skips_to_what_it_says_and_nothing_complains(
    seen: dict[str, Any], address: str
):
    found = seen[address]
    language = "en" if address.startswith("/en") else "vi"
    assert (status_of(address), language, True) == (found["status"], found["lang"], found["skips"])
    assert [] == found["complaints"]


@each_page
def test_paper_has_every_figure_of_the_page(seen: dict[str, Any], address: str):
    told = seen[address]["print"]
    assert ([], []) == (told["cut"], told["controls"]), "nothing on paper can be pressed"
    with pypdfium2.PdfDocument(Path(told["file"])) as sheets:
        on_paper = "".join(sheet.get_textpage().get_text_bounded() for sheet in sheets)
    on_paper = re.sub(r"\s|\ufffe", "", on_paper)
    figures = set(FIGURE.findall(told["text"]))
    assert figures
    assert set() == {each for each in figures if each not in on_paper}


@each_page
def test_it_is_small_and_loads_nothing_but_what_all_pages_share(
    demo: Loaded, seen: dict[str, Any], address: str
):
    with httpx2.Client(base_url=demo.url, follow_redirects=True) as http:
        got = http.get(demo.said(address))
    assert "gzip" == got.headers["content-encoding"]
    assert got.num_bytes_downloaded <= PAGE_MOST
    beside = {*seen[address]["loaded"]} - {str(each.url) for each in (got, *got.history)}
    assert {f"{demo.url}/static/page.css"} <= beside
    assert all(each.startswith(f"{demo.url}/static/") for each in beside)


def test_what_all_pages_share_is_small_and_is_not_sent_again(demo: Loaded, seen: dict[str, Any]):
    static = f"{demo.url}/static/"
    shared = {each for found in seen.values() for each in found["loaded"] if static in each}
    got = {each: httpx2.get(each) for each in sorted(shared)}
    assert {"page.css", "verify.js"} <= {each.removeprefix(static) for each in got}
    assert sum(len(each.content) for each in got.values()) <= LOADED_MOST
    for address, answer in got.items():
        assert re.search("max-age=[1-9]|no-cache", answer.headers["cache-control"])
        known = {"If-None-Match": answer.headers["etag"]}
        assert 304 == httpx2.get(address, headers=known).status_code


def test_every_form_asks_what_its_page_takes(seen: dict[str, Any]):
    """So that every field of every form is among what was asked and sent by `test_hostile`."""
    forms = [form for found in seen.values() for form in found["forms"]]
    assert {"get", "post"} == {form["method"] for form in forms}
    for form in forms:
        fields = {each["name"] for each in form["fields"]}
        if form["method"] == "post":
            assert form["action"].removeprefix("/en") in SENT
            assert {"text", "file"} == fields
        else:
            (route,) = {each for each in routes() if each.path_regex.match(form["action"])}
            assert fields <= query_of(route).keys(), form["action"]
