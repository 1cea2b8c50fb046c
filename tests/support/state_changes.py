"""
Which fields of the domain's state each event changes: read from the source of the folds, and seen.

`could_change` follows a fold through all that it calls in the domain, and may say too much: what
a helper could change. `Seen` folds events and compares before with after: what it says is so.
A field that a new subject has by default is not changed by what makes the subject.
"""

import ast
import inspect
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import MISSING, Field, fields, is_dataclass, replace
from functools import cache, partial
from pathlib import Path
from types import FunctionType, ModuleType
from typing import Any, get_args

from ledger.domain import registry
from ledger.domain.core.body import Body
from ledger.domain.core.event import Logged

_ROOT = Path(__file__).parents[2]
_FOLLOWED = (_ROOT / "ledger" / "domain", _ROOT / "tests")

Topic = tuple[str, type[Body]]
"""A kind of subject, and a body that its fold takes."""


class Seen:
    """What histories fold to: the classes of the states by kind, the fields changed by topic."""

    def __init__(self, histories: Iterable[Iterable[Logged]]) -> None:
        self.states: dict[str, set[type[Any]]] = defaultdict(set)
        self.changed: dict[Topic, set[str]] = defaultdict(set)
        for history in histories:
            values: dict[str, Any] = {}
            for each in history:
                self._fold(values, each)

    def _fold(self, values: dict[str, Any], logged: Logged) -> None:
        for subject in logged.event.subjects:
            topic = (subject.partition(":")[0], type(logged.event.body))
            if (fold := registry.EVOLVES.get(topic)) is not None:
                before, after = values.get(subject), fold(subject, values.get(subject), logged)
                values[subject] = after
                self.states[topic[0]] |= {type(each) for each in (before, after) if each}
                self.changed[topic] |= set(_differ(before, after))


def names_of(states: Iterable[type[Any]]) -> frozenset[str]:
    """Return the names of the fields that these states have."""
    return frozenset(each.name for state in states for each in fields(state))


def could_change(fold: Callable[..., Any], states: Iterable[type[Any]]) -> frozenset[str]:
    """Return the fields of these states that a fold could change, by its source."""
    return _Reading(frozenset(states)).of(fold)


def _differ(before: Any, after: Any) -> Iterator[str]:
    for each in fields(before if after is None else after) if before or after else ():
        # `!=` of two maps of rpds is another question than whether they are equal.
        if not _in(before, each) == _in(after, each):  # noqa: SIM201
            yield each.name


def _in(value: Any, field: "Field[Any]") -> Any:
    """Return a field's value; of a subject that is not there, its default."""
    if value is not None:
        return getattr(value, field.name)
    return field.default if field.default_factory is MISSING else field.default_factory()


class _Reading:
    """Reads a fold, and what it calls, for what becomes of states of some classes."""

    def __init__(self, states: frozenset[type[Any]]) -> None:
        self._states = states
        self._read: set[FunctionType] = set()
        self._found: set[str] = set()

    def of(self, fold: Callable[..., Any]) -> frozenset[str]:
        """Return the fields that a fold could change."""
        self._follow(fold)
        return frozenset(self._found)

    def _follow(self, called: Any) -> None:
        match called:
            case partial():
                self._follow((called.func, *called.args, *called.keywords.values()))
            case Mapping():
                self._follow(tuple(called.values()))
            case tuple() | list():
                for each in called:
                    self._follow(each)
            case classmethod() | staticmethod():
                self._follow(called.__func__)
            case FunctionType() if called not in self._read and _is_ours(called):
                self._read.add(called)
                self._read_function(called)

    def _read_function(self, function: FunctionType) -> None:
        names, node = _names_in(function), _node_of(function)
        if _gives_nothing(node):
            self._found |= names_of(self._states)
        for part in _parts_of(node):
            if isinstance(part, ast.Call) and isinstance(part.func, ast.Name):
                self._read_call(part, part.func.id, names.get(part.func.id), function)
            for each in self._named(part, names):
                self._follow(each)

    def _read_call(self, call: ast.Call, name: str, called: Any, function: FunctionType) -> None:
        if name == "cls":
            self._found |= names_of(self._states)
        elif called is replace:
            self._replaced(call, function)
        elif isinstance(called, type) and called in self._states:
            self._found |= _given(call, called)

    def _named(self, part: ast.AST, names: Mapping[str, Any]) -> Iterator[Any]:
        """Yield what a part of a function names: by itself, in a module, or in the states."""
        match part:
            case ast.Name(id=name):
                yield names.get(name)
            case ast.Attribute(value=ast.Name(id=name), attr=attr) if isinstance(
                names.get(name), ModuleType
            ):
                yield getattr(names[name], attr, None)
            case ast.Attribute(attr=attr):
                yield from (inspect.getattr_static(each, attr, None) for each in self._states)

    def _replaced(self, call: ast.Call, function: FunctionType) -> None:
        if self._may_be_state(call.args[0], function):
            ours = names_of(self._states)
            for each in call.keywords:
                self._found |= ours if each.arg is None else ours & {each.arg}

    def _may_be_state(self, value: ast.expr, function: FunctionType) -> bool:
        """Say no only where an annotation says that it is of another class."""
        hint = _hint(function, value.id) if isinstance(value, ast.Name) else None
        classes = [each for each in _parts(hint) if is_dataclass(each) and isinstance(each, type)]
        return not classes or any(issubclass(one, each) for one in self._states for each in classes)


def _given(call: ast.Call, state: type[Any]) -> set[str]:
    """Return the fields that a call of the class gives; others have their defaults."""
    ours = fields(state)
    unknown = any(isinstance(each, ast.Starred) for each in call.args)
    if unknown or any(each.arg is None for each in call.keywords):
        return {each.name for each in ours}
    return {each.name for each in ours[: len(call.args)]} | {
        str(each.arg) for each in call.keywords
    }


def _parts_of(node: ast.FunctionDef | ast.Lambda) -> Iterator[ast.AST]:
    """Yield what a function does, without its decorators and annotations."""
    for each in node.body if isinstance(node, ast.FunctionDef) else (node.body,):
        yield from ast.walk(each)


def _gives_nothing(node: ast.AST) -> bool:
    """Say whether a fold has no value to return: the subject is gone."""
    returns = [each for each in ast.walk(node) if isinstance(each, ast.Return)]
    return isinstance(node, ast.FunctionDef) and all(
        each.value is None or (isinstance(each.value, ast.Constant) and each.value.value is None)
        for each in returns
    )


def _hint(function: FunctionType, name: str) -> Any:
    hint = function.__annotations__.get(name)
    try:
        return eval(hint, function.__globals__) if isinstance(hint, str) else hint
    except (NameError, TypeError):
        return None


def _parts(hint: Any) -> Iterator[Any]:
    yield hint
    for each in get_args(hint):
        yield from _parts(each)


def _is_ours(function: FunctionType) -> bool:
    return any(folder in Path(function.__code__.co_filename).parents for folder in _FOLLOWED)


def _names_in(function: FunctionType) -> Mapping[str, Any]:
    return {**function.__globals__, **inspect.getclosurevars(function).nonlocals}


def _node_of(function: FunctionType) -> ast.FunctionDef | ast.Lambda:
    code = function.__code__
    return _functions_of(Path(code.co_filename))[code.co_firstlineno, code.co_name]


@cache
def _functions_of(path: Path) -> Mapping[tuple[int, str], ast.FunctionDef | ast.Lambda]:
    """Return the functions of a file by the line on which each begins, and by its name."""
    found: dict[tuple[int, str], ast.FunctionDef | ast.Lambda] = {}
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.FunctionDef):
            first = min(each.lineno for each in (*node.decorator_list, node))
            found[first, node.name] = node
        elif isinstance(node, ast.Lambda):
            found[node.lineno, "<lambda>"] = node
    return found
