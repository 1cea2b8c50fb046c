"""What the times in checkpoints say of entries: nothing is older than one without it (step 9)."""

import json
import re
import shutil
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from ledger import court
from ledger.log.checkpoint import Checkpoint, sign_checkpoint
from ledger.log.dating import bounds_of, seen_path
from ledger.log.note import parse_vkey
from ledger.log.proof import prove_consistency
from ledger.verify.evidence_check import verify_evidence
from ledger.verify.outcome import Check, CheckState, Refused
from ledger.verify.verifier import verify_export, verify_receipt
from ledger.wire.instant import format_instant
from tests.support.builders import RIVAL
from tests.support.log import MemoryHashes
from tests.support.reference_evidence import verify_evidence as by_parts
from tests.support.sample_log import (
    ORIGIN,
    SampleLog,
    log_signers,
    party_key,
    sample_log,
    write_files,
)
from tests.support.verifying import (
    append,
    bundle_of,
    payload,
    refusal,
    refusal_of,
    verified,
    whole_bundle,
)


@pytest.fixture
def log() -> SampleLog:
    return sample_log(12)


def test_a_witness_may_be_a_minute_behind_and_the_log_not_a_second(log: SampleLog) -> None:
    note = log.checkpoint()
    own, verifiers = log.signed_at(), [*map(parse_vkey, json.loads(log.trust_root())["log_keys"])]
    later = lambda seconds: format_instant(datetime.fromtimestamp(own + seconds, UTC))  # noqa: E731
    assert (12, later(0), later(1)) == bounds_of(note, verifiers)
    assert (12, later(0), later(1)) == bounds_of(note, verifiers, [own, own + 5])
    assert (12, later(0), later(-9 + 61 - 60)) == bounds_of(note, verifiers, [own - 69])


def seen_at(log: SampleLog, seconds: float, size: int | None = None) -> bytes:
    """Return a checkpoint signed so long after the last entry of a log was accepted."""
    earlier = replace(log, signed=int(log.signed_at(size) + seconds))
    return earlier.checkpoint(size)


def test_an_entry_dated_before_a_checkpoint_that_was_seen_without_it_is_refused(
    log: SampleLog, tmp_path: Path
) -> None:
    """An operator signed size 12, at rest, and dates what comes then by a second earlier."""
    previous = seen_at(log, 60)
    append(log, payload(log), accepted=log.now + timedelta(seconds=59.999))
    append(log, payload(log), accepted=log.now + timedelta(seconds=600))
    refused = refusal_of(log, tmp_path, previous=previous)
    assert (Check.CONSISTENCY, 12) == (refused.step, refused.position)
    assert "before a checkpoint of size 12 was signed without it" in refused.reason


def test_an_entry_of_the_very_second_stands(log: SampleLog, tmp_path: Path) -> None:
    previous = seen_at(log, 60)
    append(log, payload(log), accepted=log.now + timedelta(seconds=60))
    assert 13 == verified(log, tmp_path, previous=previous).checkpoint.size


def test_a_receipt_is_held_to_a_checkpoint_that_was_kept(log: SampleLog) -> None:
    """Of the same tree nothing is left open; of another one whether the log continues it is."""
    root, small = log.trust_root(), seen_at(log, 0, 5)
    kept = {5: small, 12: log.checkpoint()}
    append(log, payload(log), accepted=log.now + timedelta(seconds=60))
    for size, state in {
        5: CheckState.UNCHECKED,
        12: CheckState.UNCHECKED,
        13: CheckState.PASSED,
    }.items():
        previous = kept.get(size, log.checkpoint())
        answer = verify_receipt(log.proof(3), log.entries[3], root, previous=previous)
        assert state == answer.steps[list(Check).index(Check.CONSISTENCY)]
        said = "whether the log continues what it was: an export shows it"
        assert (state == CheckState.UNCHECKED) == ((3, said) in answer.unchecked)


@pytest.mark.parametrize("size", [3, 4, 8])
def test_a_receipt_shows_by_itself_the_prefixes_that_its_proof_leads_to(
    size: int, log: SampleLog
) -> None:
    """Up to its entry, with it, and to the end of a hash in its proof."""
    root = log.trust_root()
    answer = verify_receipt(log.proof(3), log.entries[3], root, previous=seen_at(log, 0, size))
    assert CheckState.PASSED == answer.steps[list(Check).index(Check.CONSISTENCY)]
    fork = sign_checkpoint(Checkpoint(log.origin, size, bytes(32)), log_signers(), log.signed_at(4))
    with pytest.raises(Refused, match=f"step 9 .* two trees of size {size}"):
        verify_receipt(log.proof(3), log.entries[3], root, previous=fork)


def test_a_receipt_that_a_checkpoint_contradicts_that_was_kept_is_refused(log: SampleLog) -> None:
    """Back-dated to before it; of another tree; of a log that went back to a smaller size."""
    root, previous = log.trust_root(), seen_at(log, 60)
    smaller = replace(log, signed=int(log.signed_at() + 1000)).proof(3)
    append(log, payload(log), accepted=log.now + timedelta(seconds=59.999))
    for receipt, position, kept, reason in (
        (log.proof(12), 12, previous, "before a checkpoint of size 12 was signed without it"),
        (log.proof(3), 3, sample_log(13).checkpoint(), "two trees of size 13"),
        (smaller, 3, log.checkpoint(), "signed size 12 after size 13"),
        (log.proof(3), 3, b"nothing", ""),
    ):
        with pytest.raises(Refused) as caught:
            verify_receipt(receipt, log.entries[position], root, previous=kept)
        assert Check.CONSISTENCY == caught.value.step
        assert reason in caught.value.reason


def test_a_checkpoint_that_was_seen_is_no_older_than_its_last_entry(
    log: SampleLog, tmp_path: Path
) -> None:
    previous = seen_at(log, -1)
    append(log, payload(log), accepted=log.now + timedelta(seconds=60))
    refused = refusal_of(log, tmp_path, previous=previous)
    assert (Check.CONSISTENCY, 11) == (refused.step, refused.position)


def test_a_time_in_the_far_future_holds_back_what_it_does_not_cover_alone(
    log: SampleLog, tmp_path: Path
) -> None:
    previous = seen_at(log, 30_000_000_000)  # In the year 2977.
    assert 12 == verified(log, tmp_path / "same", previous=previous).checkpoint.size
    append(log, payload(log))
    refused = refusal_of(log, tmp_path / "more", previous=previous)
    assert (Check.CONSISTENCY, 12) == (refused.step, refused.position)


@pytest.mark.parametrize(("size", "seconds"), [(12, 60), (5, 3600)])
def test_notes_that_an_export_kept_are_held_to_the_log_too(
    size: int, seconds: float, log: SampleLog, tmp_path: Path
) -> None:
    append(log, payload(log), accepted=log.now + timedelta(seconds=59))
    good, bad = seen_at(log, 0, size), seen_at(log, seconds, size)
    write_files(tmp_path, {**log.files(), seen_path(size, good): good})
    answer = verify_export(tmp_path, log.trust_root(), workers=1)
    assert CheckState.PASSED == answer.steps[Check.CONSISTENCY.number - 1]
    write_files(tmp_path, {seen_path(size, bad): bad})
    refused = refusal(tmp_path, log.trust_root())
    assert (Check.CONSISTENCY, size) == (refused.step, refused.position)


def test_a_kept_note_that_is_wrong_is_refused_by_its_name(log: SampleLog, tmp_path: Path) -> None:
    five, fork = log.checkpoint(5), sample_log(7)
    append(fork, payload(fork, signers=[RIVAL]), [party_key(RIVAL)])
    forged = five.replace(b"\n5\n", b"\n6\n")
    wrong = {
        seen_path(6, five): five,
        seen_path(6, forged): forged,
        seen_path(7, b"no note"): b"no note",
        seen_path(5, b"other"): five,
        seen_path(8, fork.checkpoint()): fork.checkpoint(),
        # Of a larger log nothing more is looked at.
        seen_path(20, fork.checkpoint()): fork.checkpoint(),
        seen_path(20, b"no note"): b"no note",
        seen_path(13, b"other"): sample_log(13).checkpoint(),
    }
    for path, note in wrong.items():
        write_files(tmp_path, {**log.files(), path: note})
        refused = refusal(tmp_path, log.trust_root())
        assert (Check.CONSISTENCY, path) == (refused.step, refused.path)
        shutil.rmtree(tmp_path / "checkpoints")
    write_files(tmp_path, {f"checkpoints/08/{'0' * 64}": log.checkpoint(8)})
    assert Check.TREE == refusal(tmp_path, log.trust_root()).step


def test_a_kept_note_of_a_larger_log_is_passed_over_and_said_to_be_unchecked(
    log: SampleLog, tmp_path: Path
) -> None:
    path = seen_path(12, log.checkpoint())
    write_files(tmp_path, {**log.files(8), path: log.checkpoint()})
    answer = verify_export(tmp_path, log.trust_root(), workers=1)
    assert f"1 files beside it, {path} first" in answer.unchecked[-1][1]


@pytest.mark.parametrize("seconds", [59, 60])
def test_a_bundle_is_held_to_the_earlier_checkpoints_in_it(seconds: int, log: SampleLog) -> None:
    previous, trust = seen_at(log, 60), log.trust_root()
    append(log, payload(log), accepted=log.now + timedelta(seconds=seconds))
    proof = tuple(prove_consistency(12, 13, MemoryHashes(log.leaves())))
    bundle = bundle_of(log, range(13), earlier=((previous, proof),))
    if seconds == 60:
        assert 13 == by_parts(bundle, trust).checkpoint.size == court.verify(bundle, trust).size
        return
    with pytest.raises(court.Refused) as theirs:
        court.verify(bundle, trust)
    with pytest.raises(Refused) as ours:
        by_parts(bundle, trust)
    assert (9, 12) == (theirs.value.step, theirs.value.position)
    assert (9, 12) == (ours.value.step.number, ours.value.position)


def test_a_charter_and_a_receipt_are_held_to_each_other(log: SampleLog) -> None:
    """The bundle's checkpoint was signed at rest, without the entry that the receipt is of."""
    trust, charter = log.trust_root(), bundle_of(replace(log, signed=log.signed_at() + 60), [0])
    append(log, payload(log), accepted=log.now + timedelta(seconds=59))
    receipt = log.proof(12), log.entries[12], trust
    assert 12 == verify_receipt(*receipt).position
    with pytest.raises(Refused, match="signed without it") as refused:
        verify_receipt(*receipt, charter)
    assert (Check.IDENTITY, 12) == (refused.value.step, refused.value.position)


def test_when_and_by_whom_a_checkpoint_was_signed_is_said_of_logs_and_receipts_too(
    log: SampleLog, tmp_path: Path
) -> None:
    far = replace(log, signed=7_258_118_400)  # The year 2200.
    root = far.trust_root()
    for answer in (
        verify_export(far.write(tmp_path), root, workers=1),
        verify_receipt(far.proof(3), far.entries[3], root),
        verify_evidence(whole_bundle(far), root),
    ):
        told = f"signed 2200-01-01T00:00:00.000Z by {ORIGIN}, [0-9]+ days from now"
        assert re.search(told, answer.report())
        said = [{"by": ORIGIN, "at": "2200-01-01T00:00:00.000Z"}]
        assert said == answer.to_json()["signed"]


def test_a_checkpoint_of_a_time_that_no_date_has_is_refused(log: SampleLog, tmp_path: Path) -> None:
    """It was printed as one of the year 6325."""
    for late in (32_503_680_000, 2**37, 2**62):
        refused = refusal_of(replace(log, signed=late), tmp_path)
        assert Check.CHECKPOINT == refused.step, late
        assert "before the year 3000" in refused.reason
    last = verified(replace(log, signed=32_503_679_999), tmp_path)
    assert [{"by": ORIGIN, "at": "2999-12-31T23:59:59.000Z"}] == last.to_json()["signed"]


def test_a_time_that_is_still_to_come_has_no_negative_age(log: SampleLog) -> None:
    log.signed = int(datetime.now(UTC).timestamp()) + 3 * 86400 + 60
    (signed,) = [
        line
        for line in court.verify(bundle_of(log, range(12)), log.trust_root()).lines()
        if line.startswith("signed ")
    ]
    assert signed.endswith(f" by {log.origin}, 3 days from now")
