"""
A log of 300 entries that golang.org/x/mod and two Python clients verified (tests/golden/log).

Signed by Ed25519 (0x01), cosigned by three witnesses by Ed25519 (0x04) and by one by ML-DSA-44
(0x06): every root, proof, tile, bundle, path and signature in it.
"""

import json
from base64 import b64decode
from contextlib import closing
from pathlib import Path

import pytest

from ledger.log.checkpoint import Checkpoint, format_checkpoint, open_checkpoint
from ledger.log.cosignature import cosignature_time
from ledger.log.merkle import Frontier, LogError, leaf_hash, root_of
from ledger.log.note import format_note, format_vkey, open_note, parse_note, parse_vkey
from ledger.log.policy import open_witnessed_checkpoint, parse_policy
from ledger.log.proof import prove_consistency, prove_inclusion, verify_consistency
from ledger.log.receipt import (
    TlogProof,
    format_tlog_proof,
    parse_tlog_proof,
    verify_tlog_proof,
)
from ledger.log.tiles import (
    TileHashes,
    authenticate,
    entries_path,
    format_bundle,
    parse_bundle,
    parse_tile_path,
    tile_path,
    widths,
)
from ledger.witness.state import Cosigned, WitnessState, create_book
from ledger.witness.witness import Witness
from tests.support.log import GOLDEN, flip
from tests.support.witnessing import signers as witness_signers

LEDGER = json.loads((GOLDEN / "golden-ledger.json").read_text(encoding="utf-8"))
ORIGIN, SIZE, ROOT = LEDGER["origin"], LEDGER["size"], b64decode(LEDGER["root"])
CHECKPOINT = LEDGER["checkpoint"].encode()
FILES = {path: b64decode(raw) for path, raw in LEDGER["files"].items()}
KEYS = {name: parse_vkey(vkey) for name, vkey in LEDGER["vkeys"].items()}
LOG_KEYS = [KEYS["log"]]
POLICY = parse_policy(
    "".join(
        [
            *(f"witness {name} {format_vkey(KEYS[name])}\n" for name in KEYS if name != "log"),
            "group all-four all state institute firm state-pq\n",
            "quorum all-four\n",
        ]
    ).encode()
)


PATHS = {parse_tile_path(path): raw for path, raw in FILES.items()}
TILES = {(path.level, path.index): raw for path, raw in PATHS.items() if path.level is not None}


def fetch(level, n, width):
    """Cut a narrower tile from a wider one, as clients may (tlog-tiles, "Partial Tiles")."""
    return TILES[level, n][: 32 * width]


def entries():
    return [
        entry
        for n, width in enumerate((256, 44))
        for entry in parse_bundle(FILES[entries_path(n, width)], width)
    ]


LEAVES = [leaf_hash(entry) for entry in entries()]
HASHES = TileHashes(fetch)


def test_every_root_is_that_of_its_entries():
    assert 8 == len(LEDGER["roots"])
    for size, root in LEDGER["roots"].items():
        assert b64decode(root) == root_of(LEAVES[: int(size)])
        assert b64decode(root) == Frontier().extend(LEAVES[: int(size)]).root()


def test_every_tile_and_bundle_has_its_path_and_width():
    expected = set()
    for level, (full, partial) in enumerate(widths(SIZE)):
        tiles = [(n, 256) for n in range(full)] + ([(full, partial)] if partial else [])
        expected |= {tile_path(level, n, width) for n, width in tiles}
        expected |= {entries_path(n, width) for n, width in tiles if level == 0}
    assert expected == set(FILES)


def test_every_tile_is_that_of_the_leaves():
    assert FILES["tile/0/000"] == b"".join(LEAVES[:256])
    assert FILES["tile/0/001.p/44"] == b"".join(LEAVES[256:])
    assert FILES["tile/1/000.p/1"] == root_of(LEAVES[:256])
    assert LEAVES == list(authenticate(SIZE, ROOT, fetch))


def test_every_bundle_is_written_as_it_was():
    assert FILES["tile/entries/000"] == format_bundle(entries()[:256])
    assert FILES["tile/entries/001.p/44"] == format_bundle(entries()[256:])


def test_every_path_is_that_of_its_number():
    assert 7 == len(LEDGER["paths"])
    for n, path in LEDGER["paths"].items():
        assert f"tile/0/{path}" == tile_path(0, int(n))
        assert f"tile/entries/{path}" == entries_path(int(n))


def test_the_checkpoint_is_signed_by_the_log_and_all_four_witnesses():
    assert Checkpoint(ORIGIN, SIZE, ROOT) == open_checkpoint(CHECKPOINT, ORIGIN, LOG_KEYS)
    opened = open_witnessed_checkpoint(CHECKPOINT, ORIGIN, tuple(LOG_KEYS), POLICY)
    assert {"state", "institute", "firm", "state-pq"} == set(opened.times)
    assert 1 == len(set(opened.times.values()))


def test_the_checkpoint_is_written_as_it_was():
    note = parse_note(CHECKPOINT)
    assert CHECKPOINT == format_note(note)
    assert note.text == format_checkpoint(Checkpoint(ORIGIN, SIZE, ROOT))


@pytest.mark.parametrize(
    ("name", "key_type"),
    [("log", 0x01), ("state", 0x04), ("institute", 0x04), ("firm", 0x04), ("state-pq", 0x06)],
)
def test_each_key_verifies_its_own_line_and_no_other(name, key_type):
    note, (line,) = open_note(CHECKPOINT, [KEYS[name]])
    assert key_type == KEYS[name].key_type
    assert KEYS[name].name == line.name
    for other in note.signatures:
        if other != line:
            with pytest.raises(LogError):
                KEYS[name].verify(note.text, other.blob)


def test_the_cosignatures_carry_their_time():
    _, lines = open_note(CHECKPOINT, [KEYS["state"], KEYS["state-pq"]])
    assert [0x6AB13CAC, 0x6AB13CAC] == [cosignature_time(line.blob) for line in lines]


def test_every_receipt_verifies_and_is_written_as_it_was():
    assert ["0", "255", "256", "299"] == list(LEDGER["proofs"])
    for position, text in LEDGER["proofs"].items():
        raw, at = text.encode(), int(position)
        hashes = tuple(prove_inclusion(at, SIZE, HASHES))
        assert TlogProof(at, hashes, CHECKPOINT) == parse_tlog_proof(raw)
        assert raw == format_tlog_proof(TlogProof(at, hashes, CHECKPOINT))
        assert SIZE == verify_tlog_proof(raw, LEAVES[at], ORIGIN, LOG_KEYS, POLICY).size


def test_every_consistency_proof_verifies_and_is_the_one_we_make():
    assert 7 == len(LEDGER["consistency"])
    for case in LEDGER["consistency"]:
        old, new = case["old"], case["new"]
        proof = [b64decode(each) for each in case["proof"]]
        assert proof == prove_consistency(old, new, HASHES)
        verify_consistency(old, new, proof, root_of(LEAVES[:old]), root_of(LEAVES[:new]))


def test_every_witness_request_holds_a_proof_and_the_checkpoint():
    for old in (0, 256):
        request = LEDGER["add_checkpoint"][f"request_old_{old}"].encode()
        head, _, checkpoint = request.partition(b"\n\n")
        size, *lines = head.split(b"\n")
        proof = [b64decode(line) for line in lines]
        assert f"old {old}".encode() == size
        assert proof == prove_consistency(old, SIZE, HASHES)
        assert CHECKPOINT == checkpoint
        verify_consistency(old, SIZE, proof, root_of(LEAVES[:old]), ROOT)


def test_no_byte_of_the_checkpoint_can_be_flipped_under_the_whole_policy():
    """With every key required there is no line left to hide a flip in."""
    for at in range(len(CHECKPOINT)):
        with pytest.raises(LogError):
            open_witnessed_checkpoint(flip(CHECKPOINT, at), ORIGIN, tuple(LOG_KEYS), POLICY)


def test_a_witness_answers_the_posted_bodies_as_they_were_answered(tmp_path: Path):
    """From nothing to 300 entries, and from 256 where that is what it has cosigned."""
    log = {ORIGIN: (parse_vkey(LEDGER["vkeys"]["log"]),)}
    for old in (0, 256):
        create_book(tmp_path / f"{old}.sqlite")
        with closing(WitnessState(tmp_path / f"{old}.sqlite")) as book:
            if old:
                root = b64decode(LEDGER["roots"][str(old)])
                book.write(ORIGIN, Cosigned(old, root, 0, b""))
            witness = Witness(*witness_signers(), log, book, lambda: 1_800_000_000)
            request = LEDGER["add_checkpoint"][f"request_old_{old}"].encode()
            assert 200 == witness.add_checkpoint(request).status
            assert 409 == witness.add_checkpoint(request).status
