"""Options that several commands share."""

from pathlib import Path
from typing import Annotated

import typer

from ledger.wire.regular import OddFile, read_regular

Url = Annotated[str, typer.Option(help="Where the ledger is served", envvar="LEDGER_URL")]
TrustFile = Annotated[
    Path,
    typer.Option(
        help="trust.json: origin, log keys, genesis hash",
        envvar="LEDGER_TRUST",
        exists=True,
        dir_okay=False,
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]

_NAMED = 1 << 24


def read_named(file: Path, hint: str) -> bytes:
    """Return a file that somebody names, 16 MiB at most. Raises `BadParameter`."""
    try:
        return read_regular(file, _NAMED)
    except (OddFile, OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else error
        raise typer.BadParameter(f"{file}: {why}", param_hint=hint) from None
