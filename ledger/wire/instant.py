"""An instant: UTC, milliseconds, one spelling, as in `2026-11-22T03:10:00.123Z` (RFC 3339)."""

from datetime import UTC, datetime

from ledger.wire.canonical import WireError


class MalformedInstant(WireError):
    """A text that is not what `format_instant` writes for any instant."""

    def __str__(self) -> str:
        return "an instant is written YYYY-MM-DDTHH:MM:SS.mmmZ"


FIRST_YEAR, LAST_YEAR = 1000, 2999


def parse_instant(text: str) -> datetime:
    """Read an instant. Raises `MalformedInstant` for any other spelling, leap seconds included."""
    try:
        instant = datetime.fromisoformat(text)
    except ValueError:
        raise MalformedInstant from None
    if _format(instant) != text or not FIRST_YEAR <= instant.year <= LAST_YEAR:
        raise MalformedInstant
    return instant


def format_instant(instant: datetime) -> str:
    """Write an instant, cut down to whole milliseconds."""
    assert instant.tzinfo is not None, "an instant knows its offset from UTC"
    return _format(instant.astimezone(UTC))


def _format(instant: datetime) -> str:
    return instant.isoformat(timespec="milliseconds").removesuffix("+00:00") + "Z"
