"""
Parties: their names, numbers, roles, relations, and their end, true on a day, as known then.

Serves `GET /v1/parties/{id}` and `…/relations`. `parties` has a row for each thing that was said of
a party; `relations` a row for each side of a relation that began or ended.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Literal

from rpds import HashTrieMap

from ledger.domain.core.body import Body
from ledger.domain.core.event import Logged
from ledger.domain.core.types import legal_day
from ledger.domain.government.ledger import LedgerOpened
from ledger.domain.parties import party as domain
from ledger.domain.parties.mandate import MandateEnded
from ledger.domain.parties.name_alias import PartyKnownAs
from ledger.domain.parties.party import Described, PartyRegistered, PartyStopped
from ledger.domain.parties.party_lifecycle import (
    PartyDissolved,
    PartyIdentified,
    PartyMerged,
    PartyRenamed,
    PersonErased,
)
from ledger.domain.parties.relation import (
    RelationDeclared,
    RelationEnded,
    controls,
    relations_between,
)
from projections.engine.answer import Answer, Verdict, YesOrNo, yes_or_no
from projections.engine.projection import Journal, Tells
from projections.engine.view import Known, View, positions_of
from projections.tables.basis import answering, told
from projections.tables.reader import Reader

Fact = Literal[
    "kind",
    "seat",
    "role",
    "name",
    "spelling",
    "identifier",
    "stopped",
    "merged",
    "dissolved",
    "erased",
]


@dataclass(frozen=True, slots=True)
class PartyFact:
    """A row of `read.parties`: something that was said of a party.

    `place` counts what one event said, from 0. `value` is the name, the number (of the register
    `scheme`), the successor, the reason, …; `true_from` is the legal day from which it is so, if
    the event says one; `binds_from` is the instant before which a registration binds nobody.
    """

    subject: str
    position: int
    accepted: datetime
    place: int
    fact: Fact
    scheme: str
    value: str
    true_from: date | None
    binds_from: datetime | None


@dataclass(frozen=True, slots=True)
class RelationFact:
    """A row of `read.relations`: a relation of `subject` began, or ended, on a day."""

    subject: str
    position: int
    accepted: datetime
    relation: str
    other: str
    kind: str | None
    above: bool
    share_ppm: int | None
    day: date
    ended: bool


@dataclass(frozen=True, slots=True)
class Related:
    """A relation as one side sees it, in the legal days [start, end).

    `above`: the other is the one that controls. `positions` are those of its declaration and end.
    """

    relation: str
    other: str
    kind: str
    above: bool
    share_ppm: int | None
    start: date
    end: date | None
    positions: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class PartyAsKnown(Answer):
    """A party on a legal day, as known. `kind` None: nothing was known of it.

    `name` is the one of that day, `facts` all that was said of it, `relations` those that held;
    `binds_from` is the instant before which its registration binds nobody, if it says one.
    `ended` is how it ceased to be, once it was so: merged (into `value`), dissolved or erased.
    """

    party: str
    true_on: date
    size: int
    kind: str | None
    seat: str | None
    roles: tuple[str, ...]
    name: str | None
    binds_from: datetime | None
    ended: PartyFact | None
    facts: tuple[PartyFact, ...]
    relations: tuple[Related, ...]

    @property
    def positions(self) -> tuple[int, ...]:
        """Return the positions of all that was said of it."""
        said = [fact.position for fact in self.facts]
        return positions_of(said, [at for each in self.relations for at in each.positions])


@dataclass(frozen=True, slots=True)
class Relations(YesOrNo):
    """The relations of a party, as known: those of all days, or what relates it to another.

    `related` answers the question about `to` on the day `true_on`, if that was asked.
    """

    party: str
    to: str | None
    true_on: date
    size: int
    related: bool | None
    relations: tuple[Related, ...]

    @property
    def positions(self) -> tuple[int, ...]:
        """Return the positions of the events that began and ended them."""
        return positions_of([at for each in self.relations for at in each.positions])

    @property
    def _says(self) -> Verdict:
        return "answered" if self.related is None else yes_or_no(self.related)


Said = tuple[Fact, str, str, date | None]
"""A fact, its scheme, its value, and from when it is true."""


def _plain(fact: Fact, value: str, true_from: date | None = None) -> Said:
    return fact, "", value, true_from


def _described(party: Described) -> list[Said]:
    said = [_plain("kind", party.kind), _plain("seat", party.seat)]
    said += [_plain("role", role) for role in party.roles]
    return said if party.name is None else [*said, _plain("name", party.name)]


_SAID: Mapping[type[Body], Callable[[Any], Sequence[tuple[str, Said]]]] = {
    LedgerOpened: lambda body: [
        (first.party, said) for first in body.parties for said in _described(first)
    ],
    PartyRegistered: lambda body: [(body.party, said) for said in _described(body)],
    PartyStopped: lambda body: [(body.party, _plain("stopped", ""))],
    PartyRenamed: lambda body: [(body.party, _plain("name", body.name, body.effective_on))],
    PartyKnownAs: lambda body: [(body.party, _plain("spelling", body.spelling))],
    PartyIdentified: lambda body: [
        (body.party, ("identifier", each.scheme, each.value, None)) for each in body.identifiers
    ],
    PartyMerged: lambda body: [(body.party, _plain("merged", body.into, body.effective_on))],
    PartyDissolved: lambda body: [
        (body.party, _plain("dissolved", body.reason, body.effective_on))
    ],
    PersonErased: lambda body: [(body.token, _plain("erased", body.ground))],
}
_ENDS = ("merged", "dissolved", "erased")


def _emit(logged: Logged) -> list[PartyFact]:
    body = logged.event.body
    binds_from = body.not_before if isinstance(body, PartyRegistered) else None
    return [
        PartyFact(party, logged.position, logged.accepted, place, *said, binds_from=binds_from)
        for place, (party, said) in enumerate(_SAID[type(body)](body))
    ]


def _emit_relation(logged: Logged) -> list[RelationFact]:
    body = logged.event.body
    if isinstance(body, RelationEnded):
        said = (None, False, None, body.ended_on, True)
        return [
            RelationFact(party, logged.position, logged.accepted, body.relation, other, *said)
            for party, other in ((body.party, body.other), (body.other, body.party))
        ]
    assert isinstance(body, RelationDeclared)
    return [
        RelationFact(
            party,
            logged.position,
            logged.accepted,
            body.relation,
            other,
            body.kind,
            above,
            body.share_ppm,
            body.valid_from,
            ended=False,
        )
        for party, other, above in (
            (body.party, body.other, False),
            (body.other, body.party, controls(body.kind)),
        )
    ]


parties = Journal(
    name="parties",
    version=3,
    row=PartyFact,
    emit=_emit,
    bodies=frozenset(_SAID),
    identity=("subject", "place"),
    tells={
        "party": Tells(
            (
                *("position", "kind", "roles", "seat", "names", "not_before"),
                *("ended", "successor", "merged"),
            ),
            {"mandates": ("mandates",), "relations": ("relations",)},
            unaffected_by={"the end is of a mandate": (MandateEnded,)},
        ),
        "spelling": Tells(("position", "meant")),
        "identifier": Tells(("position", "party")),
    },
)

relations = Journal(
    name="relations",
    version=1,
    row=RelationFact,
    emit=_emit_relation,
    bodies=frozenset((RelationDeclared, RelationEnded)),
    identity=("subject", "relation"),
    tells={
        "relation": Tells(("position", "party", "other", "kind", "start", "ended")),
        "party": Tells(
            ("relations",),
            rest="parties",
            unaffected_by={
                "who is new, or was stopped before it bound, relates to nobody": (
                    *(LedgerOpened, PartyRegistered, PartyStopped),
                )
            },
        ),
    },
)


def party_as_known(reader: Reader, party: str, *, true_on: date) -> PartyAsKnown:
    """Return a party on a legal day, as known at a position or instant (default: now).

    Raises `NotFolded` or `NotAsked` (`projections.engine.view`).
    """
    with answering(reader, parties, relations) as view:
        known = reader.as_of(view)
        facts = view.recorded(parties, known, subject=party, order="position, fact, scheme, value")
        held = [each for each in _relations(view, party, known) if _holds(each, true_on)]
        valid = in_force(facts)
        answer = PartyAsKnown(
            party=party,
            true_on=true_on,
            size=view.size,
            kind=_last(valid, "kind", true_on),
            seat=_last(valid, "seat", true_on),
            roles=tuple(fact.value for fact in valid if fact.fact == "role"),
            name=named_on(valid, true_on),
            binds_from=next((fact.binds_from for fact in valid if fact.binds_from), None),
            ended=ended_on(facts, true_on),
            facts=facts,
            relations=tuple(held),
        )
        return told(view, answer, known, party)


def in_force(facts: Sequence[PartyFact]) -> Sequence[PartyFact]:
    """Return what was said of a party without what a registration said that was stopped."""
    stopped = max((fact.position for fact in facts if fact.fact == "stopped"), default=-1)
    of_registrations = ("kind", "seat", "role", "name")
    return [fact for fact in facts if fact.position > stopped or fact.fact not in of_registrations]


def ended_on(facts: Iterable[PartyFact], day: date) -> PartyFact | None:
    """Return how the party had ceased to be on a day, if it had."""
    ends = (fact for fact in facts if fact.fact in _ENDS)
    return next((fact for fact in ends if _from(fact) <= day), None)


def named_on(facts: Sequence[PartyFact], day: date) -> str | None:
    """Return what a party was called on a day, of what was said of it and is in force."""
    return _last(facts, "name", day)


def _from(fact: PartyFact) -> date:
    return fact.true_from or legal_day(fact.accepted)


def _last(facts: Sequence[PartyFact], kind: Fact, day: date) -> str | None:
    """Return the latest value that was true on a day; that of registration was always true."""
    found = [
        (fact.true_from or date.min, fact.position, fact.value)
        for fact in facts
        if fact.fact == kind and (fact.true_from or date.min) <= day
    ]
    return max(found)[2] if found else None


def names_on(view: View, named: Collection[str], day: date) -> dict[str, str]:
    """Return the names that parties had on a day; who had none then is left out."""
    asked = {"parties": sorted(named)}
    where = "subject = ANY(%(parties)s) AND fact IN ('name', 'stopped')"
    facts: dict[str, list[PartyFact]] = {}
    for fact in view.rows(parties, where, asked, order="position"):
        facts.setdefault(fact.subject, []).append(fact)
    named_then = {party: _last(in_force(said), "name", day) for party, said in facts.items()}
    return {party: name for party, name in named_then.items() if name is not None}


def relations_of(reader: Reader, party: str, *, true_on: date, to: str | None = None) -> Relations:
    """Return all relations of a party, or what relates it to another party on a day.

    Two are related directly, or by a party that controls both.
    """
    with answering(reader, relations) as view:
        known = reader.as_of(view)
        own = _relations(view, party, known)
        if to is None:
            return told(view, Relations(party, to, true_on, view.size, None, own), known, party)
        theirs = _relations(view, to, known)
        state = _Parties({party: _folded(own), to: _folded(theirs)})
        between = {each.position for each in relations_between(state, party, to, true_on)}
        found = tuple(each for each in (*own, *theirs) if each.positions[0] in between)
        related = party == to or bool(between)
        answer = Relations(party, to, true_on, view.size, related, found)
        return told(view, answer, known, party, to)


def _relations(view: View, party: str, known: Known) -> tuple[Related, ...]:
    rows = view.recorded(relations, known, subject=party)
    ends = {row.relation: row for row in rows if row.ended}
    return tuple(_related(row, ends.get(row.relation)) for row in rows if not row.ended)


def _related(row: RelationFact, end: RelationFact | None) -> Related:
    return Related(
        relation=row.relation,
        other=row.other,
        kind=str(row.kind),
        above=row.above,
        share_ppm=row.share_ppm,
        start=row.day,
        end=None if end is None else end.day,
        positions=(row.position,) if end is None else (row.position, end.position),
    )


def _holds(related: Related, day: date) -> bool:
    return related.start <= day and (related.end is None or day < related.end)


@dataclass(frozen=True, slots=True)
class _Parties:
    """What the domain asks when it says who is related: parties with their relations."""

    known: Mapping[str, domain.Party]

    def get(self, subject: str) -> Any:
        """Return a party."""
        return self.known.get(subject)


def _folded(held: Iterable[Related]) -> domain.Party:
    stands = {
        each.relation: domain.Relation(
            each.other, each.kind, each.above, each.start, each.end, each.positions[0]
        )
        for each in held
    }
    return domain.Party(-1, "organisation", frozenset(), "", relations=HashTrieMap(stands))
