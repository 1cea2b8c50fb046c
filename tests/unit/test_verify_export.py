"""An exported log: what is verified, and at which step and position everything else is refused."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ledger import court
from ledger.follow import client
from ledger.log.checkpoint import Checkpoint, sign_checkpoint
from ledger.log.merkle import EMPTY_ROOT, Frontier, leaf_hash
from ledger.log.note import format_note, format_vkey, parse_note, sign_note
from ledger.log.tiles import format_bundle
from ledger.verify.outcome import Check, CheckState, Refused, states
from ledger.verify.verifier import OF_BUNDLES, verify_export
from ledger.wire.entry import parse_entry
from tests.support.log import flip, witness
from tests.support.sample_log import (
    SIGNED_AT,
    SampleLog,
    log_signers,
    sample_log,
    whole_story,
    write_files,
)
from tests.support.verifying import append, payload, refusal, refusal_of, verified

BUNDLE = "tile/entries/000.p/12"
TILE = "tile/0/000.p/12"


@pytest.fixture
def log() -> SampleLog:
    return sample_log(12)


def test_a_valid_log_is_verified_up_to_its_checkpoint(tmp_path: Path) -> None:
    log = whole_story()
    answer = verified(log, tmp_path)
    assert (log.origin, log.size) == (answer.checkpoint.origin, answer.checkpoint.size)
    assert states(idle=(Check.CONSISTENCY, *OF_BUNDLES)) == answer.steps
    assert () == answer.unchecked


def test_every_signature_line_is_counted(log: SampleLog, tmp_path: Path) -> None:
    lines = sum(len(parse_entry(entry).signatures) for entry in log.entries)
    assert lines == verified(log, tmp_path).signatures


def test_files_written_again_and_touched_stay_verified(log: SampleLog, tmp_path: Path) -> None:
    first = verified(log, tmp_path)
    for path in tmp_path.rglob("*"):
        path.touch()
    assert first == verified(log, tmp_path)


def test_a_log_of_genesis_alone_is_verified(tmp_path: Path) -> None:
    assert 1 == verified(sample_log(1), tmp_path).checkpoint.size


@pytest.mark.parametrize("size", [255, 256, 257, 300])
def test_logs_around_the_width_of_a_tile_are_verified(size: int, tmp_path: Path) -> None:
    assert size == verified(sample_log(size), tmp_path).checkpoint.size


# Step 1: the trust root


@pytest.mark.parametrize(
    "change",
    [
        {"origin": "other.example/techledger/0badcafe"},
        {"origin": 5},
        {"log_keys": []},
        {"log_keys": ["no key"]},
        {"log_keys": [None]},
        {"genesis_sha256": "ab"},
        {"policy": "quorum many\n"},
        {"more": 1},
    ],
)
def test_a_malformed_trust_root_is_refused(
    change: dict[str, Any], log: SampleLog, tmp_path: Path
) -> None:
    raw = json.dumps({**json.loads(log.trust_root()), **change}).encode()
    assert Check.TRUST == refusal(log.write(tmp_path), raw).step


@pytest.mark.parametrize(
    "spoil",
    [
        lambda _: b"",
        lambda _: b"[1]",
        lambda _: b'["origin"]',
        lambda raw: raw[:-1],
        lambda raw: raw.replace(b"{", b'{"origin":"a",', 1),
        lambda raw: raw.replace(b'"policy"', b'"police"'),
        lambda _: b"[" * 100_000,
    ],
)
def test_a_trust_root_that_is_no_such_json_is_refused(
    spoil: Any, log: SampleLog, tmp_path: Path
) -> None:
    assert Check.TRUST == refusal(log.write(tmp_path), spoil(log.trust_root())).step


@pytest.mark.parametrize("kept", [0, 1])
def test_a_trust_root_with_one_of_the_two_keys_is_refused_by_all_who_read_one(
    kept: int, log: SampleLog, tmp_path: Path
) -> None:
    """The SDK too, which looks at no entry 0: who has one of the keys would sign alone."""
    trust = json.loads(log.trust_root())
    trust["log_keys"] = [trust["log_keys"][kept]]
    file, raw = tmp_path / "trust.json", json.dumps(trust).encode()
    file.write_bytes(raw)
    assert Check.TRUST == refusal(log.write(tmp_path / "log"), raw).step
    for read, refused in ((client.read_trust, Refused), (read_by_court, court.CheckFailed)):
        with pytest.raises(refused, match="of the types"):
            read(file)


def read_by_court(file: Path) -> court.Trust:
    return court.read_trust(file.read_bytes())


def test_a_key_listed_twice_does_not_count_for_two(log: SampleLog, tmp_path: Path) -> None:
    trust = json.loads(log.trust_root())
    trust["log_keys"] = [trust["log_keys"][0]] * 2
    assert Check.TRUST == refusal(log.write(tmp_path), json.dumps(trust).encode()).step


# Step 2: the checkpoint


def test_an_empty_directory_is_refused_for_its_checkpoint(log: SampleLog, tmp_path: Path) -> None:
    refused = refusal(tmp_path, log.trust_root())
    assert (Check.CHECKPOINT, "checkpoint") == (refused.step, refused.path)


def test_a_checkpoint_of_another_origin_is_refused(log: SampleLog, tmp_path: Path) -> None:
    other = sample_log(12, origin="other.example/techledger/0badcafe")
    files = {**log.files(), "checkpoint": other.checkpoint()}
    assert Check.CHECKPOINT == refusal(write_files(tmp_path, files), log.trust_root()).step


@pytest.mark.parametrize("only", [0, 1])
def test_a_checkpoint_by_one_of_the_logs_two_keys_is_refused(
    only: int, log: SampleLog, tmp_path: Path
) -> None:
    checkpoint = Checkpoint(log.origin, 12, Frontier().extend(log.leaves()).root())
    note = sign_checkpoint(checkpoint, [log_signers()[only]], SIGNED_AT)
    files = {**log.files(), "checkpoint": note}
    assert Check.CHECKPOINT == refusal(write_files(tmp_path, files), log.trust_root()).step


def test_a_checkpoint_without_the_policys_witness_is_refused(
    log: SampleLog, tmp_path: Path
) -> None:
    trust = json.loads(log.trust_root())
    trust["policy"] = f"witness w {format_vkey(witness('w.example'))}\nquorum w\n"
    refused = refusal(log.write(tmp_path), json.dumps(trust).encode())
    assert Check.CHECKPOINT == refused.step


def test_an_endless_checkpoint_is_not_read_to_its_end(log: SampleLog, tmp_path: Path) -> None:
    files = {**log.files(), "checkpoint": bytes(3 << 20)}
    refused = refusal(write_files(tmp_path, files), log.trust_root())
    assert (Check.CHECKPOINT, "checkpoint") == (refused.step, refused.path)


def test_a_line_by_a_key_that_nobody_named_is_unchecked(log: SampleLog, tmp_path: Path) -> None:
    """C2SP has it ignored; anyone who reads the note must not take it for a cosignature."""
    note = parse_note(log.checkpoint())
    (line,) = parse_note(sign_note(note.text, [witness("w.example")], SIGNED_AT)).signatures
    added = format_note(replace(note, signatures=(*note.signatures, line)))
    log.write(tmp_path)
    (tmp_path / "checkpoint").write_bytes(added)
    answer = verify_export(tmp_path, log.trust_root(), workers=1)
    said = f"a line by a key nobody named, {line.name}+{line.key_id.hex()}"
    assert [(log.size, said)] == list(answer.unchecked)
    assert CheckState.UNCHECKED == answer.steps[Check.CHECKPOINT.number - 1]


# Step 3: the tree


@pytest.mark.parametrize("path", [BUNDLE, TILE])
def test_a_missing_file_is_refused_and_named(path: str, log: SampleLog, tmp_path: Path) -> None:
    log.write(tmp_path)
    (tmp_path / path).unlink()
    refused = refusal(tmp_path, log.trust_root())
    assert (Check.TREE, path, 0) == (refused.step, refused.path, refused.position)


@pytest.mark.parametrize("keep", [0, 1, 31, 32, 383])
def test_a_truncated_tile_is_refused(keep: int, log: SampleLog, tmp_path: Path) -> None:
    files = log.files()
    files[TILE] = files[TILE][:keep]
    refused = refusal(write_files(tmp_path, files), log.trust_root())
    assert (Check.TREE, TILE) == (refused.step, refused.path)


def test_a_bundle_truncated_anywhere_is_refused_at_the_entry_it_cuts(
    log: SampleLog, tmp_path: Path
) -> None:
    log.write(tmp_path)
    raw, trust_root = log.files()[BUNDLE], log.trust_root()
    ends = [sum(2 + len(entry) for entry in log.entries[: n + 1]) for n in range(12)]
    for keep in range(0, len(raw), 211):
        (tmp_path / BUNDLE).write_bytes(raw[:keep])
        refused = refusal(tmp_path, trust_root)
        whole = sum(end <= keep for end in ends)
        assert (Check.TREE, BUNDLE, whole) == (refused.step, refused.path, refused.position)


def test_a_last_entry_that_claims_to_be_longer_is_refused(log: SampleLog, tmp_path: Path) -> None:
    """Its bytes are all there, and hash as they should: only the bundle's frame is wrong."""
    raw, at = log.files()[BUNDLE], len(log.files()[BUNDLE]) - len(log.entries[-1]) - 2
    longer = raw[:at] + (len(log.entries[-1]) + 1).to_bytes(2) + raw[at + 2 :]
    write_files(tmp_path, {**log.files(), BUNDLE: longer})
    refused = refusal(tmp_path, log.trust_root())
    assert (Check.TREE, BUNDLE, 11) == (refused.step, refused.path, refused.position)


@pytest.mark.parametrize("path", [BUNDLE, TILE, "checkpoint"])
@pytest.mark.parametrize("junk", [b"\0", b"\n", b"\0\0", bytes(32)])
def test_bytes_behind_the_end_are_refused(
    path: str, junk: bytes, log: SampleLog, tmp_path: Path
) -> None:
    files = log.files()
    files[path] += junk
    refused = refusal(write_files(tmp_path, files), log.trust_root())
    assert (Check.CHECKPOINT if path == "checkpoint" else Check.TREE) == refused.step


@pytest.mark.parametrize("path", [BUNDLE, TILE])
def test_two_entries_swapped_are_refused_at_the_first(
    path: str, log: SampleLog, tmp_path: Path
) -> None:
    files = log.files()
    swapped = list(log.entries)
    swapped[4], swapped[7] = swapped[7], swapped[4]
    leaves = [leaf_hash(entry) for entry in swapped]
    files[path] = format_bundle(swapped) if path == BUNDLE else b"".join(leaves)
    refused = refusal(write_files(tmp_path, files), log.trust_root())
    assert (Check.TREE, 4) == (refused.step, refused.position)


def test_entries_and_tiles_rewritten_alike_do_not_lead_to_the_signed_root(
    log: SampleLog, tmp_path: Path
) -> None:
    forged = sample_log(11)
    append(forged, payload(forged))
    files = {**forged.files(), "checkpoint": log.checkpoint()}
    refused = refusal(write_files(tmp_path, files), log.trust_root())
    assert (Check.TREE, None) == (refused.step, refused.position)


def test_an_entry_beyond_the_checkpoint_is_refused(log: SampleLog, tmp_path: Path) -> None:
    files = {**sample_log(13).files(), "checkpoint": log.checkpoint()}
    assert Check.TREE == refusal(write_files(tmp_path, files), log.trust_root()).step


def test_a_checkpoint_beyond_the_entries_is_refused(log: SampleLog, tmp_path: Path) -> None:
    files = {**log.files(), "checkpoint": sample_log(13).checkpoint()}
    assert Check.TREE == refusal(write_files(tmp_path, files), log.trust_root()).step


def test_a_checkpoint_of_a_monstrous_size_is_refused_at_once(
    log: SampleLog, tmp_path: Path
) -> None:
    root = Frontier().extend(log.leaves()).root()
    note = sign_checkpoint(Checkpoint(log.origin, 2**62, root), log_signers(), SIGNED_AT)
    files = {**log.files(), "checkpoint": note}
    assert Check.TREE == refusal(write_files(tmp_path, files), log.trust_root()).step


@pytest.mark.parametrize(
    "path",
    [
        "tile/0/000.p/11",
        "tile/entries/000.p/1",
        "tile/data/000",
        "tile/0/0",
        "tile/0/000.p/012",
        "checkpoint.old",
        "README",
        "tile/7/000",
        "tile/63/000.p/1",
        "tile/0/000.p/12.gz",
    ],
)
def test_a_file_that_is_none_of_the_logs_is_refused_and_named(
    path: str, log: SampleLog, tmp_path: Path
) -> None:
    log.write(tmp_path)
    write_files(tmp_path, {path: b"?"})
    refused = refusal(tmp_path, log.trust_root())
    assert (Check.TREE, path) == (refused.step, refused.path)


@pytest.mark.parametrize("path", ["x", "tile/64x", "tile/0/hidden", "tile/0/000.p/12x"])
def test_an_empty_directory_is_nothing_of_a_log(path: str, log: SampleLog, tmp_path: Path) -> None:
    (log.write(tmp_path) / path).mkdir(parents=True)
    refused = refusal(tmp_path, log.trust_root())
    assert (Check.TREE, path) == (refused.step, refused.path)


@pytest.mark.parametrize(
    "path", ["tile/7", "tile/0/x001", "tile/0/005.p", "tile/entries/x001/002.p"]
)
def test_a_directory_that_an_interrupted_export_made_is_passed_over(
    path: str, log: SampleLog, tmp_path: Path
) -> None:
    (log.write(tmp_path) / path).mkdir(parents=True)
    assert () == verify_export(tmp_path, log.trust_root(), workers=1).unchecked


@pytest.mark.parametrize(
    "path",
    ["tile/0/000", "tile/0/000.p/13", "tile/0/001.p/1", "tile/1/000", "tile/entries/001", ".new"],
)
def test_a_file_of_a_larger_log_is_passed_over_and_said_to_be_unchecked(
    path: str, log: SampleLog, tmp_path: Path
) -> None:
    log.write(tmp_path)
    write_files(tmp_path, {path: b"?"})
    answer = verify_export(tmp_path, log.trust_root(), workers=1)
    assert ((12, f"1 files beside it, {path} first"),) == answer.unchecked
    assert CheckState.UNCHECKED == answer.steps[Check.TREE.number - 1]


@pytest.mark.parametrize("old", [1, 11])
def test_a_partial_tile_of_an_earlier_size_must_say_what_the_tile_of_now_says(
    old: int, log: SampleLog, tmp_path: Path
) -> None:
    earlier = {path: raw for path, raw in log.files(old).items() if path != "checkpoint"}
    write_files(log.write(tmp_path), earlier)
    answer = verify_export(tmp_path, log.trust_root(), workers=1)
    assert () == answer.unchecked
    for path, raw in earlier.items():
        for wrong in (flip(raw, len(raw) - 1), raw[:-1], raw + b"\x00"):
            (tmp_path / path).write_bytes(wrong)
            refused = refusal(tmp_path, log.trust_root())
            assert (Check.TREE, path) == (refused.step, refused.path)
        (tmp_path / path).write_bytes(raw)


@pytest.mark.parametrize("path", [TILE, "tile/0/000.p", "tile"])
def test_a_link_is_refused_where_a_file_or_directory_belongs(
    path: str, log: SampleLog, tmp_path: Path
) -> None:
    log.write(tmp_path / "log")
    moved = (tmp_path / "log" / path).rename(tmp_path / "moved")
    (tmp_path / "log" / path).symlink_to(moved)
    refused = refusal(tmp_path / "log", log.trust_root())
    assert (Check.TREE, path) == (refused.step, refused.path)


# Step 4: genesis


def test_another_first_entry_than_the_trusted_one_is_refused(
    log: SampleLog, tmp_path: Path
) -> None:
    trust = {**json.loads(log.trust_root()), "genesis_sha256": "0" * 64}
    refused = refusal(log.write(tmp_path), json.dumps(trust).encode())
    assert (Check.GENESIS, 0) == (refused.step, refused.position)


def test_a_signed_checkpoint_of_an_empty_log_is_refused_for_lack_of_genesis(
    log: SampleLog, tmp_path: Path
) -> None:
    note = sign_checkpoint(Checkpoint(log.origin, 0, EMPTY_ROOT), log_signers(), SIGNED_AT)
    refused = refusal(write_files(tmp_path, {"checkpoint": note}), log.trust_root())
    assert (Check.GENESIS, 0) == (refused.step, refused.position)


def test_genesis_must_name_every_key_that_the_trust_root_pins(
    log: SampleLog, tmp_path: Path
) -> None:
    note, vkeys = log.checkpoint_by_another_too()
    log.write(tmp_path)
    write_files(tmp_path, {"checkpoint": note})
    trust = {**json.loads(log.trust_root()), "log_keys": vkeys}
    refused = refusal(tmp_path, json.dumps(trust).encode())
    assert (Check.GENESIS, 0) == (refused.step, refused.position)


def test_genesis_must_name_the_policy_that_the_trust_root_pins(
    log: SampleLog, tmp_path: Path
) -> None:
    trust = {**json.loads(log.trust_root()), "policy": "# mine\nquorum none\n"}
    refused = refusal(log.write(tmp_path), json.dumps(trust).encode())
    assert (Check.GENESIS, 0) == (refused.step, refused.position)


def test_genesis_must_stand_at_position_0(log: SampleLog, tmp_path: Path) -> None:
    trust_root = log.trust_root()
    log.entries.insert(0, log.entries[3])
    refused = refusal(log.write(tmp_path), trust_root)
    assert (Check.GENESIS, 0) == (refused.step, refused.position)


def test_a_trusted_first_entry_that_opens_no_ledger_is_refused(tmp_path: Path) -> None:
    log = SampleLog()
    append(log, payload(log))
    refused = refusal_of(log, tmp_path)
    assert (Check.GENESIS, 0) == (refused.step, refused.position)


# Step 9: an earlier checkpoint


@pytest.mark.parametrize("old", [1, 11, 12])
def test_an_earlier_checkpoint_of_the_same_log_is_consistent(
    old: int, log: SampleLog, tmp_path: Path
) -> None:
    answer = verified(log, tmp_path, previous=log.checkpoint(old))
    assert states(idle=OF_BUNDLES) == answer.steps


@pytest.mark.parametrize("old", [1, 255, 256, 299])
def test_consistency_is_proved_across_tiles(old: int, tmp_path: Path) -> None:
    log = sample_log(300)
    answer = verified(log, tmp_path, previous=log.checkpoint(old))
    assert states(idle=OF_BUNDLES) == answer.steps


@pytest.mark.parametrize("size", [11, 12, 13])
def test_an_earlier_checkpoint_of_another_history_is_refused(
    size: int, log: SampleLog, tmp_path: Path
) -> None:
    fork = sample_log(size - 1)
    append(fork, payload(fork))
    refused = refusal_of(log, tmp_path, previous=fork.checkpoint())
    assert Check.CONSISTENCY == refused.step


def test_an_earlier_checkpoint_of_another_log_is_refused(log: SampleLog, tmp_path: Path) -> None:
    other = sample_log(5, origin="other.example/techledger/0badcafe")
    assert Check.CONSISTENCY == refusal_of(log, tmp_path, previous=other.checkpoint()).step


def test_what_changes_between_the_two_readings_is_refused(tmp_path: Path) -> None:
    log = sample_log(12)
    other = sample_log(11)
    append(other, payload(other))
    log.write(tmp_path)

    def swap(step: Check, _done: int, _total: int) -> None:
        if step is Check.TREE:
            (tmp_path / BUNDLE).write_bytes(other.files()[BUNDLE])

    refused = refusal(tmp_path, log.trust_root(), progress=swap)
    assert (Check.TREE, "changed while it was verified") == (refused.step, refused.reason)


def test_progress_is_told_for_both_passes(tmp_path: Path) -> None:
    told: list[tuple[Check, int, int]] = []
    log = sample_log(300)
    verify_export(
        log.write(tmp_path), log.trust_root(), workers=1, progress=lambda *seen: told.append(seen)
    )
    expected = [(step, done, 2) for step in (Check.TREE, Check.SIGNATURES) for done in (1, 2)]
    assert expected == told
