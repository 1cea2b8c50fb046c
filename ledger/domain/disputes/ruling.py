"""
What the forum of a dispute says: interim orders, their end, and its ruling.

A forum's word is a fact of the State: it is not refused for what it contradicts. It is refused
where it is not the forum's, where it names what is not there, and where DECLARE_VOID names another
event than made the deed, or not every right that the deed concerns.
Read in this order: events, admit, evolve.
"""

from collections.abc import Collection, Sequence
from dataclasses import replace
from itertools import count
from typing import Annotated, ClassVar, Literal

from pydantic import model_validator

from ledger.domain.core.body import State
from ledger.domain.core.context import Context
from ledger.domain.core.court_order import Lift, Lifts, OfDispute, Order, Orders
from ledger.domain.core.event import Logged
from ledger.domain.core.existence import all_known, not_in_future, require_days
from ledger.domain.core.remedy import Step, listed
from ledger.domain.core.rules import admits, evolves
from ledger.domain.core.types import NOT_EMPTY, Day, PartyId, Sha256, Text
from ledger.domain.disputes.court_order_effects import EFFECTS, concerned_by
from ledger.domain.disputes.dispute import (
    KIND,
    Dispute,
    OrderMismatch,
    evolve_orders,
    must_have_the_case,
    must_lift,
    must_lift_all,
    open_dispute,
)


class HoldOrdered(OfDispute):
    """The forum orders, for the time of the dispute, that things stay as they are."""

    TOPIC: ClassVar[str] = "hold.ordered/1"
    TITLE = "Interim measure ordered"
    TITLE_VI = "Áp dụng biện pháp tạm thời"
    SUBJECTS = "dispute forum orders/*/on/*"
    SIGNERS = "forum"
    REFERENCES = "orders/*/event"

    forum: PartyId
    """The forum that has the case."""
    orders: Annotated[Orders, NOT_EMPTY]
    """Interim orders, under names that this dispute has not used yet. `DECLARE_VOID` is none:
    it takes a ruling.
    """
    document_sha256: Sha256
    """SHA-256 of the order as the forum issued it."""

    def speakers(self) -> tuple[str, ...]:
        """Return the forum."""
        return (self.forum,)

    def ordered(self) -> tuple[Order, ...]:
        """Return the orders."""
        return self.orders

    @model_validator(mode="after")
    def _voids_nothing_yet(self) -> "HoldOrdered":
        for order in self.orders:
            if order.effect == "DECLARE_VOID":
                raise ValueError(f"DECLARE_VOID takes a ruling: {order.order}")
        return self


class HoldLifted(OfDispute):
    """The forum ends orders of its own."""

    TOPIC: ClassVar[str] = "hold.lifted/1"
    TITLE = "Interim measure lifted"
    TITLE_VI = "Hủy bỏ biện pháp tạm thời"
    SUBJECTS = "dispute forum lifts/*/on/*"
    SIGNERS = "forum"

    forum: PartyId
    """The forum that has the case."""
    lifts: Annotated[Lifts, NOT_EMPTY]
    """Orders that end here, each with all that it is on."""

    def speakers(self) -> tuple[str, ...]:
        """Return the forum."""
        return (self.forum,)

    def lifted(self) -> tuple[Lift, ...]:
        """Return what is lifted."""
        return self.lifts


class RulingMade(OfDispute):
    """The forum decides. A ruling that is `final` ends the dispute; another can be appealed."""

    TOPIC: ClassVar[str] = "ruling.made/1"
    TITLE = "Ruling made"
    TITLE_VI = "Phán quyết"
    SUBJECTS = "dispute forum orders/*/on/* lifts/*/on/*"
    SIGNERS = "forum"
    REFERENCES = "orders/*/event"

    forum: PartyId
    """The forum that has the case."""
    outcome: Literal["for_claimant", "for_respondents", "in_part", "dismissed"]
    """For whom it decides: `for_claimant`, `for_respondents`, for each `in_part`, or
    `dismissed`.
    """
    summary: Text
    """What it decides, in words, without personal data."""
    document_sha256: Sha256
    """SHA-256 of the ruling as the forum issued it."""
    ruled_on: Day
    """Day of the ruling, not after the day of recording."""
    final: bool
    """If so, the dispute is over, and every interim order is lifted; if not, a side can
    appeal.
    """
    orders: Orders
    """Orders that begin with the ruling, under names that this dispute has not used yet; empty
    for none. `DECLARE_VOID` makes a deed void from a day on.
    """
    lifts: Lifts
    """Orders that end here, each with all that it is on; empty for none, but a final ruling
    lifts all.
    """

    def speakers(self) -> tuple[str, ...]:
        """Return the forum."""
        return (self.forum,)

    def ordered(self) -> tuple[Order, ...]:
        """Return the orders."""
        return self.orders

    def lifted(self) -> tuple[Lift, ...]:
        """Return what is lifted."""
        return self.lifts


@admits(HoldOrdered)
def _admit_hold(body: HoldOrdered, state: State) -> None:
    """Refuse orders by another than the forum, on the unknown, or twice under one name."""
    dispute = open_dispute(state, body)
    must_have_the_case(dispute, body.forum)
    _must_be_new_orders(state, dispute, body.orders)


def _must_be_new_orders(state: State, dispute: Dispute, orders: Sequence[Order]) -> None:
    for number, order in enumerate(orders):
        require_days(order.start, order.end, f"/body/orders/{number}/end")
        all_known(state, order.on)
        if order.order in dispute.ordered:
            pointer = f"/body/orders/{number}/order"
            raise OrderMismatch(
                f"order {order.order} was given before",
                positions=(dispute.position,),
                pointer=pointer,
                step=_newly_named(pointer, {*dispute.ordered, *(each.order for each in orders)}),
            )


def _newly_named(pointer: str, taken: Collection[str]) -> Step:
    name = next(f"o{number}" for number in count(1) if f"o{number}" not in taken)
    return Step({"name": name}, case="again", change={pointer: name})


@admits(HoldLifted)
def _admit_lifted(body: HoldLifted, state: State) -> None:
    """Refuse another than the forum, and lifting what was not ordered."""
    dispute = open_dispute(state, body)
    must_have_the_case(dispute, body.forum)
    must_lift(dispute, body.lifts)


@admits(RulingMade)
def _admit_ruling(body: RulingMade, state: State, context: Context) -> None:
    """Refuse a ruling by another than the forum, and orders that do not fit what they are about."""
    dispute = open_dispute(state, body)
    must_have_the_case(dispute, body.forum)
    not_in_future(context.accepted, ruled_on=body.ruled_on)
    _must_be_new_orders(state, dispute, body.orders)
    for number, order in enumerate(body.orders):
        if order.event is not None:
            _must_void_the_deed(state, order, f"/body/orders/{number}", context)
    (must_lift_all if body.final else must_lift)(dispute, body.lifts)


def _must_void_the_deed(state: State, order: Order, pointer: str, context: Context) -> None:
    """Refuse a voidance that names another event than made the deed, or not all it concerns."""
    assert order.event is not None, "only DECLARE_VOID comes here"
    (deed,) = order.deeds()
    value = state.get(deed)
    if value.position != context.known[order.event]:
        raise OrderMismatch(
            f"{deed} was made by another event than {order.event}",
            positions=(value.position,),
            pointer="/body/orders",
            step=Step(
                {"deed": deed, "position": value.position}, case="event", ask=(f"{pointer}/event",)
            ),
        )
    concerned = concerned_by(value)
    if concerned != frozenset(order.on) - {deed}:
        raise OrderMismatch(
            f"{deed} concerns {', '.join(sorted(concerned)) or 'nothing'}",
            positions=(value.position,),
            subjects=concerned,
            pointer="/body/orders",
            step=Step(
                {"what": listed({deed, *concerned})},
                case="on",
                change={f"{pointer}/on": sorted({deed, *concerned})},
            ),
        )


@evolves(KIND, RulingMade)
def _evolve_ruled(body: RulingMade, logged: Logged, value: Dispute) -> Dispute:
    ended = logged.position if body.final else None
    return replace(evolve_orders(body, logged, value), ruled=logged.position, ended=ended)


evolves(KIND, HoldOrdered, HoldLifted)(evolve_orders)
for _kind, _effect in EFFECTS.items():
    evolves(_kind, HoldOrdered, HoldLifted, RulingMade)(_effect)
