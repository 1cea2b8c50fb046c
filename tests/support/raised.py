"""
Which refusals a rule can raise: those that its source, and the source of what it calls, names.

It is read from the rule on: each name stands for what it stands for there, a call on a value for
the methods of that name of every class in `ledger.domain`. What is named is raised on some way; so
the list has all that can come, and now and then one that cannot.
"""

import ast
import inspect
import textwrap
from collections.abc import Callable, Collection, Iterator, Mapping
from functools import cache, partial
from importlib import import_module
from pkgutil import walk_packages
from types import FunctionType
from typing import Any

from ledger import domain
from ledger.domain.core.refusal import Refusal

HOUSE = f"{domain.__name__}."


def raised_by(rule: Callable[..., Any], but: Collection[object] = ()) -> frozenset[type[Refusal]]:
    """Return the refusals that a function can raise; what is behind `but` is not looked at."""
    found, ahead, seen = set[type[Refusal]](), [rule], set[object]()
    while ahead:
        function = ahead.pop()
        if function not in seen:
            seen.add(function)
            for name in _named_in(function):
                for each in () if any(name is one for one in but) else _held_by(name):
                    (found.add if isinstance(each, type) else ahead.append)(each)
    return frozenset(each for each in found if "code" in vars(each))


@cache
def _named_in(function: FunctionType) -> tuple[object, ...]:
    """Return what stands in a function: what its names stand for, and methods that it calls."""
    outside = inspect.getclosurevars(function).nonlocals
    tree = ast.parse(textwrap.dedent(inspect.getsource(function)))
    for each in ast.walk(tree):
        if isinstance(each, ast.FunctionDef):
            each.decorator_list = []  # It registers the rule among all others.
    caught = {
        each
        for handler in ast.walk(tree)
        if isinstance(handler, ast.ExceptHandler) and handler.type is not None
        for each in ast.walk(handler.type)
    }
    found = list[object](outside.values())
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and node not in caught:
            found.append(function.__globals__.get(node.id))
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            found += _methods().get(node.func.attr, ())
    return tuple(found)


def _held_by(value: Any) -> Iterator[Any]:
    """Yield the refusals and the functions of `ledger.domain` that a value is, or holds."""
    if isinstance(value, Mapping | tuple | list):
        for each in value.values() if isinstance(value, Mapping) else value:
            yield from _held_by(each)
    elif isinstance(value, partial):
        yield from _held_by(value.func)
    elif isinstance(value, type):
        yield from [value] if issubclass(value, Refusal) else []
    elif callable(value) and isinstance(function := inspect.unwrap(value), FunctionType):
        yield from [function] if function.__module__.startswith(HOUSE) else []


@cache
def _methods() -> Mapping[str, tuple[FunctionType, ...]]:
    """Return the methods of every class of the domain, by name."""
    found: dict[str, tuple[FunctionType, ...]] = {}
    for info in walk_packages(domain.__path__, HOUSE):
        for kind in vars(import_module(info.name)).values():
            if isinstance(kind, type) and kind.__module__ == info.name:
                for name, method in vars(kind).items():
                    if isinstance(method, FunctionType) and method.__module__ == info.name:
                        found[name] = (*found.get(name, ()), method)
    return found
