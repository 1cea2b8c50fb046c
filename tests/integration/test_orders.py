"""Erased behind the end of a closed log: by orders beside it, which outlive what was restored."""

import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner

from api.cli.main import app
from ledger.domain.government.governance import LedgerClosed, LedgerIsClosed
from ledger.domain.parties.ledger_state import ledger_subject
from ledger.events.intake import read_envelope
from ledger.home.datakeys import DataKeyDamaged
from ledger.home.paths import Home
from ledger.home.settings import Settings
from ledger.node.erasing import OrderRefused, order_erasure
from ledger.node.fsck import check_log
from ledger.node.node import Node
from ledger.sequence.judging import Recorded
from ledger.sequence.orders import Orders
from ledger.store.connection import Pool
from ledger.store.embedded import EmbeddedPostgres
from ledger.store.vault import read_openings
from ledger.wire.entry import format_entry, parse_entry
from tests.support.builders import AUTHOR, INSTITUTE, OPERATOR, REGISTRAR, technology_registered
from tests.support.node import append, running, settings_for
from tests.support.parties import person_erased
from tests.support.postgres import Database, fresh_database
from tests.support.sealing import CONTRACT_AT, SHARE_AT, agreements, erasure
from tests.support.world import World, submission


@pytest.fixture
def closed(settings: Settings, world: World) -> int:
    """Make the log of the agreements and close it; return its size."""
    body = LedgerClosed(ledger=ledger_subject(world.origin), successor=None, reason="a new era")
    with running(settings) as node:
        signed = [*agreements(world), world.sign(body, OPERATOR, REGISTRAR), erasure(world)]
        *_, last, refused = append(node, *signed)
        assert isinstance(last, Recorded)
        assert isinstance(refused, LedgerIsClosed)
        node.feed.covering(last.position).result(30)
    return last.position + 1


def positions_kept(pool: Pool) -> list[int]:
    return [kept.position for kept in read_openings(pool, range(20))]


def is_erased(node: Node) -> bool:
    key = node.vault.keys.get_or_make(node.vault.keys.name_of(AUTHOR))
    return key is None and [CONTRACT_AT] * 2 == positions_kept(node.pool)


def test_a_closed_log_forgets_whom_both_officers_order_to_erase(
    settings: Settings, home: Home, world: World, pool: Pool, closed: int
) -> None:
    ordered = submission(erasure(world))
    assert closed == order_erasure(pool, home, ordered).position
    again = order_erasure(pool, home, ordered)
    assert (closed, True) == (again.position, again.replayed)
    with pytest.raises(OrderRefused, match="has ceased to be"):
        order_erasure(pool, home, submission(erasure(world)))
    with running(settings) as node:
        assert is_erased(node)
        assert closed == node.published
        assert [] == check_log(node.pool, home).findings


@pytest.mark.parametrize("restored", ["keys", "database"])
def test_what_was_restored_loses_whom_an_order_behind_the_log_erased(  # noqa: PLR0917
    postgres_server: EmbeddedPostgres,
    home: Home,
    world: World,
    database: Database,
    tmp_path: Path,
    closed: int,
    restored: str,
) -> None:
    shutil.copytree(home.vault, tmp_path / "keys-of-before")
    with fresh_database(postgres_server, database.name) as copy:
        pool = Pool(database.app_dsn, size=2)
        order_erasure(pool, home, submission(erasure(world)))
        pool.close()
        with running(settings_for(database, home.path)) as node:
            assert is_erased(node)
        if restored == "keys":
            shutil.rmtree(home.vault)
            shutil.copytree(tmp_path / "keys-of-before", home.vault)
        now = {"keys": database, "database": copy}[restored]
        with running(settings_for(now, home.path)) as node:
            assert is_erased(node)
            assert closed == node.published
            assert [] == check_log(node.pool, home).findings


def test_new_keys_leave_what_was_ordered_under_the_lost_ones_in_order(
    settings: Settings,
    home: Home,
    world: World,
    pool: Pool,
    closed: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert closed == order_erasure(pool, home, submission(erasure(world))).position
    with running(settings) as node:
        assert is_erased(node)
    home.kek.unlink()
    monkeypatch.setenv("LEDGER_HOME", str(home.path))
    monkeypatch.setenv("LEDGER_DATABASE_URL", str(settings.database_url))
    made = CliRunner().invoke(app, ["operate", "kek", "new", "--give-up"])
    assert "new keys; 2 openings were given up" in made.stdout
    assert [] == check_log(pool, home).findings


def test_orders_that_cannot_be_listed_are_not_taken_for_none(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert [] == Orders(home.erasures).read()
    home.erasures.mkdir()
    (home.erasures / "notes.txt").touch()
    assert [] == Orders(home.erasures).read()

    def not_permitted(_: Path) -> list[str]:
        raise PermissionError(home.erasures)

    monkeypatch.setattr(Path, "iterdir", not_permitted)
    with pytest.raises(PermissionError):
        Orders(home.erasures).read()


def test_behind_a_closed_log_one_officer_erases_nobody_and_nothing_else_is_ordered(
    settings: Settings, home: Home, world: World, pool: Pool, closed: int
) -> None:
    del closed
    body = person_erased(token=AUTHOR)
    by_one = world.sign(body, OPERATOR)
    signed = erasure(world).envelope
    (first, second), forged = signed.signatures, bytes(64)
    wrong = replace(signed, signatures=(first, replace(second, value=forged)))
    other = world.sign(technology_registered(), INSTITUTE)
    for refused, why in (
        (submission(by_one), f"SIGNER_MISSING: .* binds {REGISTRAR} too"),
        (read_envelope(wrong), "is not by this key|signature"),
        (submission(other), "LEDGER_CLOSED"),
    ):
        with pytest.raises(OrderRefused, match=why):
            order_erasure(pool, home, refused)
    with running(settings) as node:
        assert [CONTRACT_AT, CONTRACT_AT, SHARE_AT] == positions_kept(node.pool)
    assert not home.erasures.exists()


def test_a_log_that_goes_on_is_not_told_of_an_erasure_beside_it(
    settings: Settings, home: Home, world: World, pool: Pool
) -> None:
    with running(settings) as node:
        append(node, *agreements(world))
    with pytest.raises(OrderRefused, match="behind the end of a closed log"):
        order_erasure(pool, home, submission(erasure(world)))


def test_an_order_that_officers_did_not_sign_is_found_and_one_that_is_none_stops_the_start(
    settings: Settings, home: Home, world: World, pool: Pool, closed: int
) -> None:
    order_erasure(pool, home, submission(erasure(world)))
    file = home.erasures / str(closed)
    entry = parse_entry(file.read_bytes())
    unsigned = [replace(line, value=bytes(len(line.value))) for line in entry.signatures]
    file.write_bytes(format_entry(replace(entry, signatures=tuple(unsigned))))
    said = [finding.what for finding in check_log(pool, home).findings]
    assert [True] == [each.startswith(f"the erasure {closed} is not ordered") for each in said]
    file.write_bytes(file.read_bytes()[:-9])
    with pytest.raises(DataKeyDamaged, match="bring it back"), running(settings):
        pass
