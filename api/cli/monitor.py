"""`techledger monitor`: watch a log for its users, and say what is wrong with it."""

import sys
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

import typer

from api.cli.auditing import LawDirectory
from api.cli.options import AsJson, TrustFile, Url
from api.cli.outcome import tell_line
from api.cli.served import ServedLog
from api.cli.turns import look_again
from ledger.events.lawbook import available_laws
from ledger.follow.alarms import STANDING, Alarm
from ledger.follow.client import read_trust
from ledger.follow.monitor import Mine, Monitor
from ledger.follow.sent import SentUnreadable, read_sent
from ledger.publish.rollback_check import ask_who_saw_more, places
from ledger.runtime.http import open_client
from ledger.wire.regular import read_regular
from ledger.wire.shown import brief

CODES = {
    "FORK": 3,
    "ROLLED_BACK": 4,
    "BEHIND": 5,
    "OWN_DISK": 6,
    "STALL": 7,
    "BACKDATED": 8,
    "UNFINISHED": 10,
}
"""The exit codes of alarms; that of every other is 1."""

_GRAVEST = (3, 4, 8, 1, 6, 7, 5, 10)


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
        list[Path] | None,
        typer.Option(
            help="What you signed: envelopes, payloads, or a list of payload hashes; a file or a"
            " directory of such; repeatable",
            exists=True,
        ),
    ] = None,
    acknowledge: Annotated[
        bool, typer.Option("--acknowledge", help="Take note of what stands, and let it rest")
    ] = False,
    law: LawDirectory = None,
    as_json: AsJson = False,
) -> None:
    """Take in what is new, judge every byte, signature and rule of it; print an alarm a line.

    Exit codes: 3 a fork, 4 rolled back, 8 an entry that is back-dated, 6 its own disk, 7 a stall, 5
    the source is behind, 10 there is more than one look takes in, 1 any other alarm. What the log
    did stands, and so does the code, until it is acknowledged. With --every it goes on, alarms or
    not, until it is interrupted.
    """
    root, own = read_trust(trust), Mine(party or (), _sent(signed or ()))
    with open_client(url) as http:
        watching = Monitor(
            ServedLog(http),
            directory,
            read_regular(trust),
            laws=available_laws(law),
            now=time.time,
            stall_s=stall,
            mine=own,
            witnesses=lambda policy: ask_who_saw_more(places(policy, (), root.origin)),
        )
        alarms = list[Alarm]()
        for step in (watching.begin, watching.look):
            found = step()
            _told("ALARM", found, as_json=as_json)
            alarms += found
        stood = [alarm for alarm in watching.standing if alarm not in alarms]
        _told("STANDING", stood, as_json=as_json)
        if acknowledge:
            _told("ACKNOWLEDGED", watching.acknowledge(), as_json=as_json)
        print(f"{root.origin} watched up to size {watching.size}", flush=True)
        for each in watching.unregistered:
            print(f"{each} is not registered in this log: is it spelt so?", file=sys.stderr)
        if every is not None:
            time.sleep(every)
            look_again(lambda: _told("ALARM", watching.look(), as_json=as_json), every)
    passing = [alarm for alarm in alarms if alarm.kind not in STANDING]
    raise typer.Exit(code_of([*passing, *watching.standing]))


def _sent(paths: Iterable[Path]) -> frozenset[str]:
    try:
        return frozenset().union(*map(read_sent, paths))
    except SentUnreadable as error:
        raise typer.BadParameter(str(error), param_hint="--signed") from None


def code_of(alarms: Iterable[Alarm]) -> int:
    """Return the exit code of the gravest alarm, 0 for none."""
    codes = {CODES.get(alarm.kind, 1) for alarm in alarms}
    return next((code for code in _GRAVEST if code in codes), 0)


def _told(what: str, alarms: Iterable[Alarm], *, as_json: bool) -> None:
    for alarm in alarms:
        members = {what.lower(): alarm.kind, "position": alarm.position, "what": brief(alarm.what)}
        tell_line(members, f"{what} {alarm}", as_json=as_json)
