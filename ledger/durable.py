"""
Writes files so that after a kill or a power cut each is there whole, or as it was before.

Bytes go to another name, are flushed, get their name, and the directory is flushed: a rename that
no flush followed is undone by a power cut, and a file that was never flushed comes back empty.
What must outlive the machine's power is written here and nowhere else.
"""

import os
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from shutil import rmtree

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
