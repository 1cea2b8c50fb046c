"""A mirror takes in what leads to a signed root, and nothing else, whatever it is offered."""

from pathlib import Path

import pytest

from ledger.audit import exported_checkpoint
from ledger.log.checkpoint import Checkpoint, sign_checkpoint
from ledger.log.note import parse_vkey
from ledger.log.tiles import entries_path, tile_path
from ledger.mirror import Forked, NotAuthentic, follow
from ledger.verify.verifier import verify_export
from tests.support.log import flip, format_vkey
from tests.support.sample_log import ORIGIN, SIGNED_AT, SampleLog, log_signers, sample_log
from tests.support.verifying import append, payload
from tests.unit.test_audit_export import MemoryLog, Power, files_in

SIZES = (1, 12, 255, 256, 257, 512, 600)
KEYS = tuple(parse_vkey(format_vkey(signer)) for signer in log_signers())


@pytest.fixture(scope="module")
def log() -> SampleLog:
    return sample_log(600)


class Lying(MemoryLog):
    """A source that flips a byte of one of its files."""

    def __init__(self, log: SampleLog, path: str, at: int, size: int | None = None) -> None:
        super().__init__(log, size)
        self._files = {**self._files, path: flip(self._files[path], at)}


def test_a_mirror_grows_with_the_log_and_is_what_an_export_is(log: SampleLog, tmp_path: Path):
    for size in SIZES:
        source = MemoryLog(log, size)
        done = follow(source, tmp_path / "mirror", ORIGIN, KEYS)
        assert size == done.checkpoint.size
        assert log.files(size) == files_in(tmp_path / "mirror")
    verify_export(tmp_path / "mirror", log.trust_root(), workers=1)
    again = MemoryLog(log)
    assert 0 == follow(again, tmp_path / "mirror", ORIGIN, KEYS).files


@pytest.mark.parametrize("size", [12, 256, 600])
def test_a_flipped_byte_of_any_file_is_not_taken_in(size: int, log: SampleLog, tmp_path: Path):
    files = log.files(size)
    for number, (path, content) in enumerate(sorted(files.items())):
        for at in {0, len(content) // 2, len(content) - 1}:
            directory = tmp_path / f"{number}-{at}"
            with pytest.raises(NotAuthentic):
                follow(Lying(log, path, at, size), directory, ORIGIN, KEYS)
            assert not (directory / "checkpoint").exists()
            assert all(files[each] == raw for each, raw in files_in(directory).items())


def test_power_that_fails_anywhere_costs_nothing(log: SampleLog, tmp_path: Path):
    follow(MemoryLog(log, 257), tmp_path / "mirror", ORIGIN, KEYS)
    for reads in range(40):
        try:
            follow(MemoryLog(log, 600, reads), tmp_path / "mirror", ORIGIN, KEYS)
        except Power:
            assert exported_checkpoint(tmp_path / "mirror").size in (257, 600)
    follow(MemoryLog(log, 600), tmp_path / "mirror", ORIGIN, KEYS)
    assert log.files() == files_in(tmp_path / "mirror")


def test_a_checkpoint_of_another_or_without_a_key_is_no_evidence(log: SampleLog, tmp_path: Path):
    with pytest.raises(NotAuthentic):
        follow(MemoryLog(log, 12), tmp_path / "mirror", "another.origin", KEYS)
    one = MemoryLog(log, 12)
    classical = log_signers()[0]
    checkpoint = Checkpoint(ORIGIN, 12, bytes(32))
    one._files = {**one._files, "checkpoint": sign_checkpoint(checkpoint, [classical], SIGNED_AT)}
    with pytest.raises(NotAuthentic):
        follow(one, tmp_path / "mirror", ORIGIN, KEYS)
    assert not (tmp_path / "mirror").exists()


def test_a_fork_and_a_rollback_are_kept_as_evidence(log: SampleLog, tmp_path: Path):
    mirror = tmp_path / "mirror"
    follow(MemoryLog(log, 257), mirror, ORIGIN, KEYS)
    before = files_in(mirror)
    other = sample_log(12)
    while other.size < 300:
        append(other, payload(other))
    for offered in (MemoryLog(log, 256), MemoryLog(other, 257), MemoryLog(other)):
        with pytest.raises(Forked) as caught:
            follow(offered, mirror, ORIGIN, KEYS)
        kept = {path.read_bytes() for path in caught.value.evidence.iterdir()}
        assert {before["checkpoint"], offered.checkpoint()} <= kept
        assert before == files_in(mirror)
    follow(MemoryLog(log, 600), mirror, ORIGIN, KEYS)


def test_nothing_is_asked_for_twice_that_is_there(log: SampleLog, tmp_path: Path):
    follow(MemoryLog(log, 512), tmp_path / "mirror", ORIGIN, KEYS)
    source = MemoryLog(log, 600)
    follow(source, tmp_path / "mirror", ORIGIN, KEYS)
    assert entries_path(0) not in source.read
    assert tile_path(0, 2, 88) in source.read
