"""
The proof vectors of transparency-dev/merkle (commit 417fb0c, Apache-2.0), all of them.

98 inclusion, 98 consistency, 204 subtree inclusion and 118 subtree consistency cases. We differ in
three about size 0 and in three with roots that are no hashes, named below.
"""

from base64 import b64decode

import pytest

from ledger.log.proof import (
    ProofRefused,
    verify_consistency,
    verify_inclusion,
    verify_subtree_consistency,
    verify_subtree_inclusion,
)
from tests.support.log import shared_vectors

NO_EVIDENCE = {
    "testdata/consistency/additional/size1-is-zero-and-does-not-equal-size2.json",
    "testdata/consistency/additional/size1-is-zero-and-size2-is-not-zero.json",
    "testdata/consistency/additional/sizes-are-equal-zero-and-proof-is-empty.json",
}
"""
Old size 0 with an empty proof. transparency-dev/merkle answers an error: nothing can be shown. C2SP
tlog-witness asks for exactly this form, and we verify it as what it is, no evidence.
"""


def cases(name, count):
    vectors = shared_vectors(f"rfc6962-merkle/{name}.json")
    assert count == len(vectors)
    return vectors.items()


def hashes(case, *names):
    return [b64decode(case[name]) for name in names]


def proof(case):
    return [b64decode(each) for each in case["proof"] or []]


def accepts(verify, *claim):
    try:
        verify(*claim)
    except ProofRefused:
        return False
    return True


def disagreements(vectors, judge):
    return {name for name, case in vectors if judge(case) is case["wantErr"]}


def test_all_98_inclusion_cases():
    def judge(case):
        leaf, root = hashes(case, "leafHash", "root")
        return accepts(verify_inclusion, leaf, case["leafIdx"], case["treeSize"], proof(case), root)

    assert set() == disagreements(cases("inclusion", 98), judge)


def test_95_of_98_consistency_cases_and_the_three_of_size_zero():
    def judge(case):
        old_root, new_root = hashes(case, "root1", "root2")
        return accepts(
            verify_consistency, case["size1"], case["size2"], proof(case), old_root, new_root
        )

    assert disagreements(cases("consistency", 98), judge) == NO_EVIDENCE


def test_all_204_subtree_inclusion_cases():
    def judge(case):
        leaf, root = hashes(case, "leafHash", "root")
        subtree = case["start"], case["end"]
        return accepts(verify_subtree_inclusion, leaf, case["leafIdx"], *subtree, proof(case), root)

    assert set() == disagreements(cases("subtreeinclusion", 204), judge)


EXTRA = "testdata/subtreeconsistency/additional"
RANDOM_ROOT = "subtree-root-valid-tree-root-random-proof-is-empty"
NO_HASHES = {
    f"{EXTRA}/sizes-are-equal-one-and-proof-is-empty.json",
    f"{EXTRA}/subtree-is-empty-sizes-are-equal-one-{RANDOM_ROOT}.json",
    f"{EXTRA}/subtree-is-empty-sizes-are-equal-zero-{RANDOM_ROOT}.json",
}
"""Accepted there with the root `don't care`, 12 bytes. We take no root that is not 32 bytes."""


def test_115_of_118_subtree_consistency_cases_and_the_three_without_hashes():
    def judge(case):
        subtree_root, root = hashes(case, "root1", "root2")
        ends = case["start"], case["end"], case["size"]
        return accepts(verify_subtree_consistency, *ends, proof(case), subtree_root, root)

    assert disagreements(cases("subtreeconsistency", 118), judge) == NO_HASHES


@pytest.mark.parametrize("name", ["inclusion", "subtreeinclusion"])
def test_the_vectors_hold_both_good_and_bad_cases(name):
    """Else agreeing with all of them would mean little."""
    vectors = shared_vectors(f"rfc6962-merkle/{name}.json").values()
    assert {True, False} == {case["wantErr"] for case in vectors}
