"""What the commands of `techledger audit` have in common."""

import hashlib
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, TypeVar

import typer
from platformdirs import user_state_path

from api.cli.outcome import fail
from ledger.follow.audit import (
    CHECKPOINT,
    AuditError,
    Forgotten,
    NothingExported,
    RuleBroken,
    Source,
    SourceBehind,
    Unfinished,
)
from ledger.follow.auditfile import Contradicted, CopyEvents, Stale, made_by_an_audit
from ledger.follow.authentic import Authenticated, NotAuthentic
from ledger.follow.client import NoAnswer, read_trust
from ledger.follow.governed import Governed
from ledger.follow.mirror import Rotten
from ledger.verify.outcome import Refused
from ledger.wire.regular import read_regular

T = TypeVar("T")

RULES_STEP = 12
RULES_LABEL = "every event is admitted by the rules in force at its position"
"""What follows the numbered steps of `ledger.verify`."""

Copy = Annotated[
    Path, typer.Argument(help="Directory of a copy of the log", exists=True, file_okay=False)
]
LawDirectory = Annotated[
    Path | None,
    typer.Option(
        "--law",
        help="Directory of further sets of law data, one directory each",
        exists=True,
        file_okay=False,
    ),
]
JudgedFile = Annotated[
    Path | None,
    typer.Option(
        help="File that says what earlier audits have judged by the rules, and takes in what "
        "this one judges; default: one of your own, whatever comes along with the log"
    ),
]


def judged_file(named: Path | None, directory: Path, trust: Path | None) -> Path:
    """Return where this user's audits of a directory are noted: never beside it.

    Anyone who hands a log over could hand over as well what was judged of it.
    """
    if named is not None:
        return named
    of = (read_regular(trust) if trust else b"") + os.fsencode(directory.absolute())
    own = user_state_path("techledger") / "judged"
    own.mkdir(mode=0o700, parents=True, exist_ok=True)
    return own / f"{hashlib.sha256(of).hexdigest()[:32]}.sqlite"


def going_on_or_again(files: Sequence[Path], judge: Callable[[], T]) -> T:
    """Go on from what these files say, or, with a word, from nothing where that cannot be.

    What cannot be gone on from is removed then: an audit made it, and the log is not in doubt.
    """
    try:
        return judge()
    except (Stale, Forgotten) as error:
        again, why = [error.path] if isinstance(error, Stale) else files, error
    for file in again:
        print(f"{file.name} is made again: {why}", file=sys.stderr)
        if made_by_an_audit(file):
            file.unlink()
    return going_on_or_again(files, judge)


def signed_source(source: Source, directory: Path, trust: Path | None) -> Authenticated:
    """Return a source of which all leads to the root of its checkpoint, by a trust root.

    The keys are those of now, as the copy in `directory` says. Without a trust root the checkpoint
    is believed. Raises `NotAuthentic`.
    """
    if trust is None:
        return Authenticated(source, "", None)
    try:
        return governed_source(source, directory, Governed(read_trust(trust)))
    except Rotten as error:
        if not isinstance(error.__cause__, NothingExported):
            raise
    # What is missing in the copy is about to be taken again: so far the trust root's keys count.
    return _signed(source, Governed(read_trust(trust)))


def governed_source(source: Source, directory: Path, governed: Governed) -> Authenticated:
    """Return a source whose checkpoint those have signed who may, as a copy says of them.

    Raises `NotAuthentic`, and `Rotten` where the copy's own files do not lead to its root.
    """
    try:
        if (directory / CHECKPOINT).exists():
            for entry in CopyEvents(directory).entries(governed.size):
                governed.skip(entry)
    except (NotAuthentic, NothingExported) as error:
        raise Rotten(f"of the copy itself: {error}") from error
    return _signed(source, governed)


def _signed(source: Source, governed: Governed) -> Authenticated:
    origin, keys = governed.trust.origin, governed.log_keys
    return Authenticated(source, origin, keys, before=governed.keys_before)


@contextmanager
def refusals_told(directory: Path, *, as_json: bool) -> Iterator[None]:
    """Exit with the first entry of a copy that the rules refuse, or what keeps from judging."""
    try:
        yield
    except RuleBroken as broken:
        members = {
            "verified": False,
            "step": RULES_STEP,
            "label": RULES_LABEL,
            "position": broken.position,
            "code": broken.code,
            "reason": broken.detail,
            "positions": list(broken.positions),
        }
        fail(members, f"REFUSED: {broken}", as_json=as_json)
    except AuditError as error:
        code = "OWN_DISK" if isinstance(error, NothingExported | Rotten) else "REFUSED"
        again = f"techledger audit clone {directory} takes again what is missing, or moved away"
        told = f"{error}{'' if isinstance(error, Contradicted) else f'; {again}'}"
        members = {"verified": False, "code": code, "reason": told}
        fail(members, f"{code}: {told}", as_json=as_json)


def coded(error: Exception) -> str:
    """Return what keeps from taking a copy, with its code and what helps."""
    code, helps = next(_SOURCES[kind] for kind in type(error).__mro__ if kind in _SOURCES)
    return f"{code}: {str(error).removeprefix(f'{code}: ')}{helps}"


_KEPT = "; what was there stays as it was: keep it, and name another source"

_SOURCES: dict[type[Exception], tuple[str, str]] = {
    Rotten: ("OWN_DISK", "; move that away, and it is taken again"),
    Unfinished: ("UNFINISHED", ""),
    SourceBehind: ("BEHIND", "; ask it again later, or name another source"),
    NoAnswer: ("NO_ANSWER", "; ask it again, and it goes on"),
    NothingExported: ("NO_ANSWER", "; ask it again, and it goes on, or name another source"),
    AuditError: ("REFUSED", _KEPT),
    Refused: ("REFUSED", _KEPT),
}
"""What each is called, and what helps."""


def code_of(error: Exception) -> int:
    """Return the exit code of an error: 2 where the server could not be asked."""
    return NoAnswer.exit_code if isinstance(error, NoAnswer) else 1
