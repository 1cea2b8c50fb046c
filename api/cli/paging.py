"""Long answers on a terminal are shown by its pager, as other programs show theirs."""

import os
import shlex
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterable
from contextlib import suppress

NO_PAGER = "NO_PAGER"
"""What in the environment says, whatever it is, that nothing is to be paged."""


def show_lines(lines: Iterable[str]) -> None:
    """Print lines: by the pager (`PAGER`, or less) where a terminal does not have the room."""
    told = [*lines]
    pager = _pager() if sys.stdout.isatty() and not _fits(told) else []
    if not pager:
        for line in told:
            print(line)
        return
    sys.stdout.flush()
    own = {"LESS": "FRX", "LESSCHARSET": "utf-8"} | os.environ
    process = subprocess.Popen(pager, stdin=subprocess.PIPE, env=own)  # noqa: S603  (the user's own)
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the pager.
    try:
        with suppress(BrokenPipeError):  # Who has read enough leaves.
            process.communicate("".join(f"{line}\n" for line in told).encode())
        process.wait()
    finally:
        signal.signal(signal.SIGINT, before)


def _fits(lines: list[str]) -> bool:
    columns, rows = shutil.get_terminal_size()
    return sum(1 + max(0, len(line) - 1) // columns for line in lines) < rows


def _pager() -> list[str]:
    """Return the pager's words; none where nobody wants one, or it is not there."""
    if NO_PAGER in os.environ:
        return []
    words = shlex.split(os.environ.get("PAGER", "less"))
    return words if words and shutil.which(words[0]) else []
