"""Who waits for a checkpoint gets the first one that covers; fresh leaves need no query."""

from datetime import UTC, datetime

import pytest

from ledger.home.antirollback import Halted
from ledger.publish.publisher import PublishedCheckpoint
from ledger.publish.receipts import CheckpointFeed, Edge
from ledger.store.checkpoints import StoredCheckpoint

NOW = datetime(2026, 11, 22, tzinfo=UTC)


def checkpoint(size: int) -> StoredCheckpoint:
    return StoredCheckpoint(size, bytes(32), b"note %d" % size, NOW)


def feed_with(monkeypatch: pytest.MonkeyPatch, *stored: int) -> CheckpointFeed:
    """Return a feed whose database holds checkpoints of these sizes."""

    def covering(_pool, position: int) -> StoredCheckpoint | None:
        return next((checkpoint(size) for size in stored if size > position), None)

    monkeypatch.setattr("ledger.publish.receipts.checkpoint_covering", covering)
    return CheckpointFeed(None)


def test_who_waits_gets_the_first_checkpoint_above_its_position(monkeypatch: pytest.MonkeyPatch):
    feed = feed_with(monkeypatch)
    future = feed.covering(4)
    feed.tell(checkpoint(4))
    assert not future.done(), "size 4 covers positions 0 to 3"
    feed.tell(checkpoint(7))
    feed.tell(checkpoint(9))
    assert 7 == future.result(0).size


def test_who_asks_late_gets_the_same_one(monkeypatch: pytest.MonkeyPatch):
    feed = feed_with(monkeypatch)
    for size in (2, 5, 9):
        feed.tell(checkpoint(size))
    assert 5 == feed.covering(2).result(0).size
    assert 5 == feed.covering(4).result(0).size
    assert 9 == feed.covering(5).result(0).size


def test_the_oldest_one_kept_may_not_be_the_first_so_the_database_is_asked(
    monkeypatch: pytest.MonkeyPatch,
):
    feed = feed_with(monkeypatch, 1, 3, 8)
    feed.tell(checkpoint(8))
    assert 3 == feed.covering(1).result(0).size


def test_a_checkpoint_told_twice_or_late_changes_nothing(monkeypatch: pytest.MonkeyPatch):
    feed = feed_with(monkeypatch)
    for size in (2, 5, 5, 3):
        feed.tell(checkpoint(size))
    assert 5 == feed.latest.size


def test_after_a_failure_nobody_waits_in_vain(monkeypatch: pytest.MonkeyPatch):
    feed = feed_with(monkeypatch)
    waiting = feed.covering(0)
    feed.fail(Halted("doubt"))
    with pytest.raises(Halted):
        waiting.result(0)
    with pytest.raises(Halted):
        feed.covering(0)


def leaves(start: int, stop: int) -> tuple[bytes, ...]:
    return tuple(n.to_bytes(32, "big") for n in range(start, stop))


def told(start: int, stop: int) -> PublishedCheckpoint:
    return PublishedCheckpoint(checkpoint(stop), start, leaves(start, stop))


@pytest.fixture
def asked() -> list[tuple[int, int, int]]:
    return []


@pytest.fixture
def edge(asked: list[tuple[int, int, int]]) -> Edge:
    def fetch(level: int, index: int, width: int) -> bytes:
        asked.append((level, index, width))
        return b"stored"

    return Edge(fetch)


def test_fresh_leaves_come_from_memory(edge: Edge, asked: list):
    edge.tell(told(0, 300))
    edge.tell(told(300, 600))
    assert b"".join(leaves(256, 512)) == edge.fetch(0, 1, 256)
    assert b"".join(leaves(512, 600)) == edge.fetch(0, 2, 88)
    assert [] == asked


def test_what_is_not_at_the_edge_comes_from_the_store(edge: Edge, asked: list):
    for start in range(0, 1200, 100):
        edge.tell(told(start, start + 100))
    assert b"stored" == edge.fetch(0, 0, 256)
    assert b"stored" == edge.fetch(1, 0, 4)
    assert b"stored" == edge.fetch(0, 4, 200), "wider than what is known"
    assert [(0, 0, 256), (1, 0, 4), (0, 4, 200)] == asked


def test_after_a_gap_only_what_follows_it_is_kept(edge: Edge, asked: list):
    edge.tell(told(0, 256))
    edge.tell(told(300, 700))
    assert b"stored" == edge.fetch(0, 1, 256), "its first leaves were not told"
    assert b"".join(leaves(512, 700)) == edge.fetch(0, 2, 188)
    assert [(0, 1, 256)] == asked
