"""
The table of commands, from what their modules declare: `python -m tests.support.command_table`.

A test holds both together.
"""

import inspect
import json
from collections.abc import Callable, Iterator, Mapping
from importlib import import_module
from pathlib import Path
from types import NoneType
from typing import Annotated, Any, Literal, get_args, get_origin

import typer
from typer.models import ArgumentInfo, DefaultPlaceholder

from api.cli import declared

TABLE = Path(declared.__file__).with_name(declared.TABLE)


def written() -> str:
    """Return the table, as the modules of all commands have it."""
    return json.dumps(dict(_commands()), indent=1, ensure_ascii=False) + "\n"


def _commands() -> Iterator[tuple[str, Any]]:
    for noun, name in declared.MODULES.items():
        module = import_module(name)
        single = noun in declared.SINGLE
        yield noun, _command(getattr(module, noun)) if single else _group(module.app)


def _group(app: typer.Typer, help_: str | None = None) -> dict[str, Any]:
    callback = app.registered_callback
    said = help_ or _set(vars(app.info)).get("help") or inspect.getdoc(callback.callback)
    epilog = _set({"epilog": app.info.epilog})
    commands = {each.name: _command(each.callback) for each in app.registered_commands}
    for each in app.registered_groups:
        commands[each.name] = _group(each.typer_instance, _set(vars(each)).get("help"))
    return {"help": said, **epilog, "commands": commands}


def _command(callback: Callable[..., Any]) -> dict[str, Any]:
    taken = inspect.signature(callback, eval_str=True).parameters.values()
    return {"help": inspect.getdoc(callback), "parameters": [_parameter(each) for each in taken]}


def _parameter(of: inspect.Parameter) -> dict[str, Any]:
    assert get_origin(of.annotation) is Annotated, of
    kind, told = get_args(of.annotation)
    is_argument = isinstance(told, ArgumentInfo)
    plain = vars(typer.Argument() if is_argument else typer.Option())
    more = {name: value for name, value in vars(told).items() if value != plain[name]}
    named = [more.pop(name) for name in ("default",) if name in more]
    flags = {} if is_argument else {"flags": [*named, *(more.pop("param_decls", None) or ())]}
    assert not (is_argument and named), of
    default = {} if of.default is of.empty else {"default": of.default}
    return {"name": of.name} | flags | _kind(kind) | default | more


def _kind(kind: Any) -> dict[str, Any]:
    inner = [each for each in get_args(kind) if each is not NoneType]
    optional = NoneType in get_args(kind)
    kind = inner[0] if optional else kind
    many = get_origin(kind) is list
    kind = get_args(kind)[0] if many else kind
    kind = get_args(kind)[0] if get_origin(kind) is Annotated else kind
    also = {"many": True} if many else {}
    also |= {"optional": True} if optional else {}
    if get_origin(kind) is Literal:
        return {"choices": [*get_args(kind)]} | also
    assert declared.KINDS[kind.__name__] is kind
    return {"kind": kind.__name__} | also


def _set(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return what was set of it."""
    given = {k: v for k, v in values.items() if not isinstance(v, DefaultPlaceholder)}
    return {name: value for name, value in given.items() if value is not None}


if __name__ == "__main__":
    TABLE.write_text(written(), "utf-8")
