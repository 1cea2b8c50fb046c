"""How a command ends: what became of it as JSON or in words, and the exit code."""

import json
from collections.abc import Mapping
from typing import Any, NoReturn

import typer

from ledger.wire.shown import brief, one_line


def tell(members: Mapping[str, Any], text: str, *, as_json: bool) -> None:
    """Print what became of it: its members as JSON, or the text for people."""
    print(json.dumps(members, indent=1) if as_json else text)


def tell_line(members: Mapping[str, Any], text: str, *, as_json: bool) -> None:
    """Print, at once, what a command that goes on has seen: a line for people, or of JSON."""
    print(json.dumps(members) if as_json else one_line(text), flush=True)


def fail(members: Mapping[str, Any], text: str, *, as_json: bool, code: int = 1) -> NoReturn:
    """Say what is wrong, and exit."""
    said = {name: brief(each) if isinstance(each, str) else each for name, each in members.items()}
    tell(said, one_line(text), as_json=as_json)
    raise typer.Exit(code)
