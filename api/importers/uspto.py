"""
Plans the events by which a clerk attests the office's recorded conveyances. It posts nothing.

First a `party.known_as/1` for each name that the clerk vouches for, then a `right.filed/1` for each
application, then a `conveyance.attested/1` for each record, in order of recording; whether each may
stand is for the ledger to say, not for this module. How the first owners and the parties are read:
docs/decisions/0004-uspto-import.md.
"""

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from fractions import Fraction
from typing import TypeVar

from pydantic import ValidationError

from api.importers import Declined
from api.importers.memory import Identity, Memory, PlannedEvent
from api.importers.uspto_parties import MappingRefused, Parties, PartyMapping, Vouched
from api.importers.uspto_reading import (
    Application,
    RecordRead,
    describe_applications,
    read_records,
)
from api.importers.uspto_records import ConveyanceRecords, Record, in_line
from ledger.domain.core.body import Body
from ledger.domain.core.forms import first_fault
from ledger.domain.core.types import legal_day
from ledger.domain.parties.name_alias import PartyKnownAs
from ledger.domain.rights.conveyance import OF_LIENS, ConveyanceAttested, Executed, Spelled
from ledger.domain.rights.number import right_id
from ledger.domain.rights.right import Holding, RightFiled, RightKind

B = TypeVar("B", bound=Body)

OFFICE = "us"
REGISTER = "us.uspto"

_REFERRING = OF_LIENS | {"correction"}

_LONGEST = 64_000
"""Bytes of body and subjects beside which the rest of an entry (65,535) still has room."""


@dataclass(frozen=True, slots=True)
class Plan:
    """All that follows from a set of records.

    Post `spellings`, then `filings`, then `conveyances`, each in its order. `unfiled` are
    applications of which no record shows an owner: they are named only by releases or transfers of
    liens. `left_out` says of each record without which of its applications it is attested, and why;
    `persons` are the names that are taken for persons.
    """

    spellings: tuple[PlannedEvent, ...]
    filings: tuple[PlannedEvent, ...]
    conveyances: tuple[PlannedEvent, ...]
    declined: tuple[Declined, ...]
    unfiled: tuple[str, ...]
    left_out: tuple[Declined, ...] = ()
    persons: tuple[str, ...] = ()

    def __iter__(self) -> Iterator[PlannedEvent]:
        """Yield the events in the order in which they are to be posted."""
        yield from self.spellings
        yield from self.filings
        yield from self.conveyances


def plan(
    register: ConveyanceRecords,
    mapping: PartyMapping,
    memory: Memory,
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
    applications = describe_applications(register.records)
    parties = Parties(mapping, memory.token)
    read, declined, beyond = read_records(register, applications, parties, legal_day(now))
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
            PlannedEvent(
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


def _links(records: Iterable[Record], mapping: PartyMapping) -> dict[str, str]:
    links = {link.record: link.refers_to for link in mapping.links}
    for record in records:
        if record.id in links and record.named():
            raise MappingRefused(f"{record.id} names {record.named()[0]}: it needs no link")
    return links


def _filings(
    applications: Iterable[Application], clerk: str
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
    filings: Iterable[RightFiled], bodies: Iterable[ConveyanceAttested], memory: Memory
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
    read: Iterable[RecordRead], unfiled: Mapping[str, Declined]
) -> tuple[list[RecordRead], list[Declined], list[Declined]]:
    """Return the records without the applications that cannot be filed.

    Then without how many each of them is, and the records of which nothing is left.
    """
    kept: list[RecordRead] = []
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
    where, said = first_fault(error)
    return Declined(source, "MALFORMED", f"{'/'.join(where) or 'the whole'}: {said}")


def _spelling(vouched: Vouched, clerk: str) -> PartyKnownAs:
    return PartyKnownAs(
        party=vouched.party,
        spelling=vouched.name,
        distinct_from=vouched.distinct_from,
        attested_by=clerk,
        document_sha256=vouched.document_sha256,
    )


def _filing(application: Application, clerk: str) -> RightFiled:
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


def _right_kind(application: Application) -> RightKind:
    title_no = application.title_no or ""
    if title_no.startswith("PP"):
        return "plant_variety"
    if title_no.startswith("D") or application.number.startswith(_DESIGN_SERIES):
        return "design"
    return "invention"


def _conveyances(
    read: Iterable[RecordRead], links: dict[str, str], clerk: str
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
    item: RecordRead, links: dict[str, str], known: Mapping[str, RecordRead], clerk: str
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


def _referred(
    item: RecordRead, links: dict[str, str], known: Mapping[str, RecordRead]
) -> str | None:
    """Return the record that this one is about: an event names one, even where the text names two.

    It is the first one named that is in the set, or else the first one named.
    """
    named = _named(item.record, links)
    if item.kind not in _REFERRING or not named:
        return None
    referred = next((name for name in named if name in known), named[0])
    return _security(referred, links, known) if item.kind in OF_LIENS else referred


def _security(named: str, links: dict[str, str], known: Mapping[str, RecordRead]) -> str:
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
    bodies: Iterable[B], called: Callable[[B], tuple[str, str]], memory: Memory, now: datetime
) -> Iterator[PlannedEvent]:
    """Plan what is said once: not again with other owners, or by another mapping file."""
    for body in bodies:
        source, subject = called(body)
        if memory.admitted_body(subject) in (None, _digest(body)):
            yield PlannedEvent(source, subject, body, _identity(subject, body, memory, now))


def _identity(subject: str, body: Body, memory: Memory, now: datetime) -> Identity:
    return memory.identity(subject, _digest(body), now)


def _digest(body: Body) -> str:
    return "sha256:" + hashlib.sha256(body.model_dump_json().encode()).hexdigest()
