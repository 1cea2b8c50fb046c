"""
Holds the openings of a ledger against its entries, and tells erasure from destruction.

What is kept has to open what its entry is committed to. What is no longer kept has left a trace
that names the event which erased it, and that event has to be about a person whom it concerned.
The names in a trace are MACs under a key outside the database, so nobody without it makes up an
erasure. What is gone without a trace was destroyed.
"""

import json
from collections.abc import Iterator
from typing import Any

from ledger.domain.parties.party_lifecycle import PersonErased
from ledger.home.batches import is_ours, load_batch_key
from ledger.home.datakeys import DataKeyError
from ledger.home.paths import Home
from ledger.sequence.orders import Orders, order_faults
from ledger.sequence.vault import RowUnreadable, Vault
from ledger.store.examine import EntryRows, Examination
from ledger.store.vault import ErasedOpening, KeptOpening, VaultRow
from ledger.verify.authority import ENTERED
from ledger.wire.canonical import WireError
from ledger.wire.commitment import BadOpening, sealed_at
from ledger.wire.entry import parse_entry


class OpeningCheck:
    """Judges openings entry by entry; `unreadable` says why none could be opened, if so."""

    def __init__(self, rows: Examination, vault: Vault) -> None:
        self._vault = vault
        self.unreadable: str | None = None
        ordered = list(rows.entries_of([PersonErased.TOPIC]))
        try:
            vault.keys.open()
            ordered += [(each.position, each.entry) for each in vault.orders.read()]
        except DataKeyError as error:
            self.unreadable = str(error)
        self._erasing = {position: _token(entry) for position, entry in ordered}
        self._erased = frozenset[str]()
        if self.unreadable is None:
            tokens = (self._erasing.get(position) for position in rows.carried_out())
            self._erased = frozenset(vault.keys.name_of(each) for each in tokens if each)

    def faults(self, rows: EntryRows, payload: dict[str, Any]) -> Iterator[str]:
        """Yield what is wrong with the openings of an entry."""
        for row in rows.openings:
            if not _is_committed_to(payload, row):
                yield f"the opening of {row.path} is of nothing that the entry is committed to"
            elif not self._erased.isdisjoint(row.holders):
                yield f"the opening of {row.path} concerns somebody who was erased"
            elif self.unreadable is None and (why := self._does_not_open(rows, row)):
                yield f"the opening of {row.path} does not open: {why}"
        for trace in rows.erased:
            if not _is_committed_to(payload, trace):
                yield f"the trace of {trace.path} is of nothing that the entry is committed to"
            elif self.unreadable is None and not self._is_erased(trace):
                yield f"the opening of {trace.path} is gone, and no event erases whom it concerned"

    def missing(self, rows: Examination) -> Iterator[str]:
        """Yield why openings cannot be read, and how many are gone without a trace."""
        if self.unreadable is not None:
            yield f"the openings cannot be read: {self.unreadable}"
        if missing := rows.missing_openings():
            yield f"{missing} openings are gone that no event erased"

    def _does_not_open(self, rows: EntryRows, row: VaultRow) -> str | None:
        stored = rows.stored
        kept = KeptOpening(stored.position, stored.event_id, rows.payload_sha256, row)
        try:
            self._vault.unseal(kept)
        except (RowUnreadable, DataKeyError) as error:
            return str(error)
        return None

    def _is_erased(self, trace: ErasedOpening) -> bool:
        if trace.erased_by is None or trace.erased_by < self._vault.keys.since:
            return True  # It was given up, or is named by a key that was.
        token = self._erasing.get(trace.erased_by)
        return token is not None and self._vault.keys.name_of(token) in trace.holders


def erasure_faults(rows: Examination, orders: Orders, origin: str) -> Iterator[str]:
    """Yield what is wrong with the record of erasures and of openings that were shown.

    That a row of what was shown is gone, nothing says.
    """
    behind = orders.read()
    if behind:
        yield from order_faults(rows.entries_of(ENTERED), behind, origin)
    ordered = {position for position, _ in rows.entries_of([PersonErased.TOPIC])}
    for position in sorted(rows.carried_out() - ordered - {each.position for each in behind}):
        yield f"an erasure was carried out that no event at {position} orders"
    for position, path in rows.shown_and_never_kept():
        yield f"the opening of {path} at {position} was shown and never kept"


def refusal_faults(rows: Examination, home: Home, origin: str) -> Iterator[str]:
    """Yield which refusals for good are by no process of this ledger.

    Those of earlier builds have no MAC, and count for nothing either. That one is gone says the
    signed refusal which the client holds, and nothing here.
    """
    key = load_batch_key(home.keys, origin)
    for refused in rows.refusals():
        if refused.mac and not is_ours(refused, key):
            hashed = refused.payload_sha256.hex()
            yield f"the refusal of sha256:{hashed} is by no process of this ledger"


def _is_committed_to(payload: dict[str, Any], row: VaultRow | ErasedOpening) -> bool:
    try:
        return sealed_at(payload, row.path) == f"sha256:{row.commitment.hex()}"
    except (BadOpening, LookupError, TypeError, ValueError):
        return False


def _token(entry: bytes) -> str | None:
    try:
        found = json.loads(parse_entry(entry).payload)["body"]["token"]
    except (WireError, ValueError, TypeError, LookupError):
        return None  # That the bytes are no entry is reported already.
    return found if isinstance(found, str) else None
