"""What the commands of `techledger audit` have in common."""

import hashlib
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer
from platformdirs import user_state_path

from ledger.follow.audit import AuditError, NothingExported, RuleBroken, Source
from ledger.follow.authentic import Authenticated
from ledger.follow.client import NoAnswer, read_trust
from ledger.follow.governed import Governed
from ledger.follow.mirror import catch_up
from ledger.wire.regular import read_regular
from ledger.wire.shown import brief, one_line

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


def judged_file(named: Path | None, directory: Path, trust: Path) -> Path:
    """Return where this user's audits of a directory are noted: never beside it.

    Anyone who hands a log over could hand over as well what was judged of it.
    """
    if named is not None:
        return named
    of = read_regular(trust) + os.fsencode(directory.absolute())
    own = user_state_path("techledger") / "judged"
    own.mkdir(mode=0o700, parents=True, exist_ok=True)
    return own / f"{hashlib.sha256(of).hexdigest()[:32]}.sqlite"


def signed_source(source: Source, directory: Path, trust: Path | None) -> Authenticated:
    """Return a source of which all leads to the root of its checkpoint, by a trust root.

    The keys are those of now, as the copy in `directory` says. Without a trust root the checkpoint
    is believed. Raises `NotAuthentic`.
    """
    if trust is None:
        return Authenticated(source, "", None)
    return governed_source(source, directory, Governed(read_trust(trust)))


def governed_source(source: Source, directory: Path, governed: Governed) -> Authenticated:
    """Return a source whose checkpoint those have signed who may, as a copy says of them."""
    catch_up(governed, directory)
    origin, keys = governed.trust.origin, governed.log_keys
    return Authenticated(source, origin, keys, before=governed.keys_before)


@contextmanager
def refusals_told(*, as_json: bool) -> Iterator[None]:
    """Exit with the first entry that the rules refuse, or with what keeps from judging."""
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
    except NothingExported as error:
        fail({"verified": False, "reason": str(error)}, str(error), as_json=as_json)
    except AuditError as error:
        members = {"verified": False, "reason": str(error)}
        fail(members, f"REFUSED: {error}", as_json=as_json)


def code_of(error: Exception) -> int:
    """Return the exit code of an error: 2 where the server could not be asked."""
    return NoAnswer.exit_code if isinstance(error, NoAnswer) else 1


def fail(members: dict[str, Any], text: str, *, as_json: bool, code: int = 1) -> NoReturn:
    """Say what is wrong, and exit."""
    said = {name: brief(each) if isinstance(each, str) else each for name, each in members.items()}
    print(json.dumps(said, indent=1) if as_json else one_line(text))
    raise typer.Exit(code)
