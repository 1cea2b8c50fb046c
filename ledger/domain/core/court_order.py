"""
What a forum orders, and what it lifts: the typed and bounded effects of a dispute.

HOLD_PAYMENT keeps back what is due under a contract or a share, FREEZE_TITLE forbids to assign or
charge a right, SUSPEND_LISTING takes a listing off the market, DECLARE_VOID says that a deed has
no effect from a day on. `order_effects` folds them into the subjects that they are on.
"""

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import AfterValidator, StringConstraints, model_validator

from ledger.domain.core.body import Body
from ledger.domain.core.types import (
    DISTINCT,
    FROM_LIST,
    NOT_EMPTY,
    Day,
    EventHash,
    Model,
    PartyId,
    SubjectId,
    of_kind,
)
from ledger.quoted import repeated

DisputeId = Annotated[str, of_kind("dispute")]

OrderId = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]{1,16}$")]
Subjects = Annotated[tuple[SubjectId, ...], FROM_LIST, NOT_EMPTY, DISTINCT]
Effect = Literal["HOLD_PAYMENT", "FREEZE_TITLE", "SUSPEND_LISTING", "DECLARE_VOID"]

HOLDABLE: Mapping[str, frozenset[str]] = {
    "HOLD_PAYMENT": frozenset({"contract", "share"}),
    "FREEZE_TITLE": frozenset({"right"}),
    "SUSPEND_LISTING": frozenset({"listing"}),
    "DECLARE_VOID": frozenset(
        {"contract", "share", "assignment", "security", "right", "technology"}
    ),
}
"""The kinds of subject that an order of each effect can be on."""


def kind_of(subject: str) -> str:
    """Return the kind of a subject."""
    return subject.partition(":")[0]


class Order(Model):
    """One effect on some subjects in the legal days `[start, end)`; a null `end` has no end."""

    order: OrderId
    """Short name of the order, given once in the dispute; its ref is `dispute:<id>#<order>`."""
    effect: Effect
    """HOLD_PAYMENT keeps back what is due, FREEZE_TITLE forbids to assign or charge,
    SUSPEND_LISTING takes off the market, DECLARE_VOID says that a deed has no effect."""
    on: Subjects
    """What it is on: of HOLD_PAYMENT contracts and shares, of FREEZE_TITLE rights, of
    SUSPEND_LISTING listings; of DECLARE_VOID one deed with every right and technology that the
    deed concerns."""
    party: PartyId | None = None
    """Of HOLD_PAYMENT: to whom alone nothing is paid. Null or absent holds back what is due to
    all."""
    event: EventHash | None = None
    """Of DECLARE_VOID, and of nothing else: the payload hash of the event that made the
    deed."""
    start: Day
    """First legal day of the effect; of DECLARE_VOID the day from which the deed is void."""
    end: Day | None
    """The effect ends before this legal day; null has no end, as DECLARE_VOID always has."""

    @model_validator(mode="after")
    def _is_of_its_kind(self) -> "Order":
        strange = {kind_of(subject) for subject in self.on} - HOLDABLE[self.effect]
        if strange:
            raise ValueError(f"{self.effect} is not on a {', '.join(sorted(strange))}")
        if (self.effect == "DECLARE_VOID") != (self.event is not None):
            raise ValueError(
                "DECLARE_VOID, and nothing else, names an event: "
                f"{self.order} is {self.effect}, event {self.event or 'null'}"
            )
        if self.effect == "DECLARE_VOID" and (self.end is not None or len(self.deeds()) != 1):
            raise ValueError(
                "DECLARE_VOID is on one deed and has no end: "
                f"{self.order} is on {len(self.deeds())}, end {self.end or 'null'}"
            )
        if self.party is not None and self.effect != "HOLD_PAYMENT":
            raise ValueError(
                f"only a payment is held for one party: {self.effect} for {self.party}"
            )
        return self

    def deeds(self) -> tuple[str, ...]:
        """Return the subjects that nobody owns: of DECLARE_VOID, the one deed."""
        return tuple(
            subject for subject in self.on if kind_of(subject) not in ("right", "technology")
        )


class Lift(Model):
    """An order that ends, and all that it was on."""

    order: OrderId
    """The order that ends, by its name in this dispute."""
    on: Subjects
    """All that the order was on."""


def _one_each(items: "tuple[Order | Lift, ...]") -> "tuple[Order | Lift, ...]":
    if (twice := repeated(item.order for item in items)) is not None:
        raise ValueError(f"an order is named twice: {twice}")
    return items


Orders = Annotated[tuple[Order, ...], FROM_LIST, AfterValidator(_one_each)]
Lifts = Annotated[tuple[Lift, ...], FROM_LIST, AfterValidator(_one_each)]


class OfDispute(Body):
    """What is said in a dispute that is open. Never an event itself."""

    dispute: DisputeId
    """The dispute in which it is said, open still."""

    def speakers(self) -> tuple[str, ...]:
        """Return the parties that say it."""
        raise NotImplementedError

    def ordered(self) -> tuple[Order, ...]:
        """Return the orders that begin with it."""
        return ()

    def lifted(self) -> tuple[Lift, ...]:
        """Return the orders that end with it."""
        return ()
