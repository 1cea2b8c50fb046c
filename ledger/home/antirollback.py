"""
The anti-rollback store: the last checkpoint that this log signed, in a file outside the database.

A database that was rolled back, restored or failed over to a lagging replica looks like any other;
only what lies elsewhere can tell. So before a checkpoint leaves the publisher it is written here by
compare-and-swap, and flushed. A halt is a file beside it, and sticky.
"""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ledger.runtime import durable
from ledger.runtime.faults import Contradiction, canonical_reason
from ledger.wire.regular import OddFile, read_regular
from ledger.wire.told import Told

_NOTE = "last-signed"
_BEFORE = "latest"  # Where earlier software had the note, and nothing else in the file.
_HALT = "HALTED"


class AntiRollbackError(Told):
    """Superclass of the errors of this store. Never raised itself."""


class Halted(AntiRollbackError, Contradiction):
    """The log has stopped signing; a person must look. The reason is in the file HALTED."""

    exit_code = 70


class Missing(AntiRollbackError, Contradiction):
    """There is no stored checkpoint. Only the initialisation of a log makes the first."""


class InUse(AntiRollbackError):
    """Another publisher holds the store: one log has one."""


class Swapped(AntiRollbackError, Contradiction):
    """Another publisher moved the store since it was read: two of them serve one log."""


class CheckpointFile:
    """The compare-and-swap file of one log, in a directory of its own."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._slots = durable.Slots(directory / _NOTE)

    def hold(self) -> int:
        """Take the store for this process, until the returned descriptor is closed.

        Raises `InUse` where another process has it.
        """
        descriptor = os.open(self._directory / "publisher", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            raise InUse(f"another publisher works in {self._directory}: stop it first") from None
        return descriptor

    def read(self) -> bytes | None:
        """Return the stored note, verbatim, or None where there is none. Raises `Halted`."""
        try:
            note = self._slots.read()
        except durable.FileDamaged as error:
            raise Halted(f"the anti-rollback file is damaged: {error}") from None
        before = self._directory / _BEFORE
        return read_regular(before) if note is None and before.exists() else note

    def swap(self, expected: bytes | None, note: bytes) -> None:
        """Replace the `expected` note by `note`, durably.

        Called again after it failed, it writes the note again, there already or not: a flush that
        failed once proves nothing the second time. Raises `Swapped`, `Missing`, `Halted`.
        """
        with self._locked():
            self.check_not_halted()
            found = self.read()
            if found is None and expected is not None:
                raise Missing("the stored checkpoint has gone")
            if found not in (expected, note):
                raise Swapped("the stored checkpoint is not the one that was read")
            self._write(note)

    def restore(self, expected: bytes | None, note: bytes) -> None:
        """Do what `swap` does, the log halted or not: for anyone who has brought entries back."""
        with self._locked():
            if self.read() != expected:
                raise Swapped("the stored checkpoint is not the one that was read")
            self._write(note)

    def resume(self) -> None:
        """Let the log sign again."""
        with self._locked():
            (self._directory / _HALT).unlink(missing_ok=True)
            durable.flush_directory(self._directory)

    def halt(self, reason: str) -> None:
        """Stop this log from signing, across restarts, and say why, in one line."""
        with self._locked():
            if not (self._directory / _HALT).exists():
                durable.replace(self._directory / _HALT, canonical_reason(reason).encode() + b"\n")

    def check_not_halted(self) -> None:
        """Raise `Halted`, with the reason, if the log has stopped signing."""
        try:
            written = read_regular(self._directory / _HALT).decode("utf-8", "replace")
        except FileNotFoundError:
            return
        except OddFile as error:
            raise Halted(error.told) from None
        # No matter who wrote it, or in what words: `operate resume` puts it into an event.
        raise Halted(canonical_reason(written) or "no reason was given")

    def _write(self, note: bytes) -> None:
        self._slots.write(note)
        (self._directory / _BEFORE).unlink(missing_ok=True)

    @contextmanager
    def _locked(self) -> Iterator[None]:
        descriptor = os.open(self._directory / "lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
        finally:
            os.close(descriptor)
