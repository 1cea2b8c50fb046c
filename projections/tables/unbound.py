"""
What waits: registrations and keys that officers vouched for and that do not bind yet.

Until it binds, nobody deals with the party, or signs with the key; it may be stopped.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from ledger.domain.core.types import HANOI
from projections.engine.view import Known, View
from projections.tables.key_events import KeyFact, keys
from projections.tables.party_facts import PartyFact, in_force, parties


@dataclass(frozen=True, slots=True)
class WaitingToBind:
    """A registration, or a key (`key_id`), of a party, with its roles: it binds from an instant on.

    `by` is the officer who vouched for a key.
    """

    party: str
    position: int
    not_before: datetime
    roles: tuple[str, ...]
    key_id: str | None
    by: str | None


def instant_on(day: date, now: datetime) -> datetime:
    """Return the instant of a legal day that is nearest to now."""
    begins = datetime.combine(day, time(), HANOI)
    return min(max(now, begins), begins + timedelta(days=1))


def waiting_of(
    view: View, whose: Iterable[str], known: Known, now: datetime
) -> tuple[WaitingToBind, ...]:
    """Return what waits of these parties at an instant, in order of position.

    The view must have the read models of parties and of keys.
    """
    of = sorted(set(whose))
    facts = view.recorded(parties, known, subject=of)
    rows = view.recorded(keys, known, party=of)
    ended = {row.subject for row in rows if row.fact in ("stopped", "revoked")}
    found = [*_registrations(facts), *_keys(row for row in rows if row.subject not in ended)]
    return tuple(sorted((w for w in found if now < w.not_before), key=lambda w: w.position))


def _registrations(facts: Iterable[PartyFact]) -> Iterator[WaitingToBind]:
    facts = tuple(facts)
    for party in {fact.subject for fact in facts}:
        own = in_force([fact for fact in facts if fact.subject == party])
        roles = tuple(fact.value for fact in own if fact.fact == "role")
        for fact in own:
            if fact.binds_from is not None and fact.fact == "kind":
                yield WaitingToBind(party, fact.position, fact.binds_from, roles, None, None)


def _keys(rows: Iterable[KeyFact]) -> Iterator[WaitingToBind]:
    for row in rows:
        if row.fact == "added" and row.by is not None and row.not_before is not None:
            key_id = row.subject.partition(":")[2]
            yield WaitingToBind(row.party, row.position, row.not_before, (), key_id, row.by)
