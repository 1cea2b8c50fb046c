"""Royalty schedules of real agreements, to the unit; what lines of reports come to by them."""

from dataclasses import replace
from datetime import date, timedelta
from fractions import Fraction
from typing import Any

import pytest
from pydantic import ValidationError

from ledger.domain.contracts.report_index import FiledLine, FiledReport, FiledReports
from ledger.domain.contracts.royalty import Royalty, agreed_period, flat, royalty_on, year_of
from ledger.domain.contracts.royalty_due import Due, ScheduleVersion, Versions, due_of, period_of

M = 1_000_000


def schedule(**overrides: Any) -> Royalty:
    """Return a flat 4 % of net revenue in dollars."""
    members = {
        "currency": "USD",
        "base": "net_revenue",
        "tiers": [{"upto": None, "rate_ppm": 40_000}],
        "period": "quarter",
        "due_days": 30,
    }
    return Royalty.model_validate({**members, **overrides})


def agreed(*versions: tuple[str, Royalty | None] | Royalty) -> Versions:
    """Return schedules, each from a day on; one alone from the first day of all."""
    return tuple(
        ScheduleVersion(date.min, each)
        if isinstance(each, Royalty)
        else ScheduleVersion(date.fromisoformat(each[0]), each[1])
        for each in versions
    )


def day(text: str) -> date:
    return date.fromisoformat(text)


def line(base: int, start: str, **overrides: Any) -> FiledLine:
    """Return sales of a day, named by it."""
    members = {"name": start, "start": day(start), "end": day(start) + timedelta(days=1)}
    members |= {"territory": None, "gross": base, "base": base, "units": 0}
    return FiledLine(**{**members, **overrides})


def report(*lines: FiledLine, root: str = "", **overrides: Any) -> FiledReport:
    """Return a report of the days of its lines, named by the first."""
    start = min(each.start for each in lines)
    members = {
        "root": root or str(start),
        "reporter": "party:a",
        "start": start,
        "end": max(each.end for each in lines),
        "position": 0,
        "currency": "USD",
        "lines": lines,
    }
    return FiledReport(**{**members, **overrides})


def filed(
    versions: Versions, *reports: FiledReport, stacked: int = 0
) -> tuple[FiledReports, list[Due]]:
    """File reports one after another; return them, and what was due on each."""
    others, owed = FiledReports(), []
    for each in reports:
        due = due_of(versions, others, each, stacked)
        owed.append(due)
        others = others.plus(as_said(each, due))
    return others, owed


def as_said(each: FiledReport, due: Due) -> FiledReport:
    """Return the report with what is due on it, as admission holds it to."""
    named = frozenset(milestone.milestone for milestone in due.milestones)
    return replace(each, royalty=due.royalty, earned=due.earned, milestones=named)


def dues(versions: Versions, *reports: FiledReport) -> list[int]:
    """Return what is due on each report."""
    return [due.total for due in filed(versions, *reports)[1]]


ARTARA = schedule(
    tiers=[
        {"upto": 25_000_000_00, "rate_ppm": 17_500},
        {"upto": 50_000_000_00, "rate_ppm": 22_500},
        {"upto": None, "rate_ppm": 25_000},
    ],
    milestones=[
        {"milestone": "first", "yearly_base": 25_000_000_00, "amount": 62_500_00},
        {"milestone": "second", "yearly_base": 50_000_000_00, "amount": 62_500_00},
        {"milestone": "third", "yearly_base": 100_000_000_00, "amount": 125_000_00},
    ],
)
QUARTERS = ("2026-01-05", "2026-04-05", "2026-07-05", "2026-10-05")
TWO = schedule(
    currency="VND",
    tiers=[{"upto": 800 * M, "rate_ppm": 40_000}, {"upto": None, "rate_ppm": 30_000}],
)


def test_artara_owes_iowa_1_250_000_on_60_million() -> None:
    assert 437_500_00 == royalty_on(ARTARA, 25_000_000_00)
    assert 437_500_00 + 562_500_00 == royalty_on(ARTARA, 50_000_000_00)
    assert 1_250_000_00 == royalty_on(ARTARA, 60_000_000_00)


def test_in_quarters_artara_owes_the_same_and_each_milestone_once() -> None:
    sold = (10_000_000_00, 20_000_000_00, 15_000_000_00, 15_000_000_00)
    reports = [report(line(base, on)) for base, on in zip(sold, QUARTERS, strict=True)]
    _, owed = filed(agreed(ARTARA), *reports)
    assert 1_250_000_00 == sum(due.earned for due in owed)
    assert ["first", "second"] == [each.milestone for due in owed for each in due.milestones]


def test_virtuoso_owes_four_percent() -> None:
    virtuoso = schedule(minimum={"amount": 3_000_00, "credit": "same_year"})
    assert 4_000_00 == royalty_on(virtuoso, 100_000_00)


def test_each_year_has_its_tiers() -> None:
    reports = [report(line(500 * M, on)) for on in ("2026-12-01", "2027-01-05")]
    assert [20 * M, 20 * M] == dues(agreed(TWO), *reports)
    reports = [
        report(line(base * M, on)) for base, on in zip((300, 700, 200, 100), QUARTERS, strict=True)
    ]
    assert [12 * M, 26 * M, 6 * M, 3 * M] == dues(agreed(TWO), *reports)


def test_a_holiday_fills_no_tier() -> None:
    free = TWO.model_copy(update={"holiday_until": day("2026-04-01")})
    reports = [report(line(900 * M, "2026-01-05")), report(line(800 * M, "2026-04-05"))]
    assert [0, 32 * M] == dues(agreed(free), *reports)


def test_a_place_without_royalty_fills_no_tier_nor_do_returns_from_it() -> None:
    rated = TWO.model_copy(update={"zero_rated": ("iso:LA", "iso:VN")})
    first = report(
        line(900 * M, "2026-01-05", territory="iso:LA"),
        line(100 * M, "2026-01-06", territory="vn-2025:48"),
        line(800 * M, "2026-01-07", territory="iso:KH"),
    )
    back = line(-50 * M, "2026-04-05", returns=("2026-01-05", "2026-01-05"))
    assert [32 * M, 0] == dues(agreed(rated), first, report(back))


def test_a_rate_that_is_raised_holds_from_its_day_on_the_base_so_far() -> None:
    raised = schedule(tiers=[{"upto": None, "rate_ppm": 60_000}])
    versions = (ScheduleVersion(date.min, schedule()), ScheduleVersion(day("2026-02-15"), raised))
    both = report(line(100 * M, "2026-01-05"), line(100 * M, "2026-02-20"))
    assert [10 * M] == dues(versions, both)
    tiers = [{"upto": 800 * M, "rate_ppm": 50_000}, {"upto": None, "rate_ppm": 10_000}]
    versions = (
        ScheduleVersion(date.min, TWO),
        ScheduleVersion(day("2026-02-15"), schedule(tiers=tiers)),
    )
    both = report(line(700 * M, "2026-01-05"), line(200 * M, "2026-02-20"))
    assert [28 * M + 5 * M + 1 * M] == dues(versions, both)


def test_a_return_lies_on_the_day_of_its_sale_and_is_carried_on_over_the_years_end() -> None:
    five = schedule(tiers=[{"upto": None, "rate_ppm": 50_000}])
    back = line(-300 * M, "2026-07-06", returns=("2026-01-05", "2026-01-05"))
    reports = [
        report(line(400 * M, "2026-01-05")),
        report(line(400 * M, "2026-04-05")),
        report(line(100 * M, "2026-07-05"), back),
        report(line(500 * M, "2027-01-05")),
    ]
    others, owed = filed(agreed(five), *reports)
    assert [20 * M, 20 * M, 0, 15 * M] == [due.total for due in owed]
    left = others.left_of(("2026-01-05", "2026-01-05"))
    assert {"gross": 100 * M, "base": 100 * M, "units": 0} == left


def test_a_return_within_the_period_lowers_what_the_period_owes() -> None:
    sale = line(400 * M, "2026-01-05")
    back = line(-100 * M, "2026-02-05", returns=("2026-01-05", sale.name))
    assert [12 * M] == dues(agreed(schedule()), report(sale, back))
    assert [16 * M, -4 * M] == dues(agreed(schedule()), report(sale), report(back))


def test_what_is_converted_is_not_rounded_before_the_span_is() -> None:
    """2,000 cents at 254.31 đồng: 5 % of 508,620 is 25,431; of each cent alone it would be less."""
    five = schedule(currency="VND", tiers=[{"upto": None, "rate_ppm": 50_000}])
    rate = Fraction(25_431, 100)
    assert [25_431] == dues(agreed(five), report(line(2_000, "2026-01-05"), rate=rate))
    cut = [report(line(1, f"2026-01-{n:02}"), rate=rate) for n in range(1, 11)]
    assert 127 == sum(dues(agreed(five), *cut))


def test_what_third_parties_get_is_set_off_down_to_the_floor() -> None:
    stacked = agreed(schedule(stacking={"credit_ppm": 500_000, "floor_ppm": 500_000}))
    sold = report(line(100_000_00, "2026-01-05"))
    half = due_of(stacked, FiledReports(), sold, 1_000_00)
    assert (4_000_00, 500_00, 3_500_00) == (half.royalty, half.set_off, half.total)
    assert 2_000_00 == due_of(stacked, FiledReports(), sold, 90_000_00).total


@pytest.mark.parametrize(("per", "next_year"), [("year", 4_000_00), ("term", 0)])
def test_a_cap_bounds_the_year_or_the_term(per: str, next_year: int) -> None:
    capped = agreed(schedule(cap={"amount": 5_000_00, "per": per}))
    sold = ("2026-01-05", "2026-04-05", "2026-07-05", "2027-01-05")
    owed = dues(capped, *(report(line(100_000_00, on)) for on in sold))
    assert [4_000_00, 1_000_00, 0, next_year] == owed


def test_a_sum_for_each_unit() -> None:
    units = agreed(schedule(base="unit", tiers=None, per_unit=1_50))
    sold = report(line(9_999, "2026-01-05", units=100))
    back = report(line(-99, "2026-04-05", units=-1, returns=("2026-01-05", "2026-01-05")))
    again = report(line(9_999, "2026-07-05", units=3))
    assert [150_00, 0, 3_00] == dues(units, sold, back, again)


def test_a_milestone_of_a_sum_for_each_unit_counts_money() -> None:
    first = {"milestone": "first", "yearly_base": 1_000, "amount": 7}
    units = agreed(schedule(base="unit", tiers=None, per_unit=1, milestones=[first]))
    many_units = report(line(999, "2026-01-05", units=1_000))
    assert [1_000, 1 + 7] == dues(units, many_units, report(line(1, "2026-04-05", units=1)))


def test_a_year_runs_by_the_calendar_or_from_its_own_day() -> None:
    assert 2026 == year_of(schedule(), day("2026-01-01"))
    own = schedule(year_from="2016-05-11")
    assert (2025, 2026) == (year_of(own, day("2026-05-10")), year_of(own, day("2026-05-11")))
    leap = schedule(year_from="2016-02-29")
    assert (2026, 2027) == (year_of(leap, day("2027-02-27")), year_of(leap, day("2027-02-28")))


@pytest.mark.parametrize(
    ("members", "on", "expected"),
    [
        ({}, "2026-03-31", ("2026-01-01", "2026-04-01")),
        ({}, "2026-04-01", ("2026-04-01", "2026-07-01")),
        ({"period": "month"}, "2026-02-28", ("2026-02-01", "2026-03-01")),
        ({"period": "year"}, "2026-12-31", ("2026-01-01", "2027-01-01")),
        ({"year_from": "2025-11-15"}, "2026-02-14", ("2025-11-15", "2026-02-15")),
        ({"year_from": "2025-11-15"}, "2026-11-14", ("2026-08-15", "2026-11-15")),
        ({"year_from": "2025-08-31"}, "2026-02-28", ("2026-02-28", "2026-05-31")),
        (
            {"period": "half_year", "year_from": "2026-09-01"},
            "2026-02-28",
            ("2025-09-01", "2026-03-01"),
        ),
    ],
)
def test_a_royalty_year_is_made_of_agreed_periods(
    members: dict[str, str], on: str, expected: tuple[str, str]
) -> None:
    first, until = map(day, expected)
    assert (first, until) == agreed_period(schedule(**members), day(on))


def test_without_an_agreed_period_each_report_is_one_and_other_periods_begin_on_their_day() -> None:
    rate = flat(50_000, "net_revenue", "USD")
    monthly = schedule(period="month")
    versions = (
        ScheduleVersion(date.min, rate, periods=False),
        ScheduleVersion(day("2026-02-15"), monthly),
        ScheduleVersion(day("2026-03-10"), schedule(period="month", due_days=1)),
    )
    days = [
        ("2026-01-03", "2026-02-01", "2026-02-01"),
        ("2026-01-03", "2026-06-01", "2026-02-15"),
        ("2026-02-20", "2026-06-01", "2026-03-01"),
        ("2026-03-02", "2026-03-20", "2026-04-01"),
    ]
    for start, end, until in days:
        assert day(until) == period_of(versions, day(start), day(end))[1]


@pytest.mark.parametrize(
    "wrong",
    [
        {"tiers": [{"upto": 5, "rate_ppm": 1}]},
        {"tiers": [{"upto": None, "rate_ppm": 1}, {"upto": None, "rate_ppm": 1}]},
        {"tiers": [{"upto": 5, "rate_ppm": 1}] * 2 + [{"upto": None, "rate_ppm": 1}]},
        {"tiers": [{"upto": None, "rate_ppm": 1_000_001}]},
        {"tiers": None},
        {"base": "unit"},
        {"per_unit": 5},
    ],
)
def test_a_schedule_says_one_thing(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        schedule(**wrong)


@pytest.mark.parametrize(
    ("ends", "told"),
    [
        ([900, 500, None], "tier 2 ends at 500, not above tier 1 at 900"),
        ([900, None, None], "tier 2 has no end, and tier 3 follows it"),
        ([900], "the last tier has no end, and tier 1 ends at 900"),
    ],
)
def test_tiers_that_do_not_rise_are_refused_with_the_tier_and_its_end(
    ends: list[int | None], told: str
) -> None:
    with pytest.raises(ValidationError, match=told):
        schedule(tiers=[{"upto": end, "rate_ppm": 50_000} for end in ends])
