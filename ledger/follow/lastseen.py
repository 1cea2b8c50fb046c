"""
The last checkpoint of a log that somebody's own commands have seen: what later ones are held to.

A log that signs two histories, or takes back what it signed, is found by anyone who kept what it
showed them. So the newest checkpoint that counted is kept, verbatim, in a directory of the user's
own, one for each log, and replaced only by one that was shown to continue it.
"""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path

from platformdirs import user_state_path

from ledger.log.merkle import LogError
from ledger.log.note import MAX_NOTE, parse_note
from ledger.log.tree_head import Checkpoint, parse_checkpoint
from ledger.runtime import durable
from ledger.verify.trust import Trust
from ledger.wire.regular import OddFile, read_regular


def seen_directory() -> Path:
    """Return where this user's checkpoints are kept: LEDGER_SEEN, or in the state directory."""
    named = os.environ.get("LEDGER_SEEN")
    return Path(named) if named else user_state_path("techledger") / "seen"


class LastSeen:
    """The checkpoint kept of one log, which its origin and its genesis name."""

    def __init__(self, directory: Path, trust: Trust) -> None:
        named = f"{trust.origin}\n{trust.genesis_sha256}".encode()
        self._origin = trust.origin
        self.directory = directory / sha256(named).hexdigest()[:32]

    @property
    def file(self) -> Path:
        """Where the note lies."""
        return self.directory / "checkpoint"

    def read(self) -> Checkpoint | None:
        """Return what is kept, None where nothing is. Raises `OddFile`, `OSError`."""
        try:
            note = read_regular(self.file, MAX_NOTE)
        except FileNotFoundError:
            return None
        try:
            kept = parse_checkpoint(parse_note(note).text)
        except LogError as error:
            raise OddFile(self.file, f"no checkpoint that was seen: {error}") from None
        if kept.origin != self._origin:
            raise OddFile(self.file, f"a checkpoint of {kept.origin}")
        return kept

    def swap(self, expected: Checkpoint | None, note: bytes) -> bool:
        """Keep a note in place of the expected one; False where another is there by now."""
        durable.make_directories(self.directory)
        with self._locked():
            if self.read() != expected:
                return False
            durable.replace(self.file, note)
            return True

    def keep_beside(self, note: bytes) -> Path:
        """Keep a note that contradicts the one that is kept: both are the proof. Say where."""
        file = self.directory / f"forked-{sha256(note).hexdigest()}"
        durable.replace(file, note)
        return file

    @contextmanager
    def _locked(self) -> Iterator[None]:
        descriptor = os.open(self.directory / "lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
        finally:
            os.close(descriptor)
