"""Our own golden files: what was written once must verify, and be written the same, for ever."""

import json
from pathlib import Path

from ledger.log.checkpoint import open_checkpoint
from ledger.log.merkle import root_of
from ledger.log.note import format_vkey, parse_note, parse_vkey
from ledger.log.policy import parse_policy
from ledger.log.receipt import parse_tlog_proof, verify_tlog_proof
from ledger.log.tiles import TilePath, parse_tile_path
from tests.support.log import GOLDEN, ORIGIN, leaves
from tests.support.log_golden import POSITION, SIZE, build

ROOT = Path(__file__).parents[2]
CHECKPOINT = (GOLDEN / "checkpoint.txt").read_bytes()
RECEIPT = (GOLDEN / "entry-69999.tlog-proof").read_bytes()
VKEYS = (GOLDEN / "vkeys.txt").read_text(encoding="utf-8").splitlines()
*LOG_KEYS, WITNESS = [parse_vkey(vkey) for vkey in VKEYS]
MLDSA44_LINE = 1


def but_the_random_line(raw):
    note = parse_note(raw)
    return note.text, [each.blob for at, each in enumerate(note.signatures) if at != MLDSA44_LINE]


def test_the_checkpoint_opens_under_both_keys_of_the_log():
    assert root_of(leaves(SIZE)) == open_checkpoint(CHECKPOINT, ORIGIN, LOG_KEYS).root
    assert [0x01, 0x06, 0x04] == [key.key_type for key in (*LOG_KEYS, WITNESS)]


def test_the_receipt_verifies_under_a_policy():
    policy = parse_policy(f"witness w1 {format_vkey(WITNESS)}\nquorum w1\n".encode())
    leaf = leaves(SIZE)[POSITION]
    assert SIZE == verify_tlog_proof(RECEIPT, leaf, ORIGIN, LOG_KEYS, policy).size


def test_everything_is_written_the_same_today_but_the_randomised_line():
    today = build()
    proof, golden = parse_tlog_proof(today["entry-69999.tlog-proof"]), parse_tlog_proof(RECEIPT)
    assert but_the_random_line(CHECKPOINT) == but_the_random_line(today["checkpoint.txt"])
    assert (golden.index, golden.hashes) == (proof.index, proof.hashes)
    assert CHECKPOINT == golden.checkpoint_raw
    for name in ("tile-paths.json", "vkeys.txt"):
        assert (GOLDEN / name).read_bytes() == today[name]


def test_the_specification_shows_the_golden_files():
    """Its examples are what the code writes, not what somebody once typed."""
    page = (ROOT / "docs" / "spec" / "log.md").read_text(encoding="utf-8")
    *head, mldsa44, _witness, _end = CHECKPOINT.decode().split("\n")
    assert "\n".join(head) in page
    assert mldsa44[:100] in page
    assert all(line in page for line in RECEIPT.decode().split("\n")[:3])


def test_every_golden_path_reads_back():
    for level, n, width, tile, entries in json.loads((GOLDEN / "tile-paths.json").read_bytes()):
        assert TilePath(level, n, width) == parse_tile_path(tile)
        assert TilePath(None, n, width) == parse_tile_path(entries)
