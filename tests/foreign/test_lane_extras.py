"""What each extra is for runs in an environment that has the extra and nothing else."""

import json
import subprocess
import sys
import venv
from collections.abc import Callable
from pathlib import Path

import pytest

from ledger.follow.client import LedgerClient
from tests.support.builders import INSTITUTE
from tests.support.postgres import home_directory
from tests.support.server import ROOT, served_ledger
from tests.support.told_page import program_of
from tests.support.world import World

GOLDEN = ROOT / "tests/golden/ledger/0-dev"


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a wheel of what stands here."""
    built = tmp_path_factory.mktemp("wheel")
    pip = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "-w", str(built)]
    subprocess.run([*pip, str(ROOT)], check=True, timeout=600)
    (wheel,) = built.iterdir()
    return wheel


@pytest.fixture
def installed(wheel: Path, tmp_path: Path) -> Callable[[str], Path]:
    """Return a function that makes an environment with an extra; it returns its programs."""

    def make(extra: str) -> Path:
        venv.create(tmp_path / "venv", with_pip=True)
        programs = tmp_path / "venv/bin"
        pip = [str(programs / "python"), "-m", "pip", "install", "--quiet"]
        subprocess.run([*pip, f"{wheel}{extra}"], check=True, timeout=900)
        return programs

    return make


def run(*words: str | Path, cwd: Path) -> subprocess.CompletedProcess[str]:
    """Run a program away from the sources."""
    return subprocess.run(
        [*map(str, words)], cwd=cwd, capture_output=True, text=True, check=False, timeout=600
    )


@pytest.mark.parametrize("extra", ["", "[verify]"])
def test_who_verifies_needs_cryptography_alone(
    installed: Callable[[str], Path], tmp_path: Path, extra: str
) -> None:
    programs = installed(extra)
    listed = run(programs / "python", "-m", "pip", "list", "--format=json", cwd=tmp_path)
    names = {each["name"] for each in json.loads(listed.stdout)}
    assert names - {"pip", "setuptools"} == {"techledger", "cryptography", "cffi", "pycparser"}
    trust = ["--trust", GOLDEN / "trust.json"]
    for each in ("log", "bundle.json"):
        done = run(programs / "python", "-m", "ledger.verify", GOLDEN / each, *trust, cwd=tmp_path)
        assert (0, True) == (done.returncode, "VERIFIED" in done.stdout), done
    court = [programs / "python", "-m", "ledger.court", GOLDEN / "bundle.json"]
    done = run(*court, GOLDEN / "trust.json", cwd=tmp_path)
    assert 0 == done.returncode, done
    done = run(programs / "techledger", "keys", "new", "me.pem", cwd=tmp_path)
    assert (2, True) == (done.returncode, "pip install 'techledger[server]'" in done.stderr), done
    assert "Traceback" not in done.stderr


def test_a_client_signs_submits_and_verifies_with_the_sdk(
    installed: Callable[[str], Path], tmp_path: Path
) -> None:
    programs = installed("[sdk]")
    with served_ledger() as server:
        world = World.of(server.home)
        with LedgerClient(server.url, server.trust) as ledger:
            ledger.submit(world.registration(INSTITUTE))
        (tmp_path / "trust.json").write_bytes(server.home.trust.read_bytes())
        (tmp_path / "institute.pem").write_bytes(world.key(INSTITUTE).to_pem())
        (tmp_path / "program.py").write_text(program_of("sdk.md", server.url), "utf-8")
        done = run(programs / "python", "program.py", cwd=tmp_path)
    assert (0, True) == (done.returncode, "SUBJECT_EXISTS" in done.stdout), done
    listed = run(programs / "python", "-m", "pip", "list", "--format=json", cwd=tmp_path)
    names = {each["name"] for each in json.loads(listed.stdout)}
    assert names.isdisjoint({"pydantic", "fastapi", "psycopg2-binary", "typer", "eventsourcing"})


def test_the_first_command_of_the_readme_tells_its_story(
    installed: Callable[[str], Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    programs = installed("[server]")
    with home_directory() as home:
        monkeypatch.setenv("LEDGER_HOME", str(home / "demo"))
        done = run(programs / "techledger", "demo", "--once", cwd=tmp_path)
    assert 0 == done.returncode, done
