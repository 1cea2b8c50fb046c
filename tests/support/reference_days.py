"""Days as the plain references count them."""

from calendar import monthrange
from datetime import date, timedelta


def later(day: str, days: int) -> str:
    """Return the day so many days later."""
    return (date.fromisoformat(day) + timedelta(days=days)).isoformat()


DAYS_OFF = {
    *("2027-01-01", "2027-04-16", "2027-04-30", "2027-05-03", "2027-09-02", "2027-09-03"),
    *("2027-02-05", "2027-02-08", "2027-02-09", "2027-02-10", "2027-02-11"),
}
"""Days off work in the year of these histories, weekends aside; two make up for Tết's weekend."""


def month_later(day: str) -> str:
    """Return the last day of a month that begins on a day; if off work, the next that is not."""
    first = date.fromisoformat(day)
    year, month = (first.year + 1, 1) if first.month == 12 else (first.year, first.month + 1)
    last = date(year, month, min(first.day, monthrange(year, month)[1]))
    while last.weekday() > 4 or last.isoformat() in DAYS_OFF:
        last += timedelta(days=1)
    return last.isoformat()
