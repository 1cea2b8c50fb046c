"""
A mirror: a directory that follows a log, and takes in nothing that does not lead to a signed root.

`follow` exports through `Authenticated`, so a file that is there was verified before it was
written, and the checkpoint is written last: a mirror that was killed goes on. What a log signed and
what does not continue the mirror is kept beside it: that is the proof.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from hashlib import sha256
from pathlib import Path

from ledger.follow.audit import (
    CHECKPOINT,
    AuditError,
    Exported,
    ExportedLog,
    ExportRefused,
    NothingExported,
    Source,
    SourceBehind,
    export,
    exported_checkpoint,
    exported_entries,
)
from ledger.follow.authentic import Authenticated, NotAuthentic, Untimely
from ledger.follow.exportfiles import SHARE, Allowance
from ledger.follow.governed import EntryFault, Governed
from ledger.log.checkpoint import log_times
from ledger.log.dating import SEEN, Bounds, bounds_of, seen_size
from ledger.log.merkle import HASH_SIZE, LogError
from ledger.log.note import Verifier
from ledger.log.proof import frontier_at
from ledger.log.tiles import (
    TILE_WIDTH,
    TileHashes,
    parse_bundle,
    tile_width,
    widths,
)
from ledger.verify.files import check_names, read_seen
from ledger.verify.outcome import Check, Refused


class Rotten(AuditError):
    """What the mirror itself holds is not what it took in: a disk, or somebody, changed it."""


class Behind(AuditError):
    """The source shows less than the mirror has, and nothing else: it lags, or somebody caches."""


class _Proven(AuditError):
    """The log signed what it must not; `evidence` is the directory of both checkpoints.

    It is said also where the proof cannot be kept.
    """

    def __init__(self, reason: str, directory: Path, files: Mapping[str, bytes]) -> None:
        self.evidence, kept = evidence_of(directory), kept_beside(directory, files)
        super().__init__(f"{reason}; {kept}")


class RolledBack(_Proven):
    """The log signed a smaller size after a larger one, by the times in its own signatures."""


class Forked(_Proven):
    """The log signed a history that does not continue what the mirror has."""


class _Otherwise(ExportRefused):
    """Entry 0 is another than the trusted one."""


class BackdatedEntry(_Proven):
    """The log signed an entry that is dated before a checkpoint without it, or after its own."""


def catch_up(governed: Governed, directory: Path) -> list[EntryFault]:
    """Read what a mirror has and was not read yet, if there is a mirror.

    Returns what is wrong with entries that change who may sign. Raises `Rotten` where the mirror's
    own files have changed, and nothing is the log's fault.
    """
    faults = list[EntryFault]()
    if not (directory / CHECKPOINT).exists():
        return faults
    try:
        for entry in exported_entries(directory, governed.size):
            faults += governed.skip(entry)
    except NothingExported as error:
        _must_not_be_rotten(directory, governed.trust.origin, error)
        raise
    if faults:
        _must_not_be_rotten(directory, governed.trust.origin)
    return faults


def _must_not_be_rotten(directory: Path, origin: str, cause: Exception | None = None) -> None:
    if found := rotten(directory, origin):
        raise Rotten(f"of the mirror itself: {', '.join(found)}") from cause


def follow(  # noqa: PLR0913  (what is followed, and by what it is known)
    source: Source,
    directory: Path,
    origin: str,
    log_keys: Sequence[Verifier],
    *,
    before: Sequence[Verifier] = (),
    genesis: str = "",
    share: Allowance = SHARE,
) -> Exported:
    """
    Bring a mirror up to a source's checkpoint; return what it has then.

    The checkpoint is signed by all `log_keys`, or by all of those `before` them. `genesis` is the
    SHA-256 of entry 0 in hex, where that is trusted. Raises `NotAuthentic` for what the log's keys
    do not vouch for, `Forked` for what they do and what does not continue the mirror or begins
    otherwise, `BackdatedEntry` for an entry that is older than a checkpoint without it,
    `Unfinished` once there is a `share` of it, and what the source raises. The mirror stays as it
    was. Of the notes that it has seen it keeps those of its size: to the others it has held all
    there is.
    """
    known = (*log_keys, *before)
    authentic = Authenticated(source, origin, log_keys, _bounds(directory, known), before)
    if (directory / CHECKPOINT).exists():
        _stated(directory)
    offered = authentic.checkpoint()
    try:
        if genesis and not _begins(authentic, directory, genesis):
            raise _Otherwise(f"the log begins by another entry than the trusted one, {genesis}")
        done = export(authentic, directory, share=share)
        _drop_outlived(directory, done.checkpoint.size)
    except Untimely as found:
        files = {"checkpoint": offered, f"{found.position}.entry": found.entry}
        with suppress(Exception):  # What proves it may be withheld: the entry stands against it.
            files[f"{found.position}.tlog-proof"] = authentic.prove(found.position)
        raise BackdatedEntry(str(found), directory, files) from None
    except ExportRefused as refused:
        if (directory / CHECKPOINT).exists():
            # Before the log is blamed: is what it is held against what the mirror once took in?
            _must_be_sound(directory, origin, log_keys, before)
        raise _blamed(refused, authentic, directory, known) from None
    return done


def _blamed(
    refused: ExportRefused, authentic: Authenticated, directory: Path, known: Sequence[Verifier]
) -> AuditError:
    """Return what a log did that is not as the mirror has it, or must have it; keep the proof."""
    offered = authentic.checkpoint()
    files = {CHECKPOINT: offered}
    if isinstance(refused, _Otherwise):
        files |= {"0.entry": _first(authentic), "0.tlog-proof": authentic.prove(0)}
    if not isinstance(refused, SourceBehind):
        return Forked(str(refused), directory, files)
    ours = ExportedLog(directory).checkpoint()
    if signed_at(offered, authentic.log_keys or ()) <= signed_at(ours, known):
        return Behind(str(refused))
    return RolledBack(f"{refused}, and the log signed that later", directory, files)


def _begins(authentic: Authenticated, directory: Path, genesis: str) -> bool:
    """Say whether entry 0 is the trusted one: that of the mirror, which a log continues or not."""
    if (directory / CHECKPOINT).exists():
        try:
            first = next(exported_entries(directory), b"")
        except NothingExported as error:
            raise Rotten(f"of the mirror itself: {error}") from None
    else:
        first = _first(authentic)
    return not first or sha256(first).hexdigest() == genesis


def _first(authentic: Authenticated) -> bytes:
    """Return entry 0, b"" where there is none."""
    width = tile_width(0, 0, authentic.size)
    return parse_bundle(authentic.fetch_bundle(0, width), width)[0] if width else b""


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
        seen = seen_size(found.relative_to(directory).as_posix())
        if seen is not None and seen < size:
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


def _must_be_sound(
    directory: Path, origin: str, log_keys: Sequence[Verifier], before: Sequence[Verifier]
) -> None:
    try:
        Authenticated(ExportedLog(directory), origin, log_keys, before=before)
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

    Those are moved aside, to `….rotten`; `mend` fetches them again, and what hangs from one of them
    is looked at only then. Raises `NotAuthentic` for a file that no log has, `Rotten` where the
    checkpoint itself cannot be read.
    """
    found = dict[str, None]()
    for look in _looks(directory, origin):
        found |= dict.fromkeys(_at_fault(look))
    found |= {} if found else dict.fromkeys(_outgrown_rot(directory))
    for path in found:
        _move_aside(directory, path)
    return list(found)


_MEND = "put it back from a copy, or begin again in another directory"


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
            raise Rotten(f"of the mirror itself: {error}; {_MEND}") from None
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
    """Fetch again what a mirror lacks of the log of its own checkpoint, each file verified.

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
        known = refused.position is not None or refused.step is Check.CONSISTENCY
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


def root_at(size: int, directory: Path, now: int) -> bytes:
    """Return the root that a mirror of `now` entries had at an earlier size, by its tiles."""

    def fetch(level: int, n: int, width: int) -> bytes:
        kept = ExportedLog(directory).fetch(level, n, tile_width(level, n, now))
        return kept[: width * HASH_SIZE]

    return frontier_at(size, TileHashes(fetch)).root()


def evidence_of(directory: Path) -> Path:
    """Return where the proofs against a log are kept, beside its mirror."""
    return directory.with_name(f"{directory.name}.forked")


def kept_beside(directory: Path, files: Mapping[str, bytes]) -> str:
    """Keep a proof beside the mirror, and the mirror's own notes; say where, or why it is not.

    A checkpoint is named by its hash.
    """
    evidence = evidence_of(directory)
    try:
        evidence.mkdir(parents=True, exist_ok=True)
        for name, raw in files.items():
            note = f"{sha256(raw).hexdigest()}.checkpoint"
            (evidence / (note if name == CHECKPOINT else name)).write_bytes(raw)
        for own in _notes(directory):
            (evidence / f"{sha256(own).hexdigest()}.checkpoint").write_bytes(own)
    except (OSError, AuditError, Refused) as error:
        return f"the proof could not be kept whole in {evidence}: {error}"
    return f"the proof is kept in {evidence}"
