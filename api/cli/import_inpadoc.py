"""`techledger import inpadoc`: an office's legal events, attested by a clerk."""

import json
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from api.cli.importing import CLERK, Attesting, remembered, trust_of
from api.cli.options import MAKES, AsJson, UrlIfAny
from api.cli.sending import NOT_ADMITTED, Outcome, print_renewed
from api.importers import MAX_REGISTER, Declined, ImporterError
from api.importers.inpadoc import ApplicationUnknown, Filing, NoTitle, StatusPlan, plan_status
from api.importers.inpadoc_records import MalformedEvents, parse_register
from ledger.domain.core.refusal import Refusal
from ledger.domain.core.types import PartyId
from ledger.domain.rights.right_status import OfficeEventRecorded
from ledger.follow.client import LedgerClient, ProblemAnswer
from ledger.home.paths import Home
from ledger.home.settings import Settings
from ledger.wire.regular import read_regular
from ledger.wire.shown import one_line


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
    issued_on: Annotated[
        datetime | None,
        typer.Option(formats=["%Y-%m-%d"], help="Day of issue of a patent of the United States"),
    ] = None,
    name: Annotated[str | None, typer.Option(help="Title; default: the publication")] = None,
    application_no: Annotated[
        str | None,
        typer.Option(help="Default: the publication's number, where it is no other application's"),
    ] = None,
    already_filed: Annotated[
        bool, typer.Option(help="The ledger has the right, by another event: send the facts alone")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Post the legal events of a title (INPADOC), signed by clerk and exchange."""
    settings = Settings()
    home = Home(settings.home)
    trust = trust_of(home)
    memory_file = home.path / "imports" / "inpadoc.json"
    now = datetime.now(UTC)
    filing = Filing(
        owner,
        filed_on.date() if filed_on else None,
        name,
        application_no,
        issued_on.date() if issued_on else None,
        already_filed,
    )
    planned, outcome = None, Outcome()
    memory = remembered(memory_file, trust.origin)
    raw = read_regular(file, MAX_REGISTER)
    try:
        register = parse_register(raw)
        planned = plan_status(register, filing, memory, clerk=CLERK, now=now)
    except ApplicationUnknown as error:
        outcome.not_sent.append(Declined(file.name, "CONTENT_MISSING", str(error)))
    except NoTitle as error:
        outcome.not_sent.append(Declined(file.name, "KIND_UNKNOWN", str(error)))
    except MalformedEvents as error:
        outcome.not_sent.append(Declined(file.name, "MALFORMED", str(error)))
    except Refusal as refusal:
        outcome.not_sent.append(Declined(file.name, refusal.code, refusal.detail))
    except (ImporterError, ValueError) as error:
        raise typer.BadParameter(
            f"{file}: {error}; {MAKES['legal events']}", param_hint="FILE"
        ) from None
    else:
        with LedgerClient(url or f"http://{settings.host}:{settings.port}", trust) as ledger:
            attesting = Attesting(ledger, home, memory, memory_file)
            outcome = attesting.send(tuple(planned), now, whole=True, quiet=as_json)
        outcome.not_sent.extend(planned.declined)
    if as_json:
        print(json.dumps(_report(planned, outcome), indent=1, ensure_ascii=False))
    else:
        _print(planned, outcome)
    raise typer.Exit(outcome.exit_code)


def _codes(planned: StatusPlan) -> Counter[tuple[str, str, str, str]]:
    """Count the events by code, what each became, its description, and what was unclear of it."""
    return Counter(
        (
            item.event.event_code,
            item.body.TOPIC,
            item.event.event_description,
            item.unclear or "",
        )
        for item in planned.mapped
    )


def _report(planned: StatusPlan | None, outcome: Outcome) -> dict[str, Any]:
    return {
        "right": planned and planned.right,
        **outcome.to_json(),
        "assumed": list(planned.assumed) if planned else [],
        "codes": [
            {
                "code": code,
                "type": topic,
                "description": description,
                "count": count,
                "unclear": unclear or None,
            }
            for (code, topic, description, unclear), count in sorted(_codes(planned).items())
        ]
        if planned
        else [],
    }


def _print(planned: StatusPlan | None, outcome: Outcome) -> None:
    console = Console(highlight=False, markup=False, emoji=False)
    if planned is not None:
        console.print(f"{planned.right}: {len(planned.mapped)} legal events")
        for line in planned.assumed:
            console.print(f"  assumed: {line}", markup=False)
        console.print(_codes_table(planned))
    counts = Counter((item.topic, item.status) for item in outcome.answered)
    summary = Table("type", "outcome", "count", title="Outcomes", title_justify="left")
    for (topic, status), count in sorted(counts.items()):
        summary.add_row(topic, status, str(count))
    console.print(summary)
    refused = Table("event", "code", "why", title=NOT_ADMITTED, title_justify="left")
    for item in outcome.answered:
        if isinstance(item.answer, ProblemAnswer):
            refused.add_row(item.source, item.answer.code, one_line(item.answer.detail))
    for declined in outcome.not_sent:
        refused.add_row(declined.source, declined.code, declined.detail)
    if refused.row_count:
        console.print(refused)
    print_renewed(console, outcome.answered)


def _codes_table(planned: StatusPlan) -> Table:
    codes = Table("code", "became", "count", "in the office's words", "unclear", title="Codes")
    for (code, topic, description, unclear), count in sorted(_codes(planned).items()):
        noted = topic == OfficeEventRecorded.TOPIC
        became = f"{topic} (no effect on status)" if noted else topic
        codes.add_row(code, became, str(count), description, unclear)
    return codes
