"""`techledger witness`: cosign the checkpoints of logs, for the State, an institute or a firm."""

import time
from collections.abc import Mapping
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
import uvicorn

from api.cli.options import AsJson
from api.cli.outcome import tell
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
    as_json: AsJson = False,
) -> None:
    """Make a witness: two keys, an empty book, witness.toml; print its lines for a policy."""
    house = WitnessDirectory(directory)
    house.create(name, tuple(log), host, port)
    _show(house, as_json=as_json)


@app.command("show")
def show(directory: Directory, as_json: AsJson = False) -> None:
    """Print the witness's lines for a policy."""
    _show(WitnessDirectory(directory), as_json=as_json)


def _show(house: WitnessDirectory, *, as_json: bool) -> None:
    name = house.config().name
    lines = policy_lines(name.rpartition("/")[2], house.signers(name)).removesuffix("\n")
    tell({"name": name, "policy": lines.split("\n")}, lines, as_json=as_json)


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
    as_json: AsJson = False,
) -> None:
    """Print each two checkpoints of one size that the log signed; exit code 1 if there are any."""
    with closing(WitnessState(WitnessDirectory(directory).book)) as book:
        found = book.contradictions(origin)
    said = [
        {
            "received": datetime.fromtimestamp(each.received, UTC).isoformat(),
            "cosigned": each.cosigned.decode(),
            "refused": each.other.decode(),
        }
        for each in found
    ]
    members = {"origin": origin, "contradictions": said}
    if said or as_json:
        tell(members, "\n".join(map(_contradiction, said)), as_json=as_json)
    raise typer.Exit(1 if found else 0)


def _contradiction(said: Mapping[str, str]) -> str:
    heads = f"{said['cosigned'] or 'the empty tree'}\nand this one, refused\n{said['refused']}"
    when = f"{said['received']}  the log signed two trees of one size"
    return f"{when}: this one, cosigned before\n{heads}"
