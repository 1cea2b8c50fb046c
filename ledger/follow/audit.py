"""
The auditor's side: a log as static files, and its rules run again over every entry.

`export` writes what C2SP tlog-tiles serves, `checkpoint`, `tile/<L>/<N>`, `tile/entries/<N>`, and
nothing else. `ledger.verify` checks bytes, proofs and signatures of such a directory; `Replay`
then admits every entry again, under the edition in force at its position.
"""

import os
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Protocol

from ledger.domain import admission
from ledger.domain.admission import Folds
from ledger.domain.core.body import Folded, FoldedState
from ledger.domain.core.context import Context, LeftOut
from ledger.domain.core.dated_law import Law
from ledger.domain.core.event import Event, Logged
from ledger.domain.core.refusal import Refusal
from ledger.domain.government.seal import LedgerSealed
from ledger.events.intake import Invalid, decode
from ledger.follow.exportfiles import (
    SHARE,
    Allowance,
    Progress,
    remove_outgrown,
    take_in,
    write_whole,
)
from ledger.log.dating import SEEN, seen_path
from ledger.log.encoding import write_base64
from ledger.log.merkle import HASH_SIZE, LogError, leaf_hash
from ledger.log.note import parse_note
from ledger.log.proof import frontier_at, prove_consistency, verify_consistency
from ledger.log.subject_map import SubjectMap
from ledger.log.tiles import (
    TILE_WIDTH,
    TileHashes,
    TilePath,
    entries_path,
    format_bundle,
    parse_bundle,
    tile_path,
    tile_width,
)
from ledger.log.tree_head import Checkpoint, parse_checkpoint
from ledger.publish.quorum import NONE_ASKED, Quorum, freshened
from ledger.quoted import quoted
from ledger.store.checkpoints import newest_checkpoint, signed_from
from ledger.store.connection import Pool
from ledger.store.entries import LogUnfinished
from ledger.store.tree import TreeReader
from ledger.verify.files import MAX_FILE
from ledger.wire.canonical import WireError
from ledger.wire.entry import parse_entry
from ledger.wire.regular import MISSING, OddFile, read_regular
from ledger.wire.told import Told

CHECKPOINT = "checkpoint"


class AuditError(Told):
    """Superclass of the errors of this module. Never raised itself."""


class ExportRefused(AuditError):
    """What the source offers does not continue what the directory holds; nothing was replaced."""


class SourceBehind(ExportRefused):
    """The source offers a prefix of what the directory holds; nothing was replaced."""


class Unfinished(AuditError):
    """A run has taken in its share of what a checkpoint covers: the next one goes on."""


class NothingExported(AuditError):
    """The directory, or the source, has no checkpoint that can be read, or lacks what it covers."""


class RuleBroken(AuditError):
    """An entry stands in the log that the rules in force at its position refuse, by this code.

    `positions` are those of the events that forbid it, where the rule names any.
    """

    def __init__(
        self, position: int, code: str, detail: str, positions: tuple[int, ...] = ()
    ) -> None:
        super().__init__(f"position {position} is refused by {code}: {detail}")
        self.position = position
        self.code = code
        self.detail = detail
        self.positions = positions


class Forgotten(AuditError):
    """An audit that went on from an earlier one would have to look at what that one saw."""


class Source(Protocol):
    """Where a log is read from: a database, or a server."""

    def checkpoint(self) -> bytes:
        """Return the latest signed note. Raises `NothingExported` before the first."""
        ...  # pragma: no cover

    def fetch(self, level: int, n: int, width: int) -> bytes:
        """Return a tile of hashes."""
        ...  # pragma: no cover

    def fetch_bundle(self, n: int, width: int) -> bytes:
        """Return an entry bundle."""
        ...  # pragma: no cover

    def signed(self, size: int) -> Sequence[bytes]:
        """Return the log's notes of a size, the first one first; none where none is listed."""
        ...  # pragma: no cover


class StoredLog(TreeReader):
    """The log of a database, as a `Source`; its checkpoint is one that a quorum cosigned."""

    def __init__(self, pool: Pool, quorum: Quorum = NONE_ASKED) -> None:
        super().__init__(pool)
        self._checkpoints, self._quorum = pool, quorum

    def checkpoint(self) -> bytes:
        """Return the latest note that satisfies the policy, or the latest one where none does.

        Raises `LogUnfinished` before the first.
        """
        witnessed = self._quorum.latest(self._checkpoints)
        latest = freshened(witnessed, newest_checkpoint(self._checkpoints))
        if latest is None:
            raise LogUnfinished
        return latest.note

    def signed(self, size: int) -> Sequence[bytes]:
        """Return the first note of a size, and the one that was signed again."""
        return [each.note for each in signed_from(self._checkpoints, size, 1) if each.size == size]


@dataclass(frozen=True, slots=True)
class Exported:
    """What an export did: the checkpoint that the directory has now, and the files it wrote."""

    checkpoint: Checkpoint
    files: int

    def __str__(self) -> str:
        return f"{self.checkpoint.origin} at size {self.checkpoint.size}, {self.files} new files"

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON values."""
        head = self.checkpoint
        root = write_base64(head.root)
        return {"origin": head.origin, "size": head.size, "root": root, "files": self.files}


def export(
    source: Source,
    directory: Path,
    progress: Progress = lambda _done, _total: None,
    share: Allowance = SHARE,
) -> Exported:
    """
    Write a log into a directory, or what is new of it; return the checkpoint that it has then.

    Tiles never change, so files that are there stay, a partial one until the full one is there;
    each new one appears whole, the entries first, then hashes, and the checkpoint last: an
    interrupted export is finished by the next, and a copy that takes the checkpoint first is a log
    at every moment. Other notes of the log that were seen stay beside. Raises `SourceBehind` for
    a source that has less, `ExportRefused` where it does not continue what is there, whose
    checkpoint is then the evidence, and `Unfinished` once there is a `share` of it.
    """
    note = source.checkpoint()
    checkpoint = _opened(note)
    directory.mkdir(parents=True, exist_ok=True)
    must_continue(source, directory, checkpoint)
    fetch = partial(_fetch, source)
    taken = take_in(fetch, directory, checkpoint.size, share, progress)
    if taken.there < taken.total:
        there = f"{taken.there} of the {taken.total} files of a log of {checkpoint.size} entries"
        raise Unfinished(f"{there} are there: run it again, and it goes on; until then none counts")
    # What the checkpoint covers is on the disk before the checkpoint is.
    os.sync()
    for seen in (*_held(directory), *source.signed(checkpoint.size)):
        path = seen_path(_opened(seen).size, seen)
        if not note.startswith(seen) and not (directory / path).exists():
            write_whole(directory, path, seen)
    write_whole(directory, CHECKPOINT, note)
    os.sync()
    remove_outgrown(directory, checkpoint.size)
    return Exported(checkpoint, taken.written)


def exported_checkpoint(directory: Path) -> Checkpoint:
    """Return the checkpoint of an export, its signatures unverified. Raises `NothingExported`."""
    return _opened(read_note(directory))


def read_note(directory: Path) -> bytes:
    """Return the signed note of a log's directory. Raises `NothingExported`."""
    try:
        return read_regular(directory / CHECKPOINT, MAX_FILE)
    except FileNotFoundError:
        raise NothingExported(f"there is no checkpoint in {directory}") from None
    except OddFile as error:
        raise NothingExported(error.told) from None


def exported_entries(directory: Path, start: int = 0) -> Iterator[bytes]:
    """Yield the entries of an export from position `start` on, in order: nothing is verified.

    Raises `NothingExported`.
    """
    size = exported_checkpoint(directory).size
    for n in range(start // TILE_WIDTH, -(-size // TILE_WIDTH)):
        width = tile_width(0, n, size)
        try:
            bundle = parse_bundle(ExportedLog(directory).fetch_bundle(n, width), width)
        except LogError as error:
            raise NothingExported(f"{entries_path(n, width)}: {error}") from None
        yield from bundle[max(0, start - n * TILE_WIDTH) :]


def _held(directory: Path) -> list[bytes]:
    """Return the note of an export, if it has one."""
    return [read_note(directory)] if (directory / CHECKPOINT).exists() else []


@dataclass(frozen=True, slots=True)
class ExportedLog:
    """The log in a directory, as a `Source`: nothing of it is verified.

    Where a partial tile has made way for the full one, that one says what it said. A file that is
    not there, or is none, is no export's; one that cannot be read now raises `OSError`.
    """

    directory: Path

    def checkpoint(self) -> bytes:
        """Return the signed note. Raises `NothingExported`."""
        return self._read(CHECKPOINT)

    def fetch(self, level: int, n: int, width: int) -> bytes:
        """Return a tile of hashes. Raises `NothingExported`."""
        partial, full = tile_path(level, n, width), tile_path(level, n)
        if (self.directory / partial).exists():
            return self._read(partial)
        return self._read(full, named=partial)[: width * HASH_SIZE]

    def fetch_bundle(self, n: int, width: int) -> bytes:
        """Return an entry bundle. Raises `NothingExported`."""
        partial, full = entries_path(n, width), entries_path(n)
        if (self.directory / partial).exists():
            return self._read(partial)
        return cut_bundle(self._read(full, named=partial), width)

    def signed(self, size: int) -> Sequence[bytes]:
        """Return the notes of a size that were seen."""
        paths = (self.directory / f"{SEEN}{size}").glob("*")
        return [self._read(path.relative_to(self.directory).as_posix()) for path in sorted(paths)]

    def _read(self, path: str, *, named: str | None = None) -> bytes:
        try:
            return read_regular(self.directory / path, MAX_FILE)
        except MISSING as error:
            raise NothingExported(f"{named or path}: {error.strerror}") from None
        except OddFile as error:
            raise NothingExported(f"{named or path}: {error}") from None


def cut_bundle(full: bytes, width: int) -> bytes:
    """Return the first entries of a full bundle as a bundle. Raises `NothingExported`."""
    try:
        return format_bundle(parse_bundle(full, TILE_WIDTH)[:width])
    except LogError as error:
        raise NothingExported(f"a bundle that is none: {error}") from None


def sealed_sizes(entries: Iterable[bytes], start: int = 0) -> list[int]:
    """Return the sizes that the seals among these entries, from a position on, cover, in order."""
    suffix = f'"type":"{LedgerSealed.TOPIC}"}}'.encode()
    sizes = []
    for position, entry in enumerate(entries, start):
        if entry.endswith(suffix):
            body = decoded(entry, position).event.body
            assert isinstance(body, LedgerSealed), "the topic was compared"
            sizes.append(body.size)
    return sizes


class Past(Protocol):
    """What a replay knows of the entries before: in memory here, on disk in `follow.judged`.

    `seals` counts those that hold; `roots` has the maps of sizes whose seals are still to come.
    """

    size: int
    unchecked: list[tuple[int, LeftOut]]
    seals: int
    roots: dict[int, bytes]

    def position_of(self, payload_sha256: bytes) -> int | None:
        """Return where the event with this payload hash stands, None if nowhere."""
        ...  # pragma: no cover

    def state_for(self, event: Event) -> FoldedState:
        """Return what is known of all subjects that admission of an event reads."""
        ...  # pragma: no cover

    def take_in(self, logged: Logged, entry: bytes) -> None:
        """Take in the next entry, which was judged."""
        ...  # pragma: no cover

    def map_root(self) -> bytes:
        """Return the root of the map of subjects at this size."""
        ...  # pragma: no cover


class PastInMemory:
    """The past in memory; `mapped` says whether the map of subjects is asked for."""

    def __init__(self, *, mapped: bool = False) -> None:
        self.size = 0
        self.unchecked: list[tuple[int, LeftOut]] = []
        self.seals, self.roots = 0, dict[int, bytes]()
        self._subjects: dict[str, Folded] = {}
        self._positions: dict[bytes, int] = {}
        self._mapped, self._map = mapped, SubjectMap()

    def position_of(self, payload_sha256: bytes) -> int | None:
        """Return where the event with this payload hash stands, None if nowhere."""
        return self._positions.get(payload_sha256)

    def state_for(self, _event: Event) -> FoldedState:
        """Return what is known of all subjects."""
        return Folds(self._subjects)

    def take_in(self, logged: Logged, entry: bytes) -> None:
        """Take in the next entry, which was judged."""
        self._subjects |= {
            subject: admission.evolve_subject(subject, self._subjects.get(subject), logged)
            for subject in logged.event.subjects
        }
        self._positions[digest_of(logged.event.payload_hash)] = logged.position
        if self._mapped:
            leaf = leaf_hash(entry)
            for subject in logged.event.subjects:
                self._map.touch(subject, logged.position, leaf)
        self.size += 1

    def map_root(self) -> bytes:
        """Return the root of the map of subjects at this size."""
        return self._map.root()


class Replay:
    """
    Every entry of the log of `origin` admitted again: iterate it for the events, in order.

    Iterating raises `RuleBroken` at the first entry that is refused. `size` counts the entries
    admitted so far. `unchecked` has the positions at which a rule needed a sealed value that only
    the vault holds, and which: every other rule was judged there.
    """

    def __init__(
        self,
        entries: Iterable[bytes],
        origin: str,
        laws: Mapping[str, Law],
        seals: Collection[int] = (),
        past: Past | None = None,
    ) -> None:
        """Replay `entries`; the maps of the sizes in `seals` are held against what seals say.

        `laws` are the sets of law data at hand, by digest: the log names which judged what.
        `past` is what an earlier replay has judged: then `entries` are those that follow.
        """
        self._laws, self._seals = laws, seals
        self._entries, self._origin = entries, origin
        self._past = past or PastInMemory(mapped=bool(seals))
        self._began = self._past.size

    @property
    def size(self) -> int:
        """How many entries were admitted, by earlier replays too."""
        return self._past.size

    @property
    def unchecked(self) -> Sequence[tuple[int, LeftOut]]:
        """Where rules were left out, and which."""
        return self._past.unchecked

    @property
    def seals(self) -> int:
        """How many seals hold."""
        return self._past.seals

    def __iter__(self) -> Iterator[Logged]:
        for entry in self._entries:
            yield self.follow(entry)

    def follow(self, entry: bytes) -> Logged:
        """Admit the next entry again; return its event. Raises `RuleBroken`."""
        if self.size in self._seals:
            self._past.roots[self.size] = self._past.map_root()
        logged = decoded(entry, self.size)
        if logged.event.ledger != self._origin:
            raise RuleBroken(self.size, "WRONG_LEDGER", f"this ledger is {self._origin}")
        left_out = self._admit(logged)
        self._check_seal(logged)
        self._past.unchecked += [(logged.position, each) for each in left_out]
        self._past.take_in(logged, entry)
        return logged

    def _admit(self, logged: Logged) -> Iterable[LeftOut]:
        event, position = logged.event, logged.position
        named = {each: self._past.position_of(digest_of(each)) for each in event.body.references()}
        known = {each: at for each, at in named.items() if at is not None}
        left_out: list[LeftOut] = []
        context = Context(
            logged.accepted, position, known=known, laws=self._laws, left_out=left_out
        )
        try:
            admission.admit(self._past.state_for(event), event, context)
        except Refusal as refusal:
            raise RuleBroken(position, refusal.code, refusal.detail, refusal.positions) from refusal
        return dict.fromkeys(left_out)

    def pass_over(self, entry: bytes) -> Sequence[str]:
        """Take in the next entry, which the rules refuse, as the log did: what follows rests on it.

        Returns the subjects whose state it could not change: what follows is judged without it.
        """
        size, subjects = self.size, tuple[str, ...]()
        try:
            logged = decoded(entry, size)
            subjects = logged.event.subjects
            self._past.take_in(logged, entry)
        except Exception:  # noqa: BLE001  (what was never admitted may fail to fold anyhow)
            self._past.size = size + 1
            return subjects
        return ()

    def _check_seal(self, logged: Logged) -> None:
        """Hold a seal against the map that this replay has made of the same entries."""
        body = logged.event.body
        if not isinstance(body, LedgerSealed) or body.size not in self._seals:
            return
        if body.size < self._began and body.size not in self._past.roots:
            raise Forgotten(f"a seal covers {body.size} entries, before where this audit went on")
        if body.map_root != f"sha256:{self._past.roots[body.size].hex()}":
            reason = f"the map of the first {body.size} entries has another root"
            raise RuleBroken(logged.position, "SEAL_MISMATCH", reason)
        del self._past.roots[body.size]
        self._past.seals += 1


def decoded(entry: bytes, position: int) -> Logged:
    """Read an entry of which nobody has shown yet that it is one."""
    try:
        payload = parse_entry(entry).payload
        if not payload.startswith(b"{"):
            raise RuleBroken(
                position, "MALFORMED", f"the payload is not an object: {quoted(payload)}"
            )
        return decode(entry, position)
    except Invalid as invalid:
        raise RuleBroken(position, invalid.code, invalid.detail) from invalid
    except (WireError, ValueError) as error:
        raise RuleBroken(position, "MALFORMED", str(error)) from error


def digest_of(payload_hash: str) -> bytes:
    """Return the 32 bytes of a payload hash."""
    return bytes.fromhex(payload_hash.removeprefix("sha256:"))


def _opened(note: bytes) -> Checkpoint:
    """Return what a note says. Whether it is signed, and by whom, a verifier has to judge."""
    try:
        return parse_checkpoint(parse_note(note).text)
    except LogError as error:
        raise NothingExported(f"the checkpoint cannot be read: {error}") from None


def must_continue(source: Source, directory: Path, new: Checkpoint) -> None:
    """Have the source prove that what the directory holds is a prefix of what it offers.

    Raises `SourceBehind`, `ExportRefused`.
    """
    if not (directory / CHECKPOINT).exists():
        return
    old = exported_checkpoint(directory)
    if old.origin != new.origin:
        raise ExportRefused(f"the directory holds {old.origin}, the source is {new.origin}")
    if new.size < old.size and frontier_at(new.size, _kept_hashes(directory)).root() == new.root:
        raise SourceBehind(f"the source has {new.size} entries, the directory {old.size}")
    try:
        proof = prove_consistency(old.size, new.size, TileHashes(source.fetch))
        verify_consistency(old.size, new.size, proof, old.root, new.root)
    except LogError as error:
        raise ExportRefused(
            f"the source at size {new.size} does not continue the directory at {old.size}: {error}"
        ) from error


def _kept_hashes(directory: Path) -> TileHashes:
    """Return the hashes of a directory at any size that it has had."""
    size = exported_checkpoint(directory).size

    def fetch(level: int, n: int, width: int) -> bytes:
        now = tile_width(level, n, size)
        return ExportedLog(directory).fetch(level, n, now)[: width * HASH_SIZE]

    return TileHashes(fetch)


def _fetch(source: Source, file: TilePath) -> bytes:
    if file.level is None:
        return source.fetch_bundle(file.index, file.width)
    return source.fetch(file.level, file.index, file.width)
