"""
A technology: what is traded, who owns it, and how far the State paid for it.

Read in this order: events, state, admit, evolve.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from ledger.domain.event import (
    Admits,
    Body,
    Context,
    Event,
    Evolves,
    Logged,
    State,
    Text,
    of_kind,
)
from ledger.domain.existence import new
from ledger.domain.money import ppm
from ledger.domain.right import Holdings, must_be_whole

KIND = "technology"

TechnologyId = Annotated[str, of_kind(KIND)]
ObjectKind = Literal["know_how", "process", "software", "design", "data", "equipment", "biological"]


class TechnologyRegistered(Body):
    """Its owners declare a technology (Technology Transfer Law art. 4 lists the objects).

    `trl` is the technology readiness level, `state_funded_ppm` the State's part of its cost.
    """

    TOPIC: ClassVar[str] = "technology.registered/1"

    technology: TechnologyId
    title: Text
    summary: Text
    object_kind: ObjectKind
    trl: Annotated[int, Field(ge=1, le=9)] | None
    owners: Holdings
    state_funded_ppm: int

    def subjects(self) -> frozenset[str]:
        """Return the technology and its owners."""
        return frozenset((self.technology, *(holding.party for holding in self.owners)))


@dataclass(frozen=True, slots=True)
class Technology:
    """A registered technology and its owners' shares."""

    position: int
    owners: Mapping[str, Fraction]


def _admit(state: State, event: Event, context: Context) -> None:
    """Refuse a technology twice, a part above the whole, and shares that are not a whole."""
    del context
    body = event.body
    assert isinstance(body, TechnologyRegistered)
    new(state, body.technology)
    ppm(body.state_funded_ppm)
    must_be_whole(body.owners)


def _evolve(subject: str, value: Technology | None, logged: Logged) -> Technology:
    body = logged.event.body
    assert isinstance(body, TechnologyRegistered)
    del subject, value
    return Technology(
        position=logged.position,
        owners={holding.party: holding.share for holding in body.owners},
    )


BODIES: tuple[type[Body], ...] = (TechnologyRegistered,)
ADMITS: Admits = {TechnologyRegistered: _admit}
EVOLVES: Evolves = {(KIND, TechnologyRegistered): _evolve}
