"""
What the office's records say: whose names, of which applications, and who first owned those.

It reads them in order of recording. How the first owners are found:
docs/decisions/0004-uspto-import.md.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date

from api.importers import Declined
from api.importers.uspto_kinds import KindUnknown, PartInWords, kind_of, must_say_no_more
from api.importers.uspto_parties import Parties
from api.importers.uspto_records import ConveyanceRecords, Record
from ledger.domain.core.existence import FutureFact
from ledger.domain.market.listing import ContentMissing
from ledger.domain.rights.conveyance import OF_LIENS, ConveyanceKind


@dataclass(frozen=True, slots=True)
class RecordRead:
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
class Application:
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


def describe_applications(records: Iterable[Record]) -> dict[str, Application]:
    """Return the applications with what any record says of them; the latest word counts."""
    applications: dict[str, Application] = {}
    for record in records:
        for described in record.properties:
            if described.application is None:
                continue
            number = described.application
            item = applications.setdefault(number, Application(number))
            item.title_no = described.patent or item.title_no
            item.name = described.title or item.name
            item.filed_on = described.filed or item.filed_on
    return applications


def read_records(
    register: ConveyanceRecords, applications: dict[str, Application], parties: Parties, today: date
) -> tuple[list[RecordRead], list[Declined], list[Declined]]:
    """Return the records that are read, why others are not, and what some are read without."""
    read: list[RecordRead] = []
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


def _before_parts(item: RecordRead, applications: dict[str, Application]) -> RecordRead:
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


def _must_be_complete(record: Record, applications: dict[str, Application]) -> None:
    for side in ("assignors", "assignees", "properties"):
        if not getattr(record, side):
            raise ContentMissing(f"it names no {side}")
    if any(item.application is None for item in record.properties):
        raise ContentMissing(f"a property of {record.id} has no application number")
    undated = [n for n in record.applications() if applications[n].filed_on is None]
    if undated:
        raise ContentMissing(f"no record says when it was filed: {', '.join(undated)}")


def _must_be_past(record: Record, today: date) -> None:
    if record.recorded > today:
        raise FutureFact(f"it was recorded on {record.recorded}, a day to come")
    for item in record.assignors:
        if item.executed and item.executed > record.recorded:
            raise FutureFact(
                f"somebody signed on {item.executed}, after it was recorded on {record.recorded}"
            )


def _resolved(
    record: Record, applications: dict[str, Application], parties: Parties, today: date
) -> RecordRead:
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
    return RecordRead(
        record=record,
        kind=kind,
        assignors=assignors,
        assignees=tuple(dict.fromkeys(party[item.name] for item in record.assignees)),
        persons=frozenset(party[name] for name in party if name not in firms),
        names={parties.name(name): party[name] for name in firms},
        sound=not any(parties.in_doubt(name) for name in firms),
        applications=record.applications(),
    )


def _fold_owners(item: RecordRead, applications: dict[str, Application]) -> None:
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
