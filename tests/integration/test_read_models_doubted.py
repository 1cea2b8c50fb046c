"""
What is kept of a read model is of this ledger, or nobody is answered from it.

Anyone who has the database's rights can write what stands in `read.progress`: without a MAC, or
under a version that nobody made, the rows beside it would be passed over by anyone who looks after
them.
"""

import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import httpx2
import pytest
from typer.testing import CliRunner

from api.cli import operate
from ledger.events.lawbook import available_laws
from ledger.events.vintage import Vintage
from ledger.home.batches import BatchKey
from ledger.home.paths import Home
from ledger.node.node import Node
from ledger.store.connection import Pool
from ledger.store.hint import CHECKPOINT_CHANNEL
from ledger.store.readmodels import read_progress
from ledger.store.subscription import Listener
from projections.engine.decoding import decode
from projections.engine.digest import is_ours
from projections.engine.projection import ReadModel
from projections.engine.runner import Runner
from projections.engine.view import NotFolded, read_snapshot
from projections.run import process
from projections.run.catalogue import READ_MODELS
from projections.run.comparison import difference
from projections.run.rebuild import doubted, outdated, rebuild
from projections.run.seals import draft_seal
from projections.run.table_check import read_model_faults
from projections.run.waiting import unserved
from projections.tables.mandates import mandates
from tests.support.builders import INSTITUTE, OPERATOR
from tests.support.http import serving
from tests.support.node import append, running, settings_for
from tests.support.postgres import Database, run_sql
from tests.support.world import World

FORGED = {
    "no digest, no MAC": "digest = NULL, mac = NULL",
    "no MAC": "mac = NULL",
    "another digest": "digest = digest || digest",
    "a version of tomorrow": "version = 999",
    "a version of yesterday": "version = 0",
    "another size": "size = size + 1000000",
    "other columns": "shape = ARRAY['n bigint', NULL]",
}


@pytest.fixture
def node(database: Database, home: Home) -> Iterator[Node]:
    """Run a node whose read models are folded, beside nobody who would fold them again."""
    with running(settings_for(database, home.path)) as node:
        last = append(node, *World.of(home).registrations((INSTITUTE,)))[-1]
        node.feed.covering(last.position).result(30)
        rebuild(node.pool, READ_MODELS, decode, key=node.key)
        yield node


def forge(database: Database, name: str, model: str = "mandates") -> None:
    """Write into what is kept of a read model, with the application's rights."""
    run_sql(
        database.app_dsn,
        f"UPDATE read.progress SET {FORGED[name]} WHERE name = %s",
        (model,),
    )


def made_by_newer(node: Node) -> ReadModel:
    """Have newer software of this ledger make a read model; return it."""
    newer = replace(mandates, version=mandates.version + 1)
    rebuild(node.pool, (newer,), decode, key=node.key)
    return newer


def test_nobody_is_answered_from_what_no_process_of_this_ledger_kept(
    database: Database, node: Node
) -> None:
    power = f"/v1/parties/{INSTITUTE}/power"
    asked = {"signer": OPERATOR, "true_on": "2026-12-01", "topic": "contract.concluded"}
    with serving(node) as url, httpx2.Client(base_url=url) as http:
        for name in FORGED:
            assert 200 == http.get(power, params=asked).status_code
            assert [] == reasons(http, ready=True)
            forge(database, name)
            refused = http.get(power, params=asked)
            assert (503, "NOT_FOLDED") == (refused.status_code, refused.json()["code"]), name
            assert "mandates was kept by no process of this ledger" in refused.json()["detail"]
            said = "read model mandates was kept by no process of this ledger"
            assert [said] == reasons(http, ready=False)
            assert 200 == http.get(f"/v1/subjects/{INSTITUTE}/timeline").status_code
            rebuild(node.pool, (mandates,), decode, key=node.key)


def test_who_asks_before_the_first_fold_is_told_what_is_not_built_and_what_to_do(
    database: Database, node: Node
) -> None:
    gone = "DROP TABLE read.mandates; DELETE FROM read.progress WHERE name = 'mandates'"
    asked = {"signer": OPERATOR, "true_on": "2026-12-01", "topic": "contract.concluded"}
    with serving(node) as url, httpx2.Client(base_url=url) as http:
        run_sql(database.superuser_dsn, gone)
        refused = http.get(f"/v1/parties/{INSTITUTE}/power", params=asked)
        assert (503, "NOT_FOLDED") == (refused.status_code, refused.json()["code"])
        what, *steps = refused.json()["detail"].split("; ")
        assert "what answers this is not built yet" == what
        assert ["ask again in a while", "where it stays so"] == [
            each.partition(",")[0] for each in steps
        ]
        with pytest.raises(NotFolded, match=f"^{what}$"):
            difference(node.pool, mandates)
        rebuild(node.pool, (mandates,), decode, key=node.key)  # As the one command does.
        assert 200 == http.get(f"/v1/parties/{INSTITUTE}/power", params=asked).status_code


def reasons(http: httpx2.Client, *, ready: bool) -> list[str]:
    """Return why the ledger is not ready, once it is, or is not: a look is half a second old."""
    deadline = time.monotonic() + 5
    while (answer := http.get("/health/ready")).is_success is not ready:
        assert time.monotonic() < deadline, answer.text
        time.sleep(0.1)
    said: list[str] = answer.json()["reasons"]
    return said


@pytest.mark.parametrize("name", ["no digest, no MAC", "a version of tomorrow", "another size"])
def test_who_follows_the_log_makes_it_anew_while_it_runs_and_at_its_start(
    database: Database, node: Node, name: str
) -> None:
    key, stop = node.key, threading.Event()

    def follow(pool: Pool) -> None:
        listener = Listener(pool, CHECKPOINT_CHANNEL)
        while not stop.is_set():
            process._follow(pool, Vintage(pool, available_laws()), stop, listener, key)
        listener.close()

    forge(database, name)
    following = threading.Thread(target=follow, args=(node.pool,))
    following.start()
    try:
        until_served(node)
        forge(database, name, "timeline")
        until_served(node)
    finally:
        stop.set()
        following.join(30)
    assert () == outdated(node.pool, READ_MODELS, key)
    assert [] == list(read_model_faults(node.pool, key, rows=True))


def until_served(node: Node) -> None:
    deadline = time.monotonic() + 20
    while unserved(node.pool) or len(read_progress(node.pool)) < len(READ_MODELS):
        assert time.monotonic() < deadline, unserved(node.pool)
        time.sleep(0.05)


def test_a_seal_has_it_made_anew_before(database: Database, node: Node) -> None:
    before = draft_seal(node.pool, 0, node.key)
    for name in FORGED:
        forge(database, name)
        assert before == draft_seal(node.pool, 0, node.key), name
        assert {} == unserved(node.pool)


def test_what_newer_software_of_this_ledger_made_is_left_alone_not_answered_from_and_named(
    node: Node,
) -> None:
    made_by_newer(node)
    assert () == outdated(node.pool, READ_MODELS, node.key)
    assert () == doubted(node.pool, READ_MODELS, node.key)
    assert not Runner(node.pool, (mandates,), decode, key=node.key).step()
    said = f"was made by newer software, in version {mandates.version + 1}"
    assert {"mandates": said} == unserved(node.pool)
    with pytest.raises(NotFolded, match="newer software"), read_snapshot(node.pool, mandates):
        pass
    (finding,) = read_model_faults(node.pool, node.key)
    assert "mandates was made by newer software" in finding
    assert "it was not examined" in finding
    drafted = draft_seal(node.pool, 0, node.key)
    assert drafted is not None
    assert "mandates" not in {name for name, _, _ in drafted.digests}


def test_what_an_earlier_version_of_this_ledger_made_is_answered_from_until_it_is_replaced(
    node: Node,
) -> None:
    newer = replace(mandates, version=mandates.version + 1)
    assert (newer,) == outdated(node.pool, (newer,), node.key)
    assert () == doubted(node.pool, (newer,), node.key)
    with read_snapshot(node.pool, newer) as view:
        assert view.size


def test_a_mac_is_of_one_ledger(node: Node) -> None:
    progress = read_progress(node.pool)["mandates"]
    assert is_ours(mandates, progress, node.key.kept_mac)
    assert not is_ours(mandates, progress, BatchKey(node.key.origin, bytes(32)).kept_mac)


def test_the_morning_look_names_it(
    database: Database, node: Node, monkeypatch: pytest.MonkeyPatch
) -> None:
    forge(database, "a version of tomorrow")
    monkeypatch.setenv("LEDGER_HOME", str(node.settings.home))
    monkeypatch.setenv("LEDGER_DATABASE_URL", database.app_dsn)
    run: Any = CliRunner().invoke(operate.app, ["status"])
    assert 1 == run.exit_code
    assert "SEE  read models  mandates was kept by no process of this ledger" in run.stdout
