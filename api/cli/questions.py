"""
The questions that a ledger answers, as a table says them (`questions.json`).

So a question is put without the server that answers it, and without the rules: by which path, with
what it is asked, and which kinds of answer say it. `python -m tests.support.asked_table` writes the
table from `api.reads.questions`; a test holds both together.
"""

import json
import re
from collections.abc import Mapping
from functools import cache
from importlib import import_module
from importlib.resources import files
from typing import Any

TABLE = "questions.json"

Question = Mapping[str, Any]
"""`path`; `help`; `parameters` as `api.cli.declared` reads them; `answers`: the kinds of answer by
their dotted names, each with the parameters that it says."""


@cache
def questions() -> Mapping[str, Question]:
    """Return every question, by the command that asks it."""
    return json.loads((files(__package__) / TABLE).read_bytes())  # type: ignore[no-any-return]


def meant(path: str, given: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    """Return the kind of answer that a question is asked for, by its name, and what is asked.

    Of several kinds it is the first that says all that is given; what no answer of it says is left
    out where nothing is given.
    """
    answers = _by_form()[_form(path)]["answers"]
    wanted = {name for name, value in given.items() if value is not None}
    kinds = (kind for kind, says in answers.items() if wanted <= {*says})
    kind = next(kinds, next(iter(answers)))
    asked = {name: v for name, v in given.items() if v is not None or name in answers[kind]}
    return kind, asked


def kind_named(name: str) -> Any:
    """Import a kind of answer."""
    module, _, kind = name.rpartition(".")
    return getattr(import_module(module), kind)


@cache
def _by_form() -> Mapping[str, Question]:
    return {_form(each["path"]): each for each in questions().values()}


def _form(path: str) -> str:
    """Return a path without the names of what stands in it: routes and commands may have others."""
    return re.sub(r"{[^}]*}", "{}", path)
