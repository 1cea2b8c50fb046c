"""
Plans the events by which a clerk attests the office's recorded conveyances. It posts nothing.

First a `right.filed/1` for each application, then a `conveyance.attested/1` for each record, in
order of recording; whether each may stand is for the ledger to say, not for this module. How the
first owners and the parties are read: docs/decisions/0004-uspto-import.md.
"""

import hashlib
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from fractions import Fraction
from typing import Protocol

from api.importers.memory import Identity
from api.importers.uspto_parties import MappingRefused, Parties, PartyByName, PartyMapping
from api.importers.uspto_records import Record
from ledger.domain.conveyance import ConveyanceAttested, ConveyanceKind, Executed
from ledger.domain.event import Body, Refusal
from ledger.domain.listing import ContentMissing
from ledger.domain.right import Holding, RightFiled, RightKind, right_id

OFFICE = "us"
REGISTER = "us.uspto"

_KINDS: dict[str, ConveyanceKind] = {
    "assignment": "assignment",
    "assignment-nunc-pro-tunc": "nunc_pro_tunc",
    "merger": "merger",
    "correct": "correction",
    "security": "security",
    "release": "release",
    "security-assign": "security_assignment",
}
_REFERRING = frozenset({"correct", "release", "security-assign"})
_OF_LIENS = frozenset({"release", "security-assign"})
"""Kinds whose assignors are creditors, so that they show nobody's title."""


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
class Declined:
    """A record that the importer does not post, and why: PARTY_BY_NAME or CONTENT_MISSING."""

    source: str
    refusal: Refusal


@dataclass(frozen=True, slots=True)
class Plan:
    """All that follows from a set of records.

    Post `filings` before `conveyances`, each in its order. `unfiled` are applications of which no
    record shows an owner: they are named only by releases or transfers of liens.
    """

    filings: tuple[Planned, ...]
    conveyances: tuple[Planned, ...]
    declined: tuple[Declined, ...]
    unfiled: tuple[str, ...]

    def __iter__(self) -> Iterator[Planned]:
        """Yield the events in the order in which they are to be posted."""
        yield from self.filings
        yield from self.conveyances


@dataclass(frozen=True, slots=True)
class _Read:
    """A record whose names are resolved: when each assignor signed, and who of them are persons."""

    record: Record
    assignors: dict[str, date]
    assignees: tuple[str, ...]
    persons: frozenset[str]


@dataclass(slots=True)
class _Application:
    """What the records say of an application, folded in order of recording."""

    number: str
    title_no: str | None = None
    name: str | None = None
    filed_on: date | None = None
    record: Record | None = None
    owners: list[str] = field(default_factory=list)
    received: set[str] = field(default_factory=set)


def plan(
    records: Iterable[Record],
    mapping: PartyMapping,
    memory: Remembers,
    *,
    clerk: str,
    now: datetime,
) -> Plan:
    """Return the events that attest these records, which are in order of recording.

    `clerk` is the party id of the one who attests, `now` the instant at which new events are
    issued. Pure but for `memory`, which gives the same answers on every run.
    Raises `MappingRefused` if the mapping links a record that itself names another.
    """
    records = tuple(records)
    applications = _described(records)
    read, declined = _read(records, applications, Parties(mapping, memory.token))
    for item in read:
        _fold_owners(item, applications)
    links = _links(records, mapping)
    known = {record.id: record for record in records}
    filings = (_filing(item, clerk) for item in applications.values() if item.owners)
    conveyances = [(item.record.id, _conveyance(item, links, known, clerk)) for item in read]
    return Plan(
        filings=tuple(_not_yet_filed(filings, memory, now)),
        conveyances=tuple(
            Planned(source, body.conveyance, body, _identity(body.conveyance, body, memory, now))
            for source, body in conveyances
        ),
        declined=tuple(declined),
        unfiled=tuple(item.number for item in applications.values() if not item.owners),
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
    records: Iterable[Record], applications: dict[str, _Application], parties: Parties
) -> tuple[list[_Read], list[Declined]]:
    read: list[_Read] = []
    declined: list[Declined] = []
    for record in records:
        try:
            _must_be_complete(record, applications)
            read.append(_resolved(record, parties))
        except (PartyByName, ContentMissing) as refusal:
            declined.append(Declined(record.id, refusal))
    return read, declined


def _must_be_complete(record: Record, applications: dict[str, _Application]) -> None:
    if any(item.application is None for item in record.properties):
        raise ContentMissing("a property has no application number")
    undated = [n for n in record.applications() if applications[n].filed_on is None]
    if undated:
        raise ContentMissing(f"no record says when it was filed: {', '.join(undated)}")


def _resolved(record: Record, parties: Parties) -> _Read:
    names = [item.name for item in record.assignors]
    names += [item.name for item in record.assignees]
    party = parties.resolve_all(names)
    assignors: dict[str, date] = {}
    for item in record.assignors:
        # Without a day on record it is certain only that it was signed when it was recorded; of
        # one party's two signatures, the later completes the act.
        executed = item.executed or record.recorded
        known = assignors.get(party[item.name], executed)
        assignors[party[item.name]] = max(known, executed)
    return _Read(
        record=record,
        assignors=assignors,
        assignees=tuple(dict.fromkeys(party[item.name] for item in record.assignees)),
        persons=frozenset(party[name] for name in names if parties.is_person(name)),
    )


def _fold_owners(item: _Read, applications: dict[str, _Application]) -> None:
    """Count a record's assignors among the first owners where the record shows that they are.

    Those of the first record that shows anybody's title are; so is every person who assigns
    without having received: title is first the inventors', all of them (35 U.S.C. 101, 262), and
    often each signs and records a paper of his own.
    """
    if item.record.kind in _OF_LIENS:
        return
    for number in item.record.applications():
        application = applications[number]
        owners = application.owners
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
        if record.id in links and record.refers_to:
            raise MappingRefused(f"{record.id} names {record.refers_to[0]}: it needs no link")
    return links


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
        name=_text(application.name or application.number),
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


def _text(recorded: str) -> str:
    """Return a recorded title as the ledger's texts are written: NFC, no control characters."""
    kept = (" " if unicodedata.category(c).startswith(("C", "Z")) else c for c in recorded)
    return unicodedata.normalize("NFC", " ".join("".join(kept).split()))[:4000]


def _conveyance(
    item: _Read, links: dict[str, str], known: dict[str, Record], clerk: str
) -> ConveyanceAttested:
    record = item.record
    referred = _referred(record, links, known)
    return ConveyanceAttested(
        conveyance=_subject(record.id),
        office=REGISTER,
        record=record.id,
        kind=_KINDS[record.kind],
        assignors=tuple(Executed(party=p, executed_on=day) for p, day in item.assignors.items()),
        assignees=item.assignees,
        rights=tuple(right_id(OFFICE, number) for number in record.applications()),
        office_recorded_on=record.recorded,
        refers_to=None if referred is None else _subject(referred),
        attested_by=clerk,
        document_sha256=record.document_sha256,
    )


def _referred(record: Record, links: dict[str, str], known: dict[str, Record]) -> str | None:
    """Return the record that this one is about: an event names one, even where the text names two.

    It is the first one named that is in the set, or else the first one named.
    """
    named = _named(record, links)
    if record.kind not in _REFERRING or not named:
        return None
    referred = next((name for name in named if name in known), named[0])
    return _security(referred, links, known) if record.kind in _OF_LIENS else referred


def _security(named: str, links: dict[str, str], known: dict[str, Record]) -> str:
    """Return the security meant: who names the record by which it was passed on means it."""
    for _ in known:  # no more steps than records, so that a circle ends too
        record = known.get(named)
        if record is None or record.kind != "security-assign":
            break
        named = next(iter(_named(record, links)), named)
    return named


def _named(record: Record, links: dict[str, str]) -> tuple[str, ...]:
    linked = links.get(record.id)
    return record.refers_to or (() if linked is None else (linked,))


def _subject(record_id: str) -> str:
    return f"conveyance:{OFFICE}.{record_id}"


def _not_yet_filed(
    filings: Iterable[RightFiled], memory: Remembers, now: datetime
) -> Iterator[Planned]:
    """Plan the filings, but not again with other owners: a right is filed once."""
    for body in filings:
        if memory.admitted_body(body.right) in (None, _digest(body)):
            identity = _identity(body.right, body, memory, now)
            yield Planned(body.application_no, body.right, body, identity)


def _identity(subject: str, body: Body, memory: Remembers, now: datetime) -> Identity:
    return memory.identity(subject, _digest(body), now)


def _digest(body: Body) -> str:
    return "sha256:" + hashlib.sha256(body.model_dump_json().encode()).hexdigest()
