"""
A relation: how two parties stand to each other, which neither can hide from those who trade.

Who is related decides whose price needs an audit, and whose evaluation is independent (Technology
Transfer Law art. 27(3)). Read in this order: events, state, refusals, admit, evolve.
"""

from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Annotated, ClassVar, Literal

from pydantic import model_validator

from ledger.domain.core.body import Body, State
from ledger.domain.core.context import Context
from ledger.domain.core.event import Logged
from ledger.domain.core.existence import (
    IntervalEmpty,
    PredecessorUnknown,
    no_day,
    not_in_future,
    require_known,
    require_new,
)
from ledger.domain.core.money import ppm
from ledger.domain.core.refusal import Refusal
from ledger.domain.core.remedy import Step
from ledger.domain.core.rules import admits, evolves
from ledger.domain.core.types import Day, PartyId, of_kind
from ledger.domain.parties.party import Party, Relation

KIND = "relation"

RelationId = Annotated[str, of_kind(KIND)]
RelationKind = Literal[
    "parent_subsidiary",
    "state_capital",
    "same_control",
    "branch",
    "evaluator",
    "spin_off",
    "member",
    "family",
]
_CONTROL = frozenset({"parent_subsidiary", "state_capital", "branch", "member"})
"""The kinds in which `party` controls `other`, or has it as a part; the others are mutual."""


class _OfRelation(Body):
    """What is said of the relation of a party to another. Never an event itself."""

    relation: RelationId
    """Id of the relation, new where it is declared."""
    party: PartyId
    """Who controls the other, or of what the other is a part: parent, holder of State capital,
    whole of a branch or a member. In other kinds either of the two.
    """
    other: PartyId
    """The other party: subsidiary, holding of the State, branch or member. In other kinds
    either of the two.
    """


class RelationDeclared(_OfRelation):
    """`party` is the parent, the holder of State capital or the whole; `other` what it controls."""

    TOPIC: ClassVar[str] = "relation.declared/1"
    TITLE = "Relation declared"
    TITLE_VI = "Khai báo quan hệ"
    SUBJECTS = "relation party other declared_by"
    SIGNERS = "declared_by @operator"
    MAY = "declared_by=party|other|@officers"

    kind: RelationKind
    """How they are related. `parent_subsidiary`, `state_capital`, `branch` and `member` run
    from `party` to `other`, `same_control`, `evaluator`, `spin_off` and `family` both ways.
    """
    share_ppm: int | None
    """Part of the other's capital that `party` holds, in parts per million (0 to 1,000,000);
    null where it is not said.
    """
    valid_from: Day
    """First day on which it holds, not after the day of recording."""
    declared_by: PartyId
    """One of the two, or an officer of the ledger from a register; the operator signs as
    well.
    """

    @model_validator(mode="after")
    def _between_two(self) -> "RelationDeclared":
        if self.party == self.other:
            raise ValueError(f"a relation is between two parties, not of {self.other} to itself")
        return self


class RelationEnded(_OfRelation):
    """The relation ended on a day: the first on which it does not hold."""

    TOPIC: ClassVar[str] = "relation.ended/1"
    TITLE = "Relation ended"
    TITLE_VI = "Chấm dứt quan hệ"
    SUBJECTS = "relation party other ended_by"
    SIGNERS = "ended_by @operator"
    MAY = "ended_by=party|other|@officers"

    ended_on: Day
    """First day on which it does not hold: after its first day, not after the day of
    recording.
    """
    ended_by: PartyId
    """One of the two, or an officer of the ledger from a register; the operator signs as
    well.
    """


@dataclass(frozen=True, slots=True)
class Declared:
    """A relation: between whom, of which kind, since when; `ended` is its end's position."""

    position: int
    party: str
    other: str
    kind: str
    start: date
    ended: int | None = None


class RelationOver(Refusal):
    """The relation has ended already."""

    code = "RELATION_ENDED"
    members = ("relation",)
    title_vi = "Quan hệ này đã chấm dứt"


def controls(kind: str) -> bool:
    """Whether in a relation of this kind one party controls the other, or has it as a part."""
    return kind in _CONTROL


def relations_between(state: State, a: str, b: str, day: date) -> tuple[Relation, ...]:
    """Return what relates two parties on a day: to each other, or both to one that controls them.

    It reads the two parties alone.
    """
    left, right = _of(state, a, day), _of(state, b, day)
    direct = tuple(each for each in left if each.other == b)
    if direct:
        return direct
    above = {each.other for each in left if _binds(each)}
    common = above.intersection(each.other for each in right if _binds(each))
    return tuple(each for each in (*left, *right) if _binds(each) and each.other in common)


def related(state: State, a: str, b: str, day: date) -> bool:
    """Whether two parties are related on a day: one party is related to itself."""
    return a == b or bool(relations_between(state, a, b, day))


def _of(state: State, party: str, day: date) -> tuple[Relation, ...]:
    value = state.get(party)
    if not isinstance(value, Party):
        return ()
    holding = (each for each in value.relations.values() if each.holds(day))
    return tuple(sorted(holding, key=lambda each: each.position))


def _binds(relation: Relation) -> bool:
    """Whether what is controlled from there is related among itself: State capital alone is not."""
    return (relation.above and relation.kind == "parent_subsidiary") or (
        relation.kind == "same_control"
    )


@admits(RelationDeclared)
def _admit_declared(body: RelationDeclared, state: State, context: Context) -> None:
    """Refuse a relation twice, a part that is no rate, days to come, and a stranger."""
    require_new(state, body.relation)
    if body.share_ppm is not None:
        ppm(body.share_ppm)
    not_in_future(context.accepted, valid_from=body.valid_from)


@admits(RelationEnded)
def _admit_ended(body: RelationEnded, state: State, context: Context) -> None:
    """Refuse to end what is unknown, of others, or ended; and an end before the beginning."""
    relation = require_known(state, body.relation, Declared)
    if (relation.party, relation.other) != (body.party, body.other):
        raise PredecessorUnknown(
            f"{body.relation} is not between {body.party} and {body.other}",
            positions=(relation.position,),
            subjects=(body.relation,),
            step=Step(
                {"who": f"{relation.party}, {relation.other}"},
                case="between",
                change={"/body/party": relation.party, "/body/other": relation.other},
            ),
        )
    if relation.ended is not None:
        raise RelationOver(f"{body.relation} has ended", positions=(relation.ended,))
    not_in_future(context.accepted, ended_on=body.ended_on)
    if body.ended_on <= relation.start:
        raise IntervalEmpty(
            no_day(relation.start, body.ended_on),
            positions=(relation.position,),
            pointer="/body/ended_on",
            step=_ending_after(relation.start),
        )


def _ending_after(start: date) -> Step:
    first = (start + timedelta(days=1)).isoformat()
    return Step({"end": first}, change={"/body/ended_on": first})


@evolves(KIND, RelationDeclared)
def _evolve_declared(body: RelationDeclared, logged: Logged) -> Declared:
    return Declared(logged.position, body.party, body.other, body.kind, body.valid_from)


@evolves(KIND, RelationEnded)
def _evolve_ended(_body: RelationEnded, logged: Logged, value: Declared | None) -> Declared | None:
    return value and replace(value, ended=logged.position)


@evolves("party", RelationDeclared)
def _evolve_party(
    body: RelationDeclared, logged: Logged, value: Party | None, subject: str
) -> Party | None:
    """Return either party with the relation as it sees it."""
    if value is None or subject not in (body.party, body.other):
        return value
    below = subject == body.other
    stands = Relation(
        other=body.party if below else body.other,
        kind=body.kind,
        above=below and controls(body.kind),
        start=body.valid_from,
        end=None,
        position=logged.position,
    )
    return value.with_relation(body.relation, stands)


@evolves("party", RelationEnded)
def _evolve_party_after(
    body: RelationEnded, _logged: Logged, value: Party | None, subject: str
) -> Party | None:
    if value is None or subject not in (body.party, body.other):
        return value
    stood = value.relations[body.relation]
    return value.with_relation(body.relation, replace(stood, end=body.ended_on))
