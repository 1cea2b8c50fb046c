"""Firefox opens what Chromium opens and checks it alike; eight tabs of one browser load."""

from typing import Any

import pytest

from api.cli.story import names
from tests.browsers.addresses import ADDRESSES, status_of
from tests.browsers.conftest import drive
from tests.support.tale import Loaded

CHECKED = ("/muc/$CONTRACT", "/muc/$CONTRACT", f"/en/quyen/{names()['right']}")
"""The second time a browser knows the log; of a right it checks the evidence, no conclusion."""


def opened(demo: Loaded, browser: str, *addresses: str) -> dict[str, Any]:
    """Open pages in a browser, and have it check some."""
    job = {
        "url": demo.url,
        "browser": browser,
        "addresses": [*map(demo.said, addresses)],
        "checks": [*map(demo.said, CHECKED)],
    }
    return drive("open", job)


@pytest.fixture(scope="module")
def firefox(demo: Loaded) -> dict[str, Any]:
    return opened(demo, "firefox", *ADDRESSES)


@pytest.mark.parametrize("address", ADDRESSES)
def test_firefox_opens_it_and_complains_of_nothing(
    demo: Loaded, firefox: dict[str, Any], address: str
):
    found = firefox["seen"][demo.said(address)]
    assert (status_of(address), []) == (found["status"], found["complaints"])


def test_firefox_checks_as_chromium_does(demo: Loaded, firefox: dict[str, Any]):
    chromium = opened(demo, "chrome")
    assert chromium["verdicts"] == firefox["verdicts"]
    colours = [colour for colour, _ in firefox["verdicts"]]
    assert ["verdict amber", "verdict green", "verdict amber"] == colours
    assert [] == firefox["complaints"] + chromium["complaints"]


def test_eight_tabs_of_one_browser_load_while_one_follows_the_log(demo: Loaded):
    pages = [*map(demo.said, ADDRESSES[:7])]
    seen = drive("tabs", {"url": demo.url, "addresses": pages})
    assert dict.fromkeys(pages, 200) == {
        address: found["status"] for address, found in seen.items()
    }
    asked = {each for found in seen.values() for each in found["asked"]}
    assert not {each for each in asked if each.startswith("/v1/")}, "no page follows by itself"
