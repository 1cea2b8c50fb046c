"""
Signs what the log has become, once a batch or less often, and never two stories.

Order: commit (the sequencer's) -> re-read and re-hash -> sign -> verify own signatures ->
compare-and-swap file -> INSERT checkpoint -> hint. One publisher a log holds the log's keys.

The bytes are hashed again from what the database gives back, not from what memory had: one flipped
bit signed is a dead log (Yeti 2022). Any doubt ends in a halt, never in a new root.
"""

import os
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import structlog
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PrivateKey

from ledger.antirollback import CheckpointFile, Halted, Missing
from ledger.log.checkpoint import Checkpoint, open_checkpoint, sign_checkpoint
from ledger.log.cosignature import MLDSA44Signer
from ledger.log.merkle import Frontier, leaf_hash
from ledger.log.note import Ed25519NoteSigner, format_vkey, parse_vkey
from ledger.log.proof import frontier_at
from ledger.log.tiles import TileHashes
from ledger.store.checkpoints import StoredCheckpoint, checkpoint_at, insert_checkpoint
from ledger.store.connection import OutcomeUnknown, Pool, Unavailable
from ledger.store.entries import read_entries, read_head
from ledger.store.tree import TreeReader

POLL_S = 0.25
"""How often the head is looked at without a hint: a hint may be lost, the poll is the truth."""

PAGE = 4096
"""Entries that are re-read at once."""

REHASHED_AT_START = 1000
"""Entries whose bytes are hashed again at start; older ones are `operate fsck`'s work."""

_log = structlog.get_logger(__name__)


class LogSigner:
    """The log's two keys: Ed25519 note signature and ML-DSA-44 cosignature under its own name."""

    def __init__(
        self, origin: str, classical: Ed25519PrivateKey, quantum: MLDSA44PrivateKey
    ) -> None:
        self.origin = origin
        self._signers = (Ed25519NoteSigner(origin, classical), MLDSA44Signer(origin, quantum))
        self.vkeys = tuple(format_vkey(signer) for signer in self._signers)
        self.verifiers = tuple(parse_vkey(vkey) for vkey in self.vkeys)

    def sign(self, size: int, root: bytes, now: datetime) -> bytes:
        """Return the signed checkpoint, after verifying both of its signatures."""
        checkpoint = Checkpoint(self.origin, size, root)
        note = sign_checkpoint(checkpoint, self._signers, int(now.timestamp()))
        opened = open_checkpoint(note, self.origin, self.verifiers)
        assert opened == checkpoint, "our own signature is over something else"
        return note


@dataclass(frozen=True, slots=True)
class Published:
    """A checkpoint that has left the publisher, and the leaves that are new in it."""

    checkpoint: StoredCheckpoint
    first_new: int
    new_leaves: tuple[bytes, ...]


class Publisher:
    """One thread that signs the log's head.

    `told` hears of each checkpoint, in order; `failed` hears why nothing is signed any more.
    """

    def __init__(
        self,
        pool: Pool,
        signer: LogSigner,
        file: CheckpointFile,
        told: Callable[[Published], None],
        failed: Callable[[str], None],
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._pool = pool
        self._signer = signer
        self._file = file
        self._told = told
        self._failed = failed
        self._clock = clock
        self._note: bytes | None = None
        self._frontier = Frontier()
        self._signed: Published | None = None  # Not stored yet, so nobody was told.
        self._wake = threading.Event()
        self._stopping = False
        self._thread = threading.Thread(target=self._run, name="publisher", daemon=True)
        self.verified_at: datetime | None = None

    def start(self) -> None:
        """Check the stored checkpoint against the database, then begin to sign.

        Raises `Halted` if they disagree, `Missing` if there is none beside a log that has one,
        `InUse` if another process publishes from the same store.
        """
        self._held = self._file.hold()
        try:
            self._recover()
        except BaseException:
            os.close(self._held)
            raise
        self._thread.start()

    def hint(self, _future: Any = None) -> None:
        """Say that the log may have grown."""
        self._wake.set()

    def stop(self) -> None:
        """Sign what is committed, then end the thread."""
        self._stopping = True
        self._wake.set()
        self._thread.join()
        os.close(self._held)

    def _run(self) -> None:
        while True:
            stopping = self._stopping
            self._wake.clear()
            try:
                self.publish()
            except (Unavailable, OutcomeUnknown) as error:
                _log.warning("publish_again", reason=type(error).__name__)
            except Exception as error:  # noqa: BLE001  (any doubt is a halt)
                self._halt(f"{type(error).__name__}: {error}")
                return
            if stopping:
                return
            self._wake.wait(POLL_S)

    def publish(self) -> None:
        """Sign the head if it has grown; tell of the checkpoint once it is stored."""
        # First what was signed when the database went away: a first receipt may hang from it.
        self._release()
        head = read_head(self._pool)
        if head.size == self._frontier.size:
            self.verified_at = self._clock()
            return
        first_new, frontier = self._frontier.size, self._frontier
        leaves: list[bytes] = []
        for page in self._rehash(first_new, head.size):
            frontier = frontier.extend(page)
            leaves = page
        if frontier.root() != head.root or frontier.size != head.size:
            raise Halted(f"entries re-read up to {head.size} do not hash to the head's root")
        now = self._clock()
        note = self._signer.sign(head.size, head.root, now)
        self._file.swap(self._note, note)
        self._note, self._frontier = note, frontier
        checkpoint = StoredCheckpoint(head.size, head.root, note, now)
        # Only the last page travels on: a cache that missed the rest reads it when asked.
        self._signed = Published(checkpoint, head.size - len(leaves), tuple(leaves))
        self._release()
        self.verified_at = now

    def _release(self) -> None:
        """Store what is signed and tell of it. Storing it again, verbatim, changes nothing."""
        if self._signed:
            insert_checkpoint(self._pool, self._signed.checkpoint)
            released, self._signed = self._signed, None
            self._told(released)

    def _rehash(self, start: int, stop: int) -> Iterator[list[bytes]]:
        """Read entries back, page by page, and hash each of them anew. Raises `Halted`."""
        while start < stop:
            page = read_entries(self._pool, start, stop, PAGE)
            if not page:
                raise Halted(f"entries from {start} on are missing below {stop}")
            leaves = [leaf_hash(entry.entry) for entry in page]
            for position, (entry, leaf) in enumerate(zip(page, leaves, strict=True), start):
                if entry.position != position or leaf != entry.leaf_hash:
                    raise Halted(f"entry {position} is not what was appended")
            yield leaves
            start += len(page)

    def _recover(self) -> None:
        """Hold the stored checkpoint against the database (F11, F15)."""
        self._file.check_not_halted()
        note = self._file.read()
        if note is None:
            raise Missing("no stored checkpoint: only the initialisation of a log makes the first")
        stored = open_checkpoint(note, self._signer.origin, self._signer.verifiers)
        try:
            self._check_against(stored)
        except Halted as error:
            self._halt(str(error))
            raise
        self._note = note
        if checkpoint_at(self._pool, stored.size) is None:
            # It was signed and swapped, then something died: it is published verbatim.
            insert_checkpoint(
                self._pool, StoredCheckpoint(stored.size, stored.root, note, self._clock())
            )

    def _check_against(self, stored: Checkpoint) -> None:
        """Recompute the signed root from the database; re-hash the newest entries below it."""
        head = read_head(self._pool)
        if stored.size > head.size:
            raise Halted(f"the database has {head.size} entries; {stored.size} were signed")
        self._frontier = frontier_at(stored.size, TileHashes(TreeReader(self._pool).fetch))
        if self._frontier.root() != stored.root:
            raise Halted(f"the first {stored.size} entries do not hash to the signed root")
        for _page in self._rehash(max(0, stored.size - REHASHED_AT_START), stored.size):
            pass

    def _halt(self, reason: str) -> None:
        self._file.halt(reason)
        self._failed(reason)
        _log.critical("halted", reason=reason)


def publish_first(
    pool: Pool, signer: LogSigner, file: CheckpointFile, clock: Callable[[], datetime]
) -> bytes:
    """Make the first checkpoint of a new log, over its genesis entry; return the note."""
    if file.read() is not None:
        raise Halted("there is a stored checkpoint already")
    head = read_head(pool)
    (genesis,) = read_entries(pool, 0, 1, 1)
    frontier = Frontier().extend([leaf_hash(genesis.entry)])
    if head.size != 1 or frontier.root() != head.root:
        raise Halted("a new log holds its genesis entry and nothing else")
    now = clock()
    note = signer.sign(1, head.root, now)
    file.swap(None, note)
    insert_checkpoint(pool, StoredCheckpoint(1, head.root, note, now))
    return note
