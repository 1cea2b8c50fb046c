"""Which edition of the rules, and which law data, held from which position on."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from ledger.domain.core.dated_law import Law
from ledger.domain.core.event import Logged
from ledger.domain.government.ledger import LedgerOpened, RulesAdopted
from ledger.domain.parties.ledger_state import ledger_subject
from ledger.store.connection import Pool
from projections.engine.projection import Journal, Tells
from projections.engine.view import NotFolded, View, read_snapshot


@dataclass(frozen=True, slots=True)
class Edition:
    """A row of `read.editions`: from after `position` on the ledger judges by these."""

    subject: str
    position: int
    accepted: datetime
    edition: str
    law_data_sha256: str


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
    tells={
        "ledger": Tells(
            ("edition", "law_data_sha256"),
            {
                "who runs the ledger, and by which keys, its charter shows from the entries": (
                    *("position", "operator", "registrar", "delay_seconds", "next_delay"),
                    *("log_keys", "policy_sha256", "speakers", "closed", "successor", "said"),
                ),
                "a seal is compared with the tables, and is in none": ("sealed", "counted"),
            },
        ),
    },
)


def edition_at(pool: Pool, position: int) -> Edition | None:
    """Return the edition by which the event at a position was judged; the first brings its own."""
    with read_snapshot(pool, editions) as view:
        return edition_in(view, position)


def edition_in(view: View, position: int) -> Edition | None:
    """Do what `edition_at` does, in a snapshot of this read model."""
    return _last(view, "position < %(at)s OR position = 0", {"at": position})


def law_in_force(pool: Pool, laws: Mapping[str, Law]) -> Law:
    """Return the law data that the ledger judges by now. Raises `NotFolded` before the first."""
    with read_snapshot(pool, editions) as view:
        latest = _last(view, "true", {})
    if latest is None:
        raise NotFolded("no edition of the rules is known yet")
    return laws[latest.law_data_sha256]


def _last(view: View, where: str, asked: Mapping[str, object]) -> Edition | None:
    rows = view.rows(editions, where, asked, order="position DESC", limit=1)
    return rows[0] if rows else None
