"""The stored tree: what appends write of it, and the tiles and checkpoints read from it."""

import random
from dataclasses import replace
from hashlib import sha256

import pytest

from ledger.log.merkle import Frontier, root_of
from ledger.log.tiles import authenticate, parse_bundle, widths
from ledger.store.checkpoints import (
    CheckpointConflict,
    StoredCheckpoint,
    checkpoint_at,
    checkpoint_covering,
    checkpoints_after,
    insert_checkpoint,
    latest_checkpoint,
)
from ledger.store.entries import read_head
from ledger.store.nodes import TreeNode, grow
from ledger.store.tree import NoSuchTile, TreeReader
from tests.support.store import NOON, append, new_entry

LEAVES = [sha256(n.to_bytes(4)).digest() for n in range(70_000)]


@pytest.mark.parametrize("seed", range(4))
def test_growing_by_tiles_gives_the_frontier_of_the_log(seed):
    """Batches of every kind: single leaves, up to a tile's end, across several tiles."""
    sizes = random.Random(seed)
    frontier, at = Frontier(), 0
    while at < 3_000:
        number = sizes.choice([1, 2, 255, 256, 257, sizes.randrange(1, 900), 256 - at % 256])
        frontier, _ = grow(frontier, LEAVES[at : at + number])
        at += number
        assert Frontier().extend(LEAVES[:at]) == frontier


@pytest.mark.parametrize("batch", [256, 999, 70_000])
def test_every_complete_tile_gets_its_node_once(batch):
    """70,000 leaves complete 273 subtrees of 256 and one of 65,536."""
    frontier, nodes = Frontier(), []
    for at in range(0, len(LEAVES), batch):
        frontier, added = grow(frontier, LEAVES[at : at + batch])
        nodes += added
    expected = [TreeNode(8, n, root_of(LEAVES[n * 256 : n * 256 + 256])) for n in range(273)]
    expected.append(TreeNode(16, 0, root_of(LEAVES[:65_536])))
    assert sorted(expected, key=repr) == sorted(nodes, key=repr)


@pytest.fixture
def stored(pool):
    """Lend the entries of a log of 1,000, appended in batches that cross tiles."""
    entries = [new_entry(f"entry {n}") for n in range(1_000)]
    at = 0
    for number in (1, 254, 2, 3, 600, 140):
        append(pool, *entries[at : at + number])
        at += number
    return entries


def test_stored_tiles_lead_to_the_root(pool, stored):
    """Every tile is compared with its parent, up to the root of the head."""
    leaves = authenticate(1_000, read_head(pool).root, TreeReader(pool).fetch)
    assert [entry.leaf_hash for entry in stored] == list(leaves)


def test_a_tile_is_as_wide_as_asked_for(pool, stored):
    reader = TreeReader(pool)
    leaves = [entry.leaf_hash for entry in stored]
    assert b"".join(leaves[256:266]) == reader.fetch(0, 1, 10)
    assert [(3, 232), (0, 3)] == widths(1_000)
    assert root_of(leaves[:256]) == reader.fetch(1, 0, 3)[:32]


@pytest.mark.usefixtures("stored")
@pytest.mark.parametrize("tile", [(0, 3, 233), (0, 4, 1), (1, 0, 4), (2, 0, 1)])
def test_a_tile_beyond_the_log_is_not_there(pool, tile):
    with pytest.raises(NoSuchTile):
        TreeReader(pool).fetch(*tile)


def test_a_bundle_holds_the_entries(pool, stored):
    raw = TreeReader(pool).fetch_bundle(3, 232)
    assert [entry.entry for entry in stored[768:]] == parse_bundle(raw, 232)


@pytest.mark.usefixtures("stored")
def test_a_bundle_beyond_the_log_is_not_there(pool):
    with pytest.raises(NoSuchTile):
        TreeReader(pool).fetch_bundle(3, 233)


def _checkpoint(size):
    return StoredCheckpoint(
        size, sha256(str(size).encode()).digest(), b"note %d\n\xff" % size, NOON
    )


@pytest.fixture
def checkpoints(pool):
    """Lend checkpoints of sizes 1, 5 and 9."""
    for size in (1, 5, 9):
        insert_checkpoint(pool, _checkpoint(size))


def test_before_the_first_checkpoint_there_is_none(pool):
    assert latest_checkpoint(pool) is None
    assert checkpoint_covering(pool, 0) is None


@pytest.mark.usefixtures("checkpoints")
def test_the_latest_checkpoint_is_the_largest(pool):
    assert _checkpoint(9) == latest_checkpoint(pool)


@pytest.mark.usefixtures("checkpoints")
@pytest.mark.parametrize(("position", "size"), [(0, 1), (1, 5), (4, 5), (5, 9), (8, 9)])
def test_the_first_checkpoint_that_covers_a_position(pool, position, size):
    """It covers a position if its size is above it."""
    assert _checkpoint(size) == checkpoint_covering(pool, position)


@pytest.mark.usefixtures("checkpoints")
def test_a_position_not_covered_yet_has_no_checkpoint(pool):
    assert checkpoint_covering(pool, 9) is None


@pytest.mark.usefixtures("checkpoints")
def test_a_checkpoint_is_found_by_its_exact_size(pool):
    assert _checkpoint(5) == checkpoint_at(pool, 5)
    assert checkpoint_at(pool, 6) is None


@pytest.mark.usefixtures("checkpoints")
def test_later_checkpoints_come_in_order(pool):
    assert [_checkpoint(5), _checkpoint(9)] == checkpoints_after(pool, 1)
    assert [_checkpoint(5)] == checkpoints_after(pool, 1, limit=1)


@pytest.mark.usefixtures("checkpoints")
def test_the_same_checkpoint_may_be_stored_again(pool):
    """After a crash between file and database the note is published verbatim (F11)."""
    insert_checkpoint(pool, _checkpoint(5))
    assert _checkpoint(5) == checkpoint_at(pool, 5)


@pytest.mark.usefixtures("checkpoints")
def test_a_second_checkpoint_of_one_size_is_refused(pool):
    with pytest.raises(CheckpointConflict):
        insert_checkpoint(pool, replace(_checkpoint(5), note=b"another"))
    assert _checkpoint(5) == checkpoint_at(pool, 5)
