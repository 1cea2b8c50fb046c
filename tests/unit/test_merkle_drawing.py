"""The drawing of an entry's path: each hash where the tree has it, up to the root."""

import pytest

from api.explorer.merkle_drawing import WIDTH, draw
from ledger.log.merkle import leaf_hash
from ledger.log.proof import ProofRefused, prove_inclusion, range_hash
from ledger.wire.base64 import b64encode
from tests.support.log import MemoryHashes, leaves

SIZES = (1, 2, 3, 5, 8, 13, 21)


@pytest.mark.parametrize("size", SIZES)
def test_a_path_leads_from_the_leaf_to_the_root_with_its_siblings_aside(size: int) -> None:
    row = leaves(size)
    tree = MemoryHashes(row)
    for position in range(size):
        hashes, leaf = prove_inclusion(position, size, tree), row[position]
        drawn = draw(leaf, position, size, hashes)
        own = [node for node in drawn.nodes if node.of_path]
        others = [node for node in drawn.nodes if not node.of_path]
        assert b64encode(range_hash(0, size, tree)) == drawn.root == own[0].text
        assert b64encode(leaf) == own[-1].text
        assert [each.text for each in reversed(drawn.steps)] == [node.text for node in others]
        for step, mine, other in zip(reversed(drawn.steps), own[1:], others, strict=True):
            assert mine.y == other.y
            assert (other.x < mine.x) == step.left
        for node in drawn.nodes:
            assert 0 <= node.left < WIDTH - 100
            assert node.y < drawn.height


def test_hashes_that_are_no_path_are_refused() -> None:
    with pytest.raises(ProofRefused):
        draw(leaf_hash(b"0"), 0, 4, [leaf_hash(b"1")])
