"""
Recorded conveyances of the United States Patent and Trademark Office, one JSON object a line.

The office records what it is sent and checks nothing (37 CFR 3.54), so a record is read strictly
for its form and believed in nothing else: whether it may stand is judged by the ledger's rules.
"""

import hashlib
import json
from datetime import date
from typing import Annotated, Any, Literal

from pydantic import Field, StringConstraints, ValidationError, model_validator

from api.importers import ImporterError
from ledger.domain.event import FROM_LIST, Day, Model, Sha256

RecordId = Annotated[str, StringConstraints(pattern=r"^[0-9]{1,6}-[0-9]{1,4}$")]
"""Reel and frame without leading zeros, e.g. `49519-955`: the office's own key of a record."""

Name = Annotated[str, StringConstraints(min_length=1, max_length=400)]

RecordKind = Literal[
    "assignment",
    "assignment-nunc-pro-tunc",
    "merger",
    "correct",
    "security",
    "release",
    "security-assign",
]


class MalformedRecord(ImporterError):
    """A line is not a record of this form. `line` counts from 1; nothing was planned."""

    def __init__(self, line: int, reason: str) -> None:
        super().__init__(f"line {line}: {reason}")
        self.line = line


class Assignor(Model):
    """Who gives, charges, releases: a name as recorded, and the day that party signed."""

    name: Name
    executed: Day | None


class Assignee(Model):
    """Who receives: a name as recorded, and the seat if it was recorded."""

    name: Name
    country: str | None
    state: str | None


class Property(Model):
    """An application that the record names, as the office describes it."""

    application: str | None
    patent: str | None
    publication: str | None
    filed: Day | None
    issued: Day | None
    title: str | None


class _Line(Model):
    id: RecordId
    reel: str
    frame: str
    recorded: Day
    last_update: Day
    purged: bool
    kind: RecordKind
    conveyance_text: str
    refers_to: Annotated[tuple[RecordId, ...], FROM_LIST]
    assignors: Annotated[tuple[Assignor, ...], FROM_LIST, Field(min_length=1)]
    assignees: Annotated[tuple[Assignee, ...], FROM_LIST, Field(min_length=1)]
    properties: Annotated[tuple[Property, ...], FROM_LIST, Field(min_length=1)]

    @model_validator(mode="after")
    def _is_reel_and_frame(self) -> "_Line":
        if self.id != f"{self.reel}-{self.frame}":
            raise ValueError("id is not reel-frame")
        return self


class Record(_Line):
    """A recorded conveyance; `document_sha256` is the hash of its line, without the line feed."""

    document_sha256: Sha256

    def applications(self) -> tuple[str, ...]:
        """Return the application numbers, each once, in the record's order (it may repeat some)."""
        named = (item.application for item in self.properties if item.application is not None)
        return tuple(dict.fromkeys(named))


def parse_records(raw: bytes) -> tuple[Record, ...]:
    """Return the records of a JSON-lines file by day of recording, ties in the file's order.

    Raises `MalformedRecord` for the first line that is not exactly a record, or that repeats one:
    a register that is not read whole would give wrong first owners.
    """
    records: dict[str, Record] = {}
    for number, line in enumerate(raw.splitlines(), start=1):
        record = _parse_line(number, line)
        if record.id in records:
            raise MalformedRecord(number, f"record {record.id} stands there twice")
        records[record.id] = record
    return tuple(sorted(records.values(), key=_recorded))


def _recorded(record: Record) -> date:
    return record.recorded


def _parse_line(number: int, line: bytes) -> Record:
    try:
        on_file = _Line.model_validate(json.loads(line, object_pairs_hook=_distinct))
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        where = "/".join(str(part) for part in first["loc"])
        raise MalformedRecord(number, f"{where}: {first['msg']}") from error
    except (ValueError, RecursionError) as error:
        raise MalformedRecord(number, "not a JSON object in UTF-8") from error
    digest = "sha256:" + hashlib.sha256(line).hexdigest()
    return Record(document_sha256=digest, **dict(on_file))


def _distinct(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError("a member stands there twice")
    return members
