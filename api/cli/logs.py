"""The log of a process: one JSON object a line, on standard error."""

import logging
import sys
import threading
from contextlib import suppress
from typing import TextIO, cast

import structlog

_log = structlog.get_logger(__name__)


class _Unfailing:
    """A stream whose writer is never told that its disk is full: no worker ends for a line."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> None:
        """Write, or not."""
        with suppress(OSError, ValueError):
            self._stream.write(text)

    def flush(self) -> None:
        """Flush, or not."""
        with suppress(OSError, ValueError):
            self._stream.flush()


_LEVELS = (logging.CRITICAL, logging.ERROR, logging.WARNING, logging.INFO, logging.DEBUG)
"""The levels that a line of ours may have; one between two of them is the lower one."""


class _OfLibraries(logging.Handler):
    """Writes what libraries log, and Python's warnings, as lines of ours."""

    def emit(self, record: logging.LogRecord) -> None:
        try:
            said = record.getMessage().strip()
        except Exception:  # noqa: BLE001  (what does not fit its arguments is told as it is)
            said = f"{record.msg} {record.args}"
        level = next(each for each in _LEVELS if each <= max(record.levelno, logging.DEBUG))
        _log.log(level, said, logger=record.name, exc_info=record.exc_info or None)


def log_uncaught() -> None:
    """Log what ends a thread or this process, which Python would print."""

    def tell(of: BaseException | None) -> None:
        _log.critical("uncaught", exc_info=of)

    sys.excepthook = lambda _kind, error, _traceback: tell(error)
    sys.unraisablehook = lambda told: tell(told.exc_value)
    threading.excepthook = lambda told: tell(told.exc_value)


def configure_logs(level: str) -> None:
    """Log from `level` on, one of Python's names for them; what libraries say, from WARNING on."""
    logging.basicConfig(handlers=[_OfLibraries()], force=True)
    logging.captureWarnings(capture=True)
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level]),
        logger_factory=structlog.PrintLoggerFactory(cast("TextIO", _Unfailing(sys.stderr))),
    )
