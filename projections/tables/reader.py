"""Whom a question is put to: the read models, the law in force, and what is to have been known."""

from collections.abc import Mapping
from dataclasses import dataclass

from ledger.domain.core.dated_law import Law
from ledger.store.connection import Pool
from projections.engine.view import Known, KnownAt, KnownBy, NotAsked, View
from projections.tables.editions import law_in_force


@dataclass(frozen=True)
class Reader:
    """What every question takes: whose read models, of which log, and as known by whom, when.

    `laws` are the sets of law data at hand, by digest; `origin` is the log's name.
    """

    pool: Pool
    origin: str
    laws: Mapping[str, Law]
    known_at: KnownAt = None
    known_by: KnownBy = "ledger"

    @property
    def law(self) -> Law:
        """The law data by which the ledger judges now. Raises `NotFolded` before the first.

        Read once, and before the view of a question: a thread has one connection at a time.
        """
        # Python 3.11 has one lock for the cached properties of all readers. A thread that holds it
        # and waits for its turn at computing, beside one that has the turn and waits for the lock,
        # would wait for ever.
        if "_law" not in self.__dict__:
            self.__dict__["_law"] = law_in_force(self.pool, self.laws)
        law: Law = self.__dict__["_law"]
        return law

    def as_of(self, view: View) -> Known:
        """Return the bounds of what the ledger itself knew. Raises `NotFolded` or `NotAsked`."""
        if self.known_by != "ledger":
            raise NotAsked("no office's register says it: ask what the ledger knew")
        return view.as_of(self.known_at)

    def as_of_either(self, view: View) -> Known:
        """Return the bounds of what the ledger, or the office, knew. Raises the same."""
        return view.as_of(self.known_at, self.known_by)
