"""`techledger parties`: who a party is, who may bind it, what its keys signed."""

from typing import Annotated

import typer

from api.cli.answers import print_answer, query
from api.cli.options import AsJson, Lang, TrustIfAny, Url

app = typer.Typer(
    help="Who a party is, who may bind it, what its keys signed.", no_args_is_help=True
)

Party = Annotated[str, typer.Argument(help="Party id, e.g. party:vn.mst.0100047516")]
KnownAt = Annotated[
    str | None, typer.Option(help="Position or instant; default: all that is known")
]
Day = Annotated[str | None, typer.Option(help="Legal day YYYY-MM-DD; default: today")]


@app.command("show")
def show(  # noqa: PLR0913  (the question's parameters)
    party: Party,
    *,
    url: Url,
    trust: TrustIfAny = None,
    true_on: Day = None,
    known_at: KnownAt = None,
    language: Lang = "en",
    as_json: AsJson = False,
) -> None:
    """Print who the party is on a day: name, numbers, roles, relations, and how it ended."""
    path = "/v1/parties/{party}"
    answer = query(url, trust, language, path, party=party, true_on=true_on, known_at=known_at)
    print_answer(answer, language, as_json=as_json)


@app.command("power")
def power(  # noqa: PLR0913  (the question's parameters)
    party: Party,
    *,
    url: Url,
    trust: TrustIfAny = None,
    signer: Annotated[str, typer.Option(help="Who is to sign for the party")],
    true_on: Day = None,
    topic: Annotated[str | None, typer.Option(help="Type of event without version")] = None,
    amount: Annotated[int | None, typer.Option(help="Price in minor units")] = None,
    currency: Annotated[str, typer.Option(help="Of the price")] = "VND",
    known_at: KnownAt = None,
    language: Lang = "en",
    as_json: AsJson = False,
) -> None:
    """Say whether the signer had power to bind the party on a day; exit code 1 if not."""
    answer = query(
        url,
        trust,
        language,
        "/v1/parties/{party}/power",
        party=party,
        signer=signer,
        true_on=true_on,
        topic=topic,
        amount=amount,
        currency=currency,
        known_at=known_at,
    )
    print_answer(answer, language, as_json=as_json)


@app.command("signed")
def signed(  # noqa: PLR0913  (the question's parameters)
    key_id: Annotated[str, typer.Argument(help="Key id: 64 hexadecimal digits")],
    *,
    url: Url,
    trust: TrustIfAny = None,
    between: Annotated[str, typer.Option(help="always, or compromise")] = "always",
    topic: Annotated[str | None, typer.Option(help="Type of event with version")] = None,
    known_at: KnownAt = None,
    language: Lang = "en",
    as_json: AsJson = False,
) -> None:
    """Print what a key signed, and which of it is in doubt."""
    answer = query(
        url,
        trust,
        language,
        "/v1/keys/{key_id}/signed",
        key_id=key_id,
        between=between,
        topic=topic,
        known_at=known_at,
    )
    print_answer(answer, language, as_json=as_json)
