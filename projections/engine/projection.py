"""
The shape of a read model: a pure fold of the log into rows.

There are two flavours. A `Projection` keeps a few rows a key, which later events may change; a
`Journal` only ever adds rows, at most one for each key and position. Rows are frozen dataclasses
whose fields are the columns of the table; the first field is the key. They derive from entry
bytes alone, so whoever holds the entries gets the same rows: what is sealed stays a commitment.

A projection's key must be something whose own history is short (a right, an offer, a payment):
all rows of a key are folded together. What gathers without end is a query over an index.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date, datetime
from functools import cached_property
from operator import attrgetter
from types import NoneType, UnionType
from typing import (
    Annotated,
    Any,
    Generic,
    Literal,
    TypeVar,
    Union,
    get_args,
    get_origin,
    get_type_hints,
)

from ledger.domain.core.body import Body
from ledger.domain.core.event import Logged
from ledger.store.readmodels import Column, Table

R = TypeVar("R")

Exact = Annotated[int, "numeric"]
"""An integer that may outgrow 64 bits: a sum of amounts, a term of an ownership fraction."""

_KINDS: Mapping[Any, str] = {
    str: "text",
    int: "bigint",
    Exact: "numeric",
    bool: "boolean",
    date: "date",
    datetime: "timestamptz",
    tuple[str, ...]: "text[]",
    tuple[int, ...]: "bigint[]",
}


class ProjectionError(Exception):
    """Superclass of the errors of this package. Never raised itself."""


@dataclass(frozen=True, slots=True)
class On(Generic[R]):
    """What one kind of event does: which keys it touches, and what becomes of a key's rows."""

    keys: Callable[[Logged], Iterable[str]]
    fold: Callable[[str, tuple[R, ...], Logged], tuple[R, ...]]


@dataclass(frozen=True)
class Projection(Generic[R]):
    """A read model that keeps rows a key. Raise `version` to have its table rebuilt.

    `on` says what each type of body does; other events leave every row as it is. A fold replaces,
    drops or appends rows; it keeps the order of those that stay, because a row's place among the
    rows of its key is part of its identity.
    """

    name: str
    version: int
    row: type[R]
    on: Mapping[type[Body], On[R]]
    indexes: tuple[tuple[str, ...], ...] = ()

    @cached_property
    def table(self) -> Table:
        """Return the table that holds the rows, each with its place `n` among those of its key."""
        columns = columns_of(self.row)
        place = Column("n", "bigint", optional=False)
        return Table(self.name, (*columns, place), (columns[0].name, "n"), self.indexes)

    @property
    def order(self) -> tuple[str, ...]:
        """Return the columns by which the rows stand in canonical order."""
        return self.table.key

    def touches(self, body: type[Body]) -> bool:
        """Say whether events with such a body change anything here."""
        return body in self.on


@dataclass(frozen=True)
class Journal(Generic[R]):
    """A read model that only adds rows. Raise `version` to have its table rebuilt.

    A row has a field `position`, that of its event. `identity` are the fields, by default the
    first, that together with it tell rows apart. Without `bodies` every event is asked.
    """

    name: str
    version: int
    row: type[R]
    emit: Callable[[Logged], Sequence[R]]
    bodies: frozenset[type[Body]] | None = None
    identity: tuple[str, ...] | None = None
    indexes: tuple[tuple[str, ...], ...] = ()

    @cached_property
    def table(self) -> Table:
        """Return the table that holds the rows."""
        columns = columns_of(self.row)
        identity = (columns[0].name,) if self.identity is None else self.identity
        return Table(self.name, columns, (*identity, "position"), self.indexes)

    @property
    def order(self) -> tuple[str, ...]:
        """Return the columns by which the rows stand in canonical order."""
        *identity, position = self.table.key
        return (position, *identity)

    def touches(self, body: type[Body]) -> bool:
        """Say whether events with such a body add anything here."""
        return self.bodies is None or body in self.bodies


ReadModel = Projection[Any] | Journal[Any]


def columns_of(row: type[Any]) -> tuple[Column, ...]:
    """Return the columns that a row's fields stand for, in their order."""
    hints = get_type_hints(row, include_extras=True)
    return tuple(_column(field.name, hints[field.name]) for field in fields(row))


def _column(name: str, hint: Any) -> Column:
    if get_origin(hint) not in (UnionType, Union):
        return Column(name, _kind(hint), optional=False)
    (some,) = (part for part in get_args(hint) if part is not NoneType)
    return Column(name, _kind(some), optional=True)


def _kind(hint: Any) -> str:
    return "text" if get_origin(hint) is Literal else _KINDS[hint]


def values_of(row: type[Any]) -> Callable[[Any], tuple[Any, ...]]:
    """Return the function that reads a row's fields, in order, as one tuple."""
    names = [field.name for field in fields(row)]
    assert len(names) > 1, "a row is more than its key"
    getter: Callable[[Any], tuple[Any, ...]] = attrgetter(*names)
    return getter
