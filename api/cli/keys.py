"""`techledger keys`: make and show signing keys."""

import json
from pathlib import Path
from typing import Annotated

import typer

from api.cli.options import must_be_new
from ledger.home.keystore import load_key, save_key
from ledger.node.genesis import key_record
from ledger.wire.signing_keys import ALGORITHMS, PrivateKey

app = typer.Typer(help="Make and show signing keys.", no_args_is_help=True)

KeyFile = Annotated[Path, typer.Argument(help="PKCS#8 PEM file of the private key")]


@app.command("new")
def new(
    file: KeyFile,
    algorithm: Annotated[str, typer.Option(help=f"One of {', '.join(ALGORITHMS)}")] = "ed25519",
) -> None:
    """Make a key pair; write the private key to FILE (mode 0600), print the public record."""
    if algorithm not in ALGORITHMS:
        raise typer.BadParameter(f"one of {', '.join(ALGORITHMS)}", param_hint="--algorithm")
    must_be_new(file, "FILE")
    key = PrivateKey.generate(algorithm)
    save_key(file, key)
    print(json.dumps(key_record(key), indent=1))


@app.command("show")
def show(file: KeyFile) -> None:
    """Print the public record of a key, as `party.registered/1` and `key.added/1` carry it."""
    print(json.dumps(key_record(load_key(file)), indent=1))
