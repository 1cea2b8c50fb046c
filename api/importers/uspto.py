"""
Plans the events by which a clerk attests the office's recorded conveyances. It posts nothing.

First a `party.known_as/1` for each name that the clerk vouches for, then a `right.filed/1` for each
application, then a `conveyance.attested/1` for each record, in order of recording; whether each may
stand is for the ledger to say, not for this module. How the first owners and the parties are read:
docs/decisions/0004-uspto-import.md.
"""

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from fractions import Fraction
from typing import Protocol, TypeVar

from pydantic import ValidationError

from api.importers import Declined
from api.importers.memory import Identity
from api.importers.uspto_kinds import KindUnknown, PartInWords, kind_of, must_say_no_more
from api.importers.uspto_parties import MappingRefused, Parties, PartyMapping, Vouched
from api.importers.uspto_records import Record, Register, in_line
from ledger.domain.conveyance import (
    OF_LIENS,
    ConveyanceAttested,
    ConveyanceKind,
    Executed,
    Spelled,
)
from ledger.domain.event import Body, legal_day
from ledger.domain.existence import FutureFact
from ledger.domain.listing import ContentMissing
from ledger.domain.number import right_id
from ledger.domain.right import Holding, RightFiled, RightKind
from ledger.domain.spelling import PartyKnownAs

B = TypeVar("B", bound=Body)

OFFICE = "us"
REGISTER = "us.uspto"

_REFERRING = OF_LIENS | {"correction"}

_LONGEST = 64_000
"""Bytes of body and subjects beside which the rest of an entry (65,535) still has room."""


class Remembers(Protocol):
    """What a plan needs of `api.importers.memory.Memory`."""

    def token(self, name: str) -> str:
        """Return the random party id of a person."""

    def identity(self, subject: str, body_sha256: str, now: datetime) -> Identity:
        """Return the header members of the event that creates a subject."""

    def admitted_body(self, subject: str) -> str | None:
        """Return the hash of the body that the ledger admitted for a subject, if it has."""


@dataclass(frozen=True, slots=True)
class Planned:
    """An event to sign and post: `source` is the record's reel-frame, or the application number.

    `subject` is what the event creates; tell the memory to `settle` it once it is admitted.
    """

    source: str
    subject: str
    body: Body
    identity: Identity


@dataclass(frozen=True, slots=True)
class Plan:
    """All that follows from a set of records.

    Post `spellings`, then `filings`, then `conveyances`, each in its order. `unfiled` are
    applications of which no record shows an owner: they are named only by releases or transfers of
    liens. `left_out` says of each record without which of its applications it is attested, and why;
    `persons` are the names that are taken for persons.
    """

    spellings: tuple[Planned, ...]
    filings: tuple[Planned, ...]
    conveyances: tuple[Planned, ...]
    declined: tuple[Declined, ...]
    unfiled: tuple[str, ...]
    left_out: tuple[Declined, ...] = ()
    persons: tuple[str, ...] = ()

    def __iter__(self) -> Iterator[Planned]:
        """Yield the events in the order in which they are to be posted."""
        yield from self.spellings
        yield from self.filings
        yield from self.conveyances


@dataclass(frozen=True, slots=True)
class _Read:
    """A record whose names are resolved: when each assignor signed, and who of them are persons.

    `names` are those of its organisations, by name; `sound` says that all of them are vouched for.
    """

    record: Record
    kind: ConveyanceKind
    assignors: dict[str, date]
    assignees: tuple[str, ...]
    persons: frozenset[str]
    names: Mapping[str, str]
    sound: bool
    applications: tuple[str, ...]


@dataclass(slots=True)
class _Application:
    """What the records say of an application, folded in order of recording.

    `one_of` is the record of a security by which one of several debtors owns it, nobody knows who;
    `part` the first one that passes something of it which no event can say: who owns it since,
    nobody can tell here.
    """

    number: str
    title_no: str | None = None
    name: str | None = None
    filed_on: date | None = None
    record: Record | None = None
    owners: list[str] = field(default_factory=list)
    received: set[str] = field(default_factory=set)
    one_of: str | None = None
    part: str | None = None


def plan(
    register: Register,
    mapping: PartyMapping,
    memory: Remembers,
    *,
    clerk: str,
    now: datetime,
) -> Plan:
    """Return the events that attest the records of a register.

    `clerk` is the party id of the one who attests, `now` the instant at which new events are
    issued. Pure but for `memory`, which gives the same answers on every run.
    Raises `MappingRefused` if the mapping links a record that itself names another.
    """
    links = _links(register.records, mapping)
    applications = _described(register.records)
    parties = Parties(mapping, memory.token)
    read, declined, beyond = _read(register, applications, parties, legal_day(now))
    filings, unfiled = _filings(applications.values(), clerk)
    kept, left_out, without = _without(read, unfiled)
    conveyances, unfit = _conveyances(kept, links, clerk)
    if late := _attested_without(filings, conveyances, memory):
        filings = [body for body in filings if body.application_no not in late]
        kept, left_out, without = _without(read, unfiled := unfiled | late)
        conveyances, unfit = _conveyances(kept, links, clerk)
    spellings = (_spelling(vouched, clerk) for vouched in parties.vouched.values())
    return Plan(
        spellings=tuple(_once(spellings, _known_as, memory, now)),
        filings=tuple(_once(filings, _of_right, memory, now)),
        conveyances=tuple(
            Planned(
                body.record, body.conveyance, body, _identity(body.conveyance, body, memory, now)
            )
            for body in conveyances
        ),
        declined=(*declined, *unfiled.values(), *without, *unfit),
        unfiled=tuple(
            item.number
            for item in applications.values()
            if not (item.owners or item.one_of or item.part)
        ),
        left_out=(*beyond, *left_out),
        persons=tuple(parties.persons),
    )


def _described(records: Iterable[Record]) -> dict[str, _Application]:
    """Return the applications with what any record says of them; the latest word counts."""
    applications: dict[str, _Application] = {}
    for record in records:
        for described in record.properties:
            if described.application is None:
                continue
            number = described.application
            item = applications.setdefault(number, _Application(number))
            item.title_no = described.patent or item.title_no
            item.name = described.title or item.name
            item.filed_on = described.filed or item.filed_on
    return applications


def _read(
    register: Register, applications: dict[str, _Application], parties: Parties, today: date
) -> tuple[list[_Read], list[Declined], list[Declined]]:
    """Return the records that are read, why others are not, and what some are read without."""
    read: list[_Read] = []
    declined = [Declined(line.source, line.code, line.detail) for line in register.unreadable]
    beyond: list[Declined] = []
    for record in register.records:
        try:
            item = _before_parts(_resolved(record, applications, parties, today), applications)
        except PartInWords as refusal:
            declined.append(Declined(record.id, refusal.code, refusal.detail))
            for number in record.applications():
                applications[number].part = applications[number].part or record.id
        except (KindUnknown, ContentMissing, FutureFact) as refusal:
            declined.append(Declined(record.id, refusal.code, refusal.detail))
        else:
            read.append(item)
            if gone := len(record.applications()) - len(item.applications):
                detail = f"attested without {gone} applications of which a part passed before"
                beyond.append(Declined(record.id, PartInWords.code, detail))
            if item.sound:
                _fold_owners(item, applications)
    return read, declined, beyond


def _before_parts(item: _Read, applications: dict[str, _Application]) -> _Read:
    """Return a record by which title passes without the applications of which a part passed before.

    Raises `PartInWords` if none is left: its assignors own less than all, and it would pass all.
    """
    if item.kind == "security" or item.kind in OF_LIENS:
        return item
    there = tuple(number for number in item.applications if applications[number].part is None)
    if not there:
        part = applications[item.applications[0]].part
        raise PartInWords(f"{part} passed less than all before, and nobody can say what is left")
    return replace(item, applications=there)


def _must_be_complete(record: Record, applications: dict[str, _Application]) -> None:
    for side in ("assignors", "assignees", "properties"):
        if not getattr(record, side):
            raise ContentMissing(f"it names no {side}")
    if any(item.application is None for item in record.properties):
        raise ContentMissing("a property has no application number")
    undated = [n for n in record.applications() if applications[n].filed_on is None]
    if undated:
        raise ContentMissing(f"no record says when it was filed: {', '.join(undated)}")


def _must_be_past(record: Record, today: date) -> None:
    if record.recorded > today:
        raise FutureFact(f"it was recorded on {record.recorded}, a day to come")
    if any(item.executed and item.executed > record.recorded for item in record.assignors):
        raise FutureFact("somebody signed after the office recorded it")


def _resolved(
    record: Record, applications: dict[str, _Application], parties: Parties, today: date
) -> _Read:
    kind = kind_of(record.kind, record.conveyance_text)
    must_say_no_more(kind, record.conveyance_text)
    _must_be_complete(record, applications)
    _must_be_past(record, today)
    written = [item.name for item in record.assignors]
    written += [item.name for item in record.assignees]
    party = {name: parties.resolve(name, record.document_sha256) for name in written}
    assignors: dict[str, date] = {}
    for item in record.assignors:
        # Without a day on record it is certain only that it was signed when it was recorded; of
        # one party's two signatures, the later completes the act.
        executed = item.executed or record.recorded
        known = assignors.get(party[item.name], executed)
        assignors[party[item.name]] = max(known, executed)
    firms = [name for name in party if not parties.is_person(name)]
    return _Read(
        record=record,
        kind=kind,
        assignors=assignors,
        assignees=tuple(dict.fromkeys(party[item.name] for item in record.assignees)),
        persons=frozenset(party[name] for name in party if name not in firms),
        names={parties.name(name): party[name] for name in firms},
        sound=not any(parties.in_doubt(name) for name in firms),
        applications=record.applications(),
    )


def _fold_owners(item: _Read, applications: dict[str, _Application]) -> None:
    """Count a record's assignors among the first owners where the record shows that they are.

    Those of the first record that shows anybody's title are; so is every person who assigns
    without having received: title is first the inventors', all of them (35 U.S.C. 101, 262), and
    often each signs and records a paper of his own. Of several debtors of one security nobody knows
    which one owns what, until one of them gives it away.
    """
    if item.kind in OF_LIENS:
        return
    one_of = item.kind == "security" and len(item.assignors) > 1
    for number in item.applications:
        application = applications[number]
        owners = application.owners
        if application.part is not None:
            continue
        if one_of:
            application.one_of = application.one_of or item.record.id
            continue
        first = not owners
        if first:
            application.record = item.record
        for party in item.assignors:
            inventor = party in item.persons and party not in application.received
            if party not in owners and (first or inventor):
                owners.append(party)
        application.received.update(item.assignees)


def _links(records: Iterable[Record], mapping: PartyMapping) -> dict[str, str]:
    links = {link.record: link.refers_to for link in mapping.links}
    for record in records:
        if record.id in links and record.named():
            raise MappingRefused(f"{record.id} names {record.named()[0]}: it needs no link")
    return links


def _filings(
    applications: Iterable[_Application], clerk: str
) -> tuple[list[RightFiled], dict[str, Declined]]:
    """Return the filings, and why an application that has records is not filed, by its number."""
    filings: list[RightFiled] = []
    declined: dict[str, Declined] = {}
    for item in applications:
        if not item.owners:
            if item.part:
                detail = f"{item.part} passes less than all of it, no record shows who owned all"
                declined[item.number] = Declined(item.number, "OWNER_UNKNOWN", detail)
            elif item.one_of:
                detail = f"one of the debtors of {item.one_of} owns it, no record shows which"
                declined[item.number] = Declined(item.number, "OWNER_UNKNOWN", detail)
            continue
        try:
            filings.append(_filing(item, clerk))
        except ValidationError as error:
            declined[item.number] = _malformed(item.number, error)
    return filings, declined


def _attested_without(
    filings: Iterable[RightFiled], bodies: Iterable[ConveyanceAttested], memory: Remembers
) -> dict[str, Declined]:
    """Return the applications to file of which a record says something that was attested without.

    A record is attested once: filed now, they would lack what it says of them, such as a lien.
    """
    new = {
        body.right: body.application_no for body in filings if not memory.admitted_body(body.right)
    }
    found: dict[str, Declined] = {}
    for body in bodies:
        if memory.admitted_body(body.conveyance) in (None, _digest(body)):
            continue
        detail = f"{body.record} was attested without it, and is not attested again"
        for number in (new[right] for right in body.rights if right in new):
            found.setdefault(number, Declined(number, "RECORD_EXISTS", detail))
    return found


def _without(
    read: Iterable[_Read], unfiled: Mapping[str, Declined]
) -> tuple[list[_Read], list[Declined], list[Declined]]:
    """Return the records without the applications that cannot be filed.

    Then without how many each of them is, and the records of which nothing is left.
    """
    kept: list[_Read] = []
    left_out: list[Declined] = []
    emptied: list[Declined] = []
    for item in read:
        there = tuple(number for number in item.applications if number not in unfiled)
        gone = [number for number in item.applications if number in unfiled]
        code = unfiled[gone[0]].code if gone else ""
        if there:
            kept.append(replace(item, applications=there))
        else:
            detail = f"none of its applications is filed: {', '.join(gone)}"
            emptied.append(Declined(item.record.id, code, detail))
        if there and gone:
            detail = f"attested without {len(gone)} of its {len(item.applications)} applications"
            left_out.append(Declined(item.record.id, code, f"{detail}, which are not filed"))
    return kept, left_out, emptied


def _malformed(source: str, error: ValidationError) -> Declined:
    first = error.errors(include_input=False, include_url=False)[0]
    where = "/".join(str(part) for part in first["loc"]) or "the whole"
    return Declined(source, "MALFORMED", f"{where}: {first['msg']}")


def _spelling(vouched: Vouched, clerk: str) -> PartyKnownAs:
    return PartyKnownAs(
        party=vouched.party,
        spelling=vouched.name,
        distinct_from=vouched.distinct_from,
        attested_by=clerk,
        document_sha256=vouched.document_sha256,
    )


def _filing(application: _Application, clerk: str) -> RightFiled:
    assert application.record is not None, "owners come from a record"
    assert application.filed_on is not None, "a record of an undated application was declined"
    share = Fraction(1, len(application.owners))
    return RightFiled(
        right=right_id(OFFICE, application.number),
        office=OFFICE,
        kind=_right_kind(application),
        application_no=application.number,
        title_no=application.title_no,
        name=in_line(application.name or "")[:4000] or application.number,
        filed_on=application.filed_on,
        owners=tuple(Holding(party=party, share=share) for party in application.owners),
        technology=None,
        attested_by=clerk,
        document_sha256=application.record.document_sha256,
    )


_DESIGN_SERIES = ("29", "35")
"""First digits of applications for designs: national (29) and under the Hague Agreement (35)."""


def _right_kind(application: _Application) -> RightKind:
    title_no = application.title_no or ""
    if title_no.startswith("PP"):
        return "plant_variety"
    if title_no.startswith("D") or application.number.startswith(_DESIGN_SERIES):
        return "design"
    return "invention"


def _conveyances(
    read: Iterable[_Read], links: dict[str, str], clerk: str
) -> tuple[list[ConveyanceAttested], list[Declined]]:
    known = {item.record.id: item for item in read}
    bodies: list[ConveyanceAttested] = []
    declined: list[Declined] = []
    for item in read:
        try:
            body = _conveyance(item, links, known, clerk)
        except ValidationError as error:
            declined.append(_malformed(item.record.id, error))
            continue
        size = len(body.model_dump_json().encode())
        if size + sum(len(subject) + 3 for subject in body.subjects()) > _LONGEST:
            detail = f"{len(body.rights)} applications do not fit into one entry"
            declined.append(Declined(item.record.id, "ENTRY_TOO_LARGE", detail))
            continue
        bodies.append(body)
    return bodies, declined


def _conveyance(
    item: _Read, links: dict[str, str], known: Mapping[str, _Read], clerk: str
) -> ConveyanceAttested:
    record = item.record
    referred = _referred(item, links, known)
    return ConveyanceAttested(
        conveyance=_subject(record.id),
        office=REGISTER,
        record=record.id,
        kind=item.kind,
        assignors=tuple(Executed(party=p, executed_on=day) for p, day in item.assignors.items()),
        assignees=item.assignees,
        rights=tuple(right_id(OFFICE, number) for number in item.applications),
        office_recorded_on=record.recorded,
        refers_to=None if referred is None else _subject(referred),
        attested_by=clerk,
        document_sha256=record.document_sha256,
        spellings=tuple(Spelled(party=p, name=name) for name, p in item.names.items()),
    )


def _referred(item: _Read, links: dict[str, str], known: Mapping[str, _Read]) -> str | None:
    """Return the record that this one is about: an event names one, even where the text names two.

    It is the first one named that is in the set, or else the first one named.
    """
    named = _named(item.record, links)
    if item.kind not in _REFERRING or not named:
        return None
    referred = next((name for name in named if name in known), named[0])
    return _security(referred, links, known) if item.kind in OF_LIENS else referred


def _security(named: str, links: dict[str, str], known: Mapping[str, _Read]) -> str:
    """Return the security meant: who names the record by which it was passed on means it."""
    for _ in known:  # no more steps than records, so that a circle ends too
        item = known.get(named)
        if item is None or item.kind != "security_assignment":
            break
        named = next(iter(_named(item.record, links)), named)
    return named


def _named(record: Record, links: dict[str, str]) -> tuple[str, ...]:
    linked = links.get(record.id)
    return record.named() or (() if linked is None else (linked,))


def _subject(record_id: str) -> str:
    return f"conveyance:{OFFICE}.{record_id}"


def _known_as(body: PartyKnownAs) -> tuple[str, str]:
    return body.spelling, f"{body.party} known as {body.spelling}"


def _of_right(body: RightFiled) -> tuple[str, str]:
    return body.application_no, body.right


def _once(
    bodies: Iterable[B], called: Callable[[B], tuple[str, str]], memory: Remembers, now: datetime
) -> Iterator[Planned]:
    """Plan what is said once: not again with other owners, or by another mapping file."""
    for body in bodies:
        source, subject = called(body)
        if memory.admitted_body(subject) in (None, _digest(body)):
            yield Planned(source, subject, body, _identity(subject, body, memory, now))


def _identity(subject: str, body: Body, memory: Remembers, now: datetime) -> Identity:
    return memory.identity(subject, _digest(body), now)


def _digest(body: Body) -> str:
    return "sha256:" + hashlib.sha256(body.model_dump_json().encode()).hexdigest()
