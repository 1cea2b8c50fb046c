"""
What is shown to people is what is there: a code point that cannot be seen is shown escaped.

Text of an entry may hold characters that signed payloads do not forbid and that nobody sees (a
soft hyphen, a line separator, a tag) or that look like a space, a file may be called anything, and
a server may answer anything. One of them can make two names look alike or a line look like two. So
whatever is printed goes through here: as JSON escapes it, so that JSON stays what it was.
"""

import json
import os
import re
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, redirect_stderr, redirect_stdout
from typing import Any, TextIO, cast

# What is printable and shows nothing: all of Default_Ignorable_Code_Point (UAX #44; it grows no
# more), then the blanks among letters, marks and symbols. No Python's age decides: later ones know
# more that is printable.
_BLANK = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f"
    "\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufff8\U0001bca0-\U0001bca3\U0001d173-\U0001d17a"
    "\U000e0000-\U000e0fff"
    "\u2800\U0001107f\U00013441\U00013442\U00016fe4\U0001d159]"
)
_COLOURS = re.compile("(\x1b\\[[0-9;]*m)")


MOST_SHOWN = 2000
"""Characters of a line at most that says what a server, or a file, has said."""


def brief(text: str) -> str:
    """Return a text, cut where it is longer than anybody reads, which is said."""
    left = len(text) - MOST_SHOWN
    return text if left <= 0 else f"{text[:MOST_SHOWN]}… and {left} characters more"


def visible(text: str) -> str:
    """Return a text as one line in which every code point can be seen, the others escaped."""
    if text.isprintable() and not _BLANK.search(text):
        return text
    return "".join(each if _is_seen(each) else json.dumps(each)[1:-1] for each in text)


def one_line(text: str) -> str:
    """Return what a server, or a file, has said, as a line: visible, and no longer than is read.

    A colour is escaped as well: there are those in which nothing is seen.
    """
    return visible(brief(text))


def visible_lines(text: str) -> str:
    """Return what `visible` returns, but for line feeds, which stay."""
    return visible(text) if "\n" not in text else "\n".join(map(visible, text.split("\n")))


@contextmanager
def showing() -> Iterator[None]:
    """Let all that is printed in the block be visible; a stream that is closed stays silent."""
    with ExitStack() as shown:
        for redirect, stream in ((redirect_stdout, sys.stdout), (redirect_stderr, sys.stderr)):
            if stream is not None:
                shown.enter_context(redirect(cast("TextIO", _Shown(stream))))
        yield


def can_print(text: str) -> bool:
    """Print a text; where that fails say why, and return False."""
    try:
        print(text, flush=True)  # noqa: T201  (what it is for)
    except OSError as error:
        print(error, file=sys.stderr)  # noqa: T201
        drop_output()
        return False
    return True


def drop_output() -> None:
    """Let nothing that is still to be printed go where it could not be printed."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _is_seen(char: str) -> bool:
    # Of the spaces (Zs) only U+0020 is printable: another is no other word to who reads it.
    return char.isprintable() and not _BLANK.match(char)


class CannotPrint(OSError):
    """There is no room for what was to be printed."""


class _Shown:
    """A stream of text that writes what can be seen; colours, which change no text, pass.

    What its encoding does not have is escaped as well.
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    def write(self, text: str) -> int:
        parts = _COLOURS.split(text)
        parts[::2] = map(visible_lines, parts[::2])
        encoding = self._stream.encoding or "utf-8"
        shown = "".join(parts).encode(encoding, "backslashreplace").decode(encoding)
        self._print(lambda: self._stream.write(shown))
        return len(text)

    def flush(self) -> None:
        self._print(self._stream.flush)

    def _print(self, do: Callable[[], object]) -> None:
        try:
            do()
        except BrokenPipeError:
            raise  # Nobody reads any more: that ends anyone who prints on and on.
        except OSError as error:
            raise CannotPrint(error.errno, error.strerror) from error
