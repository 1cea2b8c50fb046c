"""
The table of questions that commands ask, from the routes: `python -m tests.support.asked_table`.

A test holds both together.
"""

import json
from inspect import getdoc
from pathlib import Path
from types import NoneType
from typing import Annotated, Any, Literal, get_args, get_origin

from fastapi import params
from fastapi.dependencies.utils import get_flat_params

from api.cli import questions
from api.cli.answers import AT_LEAST
from api.cli.echoes import says
from api.main import ROUTED
from api.reads.questions import QUESTIONS, Question, command_of

TABLE = Path(questions.__file__).with_name(questions.TABLE)


def in_order() -> list[tuple[str, Question]]:
    """Return the questions in the order of the document of the API, whatever was imported first."""
    routed = [route for module in ROUTED for route in module.router.routes]
    return [each for route in routed for each in QUESTIONS.items() if each[1].route is route]


def written() -> str:
    """Return the table, as the routes have it."""
    table = {command_of(name): _question(each) for name, each in in_order()}
    return json.dumps(table, indent=1, ensure_ascii=False) + "\n"


def _question(question: Question) -> dict[str, Any]:
    flat = get_flat_params(question.route.dependant)
    fields = sorted(flat, key=lambda each: not isinstance(each.field_info, params.Path))
    names = [each.alias for each in fields]
    return {
        "path": question.route.path,
        "help": f"{question.route.summary}\n\n{getdoc(question.ask)}",
        "answers": {
            f"{kind.__module__}.{kind.__name__}": [
                each for each in names if each == AT_LEAST or says(kind, each)
            ]
            for kind in question.answers
        },
        "parameters": [*map(_parameter, fields)],
    }


def _is_said(kind: Any, name: str) -> bool:
    return name == AT_LEAST or says(kind, name)


def _parameter(field: Any) -> dict[str, Any]:
    """Return a parameter of a question as that of a command; None leaves it to the ledger."""
    info = field.field_info
    alias = {} if field.alias == field.name else {"alias": field.alias}
    in_path = isinstance(info, params.Path)
    flags = {} if in_path else {"flags": [f"--{field.alias.replace('_', '-')}"]}
    needed = in_path or info.is_required()
    default = None if needed or info.default_factory else info.default
    optional = {"optional": True} if default is None and not needed else {}
    given = {} if needed else {"default": default}
    helps = info.description or next((f"e.g. {each}" for each in info.examples or ()), None)
    told = {"help": helps} if helps else {}
    return {"name": field.name} | alias | flags | _kind(info.annotation) | optional | given | told


def _kind(kind: Any) -> dict[str, Any]:
    """Return what a command reads for a kind of parameter: a text, where the ledger reads it."""
    if get_origin(kind) is Annotated:
        return _kind(get_args(kind)[0])
    if get_origin(kind) is Literal:
        return {"choices": [*get_args(kind)]}
    if kind in (bool, int):
        return {"kind": kind.__name__}
    found = [_kind(each) for each in get_args(kind) if each is not NoneType]
    return found[0] if found and all(each == found[0] for each in found) else {"kind": "str"}


if __name__ == "__main__":
    TABLE.write_text(written(), "utf-8")
