"""`techledger serve` as a command: where it binds, how it ends, what it says when it cannot run."""

import subprocess
import sys

import pytest

from api.cli.serve import NotLoopback, check_reach
from ledger.settings import Settings
from tests.support.server import ROOT, environment, ledger_home, served_ledger


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.8.8", "::1", "localhost"])
def test_it_binds_to_loopback(host):
    check_reach(Settings(host=host))


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.7", "ledger.example.vn", ""])
def test_it_refuses_to_bind_beyond_loopback(host):
    with pytest.raises(NotLoopback):
        check_reach(Settings(host=host))


def test_it_binds_anywhere_where_that_was_said_by_hand():
    check_reach(Settings(host="0.0.0.0", entries="open"))


def run_serve(home, **variables: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "api.cli", "serve"],
        env=environment(home.path, variables),
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_the_command_says_how_to_mean_it():
    with ledger_home() as home:
        run = run_serve(home, LEDGER_HOST="0.0.0.0")
        assert 1 == run.returncode
        assert "LEDGER_ENTRIES=open" in run.stderr
        assert "Traceback" not in run.stderr


def test_without_a_ledger_it_says_how_to_make_one():
    with ledger_home() as home:
        run = run_serve(home)
        assert 1 == run.returncode
        assert "techledger operate init" in run.stderr
        assert "Traceback" not in run.stderr


def test_a_wrong_setting_is_named():
    with ledger_home() as home:
        run = run_serve(home, LEDGER_PORT="many")
        assert 2 == run.returncode
        assert run.stderr.startswith("techledger: LEDGER_PORT: ")


def test_a_halted_ledger_is_not_served_and_its_database_is_stopped():
    with served_ledger() as server:
        assert 0 == server.stop()
        (server.home.checkpoints / "HALTED").write_text("a test halted it\n")
        run = run_serve(server.home)
        assert 70 == run.returncode
        assert "techledger: a test halted it" in run.stderr
        assert "Traceback" not in run.stderr
        assert 0 == server.postmaster


def test_it_ends_in_order_with_all_that_it_started():
    with served_ledger() as server:
        assert server.workers
        assert 0 == server.stop()
        assert {} == server.await_no_orphans()
        assert 0 == server.postmaster
        assert "Traceback" not in server.words
