"""Legal periods: the day that ends them, over weekends, holidays and months of another length."""

import json
from datetime import date

import pytest

from ledger.domain.core.dated_law import Law, read_law
from ledger.domain.core.periods import (
    end_of_days,
    end_of_months,
    end_of_working_days,
    is_day_off,
    months_later,
    working_day,
)
from ledger.events.lawbook import bundled_files, bundled_law

LAW = bundled_law()


def day(text: str) -> date:
    return date.fromisoformat(text)


def without(*topics: str) -> Law:
    """Return the shipped set without the rules of some topics."""
    files = bundled_files()
    periods = json.loads(files["periods.json"])
    periods["rules"] = [row for row in periods["rules"] if row["topic"] not in topics]
    return read_law({**files, "periods.json": json.dumps(periods).encode()})


@pytest.mark.parametrize(
    ("start", "months", "end"),
    [
        ("2026-10-01", 1, "2026-11-01"),
        ("2026-01-31", 1, "2026-02-28"),
        ("2028-01-31", 1, "2028-02-29"),
        ("2028-02-29", 12, "2029-02-28"),
        ("2026-12-15", 1, "2027-01-15"),
        ("2026-03-31", 6, "2026-09-30"),
        ("2026-01-31", -12, "2025-01-31"),
    ],
)
def test_a_month_ends_on_the_same_day_of_the_next_or_on_its_last(start, months, end) -> None:
    """Civil Code arts. 147 and 148(2), (3): the first day is not counted."""
    assert day(end) == months_later(day(start), months)


@pytest.mark.parametrize(
    ("start", "end"),
    [
        ("2026-09-30", "2026-10-30"),  # A Friday.
        ("2026-10-03", "2026-11-03"),  # A Tuesday, from a Saturday: the first day may be any.
        ("2026-10-01", "2026-11-02"),  # A Sunday.
        ("2026-09-24", "2026-10-26"),  # A Saturday.
        ("2026-01-17", "2026-02-23"),  # Lunar New Year, and the weekend behind it.
        ("2026-03-26", "2026-04-28"),  # The Hùng Kings' day on a Sunday: Monday is off in lieu.
        ("2026-03-30", "2026-05-04"),  # Victory Day, Labour Day, a weekend.
        ("2026-07-31", "2026-09-03"),  # A day exchanged for a Saturday, then two for the State.
        ("2026-01-31", "2026-03-02"),  # No 31 February; the 28th is a Saturday.
        ("2027-01-06", "2027-02-12"),  # Two holidays on a weekend: two days off in lieu.
    ],
)
def test_a_legal_month_ends_on_a_working_day(start, end) -> None:
    """Civil Code art. 148(5)."""
    assert day(end) == end_of_months(LAW, day(start), 1)


@pytest.mark.parametrize(
    ("start", "days", "end"),
    [
        ("2026-01-01", 90, "2026-04-01"),
        ("2026-02-01", 90, "2026-05-04"),
        ("2026-06-01", 60, "2026-07-31"),
        ("2026-06-03", 60, "2026-08-03"),
    ],
)
def test_a_legal_period_of_days_ends_on_a_working_day(start, days, end) -> None:
    assert day(end) == end_of_days(LAW, day(start), days)


@pytest.mark.parametrize(
    ("start", "days", "end"),
    [
        ("2026-11-02", 5, "2026-11-09"),
        ("2026-11-06", 1, "2026-11-09"),
        ("2026-11-07", 1, "2026-11-09"),
        ("2026-04-24", 5, "2026-05-06"),
        ("2026-02-13", 15, "2026-03-13"),
        ("2026-11-02", 0, "2026-11-02"),
    ],
)
def test_working_days_are_counted_alone(start, days, end) -> None:
    assert day(end) == end_of_working_days(LAW, day(start), days)


@pytest.mark.parametrize(
    ("text", "off"),
    [
        ("2020-09-03", False),
        ("2020-09-02", True),
        ("2025-05-02", True),
        ("2025-01-31", True),
        ("2025-02-03", False),
        ("2025-09-01", True),
        ("2026-04-27", True),
        ("2027-05-03", True),
        ("2027-05-04", False),
        ("2028-01-03", True),
        ("2028-05-02", True),
        ("2028-05-03", False),
    ],
)
def test_days_off_are_those_of_the_law_of_the_day(text, off) -> None:
    """Fixed holidays and days in lieu hold every year; lunar ones as far as there are rows."""
    assert off == is_day_off(LAW, day(text))


def test_what_a_set_does_not_say_extends_nothing() -> None:
    sunday = day("2026-11-01")
    assert sunday == end_of_months(without("period.extension"), day("2026-10-01"), 1)
    assert sunday == working_day(without("period.weekly_rest"), sunday)
    assert not is_day_off(without("period.day_in_lieu"), day("2026-04-27"))


def test_a_set_in_which_nobody_ever_works_ends_periods_all_the_same() -> None:
    files = bundled_files()
    text = files["periods.json"].decode()
    names = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
    rest = json.loads(text)
    for row in rest["rules"]:
        if row["topic"] == "period.weekly_rest":
            row["values"]["days"] = list(names)
    law = read_law({**files, "periods.json": json.dumps(rest).encode()})
    assert day("2026-11-04") == working_day(law, day("2026-11-04"))
    assert date.min == working_day(LAW, date.min)
