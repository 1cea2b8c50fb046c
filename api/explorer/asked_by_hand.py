"""
What a reader fills into the day bar: a field left empty asks nothing, days are those of Hà Nội.

A form sends every field that it has. What the API takes is taken here too, so that an address may
be written by a program; beside it 30/11/2026, and a time by the clocks of Hà Nội.
"""

import re
from datetime import date, datetime, time, timedelta
from typing import Annotated

from fastapi import Query

from api.reads.common import read_known_at, written_as_text
from ledger.domain.core.types import HANOI, parse_day
from projections.engine.view import KnownAt, KnownBy

_BY_HAND = re.compile(r"(?P<day>[0-9]{1,2})/(?P<month>[0-9]{1,2})/(?P<year>[0-9]{4})")
_CLOCK = re.compile(
    r"(?P<day>\S+)[ T](?P<hour>[0-9]{1,2}):(?P<minute>[0-9]{2})(?::(?P<second>[0-9]{2}))?"
)


def read_day(text: str) -> date | None:
    """Read a day, 2026-11-30 or 30/11/2026; None of an empty text. Raises `ValueError`."""
    text = text.strip()
    if not text:
        return None
    if found := _BY_HAND.fullmatch(text):
        return parse_day("{year}-{month:0>2}-{day:0>2}".format(**found.groupdict()))
    return parse_day(text)


def read_known(text: str) -> KnownAt:
    """Read a position, an instant, a day, or a time in Hà Nội. Raises `ValueError`."""
    text = text.strip()
    if not text or _BY_HAND.fullmatch(text):
        return read_day(text)
    if (found := _CLOCK.fullmatch(text)) and (day := read_day(found["day"])):
        at = time(int(found["hour"]), int(found["minute"]), int(found["second"] or 0))
        return datetime.combine(day, at, HANOI)
    return read_known_at(text)


def known_up_to(known_at: KnownAt, known_by: KnownBy) -> KnownAt:
    """Return up to when it is to be known: of this ledger, a day is known at its end."""
    if known_by == "office" or isinstance(known_at, datetime) or not isinstance(known_at, date):
        return known_at
    end = datetime.combine(known_at + timedelta(days=1), time(), HANOI)
    return end - timedelta(milliseconds=1)


DayByHand = Annotated[
    date | None,
    written_as_text(read_day),
    Query(description="Legal day (Hanoi) on which it is to be true; default: today"),
]
KnownByHand = Annotated[
    KnownAt,
    written_as_text(read_known),
    Query(description="A position, an instant, a day, or a time in Hanoi; default: now"),
]
