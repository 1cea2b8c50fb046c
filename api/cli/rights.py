"""`techledger rights`: who owned a right, by which events, and what burdened it."""

from collections.abc import Iterator
from typing import Annotated

import typer

from api.cli.answers import Answer, asked, shown
from api.cli.options import AsJson, TrustFile, Url

app = typer.Typer(
    help="Who owned a right, by which events, and what burdened it.", no_args_is_help=True
)

Right = Annotated[str, typer.Argument(help="Right id, e.g. right:us.15145443")]
Day = Annotated[str | None, typer.Option(help="Legal day YYYY-MM-DD; default: today")]
KnownAt = Annotated[
    str | None,
    typer.Option(help="Position or instant, a day with --known-by office; default: all known"),
]
KnownBy = Annotated[str, typer.Option(help="ledger, or office: by its day of recording")]
Effect = Annotated[str, typer.Option(help="parties, or third_parties")]


@app.command("title")
def title(  # noqa: PLR0913  (the question's parameters)
    right: Right,
    *,
    url: Url,
    trust: TrustFile,
    true_on: Day = None,
    known_at: KnownAt = None,
    known_by: KnownBy = "ledger",
    effect: Effect = "parties",
    as_json: AsJson = False,
) -> None:
    """Print who owned the right on a day, and which assignments wait."""
    answer = asked(
        url,
        trust,
        f"/v1/rights/{right}/title",
        true_on=true_on,
        known_at=known_at,
        known_by=known_by,
        effect=effect,
    )
    shown(answer, _owned(answer), as_json=as_json)


def _owned(answer: Answer) -> Iterator[str]:
    for owner in answer["owners"]:
        numerator, denominator = owner["share"]
        yield f"{numerator}/{denominator}  {owner['party']}  by {owner['by']}"
    if not answer["owners"]:
        yield f"nobody is known to own {answer['right']} on {answer['true_on']}"
    for pending in answer["pending"]:
        kept = f", kept until {pending['kept_until']}" if pending["kept_until"] else ""
        yield f"waits  {pending['assignment']}, agreed on {pending['agreed_on']}{kept}"


@app.command("chain")
def chain(
    right: Right,
    *,
    url: Url,
    trust: TrustFile,
    known_at: KnownAt = None,
    as_json: AsJson = False,
) -> None:
    """Print every event of the right's title, in order of recording."""
    answer = asked(url, trust, f"/v1/rights/{right}/chain", known_at=known_at)
    shown(answer, map(_linked, answer["links"]), as_json=as_json)


def _linked(link: Answer) -> str:
    parties = f"{', '.join(link['givers']) or '-'} → {', '.join(link['takers']) or '-'}"
    return f"{link['position']:>8}  {link['true_from']}  {link['link']:<19} {parties}"


@app.command("liens")
def liens(  # noqa: PLR0913  (the question's parameters)
    right: Right,
    *,
    url: Url,
    trust: TrustFile,
    true_on: Day = None,
    known_at: KnownAt = None,
    known_by: KnownBy = "ledger",
    effect: Effect = "parties",
    as_json: AsJson = False,
) -> None:
    """Print the liens in force on a day, in order of rank."""
    answer = asked(
        url,
        trust,
        f"/v1/rights/{right}/liens",
        true_on=true_on,
        known_at=known_at,
        known_by=known_by,
        effect=effect,
    )
    shown(answer, map(_ranked, answer["liens"]), as_json=as_json)


def _ranked(lien: Answer) -> str:
    perfected = f"perfected {lien['perfected_at']}" if lien["perfected_at"] else "not perfected"
    return f"{lien['rank']:>3}  {lien['security']}  {', '.join(lien['creditors'])}  {perfected}"
