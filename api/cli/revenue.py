"""`techledger revenue`: how money was computed, what is owed, held and late, what was promised."""

from collections.abc import Iterator
from typing import Annotated

import typer

from api.cli.answers import Answer, asked, shown
from api.cli.options import AsJson, TrustIfAny, Url
from projections.arrears import MinimumMet, Overdue
from projections.computation import Computation
from projections.dues import Dues

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
    as_json: AsJson = False,
) -> None:
    """Print how a distribution was computed; contested if it does not compute again."""
    path = f"/v1/distributions/{distribution}/computation"
    answer = asked(url, trust, Computation, path, known_at=known_at)
    shown(answer, _computed(answer), as_json=as_json)


def _computed(answer: Answer) -> Iterator[str]:
    if answer["total"] is None:
        yield f"{answer['distribution']} is not known"
        return
    for report in answer["reports"]:
        yield from _reported(report)
    currency = answer["total"]["currency"]
    yield f"total  {answer['total']['amount']:,} {currency}"
    for step in answer["waterfall"]:
        yield f"  first {step['amount']:,} to {step['to']}: {step['name']}"
    for part in answer["parts"]:
        yield f"  {part['ppm'] / 10_000:g} %  {part['amount']:,} {currency}  {part['party']}"
    if not answer["parts"]:
        yield from (f"  {amount:,} {currency}  {party}" for party, amount in answer["signed"])
    if answer["suspense"]:
        yield f"  {answer['suspense']:,} {currency} waits for the authors to agree"
    for rule in answer["rules"]:
        yield f"rule   {rule}"
    yield _SAID[answer["recomputed"]]


_SAID = {
    True: "computed again: the same",
    False: "computed again: NOT what was signed",
    None: "not computed again: something of it is sealed, or no royalty is agreed",
}


def _reported(report: Answer) -> Iterator[str]:
    yield f"{report['report']}  [{report['period_from']}, {report['period_to']})"
    for line in report["lines"]:
        yield from _line(line, report["currency"])
    yield f"  due {report['due']:,}"
    yield f"  {_DUE[report['recomputed']]}"


_DUE = {
    True: "reckoned again: the same",
    False: "reckoned again: NOT what the report says",
    None: "not reckoned again: no royalty is agreed, or it is sealed",
}


def _line(line: Answer, currency: str) -> Iterator[str]:
    place = "" if line["territory"] is None else f" in {line['territory']}"
    back = "" if line["returns"] is None else f", takes back {line['returns']}"
    yield f"  line {line['line']}  [{line['period_from']}, {line['period_to']}){place}{back}"
    yield f"    gross {line['gross']:,} {currency}"
    for kind, amount in line["deductions"]:
        yield f"    less {kind} {amount:,}"
    rates = ", then ".join(
        f"{ppm / 10_000:g} %" + (f" up to {upto:,}" if upto else "") for upto, ppm in line["tiers"]
    )
    if line["per_unit"] is not None:
        rates = f"{line['per_unit']:,} a unit, {line['units']:,} units"
    yield f"    base {line['base']:,} ({line['royalty_base'] or 'no rates to be seen'}) {rates}"


@app.command("dues")
def dues(  # noqa: PLR0913  (the question's parameters)
    party: Annotated[str, typer.Argument(help="Payee, e.g. party:tok.…")],
    *,
    url: Url,
    trust: TrustIfAny = None,
    contract: Annotated[str | None, typer.Option(help="Of one contract")] = None,
    true_on: Day = None,
    known_at: KnownAt = None,
    as_json: AsJson = False,
) -> None:
    """Print what is owed to a party, what was paid of it, and which orders hold it."""
    path = f"/v1/parties/{party}/dues"
    answer = asked(url, trust, Dues, path, contract=contract, true_on=true_on, known_at=known_at)
    shown(answer, _owed(answer), as_json=as_json)


def _owed(answer: Answer) -> Iterator[str]:
    for line in answer["lines"]:
        sums = f"payable {line['payable']:,}  paid {line['paid']:,}  open {line['open']:,}"
        yield f"{line['distribution']}  {sums} {line['currency']}"
        for order in line["held_by"]:
            yield f"  held by {order['dispute']} {order['name']}, since {order['start']}"
    for each in answer["suspense"]:
        yield f"{each['distribution']}  {each['amount']:,} {each['currency']} waits for the authors"
    for kind in ("payable", "paid", "held"):
        yield from (f"{kind:<8} {amount:,} {currency}" for currency, amount in answer[kind])
    if not answer["lines"]:
        yield f"nothing was distributed to {answer['party']}"


@app.command("overdue")
def overdue(
    contract: Contract,
    *,
    url: Url,
    trust: TrustIfAny = None,
    true_on: Day = None,
    known_at: KnownAt = None,
    as_json: AsJson = False,
) -> None:
    """Print missing reports and unpaid sums, days late and interest."""
    answer = asked(
        url, trust, Overdue, f"/v1/contracts/{contract}/overdue", true_on=true_on, known_at=known_at
    )
    shown(answer, _late(answer), as_json=as_json)


def _late(answer: Answer) -> Iterator[str]:
    if answer["sealed"]:
        yield "the schedule is sealed: nothing can be derived from it"
    for each in answer["unreported"]:
        period = f"[{each['period_from']}, {each['period_to']})"
        yield f"no report {period} by {each['licensee']}, {each['days_late']} days late"
    for each in answer["unpaid"]:
        interest = f"interest {each['interest']:,} at {each['yearly_ppm'] / 10_000:g} % a year"
        late = f"{each['days_late']} days late, {interest} ({each['rule']['rule']})"
        yield f"{each['report']}  unpaid {each['unpaid']:,} {each['currency']}, {late}"
    if not (answer["unreported"] or answer["unpaid"] or answer["sealed"]):
        yield f"nothing is overdue on {answer['true_on']}"


@app.command("minimum")
def minimum(  # noqa: PLR0913  (the question's parameters)
    contract: Contract,
    year: Annotated[int, typer.Argument(help="The year in which it begins")],
    *,
    url: Url,
    trust: TrustIfAny = None,
    licensee: Annotated[str | None, typer.Option(help="Default: the first")] = None,
    known_at: KnownAt = None,
    as_json: AsJson = False,
) -> None:
    """Say whether the minimum of a year was met; exit code 1 if it was not."""
    path = f"/v1/contracts/{contract}/minimum"
    answer = asked(url, trust, MinimumMet, path, year=year, licensee=licensee, known_at=known_at)
    shown(answer, _least(answer), as_json=as_json)


def _least(answer: Answer) -> Iterator[str]:
    if answer["minimum"] is None:
        yield f"no minimum is known for {answer['year']}: none was agreed, or it is sealed"
        return
    yield f"{'met' if answer['met'] else 'not met'} in {answer['year']} by {answer['licensee']}"
    for what in ("minimum", "earned", "carried", "short"):
        yield f"{what:<8} {answer[what]:,} {answer['currency']}"
