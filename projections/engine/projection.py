"""
The shape of a read model: a pure fold of the log into rows.

There are two flavours. A `Projection` keeps a few rows a key, which later events may change; a
`Journal` only ever adds rows, at most one for each key and position. Rows are frozen dataclasses
whose fields are the columns of the table; the first field is the key. They derive from entry
bytes alone, so anyone who holds the entries gets the same rows: what is sealed stays a commitment.

A projection's key must be something whose own history is short (a right, an offer, a payment):
all rows of a key are folded together. What gathers without end is a query over an index.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields
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
T = TypeVar("T")

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


Reasons = Mapping[str, tuple[T, ...]]
"""Why, and for which ones: the name of a read model that has them, or a sentence."""


@dataclass(frozen=True)
class Tells:
    """What a read model tells of one kind of subject: it `shows` fields of the domain's state.

    A body whose fold changes one of them is folded here, too, unless it is `unaffected_by` it.
    The other fields it `omits`, or the read model `rest` says what becomes of them.
    """

    shows: tuple[str, ...]
    omits: Reasons[str] = field(default_factory=dict)
    rest: str | None = None
    unaffected_by: Reasons[type[Body]] = field(default_factory=dict)


EVERY_EVENT = Tells(("every event",))
"""Each event of the kind has a row: the domain's own fold makes of them whatever there is."""


@dataclass(frozen=True)
class Projection(Generic[R]):
    """A read model that keeps rows a key. Raise `version` to have its table rebuilt.

    `tells` says of which kinds of subject it shows what; `besides` are the bodies that it folds
    though they change none of that (decision 46).

    `on` says what each type of body does; other events leave every row as it is. A fold replaces,
    drops or appends rows; it keeps the order of those that stay, because a row's place among the
    rows of its key is part of its identity.
    """

    name: str
    version: int
    row: type[R]
    on: Mapping[type[Body], On[R]]
    indexes: tuple[tuple[str, ...], ...] = ()
    tells: Mapping[str, Tells] = field(default_factory=dict)
    besides: Reasons[type[Body]] = field(default_factory=dict)

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

    @property
    def folds(self) -> frozenset[type[Body]]:
        """Return the bodies that it folds."""
        return frozenset(self.on)

    def touches(self, body: type[Body]) -> bool:
        """Say whether events with such a body change anything here."""
        return body in self.on


@dataclass(frozen=True)
class Journal(Generic[R]):
    """A read model that only adds rows. Raise `version` to have its table rebuilt.

    A row has a field `position`, that of its event. `identity` are the fields, by default the
    first, that together with it tell rows apart. Without `bodies` every event is asked.
    `tells` and `besides` are as in a `Projection`.
    """

    name: str
    version: int
    row: type[R]
    emit: Callable[[Logged], Sequence[R]]
    bodies: frozenset[type[Body]] | None = None
    identity: tuple[str, ...] | None = None
    indexes: tuple[tuple[str, ...], ...] = ()
    tells: Mapping[str, Tells] = field(default_factory=dict)
    besides: Reasons[type[Body]] = field(default_factory=dict)

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

    @property
    def folds(self) -> frozenset[type[Body]]:
        """Return the bodies that it folds, none where every event is asked."""
        return self.bodies or frozenset()

    def touches(self, body: type[Body]) -> bool:
        """Say whether events with such a body add anything here."""
        return self.bodies is None or body in self.bodies


ReadModel = Projection[Any] | Journal[Any]


def columns_of(row: type[Any]) -> tuple[Column, ...]:
    """Return the columns that a row's fields stand for, in their order."""
    hints = get_type_hints(row, include_extras=True)
    return tuple(_column(each.name, hints[each.name]) for each in fields(row))


def _column(name: str, hint: Any) -> Column:
    if get_origin(hint) not in (UnionType, Union):
        return Column(name, _kind(hint), optional=False)
    (some,) = (part for part in get_args(hint) if part is not NoneType)
    return Column(name, _kind(some), optional=True)


def _kind(hint: Any) -> str:
    return "text" if get_origin(hint) is Literal else _KINDS[hint]


def values_of(row: type[Any]) -> Callable[[Any], tuple[Any, ...]]:
    """Return the function that reads a row's fields, in order, as one tuple."""
    names = [each.name for each in fields(row)]
    assert len(names) > 1, "a row is more than its key"
    getter: Callable[[Any], tuple[Any, ...]] = attrgetter(*names)
    return getter
