"""Legal periods: when a period of months or years that runs from a day is over."""

import calendar
from datetime import date


def months_later(day: date, months: int) -> date:
    """Return the last day of a period of months that a day begins (Civil Code arts. 147, 148).

    The first day is not counted; where the last month has no such day, its last one ends it.
    """
    years, month = divmod(day.month - 1 + months, 12)
    year = day.year + years
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))
