"""
Signs what the log has become, once a batch or less often, and never two stories.

Order: commit (the sequencer's) -> re-read and re-hash -> sign -> verify own signatures ->
compare-and-swap file -> INSERT checkpoint -> hint. One publisher a log holds the log's keys.

A checkpoint bears the instant of its last entry. While nothing new comes it is signed again with
the clock, after the head row says that nothing will be accepted before: so no entry is older than
a checkpoint that does not cover it.

The bytes are hashed again from what the database gives back, not from what memory had: one flipped
bit signed is a dead log (Yeti 2022). A contradiction ends in a halt, never in a new root; what
passes, such as a full disk, is tried again, and what was signed goes out verbatim.
"""

import os
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import structlog
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PrivateKey

from ledger.domain.registry import TOPICS
from ledger.events.vintage import SoftwareOlder, Vintage
from ledger.home.antirollback import CheckpointFile, Halted, Missing
from ledger.log.checkpoint import (
    Checkpoint,
    log_times,
    open_checkpoint,
    parse_checkpoint,
    sign_checkpoint,
)
from ledger.log.cosignature import MLDSA44Signer
from ledger.log.merkle import Frontier, LogError, leaf_hash
from ledger.log.note import Ed25519NoteSigner, format_vkey, good_lines, parse_note, parse_vkey
from ledger.log.proof import frontier_at, verify_inclusion
from ledger.log.receipt import TlogProof
from ledger.log.tiles import TileHashes
from ledger.publish.cose import CoseSigner, Included
from ledger.publish.log_key_history import LogKeys, read_log_keys
from ledger.publish.scrutiny import Scrutiny
from ledger.runtime.clock import ClockAhead
from ledger.runtime.faults import NeedsOperator, reason_of
from ledger.runtime.loops import Loop
from ledger.store.batches import Batch, read_head_and_batches
from ledger.store.checkpoints import (
    StoredCheckpoint,
    checkpoint_at,
    insert_checkpoint,
    replace_signed_again,
)
from ledger.store.connection import Pool
from ledger.store.entries import StoredEntry, read_entries, read_first, read_head
from ledger.store.head import Head, hold_back
from ledger.store.tree import TreeReader

POLL_S = 0.25
"""How often the head is looked at without a hint: a hint may be lost, the poll is the truth."""

PAGE = 4096
"""Entries that are re-read at once."""

REHASHED_AT_START = 1000
"""Entries whose bytes are hashed again at start; older ones are `operate fsck`'s work."""

REST_S = 60.0
"""How long, in seconds, nothing new comes until the head is signed again, with the time."""

REST_MAX = timedelta(days=1)
"""How far from what was signed last a clock is believed that nothing else bears out."""

HALT_AGAIN_S = 1.0
"""How long, in seconds, until a halt that could not be written down is written again."""

_log = structlog.get_logger(__name__)


SigningKey = Ed25519PrivateKey | MLDSA44PrivateKey


class KeyNotAtHand(NeedsOperator):
    """The log's events name a key to sign with that is not in the home."""


class LogSigner:
    """The log's keys, under its own name: Ed25519 note signatures and ML-DSA-44 cosignatures."""

    def __init__(
        self,
        origin: str,
        *private_keys: SigningKey,
        look_again: Callable[[], Sequence[SigningKey]] | None = None,
    ) -> None:
        """`look_again` returns the keys again, where one is asked for that was not there."""
        self.origin = origin
        self._look_again = look_again
        self._take(private_keys)

    def _take(self, private_keys: Sequence[SigningKey]) -> None:
        origin = self.origin
        signers: list[Ed25519NoteSigner | MLDSA44Signer] = [
            Ed25519NoteSigner(origin, key)
            if isinstance(key, Ed25519PrivateKey)
            else MLDSA44Signer(origin, key)
            for key in private_keys
        ]
        self._signers = {format_vkey(signer): signer for signer in signers}
        self.vkeys = tuple(self._signers)
        self.verifiers = tuple(parse_vkey(vkey) for vkey in self.vkeys)
        self._cose = {
            vkey: CoseSigner(origin, "+".join(vkey.split("+", 2)[:2]), key)
            for vkey, key in zip(self.vkeys, private_keys, strict=True)
            if isinstance(key, Ed25519PrivateKey)
        }

    def sign(
        self, size: int, root: bytes, when: datetime, vkeys: Sequence[str] | None = None
    ) -> bytes:
        """Return the checkpoint signed by the keys named, after verifying every signature.

        It bears `when`, in whole seconds. By all keys at hand where none are named; those that
        lie in the home only since it was last looked at are taken up. Raises `KeyNotAtHand`,
        `KeystoreError`, `Halted`.
        """
        named = self.vkeys if vkeys is None else vkeys
        if self._look_again and not self._signers.keys() >= set(named):
            self._take(self._look_again())
        if missing := [vkey for vkey in named if vkey not in self._signers]:
            raise KeyNotAtHand(
                f"the log's key {missing[0][:100]} is not at hand: put it into LEDGER_HOME/keys"
            )
        checkpoint = Checkpoint(self.origin, size, root)
        signers = [self._signers[vkey] for vkey in named]
        note = sign_checkpoint(checkpoint, signers, int(when.timestamp()))
        try:
            opened = open_checkpoint(note, self.origin, [parse_vkey(vkey) for vkey in named])
        except LogError as error:
            raise Halted(f"our own signature does not verify: {error}") from None
        if opened != checkpoint:
            raise Halted(f"our own signature is over something else, size {opened.size}")
        return note

    def cose_receipt(
        self, proof: TlogProof, leaf: bytes, subject: str, vkeys: Sequence[str]
    ) -> bytes:
        """Return the COSE receipt of what a tlog-proof proves, by the first of the keys named.

        Only a root that these keys have signed already, and a proof that leads there, are signed.
        Raises `LogError` for others, `KeyNotAtHand` if none of the keys is Ed25519.
        """
        signed = open_checkpoint(
            proof.checkpoint_raw, self.origin, [parse_vkey(vkey) for vkey in vkeys]
        )
        verify_inclusion(leaf, proof.index, signed.size, proof.hashes, signed.root)
        signers = [self._cose[vkey] for vkey in vkeys if vkey in self._cose]
        if not signers:
            raise KeyNotAtHand("no Ed25519 key of the log is at hand: put it into LEDGER_HOME/keys")
        return signers[0].sign(
            subject, Included(signed.size, signed.root, proof.index, proof.hashes)
        )


@dataclass(frozen=True, slots=True)
class SeenCheckpoint:
    """A checkpoint of this log that a witness or a mirror has seen, and who has it."""

    where: str
    note: bytes


@dataclass(frozen=True, slots=True)
class PublishedCheckpoint:
    """A checkpoint that has left the publisher, and the leaves that are new in it.

    `again` says that its size has a first one already: nothing is new but the time.
    """

    checkpoint: StoredCheckpoint
    first_new: int
    new_leaves: tuple[bytes, ...]
    again: bool = False


class Publisher:
    """One thread that signs the log's head.

    `told` hears of each checkpoint, in order; `failed` hears why nothing is signed any more.
    """

    def __init__(  # noqa: PLR0913  (what it is wired to, by name)
        self,
        pool: Pool,
        signer: LogSigner,
        file: CheckpointFile,
        *,
        told: Callable[[PublishedCheckpoint], None],
        failed: Callable[[str], None],
        vintage: Vintage,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        others: Callable[[], Iterable["SeenCheckpoint"]] = lambda: (),
        scrutiny: Scrutiny | None = None,
        barrier: Callable[[], None] = lambda: None,
    ) -> None:
        """`others` are asked, at start, which checkpoints of this log they have seen.

        `scrutiny` looks at every entry before it is signed, and at who appended it. `barrier` is
        passed before each signature: what was read is then where it has to be.
        """
        self._scrutiny = scrutiny
        self._pool = pool
        self._vintage = vintage
        self.signer = signer
        self._others = others
        self._barrier = barrier
        self._keys: LogKeys
        self._file = file
        self._told = told
        self._failed = failed
        self._clock = clock
        self._note: bytes | None = None
        self._frontier = Frontier()
        self._signed: PublishedCheckpoint | None = (
            None  # Nobody was told yet: first it is kept and stored.
        )
        self.loop = Loop("publisher", self._step, ended=self._end, last=True)
        self.verified_at: float | None = None  # time.monotonic(), as of the next line too.
        self._timed_at = time.monotonic()

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
        self.loop.start()

    def hint(self, _future: Any = None) -> None:
        """Say that the log may have grown."""
        self.loop.wake()

    def stop(self) -> None:
        """Sign what is committed, then end the thread."""
        self.loop.stop()
        os.close(self._held)

    def _step(self) -> float:
        self.publish()
        return POLL_S

    def cose_receipt(self, proof: TlogProof, leaf: bytes, subject: str) -> bytes:
        """Return the COSE receipt of what a tlog-proof under a published checkpoint proves.

        Raises `Halted` when the log signs nothing more, `LogError` for a false proof.
        """
        self._file.check_not_halted()
        size = parse_checkpoint(parse_note(proof.checkpoint_raw).text).size
        return self.signer.cose_receipt(proof, leaf, subject, self._keys.at(size))

    def publish(self) -> None:
        """Sign the head if it has grown, or rests; tell of the checkpoint once it is stored.

        Whatever fails on the way is done again, in the next call, from where it failed, with the
        same note: a first receipt may hang from it. Raises `Halted`, no matter who did it.
        """
        self._file.check_not_halted()
        self._release()
        head, batches = read_head_and_batches(self._pool, self._frontier.size)
        if head.size != self._frontier.size:
            self._sign(head, batches)
        elif time.monotonic() - self._timed_at >= REST_S:
            self._sign_again()
        self._release()
        self.verified_at = time.monotonic()

    def _sign(self, head: Head, batches: Sequence[Batch]) -> None:
        self._vintage.check()
        frontier, page = self._read_new(head, batches)
        self._barrier()
        accepted = page[-1].accepted
        note = self.signer.sign(head.size, head.root, accepted, self._keys.at(head.size))
        checkpoint = StoredCheckpoint(head.size, head.root, note, accepted)
        # Only the last page travels on: a cache that missed the rest reads it when asked.
        leaves = tuple(entry.leaf_hash for entry in page)
        self._signed = PublishedCheckpoint(checkpoint, head.size - len(leaves), leaves)
        self._frontier, self._timed_at = frontier, time.monotonic()

    def _read_new(self, head: Head, batches: Sequence[Batch]) -> tuple[Frontier, list[StoredEntry]]:
        """Read what is not signed and scrutinise it; return the tree with it, and its last page.

        Raises `Halted`.
        """
        first_new, frontier = self._frontier.size, self._frontier
        if head.size < first_new:
            raise Halted(f"the database has {head.size} entries; {first_new} were signed")
        page, new = list[StoredEntry](), list[bytes]()
        for page in self._rehash(first_new, head.size):
            if self._scrutiny:
                self._scrutiny.look(page)
            leaves = [entry.leaf_hash for entry in page]
            frontier = frontier.extend(leaves)
            new += leaves
        if self._scrutiny:
            self._scrutiny.conclude(batches, first_new, new)
        if frontier.root() != head.root or frontier.size != head.size:
            raise Halted(f"entries re-read up to {head.size} do not hash to the head's root")
        return frontier, page

    def _sign_again(self) -> None:
        """Sign what is signed once more, with the time: nothing older will follow.

        Not by a clock that is ahead or behind; who submits is told of that.
        """
        size, root, when = self._frontier.size, self._frontier.root(), None
        with suppress(ClockAhead):
            when = hold_back(self._pool, size, self._clock, REST_MAX)
        self._timed_at = time.monotonic()
        if when is None:
            return
        if self._scrutiny:
            self._scrutiny.hold_back(when)
        self._barrier()
        note = self.signer.sign(size, root, when, self._keys.at(size))
        self._signed = PublishedCheckpoint(
            StoredCheckpoint(size, root, note, when), size, (), again=True
        )

    def _release(self) -> None:
        """Keep what is signed, store it, tell of it. Again, verbatim, it changes nothing."""
        if self._signed:
            note = self._signed.checkpoint.note
            if self._note != note:
                self._file.swap(self._note, note)
                self._note = note
            store = replace_signed_again if self._signed.again else insert_checkpoint
            store(self._pool, self._signed.checkpoint)
            released, self._signed = self._signed, None
            self._told(released)

    def _rehash(self, start: int, stop: int) -> Iterator[list[StoredEntry]]:
        """Read entries back, page by page, hash each again. Raises `Halted`."""
        while start < stop:
            page = read_entries(self._pool, start, stop, PAGE)
            if not page:
                raise Halted(f"entries from {start} on are missing below {stop}")
            leaves = [leaf_hash(entry.entry) for entry in page]
            for position, (entry, leaf) in enumerate(zip(page, leaves, strict=True), start):
                if entry.position != position or leaf != entry.leaf_hash:
                    raise Halted(f"entry {position} is not what was appended")
                if position >= self._frontier.size and entry.topic not in TOPICS:
                    raise SoftwareOlder(f"entry {position} is of a type that this does not know")
                self._keys.follow(entry)
            yield page
            start += len(page)

    def examine(self) -> tuple[bytes, Checkpoint]:
        """Hold the anti-rollback file against the database, and both against what others saw.

        Returns the file's note and what it says. Raises `Halted`, and `Missing` without a file.
        """
        note = self._file.read()
        if note is None:
            raise Missing("no stored checkpoint: only the initialisation of a log makes the first")
        stored = self._check_file(note)
        for other in self._others():
            self._check_other(other, stored)
        return note, stored

    def examine_unsigned(self, note: bytes) -> None:
        """Look at what is behind the note that `examine` returned, as before it is signed.

        Raises `Halted`.
        """
        size = self._frontier.size
        if self._scrutiny:
            self._scrutiny.start(size, self._time_of(note, size))
        self._read_new(*read_head_and_batches(self._pool, size))

    def _recover(self) -> None:
        """Halt unless everything agrees (F11, F15); publish what was signed and not yet stored."""
        self._file.check_not_halted()
        try:
            note, stored = self.examine()
        except Halted as error:
            self._halt(reason_of(error))
            raise
        self._note, when = note, self._time_of(note, stored.size)
        if self._scrutiny:
            self._scrutiny.start(stored.size, when)
        hold_back(self._pool, stored.size, lambda: when, timedelta.max)
        kept = StoredCheckpoint(stored.size, stored.root, note, when)
        first = checkpoint_at(self._pool, stored.size)
        # It was signed and swapped, then something may have died: it is published verbatim.
        if first is None:
            insert_checkpoint(self._pool, kept)
        elif first.note != note:
            replace_signed_again(self._pool, kept)

    def _check_file(self, note: bytes) -> Checkpoint:
        """Recompute the signed root from the database; re-hash the newest entries below it."""
        head, stated = read_head(self._pool), _stated(note)
        if stated.size > head.size:
            raise Halted(f"the database has {head.size} entries; {stated.size} were signed")
        self._keys = read_log_keys(self._pool, self.signer.origin)
        stored = self._open(note, stated.size)
        self._frontier = self._tree_at(stored.size)
        if self._frontier.root() != stored.root:
            raise Halted(f"the first {stored.size} entries do not hash to the signed root")
        for _page in self._rehash(max(0, stored.size - REHASHED_AT_START), stored.size):
            pass
        return stored

    def _open(self, note: bytes, size: int) -> Checkpoint:
        """Open a checkpoint by the keys that sign its size. Raises `Halted`."""
        try:
            keys = [parse_vkey(vkey) for vkey in self._keys.at(size)]
            return open_checkpoint(note, self.signer.origin, keys)
        except LogError as error:
            raise Halted(f"the anti-rollback file is not signed by the log: {error}") from None

    def _time_of(self, note: bytes, size: int) -> datetime:
        """Return the time that a note of ours bears."""
        keys = [parse_vkey(vkey) for vkey in self._keys.at(size)]
        return datetime.fromtimestamp(max(log_times(note, keys), default=0), UTC)

    def _check_other(self, other: "SeenCheckpoint", stored: Checkpoint) -> None:
        """Halt if somebody saw a checkpoint of ours that this database does not lead to (F15)."""
        try:
            seen = parse_checkpoint(parse_note(other.note).text)
            # One good line of ours is enough, whatever else stands there.
            good_lines(other.note, self.signer.verifiers)
        except LogError as error:
            # Only what our own keys signed can show that we are behind.
            _log.warning("checkpoint_not_ours", where=other.where, why=str(error))
            return
        if seen.origin != stored.origin or seen.size == 0:
            return
        if seen.size > stored.size:
            raise Halted(f"{other.where} has seen size {seen.size}; {stored.size} is the last here")
        if self._tree_at(seen.size).root() != seen.root:
            raise Halted(f"{other.where} has seen another history at size {seen.size}")

    def _tree_at(self, size: int) -> Frontier:
        try:
            return frontier_at(size, TileHashes(TreeReader(self._pool).fetch))
        except LogError as error:
            raise Halted(f"the stored tree of size {size} is not whole: {error}") from None

    def _end(self, error: BaseException) -> None:
        """Halt. Who waits is told first; what cannot be written down yet is written later."""
        while not self._halt(reason_of(error)) and not self.loop.stopping:
            self.loop.pause(HALT_AGAIN_S)

    def _halt(self, reason: str) -> bool:
        self._failed(reason)
        _log.critical("halted", reason=reason)
        try:
            self._file.halt(reason)
        except OSError as error:
            _log.critical("halt_not_written", why=reason_of(error))
            return False
        return True


def _stated(note: bytes) -> Checkpoint:
    try:
        return parse_checkpoint(parse_note(note).text)
    except LogError as error:
        raise Halted(f"the anti-rollback file is no checkpoint: {error}") from None


def publish_first(pool: Pool, signer: LogSigner, file: CheckpointFile) -> bytes:
    """Make the first checkpoint of a new log, over its genesis entry; return the note.

    Done again, it finishes what was begun: two notes of one size would be two stories. Raises
    `Halted` where the log, or the stored note, is past its beginning.
    """
    head = read_head(pool)
    genesis = read_first(pool)
    frontier = Frontier().extend([leaf_hash(genesis.entry)])
    if head.size != 1 or frontier.root() != head.root:
        raise Halted(f"a new log holds its genesis entry and nothing else, not {head.size} entries")
    accepted, signed, stored = genesis.accepted, file.read(), checkpoint_at(pool, 1)
    note = signed or (stored.note if stored else signer.sign(1, head.root, accepted))
    if open_checkpoint(note, signer.origin, signer.verifiers) != Checkpoint(
        signer.origin, 1, head.root
    ):
        raise Halted("the stored checkpoint is not of the genesis entry")
    if signed is None:
        file.swap(None, note)
    insert_checkpoint(pool, StoredCheckpoint(1, head.root, note, accepted))
    return note
