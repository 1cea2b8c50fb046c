"""
Writes files so that after a kill or a power cut each is there whole, or as it was before.

Bytes go to another name, are flushed, get their name, and the directory is flushed: a rename that
no flush followed is undone by a power cut, and a file that was never flushed comes back empty.
What is written many times a second has two slots in one file instead, written in turn: one flush.
What must outlive the machine's power is written here and nowhere else.
"""

import hashlib
import os
import struct
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from shutil import rmtree
from typing import NamedTuple

from ledger.wire.regular import OddFile, read_regular

_UNFINISHED = ".new"


def replace(path: Path, content: bytes, mode: int = 0o600) -> None:
    """Write a file, in place of the one that is there if there is one."""
    unfinished = _write_unfinished(path, content, mode)
    unfinished.replace(path)
    flush_directory(path.parent)


def create(path: Path, content: bytes, mode: int = 0o600) -> None:
    """Write a new file. Raises `FileExistsError`, and leaves the one that is there as it is."""
    unfinished = _write_unfinished(path, content, mode)
    try:
        os.link(unfinished, path)  # A rename would replace what is there.
    finally:
        unfinished.unlink()
    flush_directory(path.parent)


def create_directory(path: Path, files: Mapping[str, bytes]) -> None:
    """Make a directory with files in it, all or nothing. Raises `FileExistsError`."""
    if path.exists():
        raise FileExistsError(path)
    unfinished = _beside(path)
    rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir(mode=0o700)
    for name, content in files.items():
        replace(unfinished / name, content)
    unfinished.rename(path)
    flush_directory(path.parent)


def make_directories(path: Path, mode: int = 0o700) -> None:
    """Make a directory and those above it, where they are missing."""
    if path.is_dir():
        return
    make_directories(path.parent, 0o755)
    path.mkdir(mode=mode, exist_ok=True)
    flush_directory(path.parent)


def flush_directory(path: Path) -> None:
    """Have the names in a directory outlive a power cut."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def remove_unfinished(directory: Path) -> None:
    """Remove the files that a kill left half written. For who is alone there."""
    for each in directory.glob(f".*{_UNFINISHED}"):
        each.unlink()


def is_unfinished(path: Path) -> bool:
    """Say whether this is the name of what was not written to its end."""
    return path.name.startswith(".") and path.name.endswith(_UNFINISHED)


def _beside(path: Path) -> Path:
    return path.with_name(f".{path.name}{_UNFINISHED}")


def _write_unfinished(path: Path, content: bytes, mode: int) -> Path:
    unfinished = _beside(path)
    with suppress(FileNotFoundError):
        unfinished.unlink()  # It may be a second name of a file that is finished.
    descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
    except BaseException:
        with suppress(OSError):
            unfinished.unlink()  # What it took of a full disk is free again.
        raise
    return unfinished


SLOT = 32 * 1024
"""Bytes of a slot."""

_HEADING = struct.Struct(">QI32s")  # A number that grows, a length, the SHA-256 of both and bytes.


class FileDamaged(Exception):
    """Neither slot of a file holds what was written there."""


class TooLong(ValueError):
    """The bytes are more than a slot holds."""


class _Slot(NamedTuple):
    number: int
    place: int
    content: bytes


class Slots:
    """One value in a file of two slots, whose older one is written next.

    A write that is cut short spoils the slot that it was to fill, and the value before it stands in
    the other. For one writer at a time.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._flushed: int | None = None  # The number that this object has seen flushed.

    def read(self) -> bytes | None:
        """Return the newest value, None if there is no file. Raises `FileDamaged`."""
        try:
            raw = read_regular(self._path, 2 * SLOT)
        except FileNotFoundError:
            return None
        except OddFile as error:
            raise FileDamaged(error.told) from None
        return self._newest(raw).content

    def write(self, content: bytes) -> None:
        """Make this the value, durably. Done again after it failed, it fills the same slot again.

        Raises `TooLong`, `FileDamaged`, `OSError`.
        """
        try:
            descriptor = os.open(self._path, os.O_RDWR)
        except FileNotFoundError:
            replace(self._path, _slot(1, content).ljust(2 * SLOT, b"\0"))
            self._flushed = 1
            return
        try:
            newest = self._newest(os.pread(descriptor, 2 * SLOT, 0))
            if newest.content == content:
                self._fill(descriptor, newest)
                return
            if newest.number != self._flushed:  # It may be there for this machine's memory alone.
                self._fill(descriptor, newest)
            self._fill(descriptor, _Slot(newest.number + 1, 1 - newest.place, content))
        finally:
            os.close(descriptor)

    def _fill(self, descriptor: int, slot: _Slot) -> None:
        self._flushed = None
        raw = _slot(slot.number, slot.content)
        if os.pwrite(descriptor, raw, slot.place * SLOT) != len(raw):
            raise OSError(f"{self._path}: a slot was written in part")
        os.fdatasync(descriptor)
        self._flushed = slot.number

    def _newest(self, raw: bytes) -> _Slot:
        slots = [_read_slot(index, raw[index * SLOT :][:SLOT]) for index in range(2)]
        try:
            return max(slot for slot in slots if slot)
        except ValueError:
            raise FileDamaged(f"{self._path} holds nothing that was written whole") from None


def _slot(number: int, content: bytes) -> bytes:
    """Return what a slot begins with; what is behind it there says nothing."""
    if len(content) > SLOT - _HEADING.size:
        raise TooLong(f"{len(content)} bytes; a slot holds {SLOT - _HEADING.size}")
    said = struct.pack(">QI", number, len(content))
    digest = hashlib.sha256(said + content).digest()
    return _HEADING.pack(number, len(content), digest) + content


def _read_slot(index: int, raw: bytes) -> _Slot | None:
    """Return what a slot holds, None if it was not written to its end."""
    if len(raw) < _HEADING.size:
        return None
    number, length, digest = _HEADING.unpack_from(raw)
    content = raw[_HEADING.size :][:length]
    said = struct.pack(">QI", number, length)
    if len(content) != length or hashlib.sha256(said + content).digest() != digest:
        return None
    return _Slot(number, index, content)
