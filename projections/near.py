"""
Ids that may be meant by one that nobody recorded: one slip of a pen away, or of another form.

They are made from the id alone and looked up one by one: so many probes of an index, whatever the
size of the log, and no look at its subjects.
"""

import re
import string
from collections.abc import Iterator

from ledger.domain.registry import EVOLVES

_LETTERS = string.ascii_lowercase + string.digits + ".-"
_KINDS = frozenset(kind for kind, _ in EVOLVES)
_HEADS = ("vn.", "vn.mst.", "vn.1-", "vn.2-", "vn.3-", "vn.4-")
"""What is left out before a number: the country, the register, the kind of a right."""

_CHECKED = re.compile(r"(?P<number>.*[0-9])[.-][0-9]")
"""A number with its check digit behind it, as the EPO and others print them."""


def near_to(subject: str) -> frozenset[str]:
    """Return ids that a subject id may have been meant to be, at most some six thousand."""
    kind, _, own = subject.partition(":")
    meant = {f"{kind}:{each}" for each in (*_slips(own), *_forms(own)) if 0 < len(each) <= _LONGEST}
    meant.update(f"{each}:{own}" for each in _KINDS)
    return frozenset(meant - {subject})


_LONGEST = 80


def _slips(own: str) -> Iterator[str]:
    """Yield what differs by a letter more, less, changed, or by two that have changed places."""
    for at in range(len(own) + 1):
        before, rest = own[:at], own[at:]
        yield from (f"{before}{letter}{rest}" for letter in _LETTERS)
        if rest:
            yield before + rest[1:]
            yield from (f"{before}{letter}{rest[1:]}" for letter in _LETTERS)
        if len(rest) > 1:
            yield before + rest[1] + rest[0] + rest[2:]


def _forms(own: str) -> Iterator[str]:
    """Yield the same number in other forms: without check digit or separators, with its head."""
    if checked := _CHECKED.fullmatch(own):
        yield checked["number"]
    office, dot, number = own.rpartition(".")
    yield office + dot + number.replace("-", "")
    for head in _HEADS:
        yield head + own
        yield head + number
        yield own.removeprefix(head)
