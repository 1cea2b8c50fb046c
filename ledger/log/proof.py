"""
Inclusion and consistency proofs of RFC 6962, sections 2.1.1 and 2.1.2.

Making a proof reads hashes of complete, aligned subtrees through a `HashReader` and nothing else;
only the right edge of a tree is ragged, and its hash is folded from them. Verifying reads nothing.
Tiles have to know a tree's size before they can be read, so a prover also takes a `HashSource`.
A verifier returns nothing or raises `ProofRefused`: no answer can be forgotten in an `if`.

Subtrees [start, end) are those of draft-ietf-plants-merkle-tree-certs, section 4: the prefix of a
tree is the subtree [0, end), so consistency of trees is the case start = 0 of that of subtrees.
"""

from collections.abc import Iterable, Sequence
from functools import partial
from typing import Protocol, runtime_checkable

from ledger.log.encoding import write_base64
from ledger.log.merkle import (
    EMPTY_ROOT,
    HASH_SIZE,
    Frontier,
    LogError,
    bag,
    node_hash,
    split_point,
)


class ProofRefused(LogError):
    """A proof does not prove what it is offered for, or none can exist for what is asked."""


class HashReader(Protocol):
    """Where a prover finds hashes: a table, tiles, a list."""

    def subtree(self, level: int, index: int) -> bytes:
        """Return the root of the complete subtree of leaves [index, index + 1) * 2**level."""
        ...  # pragma: no cover


@runtime_checkable
class HashSource(Protocol):
    """What gives a reader for a tree of a given size; `tiles.TileHashes` is one."""

    def at(self, size: int) -> HashReader:
        """Return the reader for the first `size` entries."""
        ...  # pragma: no cover


Hashes = HashReader | HashSource
"""What a prover reads from."""


def _reader(hashes: Hashes, size: int) -> HashReader:
    return hashes.at(size) if isinstance(hashes, HashSource) else hashes


def frontier_at(size: int, hashes: Hashes) -> Frontier:
    """Return the frontier of the first `size` entries of a log. Raises what the reader raises."""
    return Frontier(size, tuple(_complete(0, size, _reader(hashes, size))))


def _complete(start: int, end: int, reader: HashReader) -> list[bytes]:
    """Read the complete subtrees that [start, end) consists of, largest first."""
    parts = []
    for level in range((end - start).bit_length() - 1, -1, -1):
        if (end - start) >> level & 1:
            parts.append(reader.subtree(level, start >> level))
            start += 1 << level
    return parts


def range_hash(start: int, end: int, reader: HashReader) -> bytes:
    """Return MTH(D[start:end]) of a subtree: `start` is aligned to the width's next power of 2."""
    return bag(_complete(start, end, reader))


def prove_inclusion(position: int, size: int, hashes: Hashes) -> list[bytes]:
    """
    Return the siblings from the leaf at `position` up to the root of the tree of `size`.

    Raises `ProofRefused` unless 0 <= position < size, and whatever the reader raises.
    """
    return prove_inclusions((position,), size, hashes)[0]


def prove_inclusions(positions: Iterable[int], size: int, hashes: Hashes) -> list[list[bytes]]:
    """
    Return one inclusion proof for each of `positions`, all in the tree of `size`.

    Each hash is read once for all of them: neighbours share every sibling but the lowest few, and
    the ragged right edge is folded once for each level. Raises as `prove_inclusion` does.
    """
    reader = _reader(hashes, size)
    rows = [_Row(level, reader) for level in range(size.bit_length())]
    edges = _Edges(size, reader)
    return [_siblings(position, size, rows, edges) for position in positions]


class _Row(dict[int, bytes]):
    """The subtrees of one level that were read so far, by index."""

    def __init__(self, level: int, reader: HashReader) -> None:
        super().__init__()
        self._read = partial(reader.subtree, level)

    def __missing__(self, index: int) -> bytes:
        found = self[index] = self._read(index)
        return found


class _Edges(dict[int, bytes]):
    """The last subtree of each level, complete or ragged, of the tree of `size`."""

    def __init__(self, size: int, reader: HashReader) -> None:
        super().__init__()
        self._size, self._reader = size, reader

    def __missing__(self, level: int) -> bytes:
        start = (self._size - 1) >> level << level
        found = self[level] = range_hash(start, self._size, self._reader)
        return found


def _siblings(position: int, size: int, rows: list[_Row], edges: _Edges) -> list[bytes]:
    """Return the proof for one position. `inner` is as in `root_from_inclusion`."""
    if not 0 <= position < size:
        raise ProofRefused(f"no entry {position} in a tree of {size}")
    inner = (position ^ (size - 1)).bit_length()
    proof = [rows[k][position >> k ^ 1] for k in range(inner - 1)]
    if inner:
        # Here the path meets that of the last leaf, so the sibling is the right edge itself.
        proof.append(edges[inner - 1])
    above = range(inner, size.bit_length())
    return proof + [rows[k][(position >> k) - 1] for k in above if position >> k & 1]


def root_from_inclusion(leaf: bytes, position: int, size: int, proof: Sequence[bytes]) -> bytes:
    """
    Return the root that `proof` leads to from the leaf hash `leaf` at `position`.

    Below `inner` the path has siblings on both sides; above, it runs along the right edge of the
    tree and has left siblings only. The length of the proof follows from position and size, so a
    proof of any other length is refused (`ProofRefused`).
    """
    if not 0 <= position < size:
        raise ProofRefused(f"no entry {position} in a tree of {size}")
    inner = (position ^ (size - 1)).bit_length()
    border = (position >> inner).bit_count()
    _check_hashes(leaf, *proof)
    if len(proof) != inner + border:
        raise ProofRefused(f"the proof has {len(proof)} hashes instead of {inner + border}")
    root = leaf
    for level, sibling in enumerate(proof[:inner]):
        left_child = position >> level & 1 == 0
        root = node_hash(root, sibling) if left_child else node_hash(sibling, root)
    for sibling in proof[inner:]:
        root = node_hash(sibling, root)
    return root


def verify_inclusion(
    leaf: bytes, position: int, size: int, proof: Sequence[bytes], root: bytes
) -> None:
    """Raise `ProofRefused` unless `proof` shows `leaf` at `position` of the tree of that root."""
    if (found := root_from_inclusion(leaf, position, size, proof)) != root:
        raise ProofRefused(
            f"the inclusion proof of entry {position} leads to another root, {_to(found, root)}"
        )


def roots_of_prefixes(
    leaf: bytes, position: int, size: int, proof: Sequence[bytes]
) -> dict[int, bytes]:
    """
    Return the root of each prefix of a tree, by size, that a proof verified against it leads to.

    Left siblings are all that lies before a node of the path, so the trees of `position` and of
    `position` + 1 entries are among them, and every one that ends where a right sibling does.
    """
    inner = (position ^ (size - 1)).bit_length()
    border = (level for level in range(inner, size.bit_length()) if position >> level & 1)
    roots = {position + 1: leaf}
    for level, sibling in zip((*range(inner), *border), proof, strict=True):
        if position >> level & 1:
            roots = {end: node_hash(sibling, root) for end, root in roots.items()}
            roots[position >> level << level] = sibling
        else:
            end = min((position >> level) + 2 << level, size)
            roots[end] = node_hash(roots[max(roots)], sibling)
    return roots


def verify_subtree_inclusion(
    leaf: bytes, position: int, start: int, end: int, proof: Sequence[bytes], root: bytes
) -> None:
    """Raise `ProofRefused` unless `proof` shows `leaf` at `position`, within [start, end)."""
    check_subtree(start, end)
    verify_inclusion(leaf, position - start, end - start, proof, root)


def prove_consistency(old: int, new: int, hashes: Hashes) -> list[bytes]:
    """
    Return the proof that the tree of size `old` is a prefix of that of size `new`.

    It is empty for old = 0, which proves nothing, and for old = new. Raises `ProofRefused` unless
    0 <= old <= new, and whatever the reader raises.
    """
    if not 0 <= old <= new:
        raise ProofRefused(f"a tree of {new} has no prefix of {old}")
    if old in (0, new):
        return []
    return _subproof(old, 0, new, _reader(hashes, new), known=True)


def _subproof(old: int, start: int, end: int, reader: HashReader, *, known: bool) -> list[bytes]:
    """SUBPROOF of RFC 6962, section 2.1.2, on D[start:end]; `known` is the b of the RFC."""
    if old == end:
        return [] if known else [range_hash(start, end, reader)]
    middle = start + split_point(end - start)
    if old <= middle:
        proof = _subproof(old, start, middle, reader, known=known)
        return [*proof, range_hash(middle, end, reader)]
    proof = _subproof(old, middle, end, reader, known=False)
    return [*proof, range_hash(start, middle, reader)]


def verify_consistency(
    old: int, new: int, proof: Sequence[bytes], old_root: bytes, new_root: bytes
) -> None:
    """
    Raise `ProofRefused` unless `proof` shows the tree of `old` to be a prefix of that of `new`.

    An old size of 0 is *no evidence*: the proof must be empty, as C2SP tlog-witness demands, and
    then nothing about either root has been shown.
    """
    if not 0 <= old <= new:
        raise ProofRefused(f"a tree of {new} has no prefix of {old}")
    if old in (0, new) and proof:
        raise ProofRefused(
            f"from size {old} to {new} nothing needs proof, so the proof must be empty: "
            f"it has {len(proof)} hashes"
        )
    if old == new and old_root != new_root:
        raise ProofRefused(f"two roots of one size, {old}: {_to(old_root, new_root)}")
    if 0 < old < new:
        verify_subtree_consistency(0, old, new, proof, old_root, new_root)


def root_of_prefix(old: int, new: int, root: bytes, hashes: Hashes) -> bytes:
    """
    Return the root of the first `old` entries of the tree of `new` and `root`, by its hashes.

    Where old = new nothing is read. Raises `ProofRefused` unless 0 <= old <= new and the hashes
    lead to `root`, and whatever the reader raises.
    """
    proof = prove_consistency(old, new, hashes)
    found = root if old == new else frontier_at(old, hashes).root()
    verify_consistency(old, new, proof, found, root)
    return found


def verify_subtree_consistency(
    start: int, end: int, size: int, proof: Sequence[bytes], subtree_root: bytes, root: bytes
) -> None:
    """
    Raise `ProofRefused` unless `proof` shows [start, end) to be a subtree of the tree of `size`.

    The empty subtree has the empty root and an empty proof; nothing about `root` is shown by it.
    """
    check_subtree(start, end)
    if end > size:
        raise ProofRefused(f"a tree of {size} has no leaf {end - 1}")
    _check_hashes(subtree_root, root, *proof)
    if start == end:
        if proof or subtree_root != EMPTY_ROOT:
            raise ProofRefused(
                "the empty subtree has the empty root and an empty proof: "
                f"{write_base64(subtree_root)} and {len(proof)} hashes"
            )
        return
    rest = list(proof)
    subtree, tree = _climb(start, end, size, rest, subtree_root)
    if rest:
        raise ProofRefused(f"the proof has {len(rest)} hashes too many")
    if subtree != subtree_root:
        raise ProofRefused(
            "the consistency proof leads to another root of the subtree, "
            f"{_to(subtree, subtree_root)}"
        )
    if tree != root:
        raise ProofRefused(f"the consistency proof leads to another root, {_to(tree, root)}")


def _climb(
    start: int, end: int, size: int, proof: list[bytes], known: bytes | None
) -> tuple[bytes, bytes]:
    """
    Rebuild (root of [start, end), root of the tree of `size`), taking hashes from the proof's end.

    This walks the prover's recursion (SUBTREE_SUBPROOF of the draft) top down: the last hash of a
    proof is the highest. `known` is the subtree's root while the whole subtree lies below.
    """
    if start == 0 and end == size:
        root = _pop(proof) if known is None else known
        return root, root
    other, split = _pop(proof), split_point(size)
    if end <= split:
        subtree, tree = _climb(start, end, split, proof, known)
        return subtree, node_hash(tree, other)
    if start >= split:
        subtree, tree = _climb(start - split, end - split, size - split, proof, known)
        return subtree, node_hash(other, tree)
    subtree, tree = _climb(0, end - split, size - split, proof, None)
    return node_hash(other, subtree), node_hash(other, tree)


def _pop(proof: list[bytes]) -> bytes:
    if not proof:
        raise ProofRefused("the proof ends too early")
    return proof.pop()


def _check_hashes(*hashes: bytes) -> None:
    for each in hashes:
        if len(each) != HASH_SIZE:
            raise ProofRefused(f"a hash is {HASH_SIZE} bytes, not {len(each)}")


def _to(found: bytes, wanted: bytes) -> str:
    return f"{write_base64(found)}, not {write_base64(wanted)}"


def check_subtree(start: int, end: int) -> None:
    """Raise `ProofRefused` unless `start` is a multiple of the width's next power of two."""
    if not 0 <= start <= end:
        raise ProofRefused(f"[{start}, {end}) is no subtree")
    width = end - start
    if width and start % (1 << (width - 1).bit_length()):
        raise ProofRefused(f"[{start}, {end}) is no subtree: its start is not aligned")
