"""`techledger import uspto`: recorded conveyances, attested by a clerk."""

import json
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from api.cli.importing import CLERK, Attesting, remembered, trust_of
from api.cli.options import AsJson, UrlIfAny, reading
from api.cli.sending import NOT_ADMITTED, Outcome, print_renewed
from api.importers import MAX_REGISTER, ImporterError
from api.importers.explanations import meaning
from api.importers.uspto import Plan, plan
from api.importers.uspto_parties import default_mapping, parse_mapping
from api.importers.uspto_records import ConveyanceRecords, parse_records
from ledger.follow.client import LedgerClient, ProblemAnswer
from ledger.home.paths import Home
from ledger.home.settings import Settings
from ledger.wire.regular import read_regular
from ledger.wire.shown import one_line


def uspto(
    directory: Annotated[Path, typer.Argument(help="Holds assignments.jsonl")],
    url: UrlIfAny = None,
    mapping: Annotated[
        Path | None, typer.Option(help="Party spellings and links; default: the shipped file")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Post recorded conveyances of the USPTO, signed by clerk and exchange."""
    settings = Settings()
    home = Home(settings.home)
    trust = trust_of(home)
    memory_file = home.path / "imports" / "uspto.json"
    now = datetime.now(UTC)
    memory, parties = remembered(memory_file, trust.origin), default_mapping()
    if mapping:
        said = read_regular(mapping)
        with reading(mapping, "mapping of parties", "--mapping", ImporterError):
            parties = parse_mapping(said)
    file = directory / "assignments.jsonl"
    raw = read_regular(file, MAX_REGISTER)
    with reading(file, "records", "DIRECTORY", ImporterError):
        register = parse_records(raw)
        if register == ConveyanceRecords((), ()):
            raise ImporterError("it has no line with one")
        planned = plan(register, parties, memory, clerk=CLERK, now=now)
    with LedgerClient(url or f"http://{settings.host}:{settings.port}", trust) as ledger:
        attesting = Attesting(ledger, home, memory, memory_file)
        outcome = attesting.send(tuple(planned), now, quiet=as_json)
    outcome.not_sent.extend(planned.declined)
    if as_json:
        print(json.dumps(_report(planned, outcome), indent=1, ensure_ascii=False))
    else:
        _print(planned, outcome)
    raise typer.Exit(outcome.exit_code)


def _report(planned: Plan, outcome: Outcome) -> dict[str, Any]:
    return {
        "outcomes": [
            {"type": topic, "outcome": status, "count": count, "meaning": meaning(status)}
            for (topic, status), count in sorted(_counted(outcome).items())
        ],
        **outcome.to_json(),
        "unfiled": list(planned.unfiled),
        "left_out": [{"source": each.source, "detail": each.detail} for each in planned.left_out],
        "persons": list(planned.persons),
    }


def _counted(outcome: Outcome) -> Counter[tuple[str, str]]:
    counts = Counter((item.topic, item.status) for item in outcome.answered)
    counts.update(("not sent", item.code) for item in outcome.not_sent)
    return counts


def _print(planned: Plan, outcome: Outcome) -> None:
    console = Console(highlight=False, markup=False, emoji=False)
    summary = Table("type", "outcome", "count", "meaning", title="Outcomes", title_justify="left")
    for (topic, status), count in sorted(_counted(outcome).items()):
        summary.add_row(topic, status, str(count), meaning(status))
    console.print(summary)
    console.print(_not_admitted(outcome))
    print_renewed(console, outcome.answered)
    if planned.unfiled:
        console.print(f"Not filed, no record shows an owner: {', '.join(planned.unfiled)}")
    for each in planned.left_out:
        console.print(f"{each.source}: {each.detail}", markup=False)
    if planned.persons:
        names = "; ".join(planned.persons)
        console.print(f"Taken for persons, and known by tokens: {names}", markup=False)


def _not_admitted(outcome: Outcome) -> Table:
    """Return what was refused, event by event, and what was not sent, by its reason."""
    table = Table("record", "code", "forbidden by", "why", title=NOT_ADMITTED, title_justify="left")
    for item in outcome.answered:
        if isinstance(item.answer, ProblemAnswer):
            places = ", ".join(map(str, item.answer.positions))
            table.add_row(item.source, item.answer.code, places, one_line(item.answer.detail))
    alike: dict[tuple[str, str], list[str]] = {}
    for declined in outcome.not_sent:
        alike.setdefault((declined.code, declined.detail), []).append(declined.source)
    for (code, detail), (first, *others) in alike.items():
        table.add_row(f"{first} and {len(others)} more" if others else first, code, "", detail)
    return table
