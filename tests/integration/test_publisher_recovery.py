"""The publisher when the database goes away between its signature and the checkpoint's row."""

import time
from collections.abc import Callable

import pytest

from ledger.home.paths import Home
from ledger.log.checkpoint import open_checkpoint
from ledger.node.node import Node, open_node
from ledger.store.checkpoints import StoredCheckpoint, checkpoint_at, insert_checkpoint
from ledger.store.connection import OutcomeUnknown, Pool, Unavailable
from tests.support.builders import FIRM, INSTITUTE
from tests.support.node import append, running, settings_for
from tests.support.postgres import Database
from tests.support.world import World

TIMEOUT_S = 30

Insert = Callable[[Pool, StoredCheckpoint], None]


def lost_before(_pool: Pool, _checkpoint: StoredCheckpoint) -> None:
    raise Unavailable("the database went away")


def lost_after(pool: Pool, checkpoint: StoredCheckpoint) -> None:
    insert_checkpoint(pool, checkpoint)
    raise OutcomeUnknown("the database went away at COMMIT")


def failing_once(first: Insert) -> Insert:
    """Return an insertion whose first call does as `first` does; the others succeed."""
    failed: list[bool] = []

    def insert(pool: Pool, checkpoint: StoredCheckpoint) -> None:
        if failed:
            insert_checkpoint(pool, checkpoint)
            return
        failed.append(True)
        first(pool, checkpoint)

    return insert


@pytest.mark.parametrize("first", [lost_before, lost_after])
def test_what_is_signed_is_stored_and_told_even_if_the_log_grows_no_more(
    node: Node, home: Home, world: World, monkeypatch: pytest.MonkeyPatch, first: Insert
):
    """Otherwise anyone who waits for its receipt waits until somebody else submits something."""
    monkeypatch.setattr("ledger.publish.publisher.insert_checkpoint", failing_once(first))
    (outcome,) = append(node, world.registration(INSTITUTE))
    told = node.feed.covering(outcome.position).result(TIMEOUT_S)
    assert 2 == told.size
    assert told.note == checkpoint_at(node.pool, 2).note == node.file.read()
    del home


@pytest.mark.parametrize("first", [lost_before, lost_after])
def test_the_first_checkpoint_is_the_same_after_a_restart(
    node: Node,
    database: Database,
    home: Home,
    world: World,
    monkeypatch: pytest.MonkeyPatch,
    first: Insert,
):
    """A signed checkpoint that was passed over would be found by the next process, and only it."""
    monkeypatch.setattr("ledger.publish.publisher.insert_checkpoint", failing_once(first))
    (one,) = append(node, world.registration(INSTITUTE))
    until_signed(node, 2)
    append(node, world.registration(FIRM))
    told = node.feed.covering(one.position).result(TIMEOUT_S)
    node.stop()
    with running(settings_for(database, home.path)) as next_node:
        assert told == next_node.feed.covering(one.position).result(TIMEOUT_S)


def until_signed(node: Node, size: int) -> None:
    """Wait until the publisher has swapped its file to a checkpoint of that size."""
    deadline = time.monotonic() + TIMEOUT_S
    while signed(node) != size:
        assert time.monotonic() < deadline
        time.sleep(0.001)


def signed(node: Node) -> int:
    note = node.file.read()
    assert note is not None
    return open_checkpoint(note, node.identity.origin, node.publisher.signer.verifiers).size


def test_what_a_crash_kept_from_the_database_is_told_at_the_next_start(
    node: Node, database: Database, home: Home, world: World, monkeypatch: pytest.MonkeyPatch
):
    """Nobody else need submit anything for a retried request to get its receipt."""
    monkeypatch.setattr("ledger.publish.publisher.insert_checkpoint", lost_before)
    (outcome,) = append(node, world.registration(INSTITUTE))
    until_signed(node, 2)
    node.stop()
    monkeypatch.undo()
    restarted = open_node(settings_for(database, home.path))
    restarted.start()
    told = restarted.feed.covering(outcome.position).result(TIMEOUT_S)
    restarted.stop()
    assert (2, restarted.file.read()) == (told.size, told.note)
