"""Fifty hostile strings in every text that a page takes: each comes back, and runs nothing."""

from typing import Any

import pytest

from api.describe.links import PREFIXES, placed
from api.reads.parameters import query_of
from tests.browsers.addresses import EXAMPLES, asked, routes
from tests.browsers.conftest import drive
from tests.browsers.hostile import HOSTILE, WORD, put
from tests.support.tale import Loaded

ASKED = [*asked()]
SENT = ["/kiem-toan", "/kiem-tra"]
"""Pages with a form that sends a text."""


def addresses_of(demo: Loaded, path: str, name: str) -> list[str]:
    """Return the addresses that ask a page each string, half of them in each language."""
    page = demo.said(EXAMPLES[path][0])
    return [
        put(placed([*PREFIXES][number % 2], page), name, each)
        for number, each in enumerate(HOSTILE)
    ]


def texts_of(path: str) -> list[dict[str, str]]:
    """Return what the form of a page is to send: what a browser can hold as text."""
    strings = (each for each in HOSTILE if isinstance(each, str))
    return [
        {"address": placed([*PREFIXES][number % 2], path), "text": each}
        for number, each in enumerate(strings)
    ]


@pytest.fixture(scope="session")
def attacked(demo: Loaded) -> Any:
    """Ask and send all strings; return what became of each, by its address and its text."""
    addresses = [each for path, name in ASKED for each in addresses_of(demo, path, name)]
    texts = [each for path in SENT for each in texts_of(path)]
    return drive("attack", {"url": demo.url, "word": WORD, "addresses": addresses, "texts": texts})


def test_there_are_fifty_and_each_is_found_again():
    assert (50, 50) == (len(HOSTILE), len({*HOSTILE}))
    assert all((WORD.encode() if isinstance(each, bytes) else WORD) in each for each in HOSTILE)


@pytest.mark.parametrize(("path", "name"), ASKED)
def test_what_a_page_is_asked_comes_back_as_text(demo: Loaded, attacked: Any, path: str, name: str):
    for address in addresses_of(demo, path, name):
        became = attacked[address]
        assert became["status"] < 500, address
        assert ([], [], True) == (became["odd"], became["complaints"], became["echoed"]), address


@pytest.mark.parametrize("path", SENT)
def test_what_a_form_sends_runs_nothing(attacked: Any, path: str):
    """It is evidence that cannot be read: what was wrong with it is said, not what it was."""
    for sent in texts_of(path):
        became = attacked[f"{sent['address']} {sent['text']}"]
        assert 422 == became["status"], sent
        assert ([], []) == (became["odd"], became["complaints"]), sent


def test_every_form_asks_what_its_page_takes(seen: dict[str, Any]):
    """So that every field of every form is among what was asked and sent above."""
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
