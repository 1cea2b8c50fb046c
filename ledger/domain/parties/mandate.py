"""
A mandate: a party's word that another may sign for it, for some topics, up to a sum, for a time.

Read in this order: events, state, admit, evolve; how a mandate binds stands in `signers`.
"""

from dataclasses import dataclass, replace
from typing import Annotated, ClassVar

from pydantic import StringConstraints

from ledger.domain.core.body import Body, State
from ledger.domain.core.event import Logged
from ledger.domain.core.existence import (
    PredecessorUnknown,
    require_days,
    require_known,
    require_new,
)
from ledger.domain.core.money import Price
from ledger.domain.core.remedy import Step, listed
from ledger.domain.core.rules import admits, evolves
from ledger.domain.core.types import DISTINCT, FROM_LIST, NOT_EMPTY, Day, PartyId, of_kind
from ledger.domain.parties.party import Party, Power
from ledger.domain.parties.signature_refusals import MandateExpired

KIND = "mandate"

MandateId = Annotated[str, of_kind(KIND)]
Topic = Annotated[str, StringConstraints(pattern=r"^(\*|[a-z]+\.[a-z_]+)$")]
Topics = Annotated[tuple[Topic, ...], FROM_LIST, NOT_EMPTY, DISTINCT]


class MandateGiven(Body):
    """The holder may sign for the principal what is of these topics, in [valid_from, valid_to)."""

    TOPIC: ClassVar[str] = "mandate.given/1"
    TITLE = "Mandate given"
    TITLE_VI = "Ủy quyền"
    SUBJECTS = "mandate principal holder"
    SIGNERS = "principal @operator"
    COMMITS = "sum:ceiling open?!ceiling"
    OPPOSED = "principal~holder"

    mandate: MandateId
    """Id of the new mandate."""
    principal: PartyId
    """Party that is bound by what the holder signs under the mandate."""
    holder: PartyId
    """Party that may sign for the principal, with keys of its own; never for both sides of an
    event (Civil Code art. 141(3)).
    """
    topics: Topics
    """What it may sign: types of events without their version, such as `offer.made`, or `*` for
    all.
    """
    ceiling: Price | None
    """Most that one event may commit the principal to, its sums added up. What has no bound, or
    is in another currency, exceeds it; null is no ceiling.
    """
    valid_from: Day
    """First day on which it binds."""
    valid_to: Day | None
    """Day from which it binds no more, after `valid_from`; null is until it is ended."""


class MandateEnded(Body):
    """The principal or the holder ended the mandate, from the next position on."""

    TOPIC: ClassVar[str] = "mandate.ended/1"
    TITLE = "Mandate ended"
    TITLE_VI = "Chấm dứt ủy quyền"
    SUBJECTS = "mandate principal holder ended_by"
    SIGNERS = "ended_by"
    MAY = "ended_by=principal|holder"

    mandate: MandateId
    """The mandate, which has not been ended before."""
    principal: PartyId
    """Party that gave it."""
    holder: PartyId
    """Party that has it."""
    ended_by: PartyId
    """Who ends it: the principal or the holder."""


@dataclass(frozen=True, slots=True)
class Mandate:
    """Between whom a mandate is, and the position of the event that ended it."""

    position: int
    principal: str
    holder: str
    ended: int | None = None


@admits(MandateGiven)
def _admit_given(body: MandateGiven, state: State) -> None:
    """Refuse a mandate twice, or for no time."""
    require_new(state, body.mandate)
    require_days(body.valid_from, body.valid_to, "/body/valid_to")


@admits(MandateEnded)
def _admit_ended(body: MandateEnded, state: State) -> None:
    """Refuse to end what is unknown, between others, or ended."""
    mandate = require_known(state, body.mandate, Mandate)
    if (mandate.principal, mandate.holder) != (body.principal, body.holder):
        raise PredecessorUnknown(
            f"{body.mandate} is not from {body.principal} to {body.holder}",
            positions=(mandate.position,),
            subjects=(body.mandate,),
            step=Step(
                {"who": listed((mandate.principal, mandate.holder))},
                case="between",
                change={"/body/principal": mandate.principal, "/body/holder": mandate.holder},
            ),
        )
    if mandate.ended is not None:
        raise MandateExpired(
            f"{body.mandate} has ended", positions=(mandate.ended,), step=Step(case="ended")
        )


@evolves(KIND, MandateGiven)
def _evolve_given(body: MandateGiven, logged: Logged) -> Mandate:
    return Mandate(logged.position, body.principal, body.holder)


@evolves(KIND, MandateEnded)
def _evolve_ended(_body: MandateEnded, logged: Logged, value: Mandate | None) -> Mandate | None:
    return value and replace(value, ended=logged.position)


@evolves("party", MandateGiven)
def _evolve_principal_gives(
    body: MandateGiven, logged: Logged, value: Party | None, subject: str
) -> Party | None:
    if value is None or subject != body.principal:
        return value
    power = Power(
        holder=body.holder,
        topics=body.topics,
        ceiling=body.ceiling,
        valid_from=body.valid_from,
        valid_to=body.valid_to,
        position=logged.position,
    )
    return value.with_mandate(body.mandate, power)


@evolves("party", MandateEnded)
def _evolve_principal_ends(
    body: MandateEnded, logged: Logged, value: Party | None, subject: str
) -> Party | None:
    if value is None or subject != body.principal:
        return value
    power = replace(value.mandates[body.mandate], ended=logged.position)
    return value.with_mandate(body.mandate, power)
