"""The page of the log in a real browser: what a person sees, and that nothing is loaded or run."""

import shutil
import subprocess
from pathlib import Path

import pytest

from ledger.client import LedgerClient
from tests.support.builders import INSTITUTE, technology_registered
from tests.support.server import served_ledger
from tests.support.world import World

FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--enable-logging=stderr", "--log-level=0", "--window-size=1280,1200",
)  # fmt: skip


def browse(*arguments: str, profile: Path) -> subprocess.CompletedProcess[str]:
    """Run Chromium once, with a profile of its own."""
    return subprocess.run(
        ["chromium", *FLAGS, f"--user-data-dir={profile}", *arguments],
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )


@pytest.mark.skipif(
    shutil.which("chromium") is None, reason="NO BROWSER: the page was not looked at (.ci/run)"
)
@pytest.mark.timeout(300)
def test_the_page_shows_the_log_to_a_person(tmp_path: Path):
    with served_ledger() as server, LedgerClient(server.url, server.trust) as ledger:
        world = World.of(server.home)
        ledger.submit(world.registration(INSTITUTE))
        ledger.submit(world.sign(technology_registered(), INSTITUTE))
        seen = browse("--dump-dom", f"{server.url}/", profile=tmp_path / "first")
        picture = tmp_path / "page.png"
        browse(f"--screenshot={picture}", f"{server.url}/", profile=tmp_path / "second")
        described = browse("--dump-dom", f"{server.url}/docs", profile=tmp_path / "third")
    assert "Sổ cái giao dịch công nghệ" in seen.stdout
    assert world.origin in seen.stdout
    assert "technology.registered/1" in seen.stdout
    assert picture.stat().st_size > 20_000, "an empty page makes a smaller picture"
    assert "/v1/licences/check" in described.stdout
    for run in (seen, described):
        assert "CONSOLE" not in run.stderr, run.stderr
        assert "Content Security Policy" not in run.stderr
