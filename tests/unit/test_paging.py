"""A long answer is paged on a terminal, where there is a pager and nobody has said not to."""

import fcntl
import os
import pty
import struct
import subprocess
import sys
import termios
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGER = "sed s/^/paged:/"
SHOWS = "from api.cli.paging import show_lines; show_lines(f'{{n}}' * {0} for n in range({1}))"


def shown(lines: int, width: int = 1, *, terminal: bool = True, **env: str) -> list[str]:
    """Return what is read of so many lines, on a terminal of 10 rows and 40 columns or a pipe."""
    ours, theirs = pty.openpty() if terminal else os.pipe()
    if terminal:
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 10, 40, 0, 0))
    own = {name: value for name, value in os.environ.items() if name not in ("LINES", "COLUMNS")}
    with subprocess.Popen(
        [sys.executable, "-c", SHOWS.format(width, lines)],
        stdout=theirs,
        cwd=ROOT,
        env=own | {"PAGER": PAGER} | env,
    ) as process:
        os.close(theirs)
        parts = list[bytes]()
        while part := read(ours):
            parts.append(part)
        assert 0 == process.wait()
    os.close(ours)
    return b"".join(parts).decode().split()


def read(file: int) -> bytes:
    try:
        return os.read(file, 1 << 12)
    except OSError:  # The other end of a terminal is closed.
        return b""


def test_what_is_longer_than_the_terminal_is_paged() -> None:
    assert [f"paged:{n}" for n in range(10)] == shown(10)
    assert ["paged:" + "0" * 400] == shown(1, 400), "a line that is broken takes its rows"


def test_what_has_room_is_not() -> None:
    assert [str(n) for n in range(9)] == shown(9)


@pytest.mark.parametrize(
    "env",
    [{"NO_PAGER": "1"}, {"NO_PAGER": ""}, {"PAGER": ""}, {"PAGER": "no-such-pager -X"}],
    ids=str,
)
def test_nothing_is_paged_where_nobody_wants_it_or_nothing_can(env: dict[str, str]) -> None:
    assert [str(n) for n in range(50)] == shown(50, **env)


def test_what_goes_to_a_file_or_a_pipe_is_not_paged() -> None:
    assert [str(n) for n in range(50)] == shown(50, terminal=False)


def test_who_leaves_the_pager_ends_the_command_in_order() -> None:
    assert ["0"] == shown(20_000, PAGER="head -n 1")


def test_the_option_says_it_for_one_command() -> None:
    told = subprocess.run(
        [sys.executable, "-c", _OPTION], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert "NO_PAGER is 1" in told.stdout


_OPTION = """
import os, sys
sys.argv = ["techledger", "--no-pager", "events", "types", "offer.made/1"]
from api.cli.main import run
try:
    run()
except SystemExit:
    pass
print("NO_PAGER is", os.environ.get("NO_PAGER"))
"""
