"""`techledger witness`: cosign the checkpoints of logs, for the State, an institute or a firm."""

import time
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
import uvicorn

from api.limits.guarded import Guard, Limits, guarded
from api.witness_app import witness_app
from ledger.witness.directory import WitnessDirectory, policy_lines
from ledger.witness.state import WitnessState
from ledger.witness.witness import Witness

app = typer.Typer(help="Cosign the checkpoints of logs.", no_args_is_help=True)

Directory = Annotated[Path, typer.Argument(help="Where the witness lives")]


@app.command("init")
def init(
    directory: Directory,
    *,
    name: Annotated[str, typer.Option(help="Name in cosignatures, e.g. witness.example.vn/state")],
    log: Annotated[list[str], typer.Option(help="vkey of a log; repeat it for each of its keys")],
    host: Annotated[str, typer.Option(help="Address to listen on")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port to listen on")] = 8021,
) -> None:
    """Make a witness: two keys, an empty book, witness.toml; print its lines for a policy."""
    house = WitnessDirectory(directory)
    house.create(name, tuple(log), host, port)
    _show(house)


@app.command("show")
def show(directory: Directory) -> None:
    """Print the witness's lines for a policy."""
    _show(WitnessDirectory(directory))


def _show(house: WitnessDirectory) -> None:
    name = house.config().name
    print(policy_lines(name.rpartition("/")[2], house.signers(name)), end="")


@app.command("serve")
def serve(directory: Directory) -> None:
    """Serve the witness over HTTP until interrupted."""
    house = WitnessDirectory(directory)
    config = house.config()
    with closing(WitnessState(house.book)) as book:
        signers = house.signers(config.name)
        witness = Witness(*signers, config.logs, book, lambda: int(time.time()))
        print(f"{config.name} witnesses {len(config.logs)} logs on port {config.port}", flush=True)
        app, guard = witness_app(witness), Guard(Limits())
        uvicorn.Server(guarded(app, guard, host=config.host, port=config.port)).run()


@app.command("evidence")
def evidence(
    directory: Directory,
    origin: Annotated[str, typer.Argument(help="Origin of a log")],
) -> None:
    """Print each two checkpoints of one size that the log signed; exit code 1 if there are any."""
    with closing(WitnessState(WitnessDirectory(directory).book)) as book:
        found = book.contradictions(origin)
    for each in found:
        when = datetime.fromtimestamp(each.received, UTC).isoformat()
        print(f"{when}  the log signed two trees of one size: this one, cosigned before")
        print(f"{each.cosigned.decode() or 'the empty tree'}\nand this one, refused")
        print(each.other.decode())
    raise typer.Exit(1 if found else 0)
