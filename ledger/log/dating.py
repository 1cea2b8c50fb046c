"""
What the times in a log's checkpoints say of its entries, and where notes are kept that were seen.

Of a checkpoint that covers something new the time is that of its last entry, and no entry is
accepted before one that was signed without it (docs/spec/log.md): exact, in whole seconds.
"""

import re
from collections.abc import Iterable, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from hashlib import sha256
from typing import NamedTuple

from ledger.log.checkpoint import log_times
from ledger.log.encoding import LAST_SECOND
from ledger.log.merkle import LogError
from ledger.log.note import Verifier, parse_note
from ledger.log.tree_head import parse_checkpoint

WITNESS_TOLERANCE_S = 60
"""How far, in seconds, a witness's clock may be behind that of the log."""

SEEN = "checkpoints/"
_SEEN = re.compile(f"{SEEN}(0|[1-9][0-9]{{0,18}})/[0-9a-f]{{64}}")


class Bounds(NamedTuple):
    """What a checkpoint of `size` says of entries by its times; instants are written alike.

    Those that it covers were accepted before `too_late`, all others not before `earliest`.
    """

    size: int
    earliest: str
    too_late: str

    def fault(self, accepted: str, position: int) -> str | None:
        """Say what is wrong with an entry that is dated otherwise."""
        if position >= self.size and accepted < self.earliest:
            return f"accepted before a checkpoint of size {self.size} was signed without it"
        if position < self.size and accepted >= self.too_late:
            return "accepted after a checkpoint over it was signed"
        return None


def bounds_of(
    note: bytes, log_verifiers: Sequence[Verifier], witnessed: Iterable[int] = ()
) -> Bounds:
    """Return what a note that was opened says of time: the log to the second, witnesses roughly.

    `witnessed` are the times of witnesses, in POSIX seconds.
    """
    own, size = log_times(note, log_verifiers), parse_checkpoint(parse_note(note).text).size
    ends = [*(at + 1 for at in own), *(at + WITNESS_TOLERANCE_S + 1 for at in witnessed)]
    return Bounds(size, _written(max(own, default=0)), _written(min(ends, default=LAST_SECOND + 1)))


def _written(seconds: int) -> str:
    instant = datetime.fromtimestamp(seconds, UTC)
    return instant.isoformat(timespec="milliseconds").removesuffix("+00:00") + "Z"


def around(notes: Iterable[bytes]) -> set[int]:
    """Return the positions whose entries notes say the most of: before and behind each size."""
    sizes = set[int]()
    for note in notes:
        with suppress(LogError):  # Anyone who opens it will say so.
            sizes.add(parse_checkpoint(parse_note(note).text).size)
    return sizes | {size - 1 for size in sizes}


def seen_path(size: int, note: bytes) -> str:
    """Return the path under which an export keeps a note of a size that it was shown."""
    return f"{SEEN}{size}/{sha256(note).hexdigest()}"


def seen_size(path: str) -> int | None:
    """Return the size of which a file has a note that was seen, None for any other file."""
    named = _SEEN.fullmatch(path)
    return int(named[1]) if named else None
