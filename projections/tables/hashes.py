"""
Which events name a file by its hash, as a table: contracts, scans, evidence, drafts.

Every member that is a SHA-256 is found, wherever in a body it stands; a commitment is none: it says
nothing about any file.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Annotated, Any, get_args, get_origin, get_type_hints

from ledger.domain.core.event import Logged
from ledger.domain.core.types import Model, Sha256
from ledger.domain.registry import TOPICS
from projections.engine.projection import Journal

Path = tuple[str, ...]
"""The members that lead to a value; `*` is each item of a list."""


@dataclass(frozen=True, slots=True)
class HashRow:
    """A row of `read.hashes`: the event names 64 hex digits in `member`."""

    hash: str
    position: int
    accepted: datetime
    member: str


@cache
def paths_to_hashes(kind: Any) -> tuple[Path, ...]:
    """Return where hashes stand in a body, or in a part of one."""
    return tuple(dict.fromkeys(_paths(kind)))


def _paths(kind: Any) -> Iterator[Path]:
    if kind == Sha256:
        yield ()
    elif isinstance(kind, type) and issubclass(kind, Model):
        for name, hint in get_type_hints(kind, include_extras=True).items():
            yield from ((name, *rest) for rest in _paths(hint) if name != "commitment")
    elif get_origin(kind) is Annotated:
        yield from _paths(get_args(kind)[0])
    elif get_origin(kind) is tuple:
        yield from (("*", *rest) for rest in _paths(get_args(kind)[0]))
    else:
        for each in get_args(kind):
            yield from _paths(each)


def _at(value: Any, path: Path) -> Iterator[str]:
    """Yield what stands at a path; what is null, sealed or another kind of part has nothing."""
    if not path:
        if isinstance(value, str):
            yield value
        return
    step, rest = path[0], path[1:]
    if step != "*":
        yield from _at(getattr(value, step, None), rest)
    elif isinstance(value, tuple):
        for item in value:
            yield from _at(item, rest)


def _emit(logged: Logged) -> list[HashRow]:
    body = logged.event.body
    found = {
        (value.removeprefix("sha256:"), "/".join(step for step in path if step != "*"))
        for path in paths_to_hashes(type(body))
        for value in _at(body, path)
    }
    return [HashRow(each, logged.position, logged.accepted, member) for each, member in found]


_BODIES = frozenset(body for body in TOPICS.values() if paths_to_hashes(body))

hashes = Journal(
    name="hashes",
    version=1,
    row=HashRow,
    emit=_emit,
    bodies=_BODIES,
    identity=("hash", "member"),
    besides={"a file is found by its hash, whatever the event does": tuple(_BODIES)},
)
