"""`techledger disputes`: what was ordered, what an order holds, what falls with a void event."""

from collections.abc import Iterator
from typing import Annotated

import typer

from api.cli.answers import Answer, asked, shown
from api.cli.options import AsJson, TrustIfAny, Url
from projections.dependencies import Falls
from projections.disputes import HoldsOn
from projections.vouching import MarkedDispute

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
    as_json: AsJson = False,
) -> None:
    """Print the steps of a dispute, and its orders with their ends."""
    answer = asked(url, trust, MarkedDispute, f"/v1/disputes/{dispute}", known_at=known_at)
    shown(answer, _told(answer), as_json=as_json)


def _told(answer: Answer) -> Iterator[str]:
    if not answer["steps"]:
        yield f"{answer['dispute']} is not known"
    for step in answer["steps"]:
        against = f" against {', '.join(step['against'])}" if step["against"] else ""
        words = f": {step['words']}" if step["words"] else ""
        yield f"{step['position']:>8}  {step['topic']:<22} {', '.join(step['by'])}{against}{words}"
    yield from map(_ordered, answer["orders"])


def _ordered(order: Answer) -> str:
    days = f"[{order['start']}, {order['end'] or '…'})"
    party = f" for {order['party']}" if order["party"] else ""
    position = order["lifted_position"]
    lifted = f", lifted by {position}" if position is not None else ""
    return f"{order['name']}  {order['effect']}  {order['subject']}{party}  {days}{lifted}"


@app.command("falls")
def falls(
    position: Annotated[int, typer.Argument(help="Of the event that is void from the start")],
    *,
    url: Url,
    trust: TrustIfAny = None,
    known_at: KnownAt = None,
    as_json: AsJson = False,
) -> None:
    """Print which events fall if the one at the position is void from the start, and why."""
    answer = asked(url, trust, Falls, f"/v1/entries/{position}/falls", known_at=known_at)
    shown(answer, _fallen(answer), as_json=as_json)


def _fallen(answer: Answer) -> Iterator[str]:
    if not answer["fallen"]:
        yield f"nothing rests on {answer['position']}"
    for each in answer["fallen"]:
        event = each["event"]
        sure = "falls" if each["certain"] else "may fall"
        why = f"{', '.join(each['because'])} of {', '.join(map(str, each['of']))}"
        yield f"{event['position']:>8}  {event['topic']:<24} {sure}: needs {why}"


@app.command("holds")
def holds(
    subject: Annotated[str, typer.Argument(help="E.g. share:…, right:…, listing:…")],
    *,
    url: Url,
    trust: TrustIfAny = None,
    true_on: Annotated[
        str | None, typer.Option(help="Legal day YYYY-MM-DD; default: today")
    ] = None,
    known_at: KnownAt = None,
    as_json: AsJson = False,
) -> None:
    """Print which orders hold a subject on a day."""
    path = f"/v1/subjects/{subject}/holds"
    answer = asked(url, trust, HoldsOn, path, true_on=true_on, known_at=known_at)
    shown(answer, _held(answer), as_json=as_json)


def _held(answer: Answer) -> Iterator[str]:
    for order in answer["orders"]:
        yield f"{order['dispute']}  {_ordered(order)}"
    if not answer["orders"]:
        yield f"no order holds {answer['subject']} on {answer['true_on']}"
