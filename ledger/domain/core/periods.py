"""
Legal periods: which day ends a period that the law gives (Civil Code arts. 147 and 148).

The first day is not counted, and the last one counts to 24:00. Where the last month has no such
day, its last one ends the period; where the last day is of a weekend or a public holiday, the next
working day does. Which days those are is law data (`periods.json`), for the lunar holidays year by
year. Periods that parties agree on end as they agreed, and titles on the day that the law names.
"""

import calendar
from collections.abc import Iterator
from datetime import date, timedelta

from ledger.domain.core.dated_law import Law

_DAY = timedelta(days=1)
_LONGEST_REST = 31
"""Days in a row without work that a data set may have: what is longer extends no period."""

_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


def months_later(day: date, months: int) -> date:
    """Return the same day some months later; where there is none, the last of that month."""
    years, month = divmod(day.month - 1 + months, 12)
    year = day.year + years
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


def end_of_months(law: Law, day: date, months: int) -> date:
    """Return the last day of a legal period of months that begins on a day."""
    return _extended(law, months_later(day, months))


def end_of_days(law: Law, day: date, days: int) -> date:
    """Return the last day of a legal period of days that begins on a day."""
    return _extended(law, day + days * _DAY)


def end_of_working_days(law: Law, day: date, days: int) -> date:
    """Return the last day of a period of working days that begins on a day."""
    for _ in range(days):
        day = working_day(law, day + _DAY)
    return day


def working_day(law: Law, day: date) -> date:
    """Return the day itself if it is worked, else the next that is."""
    for ahead in range(_LONGEST_REST):
        if not is_day_off(law, day + ahead * _DAY):
            return day + ahead * _DAY
    return day


def is_day_off(law: Law, day: date) -> bool:
    """Say whether a day is of a weekend, a public holiday, or off in lieu of a holiday on one."""
    return _is_of_a_weekend(law, day) or _is_a_holiday(law, day) or _is_in_lieu(law, day)


def _extended(law: Law, last: date) -> date:
    return last if law.find("period.extension", last) is None else working_day(law, last)


def _is_of_a_weekend(law: Law, day: date) -> bool:
    rest = law.find("period.weekly_rest", day)
    return rest is not None and _WEEKDAYS[day.weekday()] in rest.names("days")


def _is_a_holiday(law: Law, day: date) -> bool:
    """Say whether a row has the day: by `dates`, or every year by `days`, month and day."""
    said = day.isoformat()
    return any(
        name in row.values and text in row.names(name)
        for row in law.about("period.holiday", day)
        for name, text in (("dates", said), ("days", said.removeprefix(f"{day.year:04}-")))
    )


def _is_in_lieu(law: Law, day: date) -> bool:
    """Say whether a working day makes up for a holiday that fell on a weekend just before it."""
    if law.find("period.day_in_lieu", day) is None:
        return False
    owed = 0
    for each in _days_before(day):
        weekend, holiday = _is_of_a_weekend(law, each), _is_a_holiday(law, each)
        if weekend and holiday:
            owed += 1
        elif not weekend and not holiday:
            owed = max(0, owed - 1)
    return owed > 0


def _days_before(day: date) -> Iterator[date]:
    """Return the days in which holidays may lie that a day makes up for, oldest first."""
    first = max(date.min.toordinal(), day.toordinal() - _LONGEST_REST)
    return map(date.fromordinal, range(first, day.toordinal()))
