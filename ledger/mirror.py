"""
A mirror: a directory that follows a log, and takes in nothing that does not lead to a signed root.

`Authenticated` lets a source say what it likes and passes on what it can show: each tile hashes
into the one above it, those at the right edge into the root of a checkpoint that all keys of the
log have signed, each entry into its tile. `follow` exports through it, so a file that is there was
verified before it was written, and the checkpoint is written last: a mirror that was killed goes
on. What a log signed and what does not continue the mirror is kept beside it: that is the proof.
"""

from collections.abc import Sequence
from functools import lru_cache
from hashlib import sha256
from pathlib import Path

from ledger.audit import (
    CHECKPOINT,
    AuditError,
    Exported,
    ExportRefused,
    Progress,
    Source,
    export,
    exported_entries,
)
from ledger.log.checkpoint import open_checkpoint
from ledger.log.merkle import Frontier, LogError, leaf_hash, root_of
from ledger.log.note import Verifier, parse_vkey
from ledger.log.policy import Policy, parse_policy
from ledger.log.tiles import (
    TILE_WIDTH,
    entries_path,
    parse_bundle,
    split_tile,
    tile_path,
    tile_width,
    widths,
)
from ledger.verify.authority import Authority, is_authority
from ledger.verify.event import Event, read_event
from ledger.verify.signatures import check_signatures
from ledger.verify.trust import Trust

_TILES = 64
"""Authenticated tiles that are kept at hand: neighbours have one above them in common."""


class NotAuthentic(AuditError):
    """A checkpoint is not signed by the log, or a tile or an entry does not lead to its root."""


class Forked(AuditError):
    """The log signed a history that does not continue what the mirror has; `evidence` is where."""

    def __init__(self, reason: str, evidence: Path) -> None:
        super().__init__(f"{reason}; the proof is kept in {evidence}")
        self.evidence = evidence


class Authenticated:
    """A `Source` of one checkpoint, of which everything has been shown to belong to it."""

    def __init__(self, source: Source, origin: str, log_keys: Sequence[Verifier]) -> None:
        """Open the source's checkpoint. Raises `NotAuthentic`, and what the source raises."""
        self._source, self._note = source, source.checkpoint()
        try:
            checkpoint = open_checkpoint(self._note, origin, log_keys)
        except LogError as error:
            raise NotAuthentic(f"checkpoint: {error}") from None
        self._size, self._root = checkpoint.size, checkpoint.root
        self._edge = self._right_edge()
        self._full = lru_cache(maxsize=_TILES)(self._authenticated)

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
        bundle = self._source.fetch_bundle(n, width)
        try:
            leaves = [leaf_hash(entry) for entry in parse_bundle(bundle, width)]
        except LogError as error:
            raise NotAuthentic(f"{entries_path(n, width)}: {error}") from None
        if leaves != split_tile(self.fetch(0, n, width)):
            raise NotAuthentic(f"{entries_path(n, width)}: an entry does not hash into its tile")
        return bundle

    def _right_edge(self) -> dict[tuple[int, int], bytes]:
        """Return the partial tiles, which together lead to the root."""
        edge, hashes = {}, list[bytes]()
        for level, (n, width) in reversed(list(enumerate(widths(self._size)))):
            if width:
                edge[level, n] = self._tile(level, n, width)
                hashes.extend(Frontier().extend(split_tile(edge[level, n])).hashes)
        if Frontier(self._size, tuple(hashes)).root() != self._root:
            raise NotAuthentic("the tiles at the right edge lead to another root")
        return edge

    def _authenticated(self, level: int, n: int) -> bytes:
        """Return a full tile, whose root stands in the tile above it."""
        above, at = divmod(n, TILE_WIDTH)
        width = tile_width(level + 1, above, self._size)
        if at >= width:
            raise NotAuthentic(f"{tile_path(level, n)}: not of a log of {self._size}")
        tile = self._tile(level, n, TILE_WIDTH)
        if root_of(split_tile(tile)) != split_tile(self.fetch(level + 1, above, width))[at]:
            raise NotAuthentic(f"{tile_path(level, n)}: does not hash into the tile above")
        return tile

    def _tile(self, level: int, n: int, width: int) -> bytes:
        tile = self._source.fetch(level, n, width)
        try:
            hashes = split_tile(tile)
        except LogError as error:
            raise NotAuthentic(f"{tile_path(level, n, width)}: {error}") from None
        if len(hashes) != width:
            raise NotAuthentic(f"{tile_path(level, n, width)}: has {len(hashes)} hashes")
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
        """Read the next entry and verify its signatures. Raises `Refused`."""
        position, self.size = self.size, self.size + 1
        event = read_event(entry, position, self.trust.origin)
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
    """Read what a mirror has and was not read yet, if there is a mirror. Raises `Refused`."""
    if (directory / CHECKPOINT).exists():
        for entry in exported_entries(directory, governed.size):
            governed.skip(entry)


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
    what does not continue the mirror, and what the source raises. The mirror stays as it was.
    """
    authentic = Authenticated(source, origin, log_keys)
    try:
        return export(authentic, directory, progress)
    except ExportRefused as refused:
        raise Forked(str(refused), _kept(directory, authentic.checkpoint())) from None


def _kept(directory: Path, note: bytes) -> Path:
    """Keep both checkpoints, of which the log signed each, beside the mirror."""
    evidence = directory.with_name(f"{directory.name}.forked")
    evidence.mkdir(exist_ok=True)
    for signed in ((directory / CHECKPOINT).read_bytes(), note):
        (evidence / f"{sha256(signed).hexdigest()}.checkpoint").write_bytes(signed)
    return evidence
