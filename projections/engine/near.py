"""
Ids that may be meant by one that nobody recorded: one slip of a pen away, or of another form.

They are made from the id alone and looked up one by one: so many probes of an index, whatever the
size of the log, and no look at its subjects.
"""

import re
import string
from collections.abc import Iterator

from ledger.domain.registry import EVOLVES
from ledger.domain.rights.number import canonical_right

_IN_NUMBERS = string.digits + ".-"
_IN_WORDS = string.ascii_lowercase + _IN_NUMBERS
_WORD = re.compile("[^.-]*[a-z][^.-]*")
_KINDS = frozenset(kind for kind, _ in EVOLVES)
_HEADS = ("vn.", "vn.mst.", "vn.1-", "vn.2-", "vn.3-", "vn.4-")
"""What is left out before a number: the country, the register, the kind of a right."""

_CHECKED = re.compile(r"(?P<number>.*[0-9])[.-][0-9]")
"""A number with its check digit behind it, as the EPO and others print them."""


def near_to(subject: str) -> frozenset[str]:
    """Return ids that a subject id may have been meant to be, at most some six thousand."""
    kind, _, own = subject.partition(":")
    meant = {f"{kind}:{each}" for each in (*slips(own), *_forms(own)) if 0 < len(each) <= _LONGEST}
    meant.update(f"{each}:{own}" for each in _KINDS)
    if kind == "right" and (written := canonical_right(subject)) is not None:
        meant.add(written)
    return frozenset(meant - {subject})


_LONGEST = 80


def slips(own: str) -> Iterator[str]:
    """Yield what differs by a letter more, less, changed, or by two that have changed places.

    Among digits alone nobody writes a letter.
    """
    words = {at for word in _WORD.finditer(own) for at in range(word.start(), word.end() + 1)}
    for at in range(len(own) + 1):
        before, rest = own[:at], own[at:]
        letters = _IN_WORDS if at in words else _IN_NUMBERS
        yield from (f"{before}{letter}{rest}" for letter in letters)
        if rest:
            yield before + rest[1:]
            yield from (f"{before}{letter}{rest[1:]}" for letter in letters)
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
