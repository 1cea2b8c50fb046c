"""
Holds a ledger's database against itself: every row that follows from the entries' bytes.

Anyone who edits the database without the log's key is found out here, without any other source;
anyone who has the key as well is found out by older checkpoints, receipts and witnesses
(docs/verify.md). The keys are those of the trust root in the ledger's home. That the ledger goes
on growing meanwhile is no finding.
"""

import hashlib
import json
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from typing import Any, TypeVar

from pydantic import ValidationError

from ledger.domain.turning import turned
from ledger.events.intake import Invalid, decode
from ledger.home.antirollback import CheckpointFile, Halted
from ledger.home.batches import load_batch_key
from ledger.home.datakeys import DataKeys
from ledger.home.paths import Home, HomeNotInitialised
from ledger.log.checkpoint import log_times, open_checkpoint, parse_checkpoint
from ledger.log.cosignature import cosignature_time
from ledger.log.encoding import write_base64
from ledger.log.merkle import Frontier, LogError, leaf_hash, root_of
from ledger.log.note import (
    UnverifiedNote,
    Verifier,
    open_note,
    parse_note,
    parse_vkey,
)
from ledger.log.policy import Policy
from ledger.log.subject_map import SubjectMap
from ledger.log.tiles import TILE_WIDTH
from ledger.node.kept import OpeningCheck, erasure_faults, refusal_faults
from ledger.node.link_check import link_faults, rest_faults
from ledger.publish.log_key_history import read_policy_in_force
from ledger.publish.quorum import NONE_ASKED, read_policy
from ledger.runtime.faults import unexamined
from ledger.sequence.orders import Orders
from ledger.sequence.vault import Vault
from ledger.store.checkpoints import checkpoint_at, latest_checkpoint, signed_again
from ledger.store.connection import Pool
from ledger.store.cosignatures import Cosignature
from ledger.store.examine import EntryRows, Examination, examining
from ledger.store.overlays import foreign_defaults
from ledger.verify.authority import AUTHORITY, gather_authority
from ledger.verify.event import read_event
from ledger.verify.outcome import Refused
from ledger.verify.signatures import check_signatures
from ledger.verify.trust import Trust, parse_trust
from ledger.wire import canonical
from ledger.wire.canonical import WireError
from ledger.wire.entry import parse_entry

STORED_WITHIN_S = 2.0
"""So long after it is in its file, at most, a publisher at work has stored a checkpoint."""

T = TypeVar("T")
_HEIGHT = 8  # levels of the tree from one row of stored nodes to the next


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that does not follow from the entries. `position` where one entry is concerned."""

    position: int | None
    what: str


@dataclass(slots=True)
class FsckReport:
    """What was examined, and what was found. `root` is in base64, as in a checkpoint."""

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


def check_log(pool: Pool, home: Home, data_keys: DataKeys | None = None) -> FsckReport:
    """Examine every entry, tag, opening, node and checkpoint, the head, the anti-rollback file.

    What cannot be examined is a finding too. `data_keys` are the vault's, if not in the home.
    Raises `HomeNotInitialised` without a trust root in the home, `Unavailable` without a database.
    """
    trust, report = _trust(home), FsckReport()
    # The file is read first: what it holds was in the database before.
    file = _File(CheckpointFile(home.checkpoints), trust, report)
    alone = partial(attempt, nullcontext, report)
    policy = alone("policy", lambda: _policy(pool, home, trust)) or NONE_ASKED.policy
    accepted: list[datetime] = []
    with examining(pool) as rows:
        part = partial(attempt, rows.part, report)
        keys = part("who may sign", lambda: _LogKeys(rows, trust)) or _FirstKeys(trust)
        claims = part("checkpoints", lambda: list(_stored_claims(rows, trust, keys, report))) or []
        tree = _Tree(iter(sorted([*claims, *file.claims(keys)])))
        mapped, subjects = part("map of subjects", rows.subject_map) or (-1, {})
        ours = SubjectMap()
        vault = Vault(pool, data_keys or home.data_keys(), trust.origin, Orders(home.erasures))
        openings = part("openings", lambda: OpeningCheck(rows, vault))
        batches = part("batches", lambda: _Batches(rows, home, trust.origin, report))

        def walk() -> None:
            for page in _gapless(rows, report):
                _check_entries(page, trust, openings, report)
                keys.check_signed(page, report)
                if batches:
                    batches.extend([each.stored.leaf_hash for each in page])
                _touch(ours, page, mapped)
                tree.extend([leaf_hash(each.stored.entry) for each in page])
                accepted[:] = [page[-1].stored.accepted]

        part("entries", walk)
        tree.check_claims(report)
        if batches:
            batches.end()
        part("cosignatures", lambda: _check_cosignatures(rows, policy, report))
        stored = part("map's buckets", rows.subject_buckets)
        if (ours.histories, ours.buckets()) != (subjects, stored):
            report.add("the map of subjects does not follow from the entries")
        part("tree nodes", lambda: _check_nodes(rows, tree, report))
        part("head", lambda: _check_head(rows, tree.frontier, [*accepted, None][0], trust, report))
        if openings is not None:
            part("openings", lambda: _add_all(report, openings.missing(rows)))
        part("links", lambda: _add_all(report, link_faults(rows)))
        part("rest", lambda: _add_all(report, rest_faults(rows, trust.origin, keys.at)))
        part("erasures", lambda: _add_all(report, erasure_faults(rows, vault.orders, trust.origin)))
        part("refusals", lambda: _add_all(report, refusal_faults(rows, home, trust.origin)))
        part("indexes", lambda: _add_all(report, rows.index_faults()))
        part("schema", lambda: _add_all(report, rows.schema_faults()))
    alone("settings", lambda: _add_all(report, foreign_defaults(pool)))
    alone("anti-rollback file", lambda: file.check_against_stored(pool, keys))
    report.size, report.root = tree.frontier.size, write_base64(tree.frontier.root())
    return report


def attempt(
    part: Callable[[], AbstractContextManager[None]],
    report: FsckReport,
    what: str,
    examine: Callable[[], T],
) -> T | None:
    """Examine a part; that it cannot be examined is a finding, and no end."""
    try:
        with part():
            return examine()
    except Exception as error:  # noqa: BLE001  (whatever was done to the database)
        report.add(unexamined(f"the {what}", error))
        return None


def _policy(pool: Pool, home: Home, trust: Trust) -> Policy:
    own = home.policy.exists()
    return read_policy(home.policy) if own else read_policy_in_force(pool, trust.origin)


def _trust(home: Home) -> Trust:
    try:
        return parse_trust(home.trust_root())
    except Refused as error:
        told = f"NO_TRUST_ROOT: {home.trust}: {error.reason}: techledger operate trust writes it"
        raise HomeNotInitialised(f"{told} again, from the database") from None


def _gapless(rows: Examination, report: FsckReport) -> Iterator[Sequence[EntryRows]]:
    """Yield the entries page by page, up to the first gap: no tree leads across it."""
    first, last = 0, datetime.min.replace(tzinfo=UTC)
    for page in rows.pages():
        for position, each in enumerate(page, first):
            if each.stored.position != position:
                report.add(f"there is no entry here; the next is {each.stored.position}", position)
                if position > first:
                    yield page[: position - first]
                return
            if each.stored.accepted < last:
                report.add("it was accepted before the entry before it", position)
            last = each.stored.accepted
        yield page
        first += len(page)


def _check_entries(
    page: Sequence[EntryRows], trust: Trust, openings: OpeningCheck | None, report: FsckReport
) -> None:
    for each in page:
        if each.stored.position == 0:
            genesis = hashlib.sha256(each.stored.entry).hexdigest()
            if genesis != trust.genesis_sha256:
                report.add("the first entry is not the one that the trust root names", 0)
        for what in _faults(each, openings):
            report.add(what, each.stored.position)


def _touch(subjects: SubjectMap, page: Sequence[EntryRows], size: int) -> None:
    """Take entries below the size of the stored map into one of our own, by their bytes."""
    for each in page:
        if each.stored.position >= size:
            return
        try:
            tagged = json.loads(parse_entry(each.stored.entry).payload)["subjects"]
        except (WireError, ValueError, TypeError, KeyError):
            continue  # That the bytes are no entry is reported already.
        for subject in tagged:
            subjects.touch(subject, each.stored.position, leaf_hash(each.stored.entry))


def _faults(rows: EntryRows, openings: OpeningCheck | None) -> Iterator[str]:
    """Yield what the columns, tags and openings of an entry say that its bytes do not."""
    stored = rows.stored
    if leaf_hash(stored.entry) != stored.leaf_hash:
        yield "the leaf hash is not that of the entry's bytes"
    try:
        payload = parse_entry(stored.entry).payload
        value = canonical.load(payload, admission=False)
        logged = decode(stored.entry, stored.position)
    except (Invalid, WireError, ValidationError, ValueError) as error:
        yield f"the entry's bytes are no entry: {error}"
        return
    columns = {
        "event_id": (str(stored.event_id), logged.event.event_id),
        "topic": (stored.topic, logged.event.type),
        "accepted": (stored.accepted, logged.accepted),
        "payload_sha256": (rows.payload_sha256, hashlib.sha256(payload).digest()),
        "tags": (rows.subjects, frozenset(logged.event.subjects)),
        "turns": (rows.turns, turned(logged.event.type, logged.event.subjects)),
    }
    yield from _differing("{} is not what the entry says", columns)
    if openings is not None:
        yield from openings.faults(rows, value)


def _differing(what: str, pairs: dict[str, tuple[object, object]]) -> Iterator[str]:
    return (what.format(name) for name, (found, expected) in pairs.items() if found != expected)


@dataclass(frozen=True, slots=True, order=True)
class _Claim:
    """What a signed note says: the tree of `size` has this root."""

    size: int
    root: bytes
    by: str


class _FirstKeys:
    """The keys of the trust root, where the log cannot be asked for others."""

    def __init__(self, trust: Trust) -> None:
        self._trust = trust

    def at(self, size: int) -> tuple[Verifier, ...]:
        """Return the keys that all sign the checkpoint of a size."""
        del size
        return self._trust.verifiers

    def check_signed(self, page: Sequence[EntryRows], report: FsckReport) -> None:
        """Who may sign is not known: that is a finding already."""


class _LogKeys(_FirstKeys):
    """Who may sign what, by the entries of the log: its own keys, and those of parties."""

    def __init__(self, rows: Examination, trust: Trust) -> None:
        self._authority = gather_authority(rows.entries_of(AUTHORITY), trust.origin)
        super().__init__(trust)

    def check_signed(self, page: Sequence[EntryRows], report: FsckReport) -> None:
        """Note entries whose signatures do not verify, or by whom they may not be."""
        for stored in (each.stored for each in page):
            try:
                event = read_event(stored.entry, stored.position, self._trust.origin)
                check_signatures(event, self._authority)
            except Refused as refused:
                report.add(f"step {refused.step.number} refuses it: {refused}", stored.position)

    def at(self, size: int) -> tuple[Verifier, ...]:
        """Return the keys that all sign the checkpoint of a size."""
        if size < 1 or not self._authority.log_keys:
            return super().at(size)
        return tuple(map(parse_vkey, self._authority.log_keys_at(size)))


def _stored_claims(
    rows: Examination, trust: Trust, keys: _FirstKeys, report: FsckReport
) -> Iterator[_Claim]:
    """Yield what the stored checkpoints claim, by size; note those that do not verify."""
    for stored in rows.checkpoints():
        name, signers = f"checkpoint {stored.size}", keys.at(stored.size)
        try:
            opened = open_checkpoint(stored.note, trust.origin, signers)
        except LogError as error:
            report.add(f"{name} does not verify: {error}")
            continue
        if (opened.size, opened.root) == (stored.size, stored.root):
            yield _Claim(opened.size, opened.root, name)
        else:
            report.add(f"{name} is stored beside the note of another")
        if stored.created.timestamp() < max(log_times(stored.note, signers), default=0):
            report.add(f"{name} was stored before it was signed")


def _check_cosignatures(rows: Examination, policy: Policy, report: FsckReport) -> None:
    """Hold each witness's line against its checkpoint; those by keys of the policy must verify."""
    known = [each.verifier for each in policy.witnesses]
    notes = {each.size: each.note for each in rows.checkpoints()}
    for stored in rows.cosignatures():
        name = f"the cosignature by {stored.name} of {stored.size}"
        try:
            note = notes[stored.size] + stored.line.encode()
            line = parse_note(note).signatures[-1]
            if known:
                open_note(note, known)
            time_said = cosignature_time(line.blob)
        except UnverifiedNote:
            continue  # By a witness that the policy no longer names.
        except (KeyError, LogError) as error:
            report.add(f"{name} does not verify: {error}")
            continue
        said = Cosignature(stored.size, line.name, line.key_id, time_said, line.line)
        if said != stored:
            report.add(f"{name} is stored as another than it is")


class _File:
    """The anti-rollback file, held against the tree and against what is stored."""

    def __init__(self, file: CheckpointFile, trust: Trust, report: FsckReport) -> None:
        self._file, self._trust, self._report = file, trust, report
        self._claimed: list[_Claim] = []
        try:
            file.check_not_halted()
        except Halted as halted:
            report.add(f"the log is halted: {halted}")
        self._note = file.read()
        if self._note is None:
            report.add("there is no anti-rollback file")

    def claims(self, keys: _FirstKeys) -> list[_Claim]:
        """Return what the file claims, if it is there and signed."""
        self._claimed = self._open(self._note, keys) if self._note else []
        return self._claimed

    def check_against_stored(self, pool: Pool, keys: _FirstKeys) -> None:
        """Note a file that is ahead of the stored checkpoints, or behind."""
        latest = latest_checkpoint(pool)
        now = [claim for note in [self._file.read()] if note for claim in self._open(note, keys)]
        if latest and now and now[0].size < latest.size:
            self._report.add(f"the anti-rollback file is older than checkpoint {latest.size}")
        for claim in self._claimed:
            if not self._is_stored(pool, claim.size, keys):
                self._report.add(f"the note in the anti-rollback file, {claim.size}, is not stored")

    def _open(self, note: bytes, keys: _FirstKeys) -> list[_Claim]:
        try:
            stated = parse_checkpoint(parse_note(note).text)
            opened = open_checkpoint(note, self._trust.origin, keys.at(stated.size))
        except LogError as error:
            self._report.add(f"the anti-rollback file is no checkpoint of this log: {error}")
            return []
        return [_Claim(opened.size, opened.root, "the anti-rollback file")]

    def _is_stored(self, pool: Pool, size: int, keys: _FirstKeys) -> bool:
        when = max(log_times(self._note or b"", keys.at(size)), default=0)
        deadline = time.monotonic() + STORED_WITHIN_S
        while time.monotonic() < deadline:
            first, again = checkpoint_at(pool, size), signed_again(pool)
            later = again and again.created.timestamp() >= when
            if first and (later or first.note == self._note):
                return True
            time.sleep(0.05)
        return False


class _Tree:
    """The tree of the entries read so far, and what others claim of it, by size."""

    def __init__(self, claims: Iterator[_Claim]) -> None:
        self.frontier = Frontier()
        self._tiles: list[bytes] = []
        self._rest: list[bytes] = []
        self._claims = claims
        self._next = next(claims, None)
        self._wrong: list[str] = []

    def extend(self, leaves: Sequence[bytes]) -> None:
        """Append leaf hashes; judge the claims that lie within them."""
        self._rest += leaves
        while len(self._rest) >= TILE_WIDTH:
            self._tiles.append(root_of(self._rest[:TILE_WIDTH]))
            del self._rest[:TILE_WIDTH]
        while self._next and self._next.size <= self.frontier.size + len(leaves):
            reach = self._next.size - self.frontier.size
            self.frontier, leaves = self.frontier.extend(leaves[:reach]), leaves[reach:]
            if self.frontier.root() != self._next.root:
                self._wrong.append(self._next.by)
            self._next = next(self._claims, None)
        self.frontier = self.frontier.extend(leaves)

    def check_claims(self, report: FsckReport) -> None:
        """Note the claims that were wrong, and those that reach beyond the entries."""
        if self._wrong:
            more = f", nor to those of {len(self._wrong) - 1} more" if self._wrong[1:] else ""
            report.add(f"the entries do not hash to the root of {self._wrong[0]}{more}")
        while self._next:
            report.add(f"{self._next.by} is of size {self._next.size}, beyond the entries")
            self._next = next(self._claims, None)

    def nodes(self) -> Iterator[tuple[tuple[int, int], bytes]]:
        """Yield (level, index) and hash of each subtree that must be stored."""
        level, row = _HEIGHT, self._tiles
        while row:
            yield from (((level, index), root) for index, root in enumerate(row))
            whole = range(0, len(row) - TILE_WIDTH + 1, TILE_WIDTH)
            level, row = level + _HEIGHT, [root_of(row[at : at + TILE_WIDTH]) for at in whole]


class _Batches:
    """The MACs of the sequencers, held against the leaves read so far."""

    def __init__(self, rows: Examination, home: Home, origin: str, report: FsckReport) -> None:
        self._key = load_batch_key(home.keys, origin)
        self._batches, self._report = iter(list(rows.batches())), report
        self._first, self._leaves = 0, list[bytes]()
        self._next = next(self._batches, None)

    def extend(self, leaves: Sequence[bytes]) -> None:
        """Append leaf hashes; check the batches that end within them."""
        self._leaves += leaves
        while self._next and self._next.first == self._first:
            batch, here = self._next, self._leaves[: self._next.entries]
            if len(here) < batch.entries:
                return
            if not self._key.made(batch.first, here, batch.mac):
                self._report.add(
                    f"the batch from {batch.first} on is by no sequencer of this ledger"
                )
            del self._leaves[: batch.entries]
            self._first += batch.entries
            self._next = next(self._batches, None)

    def end(self) -> None:
        """Note entries that are in no batch, and batches of no entries."""
        if self._leaves:
            self._report.add(f"no sequencer of this ledger appended what is from {self._first} on")
        if self._next:
            self._report.add(f"the batch from {self._next.first} on begins where none ends")


def _check_nodes(rows: Examination, tree: _Tree, report: FsckReport) -> None:
    expected = dict(tree.nodes())
    for node in rows.nodes():
        if expected.pop((node.level, node.index), None) != node.hash:
            report.add(f"tree node {node.index} of level {node.level} does not follow")
    for level, index in sorted(expected):
        report.add(f"tree node {index} of level {level} is missing")


def _check_head(
    rows: Examination, tree: Frontier, accepted: datetime | None, trust: Trust, report: FsckReport
) -> None:
    """Hold the head against the tree, and look for rows that no position of the log has."""
    heads = rows.heads()
    if len(heads) != 1:
        report.add(f"there are {len(heads)} heads of the log")
    for head in heads:
        columns = {
            "origin": (head.origin, trust.origin),
            "size": (head.size, tree.size),
            "root": (head.root, tree.root()),
            "frontier": (head.frontier, tree.hashes),
            "accepted": (head.accepted, accepted),
        }
        _add_all(report, _differing("the head's {} does not follow from the entries", columns))
    outside = rows.count_outside(tree.size).items()
    _add_all(report, (f"{n} rows of {table} stand outside the log" for table, n in outside if n))


def _add_all(report: FsckReport, found: Iterable[str]) -> None:
    for what in found:
        report.add(what)
