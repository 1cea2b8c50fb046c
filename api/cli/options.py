"""Options that several commands share."""

import os
from pathlib import Path
from typing import Annotated

import typer

from api.describe.language import Language
from ledger.wire.envelope import Envelope, MalformedEnvelope, envelope_from_object
from ledger.wire.regular import read_regular
from ledger.wire.strict import MalformedJson, load_json

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
TrustIfAny = Annotated[
    Path | None,
    typer.Option(
        help="trust.json: the events that the answer names are checked by it",
        envvar="LEDGER_TRUST",
        exists=True,
        dir_okay=False,
    ),
]
UrlIfAny = Annotated[
    str | None, typer.Option(help="Where the ledger is served", envvar="LEDGER_URL")
]
Lang = Annotated[
    Language,
    typer.Option("--lang", help="Language of the answer: en, or vi", envvar="LEDGER_LANG"),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


def must_be_new(file: Path, hint: str) -> None:
    """Refuse to write over what somebody has, before anything is done. Raises `BadParameter`."""
    if os.path.lexists(file):
        told = f"FILE_EXISTS: {file} is there already, and stays; name a new file"
        raise typer.BadParameter(told, param_hint=hint)


def read_envelope_in(file: Path, hint: str) -> Envelope:
    """Return the envelope in a file that somebody names. Raises `BadParameter`."""
    try:
        return envelope_from_object(load_json(read_regular(file)))
    except (MalformedJson, MalformedEnvelope) as error:
        raise typer.BadParameter(str(error), param_hint=hint) from None
