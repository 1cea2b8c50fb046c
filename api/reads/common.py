"""What questions have in common: the parameters that say of which day, and known when, by whom."""

import re
from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Annotated, TypeVar

from fastapi import Depends, Path, Query, Request
from pydantic import Field, PlainValidator

from api.deps import questioned_of, reader_of
from api.reads.parameters import Count
from ledger.domain.core.types import FIRST_YEAR, LAST_YEAR, Day, legal_day, parse_day, parse_instant
from ledger.events.schema import DAY_FORM, INSTANT_FORM
from projections.engine.bitemporal import Effect
from projections.engine.view import KnownAt, KnownBy
from projections.tables.reader import Reader

T = TypeVar("T")

_POSITION = re.compile(r"0|[1-9][0-9]{0,17}")
_DAY_LENGTH = len("YYYY-MM-DD")


def today() -> date:
    """Return the legal day in Hanoi."""
    return legal_day(datetime.now(UTC))


def read_known_at(text: str) -> KnownAt:
    """Read a position, an instant or a day. Raises `ValueError` for anything else."""
    try:
        if _POSITION.fullmatch(text):
            return int(text)
        return parse_day(text) if len(text) == _DAY_LENGTH else parse_instant(text)
    except ValueError:
        raise ValueError(
            "it is a position, an instant with milliseconds (2026-12-01T10:00:00.000Z) or a day,"
            f" of {FIRST_YEAR} to {LAST_YEAR}"
        ) from None


def written_as_text(read: Callable[[str], T], *forms: str) -> PlainValidator:
    """Return what reads a parameter that is a text on the wire, of one of these forms."""
    form = Field(pattern=f"^({'|'.join(forms)})$")
    return PlainValidator(read, json_schema_input_type=Annotated[str, form])


RightPath = Annotated[
    str, Path(pattern=r"^right:[a-z0-9.-]{1,80}$", examples=["right:us.15145443"])
]
TrueOn = Annotated[
    Day,
    Query(
        default_factory=today,
        description="Legal day (Hanoi) on which it is to be true; default: today",
    ),
]
TrueOnIfAny = Annotated[
    Day | None, Query(description="Legal day (Hanoi) on which it is to be true; default: today")
]
_MOMENT = "A position, or an instant YYYY-MM-DDTHH:MM:SS.mmmZ"
_NOW = "Default: all that is known now"
_AsKnown = written_as_text(read_known_at, _POSITION.pattern, DAY_FORM, INSTANT_FORM)
KnownAtParameter = Annotated[KnownAt, _AsKnown, Query(description=f"{_MOMENT}. {_NOW}")]
KnownAtByEither = Annotated[
    KnownAt,
    _AsKnown,
    Query(description=f"{_MOMENT}; with known_by=office a day YYYY-MM-DD. {_NOW}"),
]
KnownByText = Annotated[
    KnownBy, Query(description="Known to this ledger, or recorded by the office it attests")
]
EffectText = Annotated[Effect, Query(description="Between the parties, or against third parties")]
AtLeast = Annotated[
    Count | None,
    Query(description="Wait until this many entries are folded (read your writes)"),
]


async def _now(request: Request) -> Reader:
    return reader_of(questioned_of(request))


async def _as_known(request: Request, known_at: KnownAtParameter = None) -> Reader:
    return reader_of(questioned_of(request), known_at)


async def _as_known_by_either(
    request: Request, known_at: KnownAtByEither = None, known_by: KnownByText = "ledger"
) -> Reader:
    return reader_of(questioned_of(request), known_at, known_by)


async def _published(request: Request) -> int:
    return questioned_of(request).published


Published = Annotated[int, Depends(_published)]
"""How many entries are published."""

Now = Annotated[Reader, Depends(_now)]
"""Whom a question is put to that knows no other time than now."""

AsKnown = Annotated[Reader, Depends(_as_known)]
"""Whom a question is put to of what this ledger knew."""

AsKnownByEither = Annotated[Reader, Depends(_as_known_by_either)]
"""Whom a question is put to of what this ledger knew, or the office whose register it attests."""
