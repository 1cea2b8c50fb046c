"""The values of which bodies are made: days, instants, ids, texts, sealed sections."""

import re
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Annotated, TypeVar

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    StringConstraints,
)

from ledger.quoted import quoted, repeated

HANOI = timezone(timedelta(hours=7), "Asia/Ho_Chi_Minh")
"""Legal days are days of Hanoi, which has kept UTC+7 without daylight saving since 1975."""


FIRST_YEAR, LAST_YEAR = 1000, 2999


_DAY = re.compile("[0-9]{4}-[0-9]{2}-[0-9]{2}")


_INSTANT = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]\.[0-9]{3}Z"
)


class DomainError(Exception):
    """Superclass of the errors of this package. Never raised itself."""


def parse_instant(text: object) -> datetime:
    """Read a UTC instant written `YYYY-MM-DDTHH:MM:SS.mmmZ`; any other spelling is a ValueError."""
    if isinstance(text, datetime):
        return text
    if not isinstance(text, str) or not _INSTANT.fullmatch(text):
        raise ValueError("an instant is written YYYY-MM-DDTHH:MM:SS.mmmZ")
    instant = datetime.fromisoformat(text)
    _must_be_of_an_age(instant.year)
    return instant


def format_instant(instant: datetime) -> str:
    """Write a UTC instant as `YYYY-MM-DDTHH:MM:SS.mmmZ`."""
    text = instant.astimezone(UTC).isoformat(timespec="milliseconds")
    return text.removesuffix("+00:00") + "Z"


def parse_day(text: object) -> date:
    """Read a legal day of Hanoi written `YYYY-MM-DD`; any other spelling is a ValueError."""
    if type(text) is date:
        return text
    if not isinstance(text, str):
        raise ValueError("a day is written YYYY-MM-DD")  # noqa: TRY004  (pydantic wants it so)
    if not _DAY.fullmatch(text):
        raise ValueError("a day is written YYYY-MM-DD")
    day = date.fromisoformat(text)
    _must_be_of_an_age(day.year)
    return day


def _must_be_of_an_age(year: int) -> None:
    """Keep clear of both ends of the calendar, so that terms and notices can be computed."""
    if not FIRST_YEAR <= year <= LAST_YEAR:
        raise ValueError(f"a year is one of {FIRST_YEAR} to {LAST_YEAR}")


def legal_day(instant: datetime) -> date:
    """Return the legal day, in Hanoi, to which an instant belongs."""
    return instant.astimezone(HANOI).date()


def of_kind(kind: str) -> StringConstraints:
    """Return the shape of a subject id of one kind, such as `contract:<local part>`."""
    return StringConstraints(pattern=rf"^{kind}:[a-z0-9.-]{{1,80}}$")


def _as_tuple(value: object) -> object:
    return tuple(value) if isinstance(value, list) else value


def _distinct(items: "tuple[T, ...]") -> "tuple[T, ...]":
    if (twice := repeated(items)) is not None:
        raise ValueError(f"an item occurs twice: {quoted(twice)}")
    return items


T = TypeVar("T")


FROM_LIST = BeforeValidator(_as_tuple)
"""Lets a JSON list fill a tuple field, so that bodies stay immutable and hashable."""


DISTINCT = AfterValidator(_distinct)
"""Refuses a tuple in which an item occurs twice."""


NOT_EMPTY = Field(min_length=1)


Instant = Annotated[
    datetime,
    BeforeValidator(parse_instant),
    PlainSerializer(format_instant, return_type=str, when_used="json"),
]


Day = Annotated[date, BeforeValidator(parse_day)]


Days = Annotated[int, Field(ge=0, le=36_600)]
"""A number of days that somebody is given: a hundred years at most."""


Delay = Annotated[int, Field(ge=0, le=366 * 86_400)]
"""A number of seconds to wait: a year at most."""


SubjectId = Annotated[str, StringConstraints(pattern=r"^[a-z]+:[a-z0-9.-]{1,80}$")]


PartyId = Annotated[str, of_kind("party")]


PartyIds = Annotated[tuple[PartyId, ...], FROM_LIST, NOT_EMPTY, DISTINCT]


RightId = Annotated[str, of_kind("right")]


RightIds = Annotated[tuple[RightId, ...], FROM_LIST, NOT_EMPTY, DISTINCT]


EventHash = Annotated[str, StringConstraints(pattern=r"^sha256:[0-9a-f]{64}$")]


Sha256 = EventHash


KeyId = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]


Text = Annotated[str, StringConstraints(min_length=1, max_length=4000)]


class Model(BaseModel):
    """A part of a body: immutable, exactly typed, nothing beyond its fields.

    What reads it is built when the first is read: who asks a ledger reads few of all types.
    """

    model_config = ConfigDict(frozen=True, strict=True, extra="forbid", defer_build=True)


class Sealed(Model):
    """A private section: the commitment stands in the log, the value in the vault, if anywhere."""

    commitment: Sha256
    """`sha256:` and the hex SHA-256 over a fresh salt and the value, made as docs/spec/event.md
    says (Commitments)."""
