"""
Every byte counts: a flip of any byte of a checkpoint, a receipt or a tile is refused.

In text each mask is a kind of damage of its own: the lowest bit changes a digit or a letter, 0x20
its case, which base64 readers must tell apart, and 0x80 breaks the encoding.
"""

from hashlib import sha256

import pytest

from ledger.log.checkpoint import open_checkpoint
from ledger.log.merkle import LogError, leaf_hash
from ledger.log.note import format_vkey
from ledger.log.policy import parse_policy
from ledger.log.proof import prove_inclusion
from ledger.log.receipt import TlogProof, format_tlog_proof, verify_tlog_proof
from ledger.log.tiles import TileRefused, authenticate, format_bundle, parse_bundle
from tests.support.log import (
    ORIGIN,
    MemoryHashes,
    TiledLog,
    flip,
    leaves,
    log_signers,
    signed_checkpoint,
    verifiers,
    witness,
)

TEXT_MASKS = (0x01, 0x20, 0x80)
BINARY_MASKS = (0x01,)
LOG_KEYS = verifiers(log_signers())


def accepted_flips(raw, verify, masks=TEXT_MASKS):
    """Return where `verify` took a flipped byte for good; any error but LogError is raised."""
    wrong = []
    for at in range(len(raw)):
        for mask in masks:
            try:
                verify(flip(raw, at, mask))
            except LogError:
                continue
            wrong.append((at, mask))
    return wrong


def test_no_byte_of_a_checkpoint_can_be_flipped():
    raw = signed_checkpoint()
    open_checkpoint(raw, ORIGIN, LOG_KEYS)
    assert [] == accepted_flips(raw, lambda flipped: open_checkpoint(flipped, ORIGIN, LOG_KEYS))


def test_no_byte_of_a_witnessed_receipt_can_be_flipped():
    cosigner, row = witness("w1.example"), leaves(300)
    policy = parse_policy(f"witness w1 {format_vkey(cosigner)}\nquorum w1\n".encode())
    hashes = tuple(prove_inclusion(255, 300, MemoryHashes(row)))
    raw = format_tlog_proof(TlogProof(255, hashes, signed_checkpoint(cosigners=[cosigner])))

    def verify(flipped):
        verify_tlog_proof(flipped, row[255], ORIGIN, LOG_KEYS, policy)

    verify(raw)
    assert [] == accepted_flips(raw, verify)


@pytest.mark.parametrize("tile", [(0, 0), (0, 1), (1, 0)])
def test_no_byte_of_a_tile_can_be_flipped(tile):
    log = TiledLog(300)
    whole = log.tiles[tile]

    def verify(flipped):
        log.tiles[tile] = flipped
        list(authenticate(300, log.root, log.fetch))

    verify(whole)
    assert [] == accepted_flips(whole, verify, BINARY_MASKS)


def test_a_refused_tile_is_named():
    log = TiledLog(300)
    log.replace(0, 0, 77)
    with pytest.raises(TileRefused) as refused:
        list(authenticate(300, log.root, log.fetch))
    assert "tile/0/000" == refused.value.path


def test_no_byte_of_a_bundle_can_be_flipped():
    """A bundle carries no proof: its entries must hash to the authenticated leaves."""
    entries = [sha256(bytes([n])).digest()[: n % 32] for n in range(256)]
    expected = [leaf_hash(entry) for entry in entries]
    raw = format_bundle(entries)

    class LeafDiffers(LogError):
        """An entry does not hash to its leaf."""

    def verify(flipped):
        if expected != [leaf_hash(entry) for entry in parse_bundle(flipped, 256)]:
            raise LeafDiffers

    verify(raw)
    assert [] == accepted_flips(raw, verify, BINARY_MASKS)
