"""`techledger tlog`: verify logs and proofs of the C2SP family, no matter who runs them."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from api.cli.options import AsJson, read_note_in, reading
from api.cli.outcome import fail, tell
from ledger.follow.tlog import is_of_tree, verify_proof, verify_tiles
from ledger.log.encoding import write_base64
from ledger.log.note import MAX_NOTE
from ledger.log.policy import Policy, Witnessed, parse_policy
from ledger.log.receipt import MAX_TLOG_PROOF, parse_tlog_proof
from ledger.verify.files import MAX_ANSWER, log_in
from ledger.verify.outcome import Refused
from ledger.wire.regular import read_regular

app = typer.Typer(
    help="Verify any tlog-tiles log and tlog-proof, by a policy.", no_args_is_help=True
)

PolicyFile = Annotated[
    Path, typer.Option("--policy", help="Its logs and witnesses are trusted", exists=True)
]

Previous = Annotated[
    Path | None, typer.Option(help="An earlier checkpoint of the log", exists=True)
]


@app.command("verify")
def verify(
    directory: Annotated[Path, typer.Argument(help="The log's files", exists=True)],
    policy: PolicyFile,
    previous: Previous = None,
    as_json: AsJson = False,
) -> None:
    """Verify a log's static files (c2sp.org/tlog-tiles): signatures, every tile, every entry."""
    try:
        earlier = read_note_in(previous, "--previous")
        opened = verify_tiles(log_in(directory), _policy(policy), earlier)
    except Refused as refused:
        fail(refused.to_json(), f"REFUSED: {refused}", as_json=as_json)
    _tell(opened, as_json=as_json)


@app.command("proof")
def proof(
    file: Annotated[Path, typer.Argument(help="The proof", exists=True)],
    entry: Annotated[Path, typer.Option(help="The entry that it is for", exists=True)],
    policy: PolicyFile,
    previous: Previous = None,
    as_json: AsJson = False,
) -> None:
    """Verify that an entry is in a log, by its proof (c2sp.org/tlog-proof)."""
    try:
        earlier = read_note_in(previous, "--previous")
        index, opened, roots = verify_proof(
            _proof(file),
            read_regular(entry, MAX_ANSWER),
            trusted := _policy(policy),
        )
        origin = opened.checkpoint.origin
        continued = earlier is None or is_of_tree(earlier, origin, roots, trusted)
    except Refused as refused:
        fail(refused.to_json(), f"REFUSED: {refused}", as_json=as_json)
    _tell(opened, index, continued=continued, as_json=as_json)


def _proof(file: Path) -> bytes:
    raw = read_regular(file, MAX_TLOG_PROOF)
    with reading(file, "proof", "FILE"):
        parse_tlog_proof(raw)
    return raw


def _policy(file: Path) -> Policy:
    raw = read_regular(file, MAX_NOTE)
    with reading(file, "policy", "--policy"):
        return parse_policy(raw)


def _tell(
    opened: Witnessed, index: int | None = None, *, continued: bool = True, as_json: bool
) -> None:
    """Say what was verified; `continued`: that the log goes on from what it was is known."""
    head, root = opened.checkpoint, write_base64(opened.checkpoint.root)
    times = {
        name: datetime.fromtimestamp(time, UTC).isoformat()
        for name, time in sorted(opened.times.items())
    }
    members: dict[str, Any] = {
        "verified": True,
        "origin": head.origin,
        "size": head.size,
        "root": root,
        **({} if index is None else {"index": index}),
        "cosigned": [{"by": name, "at": at} for name, at in times.items()],
        "unchecked": [] if continued else [_UNCONTINUED],
    }
    lines = [
        *([] if index is None else [f"the entry has index {index}"]),
        *([] if continued else [f"unchecked: {_UNCONTINUED}"]),
        *(f"cosigned by {name} at {at}" for name, at in times.items()),
        f"VERIFIED: {head.origin} at size {head.size}, root {root}",
    ]
    tell(members, "\n".join(lines), as_json=as_json)


_UNCONTINUED = "whether the log continues what it was: techledger tlog verify shows it"
