"""Logs that are not ours, by a policy alone: the golden ledger that others verified, as files."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from api.cli.main import app
from ledger.follow.tlog import is_of_tree, open_by_policy, verify_proof, verify_tiles
from ledger.log.checkpoint import Checkpoint, format_checkpoint
from ledger.log.merkle import EMPTY_ROOT
from ledger.log.note import Note, format_note, format_vkey, parse_note, sign_note
from ledger.log.policy import QUORUM_NONE_POLICY, Policy, QuorumMissed, parse_policy
from ledger.log.tiles import parse_bundle
from ledger.verify.outcome import Refused
from tests.support import sample_log as sample
from tests.support.log import flip, log_signers
from tests.support.sample_log import write_files
from tests.vectors.test_log_golden_ledger import (
    CHECKPOINT,
    FILES,
    KEYS,
    LEDGER,
    POLICY,
    SIZE,
)

RAW_POLICY = f"log {format_vkey(KEYS['log'])}\n".encode() + POLICY.raw


@pytest.fixture
def policy() -> Policy:
    return parse_policy(RAW_POLICY)


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    return write_files(tmp_path / "log", {**FILES, "checkpoint": CHECKPOINT})


def entries() -> Iterator[bytes]:
    yield from parse_bundle(FILES["tile/entries/000"], 256)
    yield from parse_bundle(FILES["tile/entries/001.p/44"], 44)


def test_its_files_verify(directory: Path, policy: Policy) -> None:
    opened = verify_tiles(directory, policy, CHECKPOINT)
    assert (SIZE, 4) == (opened.checkpoint.size, len(opened.times))


def test_its_proofs_verify_for_their_entries_alone(policy: Policy) -> None:
    held = list(entries())
    for index, proof in LEDGER["proofs"].items():
        at, _, _ = verify_proof(proof.encode(), held[int(index)], policy)
        assert int(index) == at
        with pytest.raises(Refused, match="step 3"):
            verify_proof(proof.encode(), held[int(index) - 1], policy)


@pytest.mark.parametrize("path", [*FILES, "checkpoint"])
def test_a_flip_in_any_of_its_files_is_refused(path: str, directory: Path, policy: Policy) -> None:
    raw = (directory / path).read_bytes()
    for at in range(0, len(raw), 37):
        (directory / path).write_bytes(flip(raw, at, 1))
        with pytest.raises(Refused):
            verify_tiles(directory, policy)


def test_a_policy_that_names_no_log_trusts_none(policy: Policy) -> None:
    assert SIZE == open_by_policy(CHECKPOINT, policy).checkpoint.size
    with pytest.raises(QuorumMissed, match="no log of the policy"):
        open_by_policy(CHECKPOINT, POLICY)
    note = parse_note(CHECKPOINT)
    alone = format_note(Note(note.text, note.signatures[:1]))
    with pytest.raises(QuorumMissed, match="no quorum"):
        open_by_policy(alone, policy)


def test_a_log_of_another_name_is_not_signed_by_its_key() -> None:
    """A key may be listed, and still speak for its own log only."""
    ours, *_ = log_signers()
    listed = parse_policy(f"log {format_vkey(ours)}\n".encode() + QUORUM_NONE_POLICY)
    for origin, fits in ((ours.name, True), ("other.example/log", False)):
        note = sign_note(format_checkpoint(Checkpoint(origin, 1, bytes(32), ("ext",))), [ours], 0)
        if fits:
            assert ("ext",) == open_by_policy(note, listed).checkpoint.extensions
        else:
            with pytest.raises(QuorumMissed):
                open_by_policy(note, listed)


def test_the_commands_say_so(directory: Path, tmp_path: Path) -> None:
    (tmp_path / "policy").write_bytes(RAW_POLICY)
    (tmp_path / "proof").write_text(LEDGER["proofs"]["255"])
    (tmp_path / "entry").write_bytes(list(entries())[255])
    trusting = ["--policy", str(tmp_path / "policy")]
    said = CliRunner().invoke(app, ["tlog", "verify", str(directory), *trusting])
    assert (0, 1) == (said.exit_code, said.output.count("VERIFIED"))
    asked = ["tlog", "proof", str(tmp_path / "proof"), "--entry", str(tmp_path / "entry")]
    said = CliRunner().invoke(app, [*asked, *trusting])
    assert 0 == said.exit_code
    assert "the entry has index 255" in said.output
    kept = ["--previous", str(directory / "checkpoint")]
    said = CliRunner().invoke(app, [*asked, *trusting, *kept])
    assert (0, False) == (said.exit_code, "unchecked" in said.output)
    kept = ["--previous", str(tmp_path / "policy")]
    said = CliRunner().invoke(app, [*asked, *trusting, *kept])
    assert (2, True) == (said.exit_code, "holds no" in said.output)  # It refuses nobody.
    (tmp_path / "entry").write_bytes(b"another")
    assert 1 == CliRunner().invoke(app, [*asked, *trusting]).exit_code
    (tmp_path / "policy").write_bytes(b"quorum\n")
    assert 2 == CliRunner().invoke(app, [*asked, *trusting]).exit_code


def test_a_checkpoint_that_was_kept_is_of_the_same_tree_or_contradicts_or_neither() -> None:
    ours, *_ = log_signers()
    listed = parse_policy(f"log {format_vkey(ours)}\n".encode() + QUORUM_NONE_POLICY)
    roots = {5: bytes(32), 3: b"y" * 32}

    def kept(size: int, root: bytes) -> bytes:
        return sign_note(format_checkpoint(Checkpoint(ours.name, size, root)), [ours], 0)

    for size, root in roots.items():
        assert is_of_tree(kept(size, root), ours.name, roots, listed)
        with pytest.raises(Refused, match=f"two trees of size {size}"):
            is_of_tree(kept(size, b"x" * 32), ours.name, roots, listed)
    assert not is_of_tree(kept(4, bytes(32)), ours.name, roots, listed)
    with pytest.raises(Refused, match="of another log"):
        is_of_tree(kept(5, bytes(32)), "other.example/log", roots, listed)
    with pytest.raises(Refused, match="step 9"):
        is_of_tree(kept(5, bytes(32)), ours.name, roots, parse_policy(QUORUM_NONE_POLICY))


def test_a_log_that_has_grown_may_keep_full_tiles_alone(tmp_path: Path) -> None:
    """C2SP tlog-tiles lets a log drop a partial tile once the full one is there."""
    (ours, _), log = sample.log_signers(), sample.sample_log(600)
    listed = parse_policy(f"log {format_vkey(ours)}\n".encode() + QUORUM_NONE_POLICY)
    old, new = log.files(300), log.files(600)
    kept = {path: raw for path, raw in old.items() if ".p/44" not in path}
    directory = write_files(tmp_path, {**new, **kept})
    assert 300 == verify_tiles(directory, listed).checkpoint.size
    for path in ("tile/0/001", "tile/entries/001"):
        raw = (directory / path).read_bytes()
        for wrong in (flip(raw, 40, 1), raw[:-1]):
            (directory / path).write_bytes(wrong)
            with pytest.raises(Refused, match="step 3"):
                verify_tiles(directory, listed)
        (directory / path).write_bytes(raw)


def test_a_log_without_entries_verifies(tmp_path: Path) -> None:
    ours, *_ = log_signers()
    listed = parse_policy(f"log {format_vkey(ours)}\n".encode() + QUORUM_NONE_POLICY)
    for root, fits in ((EMPTY_ROOT, True), (bytes(32), False)):
        note = sign_note(format_checkpoint(Checkpoint(ours.name, 0, root)), [ours], 0)
        (tmp_path / "checkpoint").write_bytes(note)
        if fits:
            assert 0 == verify_tiles(tmp_path, listed).checkpoint.size
        else:
            with pytest.raises(Refused, match="step 3"):
                verify_tiles(tmp_path, listed)


def test_a_log_that_claims_more_than_any_machine_holds_is_refused_at_the_first_gap(
    tmp_path: Path,
) -> None:
    ours, *_ = log_signers()
    listed = parse_policy(f"log {format_vkey(ours)}\n".encode() + QUORUM_NONE_POLICY)
    claimed = format_checkpoint(Checkpoint(ours.name, 2**62, bytes(32)))
    write_files(tmp_path, {**FILES, "checkpoint": sign_note(claimed, [ours], 0)})
    with pytest.raises(Refused, match="tile/entries/001"):
        verify_tiles(tmp_path, listed)
