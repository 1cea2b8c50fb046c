"""
Any log of the C2SP family, no matter who runs it and what it holds, judged by a trust policy.

What `ledger.verify` does for our own logs up to step 3, without a genesis, keys in events or rules:
the policy names the logs and the witnesses (c2sp.org/tlog-policy), and nothing else is trusted.
"""

import os
from collections.abc import Mapping
from functools import partial
from pathlib import Path

from ledger.log.cosignature import cosignature_time
from ledger.log.merkle import leaf_hash
from ledger.log.note import open_note
from ledger.log.policy import Policy, QuorumMissed, Witnessed
from ledger.log.proof import (
    prove_consistency,
    roots_of_prefixes,
    verify_consistency,
    verify_inclusion,
)
from ledger.log.receipt import parse_tlog_proof
from ledger.log.tiles import TILE_WIDTH, TileHashes
from ledger.log.tree_head import parse_checkpoint
from ledger.quoted import listed, quoted
from ledger.verify.files import read_checkpoint, read_tile
from ledger.verify.outcome import Check, Refused, refusing
from ledger.verify.tree import HashBundle, check_tree
from ledger.verify.workers import in_order


def open_by_policy(note: bytes, policy: Policy) -> Witnessed:
    """Return a checkpoint that a log of the policy and a quorum of its witnesses have signed.

    Extension lines are accepted, as other logs have them. Raises `LogError`.
    """
    logs = [each.verifier for each in policy.logs]
    names = {(each.verifier.name, each.verifier.key_id): each.name for each in policy.witnesses}
    opened, lines = open_note(note, [*logs, *(each.verifier for each in policy.witnesses)])
    checkpoint = parse_checkpoint(opened.text)
    own = {(log.name, log.key_id) for log in logs if log.name == checkpoint.origin}
    if own.isdisjoint((line.name, line.key_id) for line in lines):
        raise QuorumMissed(
            "no log of the policy has signed this checkpoint as its own: "
            f"{quoted(checkpoint.origin)}"
        )
    times = {
        names[line.name, line.key_id]: cosignature_time(line.blob)
        for line in lines
        if (line.name, line.key_id) in names
    }
    if not policy.satisfied(times):
        raise QuorumMissed(f"the witnesses that cosigned are no quorum: {listed(sorted(times))}")
    return Witnessed(checkpoint, times)


def verify_tiles(directory: Path, policy: Policy, previous: bytes | None = None) -> Witnessed:
    """Verify the static files of a log: checkpoint, every tile, every entry, up to the root.

    `previous` is an earlier checkpoint that must be of a prefix. Files beside those of the
    checkpoint's size are not looked at. Raises `Refused` (steps 2, 3 and 9).
    """
    with refusing(Check.CHECKPOINT):
        opened = open_by_policy(read_checkpoint(directory), policy)
    size, root = opened.checkpoint.size, opened.checkpoint.root
    bundles = range(-(-size // TILE_WIDTH))
    with in_order(HashBundle(directory, size), bundles, os.cpu_count() or 1, chunk=32) as hashed:
        check_tree(directory, opened.checkpoint, hashed)
    if previous is not None:
        with refusing(Check.CONSISTENCY):
            old = open_by_policy(previous, policy).checkpoint
            proof = prove_consistency(old.size, size, TileHashes(partial(read_tile, directory)))
            verify_consistency(old.size, size, proof, old.root, root)
    return opened


def is_of_tree(previous: bytes, origin: str, roots: Mapping[int, bytes], policy: Policy) -> bool:
    """Say whether a checkpoint that was kept is of a log's tree, of which roots are known by size.

    Of another size only the log's files show whether the one continues the other. Raises `Refused`
    (step 9) where the two contradict each other.
    """
    with refusing(Check.CONSISTENCY):
        old = open_by_policy(previous, policy).checkpoint
    if old.origin != origin:
        raise Refused(Check.CONSISTENCY, f"the earlier checkpoint is of another log, {old.origin}")
    if roots.get(old.size, old.root) != old.root:
        raise Refused(Check.CONSISTENCY, f"the log has signed two trees of size {old.size}")
    return old.size in roots


def verify_proof(
    raw: bytes, entry: bytes, policy: Policy
) -> tuple[int, Witnessed, Mapping[int, bytes]]:
    """Verify a tlog-proof of an entry; return the entry's index, and the roots that it shows.

    Raises `Refused` (2 and 3).
    """
    with refusing(Check.CHECKPOINT):
        proof = parse_tlog_proof(raw)
        opened = open_by_policy(proof.checkpoint_raw, policy)
    size, root = opened.checkpoint.size, opened.checkpoint.root
    with refusing(Check.TREE, proof.index):
        verify_inclusion(leaf := leaf_hash(entry), proof.index, size, proof.hashes, root)
    return proof.index, opened, roots_of_prefixes(leaf, proof.index, size, proof.hashes)
