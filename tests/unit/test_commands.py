"""The command line as a whole: every command is there, and costs a start what it needs itself."""

import subprocess
import sys

import pytest
from typer.testing import CliRunner

from api.cli.main import MODULES, app
from ledger.faults import Told
from ledger.home import NotInitialised


def test_every_command_is_shown():
    said = CliRunner().invoke(app, ["--help"], env={"COLUMNS": "200"}).stdout
    rows = [line.strip("│ ").split()[0] for line in said.splitlines() if line.startswith("│")]
    assert set(MODULES) <= set(rows)


@pytest.mark.parametrize("name", MODULES)
def test_every_command_explains_itself(name: str):
    done = CliRunner().invoke(app, [name, "--help"])
    assert (0, True) == (done.exit_code, f"Usage: techledger {name} " in done.stdout)


def test_what_is_no_command_is_a_wrong_usage():
    done = CliRunner().invoke(app, ["sell"])
    assert (2, True) == (done.exit_code, "No such command 'sell'" in done.stderr)


def test_a_command_imports_no_other():
    """A policy is read without the rules, the server or a database."""
    program = (
        "import sys; from api.cli.main import app;"
        "app(['policy', '--help'], standalone_mode=False);"
        "print(*sorted({each.partition('.')[0] for each in sys.modules}))"
    )
    run = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    imported = set(run.stdout.splitlines()[-1].split())
    assert {"fastapi", "psycopg2", "eventsourcing", "projections"}.isdisjoint(imported)


def test_an_error_that_is_told_has_its_exit_code():
    assert 1 == NotInitialised.exit_code == Told.exit_code
