"""
What a witness must never forget: the last checkpoint of each log that it cosigned.

One SQLite file, and every move of it one transaction that compares and writes (C2SP tlog-witness:
"performed atomically", and before the answer). `synchronous=FULL` has it on the disk by then. A
witness whose file is lost is retired, never started afresh: it would cosign a second history.

Two checkpoints of one size that the log signed, with two roots, are kept: that proves a fork to
anybody. Nothing else is: a proof that fails proves nothing, and anybody can send one.
"""

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from ledger.log.merkle import EMPTY_ROOT
from ledger.runtime import durable
from ledger.wire.regular import open_regular
from ledger.wire.told import Told

KEPT: Final = 1_000
"""Contradictions that are kept of one log at most, the first ones: they tell it all."""

REMEMBERED: Final = 1_000
"""Checkpoints of one log, the last ones cosigned, against which others of their size are held."""

_SCHEMA = """
CREATE TABLE cosigned (
    origin TEXT PRIMARY KEY, size INTEGER NOT NULL, root BLOB NOT NULL,
    time INTEGER NOT NULL, note BLOB NOT NULL
) STRICT;
"""

# Made where they are not: a book is older than the last of its tables, and is never made again.
_LATER = """
CREATE TABLE IF NOT EXISTS history (
    origin TEXT NOT NULL, size INTEGER NOT NULL, root BLOB NOT NULL, note BLOB NOT NULL,
    PRIMARY KEY (origin, size)
) STRICT;
CREATE TABLE IF NOT EXISTS contradiction (
    id INTEGER PRIMARY KEY, origin TEXT NOT NULL, size INTEGER NOT NULL, root BLOB NOT NULL,
    received INTEGER NOT NULL, cosigned BLOB NOT NULL, other BLOB NOT NULL,
    UNIQUE (origin, size, root)
) STRICT;
INSERT OR IGNORE INTO history SELECT origin, size, root, note FROM cosigned;
"""


class BookError(Told):
    """Superclass of the errors of a witness's book. Never raised itself."""


class BookMissing(BookError):
    """There is no such book: a witness that lost its book is retired, not restarted."""


class BookExists(BookError):
    """A book is never made again over another."""


@dataclass(frozen=True, slots=True)
class Cosigned:
    """The last checkpoint of a log that was cosigned: when, in POSIX seconds, and as which note."""

    size: int
    root: bytes
    time: int
    note: bytes


@dataclass(frozen=True, slots=True)
class SplitView:
    """Two notes that the log signed, of one size and with two roots: cosigned, and refused."""

    received: int
    cosigned: bytes
    other: bytes


def create_book(path: Path) -> None:
    """Make an empty book, once, durably. Raises `BookExists`."""
    if path.exists():
        raise BookExists(f"{path} is there already")
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.executescript(_SCHEMA + _LATER)
    durable.flush_directory(path.parent)


class WitnessState:
    """An open book. Thread-safe; several processes may hold the same file open."""

    def __init__(self, path: Path) -> None:
        """Open a book that was made before. Raises `BookMissing`."""
        if not path.exists():
            raise BookMissing(f"no book in {path}: a witness that lost it is retired")
        with open_regular(path):
            pass
        with ExitStack() as opened:
            self._connection = opened.enter_context(closing(self._opened(path)))
            self._connection.executescript(_LATER)
            # What is read by it was committed: a move that is under way is not seen.
            self._committed = opened.enter_context(closing(self._opened(path)))
            self._files = opened.pop_all()
        self._lock, self._reading = threading.Lock(), threading.Lock()

    @staticmethod
    def _opened(path: Path) -> sqlite3.Connection:
        connection = sqlite3.connect(
            path, isolation_level=None, check_same_thread=False, timeout=10
        )
        try:
            connection.execute("PRAGMA synchronous=FULL")
        except sqlite3.Error:
            connection.close()
            raise
        return connection

    def close(self) -> None:
        """Close the file."""
        self._files.close()

    @contextmanager
    def moving(self) -> Iterator["WitnessState"]:
        """Run what is inside as one transaction that nobody else's can come between."""
        with self._lock:
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield self
            except BaseException:
                self._connection.execute("ROLLBACK")
                raise
            self._connection.execute("COMMIT")

    def latest(self, origin: str) -> Cosigned | None:
        """Return what was last cosigned of a log; ask for it within `moving` only."""
        return _latest(self._connection, origin)

    def committed(self, origin: str) -> Cosigned | None:
        """Return what was last cosigned of a log and is on the disk."""
        with self._reading:
            return _latest(self._committed, origin)

    def write(self, origin: str, cosigned: Cosigned) -> None:
        """Replace what was last cosigned of a log; ask for it within `moving` only."""
        self._connection.execute(
            "INSERT OR REPLACE INTO cosigned (origin, size, root, time, note) VALUES (?,?,?,?,?)",
            (origin, cosigned.size, cosigned.root, cosigned.time, cosigned.note),
        )
        self._connection.execute(
            "INSERT OR IGNORE INTO history (origin, size, root, note) VALUES (?,?,?,?)",
            (origin, cosigned.size, cosigned.root, cosigned.note),
        )
        self._connection.execute(
            "DELETE FROM history WHERE origin = ? AND size NOT IN "
            "(SELECT size FROM history WHERE origin = ? ORDER BY size DESC LIMIT ?)",
            (origin, origin, REMEMBERED),
        )

    def keep(self, origin: str, size: int, root: bytes, received: int, note: bytes) -> None:
        """Keep a note that the log signed, if it contradicts one that was cosigned.

        The empty tree has one root: another contradicts what needs no note.
        """
        with self._reading:
            cosigned = self._contradicted(origin, size, root)
        if cosigned is None:
            return
        with self.moving():
            self._connection.execute(
                "INSERT OR IGNORE INTO contradiction "
                "(origin, size, root, received, cosigned, other) SELECT ?, ?, ?, ?, ?, ? "
                "WHERE (SELECT count(*) FROM contradiction WHERE origin = ?) < ?",
                (origin, size, root, received, cosigned, note, origin, KEPT),
            )

    def _contradicted(self, origin: str, size: int, root: bytes) -> bytes | None:
        if size == 0:
            return None if root == EMPTY_ROOT else b""
        row = self._committed.execute(
            "SELECT note FROM history WHERE origin = ? AND size = ? AND root <> ?",
            (origin, size, root),
        ).fetchone()
        return row[0] if row else None

    def contradictions(self, origin: str) -> list[SplitView]:
        """Return what a log signed against itself, the first first."""
        with self._reading:
            rows = self._committed.execute(
                "SELECT received, cosigned, other FROM contradiction WHERE origin = ? ORDER BY id",
                (origin,),
            ).fetchall()
        return [SplitView(*row) for row in rows]


def _latest(connection: sqlite3.Connection, origin: str) -> Cosigned | None:
    row = connection.execute(
        "SELECT size, root, time, note FROM cosigned WHERE origin = ?", (origin,)
    ).fetchone()
    return None if row is None else Cosigned(*row)
