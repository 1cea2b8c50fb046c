"""
A party: anyone who may be bound by an event. Its roles, its relations, the mandates it has given.

People appear as random tokens only (`party:tok.<32 hex>`): a name, a number or a hash of one
would stay personal data for ever (Personal Data Protection Law, art. 14).
Read in this order: events, state, refusals, admit, evolve.
"""

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Annotated, ClassVar, Literal

from pydantic import StringConstraints
from rpds import HashTrieMap

from ledger.domain.core.body import Body, KeyRecord, State
from ledger.domain.core.context import Context
from ledger.domain.core.event import Logged
from ledger.domain.core.existence import must_wait_still, new_keys, require_known, require_new
from ledger.domain.core.money import Money
from ledger.domain.core.personal_data import PersonalDataInEvent
from ledger.domain.core.refusal import Refusal
from ledger.domain.core.remedy import Other, Step
from ledger.domain.core.rules import admits, evolves
from ledger.domain.core.types import (
    DISTINCT,
    FROM_LIST,
    NOT_EMPTY,
    Instant,
    Model,
    PartyId,
    Text,
    format_instant,
)
from ledger.domain.parties.identifier import must_be_a_legal_person
from ledger.domain.parties.name import must_not_be_anothers, spelling_subject

KIND = "party"

PartyKind = Literal["organisation", "person", "state_body"]
Role = Literal["operator", "registrar", "clerk", "reviewer", "bank", "forum", "fund", "auditor"]
Roles = Annotated[tuple[Role, ...], FROM_LIST, DISTINCT]
Seat = Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}$")]
Keys = Annotated[tuple[KeyRecord, ...], FROM_LIST, NOT_EMPTY, DISTINCT]

_PERSON = re.compile(r"party:tok\.(?P<random>[0-9a-f]{32})")
_TWELVE_DIGITS = re.compile(r"(?<![0-9])[0-9]{12}(?![0-9])")
_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")


class Described(Model):
    """Who a party is: `seat` is the ISO 3166-1 alpha-2 code of the country it is seated in.

    `ledger.verify` holds parties to these very members, so what else is said of one is said later
    (`identity`, `spelling`, `relation`).
    """

    party: PartyId
    """Id of the party: `party:vn.mst.` and the ten digits of a legal person's tax code,
    `party:tok.` and 32 random hex digits for a person, or another that holds no citizen's
    number.
    """
    kind: PartyKind
    """`organisation`, `person` or `state_body`."""
    name: Text | None
    """Its name as registered, not another party's; null, always, for a person (Personal Data
    Protection Law art. 14).
    """
    roles: Roles
    """Roles that rules ask for: a `clerk` attests facts of offices, a `reviewer` reviews
    listings, a `bank` confirms payments, a `forum` decides disputes, a `fund` invests, a
    `clerk` or `operator` confirms notices. Empty for none; `registrar` and `auditor` allow
    nothing by themselves.
    """
    seat: Seat
    """Country in which it is seated, by its ISO 3166-1 alpha-2 code, such as `VN`."""
    keys: Keys
    """Public keys that sign for it from the start, new to the log. Each signs the event too."""


class PartyRegistered(Described, Body):
    """Officers have checked a party's identity, and the party holds these keys."""

    TOPIC: ClassVar[str] = "party.registered/1"
    TITLE = "Party registered"
    TITLE_VI = "Đăng ký bên tham gia"
    SUBJECTS = "party key:keys/*/key_id"
    SIGNERS = "party @operator @registrar?!kind=person @registrar?roles/*"
    WAITS = "?!kind=person ?roles/*"

    not_before: Instant | None = None
    """Instant from which the registration binds. For anyone who is no person, or has a role, the
    ledger's delay after acceptance at the earliest; null or absent is at once.
    """

    def reads(self, state: State) -> Iterable[str]:
        """Return the spelling of its name: another party may be meant by it."""
        del state
        return () if self.name is None else (spelling_subject(self.name),)

    def new_keys(self) -> Iterable[tuple[str, KeyRecord]]:
        """Return the keys with which the party starts."""
        return ((self.party, key) for key in self.keys)


class PartyStopped(Body):
    """The registrar stops a registration that does not bind yet: nothing of it ever will.

    The party may be registered again, with other keys.
    """

    TOPIC: ClassVar[str] = "party.stopped/1"
    TITLE = "Waiting registration stopped"
    TITLE_VI = "Dừng việc đăng ký đang chờ hiệu lực"
    SUBJECTS = "party"
    SIGNERS = "@registrar"

    party: PartyId
    """Party whose registration waits, its `not_before` being still to come."""


@dataclass(frozen=True, slots=True)
class Power:
    """A mandate as its principal's signature check needs it: who may sign what, how far, when.

    `topics` are event types without version, or `*`; the period is [valid_from, valid_to) in
    legal days; `ended` is the position of the event that ended it early.
    """

    holder: str
    topics: tuple[str, ...]
    ceiling: Money | None
    valid_from: date
    valid_to: date | None
    position: int
    ended: int | None = None


@dataclass(frozen=True, slots=True)
class Relation:
    """How another party stands to this one, in the legal days [start, end).

    `above` says that the other is the one that controls: the parent, the State's capital holder.
    """

    other: str
    kind: str
    above: bool
    start: date
    end: date | None
    position: int

    def holds(self, day: date) -> bool:
        """Whether it holds on a day."""
        return self.start <= day and (self.end is None or day < self.end)


@dataclass(frozen=True, slots=True)
class Party:
    """A registered party. `mandates` are those it has given, `relations` those it stands in.

    It is one from `not_before` on. `names` are all that it was registered under, of a person none.
    `ended` is the position of the event by which it ceased to be: it merged into `successor`, was
    dissolved, or was a person whose identity was erased. `merged` are those that merged into it.
    """

    position: int
    kind: str
    roles: frozenset[str]
    seat: str
    names: frozenset[str] = frozenset()
    not_before: datetime | None = None
    mandates: "HashTrieMap[str, Power]" = field(default_factory=HashTrieMap)
    relations: "HashTrieMap[str, Relation]" = field(default_factory=HashTrieMap)
    ended: int | None = None
    successor: str | None = None
    merged: frozenset[str] = frozenset()

    def with_mandate(self, mandate: str, power: Power) -> "Party":
        """Return the party after it gave, or ended, a mandate."""
        return replace(self, mandates=self.mandates.insert(mandate, power))

    def with_relation(self, relation: str, stands: Relation) -> "Party":
        """Return the party after a relation began, or ended."""
        return replace(self, relations=self.relations.insert(relation, stands))


class PartyUnknown(Refusal):
    """The event binds or names a party that is not registered."""

    code = "PARTY_UNKNOWN"
    final = False
    title_vi = "Bên được nêu chưa đăng ký"


class PartyNotYetValid(Refusal):
    """The party's registration does not bind yet: until then nobody deals with it."""

    code = "PARTY_NOT_YET_VALID"
    final = False
    title_vi = "Việc đăng ký của bên này chưa đến thời điểm có hiệu lực"


class PartyExists(Refusal):
    """The party is already registered."""

    code = "PARTY_EXISTS"
    title_vi = "Bên này đã được đăng ký"


class PartyEnded(Refusal):
    """The party has ceased to be: it was merged, dissolved or erased, and signs nothing more."""

    code = "PARTY_ENDED"
    title_vi = "Bên này đã chấm dứt tồn tại: bị sáp nhập, giải thể hoặc đã xóa danh tính"
    article = "Bộ luật Dân sự, Điều 96"


def party_of(state: State, party: str) -> Party:
    """Return a registered party, or raise `PartyUnknown`."""
    value = state.get(party)
    if not isinstance(value, Party):
        raise PartyUnknown(
            f"{party} is not registered",
            subjects=(party,),
            step=Step({"who": party}, first=(Other("party.registered/1", {"party": party}),)),
        )
    return value


def standing_for(state: State, parties: Iterable[str]) -> frozenset[str]:
    """Return these parties and those in whose place they are, as whose successors (CC art. 88).

    Anyone who merged into one of them, in any number of steps, is bound by what it signs.
    """
    found, left = set[str](), [*parties]
    while left:
        party = left.pop()
        value = state.get(party)
        if party not in found and isinstance(value, Party):
            left += [each for each in value.merged if _successor_of(state, each) in (None, party)]
        found.add(party)
    return frozenset(found)


def strangers_to(state: State, signing: Iterable[str], bound: Collection[str]) -> frozenset[str]:
    """Return those who sign and are neither bound, nor the successor of one that is."""
    return frozenset(each for each in signing if standing_for(state, (each,)).isdisjoint(bound))


def _successor_of(state: State, party: str) -> str | None:
    value = state.get(party)
    return value.successor if isinstance(value, Party) else None


def must_not_have_ended(party: str, value: Party, step: Step | None = None) -> None:
    """Raise `PartyEnded` if the party has ceased to be; by default its successor helps."""
    if value.ended is not None:
        into = "" if value.successor is None else f"; its successor is {value.successor}"
        raise PartyEnded(
            f"{party} has ceased to be{into}",
            positions=(value.ended,),
            subjects=(party,),
            step=step or _succeeded(party, value.successor),
        )


def _succeeded(party: str, successor: str | None) -> Step:
    if successor is None:
        return Step(case="nobody")
    return Step({"successor": successor}, replace={party: successor})


def must_bind_by(instant: datetime, party: str, value: Party) -> None:
    """Raise `PartyNotYetValid` while the party's registration waits."""
    if value.not_before is not None and instant < value.not_before:
        raise PartyNotYetValid(
            f"{party} is registered from {format_instant(value.not_before)} on",
            positions=(value.position,),
            subjects=(party,),
            step=Step({"after": format_instant(value.not_before)}, after=value.not_before),
        )


_TOKEN = Step(case="token", ask=("/body/party", "/body/name"))


def must_be_impersonal(described: Described) -> None:
    """Raise `PersonalDataInEvent` unless a person is a bare random token."""
    # Of random tokens one in thirty has twelve digits in a row; one in millions is digits alone.
    # Of UUIDs one in three hundred ends in twelve digits.
    token = _PERSON.fullmatch(described.party)
    if token is None and _TWELVE_DIGITS.search(_UUID.sub("", described.party)):
        raise PersonalDataInEvent(
            "a party id with twelve digits holds a citizen's number", step=_TOKEN
        )
    if token is not None and token["random"].isdecimal():
        raise PersonalDataInEvent(
            "a token of digits alone is a padded number, not a random one", step=_TOKEN
        )
    if described.kind != "person" and not described.party.startswith("party:tok."):
        return
    if described.name is not None or token is None:
        raise PersonalDataInEvent("a person is party:tok.<32 hex> and has no name", step=_TOKEN)


@admits(PartyRegistered)
def _admit(body: PartyRegistered, state: State) -> None:
    """Refuse a party twice, personal data, false tax codes, another's name, and taken keys."""
    require_new(state, body.party, PartyExists)
    must_be_impersonal(body)
    must_be_a_legal_person(body.party)
    if body.name is not None:
        must_not_be_anothers(state, body.party, body.name)
    new_keys(state, body.new_keys())


@admits(PartyStopped)
def _admit_stopped(body: PartyStopped, state: State, context: Context) -> None:
    """Refuse to stop a registration that binds already."""
    must_wait_still(body.party, require_known(state, body.party, Party), context.accepted)


def registered(described: Described, position: int, not_before: datetime | None = None) -> Party:
    """Return the party that the event at `position` registers."""
    names = frozenset(() if described.name is None else (described.name,))
    whom = described.kind, frozenset(described.roles), described.seat
    return Party(position, *whom, names, not_before)


@evolves(KIND, PartyRegistered)
def _evolve(
    body: PartyRegistered, logged: Logged, value: Party | None, subject: str
) -> Party | None:
    return registered(body, logged.position, body.not_before) if subject == body.party else value


@evolves(KIND, PartyStopped)
def _evolve_stopped(_body: PartyStopped) -> None:
    """Forget the party: it may be registered again."""
