"""`techledger import inpadoc`: an office's legal events, attested by a clerk."""

import json
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from api.cli.importing import CLERK, Answered, Attesting, posted, print_renewed, status_of
from api.cli.options import AsJson, UrlIfAny
from api.importers import MAX_REGISTER, ImporterError
from api.importers.inpadoc import Filing, StatusPlan, plan_status
from api.importers.inpadoc_records import parse_register
from api.importers.memory import load_memory, save_memory
from ledger.client import LedgerClient, ProblemAnswer, read_trust
from ledger.domain.event import PartyId
from ledger.domain.right_status import OfficeEventRecorded
from ledger.home import Home
from ledger.settings import Settings
from ledger.wire.regular import read_regular


def inpadoc(  # noqa: PLR0913, PLR0917  (options of a command)
    file: Annotated[Path, typer.Argument(help="Legal events of one publication, as JSON")],
    url: UrlIfAny = None,
    owner: Annotated[
        PartyId | None, typer.Option(help="Party id of the proprietor, whom the events do not name")
    ] = None,
    filed_on: Annotated[
        datetime | None,
        typer.Option(formats=["%Y-%m-%d"], help="Day of filing; default: by the first event"),
    ] = None,
    name: Annotated[str | None, typer.Option(help="Title; default: the publication")] = None,
    application_no: Annotated[
        str | None, typer.Option(help="Default: the number of the publication")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Post the legal events of a title (INPADOC), signed by clerk and exchange."""
    settings = Settings()
    home = Home(settings.home)
    trust = read_trust(home.trust)
    memory_file = home.path / "imports" / "inpadoc.json"
    now = datetime.now(UTC)
    day: date | None = filed_on.date() if filed_on else None
    filing = Filing(owner, day, name, application_no)
    try:
        memory = load_memory(memory_file, trust.origin)
        planned = plan_status(
            parse_register(read_regular(file, MAX_REGISTER)), filing, memory, clerk=CLERK, now=now
        )
    except (ImporterError, OSError, ValueError) as error:
        raise typer.BadParameter(str(error), param_hint="FILE") from None
    with LedgerClient(url or f"http://{settings.host}:{settings.port}", trust) as ledger:
        attesting = Attesting(ledger, home, memory, memory_file)
        # What an event is called is kept before it is sent: lost, it would come back as a double.
        save_memory(memory_file, memory)
        attesting.register_clerk(now)
        save_memory(memory_file, memory)
        try:
            answered = posted(attesting, tuple(planned), quiet=as_json)
        finally:
            save_memory(memory_file, memory)
    if as_json:
        print(json.dumps(_report(planned, answered), indent=1, ensure_ascii=False))
    else:
        _print(planned, answered)


def _codes(planned: StatusPlan) -> Counter[tuple[str, str, str]]:
    """Count the events by code, what each became, and its description."""
    return Counter(
        (item.event.event_code, item.body.TOPIC, item.event.event_description)
        for item in planned.mapped
    )


def _report(planned: StatusPlan, answered: Sequence[Answered]) -> dict[str, Any]:
    return {
        "right": planned.right,
        "answers": [item.to_json() for item in answered],
        "codes": [
            {"code": code, "type": topic, "description": description, "count": count}
            for (code, topic, description), count in sorted(_codes(planned).items())
        ],
    }


def _print(planned: StatusPlan, answered: Sequence[Answered]) -> None:
    console = Console(highlight=False)
    console.print(f"{planned.right}: {len(planned.mapped)} legal events")
    codes = Table("code", "became", "count", "in the office's words", title="Codes")
    for (code, topic, description), count in sorted(_codes(planned).items()):
        noted = topic == OfficeEventRecorded.TOPIC
        became = f"{topic} (no effect on status)" if noted else topic
        codes.add_row(code, became, str(count), description)
    console.print(codes)
    counts = Counter((item.topic, status_of(item)) for item in answered)
    summary = Table("type", "outcome", "count", title="Outcomes", title_justify="left")
    for (topic, outcome), count in sorted(counts.items()):
        summary.add_row(topic, outcome, str(count))
    console.print(summary)
    refused = Table("event", "code", "why", title="Not admitted", title_justify="left")
    for item in answered:
        if isinstance(item.answer, ProblemAnswer):
            refused.add_row(item.source, item.answer.code, str(item.answer.problem["detail"]))
    if refused.row_count:
        console.print(refused)
    print_renewed(console, answered)
