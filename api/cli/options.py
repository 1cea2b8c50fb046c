"""Options that several commands share."""

from pathlib import Path
from typing import Annotated

import typer

Url = Annotated[str, typer.Option(help="Where the ledger is served", envvar="LEDGER_URL")]
TrustFile = Annotated[
    Path, typer.Option(help="trust.json: origin, log keys, genesis hash", envvar="LEDGER_TRUST")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
