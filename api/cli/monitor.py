"""`techledger monitor`: watch a log for its users, and say what is wrong with it."""

import json
import time
from pathlib import Path
from typing import Annotated

import httpx2
import typer

from api.cli.audit import LawDirectory, ServedLog
from api.cli.options import AsJson, TrustFile, Url
from ledger.gate import places, remembered
from ledger.lawbook import laws_at_hand
from ledger.monitor import Alarm, Mine, Monitor
from ledger.verify.trust import parse_trust


def monitor(  # noqa: PLR0913  (the command's options)
    directory: Annotated[Path, typer.Argument(help="Where to keep a mirror", file_okay=False)],
    *,
    url: Url,
    trust: TrustFile,
    every: Annotated[
        float | None, typer.Option(help="Seconds between looks; default: look once")
    ] = None,
    stall: Annotated[
        float, typer.Option(help="Seconds after which silence or old cosignatures are an alarm")
    ] = 7200,
    party: Annotated[
        list[str] | None, typer.Option(help="Party whose keys are your own; repeatable")
    ] = None,
    signed: Annotated[
        Path | None,
        typer.Option(help="Ids or payload hashes of what you signed, one a line", exists=True),
    ] = None,
    law: LawDirectory = None,
    as_json: AsJson = False,
) -> None:
    """Take in what is new, judge every byte, signature and rule of it; print an alarm a line.

    Exit code 1 if there was any. With --every it goes on, alarms or not, until it is interrupted.
    """
    root = parse_trust(trust.read_bytes())
    with httpx2.Client(base_url=url, timeout=60) as http:
        watching = Monitor(
            ServedLog(http),
            directory,
            trust.read_bytes(),
            laws=laws_at_hand(law),
            now=time.time,
            stall_s=stall,
            mine=Mine(party or (), frozenset(signed.read_text().split()) if signed else ()),
            witnesses=lambda policy: remembered(places(policy, (), root.origin)),
        )
        alarms = [*watching.begin(), *watching.look()]
        _told(alarms, as_json=as_json)
        print(f"{root.origin} watched up to size {watching.size}", flush=True)
        while every is not None:
            time.sleep(every)
            _told(watching.look(), as_json=as_json)
    raise typer.Exit(1 if alarms else 0)


def _told(alarms: list[Alarm], *, as_json: bool) -> None:
    for alarm in alarms:
        members = {"alarm": alarm.kind, "position": alarm.position, "what": alarm.what}
        print(json.dumps(members) if as_json else f"ALARM {alarm}", flush=True)
