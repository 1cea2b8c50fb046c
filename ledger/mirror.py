"""
A mirror: a directory that follows a log, and takes in nothing that does not lead to a signed root.

`Authenticated` lets a source say what it likes and passes on what it can show: each tile hashes
into the one above it, those at the right edge into the root of a checkpoint that all keys of the
log have signed, each entry into its tile. `follow` exports through it, so a file that is there was
verified before it was written, and the checkpoint is written last: a mirror that was killed goes
on. What a log signed and what does not continue the mirror is kept beside it: that is the proof.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from hashlib import sha256
from pathlib import Path

from ledger.audit import (
    CHECKPOINT,
    AuditError,
    Exported,
    ExportedLog,
    ExportRefused,
    NothingExported,
    Progress,
    Source,
    SourceBehind,
    export,
    exported_checkpoint,
    exported_entries,
)
from ledger.log.checkpoint import log_times, open_checkpoint
from ledger.log.dating import SEEN, Bounds, bounds_of
from ledger.log.merkle import HASH_SIZE, Frontier, LogError, leaf_hash, root_of
from ledger.log.note import Verifier, parse_note, parse_vkey
from ledger.log.policy import Policy, parse_policy
from ledger.log.proof import prove_inclusion
from ledger.log.receipt import TlogProof, format_tlog_proof
from ledger.log.tiles import (
    TILE_WIDTH,
    TileHashes,
    entries_path,
    parse_bundle,
    split_tile,
    tile_path,
    tile_width,
    widths,
)
from ledger.log.tree_head import parse_checkpoint
from ledger.verify.authority import Authority, is_authority
from ledger.verify.event import Event, read_event
from ledger.verify.files import check_names, read_seen
from ledger.verify.outcome import Refused, Step
from ledger.verify.signatures import check_signatures
from ledger.verify.trust import Trust
from ledger.wire.canonical import WireError
from ledger.wire.entry import parse_entry

_TILES = 64
"""Authenticated tiles that are kept at hand: neighbours have one above them in common."""


class NotAuthentic(AuditError):
    """A checkpoint is not signed by the log, or a tile or an entry does not lead to its root.

    `paths` are the files at fault, as far as that is known.
    """

    def __init__(self, reason: str, *paths: str) -> None:
        super().__init__(reason)
        self.paths = paths


class Rotten(AuditError):
    """What the mirror itself holds is not what it took in: a disk, or somebody, changed it."""


class Behind(AuditError):
    """The source shows less than the mirror has, and nothing else: it lags, or somebody caches."""


class _Proven(AuditError):
    """The log signed what it must not; `evidence` is the directory of both checkpoints."""

    def __init__(self, reason: str, evidence: Path) -> None:
        super().__init__(f"{reason}; the proof is kept in {evidence}")
        self.evidence = evidence


class RolledBack(_Proven):
    """The log signed a smaller size after a larger one, by the times in its own signatures."""


class Forked(_Proven):
    """The log signed a history that does not continue what the mirror has."""


class Backdated(_Proven):
    """The log signed an entry that is dated before a checkpoint without it, or after its own."""


class _Untimely(AuditError):
    """An entry that a checkpoint which was seen does not allow."""

    def __init__(self, entry: bytes, position: int, reason: str) -> None:
        super().__init__(f"position {position}: {reason}")
        self.entry, self.position = entry, position


class Authenticated:
    """A `Source` of one checkpoint, of which everything has been shown to belong to it."""

    def __init__(
        self,
        source: Source,
        origin: str,
        log_keys: Sequence[Verifier] | None,
        seen: Iterable[Bounds] = (),
    ) -> None:
        """Open the source's checkpoint, or believe it where no keys are given.

        Its entries are held to what checkpoints say that were `seen`. Raises `NotAuthentic`, and
        what the source raises.
        """
        self._source, self._origin, self._note = source, origin, source.checkpoint()
        try:
            checkpoint = parse_checkpoint(parse_note(self._note).text)
            if log_keys is not None:
                checkpoint = open_checkpoint(self._note, origin, log_keys)
        except LogError as error:
            raise NotAuthentic(f"checkpoint: {error}") from None
        self._size, self._root = checkpoint.size, checkpoint.root
        self._listed, self._seen = list[bytes](), list(seen)
        if log_keys is not None:
            self._listed = [self._of_this_size(n, log_keys) for n in source.signed(self._size)]
            self._seen += [bounds_of(note, log_keys) for note in (self._note, *self._listed)]
        self._edge = self._right_edge()
        self._full = lru_cache(maxsize=_TILES)(self._authenticated)

    @property
    def size(self) -> int:
        """How many entries the checkpoint covers."""
        return self._size

    def checkpoint(self) -> bytes:
        """Return the signed note."""
        return self._note

    def fetch(self, level: int, n: int, width: int) -> bytes:
        """Return a tile. Raises `NotAuthentic`."""
        if width == TILE_WIDTH:
            return self._full(level, n)
        tile = self._edge.get((level, n))
        if tile is None or len(split_tile(tile)) != width:
            raise NotAuthentic(f"{tile_path(level, n, width)}: not of a log of {self._size}")
        return tile

    def fetch_bundle(self, n: int, width: int) -> bytes:
        """Return an entry bundle. Raises `NotAuthentic`."""
        bundle, path = self._source.fetch_bundle(n, width), entries_path(n, width)
        try:
            entries = parse_bundle(bundle, width)
            leaves = [leaf_hash(entry) for entry in entries]
        except LogError as error:
            raise NotAuthentic(f"{path}: {error}", path) from None
        if leaves != split_tile(self.fetch(0, n, width)):
            raise NotAuthentic(f"{path}: an entry does not hash into its tile", path)
        for position, entry in enumerate(entries, n * TILE_WIDTH):
            self._check_time(entry, position)
        return bundle

    def signed(self, size: int) -> Sequence[bytes]:
        """Return the other notes of the checkpoint's size, which the log has signed too."""
        return self._listed if size == self._size else []

    def _of_this_size(self, note: bytes, log_keys: Sequence[Verifier]) -> bytes:
        try:
            opened = open_checkpoint(note, self._origin, log_keys)
        except LogError as error:
            raise NotAuthentic(f"a note that is listed: {error}") from None
        if (opened.size, opened.root) != (self._size, self._root):
            raise NotAuthentic("a note that is listed is of another log")
        return note

    def _check_time(self, entry: bytes, position: int) -> None:
        """Raise `_Untimely` for an entry that a checkpoint which was seen does not allow."""
        if not self._seen:
            return
        try:
            accepted = parse_entry(entry).accepted
        except WireError:
            return  # What nobody can read has no time; forms and rules are not a mirror's part.
        for each in self._seen:
            if fault := each.fault(accepted, position):
                raise _Untimely(entry, position, fault)

    def prove(self, position: int) -> bytes:
        """Return the tlog-proof of an entry."""
        hashes = prove_inclusion(position, self._size, TileHashes(self.fetch))
        return format_tlog_proof(TlogProof(position, tuple(hashes), self._note))

    def _right_edge(self) -> dict[tuple[int, int], bytes]:
        """Return the partial tiles, which together lead to the root."""
        edge, hashes = {}, list[bytes]()
        for level, (n, width) in reversed(list(enumerate(widths(self._size)))):
            if width:
                edge[level, n] = self._tile(level, n, width)
                hashes.extend(Frontier().extend(split_tile(edge[level, n])).hashes)
        if Frontier(self._size, tuple(hashes)).root() != self._root:
            paths = [tile_path(at, n, len(split_tile(tile))) for (at, n), tile in edge.items()]
            raise NotAuthentic("the tiles at the right edge lead to another root", *paths)
        return edge

    def _authenticated(self, level: int, n: int) -> bytes:
        """Return a full tile, whose root stands in the tile above it."""
        above, at = divmod(n, TILE_WIDTH)
        width = tile_width(level + 1, above, self._size)
        if at >= width:
            raise NotAuthentic(f"{tile_path(level, n)}: not of a log of {self._size}")
        tile = self._tile(level, n, TILE_WIDTH)
        if root_of(split_tile(tile)) != split_tile(self.fetch(level + 1, above, width))[at]:
            path = tile_path(level, n)
            raise NotAuthentic(f"{path}: does not hash into the tile above", path)
        return tile

    def _tile(self, level: int, n: int, width: int) -> bytes:
        tile, path = self._source.fetch(level, n, width), tile_path(level, n, width)
        if len(tile) != width * HASH_SIZE:
            raise NotAuthentic(f"{path}: has not {width} hashes", path)
        return tile


class Governed:
    """
    Who may sign, as the entries of a mirror say, each of those verified: the log's keys of now.

    A set of keys follows another while both sign, so who looks in now and then is led from the
    trusted ones to those of today.
    """

    def __init__(self, trust: Trust) -> None:
        """Begin with the keys of a trust root."""
        self.trust, self.size = trust, 0
        self.authority = Authority()
        self._accepted = ""

    @property
    def log_keys(self) -> tuple[Verifier, ...]:
        """The keys that must have signed a checkpoint that continues what was read.

        Raises `NotAuthentic` for adopted ones that cannot be read: they sign for nobody.
        """
        if not self.authority.log_keys:
            return self.trust.verifiers
        try:
            return tuple(map(parse_vkey, self.authority.log_keys_at(self.size)))
        except LogError as error:
            raise NotAuthentic(f"a key that the log adopted: {error}") from None

    @property
    def policy(self) -> Policy:
        """The policy by which cosignatures count: the trusted one, or what the log adopted since.

        One that cannot be read is passed over: that it was admitted is for the rules to say.
        """
        texts = [text for since, _, text in self.authority.policies if since <= self.size]
        try:
            return parse_policy(texts[-1]) if texts and texts[-1] else self.trust.policy
        except LogError:
            return self.trust.policy

    def follow(self, entry: bytes) -> Event:
        """Read the next entry, verify its place in time and its signatures. Raises `Refused`."""
        position, self.size = self.size, self.size + 1
        event = read_event(entry, position, self.trust.origin)
        if event.entry.accepted < self._accepted:
            raise Refused(Step.IDENTITY, "accepted before the entry before it", position)
        self._accepted = event.entry.accepted
        if is_authority(entry):
            self.authority.follow(event)
        check_signatures(event, self.authority)
        return event

    def skip(self, entry: bytes) -> None:
        """Pass over the next entry, unless it changes who may sign. Raises `Refused`."""
        if is_authority(entry):
            self.follow(entry)
        else:
            self.size += 1


def catch_up(governed: Governed, directory: Path) -> None:
    """Read what a mirror has and was not read yet, if there is a mirror.

    Raises `Refused`, or `Rotten` where the mirror's own files have changed.
    """
    if not (directory / CHECKPOINT).exists():
        return
    try:
        for entry in exported_entries(directory, governed.size):
            governed.skip(entry)
    except (Refused, NothingExported) as error:
        if found := rotten(directory, governed.trust.origin):
            raise Rotten(f"of the mirror itself: {', '.join(found)}") from error
        raise


def follow(
    source: Source,
    directory: Path,
    origin: str,
    log_keys: Sequence[Verifier],
    progress: Progress = lambda _done, _total: None,
) -> Exported:
    """
    Bring a mirror up to a source's checkpoint; return what it has then.

    Raises `NotAuthentic` for what the log's keys do not vouch for, `Forked` for what they do and
    what does not continue the mirror, `Backdated` for an entry that is older than a checkpoint
    without it, and what the source raises. The mirror stays as it was. Of the notes that it has
    seen it keeps those of its size: to the others it has held all there is.
    """
    authentic = Authenticated(source, origin, log_keys, _bounds(directory, log_keys))
    if (directory / CHECKPOINT).exists():
        _stated(directory)
    try:
        done = export(authentic, directory, progress)
        _drop_outlived(directory, done.checkpoint.size)
    except _Untimely as found:
        evidence = keep_evidence(directory, authentic.checkpoint())
        (evidence / f"{found.position}.entry").write_bytes(found.entry)
        (evidence / f"{found.position}.tlog-proof").write_bytes(authentic.prove(found.position))
        raise Backdated(str(found), evidence) from None
    except ExportRefused as refused:
        # Before the log is blamed: is what it is held against what the mirror once took in?
        _must_be_sound(directory, origin, log_keys)
        offered = authentic.checkpoint()
        if not isinstance(refused, SourceBehind):
            raise Forked(str(refused), keep_evidence(directory, offered)) from None
        if signed_at(offered, log_keys) <= signed_at(ExportedLog(directory).checkpoint(), log_keys):
            raise Behind(str(refused)) from None
        reason = f"{refused}, and the log signed that later"
        raise RolledBack(reason, keep_evidence(directory, offered)) from None
    return done


def _bounds(directory: Path, log_keys: Sequence[Verifier]) -> list[Bounds]:
    """Return what the notes of a mirror say of time. Raises `Rotten`."""
    try:
        return [bounds_of(note, log_keys) for note in _notes(directory)]
    except (Refused, LogError, NothingExported) as error:
        raise Rotten(f"of the mirror itself: {error}") from None


def _notes(directory: Path) -> list[bytes]:
    """Return the notes that a mirror has seen and keeps, its checkpoint the first of them."""
    if not (directory / CHECKPOINT).exists():
        return []
    size = exported_checkpoint(directory).size
    seen = [note for note, _ in read_seen(directory, size)]
    return [ExportedLog(directory).checkpoint(), *seen]


def _drop_outlived(directory: Path, size: int) -> None:
    for found in (directory / SEEN).glob("*/*"):
        if int(found.parent.name) < size:
            found.unlink()
            _remove_empty(found.parent, directory)


def _remove_empty(place: Path, directory: Path) -> None:
    """Remove a directory of a mirror that holds nothing any more, and what it lies in."""
    while place != directory and not any(place.iterdir()):
        place.rmdir()
        place = place.parent


def _stated(directory: Path) -> None:
    try:
        exported_checkpoint(directory)
    except NothingExported as error:
        raise Rotten(f"of the mirror itself: {error}") from None


def _must_be_sound(directory: Path, origin: str, log_keys: Sequence[Verifier]) -> None:
    try:
        Authenticated(ExportedLog(directory), origin, log_keys)
        found = rotten(directory, origin)
    except (NotAuthentic, NothingExported) as error:
        raise Rotten(f"of the mirror itself: {error}") from None
    if found:
        raise Rotten(f"of the mirror itself: {', '.join(found)}")


def signed_at(note: bytes, log_keys: Sequence[Verifier]) -> int:
    """Return the POSIX seconds at which the log signed a note, 0 where no line of it has a time."""
    return max(log_times(note, log_keys), default=0)


def rotten(directory: Path, origin: str) -> list[str]:
    """Look again at all that a mirror holds; return the files that do not lead to its root.

    Those are moved aside, to `….rotten`; `mend` fetches them anew, and what hangs from one of them
    is looked at only then. Raises `NotAuthentic` for a file that no log has, `NothingExported`.
    """
    found = dict[str, None]()
    for look in _looks(directory, origin):
        found |= dict.fromkeys(_at_fault(look))
    found |= {} if found else dict.fromkeys(_outgrown_rot(directory))
    for path in found:
        _move_aside(directory, path)
    return list(found)


def _at_fault(look: Callable[[], object]) -> Sequence[str]:
    """Return the files at fault for what cannot be read; the checkpoint's fault is raised."""
    try:
        look()
    except NotAuthentic as error:
        if not error.paths:
            raise
        return error.paths
    except NothingExported as error:
        path, _, _ = str(error).partition(":")
        if path == CHECKPOINT:
            raise
        return (path,)
    return ()


def _looks(directory: Path, origin: str) -> Iterator[Callable[[], object]]:
    """Yield what looks at one file after the other, each behind those that vouch for it."""
    opened = list[Authenticated]()
    yield lambda: opened.append(Authenticated(ExportedLog(directory), origin, None))
    for kept in opened:
        for level, (full, _) in reversed(list(enumerate(widths(kept.size)))):
            yield from (partial(kept.fetch, level, n, TILE_WIDTH) for n in range(full))
        for n in range(-(-kept.size // TILE_WIDTH)):
            yield partial(kept.fetch_bundle, n, tile_width(0, n, kept.size))


def mend(source: Source, directory: Path, origin: str) -> Exported:
    """Fetch anew what a mirror lacks of the log of its own checkpoint, each file verified.

    Raises `NotAuthentic`, and what the source raises.
    """
    return export(Authenticated(_OfOurs(source, directory), origin, None), directory)


@dataclass(frozen=True, slots=True)
class _OfOurs:
    """A source's files, under the checkpoint that a mirror has."""

    source: Source
    directory: Path

    def checkpoint(self) -> bytes:
        return ExportedLog(self.directory).checkpoint()

    def fetch(self, level: int, n: int, width: int) -> bytes:
        return self.source.fetch(level, n, width)

    def fetch_bundle(self, n: int, width: int) -> bytes:
        return self.source.fetch_bundle(n, width)

    def signed(self, _size: int) -> Sequence[bytes]:
        return []


def _outgrown_rot(directory: Path) -> Iterator[str]:
    """Yield the partial tiles of earlier sizes that say something else than the tiles of now.

    And a note that was seen, where it is another than it was.
    """
    size = exported_checkpoint(directory).size
    try:
        check_names(directory, size)
        read_seen(directory, size)
    except Refused as refused:
        known = refused.position is not None or refused.step is Step.CONSISTENCY
        if not known or refused.path is None:
            raise NotAuthentic(refused.reason) from None  # No file of ours.
        yield refused.path


def _move_aside(directory: Path, path: str) -> None:
    aside = directory.with_name(f"{directory.name}.rotten") / path
    if (directory / path).exists():
        aside.parent.mkdir(parents=True, exist_ok=True)
        (directory / path).replace(aside)
        if path.startswith(SEEN):
            _remove_empty((directory / path).parent, directory)


def keep_evidence(directory: Path, note: bytes) -> Path:
    """Keep the checkpoints, of which the log signed each, beside the mirror."""
    evidence = directory.with_name(f"{directory.name}.forked")
    evidence.mkdir(parents=True, exist_ok=True)
    for signed in (*_notes(directory), note):
        (evidence / f"{sha256(signed).hexdigest()}.checkpoint").write_bytes(signed)
    return evidence
