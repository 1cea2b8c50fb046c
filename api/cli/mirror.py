"""`techledger mirror`: follow a log, and keep a verified copy of it that can be served as it is."""

import time
from pathlib import Path
from typing import Annotated, NoReturn

import httpx2
import typer

from api.cli.audit import ServedLog
from ledger.audit import AuditError, Exported, NothingExported
from ledger.client import NoAnswer
from ledger.mirror import Forked, Governed, NotAuthentic, catch_up, follow
from ledger.verify.outcome import Refused
from ledger.verify.trust import parse_trust


def mirror(
    directory: Annotated[Path, typer.Argument(help="The mirror", file_okay=False)],
    *,
    url: Annotated[str, typer.Option(help="Where the log is served")],
    trust: Annotated[Path, typer.Option(help="Trust root, got from elsewhere", exists=True)],
    every: Annotated[
        float | None, typer.Option(help="Seconds between looks; default: look once")
    ] = None,
) -> None:
    """Take in what is new of a log, verified to its signed root; exit code 1 for what is not.

    An unreachable log is waited for; a fork, or a byte that does not fit, ends the command.
    """
    try:
        governed, shown = Governed(parse_trust(trust.read_bytes())), -1
    except Refused as error:
        _fail(error)
    with httpx2.Client(base_url=url, timeout=60) as http:
        while True:
            try:
                catch_up(governed, directory)
                origin = governed.trust.origin
                done = follow(ServedLog(http), directory, origin, governed.log_keys)
            except (NotAuthentic, Forked, Refused) as error:
                _fail(error)
            except (NoAnswer, NothingExported) as error:
                if every is None:
                    _fail(error)
                print(f"no answer: {error}", flush=True)
            else:
                shown = _told(done, shown)
            if every is None:
                return
            time.sleep(every)


def _told(done: Exported, shown: int) -> int:
    size = done.checkpoint.size
    if size != shown:
        print(f"{done.checkpoint.origin} at size {size}, {done.files} new files", flush=True)
    return size


def _fail(error: AuditError | NoAnswer | Refused) -> NoReturn:
    print(f"REFUSED: {error}", flush=True)
    raise typer.Exit(1)
