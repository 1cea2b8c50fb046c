"""`techledger evidence`: bundles that a court checks without a server, and without this program."""

import os
from collections.abc import Sequence
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Annotated, Any

import typer

from api.cli.answers import EXIT_CODES
from api.cli.options import AsJson, TrustFile, Url, must_be_new, read_trust_in, reading
from api.cli.outcome import fail, tell
from ledger import court
from ledger.follow.bundles import contradictions, goes_on
from ledger.follow.client import ClientError, HistoryChanged, LedgerClient, read_trust
from ledger.log.evidence_bundle import Evidence, format_evidence, parse_evidence
from ledger.log.tree_head import Checkpoint
from ledger.runtime import durable
from ledger.verify.evidence_check import answer_of, show
from ledger.verify.files import MAX_ANSWER
from ledger.verify.outcome import Refused
from ledger.wire.commitment import opening_from_object
from ledger.wire.regular import OddFile, read_regular
from ledger.wire.shown import one_line
from ledger.wire.strict import load_json

app = typer.Typer(help="Bundles of evidence, checked offline.", no_args_is_help=True)

Bundle = Annotated[Path, typer.Argument(help="The bundle", exists=True, dir_okay=False)]


@app.command("gather")
def gather(
    bundle: Annotated[
        Path, typer.Argument(help="New file, or an older bundle that shows no more", dir_okay=False)
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
    as_json: AsJson = False,
) -> None:
    """Fetch a bundle, verify it, and write it, in place of one that it goes on from.

    Where the log does not continue that one, both are kept (`HISTORY_CHANGED`, exit code 1). Exit
    code 4: nothing in the log names a subject that was asked for.
    """
    earlier = _earlier(bundle, trust)
    asked = [f"subject={each}" for each in subject or []]
    asked += [f"position={each}" for each in position or []]
    with LedgerClient(url, read_trust(trust)) as ledger:
        raw = ledger.evidence(*asked)
        found = _shown(raw, trust, as_json=as_json)
        try:
            continued = earlier is None or is_continued(ledger, earlier[0], found)
        except HistoryChanged as error:
            kept = _kept_beside(bundle, raw)
            told = f"{error}: {bundle} stays, and {kept} contradicts it; keep both"
            raise HistoryChanged(f"HISTORY_CHANGED: {told}") from None
        absent = sorted({*(subject or [])} - found.named)
        near = {each: _near(ledger, each) for each in absent}
    if earlier is None:
        durable.create(bundle, raw, 0o644)
    elif continued and goes_on(earlier[1], parse_evidence(raw)):
        durable.replace(bundle, raw, 0o644)
    else:
        must_be_new(bundle, "BUNDLE")
    _tell(found, subject or [], as_json=as_json, bundle=str(bundle), near=near)
    for each in absent if not as_json else ():
        says = f"nothing in {found.trust.origin}, of {found.size} entries, names {each}"
        says += f"; {_near_told(near[each])}; {bundle} shows no more"
        print(one_line(f"as the server says: {says}"))
    raise typer.Exit(EXIT_CODES["unknown"] if absent else 0)


def _near(ledger: LedgerClient, subject: str) -> list[str] | None:
    """Return what may be meant by an id that the log does not name, as its server says."""
    try:
        answer = ledger.get(f"/v1/subjects/{subject}/timeline", limit=1)
        return [str(each) for told in answer["near"] for each in told["ids"]]
    except (ClientError, LookupError, TypeError):
        return None  # It is a help, and no part of the bundle.


def _near_told(ids: list[str] | None) -> str:
    if ids is None:
        return "what is near, it does not say"
    return f"near: {', '.join(ids)}" if ids else "no id that is recorded is near"


@app.command("open")
def open_section(
    bundle: Bundle,
    position: Annotated[int, typer.Argument(help="Of the entry that holds the section")],
    opening: Annotated[
        Path, typer.Argument(help="JSON: path, salt, value, as they were submitted", exists=True)
    ],
    *,
    trust: TrustFile,
    as_json: AsJson = False,
) -> None:
    """Add the opening of a sealed section that the holder may show."""
    _shown(was := read_regular(bundle, court.MAX_BUNDLE), trust, bundle, as_json=as_json)
    evidence = parse_evidence(was)
    said = read_regular(opening)
    with reading(opening, "opening", "OPENING"):
        opened = load_json(said)
        opening_from_object(opened)
    shown = (*evidence.openings, (position, opened))
    raw = format_evidence(replace(evidence, openings=shown))
    _tell(_shown(raw, trust, as_json=as_json), as_json=as_json)
    durable.replace(bundle, raw, 0o644)


@app.command("verify")
def verify(
    bundle: Bundle,
    *,
    trust: TrustFile,
    subject: Annotated[
        list[str] | None, typer.Option(help="Whose whole history it must show; repeatable")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Check a bundle, as `python -m ledger.verify` does; exit code 1 where a step fails.

    So it is where the history of a subject that was asked for is not shown; 4 where it has none.
    """
    found = _shown(read_regular(bundle, court.MAX_BUNDLE), trust, bundle, as_json=as_json)
    _tell(found, subject or [], as_json=as_json)
    raise typer.Exit(found.ends_with(subject or []))


def _earlier(bundle: Path, trust: Path) -> tuple[court.Verified, Evidence] | None:
    """Return the bundle of the same log that is there, None where nothing is.

    Raises `BadParameter` for anything else.
    """
    trust_root = read_regular(trust, MAX_ANSWER)
    try:
        if os.path.lexists(bundle):
            raw = read_regular(bundle, court.MAX_BUNDLE)
            return show(raw, trust_root), parse_evidence(raw)
    except (Refused, OddFile):
        must_be_new(bundle, "BUNDLE")
    return None


def is_continued(ledger: LedgerClient, earlier: court.Verified, later: court.Verified) -> bool:
    """Have the log at the checkpoint of a bundle shown to continue that of an earlier one.

    False says that it is smaller, as an answer may be that comes late. Raises `HistoryChanged`
    where the two contradict each other, and what `prove_continued` raises.
    """
    for told in contradictions(earlier, later):
        raise HistoryChanged(told)
    if later.size < earlier.size:
        return False
    heads = (Checkpoint(each.trust.origin, each.size, each.root) for each in (earlier, later))
    ledger.prove_continued(*heads)
    return True


def _kept_beside(bundle: Path, raw: bytes) -> Path:
    """Keep what contradicts a bundle beside it, where a mirror keeps its proofs; say where."""
    directory = bundle.with_name(f"{bundle.name}.forked")
    durable.make_directories(directory)
    durable.replace(kept := directory / f"{sha256(raw).hexdigest()}.json", raw, 0o644)
    return kept


def _shown(raw: bytes, trust: Path, bundle: Path | None = None, *, as_json: bool) -> court.Verified:
    try:
        return show(raw, read_trust_in(trust))
    except Refused as refused:
        where = f"; it stands in {bundle}" if bundle else ""
        fail(refused.to_json(), f"REFUSED: {refused}{where}", as_json=as_json)


def _tell(found: court.Verified, asked: Sequence[str] = (), *, as_json: bool, **also: Any) -> None:
    answer = answer_of(found, asked)
    tell({**answer.to_json(), **also}, answer.report(), as_json=as_json)
