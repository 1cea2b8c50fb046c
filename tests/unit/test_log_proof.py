"""Proofs: what they are made of, and each way in which one is refused."""

import pytest

from ledger.log.merkle import EMPTY_ROOT, node_hash, root_of
from ledger.log.proof import (
    ProofRefused,
    prove_consistency,
    prove_inclusion,
    prove_inclusions,
    root_from_inclusion,
    root_of_prefix,
    roots_of_prefixes,
    verify_consistency,
    verify_inclusion,
    verify_subtree_consistency,
    verify_subtree_inclusion,
)
from tests.support.log import MemoryHashes, TiledLog, leaves

ROW = leaves(7)
ROOT = root_of(ROW)
HASHES = MemoryHashes(ROW)


def test_the_proofs_of_the_rfc_are_the_proofs_of_the_rfc():
    """RFC 6962, section 2.1.3, draws this tree of seven and lists these four paths."""
    a, b, c, d, e, f, j = ROW
    g, h, i = node_hash(a, b), node_hash(c, d), node_hash(e, f)
    k, l = node_hash(g, h), node_hash(i, j)  # noqa: E741  the RFC's letter
    expected = {0: [b, h, l], 3: [c, g, l], 4: [f, j, k], 6: [i, k]}
    assert expected == {p: prove_inclusion(p, 7, HASHES) for p in expected}
    assert [c, d, g, l] == prove_consistency(3, 7, HASHES)
    assert [l] == prove_consistency(4, 7, HASHES)
    assert [i, j, k] == prove_consistency(6, 7, HASHES)


@pytest.mark.parametrize("position", [-1, 7, 8])
def test_no_position_outside_the_tree_is_proved_or_verified(position):
    """A verifier without this check accepts positions that alias others."""
    with pytest.raises(ProofRefused):
        prove_inclusion(position, 7, HASHES)
    with pytest.raises(ProofRefused):
        verify_inclusion(ROW[0], position, 7, prove_inclusion(0, 7, HASHES), ROOT)


def test_the_only_entry_of_a_log_needs_no_proof():
    verify_inclusion(ROW[0], 0, 1, [], ROW[0])


def test_an_empty_proof_for_a_larger_tree_is_refused():
    with pytest.raises(ProofRefused):
        verify_inclusion(ROOT, 0, 7, [], ROOT)


@pytest.mark.parametrize("change", [lambda p: p[:-1], lambda p: [*p, p[0]], lambda p: p[::-1]])
def test_an_inclusion_proof_of_another_length_or_order_is_refused(change):
    with pytest.raises(ProofRefused):
        verify_inclusion(ROW[2], 2, 7, change(prove_inclusion(2, 7, HASHES)), ROOT)


def test_an_inner_node_is_no_leaf():
    """The proof of its left child, one hash shorter, must not prove the parent."""
    proof = prove_inclusion(0, 7, HASHES)
    with pytest.raises(ProofRefused):
        verify_inclusion(node_hash(ROW[0], ROW[1]), 0, 7, proof[1:], ROOT)


def test_no_boundary_between_two_hashes_can_be_moved():
    """Both splits of the same 64 bytes hash to the same root: only lengths tell them apart."""
    left, right = ROW[:2]
    root, moved = node_hash(left, right), (left[:31], left[31:] + right)
    assert root == node_hash(*moved)
    with pytest.raises(ProofRefused):
        verify_inclusion(moved[0], 0, 2, [moved[1]], root)
    with pytest.raises(ProofRefused):
        verify_consistency(1, 2, [moved[1]], moved[0], root)


def test_a_root_is_computed_from_a_proof_of_the_exact_length_only():
    proof = prove_inclusion(2, 7, HASHES)
    assert ROOT == root_from_inclusion(ROW[2], 2, 7, proof)
    for wrong in (proof[:-1], [*proof, ROW[0]]):
        with pytest.raises(ProofRefused):
            root_from_inclusion(ROW[2], 2, 7, wrong)


@pytest.mark.parametrize("size", range(1, 21))
def test_a_proof_leads_to_the_roots_of_prefixes(size):
    row = leaves(size)
    for position in range(size):
        proof = prove_inclusion(position, size, MemoryHashes(row))
        roots = roots_of_prefixes(row[position], position, size, proof)
        assert {position, position + 1, size} - {0} <= {*roots}
        assert {end: root_of(row[:end]) for end in roots} == roots


def test_proofs_for_a_run_of_positions_are_those_for_each():
    log = TiledLog(1000)
    expected = [prove_inclusion(position, 1000, log.hashes()) for position in range(700, 956)]
    assert expected == prove_inclusions(range(700, 956), 1000, log.hashes())


def test_one_position_outside_refuses_the_whole_run():
    with pytest.raises(ProofRefused):
        prove_inclusions(range(5, 8), 7, HASHES)


@pytest.mark.parametrize(("old", "new"), [(8, 7), (-1, 7), (1, 0)])
def test_a_larger_tree_is_no_prefix_of_a_smaller(old, new):
    with pytest.raises(ProofRefused):
        prove_consistency(old, new, HASHES)
    with pytest.raises(ProofRefused):
        verify_consistency(old, new, [], ROOT, ROOT)


def test_one_size_has_one_root():
    verify_consistency(7, 7, [], ROOT, ROOT)
    with pytest.raises(ProofRefused):
        verify_consistency(7, 7, [], ROOT, ROW[0])


def test_equal_sizes_need_an_empty_proof():
    with pytest.raises(ProofRefused):
        verify_consistency(7, 7, [ROOT], ROOT, ROOT)


def test_a_growth_needs_a_proof():
    with pytest.raises(ProofRefused):
        verify_consistency(4, 7, [], root_of(ROW[:4]), ROOT)


def test_from_size_zero_nothing_is_shown_and_nothing_may_be_sent():
    """C2SP tlog-witness: the empty tree is consistent with any, so a proof is refused."""
    verify_consistency(0, 7, [], EMPTY_ROOT, ROOT)
    verify_consistency(0, 7, [], EMPTY_ROOT, b"\0" * 32)
    with pytest.raises(ProofRefused):
        verify_consistency(0, 7, [ROOT], EMPTY_ROOT, ROOT)


@pytest.mark.parametrize("old", range(1, 7))
def test_a_consistency_proof_binds_both_roots(old):
    proof = prove_consistency(old, 7, HASHES)
    old_root = root_of(ROW[:old])
    verify_consistency(old, 7, proof, old_root, ROOT)
    with pytest.raises(ProofRefused):
        verify_consistency(old, 7, proof, ROW[5], ROOT)
    with pytest.raises(ProofRefused):
        verify_consistency(old, 7, proof, old_root, ROW[5])


@pytest.mark.parametrize("old", range(1, 7))
def test_a_consistency_proof_of_another_length_is_refused(old):
    proof, old_root = prove_consistency(old, 7, HASHES), root_of(ROW[:old])
    for wrong in (proof[:-1], proof[1:], [*proof, ROW[0]], [ROW[0], *proof]):
        with pytest.raises(ProofRefused):
            verify_consistency(old, 7, wrong, old_root, ROOT)


@pytest.mark.parametrize("old", range(8))
def test_the_root_of_a_prefix_is_that_of_hashes_which_lead_to_the_root(old):
    assert root_of(ROW[:old]) == root_of_prefix(old, 7, ROOT, HASHES)
    if 0 < old < 7:
        with pytest.raises(ProofRefused):
            root_of_prefix(old, 7, ROOT, MemoryHashes(leaves(8)[1:]))


def test_a_root_of_another_length_is_refused():
    with pytest.raises(ProofRefused):
        verify_consistency(4, 7, prove_consistency(4, 7, HASHES), b"", ROOT)


def test_a_subtree_begins_at_a_multiple_of_its_width():
    with pytest.raises(ProofRefused):
        verify_subtree_inclusion(ROW[1], 1, 1, 3, [ROW[2]], node_hash(ROW[1], ROW[2]))
    with pytest.raises(ProofRefused):
        verify_subtree_consistency(1, 3, 7, [ROW[0]], node_hash(ROW[1], ROW[2]), ROOT)


def test_a_leaf_is_verified_within_its_subtree():
    subtree = root_of(ROW[4:7])
    verify_subtree_inclusion(ROW[6], 6, 4, 7, [node_hash(ROW[4], ROW[5])], subtree)
    with pytest.raises(ProofRefused):
        verify_subtree_inclusion(ROW[6], 5, 4, 7, [node_hash(ROW[4], ROW[5])], subtree)
    with pytest.raises(ProofRefused):
        verify_subtree_inclusion(ROW[3], 3, 4, 7, [node_hash(ROW[4], ROW[5])], subtree)


@pytest.mark.parametrize(("end", "size"), [(8, 7), (8, 1), (1, 0)])
def test_a_subtree_lies_within_its_tree(end, size):
    with pytest.raises(ProofRefused, match="has no leaf"):
        verify_subtree_consistency(0, end, size, ROW, ROOT, ROOT)


def test_the_empty_subtree_has_the_empty_root_and_an_empty_proof():
    verify_subtree_consistency(4, 4, 7, [], EMPTY_ROOT, ROOT)
    with pytest.raises(ProofRefused):
        verify_subtree_consistency(4, 4, 7, [], ROOT, ROOT)
    with pytest.raises(ProofRefused):
        verify_subtree_consistency(4, 4, 7, [ROOT], EMPTY_ROOT, ROOT)
