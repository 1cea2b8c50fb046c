"""The log's page in a real browser: it renders, nothing is blocked, nothing is missing."""

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from ledger.client import LedgerClient
from tests.support.server import Server, served_ledger
from tests.support.tale import Tale, cast_of, play
from tests.support.world import World

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or "/usr/bin/chromium"

pytestmark = pytest.mark.skipif(
    not Path(CHROMIUM).exists(), reason="no chromium on this machine: THE PAGES ARE NOT TESTED"
)

PNG = b"\x89PNG\r\n\x1a\n"


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with served_ledger() as started:
        yield started


@pytest.fixture(scope="module")
def tale(server: Server) -> Tale:
    world = World.of(server.home)
    with LedgerClient(server.url, server.trust) as ledger:
        return play(ledger, world, cast_of(world))


def browse(url: str, profile: Path, *what: str) -> "subprocess.CompletedProcess[str]":
    """Have a headless browser with an empty profile load a page."""
    options = [
        *("--headless", "--disable-gpu", "--disable-quic", "--no-first-run", "--hide-scrollbars"),
        *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
        *("--enable-logging=stderr", "--v=0", f"--user-data-dir={profile}"),
    ]
    if os.geteuid() == 0:
        options.append("--no-sandbox")  # Chromium's own sandbox does not run as root.
    return subprocess.run(
        [CHROMIUM, *options, *what, url], capture_output=True, text=True, timeout=60, check=True
    )


def complaints(run: "subprocess.CompletedProcess[str]") -> list[str]:
    """Return what the page's console said: errors, blocked loads, violated policies."""
    return [line for line in run.stderr.splitlines() if "CONSOLE" in line]


def text_of(document: str) -> str:
    """Return a document's text without its tags."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", document))


def test_the_log_s_page_shows_title_origin_size_and_latest_event(
    server: Server, tale: Tale, tmp_path: Path
):
    run = browse(f"{server.url}/", tmp_path, "--dump-dom")
    said = text_of(run.stdout)
    assert [] == complaints(run)
    assert "Sổ cái giao dịch công nghệ" in said
    assert server.trust.origin in said
    assert f"Số mục size {tale.size} " in said
    assert "Xác nhận đã nhận thanh toán payment.confirmed/1" in said
    assert said.index("payment.confirmed/1") < said.index("ledger.opened/1")


def test_the_documentation_lists_the_operations(server: Server, tmp_path: Path):
    run = browse(f"{server.url}/docs", tmp_path, "--dump-dom")
    assert [] == complaints(run)
    assert "POST /v1/events Submit one signed event" in text_of(run.stdout)


@pytest.mark.parametrize("size", ["1280,1400", "420,1600"], ids=["desk", "telephone"])
@pytest.mark.parametrize("path", ["/", "/docs"])
def test_a_page_is_drawn_with_its_style(
    server: Server, tale: Tale, tmp_path: Path, path: str, size: str
):
    """A page without its style is black on white, and its picture a fraction of the size."""
    del tale
    picture = tmp_path / "page.png"
    run = browse(
        f"{server.url}{path}",
        tmp_path / "profile",
        f"--screenshot={picture}",
        f"--window-size={size}",
    )
    assert [] == complaints(run)
    assert picture.read_bytes().startswith(PNG)
    assert 20_000 < picture.stat().st_size


def test_a_violated_policy_would_be_noticed(tmp_path: Path):
    """The check above can fail: a page that breaks its own policy makes the console speak."""
    page = tmp_path / "page.html"
    page.write_text(
        '<meta http-equiv="Content-Security-Policy" content="default-src \'none\'">'
        "<style>p { color: red }</style><p>inline</p>"
    )
    assert complaints(browse(page.as_uri(), tmp_path / "profile", "--dump-dom"))
