"""
Every event about money as its signers signed it, found by what it is about.

The journal keeps bodies, so that an answer computes with what was said and nothing else. Of what is
sealed it has the commitment only.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from ledger.domain.core.body import Body
from ledger.domain.core.event import Logged
from ledger.domain.registry import TOPICS
from ledger.domain.revenue import (
    distribution,
    interest,
    payment,
    profit,
    report,
    report_answer,
    share_agreement,
    suspense,
)
from projections.engine.projection import EVERY_EVENT, Journal, Tells
from projections.engine.view import Known, View

B = TypeVar("B", bound=Body)

_MODULES = frozenset(
    module.__name__
    for module in (
        share_agreement,
        report,
        report_answer,
        profit,
        distribution,
        suspense,
        payment,
        interest,
    )
)
_KINDS = ("contract:", "share:", "report:", "profit:", "distribution:", "payment:", "refund:")


@dataclass(frozen=True, slots=True)
class MoneyEvent:
    """A row of `read.money_events`: an event about the subject; `said` is its body as JSON."""

    subject: str
    position: int
    accepted: datetime
    topic: str
    signers: tuple[str, ...]
    signatures: tuple[str, ...]
    said: str

    @property
    def body(self) -> Body:
        """Return what was said."""
        return TOPICS[self.topic].model_validate_json(self.said)


def _events(logged: Logged) -> list[MoneyEvent]:
    event = logged.event
    said = event.body.model_dump_json(exclude_unset=True)
    return [
        MoneyEvent(
            subject,
            logged.position,
            logged.accepted,
            event.type,
            event.signers,
            event.signatures,
            said,
        )
        for subject in event.subjects
        if subject.startswith(_KINDS)
    ]


money_events = Journal(
    name="money_events",
    version=1,
    row=MoneyEvent,
    emit=_events,
    bodies=frozenset(body for body in TOPICS.values() if body.__module__ in _MODULES),
    tells={
        **dict.fromkeys(("report", "profit", "distribution", "payment", "refund"), EVERY_EVENT),
        "share": Tells(
            (
                *("position", "contract", "parts", "agreed_by", "of", "technology", "title"),
                *("authors_ppm", "authors", "waterfall", "caps", "superseded"),
            ),
            rest="shares",
        ),
        "interest": Tells(("position",)),
    },
)


def money_of(view: View, subjects: Iterable[str], known: Known) -> tuple[MoneyEvent, ...]:
    """Return the events about any of these subjects that are known, in order, each once."""
    about = sorted(set(subjects))
    rows = view.recorded(money_events, known, "position, subject", subject=about)
    return tuple({row.position: row for row in rows}.values())


def said_as(rows: Iterable[MoneyEvent], kind: type[B]) -> list[tuple[MoneyEvent, B]]:
    """Return the events of one kind, with what they say."""
    of_kind = (row for row in rows if issubclass(TOPICS[row.topic], kind))
    return [(row, body) for row in of_kind if isinstance(body := row.body, kind)]
