"""`techledger contracts`: which terms held when, who changed them, what the State has to see."""

import json
from collections.abc import Iterator
from typing import Annotated

import typer

from api.cli.answers import Answer, asked, shown
from api.cli.options import AsJson, TrustIfAny, Url
from projections.registrations import Duties
from projections.sublicences import Tree
from projections.terms import ReportTerms, TermsOn, VersionDiff, Versions

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
    as_json: AsJson = False,
) -> None:
    """Print the terms in force on a day, the contract's status and its clocks."""
    path = f"/v1/contracts/{contract}/terms"
    answer = asked(
        url,
        trust,
        TermsOn if report is None else ReportTerms,
        path,
        true_on=true_on,
        report=report,
        known_at=known_at,
    )
    lines = _described(answer) if report is None else _reported(answer)
    shown(answer, lines, as_json=as_json)


def _described(answer: Answer) -> Iterator[str]:
    if answer["status"] is None:
        yield f"{answer['contract']} is not known"
        return
    yield f"{answer['contract']}  {answer['status']} on {answer['true_on']}"
    yield f"version {answer['version']}, between {', '.join(answer['parties'])}"
    for clock, day in answer["clocks"].items():
        if day:
            yield f"{clock:<20} {day}"
    for grant in answer["terms"]["grants"]:
        yield _granted(grant)
    for member, value in answer["terms"].items():
        if value not in (None, [], "none") and member != "grants":
            yield f"{member:<20} {json.dumps(value, ensure_ascii=False)}"


def _granted(grant: Answer) -> str:
    objects = ", ".join((*grant["rights"], *grant["technologies"]))
    days = f"{grant['valid_from']} to {grant['valid_to'] or 'no day'}"
    places = ", ".join(grant["territory"]["codes"])
    what = f"{grant['exclusivity']} {'/'.join(grant['acts'])} in {places}, {days}"
    return f"grant {grant['grant']:<14} {what}, on {objects}, to {grant['licensee']}"


def _reported(answer: Answer) -> Iterator[str]:
    if answer["filed"] is None:
        yield f"{answer['report']} is not known of this contract"
        return
    yield f"when {answer['report']} was filed:"
    yield from (f"  {line}" for line in _described(answer["filed"]))
    for sold in answer["sold"]:
        yield f"its sales from {sold['true_on']} on:"
        yield from (f"  {line}" for line in _described(sold))


@app.command("versions")
def versions(
    contract: Contract,
    *,
    url: Url,
    trust: TrustIfAny = None,
    known_at: KnownAt = None,
    as_json: AsJson = False,
) -> None:
    """Print who changed which terms, by which event, from when on."""
    answer = asked(url, trust, Versions, f"/v1/contracts/{contract}/versions", known_at=known_at)
    shown(answer, map(_version, answer["versions"]), as_json=as_json)


def _version(version: Answer) -> str:
    since = version["effective_from"] or f"registration, agreed for {version['agreed_from']}"
    what = ", ".join(version["changed"]) or "first terms"
    signers = ", ".join(version["signers"])
    return f"{version['version']}  from {since}  {what}  by {version['position']}, {signers}"


@app.command("diff")
def diff(  # noqa: PLR0913  (the question's parameters)
    contract: Contract,
    before: Annotated[int, typer.Argument(help="Version, counted as recorded from 1")],
    after: Annotated[int, typer.Argument(help="A later version")],
    *,
    url: Url,
    trust: TrustIfAny = None,
    known_at: KnownAt = None,
    as_json: AsJson = False,
) -> None:
    """Print what two versions of the terms have otherwise."""
    path = f"/v1/contracts/{contract}/versions/{before}/diff/{after}"
    answer = asked(url, trust, VersionDiff, path, known_at=known_at)
    shown(answer, map(_difference, answer["differences"]), as_json=as_json)


def _difference(difference: Answer) -> str:
    old, new = (json.dumps(difference[side], ensure_ascii=False) for side in ("before", "after"))
    return f"{difference['member']}: {old} -> {new}  by {difference['by']}"


@app.command("sublicences")
def sublicences(
    contract: Contract,
    *,
    url: Url,
    trust: TrustIfAny = None,
    true_on: Day = None,
    known_at: KnownAt = None,
    as_json: AsJson = False,
) -> None:
    """Print the tree of what was passed on under a contract."""
    path = f"/v1/contracts/{contract}/sublicences"
    answer = asked(url, trust, Tree, path, true_on=true_on, known_at=known_at)
    shown(answer, map(_below, answer["grants"]), as_json=as_json)


def _below(below: Answer) -> str:
    grant = below["grant"]
    state = "fell with its head" if below["fallen"] else "stands" if below["current"] else "is over"
    return f"{'  ' * below['tier']}{grant['ref']} to {grant['licensee']}: {state}"


@app.command("registrations")
def registrations(  # noqa: PLR0913  (the question's parameters)
    *,
    url: Url,
    trust: TrustIfAny = None,
    late: Annotated[bool, typer.Option("--late", help="Only those filed late")] = False,
    technology: Annotated[str | None, typer.Option(help="Only of this technology")] = None,
    true_on: Day = None,
    known_at: KnownAt = None,
    as_json: AsJson = False,
) -> None:
    """Print the contracts that wait for a permit or a registration, and how late they are."""
    answer = asked(
        url,
        trust,
        Duties,
        "/v1/contracts/registrations",
        late=str(late).lower(),
        technology=technology,
        true_on=true_on,
        known_at=known_at,
    )
    shown(answer, map(_duty, answer["duties"]), as_json=as_json)


def _duty(duty: Answer) -> str:
    row = duty["registration"]
    awaited = f"no answer, due by {duty['answer_by']}" if duty["answer_by"] else "no answer"
    answered = f"{row['number']} of {row['answered_on']}" if row["number"] else awaited
    late = f", {duty['overdue_days']} days late" if duty["late"] else ""
    return (
        f"{row['subject']}  {row['purpose']} to be filed by {duty['file_by']}{late}; "
        f"filed {row['filed_on'] or 'never'}, {answered}"
    )
