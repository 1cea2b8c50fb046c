"""
Which edition of the rules, and which law data, held from which position on.

Serves `GET /v1/law`, and tells every answer that reckons by law which law that is.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from ledger.domain.core.event import Logged
from ledger.domain.core.law import Law
from ledger.domain.government.ledger import LedgerOpened, RulesAdopted
from ledger.domain.parties.ledger_state import ledger_subject
from ledger.store.connection import Pool
from projections.engine.answer import Answer
from projections.engine.projection import Journal
from projections.engine.view import RECORDED, KnownAt, NotFolded, bound_parameters, read_snapshot


@dataclass(frozen=True, slots=True)
class Edition:
    """A row of `read.editions`: from after `position` on the ledger judges by these."""

    subject: str
    position: int
    accepted: datetime
    edition: str
    law_data_sha256: str


@dataclass(frozen=True, slots=True)
class Editions(Answer):
    """All editions that were adopted, in order, as known; folded up to `size` entries."""

    size: int
    editions: tuple[Edition, ...]

    @property
    def positions(self) -> tuple[int, ...]:
        """Return the positions of the events that adopted them."""
        return tuple(edition.position for edition in self.editions)


def _adopted(logged: Logged) -> list[Edition]:
    body = logged.event.body
    assert isinstance(body, LedgerOpened | RulesAdopted)
    subject = body.ledger if isinstance(body, RulesAdopted) else ledger_subject(body.origin)
    row = Edition(subject, logged.position, logged.accepted, body.edition, body.law_data_sha256)
    return [row]


editions = Journal(
    name="editions",
    version=1,
    row=Edition,
    emit=_adopted,
    bodies=frozenset({LedgerOpened, RulesAdopted}),
)


def editions_of(pool: Pool, *, known_at: KnownAt = None) -> Editions:
    """Return the editions adopted so far. Raises `NotFolded` or `NotAsked`."""
    with read_snapshot(pool, editions) as view:
        known = view.as_of(known_at)
        found = view.rows(editions, RECORDED, bound_parameters(known), order="position")
        return Editions(view.size, found, known_at=known.asked)


def edition_at(pool: Pool, position: int) -> Edition | None:
    """Return the edition by which the event at a position was judged; the first brings its own."""
    with read_snapshot(pool, editions) as view:
        rows = view.rows(
            editions,
            "position < %(at)s OR position = 0",
            {"at": position},
            order="position DESC",
            limit=1,
        )
        return rows[0] if rows else None


def law_in_force(pool: Pool, laws: Mapping[str, Law]) -> Law:
    """Return the law data that the ledger judges by now. Raises `NotFolded` before the first."""
    adopted = editions_of(pool).editions
    if not adopted:
        raise NotFolded("no edition of the rules is known yet")
    return laws[adopted[-1].law_data_sha256]
