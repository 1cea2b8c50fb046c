"""
Brings back from a mirror what a database has lost, entry by entry, to the identical root.

Restoring a backup or failing over to a lagging replica makes the log shorter than what was signed,
and nothing may be signed then: the next entry would fork it. But the entries are not lost as long
as anybody mirrors the log, and each is bound to its place by the checkpoint over them. So they are
verified as any stranger's would be, and appended again, in their order, under their own instants.

What is not in a mirror does not come back: the openings of sealed sections, and the checkpoints
between the first missing entry and the mirror's own.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from itertools import groupby, islice
from operator import itemgetter
from pathlib import Path
from uuid import UUID

from ledger.antirollback import CheckpointFile
from ledger.audit import CHECKPOINT, exported_entries
from ledger.domain.event import Logged
from ledger.intake import decode
from ledger.log.merkle import leaf_hash
from ledger.log.note import Note, Verifier, format_note, open_note, parse_note, parse_vkey
from ledger.log.tree_head import Checkpoint, parse_checkpoint
from ledger.store.append import NewEntry, appending
from ledger.store.checkpoints import StoredCheckpoint, checkpoint_at, insert_checkpoint
from ledger.store.connection import Pool
from ledger.store.entries import read_entries, read_head
from ledger.verify.verifier import verify_export
from ledger.wire.entry import parse_entry

PAGE = 1_000
"""Entries that one transaction appends at most."""


class RestoreError(Exception):
    """Superclass of the errors of this module. Never raised itself."""


class NotAPrefix(RestoreError):
    """The database holds an entry that the mirror does not: it was altered, or is another log."""

    def __init__(self, position: int) -> None:
        super().__init__(f"position {position} of the database is another entry than the mirror's")
        self.position = position


class MirrorBehind(RestoreError):
    """The mirror has fewer entries than the database, or than were signed."""


@dataclass(frozen=True, slots=True)
class Restored:
    """What a log has now, and how many entries came back; `sealed` of them want their openings."""

    checkpoint: Checkpoint
    entries: int
    sealed: int


def restore(pool: Pool, file: CheckpointFile, directory: Path, trust_root: bytes) -> Restored:
    """
    Append what a mirror has and the database has not; return what came of it.

    The mirror is verified whole, and must continue the note in the anti-rollback file, if that
    can be read. Raises `Refused` where it does not verify, `NotAPrefix`, `MirrorBehind`; then
    nothing was changed. Interrupted, it is finished by the next run.
    """
    verified = verify_export(directory, trust_root, previous=file.read())
    checkpoint, head = verified.checkpoint, read_head(pool)
    if head.size > checkpoint.size:
        raise MirrorBehind(f"the mirror has {checkpoint.size} entries, the database {head.size}")
    _must_be_a_prefix(pool, directory, head.size)
    sealed = 0
    missing = islice(exported_entries(directory), head.size, None)
    for accepted, page in pages(missing, head.size):
        sealed += sum(b'{"commitment":"sha256:' in new.entry for new in page)
        with appending(pool) as append:
            append.write(page, accepted)
    log_keys = tuple(map(parse_vkey, verified.log_keys))
    _sign_off(pool, file, (directory / CHECKPOINT).read_bytes(), checkpoint, log_keys)
    return Restored(checkpoint, checkpoint.size - head.size, sealed)


def _must_be_a_prefix(pool: Pool, directory: Path, size: int) -> None:
    entries, start = exported_entries(directory), 0
    while start < size:
        page = read_entries(pool, start, size, PAGE)
        for position, (stored, mirrored) in enumerate(zip(page, entries, strict=False), start):
            if stored.position != position or stored.entry != mirrored:
                raise NotAPrefix(position)
        if not page:
            raise NotAPrefix(start)
        start += len(page)


def pages(entries: Iterator[bytes], start: int) -> Iterator[tuple[datetime, list[NewEntry]]]:
    """Yield entries to append, in order, as many at once as were accepted at one instant."""
    read = ((decode(entry, position), entry) for position, entry in enumerate(entries, start))
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


def _sign_off(
    pool: Pool,
    file: CheckpointFile,
    note: bytes,
    checkpoint: Checkpoint,
    log_keys: tuple[Verifier, ...],
) -> None:
    """Store the mirror's checkpoint as the log signed it; the anti-rollback file has it first."""
    opened, by_log = open_note(note, log_keys)
    signed = format_note(Note(opened.text, by_log))
    stored = checkpoint_at(pool, checkpoint.size)
    if stored is not None:
        signed = stored.note
    before = file.read()
    if before is None or parse_checkpoint(parse_note(before).text).size < checkpoint.size:
        file.restore(before, signed)
    now = datetime.now(UTC)
    insert_checkpoint(pool, StoredCheckpoint(checkpoint.size, checkpoint.root, signed, now))
