"""
Steps 5 to 8 for one bundle of entries: runs in worker processes, and returns little.

What needs the whole sequence, that instants do not run back and that no event is there twice, is
judged by `Chronology` in the process that asked.
"""

from collections.abc import Collection
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path

from ledger.log.dating import Bounds
from ledger.log.tiles import TILE_WIDTH, entries_path, parse_bundle, tile_width
from ledger.verify.authority import Authority
from ledger.verify.checkpoints import check_time
from ledger.verify.event import read_event
from ledger.verify.files import read_bundle
from ledger.verify.outcome import Check, Refused
from ledger.verify.signatures import check_signatures


@dataclass(slots=True)
class CheckedBundle:
    """What the sequence needs of a bundle, up to the first entry that is refused, if one is.

    `vouched` are positions of events that rest on a key, and of where it was vouched for.
    """

    n: int
    events: list[tuple[bytes, str]] = field(default_factory=list)
    signatures: int = 0
    unchecked: list[tuple[int, str]] = field(default_factory=list)
    vouched: list[tuple[int, int]] = field(default_factory=list)
    refused: Refused | None = None


@dataclass(frozen=True, slots=True)
class CheckBundle:
    """Checks bundles of the log of `size` and `origin` that step 3 has hashed."""

    directory: Path
    size: int
    origin: str
    authority: Authority

    def __call__(self, task: tuple[int, bytes]) -> CheckedBundle:
        """Check every entry of a bundle, given its number and its SHA-256."""
        n, digest = task
        width, checked = tile_width(0, n, self.size), CheckedBundle(n)
        try:
            raw = self._read(n, width, digest)
            for position, entry in enumerate(parse_bundle(raw, width), n * TILE_WIDTH):
                self._check(entry, position, checked)
        except Refused as refused:
            checked.refused = refused
        return checked

    def _read(self, n: int, width: int, digest: bytes) -> bytes:
        raw = read_bundle(self.directory, n, width)
        if sha256(raw).digest() != digest:
            path = entries_path(n, width)
            raise Refused(Check.TREE, "changed while it was verified", n * TILE_WIDTH, path)
        return raw

    def _check(self, raw: bytes, position: int, checked: CheckedBundle) -> None:
        event = read_event(raw, position, self.origin)
        event_id = bytes.fromhex(event.event_id.replace("-", ""))
        # What step 6 says of this entry in its sequence comes before what step 8 says of it.
        checked.events.append((event_id, event.entry.accepted))
        for what in check_signatures(event, self.authority):
            checked.unchecked.append((position, what))
        checked.signatures += len(event.entry.signatures)
        checked.vouched += [(position, at) for at in self.authority.vouched(event)]


@dataclass(slots=True)
class Chronology:
    """The log in order: instants do not run back or past an end, every event is there once.

    `accepted` says when those at the positions `asked` for were accepted.
    """

    bounds: Bounds
    asked: Collection[int] = ()
    accepted: dict[int, str] = field(default_factory=dict)
    last: str = ""
    seen: set[bytes] = field(default_factory=set)
    signatures: int = 0
    unchecked: list[tuple[int, str]] = field(default_factory=list)
    vouched: list[tuple[int, int]] = field(default_factory=list)

    def follow(self, bundle: CheckedBundle) -> None:
        """Take in the next bundle. Raises `Refused` for the first entry that is wrong."""
        for position, (event_id, accepted) in enumerate(bundle.events, bundle.n * TILE_WIDTH):
            if event_id in self.seen:
                told = f"the event is in the log already, {event_id.hex()}"
                raise Refused(Check.IDENTITY, told, position)
            if accepted < self.last:
                told = f"accepted before the entry before it, at {accepted}, not {self.last}"
                raise Refused(Check.IDENTITY, told, position)
            check_time([self.bounds], accepted, position)
            self.seen.add(event_id)
            if position in self.asked:
                self.accepted[position] = accepted
            self.last = accepted
        if bundle.refused:
            raise bundle.refused
        self.signatures += bundle.signatures
        self.unchecked += bundle.unchecked
        self.vouched += bundle.vouched
