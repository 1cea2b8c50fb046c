"""`techledger mirror`: follow a log, and keep a verified copy of it that can be served as it is."""

import time
from pathlib import Path
from typing import Annotated

import httpx2
import typer

from api.cli.audit import ServedLog
from ledger.audit import AuditError, Exported, NothingExported
from ledger.client import NoAnswer, Trust
from ledger.mirror import Forked, NotAuthentic, follow


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
    root, shown = Trust.read(trust), -1
    with httpx2.Client(base_url=url, timeout=60) as http:
        while True:
            try:
                done = follow(ServedLog(http), directory, root.origin, root.verifiers)
            except (NotAuthentic, Forked) as error:
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


def _fail(error: AuditError | NoAnswer) -> None:
    print(f"REFUSED: {error}", flush=True)
    raise typer.Exit(1)
