"""
Whether this software knows all that the database holds, or is older than what wrote there.

During a rolling upgrade processes of two versions work on one database. The older one must not
fold, judge or sign what it does not know; it waits to be replaced, and says so (F24). Nothing
halts: the newer one goes on, and what is in the log is in order.
"""

import time
from collections.abc import Mapping

from ledger.domain.core.dated_law import Law
from ledger.domain.government.ledger import EDITIONS, LedgerOpened, RulesAdopted
from ledger.domain.registry import TOPICS
from ledger.events.intake import decode
from ledger.store.connection import Pool, Unavailable
from ledger.store.entries import StoredEntry
from ledger.store.held import HeldRecords, known_migrations, read_held

LOOK_S = 1.0
"""How long, in seconds, what was seen of the database counts."""

_SHOWN = 3
"""Unknown names that a reason lists at most."""


class SoftwareOlder(Unavailable):
    """The database holds what a newer version of this software wrote; nothing was stored."""


class Vintage:
    """Looks at the database when asked, at most once in `LOOK_S`. For any thread.

    `laws` are the sets of law data at hand. `older` says why this software is older than the
    database, as last seen; None if it is not.
    """

    def __init__(self, pool: Pool, laws: Mapping[str, Law]) -> None:
        self._pool = pool
        self._laws = laws
        self._looked = -LOOK_S
        self.older: str | None = None

    @property
    def is_fresh(self) -> bool:
        """Whether what was last seen still counts."""
        return time.monotonic() - self._looked < LOOK_S

    def look(self) -> str | None:
        """Look at the database, unless that was done just now; return why this is older."""
        if not self.is_fresh:
            self.older = older_than(read_held(self._pool, _RULES), self._laws)
            self._looked = time.monotonic()
        return self.older

    def check(self) -> None:
        """Raise `SoftwareOlder` if this software is older than what the database holds."""
        if self.look():
            raise SoftwareOlder(self.older)

    def must_know(self, stored: StoredEntry) -> None:
        """Raise `SoftwareOlder` if others appended what this software does not know."""
        if stored.topic not in TOPICS:
            raise SoftwareOlder(_unknown("type", stored.topic))
        rules = ((stored.position, stored.entry),) if stored.topic in _RULES else ()
        if reason := _rules_unknown(rules, self._laws):
            raise SoftwareOlder(reason)


_RULES = (LedgerOpened.TOPIC, RulesAdopted.TOPIC)


def older_than(held: HeldRecords, laws: Mapping[str, Law]) -> str | None:
    """Say what a database holds that this software does not know; None if it knows all."""
    if newer := held.migrations - known_migrations():
        return _unknown("migration", *newer)
    if newer := held.topics - TOPICS.keys():
        return _unknown("type", *newer)
    return _rules_unknown(held.entries, laws)


def _rules_unknown(entries: tuple[tuple[int, bytes], ...], laws: Mapping[str, Law]) -> str | None:
    bodies = [decode(entry, position).event.body for position, entry in entries]
    rules = [body for body in bodies if isinstance(body, LedgerOpened | RulesAdopted)]
    if newer := {each.edition for each in rules} - EDITIONS:
        return _unknown("edition", *newer)
    if rules and rules[-1].law_data_sha256 not in laws:
        return f"law data {rules[-1].law_data_sha256} is not at hand, in LEDGER_HOME/law neither"
    return None


def _unknown(kind: str, *names: str) -> str:
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    shown = ", ".join(name[:100] for name in sorted(names)[:_SHOWN])
    return f"the database holds the {kind} {shown}{more}, which this software does not know"
