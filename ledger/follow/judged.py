"""
What an audit has judged by the rules, on disk: it takes no memory, and another one goes on from it.

The file (`follow.auditfile`) holds plain data of the entries judged so far, and nothing that was
folded: by subject the positions of its entries, by payload hash the position, the histories of
subjects that seals commit to, what was left unchecked. What admission asks of a subject is folded
again from the log's own bytes when it is asked, and kept as long as there is room.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import ledger
from ledger.domain import admission
from ledger.domain.core.body import FoldedState
from ledger.domain.core.context import LeftOut
from ledger.domain.core.dated_law import Law
from ledger.domain.core.event import Event, Logged
from ledger.domain.turning import moves
from ledger.follow import auditfile
from ledger.follow.audit import digest_of
from ledger.follow.auditfile import AuditFile, CopyEvents, audit_file, noting, software_of
from ledger.log.merkle import leaf_hash
from ledger.log.subject_map import (
    TOP,
    History,
    Top,
    bucket_of,
    key_of,
    leaf_of,
    part_of,
    untouched,
)
from ledger.sequence.subject_cache import SubjectCache

SUBJECTS_BYTES = 64 << 20
"""Bytes of folded subjects that stay in memory."""

_TABLES = {
    "tags": "subject TEXT, position INTEGER, PRIMARY KEY (subject, position)",
    "payloads": "sha256 BLOB PRIMARY KEY, position INTEGER NOT NULL",
    "histories": "bucket INTEGER, key BLOB, count INTEGER, last INTEGER, chain BLOB,"
    " PRIMARY KEY (bucket, key)",
    "unchecked": "position INTEGER, codes TEXT, sealed TEXT",
}


@contextmanager
def going_on(path: Path, copy: CopyEvents, laws: Mapping[str, Law]) -> Iterator["PastOnDisk"]:
    """Lend what earlier audits of a copy have judged; note what is judged in the block.

    Raises `Stale`, and `Contradicted` if the copy does not begin with what they saw.
    """
    with (
        audit_file(path, copy, _TABLES, judge_of(laws)) as file,
        noting(PastOnDisk(file, copy)) as past,
    ):
        yield past


def judge_of(laws: Iterable[str]) -> str:
    """Return what the judge is: the software, and the digests of the law data at hand."""
    return " ".join((software_of(ledger), *sorted(laws)))


class PastOnDisk:
    """The past of a replay of a copy, on disk. For one thread."""

    def __init__(self, file: AuditFile, copy: CopyEvents) -> None:
        self._file, self._copy = file, copy
        self.entry, self.size, self.origin = copy.entry, file.size, file.origin
        self.seals: int = file.notes.get("seals", 0)
        roots = file.notes.get("roots", {}).items()
        self.roots = {int(size): bytes.fromhex(root) for size, root in roots}
        found = file.rows("SELECT position, codes, sealed FROM unchecked ORDER BY position")
        self.unchecked = [(at, LeftOut(tuple(codes.split()), of)) for at, codes, of in found]
        self._noted = len(self.unchecked)
        self._folds = SubjectCache(self._load, SUBJECTS_BYTES)
        self._folds.clear(self.size)
        self._touched: dict[bytes, tuple[History | None, History]] = {}
        self._top: Top | None = None
        self._changed: set[int] = set()

    def position_of(self, payload_sha256: bytes) -> int | None:
        """Return where the event with this payload hash stands, None if nowhere."""
        read = "SELECT position FROM payloads WHERE sha256 = ? AND position < ?"
        found = self._file.rows(read, payload_sha256, self.size)
        return int(found[0][0]) if found else None

    def state_for(self, event: Event) -> FoldedState:
        """Return the folds, with all subjects warm that admission of an event reads."""
        while self._folds.warm(admission.reads(event, self._folds)):
            pass
        return self._folds

    def take_in(self, logged: Logged, entry: bytes) -> None:
        """Take in the next entry, which was judged."""
        event, position, leaf = logged.event, logged.position, leaf_hash(entry)
        moved = [each for each in event.subjects if moves(event.type, each)]
        self._file.insert("tags", *((subject, position) for subject in moved))
        # The first position of a payload counts; a second one is another entry's fault.
        if self.position_of(digest := digest_of(event.payload_hash)) is None:
            self._file.insert("payloads", (digest, position))
        for subject in event.subjects:
            key = key_of(subject)
            before, now = self._touched.get(key) or (self._kept(key), None)
            now = (now or before or untouched(subject)).and_then(position, leaf)
            self._touched[key] = before, now
        self._file.take_in(leaf)
        self._folds.follow(logged)
        self.size += 1
        if self.size % auditfile.COMMIT == 0:
            self.note()

    def note(self) -> None:
        """Commit what was judged so far."""
        self._write_histories()
        new = self.unchecked[self._noted :]
        self._file.insert("unchecked", *((at, " ".join(of.codes), of.sealed) for at, of in new))
        self._noted = len(self.unchecked)
        roots = {str(size): root.hex() for size, root in self.roots.items()}
        self._file.notes = {"seals": self.seals, "roots": roots}
        self._file.commit()
        self._folds.shrink()

    def map_root(self) -> bytes:
        """Return the root of the map of subjects at this size."""
        self._write_histories()
        if self._top is None:
            read = "SELECT DISTINCT bucket FROM histories"
            self._top, self._changed = Top({}), {bucket for (bucket,) in self._file.rows(read)}
        self._top.put({bucket: part_of(self._bucket(bucket), TOP) for bucket in self._changed})
        self._changed = set()
        return self._top.root

    def _bucket(self, bucket: int) -> list[tuple[bytes, bytes]]:
        read = "SELECT key, count, last, chain FROM histories WHERE bucket = ? ORDER BY key"
        return [(key, leaf_of(key, History(*of))) for key, *of in self._file.rows(read, bucket)]

    def _kept(self, key: bytes) -> History | None:
        read = "SELECT count, last, chain FROM histories WHERE bucket = ? AND key = ?"
        found = self._file.rows(read, bucket_of(key), key)
        return History(*found[0]) if found else None

    def _write_histories(self) -> None:
        for key, (before, now) in self._touched.items():
            bucket = bucket_of(key)
            if before is not None:
                gone, where = _row(bucket, key, before), "bucket = ? AND key = ?"
                self._file.delete("histories", gone, where, bucket, key)
            self._file.insert("histories", _row(bucket, key, now))
            self._changed.add(bucket)
        self._touched = {}

    def look_back(self, size: int) -> None:
        """Know no more than the first `size` entries from here on: one of them is judged again."""
        self.size = size
        self._folds.clear(size)

    def moved_by(self, subject: str) -> tuple[int, ...]:
        """Return the positions of the events from which a subject is folded."""
        read = "SELECT position FROM tags WHERE subject = ? AND position < ? ORDER BY position"
        return tuple(position for (position,) in self._file.rows(read, subject, self.size))

    def _load(self, subjects: Sequence[str], _size: int) -> Iterator[tuple[Logged, list[str]]]:
        """Read the events that move these subjects from the log's own bytes."""
        for subject in subjects:
            for position in self.moved_by(subject):
                yield self._copy.event(position), [subject]


def _row(bucket: int, key: bytes, history: History) -> tuple[Any, ...]:
    return bucket, key, history.count, history.last, history.chain
