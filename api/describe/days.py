"""
Days and instants as people say them.

What is kept as `[from, to)` is said by its last day: a licence of `[2026-11-29, 2034-11-29)` runs
to 28 November 2034 inclusive. Instants are told in Hà Nội.
"""

from datetime import date, datetime, time, timedelta

from api.describe.language import Language, Said
from ledger.domain.core.types import HANOI, format_instant

_MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
_FROM = Said("từ ngày", "from")
_NO_END = Said("không thời hạn", "with no end")
_NO_DAY = Said("không ngày nào", "on no day")
_FROM_THE_START = Said("từ đầu, như chưa từng có", "the very start, as if it had never been")
_IN_HANOI = Said("giờ Hà Nội", "Hà Nội time")
_UP_TO = Said("đến {}", "until {}")
_UNITS = (Said("{} ngày", "{} days"), Said("{} giờ", "{} hours"), Said("{} phút", "{} minutes"))
_LAST_SECOND = time(23, 59, 59)
_LAST = Said("đến hết ngày {}", "to {} inclusive")


def day(value: date, language: Language) -> str:
    """Return a day: 28/11/2034, 28 November 2034; the first of all is the very start."""
    if value == date.min:
        return _FROM_THE_START.in_(language)
    if language == "vi":
        return f"{value.day:02d}/{value.month:02d}/{value.year:04d}"
    return f"{value.day} {_MONTHS[value.month - 1]} {value.year}"


def day_of_year(month: int, day_of_month: int, language: Language) -> str:
    """Return a day that comes every year: 30/4, 30 April."""
    if language == "vi":
        return f"{day_of_month}/{month}"
    return f"{day_of_month} {_MONTHS[month - 1]}"


def month(value: date, language: Language) -> str:
    """Return a month by any day of it: Tháng 11/2034, November 2034."""
    if language == "vi":
        return f"Tháng {value.month}/{value.year}"
    return f"{_MONTHS[value.month - 1]} {value.year}"


def until(end: date | None, language: Language) -> str:
    """Return to when something runs, of the first day after it; None has no end."""
    if end is None:
        return _NO_END.in_(language)
    return _LAST.in_(language).format(day(end - timedelta(days=1), language))


def span(start: date, end: date | None, language: Language, open_end: Said | None = None) -> str:
    """Return the days `[start, end)` by their first and last; what an open end means, if told."""
    if end is not None and end <= start:
        return f"{_NO_DAY.in_(language)} ({day(start, language)})"
    begins = f"{_FROM.in_(language)} {day(start, language)}"
    if end is None:
        return f"{begins}, {(open_end or _NO_END).in_(language)}"
    return f"{begins} {until(end, language)}"


def clock(instant: datetime, language: Language) -> str:
    """Return an instant to the second, by the clocks of Hà Nội."""
    there = instant.astimezone(HANOI)
    if language == "vi":
        return f"{there:%H:%M:%S} ngày {day(there.date(), language)}"
    return f"{day(there.date(), language)}, {there:%H:%M:%S}"


def moment(instant: datetime, language: Language) -> str:
    """Return an instant to the second, and that it is told in Hà Nội."""
    return f"{clock(instant, language)} ({_IN_HANOI.in_(language)})"


def up_to(instant: datetime, language: Language) -> str:
    """Return until when, inclusive; by its day where that is the day's end in Hà Nội."""
    there = instant.astimezone(HANOI)
    if there.time() >= _LAST_SECOND:
        return until(there.date() + timedelta(days=1), language)
    return _UP_TO.in_(language).format(moment(instant, language))


def left(span: timedelta, language: Language) -> str:
    """Return how long there is yet, by the two largest units that it has: 3 days 4 hours."""
    minutes = max(0, int(span.total_seconds()) // 60)
    counted = (minutes // 1440, minutes // 60 % 24, minutes % 60)
    first = next((at for at, count in enumerate(counted) if count), len(counted) - 1)
    said = (
        unit.in_(language).format(count).removesuffix("s" if count == 1 else "")
        for unit, count in [*zip(_UNITS, counted, strict=True)][first : first + 2]
        if count or first == len(counted) - 1
    )
    return " ".join(said)


def utc(instant: datetime) -> str:
    """Return an instant for machines, to the millisecond, in UTC."""
    return format_instant(instant)
