"""What outlives a kill or a power cut: a value in two slots."""

import errno
import os
from pathlib import Path

import pytest

from ledger.home.antirollback import CheckpointFile, Halted
from ledger.runtime.durable import SLOT, FileDamaged, Slots, TooLong

VALUES = [f"checkpoint {number}\n".encode() * 180 for number in range(4)]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "value"


def test_nothing_was_written_yet(path: Path) -> None:
    assert Slots(path).read() is None


def test_what_was_written_last_is_read(path: Path) -> None:
    slots = Slots(path)
    for value in [*VALUES, b"", *VALUES]:
        slots.write(value)
        assert value == slots.read() == Slots(path).read()
    assert 0o600 == path.stat().st_mode & 0o777
    assert 2 * SLOT == path.stat().st_size


def test_a_file_of_another_writer_is_written_on(path: Path) -> None:
    for value in VALUES:
        Slots(path).write(value)
        assert value == Slots(path).read()


@pytest.mark.parametrize("written", range(3))
def test_a_write_that_was_cut_anywhere_leaves_the_value_before_it(
    path: Path, monkeypatch: pytest.MonkeyPatch, written: int
) -> None:
    slots = Slots(path)
    for value in VALUES[: written + 1]:
        slots.write(value)
    whole, before = os.pwrite, path.read_bytes()
    for cut in [*range(60), *range(60, 44 + len(VALUES[3]), 97)]:
        path.write_bytes(before)

        def torn(descriptor: int, raw: bytes, at: int, cut: int = cut) -> int:
            whole(descriptor, raw[:cut], at)
            raise OSError(errno.EIO, "the power is gone")

        monkeypatch.setattr(os, "pwrite", torn)
        with pytest.raises(OSError, match="the power is gone"):
            slots.write(VALUES[3])
        monkeypatch.setattr(os, "pwrite", whole)
        assert VALUES[written] == Slots(path).read(), cut
        slots.write(VALUES[3])
        assert VALUES[3] == Slots(path).read()
        slots._flushed = written + 1  # As before the cut.


def test_what_may_not_be_flushed_is_flushed_before_the_other_slot_is_overwritten(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else a power cut could leave neither: the one never flushed, the other half written."""
    Slots(path).write(VALUES[0])
    flushes = list[bytes | None]()
    flush = os.fdatasync

    def failing(_descriptor: int) -> None:
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(os, "fdatasync", failing)
    slots = Slots(path)
    for _ in range(2):
        with pytest.raises(OSError, match="Input/output"):
            slots.write(VALUES[0])

    def seen(descriptor: int) -> None:
        flushes.append(Slots(path).read())
        flush(descriptor)

    monkeypatch.setattr(os, "fdatasync", seen)
    slots.write(VALUES[1])
    assert [VALUES[0], VALUES[1]] == flushes
    slots.write(VALUES[2])
    assert [VALUES[0], VALUES[1], VALUES[2]] == flushes


def test_a_write_done_again_after_a_failed_flush_fills_the_same_slot(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    slots, flush = Slots(path), os.fdatasync
    slots.write(VALUES[0])

    def failing(_descriptor: int) -> None:
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(os, "fdatasync", failing)
    with pytest.raises(OSError, match="Input/output"):
        slots.write(VALUES[1])
    monkeypatch.setattr(os, "fdatasync", flush)
    first = path.read_bytes()[:SLOT]
    slots.write(VALUES[1])
    assert first == path.read_bytes()[:SLOT]
    assert VALUES[1] == slots.read()


def test_what_does_not_fit_is_not_written(path: Path) -> None:
    slots = Slots(path)
    slots.write(VALUES[0])
    with pytest.raises(TooLong):
        slots.write(bytes(SLOT))
    assert VALUES[0] == slots.read()


@pytest.mark.parametrize("raw", [b"", b"x", bytes(2 * SLOT), os.urandom(2 * SLOT)])
def test_a_file_without_a_whole_slot_is_damaged_and_not_empty(path: Path, raw: bytes) -> None:
    path.write_bytes(raw)
    with pytest.raises(FileDamaged):
        Slots(path).read()
    with pytest.raises(FileDamaged):
        Slots(path).write(VALUES[0])
    assert raw == path.read_bytes()


def test_a_damaged_anti_rollback_file_halts(tmp_path: Path) -> None:
    file = CheckpointFile(tmp_path)
    file.swap(None, VALUES[0])
    (tmp_path / "last-signed").write_bytes(bytes(2 * SLOT))
    with pytest.raises(Halted, match="damaged"):
        file.swap(VALUES[0], VALUES[1])


def test_the_file_of_earlier_software_is_taken_over(tmp_path: Path) -> None:
    (tmp_path / "latest").write_bytes(VALUES[0])
    file = CheckpointFile(tmp_path)
    assert VALUES[0] == file.read()
    file.swap(VALUES[0], VALUES[1])
    assert VALUES[1] == CheckpointFile(tmp_path).read()
    assert not (tmp_path / "latest").exists()
