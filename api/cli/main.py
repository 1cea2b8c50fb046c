"""
The command line: `techledger <noun> <verb>`.

Exit codes: 0 done; 1 refused, or something does not verify; 2 wrong usage, or nobody could be
asked; 70 halted; 78 unfit (docs/reference/exit-codes.md).
"""

import errno
import os
import sys
from importlib import import_module
from types import ModuleType
from typing import Annotated

import typer

from api.cli.declared import CommandLine
from api.cli.paging import NO_PAGER
from ledger.home.variables import OF_CLIENTS, is_ours
from ledger.runtime.faults import Fault, fault_of, reason_of
from ledger.wire.regular import OddFile
from ledger.wire.shown import CannotPrint, drop_output, one_line, showing
from ledger.wire.told import Told

app = typer.Typer(
    name="techledger",
    cls=CommandLine,
    help="A ledger of signed technology transactions that its operator cannot rewrite unnoticed.",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)


def _show_version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version  # noqa: PLC0415  (it costs a start as much as typer)

        print(f"techledger {version('techledger')}")
        raise typer.Exit


@app.callback()
def _techledger(
    *,
    version: Annotated[
        bool,
        typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version."),
    ] = False,
    no_pager: Annotated[
        bool, typer.Option("--no-pager", help="Print long answers as they are (as NO_PAGER does).")
    ] = False,
) -> None:
    del version
    if no_pager:
        os.environ[NO_PAGER] = "1"


EXIT_USAGE = 2


def run() -> None:
    """Run the command line; known errors are one line and an exit code, no traceback."""
    with showing():
        _run()


def _load(name: str) -> ModuleType:
    """Import the module of a command that runs, by settings that are right; it may write a log.

    What nobody has set is right, and costs a start nothing; so does a log that nobody writes.
    """
    level = "INFO"
    if any(is_ours(each) and each not in OF_CLIENTS for each in os.environ):
        from api.cli.environment import log_level  # noqa: PLC0415

        level = log_level()
    module = import_module(name)
    if "structlog" in sys.modules:
        from api.cli.logs import configure_logs  # noqa: PLC0415

        configure_logs(level)
    return module


def _run() -> None:
    try:
        try:
            app(obj=_load)
        finally:
            sys.stdout.flush()
    except (CannotPrint, BrokenPipeError) as error:
        drop_output()
        _fail(f"{reason_of(error)}: what was to be printed", EXIT_USAGE)
    except Told as error:
        _fail(error, error.exit_code)
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
    errno.EBUSY: "wait until that has ended, and run it again",
}
"""What helps, by what the system says of a path."""


def _fail(error: Exception | str, code: int) -> None:
    print(f"techledger: {one_line(str(error))}", file=sys.stderr)
    sys.exit(code)
