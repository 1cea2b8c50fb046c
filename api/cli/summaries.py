"""What an audit found, signed to a file by a key of the auditor's own, and read back."""

from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Annotated

import typer
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from api.cli.options import AsJson, must_be_new, reading
from api.cli.outcome import fail, tell
from ledger.domain.core.types import format_instant
from ledger.home.keystore import read_private
from ledger.log.audit_summary import AuditSummary, NotSigned, open_summary, sign_summary
from ledger.log.encoding import write_base64
from ledger.log.merkle import Frontier, LogError
from ledger.log.note import (
    MAX_NOTE,
    Ed25519NoteSigner,
    Verifier,
    format_vkey,
    parse_note,
    parse_vkey,
)
from ledger.log.tree_head import parse_checkpoint
from ledger.runtime.durable import create
from ledger.verify.outcome import Check, CheckState, Verified
from ledger.wire.regular import read_regular

SummaryFile = Annotated[
    Path | None,
    typer.Option(
        "--summary", help="Write what was found to this new file, signed by --key", dir_okay=False
    ),
]
AuditorKey = Annotated[
    Path | None,
    typer.Option("--key", help="An Ed25519 key of your own: techledger keys new", dir_okay=False),
]
AuditorName = Annotated[
    str, typer.Option("--auditor", help="The name by which your key signs, without blanks or +")
]


def auditor_of(summary: Path | None, key: Path | None, name: str) -> Ed25519NoteSigner | None:
    """Return what signs a summary that is asked for, before the audit begins; None for none.

    Raises `BadParameter` for a file that is there, and for a key that cannot sign one.
    """
    if summary is None:
        if key is not None:
            raise typer.BadParameter(f"{key} signs a summary: name one", param_hint="--summary")
        return None
    must_be_new(summary, "--summary")
    if key is None:
        raise typer.BadParameter(f"{summary} is to be signed: name a key", param_hint="--key")
    private = load_pem_private_key(read_private(key), None)
    if not isinstance(private, Ed25519PrivateKey):
        raise typer.BadParameter(f"{key} is no Ed25519 key", param_hint="--key")
    try:
        parse_vkey(format_vkey(signer := Ed25519NoteSigner(name, private)))
    except LogError as error:
        raise typer.BadParameter(str(error), param_hint="--auditor") from None
    return signer


def write_summary(
    file: Path,
    signer: Ed25519NoteSigner,
    found: Verified,
    *,
    rules: CheckState,
    unchecked: int,
    previous: bytes | None,
) -> str:
    """Write what an audit found, signed; return the key that verifies it."""
    size, root = 0, Frontier().root()
    if previous is not None:
        old = parse_checkpoint(parse_note(previous).text)
        size, root = old.size, old.root
    states = [*zip(Check, found.steps, strict=True)]
    steps = [*((each.number, state) for each, state in states), (len(states) + 1, rules)]
    at = found.checkpoint
    summary = AuditSummary(
        origin=at.origin,
        held_to=f"{size} {write_base64(root)}",
        audited=f"{at.size} {write_base64(at.root)}",
        signatures=str(found.signatures),
        steps=" ".join(f"{number}:{str(state).replace(' ', '-')}" for number, state in steps),
        unchecked=str(len(found.unchecked) + unchecked),
        software=version("techledger"),
        finished=format_instant(datetime.now(UTC)),
    )
    try:
        create(file, sign_summary(summary, signer))
    except FileExistsError:
        must_be_new(file, "--summary")  # It has come while the audit was at work, and stays.
        raise
    return format_vkey(signer)


def summary(
    file: Annotated[Path, typer.Argument(help="What an audit wrote and signed")],
    auditor: Annotated[str, typer.Option(help="The auditor's key (vkey), from elsewhere")],
    as_json: AsJson = False,
) -> None:
    """Verify an auditor's signed summary, and print what it says.

    Exit code 1: the key has not signed it.
    """
    raw = read_regular(file, MAX_NOTE)
    with reading(file, "summary", "FILE"):
        parse_note(raw)
    try:
        found = open_summary(raw, _key(auditor))
    except NotSigned as refused:
        fail(refused.to_json(), f"REFUSED: {refused}", as_json=as_json)
    tell(found.to_json(), found.report(), as_json=as_json)


def _key(vkey: str) -> Verifier:
    try:
        return parse_vkey(vkey)
    except LogError as error:
        raise typer.BadParameter(str(error), param_hint="--auditor") from None
