"""`techledger ask`: every question that HTTP is asked, by commands made from the list of them.

A command is named as the operation is, without `get` and `list`: `getPartyKeys` is `party-keys`.
What stands in the path is an argument, what stands in the query an option.
"""

from collections.abc import Callable
from inspect import Parameter, Signature
from pathlib import Path
from typing import Annotated, Any

import typer

from api.cli.answers import CheckedAnswer, print_answer, query
from api.cli.declared import parameter_of
from api.cli.options import AsJson, Lang, TrustIfAny, UrlIfAny
from api.cli.questions import Question, questions
from api.describe.language import Language

app = typer.Typer(
    help="Every question that a served ledger answers.",
    epilog="techledger ask QUESTION --help says what a question can be asked.",
    no_args_is_help=True,
)

LogIfAny = Annotated[
    Path | None,
    typer.Option(
        help="Ask a copy of the log (techledger mirror, audit clone), verified by --trust",
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


def _asking(question: Question) -> Callable[..., None]:
    """Return the command that asks a question, with all that it can be asked."""
    asked = {each["name"]: each for each in question["parameters"]}
    parameters = [*map(parameter_of, asked.values()), *_OPTIONS]

    def ask(
        url: str | None,
        log: Path | None,
        trust: Path | None,
        language: Language,
        *,
        verify: bool,
        as_json: bool,
        **given: Any,
    ) -> None:
        named = {asked[name].get("alias", name): value for name, value in given.items()}
        where, asking = _whom(url, log, trust, verify=verify)
        answer = asking(where, trust, language, question["path"], **named)
        print_answer(answer, language, as_json=as_json)

    ask.__signature__ = Signature(parameters)  # type: ignore[attr-defined]  # read by typer
    ask.__annotations__ = {each.name: each.annotation for each in parameters}
    ask.__doc__ = question["help"]
    return ask


def _whom(
    url: str | None, log: Path | None, trust: Path | None, *, verify: bool
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


for _name, _question in questions().items():
    app.command(_name)(_asking(_question))
