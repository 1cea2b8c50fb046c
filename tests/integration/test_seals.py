"""Seals: made beside a running ledger, true of what they cover, and evidence where they lie."""

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from api.cli import audit, operate
from api.cli.sealer import seal
from ledger.domain.government.seal import LedgerSealed
from ledger.domain.parties.ledger_state import ledger_subject
from ledger.events.lawbook import available_laws
from ledger.follow.audit import (
    Replay,
    RuleBroken,
    StoredLog,
    export,
    exported_entries,
    sealed_sizes,
)
from ledger.home.batches import BatchKey
from ledger.home.paths import Home
from ledger.home.settings import Settings
from ledger.log.merkle import leaf_hash
from ledger.log.subject_map import SubjectMap
from ledger.node.node import Node, batch_key
from ledger.store.entries import read_entries
from ledger.store.subject_map import StoredMap
from projections.engine.decoding import decode
from projections.engine.runner import NotBuilt, Runner
from projections.run.catalogue import READ_MODELS
from projections.run.rebuild import outdated, rebuild
from projections.run.seal_check import FoldedInMemory, SealCheck
from projections.run.seals import LastSeal, draft_seal, last_seal, subjects_of
from tests.support.builders import FIRM, INSTITUTE, OPERATOR, technology_registered
from tests.support.node import append, running
from tests.support.postgres import ORIGIN, Database, run_sql
from tests.support.reference_map import verify_absence, verify_history
from tests.support.world import World

NOW = datetime(2026, 11, 27, tzinfo=UTC)


@pytest.fixture
def node(settings: Settings, world: World) -> Iterator[Node]:
    with running(settings) as started:
        append(started, *world.registrations((INSTITUTE, FIRM)))
        yield started


def grow(node: Node, world: World, first: int, count: int) -> None:
    signed = [
        world.sign(technology_registered(technology=f"technology:t{first + n}"), INSTITUTE)
        for n in range(count)
    ]
    last = append(node, *signed)[-1]
    node.feed.covering(last.position).result(30)


def key_of(node: Node) -> BatchKey:
    return batch_key(Home(node.settings.home))


def fold(node: Node) -> None:
    key = key_of(node)
    rebuild(node.pool, outdated(node.pool, READ_MODELS, key), decode, key=key)
    Runner(node.pool, READ_MODELS, decode, key=key).catch_up()


def replayed(directory: Path) -> tuple[int, int]:
    """Replay an export; return how many seals hold, and how many digests of read models."""
    seals = frozenset(sealed_sizes(exported_entries(directory)))
    replay = Replay(exported_entries(directory), ORIGIN, available_laws(), seals)
    check = SealCheck(FoldedInMemory(READ_MODELS), READ_MODELS, seals)
    for logged in replay:
        check.follow(logged)
    return replay.seals, check.digests


def test_seals_cover_what_they_say_and_every_replay_agrees(
    node: Node, home: Home, world: World, tmp_path: Path
) -> None:
    grow(node, world, 0, 30)
    fold(node)
    first = seal(node.pool, home)
    assert first is not None
    assert 33 == first.position
    grow(node, world, 30, 300)
    assert seal(node.pool, home) is None  # The read models are not there yet.
    fold(node)
    second = seal(node.pool, home)
    assert second is not None
    node.feed.covering(second.position).result(30)
    export(StoredLog(node.pool), tmp_path / "log")
    assert (2, 2 * len(READ_MODELS)) == replayed(tmp_path / "log")
    done = CliRunner().invoke(
        audit.app, ["verify", str(tmp_path / "log"), "--trust", str(home.trust)]
    )
    assert f"2 seals hold, with {2 * len(READ_MODELS)} digests of read models" in done.output


def test_without_read_models_the_map_alone_is_sealed(
    node: Node, home: Home, world: World, tmp_path: Path
) -> None:
    grow(node, world, 0, 3)
    sealed = seal(node.pool, home)
    assert sealed is not None
    node.feed.covering(sealed.position).result(30)
    export(StoredLog(node.pool), tmp_path / "log")
    assert (1, 0) == replayed(tmp_path / "log")


def lying(node: Node, world: World, **changed: Any) -> None:
    draft = draft_seal(node.pool, above=last_seal(node.pool, ORIGIN).size)
    assert draft is not None
    body = LedgerSealed.model_validate({**draft.body(ORIGIN), **changed})
    (outcome,) = append(node, world.sign(body, OPERATOR))
    node.feed.covering(outcome.position).result(30)


@pytest.mark.parametrize("part", ["map", "digest"])
def test_a_seal_that_lies_is_evidence(node: Node, world: World, tmp_path: Path, part: str) -> None:
    """No rule refuses it, as no rule can know; anyone who replays the log finds the position."""
    grow(node, world, 0, 3)
    fold(node)
    draft = draft_seal(node.pool, 0)
    assert draft is not None
    digests = draft.body(ORIGIN)["projections"]
    assert isinstance(digests, list)
    wrong = f"sha256:{'0' * 64}"
    if part == "map":
        lying(node, world, map_root=wrong)
    else:
        lying(node, world, projections=[*digests[:-1], {**digests[-1], "sha256": wrong}])
    export(StoredLog(node.pool), tmp_path / "log")
    with pytest.raises(RuleBroken) as broken:
        replayed(tmp_path / "log")
    assert (6, "SEAL_MISMATCH") == (broken.value.position, broken.value.code)


def test_a_digest_of_another_version_is_not_checked_and_listed(
    node: Node, world: World, tmp_path: Path
) -> None:
    grow(node, world, 0, 1)
    other = {"projection": "title", "version": 999, "sha256": f"sha256:{'0' * 64}"}
    lying(node, world, projections=[other])
    export(StoredLog(node.pool), tmp_path / "log")
    seals = frozenset(sealed_sizes(exported_entries(tmp_path / "log")))
    folded = FoldedInMemory(READ_MODELS)
    check = SealCheck(folded, READ_MODELS, seals)
    for logged in Replay(exported_entries(tmp_path / "log"), ORIGIN, available_laws(), seals):
        check.follow(logged)
    assert [(4, "title, version 999, is not one of this software")] == folded.held.unchecked


def test_the_stored_map_is_that_of_memory_wherever_it_was_moved_on(
    node: Node, world: World
) -> None:
    chance, size, stored = random.Random(27), 3, StoredMap(node.pool)
    for _ in range(6):
        count = chance.randrange(1, 60)
        grow(node, world, size, count)
        size += count
        stored.advance(size, subjects_of)
        whole = SubjectMap()
        for entry in read_entries(node.pool, 0, size, size):
            for subject in subjects_of(entry.entry):
                whole.touch(subject, entry.position, leaf_hash(entry.entry))
        assert (size, whole.root()) == stored.root()
    asked = [*sorted(whole.histories), *(f"technology:none{n}" for n in range(50)), "party:vn.none"]
    at, root, proven = stored.prove(asked)
    assert (size, whole.root()) == (at, root)
    for each in proven:
        assert whole.histories.get(each.subject) == each.history
        assert whole.prove(each.subject) == each.proof
        if each.history:
            verify_history(root, each.subject, each.history, each.proof)
        else:
            verify_absence(root, each.subject, each.proof)


def test_a_map_that_moved_and_was_not_sealed_is_sealed_next(
    node: Node, home: Home, world: World
) -> None:
    grow(node, world, 0, 3)
    draft = draft_seal(node.pool, 0)  # Then the process dies.
    assert draft is not None
    sealed = seal(node.pool, home)
    assert sealed is not None
    assert draft.size == last_seal(node.pool, ORIGIN).size


POISON = {
    "a digest": "UPDATE read.progress SET digest = decode(repeat('00', 32), 'hex')"
    " WHERE name = 'timeline'",
    "a size": "UPDATE read.progress SET size = size + 1",
    "a mac": "UPDATE read.progress SET mac = NULL",
    "the map's size": "UPDATE read.subject_map_size SET size = size + 1",
    "a bucket": "UPDATE read.subject_map_buckets SET hash = sha256(hash)",
    "leaves": "UPDATE read.subject_map_buckets SET leaves = sha256(leaves) || sha256(hash)",
    "a history": "UPDATE read.subject_map SET count = count + 1",
    "a history that is gone": "DELETE FROM read.subject_map",
    "an empty map": "DELETE FROM read.subject_map_buckets;"
    " UPDATE read.subject_map_size SET size = 0, mac = NULL",
}


@pytest.mark.parametrize("poison", POISON.values(), ids=POISON.keys())
def test_what_somebody_else_wrote_is_made_anew_and_not_sealed(
    node: Node, home: Home, world: World, database: Database, tmp_path: Path, poison: str
) -> None:
    """Anyone who has the application's role cannot have a seal say what is not so."""
    grow(node, world, 0, 3)
    fold(node)
    assert seal(node.pool, home) is not None
    grow(node, world, 3, 3)
    fold(node)
    run_sql(database.app_dsn, poison)
    sealed = seal(node.pool, home)
    assert sealed is not None
    node.feed.covering(sealed.position).result(30)
    export(StoredLog(node.pool), tmp_path / "log")
    assert (2, 2 * len(READ_MODELS)) == replayed(tmp_path / "log")


def test_a_runner_folds_on_from_nothing_that_somebody_else_wrote(
    node: Node, world: World, database: Database
) -> None:
    grow(node, world, 0, 3)
    fold(node)
    run_sql(database.app_dsn, POISON["a digest"])
    with pytest.raises(NotBuilt, match="timeline"):
        Runner(node.pool, READ_MODELS, decode, key=key_of(node)).step()


def test_seals_are_no_cause_of_a_seal(node: Node, home: Home, world: World) -> None:
    grow(node, world, 0, 3)
    seal(node.pool, home)
    assert 0 == last_seal(node.pool, ORIGIN).since
    assert seal(node.pool, home) is not None  # By hand one may: it covers the first one.
    grow(node, world, 3, 2)
    assert 2 == last_seal(node.pool, ORIGIN).since


@pytest.mark.parametrize(
    ("since", "waited_s", "due"),
    [(0, 10_000, False), (1, 59, False), (1, 60, True), (99, 0, False), (100, 0, True)],
)
def test_a_seal_is_due_after_so_many_entries_or_so_long(
    since: int, waited_s: int, *, due: bool
) -> None:
    last = LastSeal(5, NOW - timedelta(seconds=waited_s), since)
    assert due == last.is_due(NOW, 100, timedelta(seconds=60))


def test_an_operator_seals_by_a_command(
    node: Node, home: Home, world: World, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LEDGER_HOME", str(home.path))
    monkeypatch.setenv("LEDGER_DATABASE_URL", str(settings.database_url))
    grow(node, world, 0, 1)
    assert "sealed by position 4" in CliRunner().invoke(operate.app, ["seal"]).output


def test_a_tag_that_was_changed_does_not_change_the_map(
    node: Node, world: World, database: Database
) -> None:
    """The map is of what the entries' bytes say, not of what the database says they say."""
    grow(node, world, 0, 3)
    run_sql(database.superuser_dsn, "INSERT INTO ledger.tags VALUES ('technology:t0', 1)")
    draft = draft_seal(node.pool, 0)
    assert draft is not None
    whole = SubjectMap()
    for entry in read_entries(node.pool, 0, draft.size, draft.size):
        for subject in subjects_of(entry.entry):
            whole.touch(subject, entry.position, leaf_hash(entry.entry))
    assert whole.root() == draft.map_root
    assert ledger_subject(ORIGIN) in whole.histories
