"""
Brings back what a database has lost, from what others hold, to the identical root.

Restoring a backup or failing over to a lagging replica makes the log shorter than what was signed,
and nothing may be signed then: the next entry would fork it. But the entries are not lost as long
as anybody mirrors the log or keeps receipts with their entries, and each is bound to its place. So
they are put together, held to the root in the anti-rollback file, and appended again, in their
order, under their own instants.

What nobody has does not come back: the openings of sealed sections, and the checkpoints between
the first missing entry and the last.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from itertools import groupby, islice
from operator import itemgetter
from uuid import UUID

from ledger.domain.core.event import Logged
from ledger.events.intake import decode
from ledger.follow.supply import Supply
from ledger.home.antirollback import CheckpointFile
from ledger.home.batches import BatchKey
from ledger.log.merkle import Frontier, leaf_hash
from ledger.log.note import Note, format_note, open_note, parse_note, parse_vkey
from ledger.log.tree_head import Checkpoint, parse_checkpoint
from ledger.store.append import NewEntry, appending
from ledger.store.checkpoints import StoredCheckpoint, checkpoint_at, insert_checkpoint
from ledger.store.connection import Pool
from ledger.store.entries import read_entries, read_head
from ledger.wire.entry import parse_entry
from ledger.wire.told import Told

PAGE = 1_000
"""Entries that one transaction appends at most."""


class RestoreError(Told):
    """Superclass of the errors of this module. Never raised itself."""


class NotAPrefix(RestoreError):
    """The database holds an entry that the mirror does not: it was altered, or is another log."""

    def __init__(self, position: int) -> None:
        super().__init__(f"position {position} of the database is another entry than the mirror's")
        self.position = position


class MirrorBehind(RestoreError):
    """Nobody holds more than the database does, and nothing says that more was signed."""


class RootDiffers(RestoreError):
    """The entries do not hash to a root that the log signed: the database was altered."""


class StillMissing(RestoreError):
    """Entries below what was signed that no source holds; `positions` are [first, last] each."""

    def __init__(self, positions: Sequence[tuple[int, int]], told: Sequence[str]) -> None:
        super().__init__(
            "still missing: "
            + "; ".join(told)
            + ". Anyone who submitted an event then has its receipt and entry; other mirrors, "
            "servers and auditors of this log may have them"
        )
        self.positions = tuple(positions)


@dataclass(frozen=True, slots=True)
class Restored:
    """What a log has now, and how many entries came back; `sealed` of them want their openings."""

    checkpoint: Checkpoint
    entries: int
    sealed: int


def restore(pool: Pool, file: CheckpointFile, supply: Supply, key: BatchKey) -> Restored:
    """
    Append what others hold and the database has not; return what came of it.

    It reaches to the largest checkpoint that the anti-rollback file or a mirror has, whose root the
    entries must have. Raises `NotAPrefix`, `StillMissing`, `RootDiffers`, `MirrorBehind`,
    `SourcesDiffer`; then nothing was changed. Interrupted, it is finished by the next run.
    """
    head, notes = read_head(pool), _notes(file, supply)
    if not notes or max(notes) < head.size:
        raise MirrorBehind(f"others hold {max(notes, default=0)} entries, the database {head.size}")
    checkpoint, note = notes[max(notes)]
    roots = {size: signed.root for size, (signed, _) in notes.items()}
    _must_lead_there(pool, supply, head.size, roots)
    sealed = 0
    missing = (entry for entry in supply.entries(head.size, checkpoint.size) if entry is not None)
    for accepted, page in pages(missing, head.size):
        sealed += sum(b'{"commitment":"sha256:' in new.entry for new in page)
        with appending(pool) as append:
            append.write(page, accepted, key.mac)
    _sign_off(pool, file, note, checkpoint)
    return Restored(checkpoint, checkpoint.size - head.size, sealed)


def _notes(file: CheckpointFile, supply: Supply) -> dict[int, tuple[Checkpoint, bytes]]:
    """Return what was signed, as the file and the mirrors have it, by size; the log's lines only.

    Of one size the file's note comes first. Raises `RootDiffers` for two roots of one size.
    """
    notes: dict[int, tuple[Checkpoint, bytes]] = {}
    if stored := file.read():
        checkpoint = parse_checkpoint(parse_note(stored).text)
        notes[checkpoint.size] = checkpoint, stored
    for each in supply.mirrors:
        opened, by_log = open_note(each.note, tuple(map(parse_vkey, each.log_keys)))
        signed = each.checkpoint, format_note(Note(opened.text, by_log))
        if notes.setdefault(each.checkpoint.size, signed)[0] != each.checkpoint:
            raise RootDiffers(f"two roots of size {each.checkpoint.size} were signed: a fork")
    return notes


def _must_lead_there(pool: Pool, supply: Supply, head: int, roots: Mapping[int, bytes]) -> None:
    """Hold the database, and behind it what others hold, to each other and to all roots."""
    frontier, gaps = Frontier(), _Gaps()
    stored = _stored_entries(pool, head)
    for position, held in enumerate(supply.entries(0, max(roots))):
        entry = next(stored, None) if position < head else held
        if position < head and (entry is None or held not in (None, entry)):
            raise NotAPrefix(position)
        gaps.follow(position, entry)
        if entry is not None:
            frontier = frontier.extend([leaf_hash(entry)])
        root = None if gaps.positions else roots.get(position + 1)
        if root is not None and root != frontier.root():
            raise RootDiffers(f"the first {position + 1} entries do not hash to the signed root")
    gaps.must_be_none()


class _Gaps:
    """The positions that nobody holds, and between which instants they were accepted."""

    def __init__(self) -> None:
        self.positions: list[tuple[int, int]] = []
        self._told: list[str] = []
        self._last = self._before = "the beginning"

    def follow(self, position: int, entry: bytes | None) -> None:
        """Take in the entry of the next position, None if it is missing."""
        if entry is None:
            first = position
            if self.positions and self.positions[-1][1] == position - 1:
                first, _ = self.positions.pop()
            else:
                self._before = self._last
            self.positions.append((first, position))
            return
        accepted = parse_entry(entry).accepted
        if len(self._told) < len(self.positions):
            self._tell(f"before {accepted}")
        self._last = accepted

    def must_be_none(self) -> None:
        """Raise `StillMissing`, with all gaps, if there is one."""
        if len(self._told) < len(self.positions):
            self._tell("before the last checkpoint was signed")
        if self.positions:
            raise StillMissing(self.positions, self._told)

    def _tell(self, until: str) -> None:
        first, last = self.positions[-1]
        which = f"position {first}" if first == last else f"positions {first} to {last}"
        self._told.append(f"{which}, accepted after {self._before} and {until}")


def _stored_entries(pool: Pool, size: int) -> Iterator[bytes]:
    """Yield the entries of the database from position 0 on, up to the first gap."""
    start = 0
    while start < size and (page := read_entries(pool, start, size, PAGE)):
        for position, stored in enumerate(page, start):
            if stored.position != position:
                return
            yield stored.entry
        start += len(page)


def pages(
    entries: Iterable[bytes], start: int, read_entry: Callable[[bytes, int], Logged] = decode
) -> Iterator[tuple[datetime, list[NewEntry]]]:
    """Yield entries to append, in order, as many at once as were accepted at one instant.

    They are read by `read_entry`: by default each is checked.
    """
    read = ((read_entry(entry, position), entry) for position, entry in enumerate(entries, start))
    rows = ((logged.accepted, logged, entry) for logged, entry in read)
    for accepted, group in groupby(rows, key=itemgetter(0)):
        while page := [_new(logged, entry) for _, logged, entry in islice(group, PAGE)]:
            yield accepted, page


def _new(logged: Logged, entry: bytes) -> NewEntry:
    return NewEntry(
        event_id=UUID(logged.event.event_id),
        payload_sha256=sha256(parse_entry(entry).payload).digest(),
        topic=logged.event.type,
        entry=entry,
        leaf_hash=leaf_hash(entry),
        subjects=logged.event.subjects,
    )


def _sign_off(pool: Pool, file: CheckpointFile, note: bytes, checkpoint: Checkpoint) -> None:
    """Store the checkpoint that was reached; the anti-rollback file has it first."""
    stored = checkpoint_at(pool, checkpoint.size)
    if stored is not None:
        note = stored.note
    before = file.read()
    if before is None or parse_checkpoint(parse_note(before).text).size < checkpoint.size:
        file.restore(before, note)
    now = datetime.now(UTC)
    insert_checkpoint(pool, StoredCheckpoint(checkpoint.size, checkpoint.root, note, now))
