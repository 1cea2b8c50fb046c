"""
Steps 5 to 7: an entry read back strictly, and what every event must be, whatever its type.

The payload is read as plain JSON: no model of any type is needed, so a verifier of today reads
the types of tomorrow.
"""

import re
from dataclasses import dataclass
from datetime import timedelta
from functools import lru_cache
from typing import Any

from ledger.powers import TABLE, subjects_of
from ledger.verify.outcome import Check, Refused
from ledger.wire import canonical
from ledger.wire.entry import Entry, parse_entry
from ledger.wire.instant import MalformedInstant, parse_instant

CLOCK_TOLERANCE = timedelta(minutes=5)  # How far `issued_at` may be after `accepted`.
MAX_VALIDITY = timedelta(days=90)  # How long after `issued_at` it may still be accepted.

_FORMS = {
    "event_id": re.compile("[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"),
    "nonce": re.compile("[A-Za-z0-9_-]{21}[AQgw]"),
    "type": re.compile("[a-z_]+[.][a-z_]+/[1-9][0-9]{0,3}"),
    **dict.fromkeys(("issued_at", "not_after"), re.compile(".{24}")),
}
_LISTS = {  # A whole list at once, one name a line: no canonical string holds a line feed.
    "subjects": re.compile("([a-z]+:[a-z0-9.-]{1,80}\n)+"),
    "signers": re.compile("(party:[a-z0-9.-]{1,80}\n)+"),
}
_MEMBERS = {"body", "ledger", *_FORMS, *_LISTS}

_instant = lru_cache(maxsize=256)(parse_instant)  # `accepted` is the same for a whole batch.


@dataclass(frozen=True, slots=True)
class RecordedEvent:
    """An entry of the log, its frame, and what a verifier reads of its payload, as JSON."""

    position: int
    entry: Entry
    event_id: str
    type: str
    subjects: list[str]
    signers: set[str]
    body: dict[str, Any]


def read_event(raw: bytes, position: int, origin: str) -> RecordedEvent:
    """Read the entry at a position of the log of `origin`. Raises `Refused` (steps 5 to 7)."""
    # 5. The frame is strict, and the payload is its own canonical form.
    try:
        entry = parse_entry(raw)
        value = canonical.load(entry.payload, admission=False)
    except canonical.WireError as error:
        raise Refused(Check.FORM, str(error), position) from None
    if value.keys() - {"seen"} != _MEMBERS or not isinstance(value["body"], dict):
        raise Refused(Check.FORM, "the payload has not exactly the members of an event", position)
    # 6. It is meant for this ledger, and was accepted in its time.
    if fault := _fault_in_header(value, origin) or _fault_in_time(entry.accepted, value):
        raise Refused(Check.IDENTITY, fault, position)
    # 7. Subjects and signers are sorted lists; what the body is about is among the subjects.
    for name, form in _LISTS.items():
        if not _is_sorted(value[name], form):
            raise Refused(Check.LISTS, f"{name} is not a sorted list of ids, each once", position)
    row = TABLE.get(value["type"])
    if row and (missing := subjects_of(row, value["body"], origin).difference(value["subjects"])):
        raise Refused(Check.LISTS, f"subjects lack {', '.join(sorted(missing))}", position)
    says = value["event_id"], value["type"], value["subjects"], set(value["signers"])
    return RecordedEvent(position, entry, *says, value["body"])


def _fault_in_header(value: dict[str, Any], origin: str) -> str | None:
    if value["ledger"] != origin:
        return "the event is meant for another ledger"
    for name, form in _FORMS.items():
        if not isinstance(value[name], str) or not form.fullmatch(value[name]):
            return f"{name} is not written as one"
    seen = value.get("seen", 0)
    return None if type(seen) is int and seen >= 0 else "seen is not a size of the log"


def _fault_in_time(accepted: str, value: dict[str, Any]) -> str | None:
    try:
        now, issued, end = map(_instant, (accepted, value["issued_at"], value["not_after"]))
    except MalformedInstant as error:
        return str(error)
    if issued > now + CLOCK_TOLERANCE:
        return "it was accepted more than five minutes before it was issued"
    if not issued <= end <= issued + MAX_VALIDITY:
        return "not_after is before issued_at, or more than 90 days after it"
    return "it was accepted after its not_after" if now > end else None


def _is_sorted(names: Any, form: re.Pattern[str]) -> bool:
    try:
        text = "\n".join(names) + "\n"
    except TypeError:
        return False
    return form.fullmatch(text) is not None and names == sorted(set(names))
