"""`techledger policy`: read a trust policy, and say what it is worth."""

from pathlib import Path
from typing import Annotated

import typer

from api.cli.options import AsJson, reading
from api.cli.outcome import tell
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
    as_json: AsJson = False,
) -> None:
    """Say who must collude for a split view, who can stop a quorum; exit code 1 if nobody must."""
    raw = read_regular(file)
    with reading(file, "policy", "FILE", Tangled):
        read = parse_policy(raw)
        worth = worth_of(read)
    members = {
        "sha256": read.sha256,
        "logs": len(read.logs),
        "keys": len(read.witnesses),
        "witnesses": list(worth.witnesses),
        "quorum": read.quorum,
        "groups": [
            {"name": each.name, "threshold": each.threshold, "members": list(each.members)}
            for each in read.groups
        ],
        "loose": list(worth.loose),
        "split": list(worth.split),
        "stall": list(worth.stall),
    }
    counted = f"witnesses {len(worth.witnesses)} by {len(read.witnesses)} keys"
    lines = [
        f"sha256  {read.sha256}",
        f"logs {len(read.logs)}, {counted}, quorum {read.quorum or 'none'}",
        *(f"  {each.name}: {each.threshold} of {len(each.members)}" for each in read.groups),
        *(f"warning: two choices of group {n} may have nobody in common" for n in worth.loose),
        f"split view: {_told(worth.split)} must cosign both",
        f"no quorum: {_told(worth.stall)} can stop it by silence",
    ]
    tell(members, "\n".join(lines), as_json=as_json)
    raise typer.Exit(0 if worth.split else 1)


def _told(names: tuple[str, ...]) -> str:
    if not names:
        return "nobody"
    counted = "1 witness" if len(names) == 1 else f"{len(names)} witnesses"
    return f"{counted} at least, e.g. {', '.join(names)}"
