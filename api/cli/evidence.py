"""`techledger evidence`: bundles that a court checks without a server, and without this program."""

import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from api.cli.options import TrustFile, Url, must_be_new, read_named
from ledger import durable
from ledger.client import LedgerClient, read_trust
from ledger.court import MAX_BUNDLE
from ledger.log.evidence import Evidence, format_evidence, parse_evidence
from ledger.verify.evidence import verify_evidence
from ledger.verify.files import MAX_ANSWER, read_given
from ledger.verify.outcome import Refused, Step, Verified
from ledger.wire.strict import MalformedJson, load_json

app = typer.Typer(help="Bundles of evidence, checked offline.", no_args_is_help=True)

Bundle = Annotated[Path, typer.Argument(help="The bundle", exists=True, dir_okay=False)]


@app.command("gather")
def gather(
    bundle: Annotated[
        Path, typer.Argument(help="New file, or a bundle that shows no more", dir_okay=False)
    ],
    *,
    url: Url,
    trust: TrustFile,
    subject: Annotated[
        list[str] | None, typer.Option(help="Subject whose whole history is shown; repeatable")
    ] = None,
    position: Annotated[
        list[int] | None, typer.Option(help="Single entry that is shown; repeatable")
    ] = None,
) -> None:
    """Fetch a bundle, verify it, and write it, in place of one that it goes on from."""
    earlier = _earlier(bundle, trust)
    asked = [f"subject={each}" for each in subject or []]
    asked += [f"position={each}" for each in position or []]
    with LedgerClient(url, read_trust(trust)) as ledger:
        raw = ledger.evidence(*asked)
    verified = _verified(raw, trust, subject or [])
    if earlier is None:
        durable.create(bundle, raw, 0o644)
    elif goes_on(earlier, parse_evidence(raw)):
        durable.replace(bundle, raw, 0o644)
    else:
        must_be_new(bundle, "BUNDLE")
    _told(verified)


@app.command("open")
def open_section(
    bundle: Bundle,
    position: Annotated[int, typer.Argument(help="Of the entry that holds the section")],
    opening: Annotated[
        Path, typer.Argument(help="JSON: path, salt, value, as they were submitted", exists=True)
    ],
    *,
    trust: TrustFile,
) -> None:
    """Add the opening of a sealed section that the holder may show."""
    _verified(was := _read(bundle), trust)
    evidence = parse_evidence(was)
    try:
        opened = load_json(read_named(opening, "OPENING"))
    except MalformedJson as error:
        raise typer.BadParameter(str(error), param_hint="OPENING") from None
    shown = (*evidence.openings, (position, opened))
    raw = format_evidence(replace(evidence, openings=shown))
    _told(_verified(raw, trust))
    durable.replace(bundle, raw, 0o644)


@app.command("verify")
def verify(
    bundle: Bundle,
    *,
    trust: TrustFile,
    subject: Annotated[
        list[str] | None, typer.Option(help="Whose whole history it must show; repeatable")
    ] = None,
) -> None:
    """Check a bundle, as `python -m ledger.verify` does; exit code 1 where a step fails.

    So it is where the history of a subject that was asked for is not shown.
    """
    answer = _verified(_read(bundle), trust, subject or [])
    _told(answer)
    if not {*(subject or [])} <= {*dict(answer.histories)}:
        raise typer.Exit(1)


def _earlier(bundle: Path, trust: Path) -> Evidence | None:
    """Return the bundle of the same log that is there, None where nothing is.

    Raises `BadParameter` for anything else.
    """
    try:
        if os.path.lexists(bundle):
            raw = read_given(bundle, MAX_BUNDLE, Step.FORM)
            verify_evidence(raw, read_given(trust, MAX_ANSWER, Step.TRUST))
            return parse_evidence(raw)
    except Refused:
        must_be_new(bundle, "BUNDLE")
    return None


def goes_on(earlier: Evidence, later: Evidence) -> bool:
    """Say whether a bundle shows all that an earlier one does, but for the seal, which is newer."""
    shown = {each.position: each.raw for each in later.entries}
    subjects = {each.subject for each in later.histories}
    return (
        all(each in later.openings for each in earlier.openings)
        and all(each.subject in subjects for each in earlier.histories)
        and all(
            shown.get(each.position) == each.raw
            for each in earlier.entries
            if each.position != earlier.seal
        )
    )


def _read(bundle: Path) -> bytes:
    try:
        return read_given(bundle, MAX_BUNDLE, Step.FORM)
    except Refused as refused:
        print(f"REFUSED: {refused}")
        raise typer.Exit(1) from None


def _verified(raw: bytes, trust: Path, asked: Sequence[str] = ()) -> Verified:
    try:
        return verify_evidence(raw, read_given(trust, MAX_ANSWER, Step.TRUST), asked)
    except Refused as refused:
        print(f"REFUSED: {refused}")
        raise typer.Exit(1) from None


def _told(answer: Verified) -> None:
    print(answer.report())
