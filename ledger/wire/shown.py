"""
What is shown to people is what is there: a code point that cannot be seen is shown escaped.

Text of an entry may hold characters that signed payloads do not forbid and that nobody sees (a
soft hyphen, a line separator, a tag) or that look like a space, a file may be called anything, and
a server may answer anything. One of them can make two names look alike or a line look like two. So
whatever is printed goes through here: as JSON escapes it, so that JSON stays what it was.
"""

import json
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from typing import Any, TextIO, cast

_BLANK = re.compile(  # Of the letters, marks and symbols those that show nothing (UAX #44).
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\ufe00-\ufe0f\uffa0"
    "\U000e0100-\U000e01ef]"
)
_COLOURS = re.compile("(\x1b\\[[0-9;]*m)")


def visible(text: str) -> str:
    """Return a text as one line in which every code point can be seen, the others escaped."""
    if text.isprintable() and not _BLANK.search(text):
        return text
    return "".join(each if _is_seen(each) else json.dumps(each)[1:-1] for each in text)


def visible_lines(text: str) -> str:
    """Return what `visible` returns, but for line feeds, which stay."""
    return "\n".join(map(visible, text.split("\n")))


@contextmanager
def showing() -> Iterator[None]:
    """Let all that is printed in the block be visible."""
    out, err = (cast("TextIO", _Shown(stream)) for stream in (sys.stdout, sys.stderr))
    with redirect_stdout(out), redirect_stderr(err):
        yield


def _is_seen(char: str) -> bool:
    # Of the spaces (Zs) only U+0020 is printable: another is no other word to who reads it.
    return char.isprintable() and not _BLANK.match(char)


class _Shown:
    """A stream of text that writes what can be seen; colours, which change no text, pass."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    def write(self, text: str) -> int:
        parts = _COLOURS.split(text)
        parts[::2] = map(visible_lines, parts[::2])
        self._stream.write("".join(parts))
        return len(text)
