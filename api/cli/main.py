"""
The command line: `techledger <noun> <verb>`.

Exit codes: 0 done; 1 refused, or something does not verify; 2 wrong usage, or nobody could be
asked; 70 halted; 78 unfit (docs/reference/exit-codes.md).
"""

import errno
import os
import sys
from importlib import import_module
from importlib.metadata import version
from typing import Annotated, Any

import typer
from pydantic import ValidationError
from typer.core import TyperGroup

from api.cli.logs import configure_logs
from ledger.home.settings import Settings, UnknownVariable, must_know
from ledger.quoted import quoted
from ledger.runtime.faults import Fault, Told, fault_of, reason_of
from ledger.verify.outcome import VerifyError
from ledger.wire.regular import OddFile
from ledger.wire.shown import CannotPrint, drop_output, one_line, showing

_SINGLE = ("demo", "serve", "find", "mirror", "monitor", "openapi")
"""Commands that are a function of that name, in the module of that name."""

_NOUNS = (
    *("keys", "events", "evidence", "witness", "policy", "tlog", "parties", "contracts", "rights"),
    *("ask", "licences", "revenue", "disputes", "import", "law", "audit", "operate"),
)
"""Commands that have commands: `app`, in the module of that name."""

MODULES = {name: f"api.cli.{name}" for name in (*_SINGLE, *_NOUNS)} | {"import": "api.cli.imports"}
"""Where each command is; `import` is a word of Python's own."""


class _Commands(TyperGroup):
    """Imports what the command needs that is called: with all of them a start takes seconds."""

    def list_commands(self, ctx: Any) -> list[str]:
        """Return the names in the order in which they are shown."""
        del ctx
        return [*MODULES]

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """Import a command; None where there is none of that name."""
        del ctx
        if cmd_name not in MODULES:
            return None
        module = import_module(MODULES[cmd_name])
        if cmd_name in _NOUNS:
            command: Any = typer.main.get_group(module.app)
        else:
            single = typer.Typer(add_completion=False)
            single.command()(getattr(module, cmd_name))
            command = typer.main.get_command(single)
        command.name = cmd_name
        return command


app = typer.Typer(
    name="techledger",
    cls=_Commands,
    help="A ledger of signed technology transactions that its operator cannot rewrite unnoticed.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


def _show_version(wanted: bool) -> None:
    if wanted:
        print(f"techledger {version('techledger')}")
        raise typer.Exit


@app.callback()
def _techledger(
    *,
    version: Annotated[
        bool,
        typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version."),
    ] = False,
) -> None:
    del version


EXIT_USAGE = 2


def run() -> None:
    """Run the command line; known errors are one line and an exit code, no traceback."""
    try:
        must_know(os.environ)
        configure_logs(Settings().log_level)
    except UnknownVariable as error:
        _fail(error, EXIT_USAGE)
    except ValidationError as error:
        _fail(_wrong_setting(error), EXIT_USAGE)
    with showing():
        _run()


def _run() -> None:
    try:
        try:
            app()
        finally:
            sys.stdout.flush()
    except (CannotPrint, BrokenPipeError) as error:
        drop_output()
        _fail(f"{reason_of(error)}: what was to be printed", EXIT_USAGE)
    except Told as error:
        _fail(error, error.exit_code)
    except VerifyError as error:
        _fail(error, 1)
    except OddFile as error:
        _fail(f"ODD_FILE: {error.told}; name another, or put one there", EXIT_USAGE)
    except OSError as error:
        _fail(_accident(error), 1 if fault_of(error) is Fault.PASSES else EXIT_USAGE)


def _accident(error: OSError) -> str:
    """Say what the system, or who reads files, says of a path, and what to do."""
    number = error.errno or 0
    ours = number in errno.errorcode and error.strerror not in (None, os.strerror(number))
    told = f"{errno.errorcode[number]}: {error.strerror}" if ours else reason_of(error)
    where = "" if error.filename is None else f": {error.filename}"
    return f"{told}{where}; {_HELPS.get(number, 'mend that, and run it again')}"


_HELPS = {
    errno.ENOENT: "name what is there, or put it there",
    errno.ENOTDIR: "name a directory, or a file in one",
    errno.EISDIR: "name a file",
    errno.EACCES: "let this user read and write it",
    errno.EPERM: "let this user read and write it",
    errno.EROFS: "name a place that can be written to",
    errno.ENAMETOOLONG: "name a shorter path",
    errno.ENOSPC: "make room, and run it again",
}
"""What helps, by what the system says of a path."""

_WANTED = {
    "int": "a whole number is wanted",
    "float": "a number is wanted",
    "greater_than": "more than {gt} is wanted",
    "greater_than_equal": "{ge} or more is wanted",
    "less_than_equal": "{le} at most is wanted",
    "literal_error": "it is {expected}",
}
"""What a setting should be, by the first words of what pydantic calls it that it is not."""


def _wrong_setting(error: ValidationError) -> str:
    """Say of the first setting that is none which one it is, what it is, and what is wanted."""
    first = error.errors(include_url=False)[0]
    kind, given = first["type"], first.get("ctx", {})
    wanted = _WANTED.get(kind, _WANTED.get(kind.partition("_")[0], first["msg"])).format(**given)
    name = f"LEDGER_{first['loc'][0]}".upper()
    return f"{name}={quoted(first['input'])}: {wanted}; docs/reference/settings.md lists them"


def _fail(error: Exception | str, code: int) -> None:
    print(f"techledger: {one_line(str(error))}", file=sys.stderr)
    sys.exit(code)
