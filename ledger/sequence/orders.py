"""
Erasures that are ordered behind the end of a closed log: its vault forgets, though it records none.

A closed log takes no `person.erased/1` any more. So the event, signed by the two officers as ever,
lies in a file of its own, as the entry that it would have been, named by the position that it would
have had: behind all others, so that neither is taken for anything in the log. No checkpoint covers
it. The vault carries it out like those in the log, again after an older copy was restored.
"""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from ledger.domain.parties.party_lifecycle import PersonErased
from ledger.events.intake import Invalid, decode
from ledger.home.datakeys import DataKeyDamaged
from ledger.runtime import durable
from ledger.store.vault import Erasure
from ledger.verify.authority import NEVER, gather_authority
from ledger.verify.event import read_event
from ledger.verify.outcome import Refused
from ledger.verify.signatures import check_signatures
from ledger.wire.canonical import WireError
from ledger.wire.regular import OddFile, read_regular


class Orders:
    """The orders of one ledger, in a directory that need not be there."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def read(self) -> list[Erasure]:
        """Return the orders, by position. Raises `DataKeyDamaged`."""
        try:
            names = [file.name for file in self._directory.iterdir()]
        except FileNotFoundError:
            return []
        positions = sorted(int(name) for name in names if name.isdecimal())
        return [self._read(self._directory / str(position)) for position in positions]

    def keep(self, order: Erasure) -> None:
        """Keep an order for good, durably."""
        durable.make_directories(self._directory)
        durable.create(self._directory / str(order.position), order.entry)

    def _read(self, file: Path) -> Erasure:
        try:
            erasure = Erasure(int(file.name), read_regular(file))
        except OddFile as odd:
            raise DataKeyDamaged(
                f"{odd.told}: bring back the order to erase that was kept"
            ) from odd
        try:
            ordered = isinstance(decode(erasure.entry, erasure.position).event.body, PersonErased)
        except (Invalid, WireError, ValueError):
            ordered = False
        if not ordered:
            raise DataKeyDamaged(f"{file} is not the order to erase that was kept: bring it back")
        return erasure


def order_faults(
    entered: Iterable[tuple[int, bytes]], orders: Sequence[Erasure], origin: str
) -> Iterator[str]:
    """Yield which orders no verifier would accept if the log, of which `entered` is, went on."""
    authority = gather_authority(entered, origin)
    end, authority.closed = authority.closed, NEVER
    for order in orders:
        try:
            event = read_event(order.entry, order.position, origin)
            authority.follow(event)
            check_signatures(event, authority)
        except Refused as refused:
            yield f"the erasure {order.position} is not ordered: {refused.reason}"
        if order.position <= end:
            yield f"the erasure {order.position} is not ordered behind the end of a closed log"
