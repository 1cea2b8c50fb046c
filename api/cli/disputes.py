"""`techledger disputes`: what was ordered, what an order holds, what falls with a void event."""

from typing import Annotated

import typer

from api.cli.answers import print_answer, query
from api.cli.options import AsJson, Lang, TrustIfAny, Url

app = typer.Typer(
    help="What was ordered, what an order holds, what falls with a void event.",
    no_args_is_help=True,
)

KnownAt = Annotated[
    str | None, typer.Option(help="Position or instant; default: all that is known")
]


@app.command("show")
def show(
    dispute: Annotated[str, typer.Argument(help="Dispute id")],
    *,
    url: Url,
    trust: TrustIfAny = None,
    known_at: KnownAt = None,
    language: Lang = "en",
    as_json: AsJson = False,
) -> None:
    """Print the steps of a dispute, and its orders with their ends."""
    path = "/v1/disputes/{dispute}"
    answer = query(url, trust, language, path, dispute=dispute, known_at=known_at)
    print_answer(answer, language, as_json=as_json)


@app.command("falls")
def falls(
    position: Annotated[int, typer.Argument(help="Of the event that is void from the start")],
    *,
    url: Url,
    trust: TrustIfAny = None,
    known_at: KnownAt = None,
    language: Lang = "en",
    as_json: AsJson = False,
) -> None:
    """Print which events fall if the one at the position is void from the start, and why."""
    path = "/v1/entries/{position}/falls"
    answer = query(url, trust, language, path, position=position, known_at=known_at)
    print_answer(answer, language, as_json=as_json)


@app.command("holds")
def holds(  # noqa: PLR0913  (the question's parameters)
    subject: Annotated[str, typer.Argument(help="E.g. share:…, right:…, listing:…")],
    *,
    url: Url,
    trust: TrustIfAny = None,
    true_on: Annotated[
        str | None, typer.Option(help="Legal day YYYY-MM-DD; default: today")
    ] = None,
    known_at: KnownAt = None,
    language: Lang = "en",
    as_json: AsJson = False,
) -> None:
    """Print which orders hold a subject on a day."""
    path = "/v1/subjects/{subject}/holds"
    answer = query(url, trust, language, path, subject=subject, true_on=true_on, known_at=known_at)
    print_answer(answer, language, as_json=as_json)
