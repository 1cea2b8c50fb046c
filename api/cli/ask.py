"""`techledger ask`: every question that HTTP is asked, by commands made from the list of them.

A command is named as the operation is, without `get` and `list`: `getPartyKeys` is `party-keys`.
What stands in the path is an argument, what stands in the query an option.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from inspect import Parameter, Signature, getdoc
from pathlib import Path as File
from typing import Annotated, Any, Literal, get_args, get_origin

import typer
from fastapi.dependencies.utils import get_flat_params
from fastapi.params import Path

from api.cli.answers import CheckedAnswer, print_answer, query
from api.cli.echoes import says
from api.cli.options import AsJson, Lang, TrustIfAny, UrlIfAny
from api.describe.language import Language
from api.main import ROUTED
from api.reads.questions import QUESTIONS, Question

assert ROUTED, "questions are declared where they are routed"

app = typer.Typer(
    help="Every question that a served ledger answers.",
    epilog="techledger ask QUESTION --help says what a question can be asked.",
    no_args_is_help=True,
)

LogIfAny = Annotated[
    File | None,
    typer.Option(
        help="Ask a copy of the log (techledger mirror, audit export), verified by --trust",
        exists=True,
        file_okay=False,
    ),
]
Verify = Annotated[
    bool,
    typer.Option(
        "--verify",
        help="Take the server's log home, and compute the answer from its verified entries",
    ),
]

_OPTIONS = (
    Parameter("url", Parameter.KEYWORD_ONLY, annotation=UrlIfAny, default=None),
    Parameter("log", Parameter.KEYWORD_ONLY, annotation=LogIfAny, default=None),
    Parameter("verify", Parameter.KEYWORD_ONLY, annotation=Verify, default=False),
    Parameter("trust", Parameter.KEYWORD_ONLY, annotation=TrustIfAny, default=None),
    Parameter("language", Parameter.KEYWORD_ONLY, annotation=Lang, default="en"),
    Parameter("as_json", Parameter.KEYWORD_ONLY, annotation=AsJson, default=False),
)
"""What every command has that asks a ledger: where it is, and by what it is known."""


def command_of(operation: str) -> str:
    """Return the name of the command that asks the question of an operation."""
    words = re.findall("[A-Z]?[a-z]+", operation)
    return "-".join(words[1:] if words[0] in ("get", "list") else words).lower()


def _asking(question: Question) -> Callable[..., None]:
    """Return the command that asks a question, with all that it can be asked."""
    flat = get_flat_params(question.route.dependant)
    fields = {field.name: field for field in flat}
    parameters = [*sorted(map(_parameter, fields.values()), key=lambda each: each.kind), *_OPTIONS]

    def ask(
        url: str | None,
        log: File | None,
        trust: File | None,
        language: Language,
        *,
        verify: bool,
        as_json: bool,
        **given: Any,
    ) -> None:
        asked = {fields[name].alias: value for name, value in given.items()}
        kind = next(_kinds_for(question, asked), question.answers[0])
        put = {name: v for name, v in asked.items() if v is not None or says(kind, name)}
        where, asking = _whom(url, log, trust, verify=verify)
        answer = asking(where, trust, language, kind, question.route.path, **put)
        print_answer(answer, language, as_json=as_json)

    ask.__signature__ = Signature(parameters)  # type: ignore[attr-defined]  # read by typer
    ask.__annotations__ = {each.name: each.annotation for each in parameters}
    ask.__doc__ = f"{question.route.summary}\n\n{getdoc(question.ask)}"
    return ask


def _whom(
    url: str | None, log: File | None, trust: File | None, *, verify: bool
) -> tuple[Any, Callable[..., CheckedAnswer]]:
    """Return whom a question is put to, and by what. Raises `BadParameter`."""
    if log is None and not verify:
        return _named(url, "--url"), query
    from api.cli.offline import query_copy, query_verified  # noqa: PLC0415  (it folds a log)

    _named(trust, "--trust")
    return (_named(url, "--url"), query_verified) if log is None else (log, query_copy)


def _named(value: Any, option: str) -> Any:
    """Return the value of an option without which nothing can be asked. Raises `BadParameter`."""
    if value is None:
        raise typer.BadParameter("it is missing: nothing can be asked", param_hint=option)
    return value


def _kinds_for(question: Question, asked: Mapping[str, Any]) -> Iterator[type[Any]]:
    """Yield the kinds of answers that say all that is asked: of several, which is meant."""
    given = [name for name, value in asked.items() if value is not None]
    return (kind for kind in question.answers if all(says(kind, name) for name in given))


def _parameter(field: Any) -> Parameter:
    """Return a parameter of a question as that of a command; None leaves it to the ledger."""
    info, kind = field.field_info, _written(field.field_info.annotation)
    helps = info.description or next((f"e.g. {each}" for each in info.examples or ()), None)
    if isinstance(info, Path):
        told = _annotated(kind, typer.Argument(help=helps))
        return Parameter(field.name, Parameter.POSITIONAL_OR_KEYWORD, annotation=told)
    option = typer.Option(f"--{field.alias.replace('_', '-')}", help=helps)
    if info.is_required():
        told = _annotated(kind, option)
        return Parameter(field.name, Parameter.KEYWORD_ONLY, annotation=told)
    default = None if info.default_factory else info.default
    told = _annotated(kind | None if default is None else kind, option)
    return Parameter(field.name, Parameter.KEYWORD_ONLY, annotation=told, default=default)


def _annotated(kind: Any, how: Any) -> Any:
    return Annotated[kind, how]


def _written(kind: Any) -> Any:
    """Return what a command reads for a kind of parameter: a text, where the ledger reads it."""
    if get_origin(kind) is Annotated:
        return _written(get_args(kind)[0])
    if get_origin(kind) is Literal or kind in (bool, int):
        return kind
    found = {_written(each) for each in get_args(kind) if each is not type(None)}
    return found.pop() if len(found) == 1 else str


for _operation, _question in QUESTIONS.items():
    app.command(command_of(_operation))(_asking(_question))
