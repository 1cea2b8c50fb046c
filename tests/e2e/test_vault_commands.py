"""The operator's commands of the vault: show, erase, rotate; and the keys lost for good."""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from ledger.home.paths import Home
from ledger.home.settings import Settings
from ledger.node.genesis import initialise
from ledger.node.node import Node, open_node
from ledger.sequence.judging import Recorded
from tests.support.builders import AUTHOR, OPERATOR, REGISTRAR, vnd
from tests.support.node import append
from tests.support.postgres import run_sql
from tests.support.sealing import CONTRACT_AT, agreements, report
from tests.support.server import ROOT, environment, ledger_home
from tests.support.world import World


@contextmanager
def node_of(home: Home) -> Iterator[Node]:
    node = open_node(Settings(home=home.path, database_url=None, verifier_processes=1))
    try:
        node.start()
        yield node
    finally:
        node.stop()
        node.database.stop()


def command(home: Home, *words: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "api.cli", *words],
        env=environment(home.path, {}),
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def told(home: Home, *words: str, code: int = 0) -> str:
    run = command(home, *words)
    assert code == run.returncode, run.stdout + run.stderr
    assert "Traceback" not in run.stderr
    return run.stdout + run.stderr


@pytest.fixture
def world() -> Iterator[tuple[Home, World, str]]:
    """Make a log of the agreements; lend its home and the id of the contract's event."""
    with ledger_home() as home:
        settings = Settings(home=home.path, database_url=None)
        initialise(settings, "vault.example.vn", OPERATOR, REGISTRAR, delay_s=0)
        world = World.of(home)
        signed = agreements(world)
        with node_of(home) as node:
            outcomes = append(node, *signed)
            assert all(isinstance(each, Recorded) for each in outcomes)
            node.feed.covering(len(outcomes)).result(30)
        event_id = json.loads(signed[CONTRACT_AT - 1].envelope.payload)["event_id"]
        yield home, world, event_id


def test_show_erase_and_rotate(world: tuple[Home, World, str]) -> None:
    home, of, event_id = world
    show = ("operate", "opening", "show", event_id, "/body/price", "--reason")
    assert "say what it is shown for" in told(home, *show, " ", code=2)
    shown = command(home, *show, "case 12")
    opening = json.loads(shown.stdout)
    assert ("/body/price", vnd(500_000_000)) == (opening["path"], opening["value"])
    assert '"opening_shown"' in shown.stderr or "opening_shown" in shown.stderr
    assert "500000000" not in shown.stderr
    unsealed = ("operate", "opening", "show", event_id, "/body/grants", "--reason", "x")
    assert "OPENING_NOT_KEPT" in told(home, *unsealed, code=1)

    assert "erased; position 7" in told(home, "operate", "erase", AUTHOR)
    assert "PARTY" in told(home, "operate", "erase", AUTHOR, code=1).upper()
    assert "key-encryption key" in told(home, "operate", "kek", "rotate")
    with node_of(home) as node:
        node.feed.covering(7).result(30)
        rows = run_sql(
            node.database.app_dsn,
            "SELECT position, path, shown_to <> '', reason FROM ledger.shown_openings",
        )
        assert [(CONTRACT_AT, "/body/price", True, "case 12")] == rows
        assert isinstance(append(node, report(of))[0], Recorded)
        node.feed.covering(8).result(30)
    assert "clean" in told(home, "operate", "fsck")


def test_the_keys_are_lost_for_good(world: tuple[Home, World, str]) -> None:
    home, of, event_id = world
    assert "VAULT_EXISTS" in told(home, "operate", "kek", "new", code=78)
    home.kek.unlink()
    assert "KEK_MISSING" in told(home, "serve", code=78)
    assert "KEK_MISSING" in told(home, "operate", "fsck", code=1)
    assert "KEK_MISSING" in told(home, "operate", "status", code=1)
    assert "3 openings are kept under keys" in told(home, "operate", "kek", "new", code=78)
    assert "3 openings were given up" in told(home, "operate", "kek", "new", "--give-up")
    show = ("operate", "opening", "show", event_id, "/body/price", "--reason", "x")
    assert "OPENING_NOT_KEPT" in told(home, *show, code=1)
    with node_of(home) as node:
        (refused,) = append(node, report(of))
        assert "OPENING_REQUIRED" == getattr(refused, "code", None)
        (share,) = append(node, agreements(of)[-1])
        assert "SUBJECT_EXISTS" == getattr(share, "code", None)
    assert "clean" in told(home, "operate", "fsck")
    assert "erased" in told(home, "operate", "erase", AUTHOR)
    with node_of(home) as node:
        node.feed.covering(7).result(30)
    assert "clean" in told(home, "operate", "fsck")
