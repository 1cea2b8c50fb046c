"""The tree: RFC 6962's definition, and the frontier that a log appends with."""

from hashlib import sha256

import pytest

from ledger.log.merkle import (
    EMPTY_ROOT,
    Frontier,
    LogError,
    MalformedFrontier,
    leaf_hash,
    node_hash,
    root_of,
)
from tests.support.log import leaves


def test_the_empty_tree_has_the_hash_of_nothing():
    assert sha256(b"").digest() == EMPTY_ROOT == root_of([]) == Frontier().root()


def test_leaves_and_nodes_are_hashed_apart():
    """Without the prefixes a node could pass for an entry (RFC 6962, section 2.1)."""
    assert sha256(b"\x00entry").digest() == leaf_hash(b"entry")
    assert sha256(b"\x01" + b"l" * 32 + b"r" * 32).digest() == node_hash(b"l" * 32, b"r" * 32)


def test_a_tree_splits_at_the_largest_power_of_two_below_its_size():
    a, b, c = leaves(3)
    assert node_hash(node_hash(a, b), c) == root_of([a, b, c])


def test_a_frontier_holds_complete_subtrees_largest_first():
    row = leaves(7)
    frontier = Frontier().extend(row)
    assert (root_of(row[:4]), root_of(row[4:6]), row[6]) == frontier.hashes


def test_extending_leaves_the_earlier_frontier_as_it_was():
    before = Frontier().extend(leaves(3))
    before.extend(leaves(2))
    assert Frontier().extend(leaves(3)) == before


def test_extending_by_nothing_changes_nothing():
    frontier = Frontier().extend(leaves(6))
    assert frontier == frontier.extend([])


@pytest.mark.parametrize(
    ("size", "hashes"),
    [
        (0, (b"\0" * 32,)),
        (3, (b"\0" * 32,)),
        (4, (b"\0" * 32,) * 2),
        (1, (b"\0" * 31,)),
        (-1, (b"\0" * 32,)),
    ],
)
def test_a_frontier_that_cannot_be_of_its_size_is_refused(size, hashes):
    """It is read back from a database row, so a wrong one must not become a root."""
    with pytest.raises(MalformedFrontier):
        Frontier(size, hashes)


def test_no_error_is_the_superclass_itself():
    assert issubclass(MalformedFrontier, LogError)
