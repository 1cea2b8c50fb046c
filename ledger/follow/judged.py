"""
What an audit has judged, on disk: it takes no memory, and another audit goes on from it.

The file holds plain data of the entries judged so far, and nothing that was folded: by subject the
positions of its entries, by payload hash the position, the histories of subjects that seals commit
to, what was left unchecked, the frontier of the tree. What admission asks of a subject is folded
again from the log's own bytes when it is asked, and kept as long as there is room.

The auditor's own disk is trusted, but it may fail: rows are summed up, and a file whose sum is
another, or that is of other rules or of another log, is told from a log that is broken (`Stale`).
"""

import json
import sqlite3
from collections import OrderedDict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager
from functools import lru_cache, partial
from hashlib import blake2b, sha256
from pathlib import Path
from typing import Any

import ledger
from ledger.domain import admission
from ledger.domain.core.body import FoldedState
from ledger.domain.core.context import LeftOut
from ledger.domain.core.dated_law import Law
from ledger.domain.core.event import Event, Logged
from ledger.domain.turning import moves
from ledger.follow.audit import AuditError, ExportedLog, decoded, digest_of, exported_checkpoint
from ledger.follow.authentic import Authenticated
from ledger.log.encoding import write_base64
from ledger.log.merkle import Frontier, LogError, leaf_hash
from ledger.log.proof import prove_consistency, verify_consistency
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
from ledger.log.tiles import TILE_WIDTH, TileHashes, parse_bundle, tile_width
from ledger.log.tree_head import Checkpoint
from ledger.sequence.subject_cache import SubjectCache
from ledger.verify.files import read_tile
from ledger.verify.outcome import Refused
from ledger.wire.regular import OddFile, open_regular

COMMIT = 4096
"""Entries that are noted in one commit: what a kill costs at most."""

SUBJECTS_BYTES = 64 << 20
"""Bytes of folded subjects that stay in memory."""

EVENTS = 1_024
"""Decoded events that stay in memory, for subjects that share them."""

BUNDLES = 32
"""Bundles of entries that stay in memory: about 300 kB each."""

_SUM = 1 << 128

_SQLITE = b"SQLite format 3\0"

_MARK = b"TLjd"
"""By which a file is known as made here, however damaged: SQLite's application id."""

_MARK_AT = 68

_TABLES = f"""
PRAGMA application_id = {int.from_bytes(_MARK, "big")};
CREATE TABLE about (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE tags (subject TEXT, position INTEGER, PRIMARY KEY (subject, position)) WITHOUT ROWID;
CREATE TABLE payloads (sha256 BLOB PRIMARY KEY, position INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE histories (bucket INTEGER, key BLOB, count INTEGER, last INTEGER, chain BLOB,
                        PRIMARY KEY (bucket, key)) WITHOUT ROWID;
CREATE TABLE unchecked (position INTEGER, codes TEXT, sealed TEXT);
"""
_READ = {
    "tags": "SELECT subject, position FROM tags",
    "payloads": "SELECT sha256, position FROM payloads",
    "histories": "SELECT bucket, key, count, last, chain FROM histories",
    "unchecked": "SELECT position, codes, sealed FROM unchecked",
}


class Stale(Exception):
    """The file cannot be gone on from; the message says why. The log is not in doubt."""


class Contradicted(AuditError):
    """The log does not continue what an earlier audit has judged: the file is the evidence."""


@contextmanager
def going_on(path: Path, directory: Path, laws: Mapping[str, Law]) -> Iterator["PastOnDisk"]:
    """Lend what earlier audits of an export have judged; note what is judged in the block.

    Raises `Stale`, and `Contradicted` if the export does not begin with what they saw.
    """
    checkpoint = exported_checkpoint(directory)
    judge = judge_of(laws)
    with closing(PastOnDisk(path, directory, origin=checkpoint.origin, judge=judge)) as judged:
        try:
            _must_continue(judged, checkpoint, directory)
            yield judged
        finally:
            judged.note()


def _must_continue(judged: "PastOnDisk", checkpoint: Checkpoint, directory: Path) -> None:
    size, root = judged.size, judged.root
    if not size:
        return
    try:
        hashes = TileHashes(partial(read_tile, directory))
        proof = prove_consistency(size, checkpoint.size, hashes)
        verify_consistency(size, checkpoint.size, proof, root, checkpoint.root)
    except (LogError, Refused) as error:
        raise Contradicted(
            f"the log of {checkpoint.size} entries does not begin with the {size} of root"
            f" {write_base64(root)}, which were judged before: {error}"
        ) from error


def judge_of(laws: Iterable[str]) -> str:
    """Return what the judge is: the software, and the digests of the law data at hand."""
    digest, folder = sha256(), Path(ledger.__file__).parent
    for file in sorted(each for each in folder.rglob("*") if each.suffix in (".py", ".json")):
        digest.update(file.relative_to(folder).as_posix().encode() + b"\0" + file.read_bytes())
    for each in sorted(laws):
        digest.update(each.encode())
    return digest.hexdigest()


class _Bundles:
    """The entries of an export by position, each as the export's tiles have it.

    The last bundles read stay in memory.
    """

    def __init__(self, directory: Path) -> None:
        size = exported_checkpoint(directory).size
        log = Authenticated(ExportedLog(directory), "", None)

        @lru_cache(maxsize=BUNDLES)
        def bundle(n: int) -> list[bytes]:
            width = tile_width(0, n, size)
            return parse_bundle(log.fetch_bundle(n, width), width)

        self._bundle = bundle

    def entry(self, position: int) -> bytes:
        """Return the entry at a position below the size."""
        return self._bundle(position // TILE_WIDTH)[position % TILE_WIDTH]


class PastOnDisk:
    """The past of a replay of an export, on disk. For one thread."""

    def __init__(self, path: Path, directory: Path, *, origin: str, judge: str) -> None:
        """Open the file, or make it. Raises `Stale`, having changed nothing.

        Raises `OddFile` for a file that no audit made.
        """
        self.entry = _Bundles(directory).entry
        fresh = not _made_here(path)
        self._file = sqlite3.connect(path, isolation_level=None)
        with ExitStack() as undo:
            undo.callback(self._file.close)
            try:
                self._file.execute("PRAGMA cache_size = -32768")
                if fresh:
                    self._file.executescript(_TABLES)
                told = dict(self._file.execute("SELECT name, value FROM about"))
                self._open(told, {"origin": origin, "judge": judge})
            except (sqlite3.DatabaseError, LogError, ValueError) as error:
                raise Stale(f"the file is damaged: {error}") from error
            undo.pop_all()
        self._folds = SubjectCache(self._load, SUBJECTS_BYTES)
        self._folds.clear(self.size)
        self._events: OrderedDict[int, Logged] = OrderedDict()
        self._touched: dict[bytes, tuple[History | None, History]] = {}
        self._noted = len(self.unchecked)
        self._top: Top | None = None
        self._changed: set[int] = set()
        self._leaves: list[bytes] = []
        self._file.execute("BEGIN")

    def _open(self, told: Mapping[str, str], named: Mapping[str, str]) -> None:
        if other := [name for name in named if told and told.get(name) != named[name]]:
            raise Stale(
                "it was judged by other software or law data, or is of another log: another "
                + ", ".join(sorted(other))
            )
        self._named, self.size = dict(named), int(told.get("size", "0"))
        hashes = tuple(map(bytes.fromhex, json.loads(told.get("frontier", "[]"))))
        self._frontier = Frontier(self.size, hashes)
        (sound,) = self._file.execute("PRAGMA quick_check").fetchone()
        rows = (_weight(name, row) for name, read in _READ.items() for row in self._rows(read))
        self._sum = sum(rows) % _SUM
        if sound != "ok" or (told and self._about() != told) or (self._sum and not told):
            raise Stale(f"the file is damaged: it does not hold what was written (SQLite: {sound})")
        read = _READ["unchecked"] + " ORDER BY position"
        found = self._rows(read)
        self.unchecked = [(at, LeftOut(tuple(codes.split()), of)) for at, codes, of in found]

    def _about(self) -> dict[str, str]:
        """Return what the file says of itself; `sum` is over that and all rows."""
        hashes = json.dumps([each.hex() for each in self._frontier.hashes])
        about = {**self._named, "size": str(self._frontier.size), "frontier": hashes}
        return {**about, "sum": f"{_weight('about', (*about.values(), self._sum)):x}"}

    def _rows(self, read: str, *values: Any) -> Iterable[tuple[Any, ...]]:
        return self._file.execute(read, values)

    @property
    def origin(self) -> str:
        """The name of the log."""
        return self._named["origin"]

    @property
    def root(self) -> bytes:
        """The root of the tree of the entries that were judged and noted."""
        return self._frontier.root()

    def position_of(self, payload_sha256: bytes) -> int | None:
        """Return where the event with this payload hash stands, None if nowhere."""
        read = "SELECT position FROM payloads WHERE sha256 = ? AND position < ?"
        found = self._file.execute(read, (payload_sha256, self.size)).fetchone()
        return None if found is None else int(found[0])

    def state_for(self, event: Event) -> FoldedState:
        """Return the folds, with all subjects warm that admission of an event reads."""
        while self._folds.warm(admission.reads(event, self._folds)):
            pass
        return self._folds

    def take_in(self, logged: Logged, entry: bytes) -> None:
        """Take in the next entry, which was judged."""
        event, position, leaf = logged.event, logged.position, leaf_hash(entry)
        moved = [each for each in event.subjects if moves(event.type, each)]
        self._insert("tags", *((subject, position) for subject in moved))
        # The first position of a payload counts; a second one is another entry's fault.
        if self.position_of(digest := digest_of(event.payload_hash)) is None:
            self._insert("payloads", (digest, position))
        for subject in event.subjects:
            key = key_of(subject)
            before, now = self._touched.get(key) or (self._kept(key), None)
            now = (now or before or untouched(subject)).and_then(position, leaf)
            self._touched[key] = before, now
        self._leaves.append(leaf)
        self._folds.follow(logged)
        self.size += 1
        if self.size % COMMIT == 0:
            self.note()

    def note(self) -> None:
        """Commit what was judged so far."""
        self._write_histories()
        for at, each in self.unchecked[self._noted :]:
            self._insert("unchecked", (at, " ".join(each.codes), each.sealed))
        self._noted = len(self.unchecked)
        self._frontier, self._leaves = self._frontier.extend(self._leaves), []
        about = self._about().items()
        self._file.executemany("INSERT OR REPLACE INTO about VALUES (?, ?)", about)
        self._file.execute("COMMIT")
        self._file.execute("BEGIN")
        self._folds.shrink()

    def close(self) -> None:
        """Let the file go; what was not noted is forgotten."""
        self._file.close()

    def map_root(self) -> bytes:
        """Return the root of the map of subjects at this size."""
        self._write_histories()
        if self._top is None:
            read = "SELECT DISTINCT bucket FROM histories"
            self._top, self._changed = Top({}), {bucket for (bucket,) in self._rows(read)}
        self._top.put({bucket: part_of(self._bucket(bucket), TOP) for bucket in self._changed})
        self._changed = set()
        return self._top.root

    def _bucket(self, bucket: int) -> list[tuple[bytes, bytes]]:
        read = "SELECT key, count, last, chain FROM histories WHERE bucket = ? ORDER BY key"
        return [(key, leaf_of(key, History(*of))) for key, *of in self._rows(read, bucket)]

    def _kept(self, key: bytes) -> History | None:
        read = "SELECT count, last, chain FROM histories WHERE bucket = ? AND key = ?"
        found = self._file.execute(read, (bucket_of(key), key)).fetchone()
        return None if found is None else History(*found)

    def _write_histories(self) -> None:
        for key, (before, now) in self._touched.items():
            bucket = bucket_of(key)
            if before is not None:
                self._sum -= _weight("histories", _row(bucket, key, before))
                gone = "DELETE FROM histories WHERE bucket = ? AND key = ?"
                self._file.execute(gone, (bucket, key))
            self._insert("histories", _row(bucket, key, now))
            self._changed.add(bucket)
        self._touched = {}

    def _insert(self, table: str, *rows: Sequence[Any]) -> None:
        for row in rows:
            places = ", ".join("?" * len(row))
            self._file.execute(f"INSERT INTO {table} VALUES ({places})", row)  # noqa: S608  (ours)
            self._sum = (self._sum + _weight(table, row)) % _SUM

    def look_back(self, size: int) -> None:
        """Know no more than the first `size` entries from here on: one of them is judged again."""
        self.size = size
        self._folds.clear(size)

    def moved_by(self, subject: str) -> tuple[int, ...]:
        """Return the positions of the events from which a subject is folded."""
        read = "SELECT position FROM tags WHERE subject = ? AND position < ? ORDER BY position"
        return tuple(position for (position,) in self._rows(read, subject, self.size))

    def _load(self, subjects: Sequence[str], _size: int) -> Iterator[tuple[Logged, list[str]]]:
        """Read the events that move these subjects from the log's own bytes."""
        for subject in subjects:
            for position in self.moved_by(subject):
                yield self._event(position), [subject]

    def _event(self, position: int) -> Logged:
        found = self._events.pop(position, None) or decoded(self.entry(position), position)
        self._events[position] = found
        if len(self._events) > EVENTS:
            self._events.popitem(last=False)
        return found


def _made_here(path: Path) -> bool:
    """Say whether an audit has made a file; False where none or an empty one is. Raises `OddFile`.

    What else lies there is somebody's, and stays as it is.
    """
    try:
        with open_regular(path) as file:
            head = file.read(_MARK_AT + len(_MARK))
    except FileNotFoundError:
        return False
    if head and not (head.startswith(_SQLITE) and head.endswith(_MARK)):
        raise OddFile(path, "not a file that an audit has made")
    return bool(head)


def _row(bucket: int, key: bytes, history: History) -> tuple[Any, ...]:
    return bucket, key, history.count, history.last, history.chain


def _weight(table: str, row: Sequence[Any]) -> int:
    """Return what a row adds to the sum of all rows."""
    return int.from_bytes(blake2b(repr((table, *row)).encode(), digest_size=16).digest(), "big")
