"""Exports: a directory that holds its checkpoint's log and nothing else, at every moment."""

import os
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from ledger.follow.audit import (
    ExportRefused,
    NothingExported,
    SourceBehind,
    export,
    exported_checkpoint,
    exported_entries,
)
from ledger.log.checkpoint import Checkpoint, sign_checkpoint
from ledger.log.dating import seen_path
from ledger.log.merkle import EMPTY_ROOT
from ledger.log.tiles import (
    TILE_WIDTH,
    entries_path,
    parse_tile_path,
    tile_path,
    tile_width,
)
from ledger.verify.outcome import Check, Refused
from ledger.verify.verifier import verify_export
from tests.support.sample_log import SIGNED_AT, SampleLog, log_signers, sample_log, write_files
from tests.support.verifying import append, payload

SIZES = (1, 12, 255, 256, 257, 512, 600)


class Power(Exception):
    """The power fails."""


class MemoryLog:
    """The first `size` entries of a sample log as a `Source`; the power may fail after `reads`."""

    def __init__(self, log: SampleLog, size: int | None = None, reads: int = 1 << 30) -> None:
        self._files = log.files(size)
        self._left = reads
        self.listed: list[bytes] = []
        self.read: list[str] = []

    def checkpoint(self) -> bytes:
        return self._files["checkpoint"]

    def fetch(self, level: int, n: int, width: int) -> bytes:
        return self._get(tile_path(level, n, width))

    def fetch_bundle(self, n: int, width: int) -> bytes:
        return self._get(entries_path(n, width))

    def signed(self, size: int) -> list[bytes]:
        return [note for note in self.listed if f"\n{size}\n".encode() in note]

    def _get(self, path: str) -> bytes:
        self._left -= 1
        if self._left < 0:
            raise Power
        self.read.append(path)
        if path not in self._files:
            raise NothingExported(path)
        return self._files[path]


@pytest.fixture(scope="module")
def log() -> SampleLog:
    return sample_log(600)


def files_in(directory: Path) -> dict[str, bytes]:
    """Return every file below a directory, by path."""
    return {
        path.relative_to(directory).as_posix(): path.read_bytes()
        for path in directory.rglob("*")
        if path.is_file()
    }


@pytest.mark.parametrize("size", SIZES)
def test_an_export_is_the_log_of_its_checkpoint_and_no_more(
    size: int, log: SampleLog, tmp_path: Path
) -> None:
    done = export(MemoryLog(log, size), tmp_path / "new" / "log")
    assert log.files(size) == files_in(tmp_path / "new" / "log")
    assert (size, len(log.files(size)) - 1) == (done.checkpoint.size, done.files)


def test_exporting_again_reads_nothing_and_changes_nothing(log: SampleLog, tmp_path: Path) -> None:
    export(MemoryLog(log), tmp_path)
    source = MemoryLog(log)
    assert 0 == export(source, tmp_path).files
    assert [] == source.read
    assert log.files() == files_in(tmp_path)


@pytest.mark.parametrize("new", SIZES[1:])
@pytest.mark.parametrize("old", SIZES[:-1])
def test_a_later_export_adds_what_is_new_and_equals_a_fresh_one(
    old: int, new: int, log: SampleLog, tmp_path: Path
) -> None:
    if old > new:
        old, new = new, old
    export(MemoryLog(log, old), tmp_path)
    export(MemoryLog(log, new), tmp_path)
    assert log.files(new) == current(tmp_path, new)
    assert () == verify_export(tmp_path, log.trust_root(), workers=1).unchecked


def current(directory: Path, size: int) -> dict[str, bytes]:
    """Return the files of a directory but for partial tiles of earlier sizes, not yet full.

    And but for notes of earlier sizes.
    """
    there = {path: raw for path, raw in files_in(directory).items() if "checkpoints/" not in path}
    for path in list(there.keys() - {"checkpoint"}):
        tile = parse_tile_path(path)
        now = tile_width(tile.level or 0, tile.index, size)
        if tile.width < now < TILE_WIDTH:
            del there[path]
    return there


def test_the_notes_that_were_seen_stay_beside(log: SampleLog, tmp_path: Path) -> None:
    """What is shown, what is listed of its size, and what was shown before."""
    resting = replace(log, signed=log.signed_at(12) + 60)
    source = MemoryLog(resting, 12)
    source.listed = [log.checkpoint(12), resting.checkpoint(12), log.checkpoint(11)]
    for _ in range(2):
        export(source, tmp_path)
        kept = seen_path(12, log.checkpoint(12))
        assert {**resting.files(12), kept: log.checkpoint(12)} == files_in(tmp_path)
    export(MemoryLog(log, 300), tmp_path)
    kept = {log.checkpoint(12), resting.checkpoint(12)}
    assert {seen_path(12, note): note for note in kept} == {
        path: raw for path, raw in files_in(tmp_path).items() if "checkpoints/" in path
    }
    # The log was signed at rest when its next entries had been accepted: who kept it can tell.
    assert (Check.CONSISTENCY, 12) == _refused_at(tmp_path, log)


def _refused_at(directory: Path, log: SampleLog) -> tuple[Check, int | None]:
    with pytest.raises(Refused) as refused:
        verify_export(directory, log.trust_root(), workers=1)
    return refused.value.step, refused.value.position


def test_whole_tiles_are_read_once(log: SampleLog, tmp_path: Path) -> None:
    export(MemoryLog(log, 300), tmp_path)
    source = MemoryLog(log, 600)
    export(source, tmp_path)
    of_first_tile = {"tile/entries/000"} & set(source.read)
    assert set() == of_first_tile


def test_wherever_an_export_is_interrupted_the_next_one_finishes_it(
    log: SampleLog, tmp_path: Path
) -> None:
    needed = len(log.files()) - 1
    for reads in range(needed):
        directory = tmp_path / str(reads)
        export(MemoryLog(log, 12), directory)
        with pytest.raises(Power):
            export(MemoryLog(log, reads=reads), directory)
        assert 12 == exported_checkpoint(directory).size
        export(MemoryLog(log), directory)
        assert log.files() == current(directory, 600)


def test_where_nothing_can_be_written_beside_it_an_unfinished_file_lies_in_it(
    log: SampleLog, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    directory = tmp_path / "log"
    export(MemoryLog(log, 12), directory)
    monkeypatch.setattr(os, "access", lambda _path, _mode: False)
    with pytest.raises(Power):
        export(MemoryLog(log, 300, reads=3), directory)
    export(MemoryLog(log, 300), directory)
    assert log.files(300) == current(directory, 300)
    assert ["log"] == [path.name for path in tmp_path.iterdir()]


class Copying(MemoryLog):
    """A source whose export is copied before each of its files is written."""

    def __init__(self, log: SampleLog, size: int, directory: Path, copies: Path) -> None:
        super().__init__(log, size)
        self._directory, self._copies, self.count = directory, copies, 0

    def _get(self, path: str) -> bytes:
        self.count += 1
        shutil.copytree(self._directory, self._copies / str(self.count))
        return super()._get(path)


def test_a_copy_of_an_export_that_is_being_written_is_a_log(log: SampleLog, tmp_path: Path) -> None:
    directory, old = tmp_path / "log", 300
    export(MemoryLog(log, old), directory)
    source = Copying(log, 600, directory, tmp_path / "copies")
    export(source, directory)
    for copy in (tmp_path / "copies").iterdir():
        answer = verify_export(copy, log.trust_root(), workers=1)
        assert old == answer.checkpoint.size
    # One that took the checkpoint first, and the rest when all was written.
    late = tmp_path / "late"
    shutil.copytree(directory, late)
    (late / "checkpoint").write_bytes(log.files(old)["checkpoint"])
    answer = verify_export(late, log.trust_root(), workers=1)
    assert (old, 1) == (answer.checkpoint.size, len(answer.unchecked))
    verify_export(directory, log.trust_root(), workers=1)


def test_partial_tiles_stay_until_the_full_one_is_there(log: SampleLog, tmp_path: Path) -> None:
    for size in (12, 200, 255):
        export(MemoryLog(log, size), tmp_path)
        assert verify_export(tmp_path, log.trust_root(), workers=1).unchecked == ()
    partial = {f"tile/{kind}/000.p/{size}" for kind in ("0", "entries") for size in (12, 200, 255)}
    assert partial < files_in(tmp_path).keys()
    export(MemoryLog(log, 300), tmp_path)
    assert log.files(300) == current(tmp_path, 300)
    assert not list(tmp_path.rglob("*.p/255"))
    export(MemoryLog(log, 600), tmp_path)
    assert "tile/1/000.p/1" in files_in(tmp_path)
    assert log.files(600) == current(tmp_path, 600)


def test_a_half_written_file_of_an_interrupted_export_is_overwritten(
    log: SampleLog, tmp_path: Path
) -> None:
    """It lies beside the directory: a copy of a log that is being written has nothing else."""
    (tmp_path / ".log.new").write_bytes(b"half")
    (tmp_path / "log.new").write_bytes(b"mine")
    export(MemoryLog(log, 12), tmp_path / "log")
    assert log.files(12) == files_in(tmp_path / "log")
    assert not (tmp_path / ".log.new").exists()
    assert b"mine" == (tmp_path / "log.new").read_bytes()


def test_a_source_that_shrank_is_refused_and_nothing_is_touched(
    log: SampleLog, tmp_path: Path
) -> None:
    export(MemoryLog(log, 300), tmp_path)
    with pytest.raises(SourceBehind):
        export(MemoryLog(log, 299), tmp_path)
    assert log.files(300) == files_in(tmp_path)


@pytest.mark.parametrize("size", [12, 300])
def test_a_source_that_forked_is_refused_and_nothing_is_touched(
    size: int, log: SampleLog, tmp_path: Path
) -> None:
    export(MemoryLog(log, 12), tmp_path)
    fork = sample_log(11)
    append(fork, payload(fork))
    fork.entries += log.entries[12:size]
    with pytest.raises(ExportRefused):
        export(MemoryLog(fork), tmp_path)
    assert log.files(12) == files_in(tmp_path)


def test_a_source_of_another_origin_is_refused(log: SampleLog, tmp_path: Path) -> None:
    export(MemoryLog(log, 12), tmp_path)
    with pytest.raises(ExportRefused, match="the source is other"):
        export(MemoryLog(sample_log(20, origin="other.example/techledger/0badcafe")), tmp_path)


def test_files_of_others_are_left_alone_for_the_verifier_to_name(
    log: SampleLog, tmp_path: Path
) -> None:
    strangers = {"README": b"mine", "tile/0/000.p/notes": b"mine", "tile/0/000.p/99": b"mine"}
    write_files(tmp_path, strangers)
    export(MemoryLog(log, 12), tmp_path)
    assert {**log.files(12), **strangers} == files_in(tmp_path)


def test_an_export_is_what_the_verifier_verifies(log: SampleLog, tmp_path: Path) -> None:
    export(MemoryLog(log, 300), tmp_path)
    answer = verify_export(tmp_path, log.trust_root(), workers=1)
    assert exported_checkpoint(tmp_path) == answer.checkpoint


def test_the_entries_of_an_export_come_in_order(log: SampleLog, tmp_path: Path) -> None:
    export(MemoryLog(log, 300), tmp_path)
    assert log.entries[:300] == list(exported_entries(tmp_path))


def test_a_directory_without_a_checkpoint_holds_no_export(tmp_path: Path) -> None:
    with pytest.raises(NothingExported):
        exported_checkpoint(tmp_path)
    with pytest.raises(NothingExported):
        list(exported_entries(tmp_path))


def test_a_checkpoint_that_cannot_be_read_is_none(tmp_path: Path) -> None:
    write_files(tmp_path, {"checkpoint": b"?"})
    with pytest.raises(NothingExported):
        exported_checkpoint(tmp_path)


@pytest.mark.parametrize("content", [None, b"", b"\xff\xff"])
def test_a_bundle_that_cannot_be_read_is_named(
    content: bytes | None, log: SampleLog, tmp_path: Path
) -> None:
    export(MemoryLog(log, 12), tmp_path)
    bundle = tmp_path / "tile/entries/000.p/12"
    bundle.unlink()
    if content is not None:
        bundle.write_bytes(content)
    with pytest.raises(NothingExported, match="tile/entries/000"):
        list(exported_entries(tmp_path))


def test_an_empty_log_exports_as_its_checkpoint_alone(log: SampleLog, tmp_path: Path) -> None:
    class Empty(MemoryLog):
        def checkpoint(self) -> bytes:
            empty = Checkpoint(log.origin, 0, EMPTY_ROOT)
            return sign_checkpoint(empty, log_signers(), SIGNED_AT)

    assert 0 == export(Empty(log, 12), tmp_path).files
    assert {"checkpoint"} == files_in(tmp_path).keys()
    assert [] == list(exported_entries(tmp_path))


def test_progress_counts_the_files(log: SampleLog, tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []
    export(MemoryLog(log, 300), tmp_path, lambda *so_far: told.append(so_far))
    assert [(done, 5) for done in range(1, 6)] == told
