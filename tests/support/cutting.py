"""
Kills a process at every step that it takes, and cuts the power there.

A step is a call that changes a file or speaks to the database. The action runs in a forked child
that counts its steps and dies at the n-th, before the call or after it. What then lies in the
directory is what a kill leaves. For a power cut the child also knows what was flushed: the content
of a file at its last fsync, the names in a directory at its own. It lays out what could come back:

    lost    only what was flushed, names too
    empty   all names, but the bytes of files that were not flushed are gone
    torn    all names, and half the bytes of those files
"""

import os
import shutil
import signal
import stat
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any

KILLED = "killed"
CUTS = ("lost", "empty", "torn")

_FILES = ("open", "write", "pwrite", "fsync", "fdatasync", "replace", "rename", "link", "unlink")
_SITES = frozenset((*_FILES, "mkdir", "execute", "commit"))


def cut_at(step: int, how: str, directory: Path, action: Callable[[], object]) -> bool:
    """Run an action in a child that dies at a step; leave in `directory` what is left then.

    Return False if the action came to its end before.
    """
    left = directory.with_name(f"{directory.name}.left")
    child = os.fork()
    if not child:
        _Child(step, how, directory, left).run(action)
    _, status = os.waitpid(child, 0)
    if os.WIFEXITED(status):
        assert os.WEXITSTATUS(status) == 0, "the action failed in the child"
        return False
    if how != KILLED:
        shutil.rmtree(directory, ignore_errors=True)
        if left.exists():
            left.rename(directory)
    return True


class _Child:
    """Counts steps and remembers what was flushed."""

    def __init__(self, step: int, how: str, directory: Path, left: Path) -> None:
        self._left_to_do, self._how, self._directory, self._left = step, how, directory, left
        self._contents: dict[int, bytes] = {}
        self._names: dict[int, dict[str, int]] = {}
        self._held: list[int] = []  # So that no inode's number is given to another file.
        self._fsync = os.fsync
        self._was_there = directory.exists()

    def run(self, action: Callable[[], object]) -> None:
        """Do it, and end the process whatever happens."""
        code = 1
        try:
            os.fsync = self._flush  # type: ignore[assignment]
            os.fdatasync = self._flush
            threading.setprofile(self._look)
            sys.setprofile(self._look)
            action()
            code = 0
        except BaseException as error:  # noqa: BLE001
            sys.setprofile(None)
            sys.stderr.write(f"{type(error).__name__}: {error}\n")
        finally:
            sys.setprofile(None)
            os._exit(code)

    def _flush(self, descriptor: int) -> None:
        self._fsync(descriptor)
        status = os.fstat(descriptor)
        self._held.append(os.dup(descriptor))
        if stat.S_ISDIR(status.st_mode):
            self._names[status.st_ino] = {e.name: e.inode() for e in os.scandir(descriptor)}
        else:
            self._contents[status.st_ino] = os.pread(
                os.open(f"/proc/self/fd/{descriptor}", os.O_RDONLY), 1 << 20, 0
            )

    def _look(self, _frame: FrameType, event: str, what: Any) -> None:
        if event not in ("c_call", "c_return") or what.__name__ not in _SITES:
            return
        if what.__name__ in ("open", "write") and what.__module__ not in ("posix", None):
            return
        self._left_to_do -= 1
        if self._left_to_do == 0:
            if self._how != KILLED:
                self._lay_out()
            os.kill(os.getpid(), signal.SIGKILL)

    def _lay_out(self) -> None:
        if not self._directory.exists():
            return
        parent = self._names.get(self._directory.parent.stat().st_ino, {})
        if self._how != "lost" or self._was_there or self._directory.name in parent:
            self._rebuild(self._directory, self._left, self._inodes(self._directory))

    def _rebuild(self, live: Path, made: Path, inodes: dict[int, Path]) -> None:
        """Make `made` what would come back of the directory `live`."""
        made.mkdir(mode=0o700)
        made.chmod(live.stat().st_mode)
        flushed = self._names.get(live.stat().st_ino, {})
        now = {entry.name: entry.inode() for entry in os.scandir(live)}
        for name, inode in (flushed if self._how == "lost" else now).items():
            path = inodes.get(inode)
            if path is not None and path.is_dir():
                self._rebuild(path, made / name, inodes)
            else:
                (made / name).write_bytes(self._content(inode, path))
                (made / name).chmod(0o600)

    def _content(self, inode: int, path: Path | None) -> bytes:
        flushed = self._contents.get(inode)
        now = path.read_bytes() if path else None
        if flushed is not None and (self._how == "lost" or flushed == now):
            return flushed
        return now[: len(now) // 2] if self._how == "torn" and now else b""

    def _inodes(self, directory: Path) -> dict[int, Path]:
        return {path.lstat().st_ino: path for path in directory.rglob("*")}
