"""What an answer's type says of its members: their names, their types, what is in them."""

from collections.abc import Mapping
from dataclasses import is_dataclass
from functools import cache
from types import NoneType, UnionType
from typing import Annotated, Any, Union, get_args, get_origin, get_type_hints

from pydantic import BaseModel

from api.describe.answer_json import kinds_of


def is_record(kind: Any) -> bool:
    """Say whether a type has named members: an answer's dataclass, or the body of an event."""
    return isinstance(kind, type) and (is_dataclass(kind) or issubclass(kind, BaseModel))


@cache
def members_of_kind(kind: type[Any]) -> Mapping[str, Any]:
    """Return the type of each member of a record, in the order in which they are written."""
    if is_dataclass(kind):
        return kinds_of(kind)
    hints = get_type_hints(kind)
    return {name: hints[name] for name in kind.model_fields}


def bare(kind: Any, value: object) -> Any:
    """Return what a value that is there is of: one of the kinds of a union, without its limits."""
    if isinstance(kind, type):
        return kind
    if get_origin(kind) is Annotated:
        return bare(get_args(kind)[0], value)
    if get_origin(kind) not in (Union, UnionType):
        return kind
    kinds = [bare(each, value) for each in get_args(kind) if each is not NoneType]
    fitting = [each for each in kinds if _fits(each, value)]
    return (fitting or kinds)[0]


def _fits(kind: Any, value: object) -> bool:
    """Say whether a JSON value can be of a kind: the same members, or a plain value."""
    if is_record(kind):
        return isinstance(value, Mapping) and value.keys() <= members_of_kind(kind).keys()
    return not isinstance(value, Mapping)
