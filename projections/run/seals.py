"""
Seals in the making: when one is due, and what it says (docs/spec/seal.md).

Computed off the sequencer's lock, in a process of its own, at the cost of what is new: the map of
subjects moves on by the entries since the last seal, the digests have moved with the rows of the
read models, which all stand at one size, because a batch moves them in one commit. Both lie where
the application's role may write: only what is under the MAC of this ledger's processes is sealed.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

import orjson
import structlog

from ledger.domain.government.seal import LedgerSealed
from ledger.domain.parties.ledger_state import ledger_subject
from ledger.events.intake import decode
from ledger.home.batches import BatchKey
from ledger.store.checkpoints import published_size
from ledger.store.connection import Pool
from ledger.store.entries import latest_under, read_first, read_head
from ledger.store.links import Link, newest_links
from ledger.store.readmodels import read_progress
from ledger.store.subject_map import MapDoubted, StoredMap
from ledger.store.vault import openings_kept
from projections.engine.decoding import decode as decode_stored
from projections.engine.digest import kept_digest
from projections.engine.runner import is_newer, is_outdated
from projections.run.catalogue import READ_MODELS
from projections.run.rebuild import doubted, rebuild

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class LastSeal:
    """The size that the last seal covers, and when it was recorded: of none, 0 and the beginning.

    `since` counts what came after the covered entries, seals apart: they are never a cause of one.
    """

    size: int
    accepted: datetime
    since: int

    def is_due(self, now: datetime, entries: int, period: timedelta) -> bool:
        """Say whether enough has happened, or something and enough time has passed."""
        return self.since >= entries or (self.since > 0 and now - self.accepted >= period)


@dataclass(frozen=True, slots=True)
class Draft:
    """What a seal says: the size, the root of the map, and the digests of read models."""

    size: int
    map_root: bytes
    digests: tuple[tuple[str, int, str], ...]
    links: tuple[Link, ...] = ()
    openings: int = 0

    def body(self, origin: str) -> dict[str, object]:
        """Return the body of `ledger.sealed/1`."""
        body: dict[str, object] = {
            "ledger": ledger_subject(origin),
            "size": self.size,
            "map_root": f"sha256:{self.map_root.hex()}",
            "projections": [
                {"projection": name, "version": version, "sha256": digest}
                for name, version, digest in self.digests
            ],
        }
        if self.links:
            body["links"] = [
                {"chain": each.chain, "number": each.number, "link": f"sha256:{each.link.hex()}"}
                for each in self.links
            ]
        if self.openings:
            body["openings"] = self.openings
        return body


def last_seal(pool: Pool, origin: str) -> LastSeal:
    """Return what the last seal covers."""
    size = read_head(pool).size
    first = read_first(pool)
    stored = latest_under(pool, ledger_subject(origin), LedgerSealed.TOPIC)
    if stored is None:
        return LastSeal(0, first.accepted, size)
    body = decode(stored.entry, stored.position).event.body
    assert isinstance(body, LedgerSealed), "it was looked for by its topic"
    # One seal stands behind what it covers: itself.
    return LastSeal(body.size, stored.accepted, size - body.size - 1)


def draft_seal(pool: Pool, above: int, key: BatchKey | None = None) -> Draft | None:
    """Return what a seal over more than `above` entries says now; None if there are no more yet.

    With the ledger's `key`, what a seal goes by and somebody else wrote is made again before.
    """
    if key is not None:
        _rebuild_doubted(pool, key)
    found = read_progress(pool)
    kept = [
        (model, progress)
        for model in sorted(READ_MODELS, key=lambda model: model.name)
        if (progress := found.get(model.name)) is not None
        and not (is_outdated(model, progress, key) or is_newer(model, progress))
    ]
    # Where no read models are kept, the map alone is sealed.
    size = max((each.size for _, each in kept), default=None) or read_head(pool).size
    if size <= above:
        return None
    links, openings = tuple(newest_links(pool)), openings_kept(pool)
    digests = tuple(
        (model.name, model.version, kept_digest(model, progress))
        for model, progress in kept
        if progress.size == size
    )
    reached, root = _advance_map(pool, size, key)
    return Draft(size, root, digests, links, openings) if reached == size else None


def _rebuild_doubted(pool: Pool, key: BatchKey) -> None:
    """Fold again the read models of which none of this ledger's processes kept what is kept."""
    models = doubted(pool, READ_MODELS, key)
    if models:
        _log.error("seal_doubts", made_anew=[model.name for model in models])
        rebuild(pool, models, decode_stored, until=partial(published_size, pool), key=key)


def _advance_map(pool: Pool, size: int, key: BatchKey | None) -> tuple[int, bytes]:
    """Move the map of subjects on to a size; return how far it has come, and its root."""
    mac = None if key is None else partial(key.kept_mac, b"map of subjects")
    subjects = StoredMap(pool, mac)
    try:
        subjects.advance(size, subjects_of)
        return subjects.root()
    except MapDoubted:
        _log.error("seal_doubts", made_anew=["map of subjects"])
        subjects.clear()
    subjects.advance(size, subjects_of)
    return subjects.root()


def subjects_of(entry: bytes) -> list[str]:
    """Return the subjects that an entry is tagged with, from its bytes."""
    subjects: list[str] = orjson.loads(entry.partition(b"\n\n")[2])["subjects"]
    return subjects
