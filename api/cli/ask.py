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
BundleIfAny = Annotated[
    Path | None,
    typer.Option(
        help="Ask an evidence bundle, or the report that holds one, verified by --trust",
        exists=True,
        dir_okay=False,
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
    Parameter("bundle", Parameter.KEYWORD_ONLY, annotation=BundleIfAny, default=None),
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

    def ask(trust: Path | None, language: Language, *, as_json: bool, **given: Any) -> None:
        url, log, bundle, verify = (given.pop(each) for each in _WHERE)
        where, asking = _whom(url, log, bundle, trust, verify=verify)
        named = {asked[name].get("alias", name): value for name, value in given.items()}
        answer = asking(where, trust, language, question["path"], **named)
        print_answer(answer, language, as_json=as_json)

    ask.__signature__ = Signature(parameters)  # type: ignore[attr-defined]  # read by typer
    ask.__annotations__ = {each.name: each.annotation for each in parameters}
    ask.__doc__ = question["help"]
    return ask


_WHERE = ("url", "log", "bundle", "verify")


def _whom(
    url: str | None, log: Path | None, bundle: Path | None, trust: Path | None, *, verify: bool
) -> tuple[Any, Callable[..., CheckedAnswer]]:
    """Return whom a question is put to, and by what. Raises `BadParameter`."""
    if log is None and bundle is None and not verify:
        return _named(url, "--url"), query
    from api.cli import offline  # noqa: PLC0415  (it folds a log)

    _named(trust, "--trust")
    if log and bundle:
        raise typer.BadParameter("a copy or a bundle is asked, not both", param_hint="--bundle")
    if bundle:
        return bundle, offline.query_bundle
    return (log, offline.query_copy) if log else (_named(url, "--url"), offline.query_verified)


def _named(value: Any, option: str) -> Any:
    """Return the value of an option without which nothing can be asked. Raises `BadParameter`."""
    if value is None:
        raise typer.BadParameter("it is missing: nothing can be asked", param_hint=option)
    return value


for _name, _question in questions().items():
    app.command(_name)(_asking(_question))
