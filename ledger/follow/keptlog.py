"""A mirror as the source of a copy."""

from collections.abc import Sequence
from pathlib import Path

from ledger.follow.audit import ExportedLog, read_note
from ledger.verify.files import read_bundle, read_tile


class KeptLog:
    """The log of a directory, as a `Source`, also while a mirror is written there.

    Its checkpoint is read first, and what that covers stays.
    """

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def checkpoint(self) -> bytes:
        """Return the signed note. Raises `NothingExported`."""
        return read_note(self._directory)

    def fetch(self, level: int, n: int, width: int) -> bytes:
        """Return a tile of hashes. Raises `Refused`."""
        return read_tile(self._directory, level, n, width)

    def fetch_bundle(self, n: int, width: int) -> bytes:
        """Return an entry bundle. Raises `Refused`."""
        return read_bundle(self._directory, n, width)

    def signed(self, size: int) -> Sequence[bytes]:
        """Return the notes of a size that the mirror has seen."""
        return ExportedLog(self._directory).signed(size)
