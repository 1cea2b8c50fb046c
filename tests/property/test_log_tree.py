"""The tree's algorithms against the definitions of RFC 6962, exhaustively where feasible."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.log.merkle import Frontier, bag, root_of
from ledger.log.proof import (
    ProofRefused,
    frontier_at,
    prove_consistency,
    prove_inclusion,
    prove_inclusions,
    range_hash,
    verify_consistency,
    verify_inclusion,
    verify_subtree_consistency,
    verify_subtree_inclusion,
)
from tests.support.log import MemoryHashes, TiledLog, leaves, naive_path, naive_subproof

LEAVES = leaves(300)
LOG = TiledLog(300)
TILES = LOG.hashes()


def test_the_frontier_has_the_root_of_the_definition_for_all_sizes_to_300():
    frontier = Frontier()
    for size, leaf in enumerate(LEAVES, start=1):
        frontier = frontier.extend([leaf])
        assert root_of(LEAVES[:size]) == frontier.root() == bag(frontier.hashes)
        assert frontier == frontier_at(size, TILES) == frontier_at(size, MemoryHashes(LEAVES))


def test_every_inclusion_proof_to_size_300_is_that_of_the_definition():
    """45,150 proofs: each compared with PATH(m, D[n]) and verified."""
    for size in range(1, 301):
        row = LEAVES[:size]
        root, paths = root_of(row), naive_paths(row)
        assert paths == prove_inclusions(range(size), size, TILES)
        for position, path in enumerate(paths):
            verify_inclusion(row[position], position, size, path, root)


def naive_paths(row):
    """Return PATH(m, D[n]) for all m at once, by the same recursion over both halves."""
    if len(row) == 1:
        return [[]]
    split = 1 << ((len(row) - 1).bit_length() - 1)
    left, right = row[:split], row[split:]
    below, above = root_of(left), root_of(right)
    return [[*path, above] for path in naive_paths(left)] + [
        [*path, below] for path in naive_paths(right)
    ]


def test_every_consistency_proof_to_size_64_is_that_of_the_definition():
    """2,080 pairs: each compared with PROOF(m, D[n]) and verified."""
    for new in range(1, 65):
        row = LEAVES[:new]
        for old in range(1, new + 1):
            proof = prove_consistency(old, new, MemoryHashes(row))
            assert naive_subproof(0, old, row, known=True) == proof
            verify_consistency(old, new, proof, root_of(row[:old]), root_of(row))


def test_every_subtree_to_size_32_is_consistent_by_the_proof_of_the_draft():
    for size in range(1, 33):
        row, root = LEAVES[:size], root_of(LEAVES[:size])
        for start in range(size):
            for end in range(start + 1, size + 1):
                if start % (1 << (end - start - 1).bit_length()) == 0:
                    proof = naive_subproof(start, end, row, known=True)
                    subtree = root_of(row[start:end])
                    verify_subtree_consistency(start, end, size, proof, subtree, root)


sizes = st.integers(1, 300)


@settings(deadline=None)
@given(st.data(), sizes)
def test_a_frontier_is_the_same_however_its_leaves_arrive(data, size):
    cuts = sorted(data.draw(st.sets(st.integers(0, size), max_size=6)))
    frontier = Frontier()
    for start, end in zip([0, *cuts], [*cuts, size], strict=True):
        frontier = frontier.extend(LEAVES[start:end])
    assert Frontier().extend(LEAVES[:size]) == frontier


@settings(deadline=None)
@given(st.data(), st.integers(2, 300))
def test_an_inclusion_proof_holds_for_its_own_claim_only(data, size):
    """Another position, size, leaf, root, order or length is refused."""
    position = data.draw(st.integers(0, size - 1))
    row = LEAVES[:size]
    proof, root = naive_path(position, row), root_of(row)
    other = data.draw(st.integers(0, 299).filter(lambda p: p != position))
    at = data.draw(st.integers(0, len(proof) - 1))
    claims = [
        (row[position], other, size, proof, root),
        (LEAVES[other], position, size, proof, root),
        (row[position], position, size, proof, LEAVES[other]),
        (row[position], position, size, proof[:at] + proof[at + 1 :], root),
        (row[position], position, size, [*proof[:at], LEAVES[0], *proof[at:]], root),
        (row[position], position, size, [*proof[:at], bytes(32), *proof[at + 1 :]], root),
    ]
    for claim in claims:
        with pytest.raises(ProofRefused):
            verify_inclusion(*claim)


@settings(deadline=None)
@given(st.data(), st.integers(2, 300))
def test_a_consistency_proof_holds_for_its_own_claim_only(data, new):
    old = data.draw(st.integers(1, new - 1))
    row = LEAVES[:new]
    proof = prove_consistency(old, new, MemoryHashes(row))
    old_root, root = root_of(row[:old]), root_of(row)
    verify_consistency(old, new, proof, old_root, root)
    at = data.draw(st.integers(0, len(proof) - 1))
    claims = [
        (old, new, proof[:at] + proof[at + 1 :], old_root, root),
        (old, new, [*proof[:at], LEAVES[0], *proof[at:]], old_root, root),
        (old, new, [*proof[:at], bytes(32), *proof[at + 1 :]], old_root, root),
        (old, new, proof, bytes(32), root),
        (old, new, proof, old_root, bytes(32)),
        (old, new, proof, root, old_root),
        (new, old, proof, root, old_root),
    ]
    for claim in claims:
        with pytest.raises(ProofRefused):
            verify_consistency(*claim)


@settings(deadline=None)
@given(st.integers(), st.integers(), st.lists(st.binary(max_size=40), max_size=70), st.binary())
def test_verifiers_raise_nothing_but_refusals(one, two, proof, root):
    for refuse in (
        lambda: verify_inclusion(root, one, two, proof, root),
        lambda: verify_consistency(one, two, proof, root, root),
        lambda: verify_subtree_inclusion(root, one, one, two, proof, root),
        lambda: verify_subtree_consistency(one, two, two, proof, root, root),
    ):
        try:
            refuse()
        except ProofRefused:
            continue
        # What was not refused needed no proof: one size and one root, or the old size 0.
        assert [] == proof


@settings(deadline=None)
@given(st.data(), sizes)
def test_tiles_answer_as_the_definition_does(data, size):
    level = data.draw(st.integers(0, size.bit_length() - 1))
    index = data.draw(st.integers(0, (size >> level) - 1))
    expected = MemoryHashes(LEAVES[:size]).subtree(level, index)
    assert expected == TILES.at(size).subtree(level, index)


@settings(deadline=None)
@given(st.data(), sizes)
def test_the_right_edge_is_folded_as_the_definition_says(data, size):
    level = data.draw(st.integers(0, 9))
    start = (size - 1) >> level << level
    assert root_of(LEAVES[start:size]) == range_hash(start, size, TILES.at(size))


@settings(deadline=None)
@given(st.lists(st.integers(0, 299), max_size=20))
def test_proofs_come_in_the_order_of_their_positions(positions):
    expected = [prove_inclusion(each, 300, TILES) for each in positions]
    assert expected == prove_inclusions(positions, 300, TILES)
