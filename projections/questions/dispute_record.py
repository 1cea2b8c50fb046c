"""
Disputes: what was said in them, what their forum ordered, and what an order holds on which day.

Serves `GET /v1/disputes/{id}` and `GET /v1/subjects/{id}/holds`. An order is kept once for each
subject that it is on; it holds in its own days `[start, end)` until the event that lifts it.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from ledger.domain.core.types import legal_day
from projections.engine.answer import Answer
from projections.engine.view import RECORDED, Known, View, bound_parameters, positions_of
from projections.tables.basis import answering, listing, named, told
from projections.tables.dispute_events import OrderRow, Step, disputes, orders, told_of
from projections.tables.reader import Reader


@dataclass(frozen=True, slots=True)
class Dispute(Answer):
    """A dispute as known, its steps in order, its orders and what they were on.

    No steps: nothing was known of it.
    """

    dispute: str
    size: int
    steps: tuple[Step, ...]
    orders: tuple[OrderRow, ...]

    @property
    def stage(self) -> str | None:
        """Return what the last step was."""
        return self.steps[-1].topic if self.steps else None

    @property
    def forum(self) -> str | None:
        """Return before whom it is, as said last."""
        return next((step.forum for step in reversed(self.steps) if step.forum), None)

    @property
    def ended(self) -> int | None:
        """Return the position of the event that ended it."""
        return next((step.position for step in self.steps if step.final), None)

    @property
    def positions(self) -> tuple[int, ...]:
        """Return the positions of the steps, of the orders and of what lifted them."""
        return positions_of([step.position for step in self.steps], *map(told_of, self.orders))


@dataclass(frozen=True, slots=True)
class HoldsOn(Answer):
    """What holds a subject on a legal day, as known: orders in force then, and voidances."""

    subject: str
    true_on: date
    size: int
    orders: tuple[OrderRow, ...]

    @property
    def positions(self) -> tuple[int, ...]:
        """Return the positions of the orders."""
        return positions_of(*map(told_of, self.orders))


def dispute_of(reader: Reader, dispute: str) -> Dispute:
    """Return a dispute as known at a position or instant (default: now).

    Raises `NotFolded` or `NotAsked` (`projections.engine.view`).
    """
    with listing(reader, disputes, orders) as view:
        known = reader.as_of(view)
        asked = {"dispute": dispute, **bound_parameters(known)}
        steps = view.rows(disputes, f"subject = %(dispute)s AND {RECORDED}", asked, "position")
        given = known_orders(view, "dispute = %(dispute)s", asked)
        return named(view, Dispute(dispute, view.size, steps, given), known, dispute)


def holds_on(reader: Reader, subject: str, *, true_on: date) -> HoldsOn:
    """Return the orders that hold a subject on a legal day, as known at a position or instant.

    Raises `NotFolded` or `NotAsked` (`projections.engine.view`).
    """
    with answering(reader, orders) as view:
        known = reader.as_of(view)
        asked = {"subject": subject, "on": true_on, **bound_parameters(known)}
        given = known_orders(view, 'subject = %(subject)s AND "start" <= %(on)s', asked)
        held = tuple(row for row in given if holds(row, true_on))
        return told(view, HoldsOn(subject, true_on, view.size, held), known, subject)


def standing_orders(
    view: View, subjects: Iterable[str], on: date, known: Known
) -> dict[str, tuple[OrderRow, ...]]:
    """Return the orders that hold these subjects on a legal day, by subject."""
    asked = {"subjects": sorted(subjects), "on": on, **bound_parameters(known)}
    given = known_orders(view, 'subject = ANY(%(subjects)s) AND "start" <= %(on)s', asked)
    held: dict[str, tuple[OrderRow, ...]] = {}
    for row in given:
        if holds(row, on):
            held[row.subject] = (*held.get(row.subject, ()), row)
    return held


def known_orders(view: View, where: str, asked: Mapping[str, Any]) -> tuple[OrderRow, ...]:
    """Return orders as known: one that was lifted later stands."""
    rows = view.rows(orders, f"{where} AND {RECORDED}", asked, order="position, name, subject")
    return tuple(row if _as_known(row, asked) else _standing(row) for row in rows)


def _as_known(row: OrderRow, asked: Mapping[str, Any]) -> bool:
    if row.lifted_position is None or row.lifted_at is None:
        return True
    return bool(
        row.lifted_position <= asked["known_position"] and row.lifted_at <= asked["known_accepted"]
    )


def _standing(row: OrderRow) -> OrderRow:
    return replace(row, lifted_position=None, lifted_at=None)


def holds(row: OrderRow, on: date) -> bool:
    """Say whether an order that has begun by a day still holds on it."""
    if row.end is not None and on >= row.end:
        return False
    return row.lifted_at is None or legal_day(row.lifted_at) > on
