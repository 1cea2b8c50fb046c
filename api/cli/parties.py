"""`techledger parties`: who a party is, who may bind it, what its keys signed."""

from collections.abc import Iterable, Iterator
from typing import Annotated

import typer

from api.cli.answers import Answer, asked, shown
from api.cli.options import AsJson, TrustIfAny, Url
from projections.mandates import PowerToBind
from projections.parties import PartyAsKnown
from projections.vouching import MarkedSignedBy

app = typer.Typer(
    help="Who a party is, who may bind it, what its keys signed.", no_args_is_help=True
)

Party = Annotated[str, typer.Argument(help="Party id, e.g. party:vn.mst.0100047516")]
KnownAt = Annotated[
    str | None, typer.Option(help="Position or instant; default: all that is known")
]
Day = Annotated[str | None, typer.Option(help="Legal day YYYY-MM-DD; default: today")]


@app.command("show")
def show(
    party: Party,
    *,
    url: Url,
    trust: TrustIfAny = None,
    true_on: Day = None,
    known_at: KnownAt = None,
    as_json: AsJson = False,
) -> None:
    """Print who the party is on a day: name, numbers, roles, relations, and how it ended."""
    answer = asked(
        url, trust, PartyAsKnown, f"/v1/parties/{party}", true_on=true_on, known_at=known_at
    )
    shown(answer, _described(answer), as_json=as_json)


def _described(answer: Answer) -> Iterator[str]:
    if answer["kind"] is None:
        yield f"{answer['party']} is not registered"
        return
    yield f"{answer['party']}  {answer['kind']}, seated in {answer['seat']}"
    yield f"name   {answer['name'] or '(none: a person is a token)'}"
    for fact in answer["facts"]:
        if fact["fact"] not in ("kind", "seat", "name"):
            yield f"{fact['fact']:<11} {fact['scheme']} {fact['value']}  ({fact['position']})"
    for each in answer["relations"]:
        yield f"{each['kind']}  {each['other']}  from {each['start']}  {each['positions']}"


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
    as_json: AsJson = False,
) -> None:
    """Say whether the signer had power to bind the party on a day; exit code 1 if not."""
    answer = asked(
        url,
        trust,
        PowerToBind,
        f"/v1/parties/{party}/power",
        signer=signer,
        true_on=true_on,
        topic=topic,
        amount=amount,
        currency=currency,
        known_at=known_at,
    )
    shown(answer, _judged(answer), as_json=as_json)


def _judged(answer: Answer) -> Iterator[str]:
    yield f"{'yes' if answer['binds'] else 'no'}: {answer['signer']} on {answer['true_on']}"
    if answer["ended"]:
        yield f"{answer['ended']['subject']} had ended ({answer['ended']['position']})"
    yield from waiting_lines(answer["waiting"])
    for each in answer["mandates"]:
        mandate = each["mandate"]
        lacks = f"lacks {', '.join(each['lacks'])}" if each["lacks"] else "covers it"
        days = f"[{mandate['valid_from']}, {mandate['valid_to'] or '…'})"
        yield f"{mandate['mandate']}  {days}  {' '.join(mandate['topics'])}  {lacks}"


def waiting_lines(waiting: Iterable[Answer]) -> Iterator[str]:
    """Yield what does not bind yet, and from when on it does."""
    for each in waiting:
        what = (
            f"key {each['key_id']}"
            if each["key_id"]
            else " ".join(["registration", *each["roles"]])
        )
        yield f"waits  {each['party']}  {what}  from {each['not_before']}  ({each['position']})"


@app.command("signed")
def signed(  # noqa: PLR0913  (the question's parameters)
    key_id: Annotated[str, typer.Argument(help="Key id: 64 hexadecimal digits")],
    *,
    url: Url,
    trust: TrustIfAny = None,
    between: Annotated[str, typer.Option(help="always, or compromise")] = "always",
    topic: Annotated[str | None, typer.Option(help="Type of event with version")] = None,
    known_at: KnownAt = None,
    as_json: AsJson = False,
) -> None:
    """Print what a key signed, and which of it is in doubt."""
    answer = asked(
        url,
        trust,
        MarkedSignedBy,
        f"/v1/keys/{key_id}/signed",
        between=between,
        topic=topic,
        known_at=known_at,
    )
    shown(answer, _signed(answer), as_json=as_json)


def _signed(answer: Answer) -> Iterator[str]:
    for each in answer["signed"]:
        event = each["event"]
        words = " ".join(f"{word['given_by']} {word['outcome']}" for word in each["words"])
        doubt = ("in doubt, open" if each["open"] else f"in doubt: {words}") * each["in_doubt"]
        yield f"{event['position']:>8}  {event['topic']:<28} {doubt}"
