"""`techledger revenue`: how money was computed, what is owed, held and late, what was promised."""

from typing import Annotated, Any

import typer

from api.cli.answers import print_answer, query
from api.cli.options import AsJson, Lang, TrustIfAny, Url

app = typer.Typer(
    help="How money was computed, what is owed, held and late, what was promised.",
    no_args_is_help=True,
)

Contract = Annotated[str, typer.Argument(help="Contract id")]
KnownAt = Annotated[
    str | None, typer.Option(help="Position or instant; default: all that is known")
]
Day = Annotated[str | None, typer.Option(help="Legal day YYYY-MM-DD; default: today")]


@app.command("explain")
def explain(
    distribution: Annotated[str, typer.Argument(help="Distribution id")],
    *,
    url: Url,
    trust: TrustIfAny = None,
    known_at: KnownAt = None,
    language: Lang = "en",
    as_json: AsJson = False,
) -> None:
    """Print how a distribution was computed; contested if it does not compute again."""
    path = "/v1/distributions/{distribution}/computation"
    answer = query(url, trust, language, path, distribution=distribution, known_at=known_at)
    print_answer(answer, language, as_json=as_json)


@app.command("dues")
def dues(  # noqa: PLR0913  (the question's parameters)
    party: Annotated[str, typer.Argument(help="Payee, e.g. party:tok.…")],
    *,
    url: Url,
    trust: TrustIfAny = None,
    contract: Annotated[str | None, typer.Option(help="Of one contract")] = None,
    true_on: Day = None,
    known_at: KnownAt = None,
    language: Lang = "en",
    as_json: AsJson = False,
) -> None:
    """Print what is owed to a party, what was paid of it, and which orders hold it."""
    path, of = "/v1/parties/{party}/dues", {"party": party, "contract": contract}
    answer = query(url, trust, language, path, **of, true_on=true_on, known_at=known_at)
    print_answer(answer, language, as_json=as_json)


@app.command("overdue")
def overdue(  # noqa: PLR0913  (the question's parameters)
    contract: Contract,
    *,
    url: Url,
    trust: TrustIfAny = None,
    true_on: Day = None,
    known_at: KnownAt = None,
    language: Lang = "en",
    as_json: AsJson = False,
) -> None:
    """Print missing reports and unpaid sums, days late and interest."""
    path = "/v1/contracts/{contract}/overdue"
    answer = query(
        url, trust, language, path, contract=contract, true_on=true_on, known_at=known_at
    )
    print_answer(answer, language, as_json=as_json)


@app.command("minimum")
def minimum(  # noqa: PLR0913  (the question's parameters)
    contract: Contract,
    year: Annotated[int, typer.Argument(help="The year in which it begins")],
    *,
    url: Url,
    trust: TrustIfAny = None,
    licensee: Annotated[str | None, typer.Option(help="Default: the first")] = None,
    known_at: KnownAt = None,
    language: Lang = "en",
    as_json: AsJson = False,
) -> None:
    """Say whether the minimum of a year was met; exit code 1 if it was not."""
    path = "/v1/contracts/{contract}/minimum"
    which: dict[str, Any] = {"contract": contract, "year": year, "licensee": licensee}
    answer = query(url, trust, language, path, **which, known_at=known_at)
    print_answer(answer, language, as_json=as_json)
