"""`techledger tlog`: verify logs and proofs of the C2SP family, no matter who runs them."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from api.cli.options import read_note_in, reading
from ledger.follow.tlog import is_of_tree, verify_proof, verify_tiles
from ledger.log.encoding import write_base64
from ledger.log.note import MAX_NOTE
from ledger.log.policy import Policy, Witnessed, parse_policy
from ledger.log.receipt import MAX_TLOG_PROOF, parse_tlog_proof
from ledger.verify.files import MAX_ANSWER, log_in
from ledger.verify.outcome import Refused
from ledger.wire.regular import read_regular
from ledger.wire.shown import one_line

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
) -> None:
    """Verify a log's static files (c2sp.org/tlog-tiles): signatures, every tile, every entry."""
    try:
        earlier = read_note_in(previous, "--previous")
        opened = verify_tiles(log_in(directory), _policy(policy), earlier)
    except Refused as refused:
        _refuse(refused)
    _tell(opened)


@app.command("proof")
def proof(
    file: Annotated[Path, typer.Argument(help="The proof", exists=True)],
    entry: Annotated[Path, typer.Option(help="The entry that it is for", exists=True)],
    policy: PolicyFile,
    previous: Previous = None,
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
        _refuse(refused)
    print(f"the entry has index {index}")
    if not continued:
        print("unchecked: whether the log continues what it was: techledger tlog verify shows it")
    _tell(opened)


def _proof(file: Path) -> bytes:
    raw = read_regular(file, MAX_TLOG_PROOF)
    with reading(file, "proof", "FILE"):
        parse_tlog_proof(raw)
    return raw


def _policy(file: Path) -> Policy:
    raw = read_regular(file, MAX_NOTE)
    with reading(file, "policy", "--policy"):
        return parse_policy(raw)


def _tell(opened: Witnessed) -> None:
    for name, time in sorted(opened.times.items()):
        print(f"cosigned by {name} at {datetime.fromtimestamp(time, UTC).isoformat()}")
    head = opened.checkpoint
    print(f"VERIFIED: {head.origin} at size {head.size}, root {write_base64(head.root)}")


def _refuse(refused: Refused) -> NoReturn:
    print(one_line(f"REFUSED: {refused}"))
    raise typer.Exit(1)
