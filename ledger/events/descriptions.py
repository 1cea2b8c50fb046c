"""
What types and their members say of themselves: the text that stands below each in its source.

It is read when somebody asks, once a module. Pydantic would read it as each class is made, which
takes every process that starts half as long again.
"""

import ast
import inspect
import sys
from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from functools import cache
from itertools import pairwise
from typing import Any

from ledger.domain.core.types import Model


def describe_members(kind: type[Any]) -> Mapping[str, str]:
    """Return what each field of a model or a dataclass says of itself, by name, if it does.

    A field that a subclass repeats says what the subclass says.
    """
    described: dict[str, str] = {}
    for owner in reversed(kind.__mro__):
        if issubclass(owner, Model) or is_dataclass(owner):
            described |= _read_module(owner.__module__).get(owner.__qualname__, {})
    members = kind.model_fields if issubclass(kind, Model) else [each.name for each in fields(kind)]
    return {name: described[name] for name in members if name in described}


def describe_type(kind: Any) -> str:
    """Return what a class or a property itself says, a line a paragraph; nothing inherited."""
    return "\n\n".join(map(_in_a_line, inspect.cleandoc(kind.__doc__ or "").split("\n\n")))


@cache
def _read_module(module: str) -> Mapping[str, Mapping[str, str]]:
    """Return, by class and member, the texts in the source of a module."""
    tree = ast.parse(inspect.getsource(sys.modules[module]))
    return {each.name: dict(_texts(each)) for each in tree.body if isinstance(each, ast.ClassDef)}


def _texts(of: ast.ClassDef) -> Iterator[tuple[str, str]]:
    for member, below in pairwise(of.body):
        match member, below:
            case (
                ast.AnnAssign(target=ast.Name(id=name)),
                ast.Expr(value=ast.Constant(value=str(text))),
            ):
                yield name, _in_a_line(text)


def _in_a_line(text: str) -> str:
    return " ".join(text.split())
