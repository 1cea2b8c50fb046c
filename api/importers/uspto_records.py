"""
Recorded conveyances of the United States Patent and Trademark Office, one JSON object a line.

The office records what it is sent and checks nothing (37 CFR 3.54), so a record is read for its
form and believed in nothing else: whether it may stand is judged by the ledger's rules. Members
that are not asked for are left alone; a line without those that are is set aside, with the reason.
"""

import hashlib
import re
import unicodedata
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Literal, TypeGuard

from pydantic import (
    AfterValidator,
    BeforeValidator,
    ConfigDict,
    StringConstraints,
    ValidationError,
)

from api.importers.uspto_kinds import named_in
from ledger.domain.core.forms import first_fault
from ledger.domain.core.types import FROM_LIST, Day, Model, Sha256
from ledger.domain.rights.number import NumberForm, canonical
from ledger.wire.strict import MalformedJson, load_json


def in_line(recorded: str) -> str:
    """Return a recorded text as the ledger's are: NFC, no control characters, single spaces."""
    kept = (" " if unicodedata.category(c).startswith(("C", "Z")) else c for c in recorded)
    return unicodedata.normalize("NFC", " ".join("".join(kept).split()))


def _without_zeros(value: object) -> object:
    """Return `049519-0955` as `49519-955`; what is not like that, as it is."""
    found = re.fullmatch(r"(\d{1,6})[-/](\d{1,4})", value, re.ASCII) if _is_text(value) else None
    return value if found is None else f"{int(found[1])}-{int(found[2])}"


def _is_text(value: object) -> TypeGuard[str]:
    return isinstance(value, str)


RecordId = Annotated[
    str, BeforeValidator(_without_zeros), StringConstraints(pattern=r"^[0-9]{1,6}-[0-9]{1,4}$")
]
"""Reel and frame without leading zeros, e.g. `49519-955`: the office's own key of a record."""


def _called(recorded: str) -> str:
    """Return a name as it is recorded, in a line. Raises ValueError where nothing is left of it."""
    name = in_line(recorded)
    if not name:
        raise ValueError("a name is blank")
    return name


Name = Annotated[str, StringConstraints(min_length=1, max_length=400), AfterValidator(_called)]
Number = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9/., -]{0,59}$")]


def _as_counted(number: str) -> str:
    """Return a number as the office counts; what is none stays, and is refused when it is filed."""
    try:
        return canonical("us", number)
    except NumberForm:
        return number


class Recorded(Model):
    """A part of a record. What is not asked for is left alone: the line's hash stands for it."""

    model_config = ConfigDict(frozen=True, strict=True, extra="ignore")


class Assignor(Recorded):
    """Who gives, charges, releases: a name as recorded, and the day that party signed."""

    name: Name
    executed: Day | None = None


class Assignee(Recorded):
    """Who receives: a name as recorded."""

    name: Name


class Property(Recorded):
    """An application that the record names, as the office describes it."""

    application: Annotated[Number, AfterValidator(_as_counted)] | None = None
    patent: Number | None = None
    filed: Day | None = None
    title: str | None = None


class _Line(Recorded):
    id: RecordId
    recorded: Day
    kind: str = ""
    conveyance_text: str = ""
    purged: bool | None = None
    refers_to: Annotated[tuple[RecordId, ...], FROM_LIST] | None = None
    assignors: Annotated[tuple[Assignor, ...], FROM_LIST] = ()
    assignees: Annotated[tuple[Assignee, ...], FROM_LIST] = ()
    properties: Annotated[tuple[Property, ...], FROM_LIST] = ()


class Record(_Line):
    """A recorded conveyance; `document_sha256` is the hash of its line, without the line feed."""

    document_sha256: Sha256

    def applications(self) -> tuple[str, ...]:
        """Return the application numbers, each once, in the record's order (it may repeat some)."""
        named = (item.application for item in self.properties if item.application is not None)
        return tuple(dict.fromkeys(named))

    def named(self) -> tuple[str, ...]:
        """Return the records that this one names: as the file says, or else as its text does."""
        return named_in(self.conveyance_text) if self.refers_to is None else self.refers_to


Code = Literal["MALFORMED", "RECORD_EXISTS", "RECORD_PURGED"]


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A line that is no record, repeats one, or is purged, and why. Nothing is planned from it."""

    source: str
    code: Code
    detail: str


@dataclass(frozen=True, slots=True)
class ConveyanceRecords:
    """What a file holds: its records in order of recording, and the lines that are none."""

    records: tuple[Record, ...]
    unreadable: tuple[Unreadable, ...]


def parse_records(raw: bytes) -> ConveyanceRecords:
    """Return what a JSON-lines file holds, records in the order of the office.

    That is by day of recording, then by reel and frame. A line that is no record, repeats one,
    contradicts another of the same record, or is of one that the office has purged, is set aside
    and takes nothing else with it.
    """
    lines: dict[str, list[tuple[int, Record]]] = {}
    unreadable: list[tuple[int, Unreadable]] = []
    for number, line in enumerate(raw.splitlines(), start=1):
        if not line.strip():
            continue
        read = _parse_line(number, line)
        if isinstance(read, Unreadable):
            unreadable.append((number, read))
        else:
            lines.setdefault(read.id, []).append((number, read))
    records = []
    for told in lines.values():
        first = told[0][1]
        code, detail = _unfit([record for _, record in told])
        taken = 1 if code is None else 0
        records += [record for _, record in told[:taken]]
        unreadable += [
            (number, Unreadable(first.id, code or "RECORD_EXISTS", detail))
            for number, _ in told[taken:]
        ]
    in_order = (each for _, each in sorted(unreadable, key=lambda item: item[0]))
    return ConveyanceRecords(tuple(sorted(records, key=_in_the_office)), tuple(in_order))


def _unfit(told: list[Record]) -> tuple[Code | None, str]:
    """Return why no line about a record is taken, else None; and what is told of the others."""
    if any(record.purged for record in told):
        return "RECORD_PURGED", "the office has purged it: it proves nothing"
    if len({record.model_dump_json(exclude={"document_sha256"}) for record in told}) > 1:
        return "RECORD_EXISTS", "it stands there twice, and not alike: neither is taken"
    return None, "it stands there twice: the first is taken"


def _in_the_office(record: Record) -> tuple[date, int, int]:
    reel, frame = record.id.split("-")
    return record.recorded, int(reel), int(frame)


def _parse_line(number: int, line: bytes) -> Record | Unreadable:
    try:
        on_file = _Line.model_validate(load_json(line))
    except ValidationError as error:
        where, said = first_fault(error)
        said = f"{'/'.join(where) or 'the line'}: {said}"
        return Unreadable(f"line {number}", "MALFORMED", said)
    except MalformedJson as error:
        return Unreadable(f"line {number}", "MALFORMED", f"not a JSON object in UTF-8: {error}")
    digest = "sha256:" + hashlib.sha256(line).hexdigest()
    return Record(document_sha256=digest, **dict(on_file))
