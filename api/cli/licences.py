"""`techledger licences`: whether a party may do something, here, for that, on that day."""

from collections.abc import Iterator
from typing import Annotated

import typer

from api.cli.answers import Answer, asked, granted, shown
from api.cli.options import AsJson, TrustIfAny, Url
from api.cli.parties import waiting_lines
from projections.licences import LicenceCheck

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
    as_json: AsJson = False,
) -> None:
    """Say whether a party was licensed, with every grant looked at; exit code 1 if not."""
    answer = asked(
        url,
        trust,
        LicenceCheck,
        "/v1/licences/check",
        party=party,
        act=act,
        territory=territory,
        field=field,
        right=right,
        true_on=true_on,
        effect=effect,
        known_at=known_at,
    )
    shown(answer, _judged(answer), as_json=as_json)


def _judged(answer: Answer) -> Iterator[str]:
    yield f"{'licensed' if answer['licensed'] else 'not licensed'} on {answer['use']['true_on']}"
    for each in answer["grants"]:
        yield f"{'yes' if each['holds'] else 'no '}  {granted(each['grant'])}"
        for head in each["heads"]:
            yield f"     under  {granted(head)}"
        for end in each["ended"]:
            yield f"     {end['right']} {end['status'] or 'unknown'} since {end['since']}"
        against = [*(f"beyond its {side}" for side in each["beyond"]), *each["against"]]
        if against:
            yield f"     {', '.join(against)}"
    yield from waiting_lines(answer["waiting"])
    if not answer["grants"]:
        yield "no grant of this act to this party is current"
