"""
Holds a ledger's database against itself: every row that follows from the entries' bytes.

Whoever edits the database without the log's key is found out here, without any other source;
whoever has the key as well is found out by older checkpoints, receipts and witnesses
(docs/verify.md).
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from pydantic import ValidationError

from ledger.antirollback import CheckpointFile
from ledger.home import Home
from ledger.intake import Invalid, decode
from ledger.keystore import load_log_keys
from ledger.log.checkpoint import Checkpoint, open_checkpoint
from ledger.log.encoding import write_base64
from ledger.log.merkle import Frontier, LogError, leaf_hash
from ledger.log.note import Verifier
from ledger.publisher import LogSigner
from ledger.store.checkpoints import StoredCheckpoint, checkpoints_after
from ledger.store.connection import Pool
from ledger.store.entries import StoredEntry, read_entries, read_head
from ledger.store.examine import count_beyond, read_nodes, read_payload_hashes, read_tags
from ledger.store.nodes import Node, grow
from ledger.wire.canonical import WireError
from ledger.wire.entry import parse_entry

PAGE = 2000
"""Entries that are examined at once."""


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that does not follow from the entries. `position` where one entry is concerned."""

    position: int | None
    what: str


@dataclass(slots=True)
class Report:
    """What was examined, and what was found."""

    size: int = 0
    root: str = ""
    findings: list[Finding] = field(default_factory=list)

    def add(self, what: str, position: int | None = None) -> None:
        """Note a finding."""
        self.findings.append(Finding(position, what))

    def to_json(self) -> dict[str, Any]:
        """Return the report as JSON values."""
        found = [{"position": item.position, "what": item.what} for item in self.findings]
        return {"size": self.size, "root": self.root, "findings": found}


def check_log(pool: Pool, home: Home) -> Report:
    """Examine every entry, tag, node and checkpoint, the head, and the anti-rollback file."""
    identity = home.identity()
    signer = LogSigner(identity.origin, *load_log_keys(home.keys))
    report = Report()
    checkpoints = _Checkpoints(pool, identity.origin, signer.verifiers, report)
    frontier, nodes = Frontier(), []
    for first, page in _pages(pool, report):
        _check_rows(pool, first, page, report)
        leaves = [leaf_hash(entry.entry) for entry in page]
        checkpoints.follow(frontier, leaves)
        frontier, completed = grow(frontier, leaves)
        nodes += completed
    report.size, report.root = frontier.size, write_base64(frontier.root())
    _check_nodes(pool, nodes, report)
    _check_head(pool, frontier, report)
    checkpoints.finish(frontier.size)
    checkpoints.check_file(CheckpointFile(home.checkpoints).read())
    return report


def _pages(pool: Pool, report: Report) -> Iterator[tuple[int, list[StoredEntry]]]:
    """Yield (first position, entries) in order, up to the first gap."""
    first = 0
    while page := read_entries(pool, first, None, PAGE):
        for position, entry in enumerate(page, first):
            if entry.position != position:
                report.add(f"there is no entry here; the next is {entry.position}", position)
                yield first, page[: position - first]
                return
        yield first, page
        first += len(page)


def _check_rows(pool: Pool, first: int, page: list[StoredEntry], report: Report) -> None:
    """Hold the columns and tags of a page of entries against their bytes."""
    hashes = read_payload_hashes(pool, first, first + len(page))
    tags = read_tags(pool, first, first + len(page))
    for entry in page:
        for what in _faults(entry, hashes[entry.position], tags.get(entry.position, set())):
            report.add(what, entry.position)


def _faults(stored: StoredEntry, payload_sha256: bytes, tags: set[str]) -> Iterator[str]:
    if leaf_hash(stored.entry) != stored.leaf_hash:
        yield "the leaf hash is not that of the entry's bytes"
    try:
        logged = decode(stored.entry, stored.position)
        payload = parse_entry(stored.entry).payload
    except (Invalid, WireError, ValidationError, ValueError) as error:
        yield f"the entry's bytes are no entry: {error}"
        return
    columns = {
        "event_id": (str(stored.event_id), logged.event.event_id),
        "topic": (stored.topic, logged.event.type),
        "accepted": (stored.accepted, logged.accepted),
        "payload_sha256": (payload_sha256, hashlib.sha256(payload).digest()),
        "tags": (tags, set(logged.event.subjects)),
    }
    for name, (found, expected) in columns.items():
        if found != expected:
            yield f"{name} is not what the entry says"


def _check_nodes(pool: Pool, expected: list[Node], report: Report) -> None:
    computed = {(node.level, node.index): node.hash for node in expected}
    for node in read_nodes(pool):
        if computed.pop((node.level, node.index), None) != node.hash:
            report.add(f"tree node {node.index} of level {node.level} does not follow")
    for level, index in sorted(computed):
        report.add(f"tree node {index} of level {level} is missing")


def _check_head(pool: Pool, frontier: Frontier, report: Report) -> None:
    head = read_head(pool)
    last = read_entries(pool, frontier.size - 1, frontier.size, 1)
    columns = {
        "size": (head.size, frontier.size),
        "root": (head.root, frontier.root()),
        "frontier": (head.frontier, frontier.hashes),
        "accepted": (head.accepted, last[0].accepted if last else None),
    }
    for name, (found, expected) in columns.items():
        if found != expected:
            report.add(f"the head's {name} does not follow from the entries")
    for table, count in count_beyond(pool, frontier.size).items():
        if count:
            report.add(f"{count} rows of {table} stand outside the log")


class _Checkpoints:
    """Every checkpoint ever stored, held against the root of the tree at its size."""

    def __init__(
        self, pool: Pool, origin: str, verifiers: tuple[Verifier, ...], report: Report
    ) -> None:
        self._origin = origin
        self._verifiers = verifiers
        self._report = report
        self._stored = self._read(pool)
        self._next: StoredCheckpoint | None = next(self._stored, None)
        self._last: Checkpoint | None = None

    @staticmethod
    def _read(pool: Pool) -> Iterator[StoredCheckpoint]:
        size = -1
        while page := checkpoints_after(pool, size):
            yield from page
            size = page[-1].size

    def follow(self, frontier: Frontier, leaves: list[bytes]) -> None:
        """Check the checkpoints whose size lies within the next leaves."""
        end = frontier.size + len(leaves)
        while self._next and self._next.size <= end:
            reach = self._next.size - frontier.size
            frontier, leaves = frontier.extend(leaves[:reach]), leaves[reach:]
            self._check(self._next, frontier.root())
            self._next = next(self._stored, None)

    def finish(self, size: int) -> None:
        """Note the checkpoints that are larger than the log."""
        while self._next:
            self._report.add(f"checkpoint {self._next.size} is larger than the log, {size}")
            self._next = next(self._stored, None)

    def check_file(self, note: bytes | None) -> None:
        """Hold the anti-rollback file against the stored checkpoints."""
        if note is None:
            self._report.add("there is no anti-rollback file")
            return
        try:
            opened = open_checkpoint(note, self._origin, self._verifiers)
        except LogError as error:
            self._report.add(f"the anti-rollback file is no checkpoint of this log: {error}")
            return
        if self._last != opened:
            self._report.add("the anti-rollback file is not the last checkpoint stored")

    def _check(self, stored: StoredCheckpoint, root: bytes) -> None:
        try:
            opened = open_checkpoint(stored.note, self._origin, self._verifiers)
        except LogError as error:
            self._report.add(f"checkpoint {stored.size} does not verify: {error}")
            return
        self._last = opened
        if (opened.size, opened.root) != (stored.size, stored.root):
            self._report.add(f"checkpoint {stored.size} is stored beside another note")
        if opened.root != root:
            self._report.add(f"the entries do not hash to the root of checkpoint {stored.size}")
