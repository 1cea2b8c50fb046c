"""What is known of disputes, as tables: what was said in them, and what their forum ordered.

An order is kept once for each subject that it is on; it holds in its own days `[start, end)` until
the event that lifts it.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from ledger.domain.core.body import Body
from ledger.domain.core.court_order import OfDispute
from ledger.domain.core.event import Logged
from ledger.domain.disputes.dispute import (
    AppealFiled,
    DisputeAdmitted,
    DisputeOpened,
    DisputeWithdrawn,
    EvidenceFiled,
    SettlementRecorded,
)
from ledger.domain.disputes.ruling import HoldLifted, HoldOrdered, RulingMade
from projections.engine.projection import Journal, On, Projection, Tells


@dataclass(frozen=True, slots=True)
class Step:
    """A row of `read.disputes`: something said in a dispute.

    `by` are the parties that sign; of the opening `against` are the respondents, `forum` and
    `concerns` what it names. `words` are the claim, the case number, the outcome or the grounds.
    """

    subject: str
    position: int
    accepted: datetime
    topic: str
    by: tuple[str, ...]
    against: tuple[str, ...]
    forum: str | None
    concerns: tuple[str, ...]
    words: str | None
    known_since: date | None
    final: bool


@dataclass(frozen=True, slots=True)
class OrderRow:
    """A row of `read.orders`: an order on one subject, and the event that lifted it, if one did.

    DECLARE_VOID names the payload hash of the `event` that is void from `start`.
    """

    subject: str
    position: int
    accepted: datetime
    dispute: str
    name: str
    effect: str
    forum: str
    party: str | None
    event: str | None
    start: date
    end: date | None
    lifted_position: int | None
    lifted_at: datetime | None


def told_of(order: OrderRow) -> tuple[int | None, ...]:
    """Return the events that an order tells of: what made it, and what lifted it."""
    return (order.position, order.lifted_position)


_WORDS: Mapping[type[Body], Callable[[Any], str]] = {
    DisputeOpened: lambda body: body.claim,
    DisputeAdmitted: lambda body: body.case_no,
    EvidenceFiled: lambda body: body.description,
    RulingMade: lambda body: f"{body.outcome}: {body.summary}",
    AppealFiled: lambda body: body.grounds,
}
_FORUM = (DisputeOpened, DisputeAdmitted, HoldOrdered, HoldLifted, RulingMade, AppealFiled)
_ENDING = (SettlementRecorded, DisputeWithdrawn)

VOIDS_NOTHING: Mapping[str, tuple[type[Body], ...]] = {
    "a ruling alone declares a deed void": (*_ENDING, HoldOrdered, HoldLifted)
}
"""Whom what is void of title, liens and contracts is not affected by."""


def _step(logged: Logged) -> tuple[Step, ...]:
    body = logged.event.body
    assert isinstance(body, OfDispute | DisputeOpened)
    opening = body if isinstance(body, DisputeOpened) else None
    words = _WORDS.get(type(body))
    step = Step(
        body.dispute,
        logged.position,
        logged.accepted,
        logged.event.type,
        logged.event.signers,
        against=() if opening is None else tuple(sorted(opening.respondents)),
        forum=body.forum if isinstance(body, _FORUM) else None,
        concerns=() if opening is None else tuple(sorted(opening.concerns)),
        words=None if words is None else words(body),
        known_since=None if opening is None else opening.known_since,
        final=isinstance(body, _ENDING) or (isinstance(body, RulingMade) and body.final),
    )
    return (step,)


def _touched(logged: Logged) -> Sequence[str]:
    body = logged.event.body
    assert isinstance(body, OfDispute)
    begun = {subject for order in body.ordered() for subject in order.on}
    return sorted(begun.union(*(lift.on for lift in body.lifted())))


def _ordered(subject: str, rows: tuple[OrderRow, ...], logged: Logged) -> tuple[OrderRow, ...]:
    body = logged.event.body
    assert isinstance(body, OfDispute)
    gone = {lift.order for lift in body.lifted() if subject in lift.on}
    return (*_lifted(rows, body.dispute, gone, logged), *_begun(subject, body, logged))


def _lifted(
    rows: Iterable[OrderRow], dispute: str, gone: set[str], logged: Logged
) -> Iterable[OrderRow]:
    for row in rows:
        if row.dispute == dispute and row.name in gone:
            yield replace(row, lifted_position=logged.position, lifted_at=logged.accepted)
        else:
            yield row


def _begun(subject: str, body: OfDispute, logged: Logged) -> Iterable[OrderRow]:
    for order in body.ordered():
        if subject in order.on:
            yield OrderRow(
                subject,
                logged.position,
                logged.accepted,
                body.dispute,
                order.order,
                order.effect,
                body.speakers()[0],
                order.party,
                order.event,
                order.start,
                order.end,
                lifted_position=None,
                lifted_at=None,
            )


disputes = Journal(
    name="disputes",
    version=1,
    row=Step,
    emit=_step,
    bodies=frozenset({*_WORDS, *_FORUM, *_ENDING}),
    tells={
        "dispute": Tells(
            ("position", "claimant", "respondents", "forum", "ordered", "ruled", "ended"),
            {"orders": ("orders",)},
        ),
    },
)

orders = Projection(
    name="orders",
    version=1,
    row=OrderRow,
    on=dict.fromkeys((HoldOrdered, HoldLifted, RulingMade, *_ENDING), On(_touched, _ordered)),
    indexes=(("dispute",),),
    tells={
        "dispute": Tells(
            ("orders",),
            rest="disputes",
            unaffected_by={
                "it orders and lifts nothing": (DisputeAdmitted, EvidenceFiled, AppealFiled)
            },
        ),
        "contract": Tells(("holds", "voided"), rest="contract_events"),
        "share": Tells(("holds", "voided"), rest="shares"),
        "listing": Tells(("holds",), rest="market_events"),
        "right": Tells(("frozen",), rest="status"),
        "assignment": Tells(("voided",), rest="title"),
    },
)
