"""
What a witness must never forget: the last checkpoint of each log that it cosigned.

One SQLite file, and every move of it one transaction that compares and writes (C2SP tlog-witness:
"performed atomically", and before the answer). `synchronous=FULL` has it on the disk by then. A
witness whose file is lost is retired, never started afresh: it would cosign a second history.
Requests that a log signed and that do not continue its tree are kept: they prove misbehaviour.
"""

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

KEPT: Final = 1_000
"""Refused requests that are kept of one log at most, the first ones: they tell it all."""

_SCHEMA = """
CREATE TABLE cosigned (
    origin TEXT PRIMARY KEY, size INTEGER NOT NULL, root BLOB NOT NULL,
    time INTEGER NOT NULL, note BLOB NOT NULL
) STRICT;
CREATE TABLE evidence (
    id INTEGER PRIMARY KEY, origin TEXT NOT NULL, received INTEGER NOT NULL,
    why TEXT NOT NULL, request BLOB NOT NULL
) STRICT;
"""


class BookError(Exception):
    """Superclass of the errors of a witness's book. Never raised itself."""


class BookMissing(BookError):
    """There is no such book: a witness that lost its book is retired, not restarted."""


class BookExists(BookError):
    """A book is never made anew over another."""


@dataclass(frozen=True, slots=True)
class Cosigned:
    """The last checkpoint of a log that was cosigned: when, in POSIX seconds, and as which note."""

    size: int
    root: bytes
    time: int
    note: bytes


def create_book(path: Path) -> None:
    """Make an empty book, once. Raises `BookExists`."""
    if path.exists():
        raise BookExists(f"{path} is there already")
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.executescript(_SCHEMA)
    connection.close()


class Book:
    """An open book. Thread-safe; several processes may hold the same file open."""

    def __init__(self, path: Path) -> None:
        """Open a book that was made before. Raises `BookMissing`."""
        if not path.exists():
            raise BookMissing(f"no book in {path}: a witness that lost it is retired")
        self._connection = sqlite3.connect(
            path, isolation_level=None, check_same_thread=False, timeout=10
        )
        self._connection.execute("PRAGMA synchronous=FULL")
        self._lock = threading.Lock()

    def close(self) -> None:
        """Close the file."""
        self._connection.close()

    @contextmanager
    def moving(self) -> Iterator["Book"]:
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
        """Return what was last cosigned of a log."""
        row = self._connection.execute(
            "SELECT size, root, time, note FROM cosigned WHERE origin = ?", (origin,)
        ).fetchone()
        return None if row is None else Cosigned(*row)

    def write(self, origin: str, cosigned: Cosigned) -> None:
        """Replace what was last cosigned of a log; ask for it within `moving` only."""
        self._connection.execute(
            "INSERT OR REPLACE INTO cosigned (origin, size, root, time, note) VALUES (?,?,?,?,?)",
            (origin, cosigned.size, cosigned.root, cosigned.time, cosigned.note),
        )

    def keep(self, origin: str, received: int, why: str, request: bytes) -> None:
        """Keep a request that a log signed and that was refused, unless there are enough."""
        with self.moving():
            self._connection.execute(
                "INSERT INTO evidence (origin, received, why, request) SELECT ?, ?, ?, ? "
                "WHERE (SELECT count(*) FROM evidence WHERE origin = ?) < ?",
                (origin, received, why, request, origin, KEPT),
            )

    def evidence(self, origin: str) -> list[tuple[int, str, bytes]]:
        """Return the requests kept of a log: when each came, why it was refused, its body."""
        return self._connection.execute(
            "SELECT received, why, request FROM evidence WHERE origin = ? ORDER BY id", (origin,)
        ).fetchall()
