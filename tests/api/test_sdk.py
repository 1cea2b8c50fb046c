"""What the SDK's page and its docstring say runs, as it stands there."""

import doctest
import subprocess
import sys
from pathlib import Path

import pytest

from ledger.follow import client
from ledger.home.paths import Home
from tests.support.builders import FIRM, INSTITUTE, technology_registered
from tests.support.told_page import program_of
from tests.support.world import World


def test_the_page_of_the_sdk_is_a_program_that_runs(
    url: str, home: Home, world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys
):
    (tmp_path / "trust.json").write_bytes(home.trust.read_bytes())
    (tmp_path / "institute.pem").write_bytes(world.key(INSTITUTE).to_pem())
    monkeypatch.chdir(tmp_path)
    exec(compile(program_of("sdk.md", url), "docs/sdk.md", "exec"), {})
    position, refused = capsys.readouterr().out.splitlines()
    number = int(position.removeprefix("position ").partition(",")[0])
    assert refused.startswith(f"SUBJECT_EXISTS [{number}] ")
    verify = [sys.executable, "-m", "ledger.verify", "receipt", "--entry", "entry"]
    done = subprocess.run(
        [*verify, "--trust", "trust.json"], capture_output=True, text=True, check=False
    )
    assert (0, True) == (done.returncode, "VERIFIED" in done.stdout), done


def test_the_docstring_of_the_sdk_is_so(url: str, home: Home, world: World):
    names = {
        **vars(client),
        "url": url,
        "trust_file": home.trust,
        "keys": [world.key(FIRM)],
        "payload": world.payload(
            technology_registered(owners=[{"party": FIRM, "share": [1, 1]}]), FIRM
        ),
    }
    found = doctest.DocTestFinder(recurse=False).find(client, globs=names)
    results = [doctest.DocTestRunner().run(each) for each in found]
    assert [(0, 3)] == [(each.failed, each.attempted) for each in results]
