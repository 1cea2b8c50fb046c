"""
Answers of the read models as JSON: written from their dataclasses, and read back by the same.

Who reads believes nothing: what is not of the shape that these dataclasses write is refused whole,
with its place, and so is a member that does not follow from those from which it is derived. Members
that they do not write, as a later server may, are left out: nobody knows what they say.
"""

import inspect
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import fields, is_dataclass
from datetime import date, datetime
from fractions import Fraction
from functools import cache, reduce
from math import gcd
from operator import attrgetter, or_
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

import orjson
from pydantic import BaseModel, ValidationError

from api.describe.measures import LISTED
from ledger.domain.core.types import format_instant, parse_day, parse_instant
from ledger.wire.canonical import MAX_INT
from projections.engine.bitemporal import UNRECORDED
from projections.engine.whole import at_odds


class WrongShape(ValueError):
    """A value is not what such an answer has there."""

    def __init__(self, where: str, expected: object) -> None:
        self.where = where or "the answer"
        super().__init__(f"{self.where} is no {getattr(expected, '__name__', expected)}")


class Contradicted(WrongShape):
    """A member is not what follows from those beside it."""

    def __init__(self, where: str, said: object, follows: object) -> None:
        super().__init__(where, "consequence of what stands beside it")
        given = f"{where} is {_shown(said)}"
        self.args = (f"{given}, and what stands beside it says {_shown(follows)}",)


class AtOdds(WrongShape):
    """Members of an answer do not go together."""

    def __init__(self, where: str, told: str) -> None:
        super().__init__(where, "whole")
        self.args = (f"{self.where} is at odds with itself: {told}",)


def _shown(value: object) -> str:
    return orjson.dumps(members_of(value)).decode()


def members_of(value: Any) -> Any:
    """Return the JSON value of an answer: fractions as [n, d], instants in milliseconds.

    An integer beyond ±(2^53 - 1), as a sum of many amounts may be, is a string of its digits: not
    every reader of JSON takes it exactly (RFC 7493, 2.2).
    """
    if value is None or type(value) is str:
        return value
    for kind, write in _WRITERS:
        if isinstance(value, kind):
            return write(value)
    if is_dataclass(value) and not isinstance(value, type):
        return {name: members_of(getattr(value, name)) for name in _names(type(value))}
    return value


# A datetime is a date as well, so it stands before it.
_WRITERS: tuple[tuple[type[Any], Callable[[Any], Any]], ...] = (
    (int, lambda value: value if abs(value) <= MAX_INT else str(value)),
    (Fraction, lambda value: [members_of(value.numerator), members_of(value.denominator)]),
    (datetime, format_instant),
    # What is on no day, as what no office recorded, is on the last of all in the read models.
    (date, lambda value: None if value == UNRECORDED else value.isoformat()),
    (tuple, lambda value: [members_of(item) for item in value]),
    (list, lambda value: [members_of(item) for item in value]),
    (dict, lambda value: {name: members_of(item) for name, item in value.items()}),
    (BaseModel, lambda value: value.model_dump(mode="json")),
)


@cache
def _names(kind: type[Any]) -> tuple[str, ...]:
    """Return the fields of an answer's dataclass and its public properties, in that order."""
    properties = (
        name
        for name, member in inspect.getmembers(kind)
        if isinstance(member, property) and not name.startswith("_")
    )
    return (*(field.name for field in fields(kind)), *properties)


def read_as(kind: Any, value: Any, where: str = "") -> Any:
    """Return the value of a kind that `members_of` may have written as this JSON value.

    What is derived in it was derived again, and is the same. Raises `WrongShape`.
    """
    origin, inner = get_origin(kind), get_args(kind)
    if origin is Annotated:
        return read_as(inner[0], value, where)
    if origin in (Union, UnionType):
        return _read_either(kind, value, where)
    if kind is Any:
        return value
    if is_dataclass(kind):
        return _read_record(kind, value, where)
    if origin is Literal:
        return _read_one_of(inner, value, where)
    for of, read in _READERS:
        if of in (origin, kind) or (isinstance(kind, type) and issubclass(kind, of)):
            return read(kind, value, where)
    raise TypeError(f"nobody writes {kind}")


def _read_either(kind: Any, value: Any, where: str) -> Any:
    kinds = get_args(kind)
    if value is None and NoneType in kinds:
        return None
    rest = [each for each in kinds if each is not NoneType]
    for each in rest[:-1]:
        with suppress(WrongShape):
            return read_as(each, value, where)
    return read_as(rest[-1], value, where)


def _read_record(kind: Any, value: Any, where: str) -> Any:
    members, found = _must_be(dict, value, where), dict[str, Any]()
    for name, of in kinds_of(kind).items():
        place = f"{where}.{name}".lstrip(".")
        if name not in members:
            raise WrongShape(place, "member of it")
        found[name] = read_as(of, members[name], place)
    record = kind(**{field.name: found.pop(field.name) for field in fields(kind)})
    for name, said in found.items():
        if said != (follows := getattr(record, name)):
            raise Contradicted(f"{where}.{name}".lstrip("."), said, follows)
    for told in at_odds(record):
        raise AtOdds(where, told)
    return record


@cache
def kinds_of(kind: Any) -> Mapping[str, Any]:
    """Return what is written of an answer's dataclass: what is under each name."""
    hints = get_type_hints(kind)
    found = {
        name: hints[name] if name in hints else get_type_hints(getattr(kind, name).fget)["return"]
        for name in _names(kind)
    }
    return {name: _closed(of, LISTED.get(f"{kind.__name__}.{name}")) for name, of in found.items()}


def _closed(kind: Any, values: tuple[str, ...] | None) -> Any:
    """Return a kind with its texts being of a closed list, where there is one."""
    if values is None or kind is NoneType or kind is Ellipsis:
        return kind
    if kind is str:
        return Literal[values]
    inner = tuple(_closed(each, values) for each in get_args(kind))
    return reduce(or_, inner) if get_origin(kind) is UnionType else tuple.__class_getitem__(inner)


def records_in(value: Any) -> Iterator[Any]:
    """Yield all that has members in what was read, itself included."""
    if isinstance(value, BaseModel) or is_dataclass(value):
        yield value
        value = tuple(plain_members(value).values())
    if isinstance(value, tuple | dict):
        for each in value.values() if isinstance(value, dict) else value:
            yield from records_in(each)


def plain_members(record: Any) -> dict[str, Any]:
    """Return the members of a record that do not follow from others."""
    names = (
        type(record).model_fields
        if isinstance(record, BaseModel)
        else map(attrgetter("name"), fields(record))
    )
    return {name: getattr(record, name) for name in names}


def _must_be(kind: type[Any], value: Any, where: str) -> Any:
    if type(value) is not kind:
        raise WrongShape(where, _CALLED[kind])
    return value


_CALLED = {dict: "object", list: "list", str: "text", bool: "yes or no", int: "integer"}


def _read_integer(_kind: Any, value: Any, where: str) -> int:
    if type(value) is str and _LARGE.fullmatch(value):
        return int(value)
    return int(_must_be(int, value, where))


_LARGE = re.compile("-?[1-9][0-9]{15,99}")


def _read_tuple(kind: Any, value: Any, where: str) -> tuple[Any, ...]:
    items, kinds = _must_be(list, value, where), get_args(kind)
    if kinds[-1] is Ellipsis:
        kinds = kinds[:1] * len(items)
    if len(kinds) != len(items):
        raise WrongShape(where, f"list of {len(kinds)}")
    return tuple(
        read_as(each, item, f"{where}[{at}]")
        for at, (each, item) in enumerate(zip(kinds, items, strict=True))
    )


def _read_fraction(_kind: Any, value: Any, where: str) -> Fraction:
    numerator, denominator = _read_tuple(tuple[int, int], value, where)
    if denominator < 1 or gcd(numerator, denominator) > 1:
        raise WrongShape(where, "fraction in its lowest terms")
    return Fraction(numerator, denominator)


def _read_mapping(kind: Any, value: Any, where: str) -> dict[str, Any]:
    _, of = get_args(kind)
    members = _must_be(dict, value, where)
    return {name: read_as(of, item, f"{where}.{name}") for name, item in members.items()}


def _read_written(parse: Callable[[str], Any], value: Any, where: str, expected: str) -> Any:
    """Return what a text says that was written in the one way there is."""
    try:
        read = parse(_must_be(str, value, where))
    except ValueError:
        raise WrongShape(where, expected) from None
    if members_of(read) != value:
        raise WrongShape(where, expected)
    return read


def _read_day(_kind: Any, value: Any, where: str) -> date:
    return UNRECORDED if value is None else _read_written(parse_day, value, where, "day")


def _read_instant(_kind: Any, value: Any, where: str) -> datetime:
    instant: datetime = _read_written(parse_instant, value, where, "instant")
    return instant


def _read_body(kind: type[BaseModel], value: Any, where: str) -> BaseModel:
    try:
        return kind.model_validate_json(orjson.dumps(_must_be(dict, value, where)))
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        place = ".".join((where, *map(str, first["loc"])))
        raise WrongShape(place, kind.__name__) from None


def _read_one_of(values: Sequence[Any], value: Any, where: str) -> Any:
    if not any(type(value) is type(each) and value == each for each in values):
        raise WrongShape(where, f"one of {', '.join(map(str, values))}")
    return value


_READERS: tuple[tuple[Any, Callable[[Any, Any, str], Any]], ...] = (
    (Mapping, _read_mapping),
    (tuple, _read_tuple),
    (bool, lambda _, value, where: _must_be(bool, value, where)),
    (int, _read_integer),
    (Fraction, _read_fraction),
    (datetime, _read_instant),
    (date, _read_day),
    (str, lambda _, value, where: _must_be(str, value, where)),
    (BaseModel, _read_body),
)
