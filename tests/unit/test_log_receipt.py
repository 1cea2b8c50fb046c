"""Receipts: the tlog-proof format, and its verification step by step."""

from dataclasses import replace

import pytest

from ledger.log.checkpoint import CheckpointRefused
from ledger.log.note import UnverifiedNote, format_vkey
from ledger.log.policy import QuorumMissed, parse_policy
from ledger.log.proof import ProofRefused, prove_inclusion
from ledger.log.receipt import (
    MalformedTlogProof,
    TlogProof,
    format_tlog_proof,
    parse_tlog_proof,
    verify_tlog_proof,
)
from tests.support.log import (
    ORIGIN,
    MemoryHashes,
    leaves,
    log_signers,
    signed_checkpoint,
    verifiers,
    witness,
)

ROW = leaves(300)
LOG_KEYS = verifiers(log_signers())
PROOF = TlogProof(255, tuple(prove_inclusion(255, 300, MemoryHashes(ROW))), signed_checkpoint())
RAW = format_tlog_proof(PROOF)


def test_a_receipt_is_magic_index_hashes_and_checkpoint():
    magic, index, *hashes = RAW.partition(b"\n\n")[0].split(b"\n")
    assert b"c2sp.org/tlog-proof@v1" == magic
    assert b"index 255" == index
    assert 9 == len(hashes)
    assert RAW.endswith(b"\n\n" + PROOF.checkpoint_raw)


@pytest.mark.parametrize("extra", [None, b"x", b"opaque bytes \x00\xff"])
def test_a_receipt_reads_back_as_it_was_written(extra):
    proof = replace(PROOF, extra=extra)
    assert proof == parse_tlog_proof(format_tlog_proof(proof))


def test_the_only_entry_of_a_log_has_a_receipt_without_hashes():
    raw = format_tlog_proof(TlogProof(0, (), signed_checkpoint(1)))
    assert raw.startswith(b"c2sp.org/tlog-proof@v1\nindex 0\n\n" + ORIGIN.encode())
    assert 1 == verify_tlog_proof(raw, leaves(1)[0], ORIGIN, LOG_KEYS).size


def test_a_receipt_proves_its_leaf():
    assert 300 == verify_tlog_proof(RAW, ROW[255], ORIGIN, LOG_KEYS).size


def test_a_receipt_proves_no_other_leaf():
    with pytest.raises(ProofRefused):
        verify_tlog_proof(RAW, ROW[254], ORIGIN, LOG_KEYS)


def test_a_receipt_proves_no_other_position():
    moved = format_tlog_proof(replace(PROOF, index=254))
    with pytest.raises(ProofRefused):
        verify_tlog_proof(moved, ROW[255], ORIGIN, LOG_KEYS)


def test_a_receipt_of_another_log_is_refused():
    with pytest.raises(CheckpointRefused):
        verify_tlog_proof(RAW, ROW[255], "other.example/log", LOG_KEYS)
    with pytest.raises(UnverifiedNote):
        verify_tlog_proof(RAW, ROW[255], "other.example", verifiers(log_signers("other.example")))


def test_a_receipt_needs_both_lines_of_the_log():
    cut = RAW[: RAW.rindex("\N{EM DASH}".encode())]
    with pytest.raises(CheckpointRefused):
        verify_tlog_proof(cut, ROW[255], ORIGIN, LOG_KEYS)


def test_a_policy_asks_for_its_quorum():
    cosigner = witness("w1.example")
    policy = parse_policy(f"witness w1 {format_vkey(cosigner)}\nquorum w1\n".encode())
    with pytest.raises(QuorumMissed):
        verify_tlog_proof(RAW, ROW[255], ORIGIN, LOG_KEYS, policy)
    witnessed = replace(PROOF, checkpoint_raw=signed_checkpoint(cosigners=[cosigner]))
    raw = format_tlog_proof(witnessed)
    assert 300 == verify_tlog_proof(raw, ROW[255], ORIGIN, LOG_KEYS, policy).size


def test_extra_data_is_not_signed():
    """C2SP tlog-proof: applications MUST NOT trust it."""
    raw = format_tlog_proof(replace(PROOF, extra=b"anything"))
    assert 300 == verify_tlog_proof(raw, ROW[255], ORIGIN, LOG_KEYS).size


HEAD = b"c2sp.org/tlog-proof@v1\nindex 255\n"


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"\n\n",
        RAW[1:],
        b"\xef\xbb\xbf" + RAW,
        RAW.replace(b"@v1", b"@v2"),
        RAW.replace(b"@v1\n", b"@v1\r\n"),
        RAW.replace(b"index", b"Index"),
        RAW.replace(b"index 255\n", b""),
        RAW.replace(b"index 255\n", b"index 255\nindex 255\n"),
        RAW.replace(b"index 255", b"index 0255"),
        RAW.replace(b"index 255", b"index  255"),
        RAW.replace(b"index 255", b"index -1"),
        RAW.replace(b"index 255", b"index 2_55"),
        RAW.replace(b"index 255", b"index 9223372036854775808"),
        RAW.replace(b"index 255", "index \N{FULLWIDTH DIGIT ONE}".encode()),
        RAW.replace(b"index 255", b"extra \nindex 255"),
        RAW.replace(b"index 255", b"extra YQ\nindex 255"),
        RAW.replace(b"index 255", b"extra YQ==\nextra YQ==\nindex 255"),
        RAW.replace(b"index 255", b"index 255\nextra YQ=="),
        RAW.replace(HEAD, HEAD + b"YQ==\n"),
        RAW.replace(HEAD, HEAD + b"=\n"),
        HEAD + b"A" * 43 + b"=\n",
        HEAD + (b"A" * 43 + b"=\n") * 64 + b"\n" + PROOF.checkpoint_raw,
        RAW.replace(b"index 255", b"extra " + b"A" * (9 << 17) + b"\nindex 255"),
    ],
)
def test_what_is_no_receipt_is_refused(raw):
    with pytest.raises(MalformedTlogProof):
        verify_tlog_proof(raw, ROW[255], ORIGIN, LOG_KEYS)


def test_sixty_three_hashes_are_read():
    raw = HEAD + (b"A" * 43 + b"=\n") * 63 + b"\n" + PROOF.checkpoint_raw
    assert 63 == len(parse_tlog_proof(raw).hashes)


@pytest.mark.parametrize(
    "change",
    [
        {"index": -1},
        {"index": 2**63},
        {"hashes": (b"short",)},
        {"hashes": (bytes(32),) * 64},
        {"extra": b""},
        {"extra": bytes(9 << 17)},
    ],
)
def test_what_would_not_read_back_is_not_written(change):
    with pytest.raises(MalformedTlogProof):
        format_tlog_proof(replace(PROOF, **change))
