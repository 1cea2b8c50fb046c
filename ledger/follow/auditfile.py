"""
The file of an auditor's own in which an audit notes where it is: the next one goes on from it.

It is an SQLite file of plain data: rows, by which positions are found again, and the frontier of
the tree of the entries that were taken in. What it holds becomes so all at once, every few thousand
entries: a kill, or a full disk, costs what came after the last commit.

The auditor's own disk is trusted, but it may fail: rows are summed up, and a file whose sum is
another, or that is of other software or of another log, is told from a log that is broken
(`Stale`). Where the log does not continue what the file is of, that is evidence (`Contradicted`).
"""

import errno
import json
import os
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager
from functools import lru_cache
from hashlib import blake2b, sha256
from pathlib import Path
from types import ModuleType
from typing import Any, Protocol, TypeVar

from ledger.domain.core.event import Logged
from ledger.follow.audit import AuditError, ExportedLog, RuleBroken, decoded, exported_checkpoint
from ledger.follow.authentic import Authenticated
from ledger.log.encoding import write_base64
from ledger.log.merkle import Frontier, LogError
from ledger.log.note import parse_note
from ledger.log.proof import prove_consistency, verify_consistency
from ledger.log.tiles import TILE_WIDTH, TileHashes, parse_bundle, tile_width
from ledger.log.tree_head import parse_checkpoint
from ledger.wire.regular import OddFile, open_regular

COMMIT = 4096
"""Entries that are noted in one commit: what a kill costs at most."""

EVENTS = 1_024
"""Decoded events that stay in memory, for what is folded from them again."""

BUNDLES = 32
"""Bundles of entries that stay in memory: about 300 kB each."""

_SUM = 1 << 128

_SQLITE = b"SQLite format 3\0"

_MARK = b"TLjd"
"""By which a file is known as made here, however damaged: SQLite's application id."""

_MARK_AT = 68

_ABOUT = "name TEXT PRIMARY KEY, value TEXT NOT NULL"

_NUMBERS = {
    sqlite3.SQLITE_FULL: errno.ENOSPC,
    sqlite3.SQLITE_IOERR: errno.EIO,
    sqlite3.SQLITE_READONLY: errno.EROFS,
    sqlite3.SQLITE_CANTOPEN: errno.ENOENT,
    sqlite3.SQLITE_BUSY: errno.EBUSY,
}
"""What the system would say, by what SQLite says."""

_SAYS = {errno.EBUSY: "another audit is at work on this file"}


class Stale(Exception):
    """The file at `path` cannot be gone on from; the message says why. The log is not in doubt."""

    def __init__(self, path: Path, why: str) -> None:
        super().__init__(why)
        self.path = path


class Contradicted(AuditError):
    """The log does not continue what an earlier audit has judged: the file is the evidence."""


class CopyEvents:
    """The entries and events of a copy by position: each leads to the root of its checkpoint.

    The last ones read stay in memory. By whom the checkpoint is signed is not looked at here.
    """

    def __init__(self, directory: Path) -> None:
        origin = exported_checkpoint(directory).origin
        self.log = log = Authenticated(ExportedLog(directory), origin, None)
        self.checkpoint = parse_checkpoint(parse_note(log.checkpoint()).text)

        @lru_cache(maxsize=BUNDLES)
        def bundle(n: int) -> list[bytes]:
            width = tile_width(0, n, log.size)
            return parse_bundle(log.fetch_bundle(n, width), width)

        @lru_cache(maxsize=EVENTS)
        def event(position: int) -> Logged:
            return decoded(self.entry(position), position)

        self._bundle, self.event = bundle, event

    def entry(self, position: int) -> bytes:
        """Return the entry at a position below the size."""
        return self._bundle(position // TILE_WIDTH)[position % TILE_WIDTH]

    def entries(self, start: int, end: int | None = None) -> Iterator[bytes]:
        """Yield the entries from a position on, up to another or to the end."""
        return map(self.entry, range(start, self.checkpoint.size if end is None else end))


def software_of(*packages: ModuleType) -> str:
    """Return a digest of the code and the data of these packages."""
    digest = sha256()
    for package in packages:
        folder = Path(str(package.__file__)).parent
        for file in sorted(each for each in folder.rglob("*") if each.suffix in (".py", ".json")):
            digest.update(file.relative_to(folder).as_posix().encode() + b"\0" + file.read_bytes())
    return digest.hexdigest()


class AuditFile:
    """Rows of some tables, and the frontier of the entries taken in. One audit at a time has it."""

    def __init__(
        self, path: Path, tables: Mapping[str, str], *, origin: str, software: str
    ) -> None:
        """Open the file, or make it; `tables` says of each its columns and, last, its key.

        Raises `Stale`, having changed nothing, `OddFile` for a file that no audit made, `OSError`.
        """
        self.path, self._named = path, {"origin": origin, "software": software}
        made_by_an_audit(path)  # What else lies there is left alone.
        self._tables = {**tables, "about": _ABOUT}
        with ExitStack() as undo:
            try:
                with self._telling():
                    self._file = sqlite3.connect(path, isolation_level=None)
                    undo.callback(self._file.close)
                    self._open()
            except (sqlite3.DatabaseError, LogError, ValueError) as error:
                raise Stale(path, f"the file is damaged: {error}") from error
            undo.pop_all()

    def _open(self) -> None:
        self._file.execute("PRAGMA cache_size = -32768")
        self._file.execute("PRAGMA locking_mode = EXCLUSIVE")  # Nobody gets between two commits.
        self._file.execute("BEGIN IMMEDIATE")
        if not self._file.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]:
            self._file.execute(f"PRAGMA application_id = {int.from_bytes(_MARK, 'big')}")
            for name, columns in self._tables.items():
                keyed = " WITHOUT ROWID" * ("PRIMARY KEY" in columns)
                self._file.execute(f"CREATE TABLE {name} ({columns}){keyed}")
        told = dict(self._file.execute("SELECT name, value FROM about"))
        if other := [name for name in self._named if told and told.get(name) != self._named[name]]:
            raise Stale(
                self.path,
                "it was judged by other software or law data, or is of another log: another "
                + ", ".join(sorted(other)),
            )
        hashes = tuple(map(bytes.fromhex, json.loads(told.get("frontier", "[]"))))
        self._frontier, self._leaves = Frontier(int(told.get("size", "0")), hashes), list[bytes]()
        self.notes: dict[str, Any] = json.loads(told.get("notes", "{}"))
        (sound,) = self._file.execute("PRAGMA quick_check").fetchone()
        self._sum = 0
        for name in (each for each in self._tables if each != "about"):
            for row in self._file.execute(f"SELECT * FROM {name}"):  # noqa: S608  (ours)
                self._sum += _weight(name, row)
        if sound != "ok" or (told and self._about() != told) or (self._sum and not told):
            why = f"it does not hold what was written (SQLite: {sound})"
            raise Stale(self.path, f"the file is damaged: {why}")

    def _about(self) -> dict[str, str]:
        """Return what the file says of itself; `sum` is over that and all rows."""
        hashes = json.dumps([each.hex() for each in self._frontier.hashes])
        about = {**self._named, "size": str(self._frontier.size), "frontier": hashes}
        about["notes"] = json.dumps(self.notes)
        return {**about, "sum": f"{_weight('about', (*about.values(), self._sum % _SUM)):x}"}

    @property
    def origin(self) -> str:
        """The name of the log."""
        return self._named["origin"]

    @property
    def size(self) -> int:
        """How many entries were taken in."""
        return self._frontier.size + len(self._leaves)

    def take_in(self, leaf: bytes) -> None:
        """Take in the hash of the next entry, of which all rows are there."""
        self._leaves.append(leaf)

    def rows(self, read: str, *values: Any) -> list[tuple[Any, ...]]:
        """Return the rows that a statement selects."""
        with self._telling():
            return self._file.execute(read, values).fetchall()

    def insert(self, table: str, *rows: Sequence[Any]) -> None:
        """Put in rows, as the values of a table's columns."""
        with self._telling():
            for row in rows:
                places = ", ".join("?" * len(row))
                self._file.execute(f"INSERT INTO {table} VALUES ({places})", row)  # noqa: S608  (ours)
                self._sum += _weight(table, row)

    def delete(self, table: str, row: Sequence[Any], where: str, *values: Any) -> None:
        """Take out a row, which is the one that a condition selects."""
        with self._telling():
            self._file.execute(f"DELETE FROM {table} WHERE {where}", values)  # noqa: S608  (ours)
        self._sum -= _weight(table, row)

    def commit(self) -> None:
        """Have all that was taken in, and `notes`, outlive this process."""
        self._frontier, self._leaves = self._frontier.extend(self._leaves), []
        with self._telling():
            self._file.executemany(
                "INSERT OR REPLACE INTO about VALUES (?, ?)", self._about().items()
            )
            self._file.execute("COMMIT")
            self._file.execute("BEGIN IMMEDIATE")

    def close(self) -> None:
        """Let the file go; what was not committed is forgotten."""
        self._file.close()

    def must_be_continued(self, copy: CopyEvents) -> None:
        """Raise `Contradicted` unless a copy begins with the entries that were taken in."""
        size, root, checkpoint = self.size, self._frontier.root(), copy.checkpoint
        if not size:
            return
        try:
            proof = prove_consistency(size, checkpoint.size, TileHashes(copy.log.fetch))
            verify_consistency(size, checkpoint.size, proof, root, checkpoint.root)
        except LogError as error:
            raise Contradicted(
                f"the log of {checkpoint.size} entries does not begin with the {size} of root"
                f" {write_base64(root)}, which were judged before: {error}: keep the copy, and"
                f" {self.path}; with another file (--judged) all is judged again"
            ) from error

    @contextmanager
    def _telling(self) -> Iterator[None]:
        """Raise what SQLite says of the system as the system's own error, with the path."""
        try:
            yield
        except sqlite3.Error as error:
            if number := _number_of(error):
                said = _SAYS.get(number, os.strerror(number))
                raise OSError(number, said, str(self.path)) from error
            raise


def _number_of(error: sqlite3.Error) -> int | None:
    """Return the number of the system's error that SQLite met, None where it met another."""
    code = getattr(error, "sqlite_errorcode", None)  # Python's own errors have none.
    return None if code is None else _NUMBERS.get(code & 0xFF)


@contextmanager
def audit_file(
    path: Path, copy: CopyEvents, tables: Mapping[str, str], software: str
) -> Iterator[AuditFile]:
    """Lend the file in which an audit of a copy is noted. Raises `Stale`, `Contradicted`."""
    origin = copy.checkpoint.origin
    with closing(AuditFile(path, tables, origin=origin, software=software)) as file:
        file.must_be_continued(copy)
        yield file


class Noter(Protocol):
    """What an audit has found so far."""

    def note(self) -> None:
        """Commit it."""
        ...  # pragma: no cover


N = TypeVar("N", bound=Noter)


@contextmanager
def noting(found: N) -> Iterator[N]:
    """Lend what an audit finds; it is noted where the block ends, or finds an entry refused.

    After anything else, such as an interrupt, the file has what was committed before.
    """
    try:
        yield found
    except RuleBroken:
        found.note()
        raise
    found.note()


def made_by_an_audit(path: Path) -> bool:
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


def _weight(table: str, row: Sequence[Any]) -> int:
    """Return what a row adds to the sum of all rows."""
    return int.from_bytes(blake2b(repr((table, *row)).encode(), digest_size=16).digest(), "big")
