"""`techledger licences`: whether a party may do something, here, for that, on that day."""

from typing import Annotated

import typer

from api.cli.answers import print_answer, query
from api.cli.options import AsJson, Lang, TrustIfAny, Url

app = typer.Typer(help="Whether a party was licensed, and by which grant.", no_args_is_help=True)


@app.callback()
def licences() -> None:
    """Keep `check` a command of its own: typer would else make it the whole program."""


@app.command("check")
def check(  # noqa: PLR0913  (the question's parameters)
    party: Annotated[str, typer.Argument(help="Who acts, e.g. party:vn.mst.0100047516")],
    act: Annotated[str, typer.Argument(help="make, use, sell, import, ...")],
    territory: Annotated[str, typer.Argument(help="world, iso:XX, vn-2025:NN or vn-2004:VN-NN")],
    *,
    url: Url,
    trust: TrustIfAny = None,
    field: Annotated[str | None, typer.Option(help="Symbol of the IPC; default: any")] = None,
    right: Annotated[str | None, typer.Option(help="One right or technology")] = None,
    true_on: Annotated[
        str | None, typer.Option(help="Legal day YYYY-MM-DD; default: today")
    ] = None,
    effect: Annotated[str, typer.Option(help="parties, or third_parties")] = "parties",
    known_at: Annotated[str | None, typer.Option(help="Position or instant")] = None,
    language: Lang = "en",
    as_json: AsJson = False,
) -> None:
    """Say whether a party was licensed, with every grant looked at; exit code 1 if not."""
    answer = query(
        url,
        trust,
        language,
        "/v1/licences/check",
        party=party,
        act=act,
        territory=territory,
        field=field,
        **({} if field is None else {"scheme": "ipc"}),
        right=right,
        true_on=true_on,
        effect=effect,
        known_at=known_at,
    )
    print_answer(answer, language, as_json=as_json)
