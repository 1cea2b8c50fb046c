"""
What the publisher asks of entries before it signs them: nothing is signed that a verifier refuses.

Each entry was appended by a sequencer of this ledger (`ledger.home.batches`), and each goes through
the verifier's own steps 5 to 8, but for the signatures themselves, which were verified before the
sequencer had them: form, identity and time, lists, the table of authority, keys and mandates. The
event's id is found again by the index that makes it unique, at this entry alone.
"""

from collections.abc import Sequence
from datetime import datetime

from ledger.home.antirollback import Halted
from ledger.home.batches import BatchKey
from ledger.powers import TABLE, values
from ledger.store.batches import Batch
from ledger.store.connection import Pool
from ledger.store.entries import StoredEntry, read_by_subject, read_topics
from ledger.store.indexes import find_events, index_lacks
from ledger.verify.authority import ENTERED, OFFERS, Authority, is_authority
from ledger.verify.event import read_event
from ledger.verify.outcome import Refused
from ledger.verify.signatures import judge_signers
from ledger.wire.instant import format_instant


class Scrutiny:
    """Looks at entries in the order of the log, begun with the size that is signed."""

    def __init__(self, pool: Pool, key: BatchKey) -> None:
        self._pool, self._key = pool, key
        self._authority, self._size, self._accepted = Authority(), 0, ""
        self._doubt = ""

    def start(self, size: int, signed: datetime) -> None:
        """Read who may sign at a size, of which all is `signed` with that time. Raises `Halted`."""
        self._authority = Authority()
        self._size = size
        self.hold_back(signed)
        for stored in read_topics(self._pool, ENTERED, size):
            self._follow(stored)

    def hold_back(self, signed: datetime) -> None:
        """Let nothing that follows be older than what was signed at an instant."""
        self._accepted = max(self._accepted, format_instant(signed))

    def look(self, page: Sequence[StoredEntry]) -> None:
        """Look at the next entries of the log; what is wrong with one, `conclude` says.

        Those that were looked at are only found again: what is not signed yet is read again.
        """
        for stored in page:
            if self._doubt or stored.position < self._size:
                continue
            try:
                self._judge(stored)
            except Refused as refused:
                self._doubt = f"step {refused.step.number}, {refused.reason}"
            if self._doubt:
                self._doubt = _refused(stored.position, self._doubt)
            self._size = stored.position + 1
        self._find(page)

    def conclude(self, batches: Sequence[Batch], first: int, leaves: Sequence[bytes]) -> None:
        """Raise `Halted` unless all entries from `first` on are ours, and none is in doubt."""
        at = 0
        for batch in batches:
            here = leaves[at : at + batch.entries]
            if batch.first != first + at or not self._key.made(batch.first, here, batch.mac):
                break
            at += batch.entries
        if at != len(leaves):
            raise Halted(f"entry {first + at} was judged by no sequencer of this ledger")
        if self._doubt:
            raise Halted(self._doubt)

    def _find(self, page: Sequence[StoredEntry]) -> None:
        """Find entries by their event ids, each once, where it stands.

        An event that stands twice, every verifier refuses. Raises `IndexUnsound` where the index
        that keeps this from happening does not have an entry.
        """
        here = {entry.event_id: entry.position for entry in page}
        found = find_events(self._pool, [entry.event_id for entry in page])
        for event_id, position in found:
            first, last = sorted((position, here[event_id]))
            if first != last and not self._doubt:
                self._doubt = _refused(last, f"step 6, its event {event_id} stands at {first} too")
        if lacking := [entry for entry in page if (entry.event_id, entry.position) not in found]:
            raise index_lacks(lacking[0].position)

    def _judge(self, stored: StoredEntry) -> None:
        event = read_event(stored.entry, stored.position, self._key.origin)
        accepted = event.entry.accepted
        row = str(stored.event_id), stored.topic, format_instant(stored.accepted)
        if row != (event.event_id, event.type, accepted):
            self._doubt = "it is stored as another than it is"
        elif accepted < self._accepted:
            self._doubt = "it was accepted before what was signed without it"
        elif event.type not in TABLE:
            self._doubt = f"it is of a type that is not known here, {event.type}"
        else:
            if is_authority(stored.entry):
                self._authority.follow(event)
            self._look_up(event.body)
            judge_signers(event, self._authority)
            self._accepted = accepted

    def _follow(self, stored: StoredEntry) -> None:
        try:
            self._authority.follow(read_event(stored.entry, stored.position, self._key.origin))
        except Refused as refused:
            self._authority.faults[stored.position] = refused

    def _look_up(self, body: dict[str, object]) -> None:
        """Read the offer that an event names: offers are many, and few are held to a ceiling."""
        for offer in map(str, values(body, "offer")):
            if offer not in self._authority.offers and offer.startswith("offer:"):
                for stored in read_by_subject(self._pool, offer, limit=1):
                    if stored.topic in OFFERS:
                        self._follow(stored)


def _refused(position: int, why: str) -> str:
    return f"entry {position} would be refused by every verifier: {why}"
