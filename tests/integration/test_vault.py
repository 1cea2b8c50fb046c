"""The vault: what it keeps the rules recall; what is erased is gone, here and in older copies."""

import errno
import shutil
import time
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path

import pytest

from ledger.domain.core.context import OpeningRequired
from ledger.events.intake import MAX_PERSONS, Invalid
from ledger.events.lawbook import available_laws
from ledger.follow.audit import Replay, StoredLog, export, exported_entries
from ledger.follow.supply import gather
from ledger.home.antirollback import CheckpointFile
from ledger.home.datakeys import DataKeys, KekMissing, KekWrong
from ledger.home.paths import Home
from ledger.home.settings import Settings
from ledger.node.fsck import check_log
from ledger.node.node import batch_key, vault_of
from ledger.node.restore import restore
from ledger.sequence.judging import Recorded
from ledger.sequence.sequencer import Sequencer
from ledger.sequence.vault import CACHE_BYTES, RowUnreadable, Vault, VaultUnavailable
from ledger.store import vault as rows
from ledger.store.connection import Pool, Unavailable
from ledger.store.embedded import EmbeddedPostgres
from ledger.store.vault import read_openings
from tests.support.builders import (
    AUTHOR,
    INSTITUTE,
    part,
    share_agreed,
)
from tests.support.node import append, found, running, settings_for
from tests.support.postgres import Database, fresh_database, run_sql
from tests.support.sealing import (
    CONTRACT_AT,
    RATE,
    SHARE_AT,
    agreements,
    distribution,
    erasure,
    next_quarter,
    report,
    sealed,
)
from tests.support.tampering import as_owner
from tests.support.world import World, submission


@pytest.fixture
def agreed(settings: Settings, world: World) -> None:
    """Make the log of the agreements, by a node that has stopped since."""
    with running(settings) as node:
        assert all(isinstance(each, Recorded) for each in append(node, *agreements(world)))


def what_is_kept(pool: Pool) -> list[tuple[int, str]]:
    found = read_openings(pool, range(20))
    return [(kept.position, kept.row.path) for kept in found]


TERMS = [(CONTRACT_AT, "/body/price"), (CONTRACT_AT, "/body/royalty_ppm")]
PARTS = [(SHARE_AT, "/body/parts")]


# Recalled by the rules


@pytest.mark.usefixtures("agreed")
def test_a_rule_takes_what_was_sealed_from_the_vault_after_a_restart(
    settings: Settings, world: World
) -> None:
    with running(settings) as node:
        assert isinstance(append(node, report(world))[0], Recorded)
        assert 0 < node.vault.cached_bytes
        assert isinstance(append(node, distribution(world))[0], Recorded)


def test_a_rule_takes_what_was_sealed_in_the_same_batch(settings: Settings, world: World) -> None:
    with running(settings) as node:
        story = [*agreements(world), report(world), distribution(world)]
        assert all(isinstance(each, Recorded) for each in append(node, *story))


@pytest.mark.usefixtures("agreed")
def test_after_an_erasure_warm_and_cold_say_opening_required_and_replay_says_unchecked(
    settings: Settings, world: World, tmp_path: Path
) -> None:
    with running(settings) as node:
        append(node, report(world))
        (shared,) = append(node, distribution(world))
        assert isinstance(shared, Recorded)
        (erased,) = append(node, erasure(world))
        assert isinstance(erased, Recorded)
        assert 0 == node.vault.cached_bytes
        reported, warm = append(node, *next_quarter(world))
        assert isinstance(reported, Recorded)
        node.feed.covering(reported.position).result(30)
        export(StoredLog(node.pool), tmp_path / "export")
    with running(settings) as node:
        _, cold = append(node, *next_quarter(world))
        assert isinstance(cold, OpeningRequired)
        assert str(cold) == str(warm)
    replay = Replay(exported_entries(tmp_path / "export"), world.origin, available_laws())
    assert reported.position == [logged.position for logged in replay][-1]
    assert shared.position in [position for position, _ in replay.unchecked]


@pytest.mark.usefixtures("agreed")
def test_what_a_batch_erases_it_does_not_recall(settings: Settings, world: World) -> None:
    with running(settings) as node:
        append(node, report(world))
        outcomes = append(node, erasure(world), distribution(world))
        assert isinstance(outcomes[0], Recorded)
        assert isinstance(outcomes[1], OpeningRequired)


def test_of_whom_a_batch_erases_nothing_is_kept(settings: Settings, world: World) -> None:
    with running(settings) as node:
        *before, share = agreements(world)
        append(node, *before)
        # The author is erased before the share's own event, which then no longer binds them.
        outcomes = append(node, share, erasure(world))
        assert [True, True] == [isinstance(each, Recorded) for each in outcomes]
        assert TERMS == what_is_kept(node.pool)


def test_the_cache_holds_no_more_than_it_may(settings: Settings, world: World) -> None:
    small = settings.model_copy(update={"openings_cached_bytes": 0})
    with running(small) as node:
        append(node, *agreements(world))
    with running(small) as node:
        assert isinstance(append(node, report(world))[0], Recorded)
        assert 0 == node.vault.cached_bytes
    assert 1 << 20 < CACHE_BYTES


# Never in the clear, and bound to its place


@pytest.mark.usefixtures("agreed")
def test_an_opening_comes_back_as_it_was_sealed(pool: Pool, settings: Settings) -> None:
    vault = vault_of(settings, pool)
    vault.open()
    found = {kept.row.path: vault.unseal(kept).value for kept in read_openings(pool, [CONTRACT_AT])}
    assert {
        "/body/price": {"amount": 500_000_000, "currency": "VND"},
        "/body/royalty_ppm": RATE,
    } == (found)


@pytest.mark.usefixtures("agreed")
def test_how_long_a_price_is_does_not_show(pool: Pool) -> None:
    price, rate = read_openings(pool, [CONTRACT_AT])
    assert len(price.row.sealed) - 64 == len(rate.row.sealed) == 12 + 64 + 16


@pytest.mark.usefixtures("agreed")
@pytest.mark.parametrize("moved", ["event", "payload", "path", "holders", "commitment", "bytes"])
def test_an_opening_that_was_moved_or_altered_does_not_open(
    pool: Pool, settings: Settings, moved: str
) -> None:
    vault = vault_of(settings, pool)
    vault.open()
    price, rate = read_openings(pool, [CONTRACT_AT])
    (parts,) = read_openings(pool, [SHARE_AT])
    vault.unseal(price)
    edited = {
        "event": replace(price, event_id=parts.event_id),
        "payload": replace(price, payload_sha256=parts.payload_sha256),
        "path": replace(price, row=replace(price.row, path="/body/royalty_ppm")),
        "holders": replace(parts, row=replace(parts.row, holders=())),
        "commitment": replace(price, row=replace(price.row, commitment=rate.row.commitment)),
        "bytes": replace(price, row=replace(price.row, sealed=price.row.sealed[:-1] + b"x")),
    }[moved]
    # All but the last are refused before anything is decrypted, by key or associated data.
    why = "committed to" if moved == "commitment" else "moved or altered"
    with pytest.raises(RowUnreadable, match=why):
        vault.unseal(edited)


@pytest.mark.usefixtures("agreed")
def test_an_opening_put_in_another_s_place_is_not_recalled(
    settings: Settings, world: World, database: Database
) -> None:
    swap = (
        "UPDATE ledger.vault SET sealed = (SELECT sealed FROM ledger.vault"
        " WHERE path = '/body/price') WHERE path = '/body/royalty_ppm'"
    )
    as_owner(database, swap)
    with running(settings) as node:
        assert isinstance(append(node, report(world))[0], OpeningRequired)


@pytest.mark.usefixtures("agreed")
def test_a_node_without_the_kek_or_with_another_does_not_start(
    settings: Settings, home: Home, tmp_path: Path
) -> None:
    kek = home.kek.read_bytes()
    home.kek.unlink()
    with pytest.raises(KekMissing), running(settings):
        pass
    DataKeys.create(tmp_path / "other", tmp_path / "other-kek", "other")
    shutil.copy(tmp_path / "other-kek", home.kek)
    with pytest.raises(KekWrong), running(settings):
        pass
    home.kek.write_bytes(kek)
    with running(settings):
        pass


def test_keys_may_lie_outside_the_home(database: Database, tmp_path: Path) -> None:
    elsewhere = {"vault": tmp_path / "keys-of-data", "kek_file": tmp_path / "token" / "kek"}
    settings = settings_for(database, tmp_path / "home", **elsewhere)
    world = World.of(found(settings))
    with running(settings) as node:
        append(node, *agreements(world))
    assert not Home(settings.home).vault.exists()
    assert not Home(settings.home).kek.exists()
    with running(settings) as node:
        assert isinstance(append(node, report(world))[0], Recorded)


# Erased


@pytest.mark.usefixtures("agreed")
def test_an_erasure_takes_what_concerns_the_person_and_nothing_else(
    settings: Settings, home: Home, world: World
) -> None:
    with running(settings) as node:
        (erased,) = append(node, erasure(world))
        assert isinstance(erased, Recorded)
        node.feed.covering(erased.position).result(30)
        assert TERMS == what_is_kept(node.pool)
        assert node.vault.keys.get_or_make(node.vault.keys.name_of(AUTHOR)) is None
        assert isinstance(append(node, report(world))[0], Recorded)
        node.feed.covering(erased.position + 1).result(30)
        assert [] == check_log(node.pool, home).findings


@pytest.mark.usefixtures("agreed")
def test_an_opening_that_outlived_its_erasure_is_found(
    settings: Settings, home: Home, world: World, database: Database
) -> None:
    kept = run_sql(database.app_dsn, "SELECT * FROM ledger.vault WHERE position = %s", (SHARE_AT,))
    with running(settings) as node:
        (erased,) = append(node, erasure(world))
        assert isinstance(erased, Recorded)
        node.feed.covering(erased.position).result(30)
        run_sql(
            database.superuser_dsn, "INSERT INTO ledger.vault VALUES (%s, %s, %s, %s, %s)", kept[0]
        )
        said = [finding.what for finding in check_log(node.pool, home).findings]
    assert "the opening of /body/parts concerns somebody who was erased" in said


@pytest.mark.usefixtures("agreed")
def test_an_erasure_that_a_crash_cut_short_is_carried_out_at_the_next_start(
    settings: Settings, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(Vault, "carry_out", lambda _: None)  # The process dies here.
        with running(settings) as node:
            append(node, erasure(world))
            assert TERMS + PARTS == what_is_kept(node.pool)
    with running(settings) as node:
        assert TERMS == what_is_kept(node.pool)
        assert node.vault.keys.get_or_make(node.vault.keys.name_of(AUTHOR)) is None


@pytest.mark.usefixtures("agreed")
def test_an_erasure_cut_between_key_and_rows_is_carried_out_too(
    settings: Settings, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def dies(*_: object) -> int:
        raise Unavailable("the database is gone")

    with monkeypatch.context() as patched:
        patched.setattr("ledger.sequence.vault.erase_openings", dies)
        with running(settings) as node:
            (erased,) = append(node, erasure(world))
            assert isinstance(erased, Recorded)
            assert TERMS + PARTS == what_is_kept(node.pool)
            patched.undo()
            # What failed is tried with the next batch, without a restart.
            append(node, report(world))
            assert TERMS == what_is_kept(node.pool)


@pytest.mark.usefixtures("agreed")
def test_an_erasure_that_failed_is_tried_again_though_no_event_comes(
    settings: Settings, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def dies(*_: object) -> int:
        raise Unavailable("the database is gone")

    monkeypatch.setattr("ledger.sequence.sequencer.ERASE_AGAIN_S", 0.01)
    with running(settings) as node:
        with monkeypatch.context() as patched:
            patched.setattr("ledger.sequence.vault.erase_openings", dies)
            append(node, erasure(world))
            assert TERMS + PARTS == what_is_kept(node.pool)
        while what_is_kept(node.pool) != TERMS:
            time.sleep(0.01)


def test_where_keys_cannot_be_made_only_what_needs_one_is_refused(
    settings: Settings, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "no space left on device")

    *before, share = agreements(world)
    with running(settings) as node:
        with monkeypatch.context() as patched:
            patched.setattr("ledger.home.datakeys.durable.create", full)
            outcomes = append(node, *before, share, report(world))
        assert [*[Recorded] * 5, VaultUnavailable, Recorded] == [type(each) for each in outcomes]
        (recorded,) = append(node, share)
        assert isinstance(recorded, Recorded)
        assert [*TERMS, (recorded.position, "/body/parts")] == what_is_kept(node.pool)


@pytest.mark.usefixtures("agreed")
def test_another_process_drops_what_one_erased(
    settings: Settings, world: World, pool: Pool
) -> None:
    with running(settings) as node:
        append(node, report(world), distribution(world))
        assert 0 < node.vault.cached_bytes
        vault, key = vault_of(settings, pool), batch_key(Home(settings.home))
        other = Sequencer(pool, lambda: None, laws=available_laws(), vault=vault, key=key)
        other.start()
        (erased,) = other.submit([submission(erasure(world))]).result(30)
        other.stop()
        assert isinstance(erased, Recorded)
        assert isinstance(append(node, *next_quarter(world))[1], OpeningRequired)
        assert 0 == node.vault.cached_bytes


@pytest.mark.usefixtures("agreed")
def test_older_keys_that_were_restored_lose_whom_the_log_erased(
    settings: Settings, home: Home, world: World, tmp_path: Path
) -> None:
    shutil.copytree(home.vault, tmp_path / "keys-of-before")
    with running(settings) as node:
        append(node, erasure(world))
    shutil.rmtree(home.vault)
    shutil.copytree(tmp_path / "keys-of-before", home.vault)
    with running(settings) as node:
        assert node.vault.keys.get_or_make(node.vault.keys.name_of(AUTHOR)) is None


@pytest.mark.usefixtures("agreed")
@pytest.mark.parametrize("keys", ["of now", "of before"])
def test_an_older_database_that_was_restored_loses_whom_the_log_erased(
    postgres_server: EmbeddedPostgres,
    home: Home,
    world: World,
    database: Database,
    tmp_path: Path,
    keys: str,
) -> None:
    shutil.copytree(home.vault, tmp_path / "keys-of-before")
    with fresh_database(postgres_server, database.name) as copy:
        with running(settings_for(database, home.path)) as node:
            (erased,) = append(node, erasure(world))
            assert isinstance(erased, Recorded)
            node.feed.covering(erased.position).result(30)
            export(StoredLog(node.pool), tmp_path / "mirror")
        if keys == "of before":
            shutil.rmtree(home.vault)
            shutil.copytree(tmp_path / "keys-of-before", home.vault)
        pool = Pool(copy.app_dsn, size=2)
        assert TERMS + PARTS == what_is_kept(pool)
        file = CheckpointFile(home.checkpoints)
        supply = gather(home.trust.read_bytes(), [tmp_path / "mirror"])
        restore(pool, file, supply, batch_key(home))
        pool.close()
        with running(settings_for(copy, home.path)) as node:
            assert TERMS == what_is_kept(node.pool)
            assert node.vault.keys.get_or_make(node.vault.keys.name_of(AUTHOR)) is None
            assert [] == check_log(node.pool, home).findings


def test_an_opening_names_no_more_persons_than_keys_can_be_kept_for(world: World) -> None:
    many = [part(f"party:tok.{n:032x}", 1) for n in range(MAX_PERSONS + 1)]
    for named, refused in ((many[:-1], False), (many, True)):
        signed = sealed(world, share_agreed(parts=named), ("/body/parts",), AUTHOR, INSTITUTE)
        with pytest.raises(Invalid) if refused else nullcontext() as told:
            submission(signed)
        assert told is None or "BAD_OPENING" == told.value.code


# What earlier builds kept in the clear


@pytest.mark.usefixtures("agreed")
def test_what_an_earlier_build_kept_in_the_clear_is_encrypted_at_the_next_start(
    settings: Settings, world: World, pool: Pool, database: Database
) -> None:
    vault = vault_of(settings, pool)
    vault.open()
    for kept in read_openings(pool, [CONTRACT_AT]):
        opening = vault.unseal(kept)
        run_sql(
            database.superuser_dsn,
            "INSERT INTO ledger.plain_openings VALUES (%s, %s, %s, %s)",
            (kept.position, opening.path, opening.salt, str(opening.value).replace("'", '"')),
        )
    run_sql(
        database.superuser_dsn, "INSERT INTO ledger.plain_openings VALUES (1, '/body/x', 'x', '1')"
    )
    rows.give_up_openings(pool)
    with running(settings) as node:
        assert TERMS == what_is_kept(node.pool)
        assert [(0,)] == run_sql(database.app_dsn, "SELECT count(*) FROM ledger.plain_openings")
        assert isinstance(append(node, report(world))[0], Recorded)
