"""
What bodies and their members say of themselves: the text that stands below each in its source.

It is read when somebody asks, once a module. Pydantic would read it as each class is made, which
takes every process that starts half as long again.
"""

import ast
import inspect
import sys
from collections.abc import Iterator, Mapping
from functools import cache
from itertools import pairwise

from ledger.domain.core.types import Model


def describe_members(kind: type[Model]) -> Mapping[str, str]:
    """Return what each member of a type says of itself, by name; of one that says nothing, none.

    A member that a subclass repeats says what the subclass says.
    """
    described: dict[str, str] = {}
    for owner in reversed(kind.__mro__):
        if issubclass(owner, Model):
            described |= _read_module(owner.__module__).get(owner.__qualname__, {})
    return {name: described[name] for name in kind.model_fields if name in described}


def describe_type(kind: type[Model]) -> str:
    """Return what a type itself says, its paragraphs in lines of their own; nothing inherited."""
    return "\n".join(map(_in_a_line, inspect.cleandoc(kind.__doc__ or "").split("\n\n")))


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
