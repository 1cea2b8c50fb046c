"""
Receipts (C2SP tlog-proof): an inclusion proof and its checkpoint, checkable without the log.

    c2sp.org/tlog-proof@v1
    index 255
    HO/SO763rf93MWuSSqA6ckzrH0UklQsk/6iGn9TNOkA=
    …

    ledger.example.vn/techledger/1a2b3c4d
    300
    …
"""

from binascii import b2a_base64
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from ledger.log.checkpoint import Checkpoint, open_checkpoint
from ledger.log.encoding import (
    MAX_COUNT,
    read_base64,
    read_decimal,
    read_hash,
    read_text,
    write_base64,
)
from ledger.log.merkle import HASH_SIZE, LogError
from ledger.log.note import MAX_NOTE, Verifier
from ledger.log.policy import Policy, open_witnessed_checkpoint
from ledger.log.proof import verify_inclusion
from ledger.quoted import quoted

MAX_PROOF_HASHES: Final = 63
"""Hashes of a proof at most: as many as bits of a position (C2SP tlog-witness)."""

MAX_TLOG_PROOF: Final = MAX_NOTE + (1 << 17)
"""Bytes of a receipt at most: a note, 63 hashes, and 64 kB of extra data in base64."""

_MAGIC = "c2sp.org/tlog-proof@v1"
_EXTRA = "extra "
_INDEX = "index "


class MalformedTlogProof(LogError):
    """Bytes are not those of a tlog-proof."""


@dataclass(frozen=True, slots=True)
class TlogProof:
    """
    A receipt taken apart, nothing in it verified.

    `index` is the entry's position, `hashes` go from the leaf's sibling up, `checkpoint_raw` is the
    signed note verbatim. `extra` is signed by nobody and must not be trusted.
    """

    index: int
    hashes: tuple[bytes, ...]
    checkpoint_raw: bytes
    extra: bytes | None = None


def format_tlog_proof(proof: TlogProof) -> bytes:
    """Write a receipt. Raises `MalformedTlogProof` when it would not read back as the same."""
    _check(proof)
    head = b"" if proof.extra is None else f"{_EXTRA}{write_base64(proof.extra)}\n".encode()
    # b2a_base64 ends each line itself, and this runs for every receipt.
    lines = b"".join([b2a_base64(each) for each in proof.hashes])
    body = (_MAGIC.encode(), head, proof.index, lines, proof.checkpoint_raw)
    return _bounded(b"%b\n%bindex %d\n%b\n%b" % body)


def parse_tlog_proof(raw: bytes) -> TlogProof:
    """Read a receipt, or raise `MalformedTlogProof`. Its checkpoint is not looked into."""
    head, gap, checkpoint_raw = _bounded(raw).partition(b"\n\n")
    magic, *lines = read_text(head, MalformedTlogProof).split("\n")
    if not gap or magic != _MAGIC:
        raise MalformedTlogProof(f"a tlog-proof begins with {_MAGIC}")
    extra = None
    if lines and lines[0].startswith(_EXTRA):
        extra = read_base64(lines.pop(0).removeprefix(_EXTRA), MalformedTlogProof)
    if not lines or not lines[0].startswith(_INDEX):
        raise MalformedTlogProof(
            f"a tlog-proof has an index, where this has {quoted(lines[0] if lines else '')}"
        )
    index = read_decimal(lines.pop(0).removeprefix(_INDEX), MalformedTlogProof)
    hashes = tuple(read_hash(line, MalformedTlogProof) for line in lines)
    proof = TlogProof(index, hashes, checkpoint_raw, extra)
    _check(proof)
    return proof


def _bounded(raw: bytes) -> bytes:
    if len(raw) > MAX_TLOG_PROOF:
        raise MalformedTlogProof(f"a tlog-proof has at most {MAX_TLOG_PROOF} bytes")
    return raw


def _check(proof: TlogProof) -> None:
    if proof.extra == b"":
        raise MalformedTlogProof("extra data is not empty: without any the line is left out")
    if len(proof.hashes) > MAX_PROOF_HASHES or not 0 <= proof.index <= MAX_COUNT:
        raise MalformedTlogProof(
            f"no tree has such a proof: of entry {proof.index}, by {len(proof.hashes)} hashes"
        )
    for each in proof.hashes:
        if len(each) != HASH_SIZE:
            raise MalformedTlogProof(f"a hash is {HASH_SIZE} bytes, not {len(each)}")


def verify_tlog_proof(
    raw: bytes,
    leaf: bytes,
    origin: str,
    log_verifiers: Sequence[Verifier],
    policy: Policy | None = None,
) -> Checkpoint:
    """
    Return the checkpoint that a receipt proves the leaf hash `leaf` to be in.

    Leaf, origin, keys and policy come from the verifier, never from the receipt:

    1. the receipt is well-formed;
    2. its checkpoint is of `origin` and signed by *all* of `log_verifiers`;
    3. with a policy, a quorum of its witnesses has cosigned;
    4. the proof leads from the leaf to the checkpoint's root.

    Raises the `LogError` of the step that fails.
    """
    proof = parse_tlog_proof(raw)
    if policy is None:
        checkpoint = open_checkpoint(proof.checkpoint_raw, origin, log_verifiers)
    else:
        opened = open_witnessed_checkpoint(
            proof.checkpoint_raw, origin, tuple(log_verifiers), policy
        )
        checkpoint = opened.checkpoint
    verify_inclusion(leaf, proof.index, checkpoint.size, proof.hashes, checkpoint.root)
    return checkpoint
