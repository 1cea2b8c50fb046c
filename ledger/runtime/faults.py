"""
What an error means for the ledger: decided here, and nowhere else.

Three classes. What *passes* is tried again, with back-off, and ends by itself: a full disk, a
descriptor too few, a killed backend, a dead process. What *needs the operator* is tried again as
well, more rarely, and says what to do. A *contradiction* halts the log: a wrong hash, root or
signature, a log that lies behind or beside what was signed, a missing anti-rollback file. Nothing
else halts.
"""

import errno
import os
import unicodedata
from concurrent.futures import BrokenExecutor
from enum import Enum
from typing import TypeVar

from ledger.wire.regular import OddFile
from ledger.wire.told import Told

E = TypeVar("E", bound=BaseException)

MAX_REASON = 300
"""Characters of a reason at most."""


class Fault(Enum):
    """The three classes."""

    PASSES = "passes"
    OPERATOR = "needs the operator"
    CONTRADICTION = "contradiction"


class Passing(Told):
    """Marks an error that passes. Never raised itself."""


class NeedsOperator(Told):
    """Marks an error that somebody must mend; its text says how."""


class Contradiction(Exception):
    """Marks an error that shows the log at odds with itself or with what was signed."""


_PASSING_NUMBERS = frozenset(
    {
        *(errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EMFILE, errno.ENFILE, errno.ENOMEM),
        *(errno.EAGAIN, errno.EINTR, errno.EBUSY, errno.ENOBUFS, errno.ESTALE, errno.EPIPE),
        *(errno.ECONNREFUSED, errno.ECONNRESET, errno.ECONNABORTED, errno.ENOTCONN),
        *(errno.ETIMEDOUT, errno.ENETUNREACH, errno.EHOSTUNREACH, errno.ENETDOWN, errno.EBADF),
    }
)

_FULL = frozenset({errno.ENOSPC, errno.EDQUOT})

_PASSING_KINDS = (Passing, MemoryError, TimeoutError, ConnectionError, EOFError, BrokenExecutor)


def fault_of(error: BaseException) -> Fault:
    """Return the class of a fault; what nobody thought of needs the operator."""
    if isinstance(error, Contradiction):
        return Fault.CONTRADICTION
    passes = isinstance(error, _PASSING_KINDS)
    if isinstance(error, OSError):
        passes = passes or error.errno in _PASSING_NUMBERS
    if isinstance(error, RuntimeError):
        passes = passes or "can't start new thread" in str(error)
    return Fault.PASSES if passes else Fault.OPERATOR


_BUGS = (
    *(ArithmeticError, AssertionError, AttributeError, LookupError, RecursionError),
    *(TypeError, ValueError),
)


def is_bug(error: BaseException) -> bool:
    """Say whether our own code failed at what it was given, as it would again."""
    marked = isinstance(error, NeedsOperator) or fault_of(error) is not Fault.OPERATOR
    return isinstance(error, _BUGS) and not marked


def without_frames(error: E) -> E:
    """Return an error that is kept as an answer, without the frames that it was raised through.

    They hold the error among their values, and all that was read and judged with it: a ring that
    only the garbage collector ends, and thousands of them stop every thread for half a second.
    """
    each: BaseException | None = error
    while each is not None:
        each.__traceback__ = None
        each = each.__cause__ or each.__context__
    return error


def is_full(error: BaseException) -> bool:
    """Say whether an error of the system means that there is no room left."""
    return isinstance(error, OSError) and error.errno in _FULL


def reason_of(error: BaseException) -> str:
    """Return one short line of our own words about an error.

    A driver's or the system's message may have line feeds, paths and values in it, and what is
    written to HALTED ends in an event of the log.
    """
    if isinstance(error, OddFile):
        return canonical_reason(error.told)
    if isinstance(error, Contradiction | NeedsOperator):
        return canonical_reason(str(error)) or type(error).__name__
    if isinstance(error, OSError) and error.errno:
        return f"{errno.errorcode.get(error.errno, 'OSError')}: {os.strerror(error.errno)}"
    return type(error).__name__


_IN_WORDS: tuple[tuple[type[Exception], str], ...] = (
    (KeyError, "what it looks for is not there: {error}"),
    (LookupError, "a list has fewer members than it looks for"),
    (RecursionError, "it is nested deeper than can be followed"),
    (UnicodeError, "a text holds what no text can"),
    (ValueError, "a value is not of its form: {error}"),
    (TypeError, "a value is of another kind than is read there"),
    (AttributeError, "a value is of another kind than is read there"),
    (ArithmeticError, "its numbers cannot be computed with"),
    (MemoryError, "it takes more memory than there is"),
    (TimeoutError, "it took too long"),
)


def unexamined(what: str, error: Exception) -> str:
    """Say that something cannot be examined, and in words what was found wrong there."""
    kinds = (words for kind, words in _IN_WORDS if isinstance(error, kind))
    said = next(kinds, "{error}").format(error=error)
    return f"{what} cannot be examined: {canonical_reason(said) or 'no reason was given'}"


def canonical_reason(text: str) -> str:
    """Return a text as one line of printable characters, of a bounded length."""
    line = " ".join("".join(each if _is_plain(each) else " " for each in text).split())
    return unicodedata.normalize("NFC", line)[:MAX_REASON].rstrip()


def _is_plain(char: str) -> bool:
    return char.isprintable() and unicodedata.category(char) != "Co"
