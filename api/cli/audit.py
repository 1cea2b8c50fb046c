"""
`techledger audit`: take a log home, verify every byte of it, run its rules again.

Exit codes: 0 all holds; 1 refused, with the step and the first bad position; 2 wrong usage, or the
server could not be asked.
"""

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer

from api.cli import summaries
from api.cli.auditing import (
    RULES_LABEL,
    RULES_STEP,
    Copy,
    JudgedFile,
    LawDirectory,
    code_of,
    coded,
    judged_file,
    signed_source,
)
from api.cli.differing import diff
from api.cli.explaining import explain_event
from api.cli.options import AsJson, TrustFile, read_note_in, read_trust_in
from api.cli.outcome import fail, tell
from api.cli.progress import showing_progress
from api.cli.replaying import (
    Fold,
    Replayed,
    judge,
    judged_members,
    print_replayed,
    replay,
    unchecked_members,
)
from api.cli.served import Most, ServedLog, share_of
from api.cli.summaries import (
    AuditorKey,
    AuditorName,
    SummaryFile,
    auditor_of,
    write_summary,
)
from ledger.follow.audit import (
    AuditError,
    Exported,
    Source,
    StoredLog,
    export,
)
from ledger.follow.client import NoAnswer
from ledger.follow.keptlog import KeptLog
from ledger.home.paths import HomeNotInitialised
from ledger.home.settings import Settings
from ledger.log.encoding import write_base64
from ledger.node.node import open_log
from ledger.node.succession import SuccessionError, check_succession, read_closed
from ledger.runtime.http import open_client
from ledger.store.connection import Pool
from ledger.verify.files import log_in
from ledger.verify.outcome import CheckState, Refused, Verified
from ledger.verify.verifier import verify_export
from ledger.wire.shown import one_line

app = typer.Typer(help="Take a log home, verify it, run its rules again.", no_args_is_help=True)


@app.command("clone")
def clone(
    directory: Annotated[Path, typer.Argument(help="Directory to write into", file_okay=False)],
    url: Annotated[
        str | None,
        typer.Option(help="A server to read from; else the local database", envvar="LEDGER_URL"),
    ] = None,
    mirror: Annotated[
        Path | None, typer.Option(help="A mirror to copy, which may be at work", file_okay=False)
    ] = None,
    trust: Annotated[
        Path | None,
        typer.Option(
            help="Trust root: nothing is asked for that its keys have not signed",
            envvar="LEDGER_TRUST",
            exists=True,
            dir_okay=False,
        ),
    ] = None,
    most: Most = 16,
    as_json: AsJson = False,
) -> None:
    """Write the log as static files (C2SP tlog-tiles), or what is new of it, into DIRECTORY.

    What a server or a mirror has is taken in as far as it leads to the root of its checkpoint.
    """
    try:
        with _source(url, mirror) as source, showing_progress(hidden=as_json) as told:
            own = not (url or mirror or trust)
            shown = source if own else signed_source(source, directory, trust)
            share = share_of(most)
            done = export(shown, directory, lambda *so_far: told("files", *so_far), share)
    except (AuditError, Refused, NoAnswer) as error:
        said = coded(error)
        fail({"exported": False, "reason": said}, said, as_json=as_json, code=code_of(error))
    believed = trust is None and bool(url or mirror)
    _print_exported(done, believed=believed, as_json=as_json)


@app.command("verify")
def verify(  # noqa: PLR0913  (the command's options)
    directory: Copy,
    *,
    trust: TrustFile,
    previous: Annotated[
        Path | None, typer.Option(help="An earlier checkpoint of the log", exists=True)
    ] = None,
    rules: Annotated[
        bool, typer.Option("--rules/--no-rules", help="Run the rules again as well.")
    ] = True,
    workers: Annotated[
        int | None, typer.Option(min=1, help="Processes (default: one for each core)")
    ] = None,
    law: LawDirectory = None,
    judged: JudgedFile = None,
    read_models: Annotated[
        bool,
        typer.Option(
            "--read-models/--no-read-models",
            help="Hold seals' digests of read models against a replay of them.",
        ),
    ] = True,
    summary: SummaryFile = None,
    key: AuditorKey = None,
    auditor: AuditorName = "auditor",
    as_json: AsJson = False,
) -> None:
    """Verify every byte, hash and signature, and that the rules admit every event.

    An audit that is stopped goes on where it was, and one of a log that has grown with what is new.
    """
    signer, earlier = auditor_of(summary, key, auditor), read_note_in(previous, "--previous")
    try:
        with showing_progress(hidden=as_json) as told:
            answer = verify_export(
                log_in(directory),
                read_trust_in(trust),
                previous=earlier,
                workers=workers,
                progress=lambda step, *so_far: told(f"step {step.number}", *so_far),
            )
    except Refused as refused:
        fail(refused.to_json(), f"REFUSED: {refused}", as_json=as_json)
    replayed = None
    if rules:
        file = judged_file(judged, directory, trust)
        fold = Fold.SEALED if read_models else Fold.NOTHING
        replayed = judge(directory, law, file, fold, hidden=as_json)
        _require_one_log(directory, answer, replayed, as_json=as_json)
    if summary is not None and signer is not None:
        vkey = write_summary(
            summary,
            signer,
            answer,
            rules=_state(replayed),
            unchecked=len(replayed.unchecked) if replayed else 0,
            previous=earlier,
        )
        print(f"{summary} is signed; who has {vkey} can verify it", file=sys.stderr)
    if as_json:
        print(json.dumps(_verified_members(answer, replayed), indent=1))
    else:
        print(answer.report())
        print(f"{RULES_STEP:>2}  {_state(replayed):<9}  {RULES_LABEL}")
        if replayed is not None:
            print_replayed(replayed)


def _require_one_log(
    directory: Path, answer: Verified, replayed: Replayed, *, as_json: bool
) -> None:
    """Fail with CHANGED where the copy grew or changed between the signatures and the rules."""
    size, root = answer.checkpoint.size, answer.checkpoint.root
    if (size, root) == (replayed.size, replayed.root):
        return
    why = f"{directory} changed while it was audited: of {size} entries were the signatures"
    why += f" verified, of {replayed.size} the rules; run it again"
    fail({"verified": False, "code": "CHANGED", "reason": why}, f"CHANGED: {why}", as_json=as_json)


def _verified_members(answer: Verified, replayed: Replayed | None) -> dict[str, Any]:
    members = answer.to_json()
    last = {"step": RULES_STEP, "label": RULES_LABEL, "state": str(_state(replayed))}
    members["steps"].append(last)
    if replayed is not None:
        members["unchecked"] += unchecked_members(replayed)
        members["judged"] = judged_members(replayed)
    return members


def _state(replayed: Replayed | None) -> CheckState:
    """Say how the step of the rules ended, which did not fail."""
    if replayed is None:
        return CheckState.NOT_RUN
    return CheckState.UNCHECKED if replayed.unchecked else CheckState.PASSED


@app.command("succession")
def succession(
    directory: Copy,
    predecessor: Annotated[Path, typer.Argument(help="An export of the closed log", exists=True)],
    *,
    trust: TrustFile,
    predecessor_trust: Annotated[Path, typer.Option(help="That of the closed one", exists=True)],
    as_json: AsJson = False,
) -> None:
    """Verify two logs, and that the one follows the other, which was closed."""
    try:
        closed = read_closed(log_in(predecessor), read_trust_in(predecessor_trust))
        new = check_succession(log_in(directory), read_trust_in(trust), closed)
    except (Refused, SuccessionError) as error:
        fail({"verified": False, "reason": str(error)}, f"REFUSED: {error}", as_json=as_json)
    old = closed.checkpoint
    members = {
        "verified": True,
        "origin": new.origin,
        "predecessor": old.origin,
        "size": old.size,
        "root": write_base64(old.root),
    }
    text = f"VERIFIED: {new.origin} follows {old.origin}, closed at size {old.size}"
    tell(members, text, as_json=as_json)


app.command("diff")(diff)
app.command("summary")(summaries.summary)
app.command("explain")(explain_event)


app.command("replay")(replay)


def _print_exported(done: Exported, *, believed: bool, as_json: bool) -> None:
    """Say what an export has; of whose checkpoint nobody was asked whether to trust it, say so."""
    members = {"exported": True, **({"verified": False} if believed else {}), **done.to_json()}
    text = f"{done}{', unverified: no trust root was given (--trust)' * believed}"
    tell(members, one_line(text), as_json=as_json)


@contextmanager
def _source(url: str | None, mirror: Path | None = None) -> Iterator[Source]:
    """Lend the log of a mirror, of a server, or that of the local database."""
    if mirror is not None:
        yield KeptLog(mirror)
        return
    if url is not None:
        with open_client(url) as http:
            yield ServedLog(http)
        return
    try:
        database = open_log(Settings())
    except HomeNotInitialised as error:
        told = f"{error}, or name a server or a mirror"
        raise typer.BadParameter(told, param_hint="--url") from None
    try:
        pool = Pool(database.app_dsn, size=1)
        yield StoredLog(pool)
        pool.close()
    finally:
        database.stop()
