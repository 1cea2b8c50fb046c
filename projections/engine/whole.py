"""
Which members of an answer, or of a row of one, go together: anyone who reads one holds it to that.

By their names: a span does not end before it begins, an event's position stands with its day or
instant, an amount with its currency, and what is sealed is not said beside its commitment. What
else a type has to hold, its method `at_odds` says.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import fields
from itertools import product
from typing import Any

_SPANS = (("_from", "_to"), ("start", "end"))
_TWINS = (("_amount", "_currency"), ("_position", "_on"), ("_position", "_at"), ("", "_at"))
_SEALED = ("", "_amount", "_ppm", "_currency")


def at_odds(record: Any) -> Iterator[str]:
    """Yield, in words, which members of a record do not go together."""
    members = {field.name: getattr(record, field.name) for field in fields(record)}
    yield from _ended_before(members)
    yield from _apart(members)
    yield from _sealed_and_said(members)
    own: Callable[[], Iterable[str]] = getattr(record, "at_odds", tuple)
    yield from own()


def _paired(members: Mapping[str, Any], one: str, other: str) -> Iterator[tuple[str, str]]:
    """Yield the names that end in one way, and go on with those that end in the other."""
    for name in members:
        twin = name.removesuffix(one) + other
        if name.endswith(one) and twin != name and twin in members:
            yield name, twin


def _ended_before(members: Mapping[str, Any]) -> Iterator[str]:
    for one, other in _SPANS:
        for first, last in _paired(members, one, other):
            begins, ends = members[first], members[last]
            if None not in (begins, ends) and ends < begins:
                yield f"{last} {ends} is before {first} {begins}"


def _apart(members: Mapping[str, Any]) -> Iterator[str]:
    for one, other in _TWINS:
        for name, twin in _paired(members, one, other):
            if (members[name] is None) != (members[twin] is None):
                yield f"{name} and {twin} go together"


def _sealed_and_said(members: Mapping[str, Any]) -> Iterator[str]:
    for name, said in product(members, _SEALED):
        stem = name.removesuffix("_commitment")
        if stem != name and members[name] is not None and members.get(stem + said) is not None:
            yield f"{stem + said} is said, and sealed as {members[name]}"
