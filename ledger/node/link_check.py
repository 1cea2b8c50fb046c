"""
Holds what stands beside the entries, checkpoints and cosignatures, against its chains and seals.

A row that was taken out is missing under its link; a link that was taken out breaks the chain, or,
at its end, what the last seal says of it. A log that was restored from a backup has lost such rows
in honesty: then `ledger.resumed/1` stands behind the seal, with the operator's reason.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime

from ledger.domain.government.governance import LedgerResumed
from ledger.domain.government.seal import LedgerSealed
from ledger.events.intake import decode
from ledger.log.checkpoint import log_times, open_checkpoint
from ledger.log.merkle import LogError
from ledger.log.note import Verifier
from ledger.runtime.clock import TOLERANCE
from ledger.store.examine import Examination
from ledger.store.links import (
    CHAINS,
    digest_of_checkpoint,
    digest_of_cosignature,
    next_link,
)
from ledger.wire.instant import format_instant


def link_faults(rows: Examination) -> Iterator[str]:
    """Yield what was taken out of, or put beside, the rows that are linked."""
    stored: Mapping[str, Iterable[bytes]] = {
        "checkpoints": map(digest_of_checkpoint, rows.checkpoints()),
        "cosignatures": map(digest_of_cosignature, rows.cosignatures()),
    }
    sealed, kept = _sealed(rows), rows.openings_kept()
    for position, openings, _ in sealed.get(OPENINGS, ()):
        if kept < openings:
            yield f"fewer openings were ever kept than the seal at position {position} counts"
    for chain in CHAINS:
        links = _Chain(rows, chain)
        there = Counter(stored[chain])
        yield from links.faults()
        if gone := sum((links.digests - there).values()):
            yield f"{gone} {chain} that were stored are gone"
        if added := sum((there - links.digests).values()):
            yield f"{added} {chain} are stored without their link"
        for position, number, link in sealed.get(chain, ()):
            if links.at.get(number) != link:
                yield f"the {chain} are not those that the seal at position {position} counts"


def rest_faults(
    rows: Examination, origin: str, keys_at: Callable[[int], Sequence[Verifier]]
) -> Iterator[str]:
    """Yield what is wrong with the checkpoint that was signed again, and with the head's time.

    That is what was signed last; it is ahead of that, and of no clock, where that was cut short.
    """
    latest = datetime.now(UTC) + TOLERANCE
    roots = {each.size: each.root for each in rows.checkpoints()}
    for stored in rows.signed_again():
        latest = max(latest, stored.created)
        try:
            keys = keys_at(stored.size)
            opened = open_checkpoint(stored.note, origin, keys)
        except LogError as error:
            yield f"what was signed again does not verify: {error}"
            continue
        said = opened.size, opened.root, set(log_times(stored.note, keys))
        if said != (stored.size, stored.root, {stored.created.timestamp()}):
            yield "what was signed again is stored as another than it is"
        if roots.get(opened.size) != opened.root:
            yield f"what was signed again is no checkpoint of size {opened.size}"
        if any(not each.not_before or each.not_before < stored.created for each in rows.heads()):
            yield "the head takes in what is older than what was signed again"
    for head in rows.heads():
        if head.not_before and head.not_before > latest:
            instant = format_instant(head.not_before)
            yield f"the head takes in nothing before {instant}, which nobody signed"


OPENINGS = "openings"


class _Chain:
    """The links of one chain, in order."""

    def __init__(self, rows: Examination, name: str) -> None:
        self._name = name
        self._links = list(rows.links(name))
        self.digests = Counter(each.digest for each in self._links)
        self.at = {each.number: f"sha256:{each.link.hex()}" for each in self._links}

    def faults(self) -> Iterator[str]:
        """Yield the first place where the chain is broken, if there is one."""
        before = b""
        for number, each in enumerate(self._links, 1):
            if each.number != number or each.link != next_link(before, each.digest):
                yield f"the chain over the {self._name} is broken at link {number}"
                return
            before = each.link


def _sealed(rows: Examination) -> dict[str, list[tuple[int, int, str]]]:
    """Return what seals say of each chain: their position, a number, and the link there.

    Only of seals behind which the log was not resumed: before that rows may have been lost.
    """
    sealed: dict[str, list[tuple[int, int, str]]] = {}
    for position, entry in rows.entries_of((LedgerSealed.TOPIC, LedgerResumed.TOPIC)):
        body = decode(entry, position).event.body
        if isinstance(body, LedgerResumed):
            sealed.clear()
        if isinstance(body, LedgerSealed):
            if body.openings is not None:
                sealed.setdefault(OPENINGS, []).append((position, body.openings, ""))
            for each in body.links:
                sealed.setdefault(each.chain, []).append((position, each.number, each.link))
    return sealed
