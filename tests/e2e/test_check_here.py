"""The check of a page in a real browser: the button, what it says, what it keeps."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from api.cli.story import chapters
from api.describe.checked_here import CHECKED
from api.describe.links import LICENCE_ANSWER
from ledger.follow.client import LedgerClient
from tests.support.browser import Browser, browsing
from tests.support.server import Server, served_ledger
from tests.support.tale import Tale, cast_of, play
from tests.support.world import World

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or "/usr/bin/chromium"

pytestmark = pytest.mark.skipif(
    not Path(CHROMIUM).exists(), reason="no chromium on this machine: THE CHECK IS NOT CLICKED"
)

CLICK = """new Promise((done) => {
  const section = document.querySelector(".check");
  section.querySelector("button").click();
  const wait = setInterval(() => {
    if (!section.querySelector(".verdict")) return;
    clearInterval(wait);
    done(section.innerText);
  }, 20);
})"""

LICENCE = "act=sell&territory=vn-2025:48&field=C09D&scheme=ipc"

ANOTHER_LOG = """
const kept = JSON.parse(localStorage.techledger);
localStorage.techledger = JSON.stringify({ ...kept, genesis_sha256: "0".repeat(64) });
"""


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with served_ledger() as started:
        yield started


@pytest.fixture(scope="module")
def tale(server: Server) -> Tale:
    world = World.of(server.home)
    with LedgerClient(server.url, server.trust) as ledger:
        told = play(ledger, world, cast_of(world), *chapters()[:1])
        firm = told.cast.parties["firm"]
        assert ledger.get(f"/v1/subjects/{firm}/timeline", at_least=told.size)["events"]
        return told


@pytest.fixture
def browser(tmp_path: Path) -> Iterator[Browser]:
    with browsing(CHROMIUM, tmp_path) as started:
        yield started


def checked(browser: Browser, url: str) -> str:
    """Return what a page's check says."""
    browser.visit(url)
    said = browser.run(CLICK)
    assert [] == browser.complaints
    return str(said)


def test_the_button_says_what_was_checked_and_keeps_it(
    server: Server, tale: Tale, browser: Browser
):
    page = f"{server.url}/muc/{tale.size - 1}"
    first = checked(browser, page)
    assert CHECKED["amber"].vi in first
    assert server.trust.genesis_sha256 in first
    assert CHECKED["green"].vi in checked(browser, page)
    assert CHECKED["green"].en in checked(browser, page.replace("/muc", "/en/muc"))
    subject = checked(browser, f"{server.url}/en/ben/{tale.cast.parties['firm']}")
    assert CHECKED["amber"].en in subject
    assert CHECKED["conclusion"].en in subject
    asked = f"party={tale.cast.parties['firm']}&{LICENCE}&true_on={tale.cast.today}"
    licence = checked(browser, f"{server.url}/en{LICENCE_ANSWER}?{asked}")
    assert CHECKED["amber"].en in licence
    assert CHECKED["conclusion"].en in licence
    browser.run(ANOTHER_LOG)
    assert CHECKED["red"].vi in checked(browser, page)


def test_a_private_window_that_keeps_nothing_is_told(server: Server, tale: Tale, browser: Browser):
    del tale
    browser.ask(
        "Page.addScriptToEvaluateOnNewDocument",
        source="Object.defineProperty(window, 'localStorage', { get() { throw Error('no'); } })",
    )
    assert CHECKED["not_kept"].en in checked(browser, f"{server.url}/en/muc/0")


def test_what_an_auditor_types_is_sent_by_the_form(server: Server, tale: Tale, browser: Browser):
    """A browser says from which page it is sent, or the server would not hear it."""
    del tale
    browser.visit(f"{server.url}/en/kiem-toan")
    note = browser.run("fetch('/checkpoint').then((answer) => answer.text())")
    browser.run(f"document.querySelector('textarea').value = {json.dumps(note)}")
    browser.leave("document.querySelector('main form').submit()")
    assert "UNCHANGED" in browser.run("document.querySelector('h1').innerText")
    assert [] == browser.complaints


def test_without_scripts_there_is_no_button(server: Server, tale: Tale, browser: Browser):
    del tale
    browser.ask("Emulation.setScriptExecutionDisabled", value=True)
    browser.visit(f"{server.url}/muc/0")
    assert [1, 0] == browser.run(
        "[document.querySelectorAll('.check').length, document.querySelectorAll('.check *').length]"
    )


def test_a_trust_root_of_the_reader_s_own_is_held_against_the_log(
    server: Server, tale: Tale, browser: Browser, tmp_path: Path
):
    page = f"{server.url}/en/muc/{tale.size - 1}"
    said = server.home.trust.read_text()
    other = tmp_path / "other.json"
    other.write_text(said.replace(server.trust.genesis_sha256, "0" * 64))
    for file, colour in ((server.home.trust, "green"), (other, "red")):
        browser.visit(page)
        root = browser.ask("DOM.getDocument")["root"]["nodeId"]
        found = browser.ask("DOM.querySelector", nodeId=root, selector=".check input")
        browser.ask("DOM.setFileInputFiles", files=[str(file)], nodeId=found["nodeId"])
        assert CHECKED[colour].en in browser.run(CLICK)
