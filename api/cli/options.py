"""Options that several commands share."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from api.describe.language import Language
from ledger.follow.trustfile import read_trust
from ledger.log.merkle import LogError
from ledger.log.note import MAX_NOTE, parse_note
from ledger.verify.files import MAX_ANSWER
from ledger.wire.canonical import WireError
from ledger.wire.envelope import Envelope, envelope_from_object
from ledger.wire.regular import OddFile, read_regular
from ledger.wire.strict import load_json

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


@contextmanager
def reading(file: Path, what: str, hint: str, *also: type[Exception]) -> Iterator[None]:
    """Tell of a file that somebody names why it does not hold what is wanted, and what makes one.

    Raises `BadParameter` for what the formats refuse, and `also` for such errors; what cannot be
    read at all is told by `OddFile` and `OSError`, which pass.
    """
    try:
        yield
    except OddFile:
        raise
    except tuple[type[Exception], ...]((WireError, LogError, *also)) as error:
        told = f"{file} holds no {what}: {error}; {MAKES[what]}"
        raise typer.BadParameter(told, param_hint=hint) from None


MAKES = {
    "body": "it is the object of the type's members: techledger events types TOPIC",
    "payload": "techledger events new writes one",
    "signed event": "techledger events sign writes one",
    "openings": "they are a list of path, salt and value: docs/guides/vault.md",
    "opening": "it has path, salt and value: docs/guides/vault.md",
    "proof": "a receipt is one: techledger events submit --json",
    "policy": "its form: docs/guides/witness.md, c2sp.org/tlog-policy",
    "checkpoint": "curl URL/checkpoint prints one",
    "refusal": "the log gives one with techledger events answer --refusal",
    "summary": "techledger audit verify --summary writes one",
    "bundle": "techledger evidence gather writes one",
    "law data": "techledger law export DIRECTORY writes a set to start from",
    "state of an import": "move it away only where this ledger has none of what it posted",
    "mapping of parties": "docs/guides/import-uspto.md shows one",
    "records": "their form: docs/guides/import-uspto.md",
    "legal events": "their form: docs/guides/import-inpadoc.md",
    "agreements": "their form: docs/guides/import-cuad.md",
}
"""What is wanted of files, by its name in a message, and how one comes to it."""


def read_trust_in(file: Path) -> bytes:
    """Return a file that is a trust root, as it is. Raises `OddFile`, `Refused` with its path."""
    read_trust(file)
    return read_regular(file, MAX_ANSWER)


def read_note_in(file: Path | None, hint: str) -> bytes | None:
    """Return a signed note that somebody kept, as it is; None for none. Raises `BadParameter`."""
    if file is None:
        return None
    note = read_regular(file, MAX_NOTE)
    with reading(file, "checkpoint", hint):
        parse_note(note)
    return note


def read_envelope_in(file: Path, hint: str) -> Envelope:
    """Return the envelope in a file that somebody names. Raises `BadParameter`."""
    raw = read_regular(file)
    with reading(file, "signed event", hint):
        return envelope_from_object(load_json(raw))
