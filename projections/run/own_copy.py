"""
A log of one's own to ask: the verified entries of a copy, folded in a database of one's own.

The copy is a directory (C2SP tlog-tiles) that a mirror or an export made, and is verified whole, as
`ledger.verify` does, before an entry of it is taken in. The database is an embedded PostgreSQL of
who asks: the same folds fill it, and the same questions are put to it, as on a server. It lies
where nobody hands anything over, is taken up again at the next question, and moves on by what is
new; where the copy does not continue what was taken in, it is made again. Memory holds a batch.
"""

import fcntl
import json
import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass, field
from functools import cached_property
from itertools import islice
from pathlib import Path

from platformdirs import user_state_path

from ledger.domain.core.dated_law import Law
from ledger.follow.audit import ExportedLog
from ledger.follow.authentic import Authenticated, NotAuthentic
from ledger.follow.checked import CopyState
from ledger.log.encoding import write_base64
from ledger.log.merkle import HASH_SIZE
from ledger.log.proof import frontier_at
from ledger.log.tiles import TILE_WIDTH, TileHashes, parse_bundle, tile_width
from ledger.node.restore import pages
from ledger.runtime import durable
from ledger.store.append import appending
from ledger.store.connection import Pool
from ledger.store.embedded import EmbeddedPostgres
from ledger.store.entries import read_head
from ledger.store.migrate import initialise_head, migrate
from ledger.verify.files import log_in, read_checkpoint
from ledger.verify.verifier import verify_export
from ledger.wire.regular import read_regular
from projections.engine.decoding import decode
from projections.engine.runner import Runner
from projections.run.catalogue import READ_MODELS
from projections.run.rebuild import outdated, rebuild

WITHOUT_END = 2**62
"""How many entries a question may have replayed: the machine is one's own."""

Progress = Callable[[str, int, int], None]
"""Told what is being done, how much of it is done, and of how much."""


@dataclass(frozen=True, slots=True)
class OwnCopy:
    """What questions are put to: the first `published` entries of a log, all of them folded."""

    reads: Pool = field(repr=False)
    laws: Mapping[str, Law] = field(repr=False)
    published: int
    known: CopyState
    replay_max: int = WITHOUT_END

    @property
    def origin(self) -> str:
        """The name of the log."""
        return self.known.origin


def copies_directory() -> Path:
    """Return where this user's copies are kept: LEDGER_COPIES, or in the state directory.

    Root's is elsewhere: the database's server runs as another user, who cannot enter root's home.
    """
    if named := os.environ.get("LEDGER_COPIES"):
        return Path(named)
    if os.geteuid() == 0:
        return Path("/var/lib/techledger-copies")
    return user_state_path("techledger") / "copies"


def silent(_what: str, _done: int, _total: int) -> None:
    """Tell nobody how far it has come."""


@contextmanager
def own_copy(
    log: Path,
    trust_root: bytes,
    beside: Path,
    laws: Mapping[str, Law],
    *,
    size: int | None = None,
    progress: Progress = silent,
) -> Iterator[OwnCopy]:
    """Lend a copy to ask, of its first `size` entries or of all, folded in the directory `beside`.

    One at a time: anyone else waits. Raises `Refused` for a copy that does not verify, and
    `NotAuthentic` for one that changes while it is read.
    """
    durable.make_directories(beside, 0o755)  # The database's server may run as another user.
    with alone(beside):
        known = _verified(log, trust_root, beside / "verified.json", progress)
        copy = _Verified(log, known, known.size if size is None else size)
        with _database(beside / "database", copy) as pool:
            _take_in(pool, copy, progress)
            _fold(pool, progress)
            yield OwnCopy(pool, laws, copy.size, known)


@contextmanager
def alone(beside: Path) -> Iterator[None]:
    """Have a directory for oneself; anyone else waits."""
    descriptor = os.open(beside / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _verified(log: Path, trust_root: bytes, file: Path, progress: Progress) -> CopyState:
    """Return what is known of a copy, which is verified unless this checkpoint of it was."""
    note = read_checkpoint(log_in(log)).decode("utf-8", "surrogateescape")
    if file.exists() and (known := CopyState(**json.loads(read_regular(file)))).note == note:
        return known

    def told(step: object, done: int, total: int) -> None:
        progress(f"verified: {step}", done, total)

    found = verify_export(log, trust_root, progress=told)
    at, unchecked = found.checkpoint, len(found.unchecked)
    root, demonstration = write_base64(at.root), bool(found.demonstration)
    known = CopyState(at.origin, at.size, root, note, unchecked, demonstration)
    durable.replace(file, json.dumps(asdict(known)).encode())
    return known


@dataclass(frozen=True)
class _Verified:
    """The first `size` entries of a copy that was verified, and each still leads to its root."""

    log: Path
    known: CopyState
    size: int

    @cached_property
    def _files(self) -> Authenticated:
        files = Authenticated(ExportedLog(self.log), self.known.origin, None)
        if files.checkpoint().decode("utf-8", "surrogateescape") != self.known.note:
            raise NotAuthentic(f"{self.log} has another checkpoint by now: ask again")
        return files

    def root(self, size: int) -> bytes:
        """Return the root of the first `size` entries."""

        def fetch(level: int, n: int, width: int) -> bytes:
            whole = self._files.fetch(level, n, tile_width(level, n, self.known.size))
            return whole[: width * HASH_SIZE]

        return frontier_at(size, TileHashes(fetch)).root()

    def entries(self, start: int) -> Iterator[bytes]:
        """Yield the entries from a position on."""
        for n in range(start // TILE_WIDTH, -(-self.size // TILE_WIDTH)):
            width = tile_width(0, n, self.known.size)
            entries = parse_bundle(self._files.fetch_bundle(n, width), width)
            first = n * TILE_WIDTH
            yield from islice(entries, max(0, start - first), self.size - first)


@contextmanager
def _database(home: Path, copy: _Verified) -> Iterator[Pool]:
    """Lend the database in a directory, with what the copy begins with and no more than that."""
    with _server(home, copy.known.origin) as pool:
        if _fits(pool, copy):
            yield pool
            return
    shutil.rmtree(home)
    with _server(home, copy.known.origin) as pool:
        yield pool


@contextmanager
def _server(home: Path, origin: str) -> Iterator[Pool]:
    with (
        database_in(home, origin) as server,
        closing(Pool(server.app_dsn, size=8, application_name="techledger ask")) as pool,
    ):
        yield pool


@contextmanager
def database_in(home: Path, origin: str) -> Iterator[EmbeddedPostgres]:
    """Lend a database in a directory, for a log of that origin."""
    server = EmbeddedPostgres(home)
    server.start()
    try:
        migrate(server.owner_dsn)
        initialise_head(server.owner_dsn, origin)
        yield server
    finally:
        server.stop()


def _fits(pool: Pool, copy: _Verified) -> bool:
    head, known = read_head(pool), copy.known
    if head.size == known.size == copy.size:  # Then nothing of the copy is read again.
        return write_base64(head.root) == known.root
    return head.size <= copy.size and head.root == copy.root(head.size)


def _take_in(pool: Pool, copy: _Verified, progress: Progress) -> None:
    start = read_head(pool).size
    if start < copy.size:
        for accepted, page in pages(copy.entries(start), start, decode):
            with appending(pool) as append:
                append.write(page, accepted)
            progress("entries", append.head.size, copy.size)


def _fold(pool: Pool, progress: Progress) -> None:
    """Fold what is new into the read models; make those again that another version made."""
    if models := outdated(pool, READ_MODELS):
        progress("read models", 0, 1)
        rebuild(pool, models, decode)
    Runner(pool, READ_MODELS, decode).catch_up()
