"""`techledger policy`: read a trust policy, and say what it is worth."""

from pathlib import Path
from typing import Annotated

import typer

from api.cli.options import reading
from ledger.log.collusion import Tangled, worth_of
from ledger.log.policy import parse_policy
from ledger.wire.regular import read_regular

app = typer.Typer(help="Read a trust policy.", no_args_is_help=True)


@app.callback()
def policy() -> None:
    """Read a trust policy (C2SP tlog-policy)."""


@app.command("lint")
def lint(
    file: Annotated[Path, typer.Argument(help="The policy (c2sp.org/tlog-policy)", exists=True)],
) -> None:
    """Say who must collude for a split view, who can stop a quorum; exit code 1 if nobody must."""
    raw = read_regular(file)
    with reading(file, "policy", "FILE", Tangled):
        read = parse_policy(raw)
        worth = worth_of(read)
    print(f"sha256  {read.sha256}")
    counted = f"witnesses {len(worth.witnesses)} by {len(read.witnesses)} keys"
    print(f"logs {len(read.logs)}, {counted}, quorum {read.quorum or 'none'}")
    for group in read.groups:
        print(f"  {group.name}: {group.threshold} of {len(group.members)}")
    for name in worth.loose:
        print(f"warning: two choices of group {name} may have nobody in common")
    print(f"split view: {_told(worth.split)} must cosign both")
    print(f"no quorum: {_told(worth.stall)} can stop it by silence")
    raise typer.Exit(0 if worth.split else 1)


def _told(names: tuple[str, ...]) -> str:
    if not names:
        return "nobody"
    counted = "1 witness" if len(names) == 1 else f"{len(names)} witnesses"
    return f"{counted} at least, e.g. {', '.join(names)}"
