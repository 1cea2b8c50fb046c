"""
Legal events of one publication as INPADOC has them: `{"publication": ..., "events": [...]}`.

An event has the day on which an office published it (`event_date`) and, where it says so, the day
from which it has effect. Members that are not named here are not read; they are covered by the hash
of the event all the same.
"""

import hashlib
import json
import re
from datetime import date
from typing import Annotated, Any

from pydantic import BeforeValidator, ConfigDict, Field, StringConstraints, ValidationError

from api.importers import ImporterError
from ledger.domain.core.forms import first_fault
from ledger.domain.core.types import FROM_LIST, Day, Model, Sha256
from ledger.wire.strict import MalformedJson, load_json

Authority = Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}$")]


class MalformedEvents(ImporterError):
    """The file is not a publication with its legal events; nothing was planned."""


def _as_year(value: object) -> object:
    return int(value) if isinstance(value, str) and value.isdecimal() else value


def _as_day(value: object) -> object:
    found = (
        re.fullmatch("([0-9]{4})([0-9]{2})([0-9]{2})", value) if isinstance(value, str) else None
    )
    return "-".join(found.groups()) if found else value


class _Read(Model):
    model_config = ConfigDict(frozen=True, strict=True, extra="ignore")


class Publication(_Read):
    """The publication that the events are about."""

    country: Authority
    number: Annotated[str, StringConstraints(pattern=r"^[A-Z0-9-]{1,40}$")]
    kind: Annotated[str, StringConstraints(pattern=r"^[A-Z][0-9A-Z]?$")] | None = None
    published_on: Annotated[Day | None, BeforeValidator(_as_day), Field(alias="date")] = None


_STATES = r"^[A-Z]{2}([ ,;]+[A-Z]{2})*$"


class _OnFile(_Read):
    event_code: Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}\.[A-Z0-9+-]{1,20}$")]
    event_date: Day
    event_description: Annotated[str, StringConstraints(min_length=1, max_length=2000)]
    effective_date: Day | None = None
    event_country: Authority | None = None
    state: Authority | None = None
    reason: str | None = None
    fee_year: Annotated[int | None, BeforeValidator(_as_year)] = None
    designated_states: Annotated[
        str | None, StringConstraints(strip_whitespace=True, pattern=_STATES)
    ] = None


class LegalEvent(_OnFile):
    """An event; `document_sha256` is the hash of its canonical JSON.

    `identity` is that of the members that are read: by it an event is known again, whatever else
    the source says of it later.
    """

    document_sha256: Sha256

    @property
    def identity(self) -> str:
        """Return the hash of what is read of it."""
        return _sha256(self.model_dump(mode="json", exclude={"document_sha256"}))

    @property
    def effect(self) -> date:
        """Return the day of effect or, if none is said, of publication: the first one shown."""
        return self.effective_date or self.event_date

    def designated(self) -> tuple[str, ...]:
        """Return the States that it names, as the ledger's codes."""
        states = dict.fromkeys(re.findall("[A-Z]{2}", self.designated_states or ""))
        return tuple(f"iso:{state}" for state in states)


class PublicationRecord(_Read):
    """A publication and its events by day of publication, ties in the file's order."""

    publication: Publication
    events: tuple[LegalEvent, ...]


class _File(_Read):
    publication: Publication
    events: Annotated[tuple[dict[str, Any], ...], FROM_LIST, Field(min_length=1)]


def parse_register(raw: bytes) -> PublicationRecord:
    """Return a publication's register. An event that stands there twice is one event.

    Raises `MalformedEvents` for the first thing that is not of this form: a register that is not
    read whole would leave a title in force that is not.
    """
    try:
        on_file = _File.model_validate(load_json(raw))
    except ValidationError as error:
        raise _malformed(error) from error
    except MalformedJson as error:
        raise MalformedEvents(f"not a JSON object in UTF-8: {error}") from error
    events: dict[str, LegalEvent] = {}
    for number, value in enumerate(on_file.events):
        try:
            event = _event(value)
        except ValidationError as error:
            raise _malformed(error, "events", number) from error
        events.setdefault(event.identity, event)
    in_order = sorted(events.values(), key=lambda event: event.event_date)
    return PublicationRecord(publication=on_file.publication, events=tuple(in_order))


def _malformed(error: ValidationError, *within: str | int) -> MalformedEvents:
    where, said = first_fault(error)
    return MalformedEvents(f"{'/'.join(map(str, (*within, *where))) or 'the whole'}: {said}")


def _event(value: dict[str, Any]) -> LegalEvent:
    return LegalEvent(document_sha256=_sha256(value), **_OnFile.model_validate(value).model_dump())


def _sha256(value: dict[str, Any]) -> str:
    canonical = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return "sha256:" + hashlib.sha256(canonical.encode()).hexdigest()
