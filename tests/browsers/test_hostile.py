"""
Fifty hostile strings in every text that a page takes: each comes back, and runs nothing.

One test a page, so that a run which was stopped goes on with those that are left (`-k`, `--lf`).
"""

from typing import Any

import pytest

from api.describe.links import PREFIXES, placed
from tests.browsers.addresses import EXAMPLES, SENT, asked
from tests.browsers.conftest import drive
from tests.browsers.hostile import HOSTILE, WORD, put
from tests.support.tale import Loaded

ASKED = sorted({path for path, _ in asked()})


def addresses_of(demo: Loaded, path: str) -> list[str]:
    """Return what asks a page each string as each parameter, half of them in each language."""
    page = demo.said(EXAMPLES[path][0])
    return [
        put(placed([*PREFIXES][number % 2], page), name, each)
        for name in sorted(name for of, name in asked() if of == path)
        for number, each in enumerate(HOSTILE)
    ]


def texts_of(path: str) -> list[dict[str, str]]:
    """Return what the form of a page is to send: what a browser can hold as text."""
    strings = (each for each in HOSTILE if isinstance(each, str))
    return [
        {"address": placed([*PREFIXES][number % 2], path), "text": each}
        for number, each in enumerate(strings)
    ]


def attacked(demo: Loaded, **tried: Any) -> dict[str, Any]:
    """Ask addresses, or have forms send texts; return what became of each."""
    job = {"url": demo.url, "word": WORD, "addresses": [], "texts": []}
    return drive("attack", job | tried)


def test_there_are_fifty_and_each_is_found_again():
    assert (50, 50) == (len(HOSTILE), len({*HOSTILE}))
    assert all((WORD.encode() if isinstance(each, bytes) else WORD) in each for each in HOSTILE)


@pytest.mark.parametrize("path", ASKED)
def test_what_a_page_is_asked_comes_back_as_text(demo: Loaded, path: str):
    became = attacked(demo, addresses=addresses_of(demo, path))
    assert {} == {
        address: each
        for address, each in became.items()
        if each["status"] not in (200, 422)
        or (each["odd"], each["complaints"], each["echoed"]) != ([], [], True)
    }


@pytest.mark.parametrize("path", SENT)
def test_what_a_form_sends_runs_nothing(demo: Loaded, path: str):
    """It is evidence that cannot be read: what was wrong with it is said, not what it was."""
    became = attacked(demo, texts=texts_of(path))
    assert {} == {
        sent: each
        for sent, each in became.items()
        if (each["status"], each["odd"], each["complaints"]) != (422, [], [])
    }
