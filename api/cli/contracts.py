"""`techledger contracts`: which terms held when, who changed them, what the State has to see."""

from typing import Annotated, Any

import typer

from api.cli.answers import print_answer, query
from api.cli.options import AsJson, Lang, TrustIfAny, Url

app = typer.Typer(
    help="Which terms held when, who changed them, what the State has to see.",
    no_args_is_help=True,
)

Contract = Annotated[str, typer.Argument(help="Contract id, e.g. contract:cuad.jhu-virtuoso")]
KnownAt = Annotated[
    str | None, typer.Option(help="Position or instant; default: all that is known")
]
Day = Annotated[str | None, typer.Option(help="Legal day YYYY-MM-DD; default: today")]


@app.command("terms")
def terms(  # noqa: PLR0913  (the question's parameters)
    contract: Contract,
    *,
    url: Url,
    trust: TrustIfAny = None,
    true_on: Day = None,
    report: Annotated[
        str | None, typer.Option(help="The terms when this report was filed and its sales made")
    ] = None,
    known_at: KnownAt = None,
    language: Lang = "en",
    as_json: AsJson = False,
) -> None:
    """Print the terms in force on a day, the contract's status and its clocks."""
    path, known = "/v1/contracts/{contract}/terms", {"contract": contract, "known_at": known_at}
    if report is None:
        answer = query(url, trust, language, path, **known, true_on=true_on)
    elif true_on is not None:
        raise typer.BadParameter("a report has its own days", param_hint="--true-on")
    else:
        answer = query(url, trust, language, path, **known, report=report)
    print_answer(answer, language, as_json=as_json)


@app.command("versions")
def versions(
    contract: Contract,
    *,
    url: Url,
    trust: TrustIfAny = None,
    known_at: KnownAt = None,
    language: Lang = "en",
    as_json: AsJson = False,
) -> None:
    """Print who changed which terms, by which event, from when on."""
    path = "/v1/contracts/{contract}/versions"
    answer = query(url, trust, language, path, contract=contract, known_at=known_at)
    print_answer(answer, language, as_json=as_json)


@app.command("diff")
def diff(  # noqa: PLR0913  (the question's parameters)
    contract: Contract,
    before: Annotated[int, typer.Argument(help="Version, counted as recorded from 1")],
    after: Annotated[int, typer.Argument(help="A later version")],
    *,
    url: Url,
    trust: TrustIfAny = None,
    known_at: KnownAt = None,
    language: Lang = "en",
    as_json: AsJson = False,
) -> None:
    """Print what two versions of the terms have otherwise."""
    path = "/v1/contracts/{contract}/versions/{before}/diff/{after}"
    which: dict[str, Any] = {"contract": contract, "before": before, "after": after}
    answer = query(url, trust, language, path, **which, known_at=known_at)
    print_answer(answer, language, as_json=as_json)


@app.command("sublicences")
def sublicences(  # noqa: PLR0913  (the question's parameters)
    contract: Contract,
    *,
    url: Url,
    trust: TrustIfAny = None,
    true_on: Day = None,
    known_at: KnownAt = None,
    language: Lang = "en",
    as_json: AsJson = False,
) -> None:
    """Print the tree of what was passed on under a contract."""
    path = "/v1/contracts/{contract}/sublicences"
    answer = query(
        url, trust, language, path, contract=contract, true_on=true_on, known_at=known_at
    )
    print_answer(answer, language, as_json=as_json)


@app.command("registrations")
def registrations(  # noqa: PLR0913  (the question's parameters)
    *,
    url: Url,
    trust: TrustIfAny = None,
    late: Annotated[bool, typer.Option("--late", help="Only those filed late")] = False,
    technology: Annotated[str | None, typer.Option(help="Only of this technology")] = None,
    true_on: Day = None,
    known_at: KnownAt = None,
    language: Lang = "en",
    as_json: AsJson = False,
) -> None:
    """Print the contracts that wait for a permit or a registration, and how late they are."""
    answer = query(
        url,
        trust,
        language,
        "/v1/contracts/registrations",
        late=late,
        technology=technology,
        true_on=true_on,
        known_at=known_at,
    )
    print_answer(answer, language, as_json=as_json)
