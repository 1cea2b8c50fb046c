"""Royalty schedules of real agreements, to the unit; and what bounds them."""

from datetime import date
from typing import Any

import pytest
from pydantic import ValidationError

from ledger.domain.royalty import Royalty, Running, Sales, due_on, royalty_on, shortfall, year_of


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


def test_artara_owes_iowa_1_250_000_on_60_million() -> None:
    assert 437_500_00 == royalty_on(ARTARA, 25_000_000_00)
    assert 437_500_00 + 562_500_00 == royalty_on(ARTARA, 50_000_000_00)
    assert 1_250_000_00 == royalty_on(ARTARA, 60_000_000_00)


def test_in_quarters_artara_owes_the_same_and_each_milestone_once() -> None:
    before, owed, reached = Running(), 0, []
    for quarter in (10_000_000_00, 20_000_000_00, 15_000_000_00, 15_000_000_00):
        due = due_on(ARTARA, before, Sales(base=quarter))
        owed += due.earned
        reached += [each.milestone for each in due.milestones]
        base = before.year + quarter
        before = Running(base, owed, base, owed, owed, frozenset(reached))
    assert (1_250_000_00, ["first", "second"]) == (owed, reached)


def test_virtuoso_owes_four_percent_and_no_less_than_3_000_a_year() -> None:
    virtuoso = schedule(minimum={"amount": 3_000_00, "credit": "same_year"})
    assert 4_000_00 == royalty_on(virtuoso, 100_000_00)
    assert 1_000_00 == shortfall(virtuoso, 2_000_00, carried=5_000_00)
    assert 0 == shortfall(virtuoso, 4_000_00)
    carried = schedule(minimum={"amount": 3_000_00, "credit": "carried_forward"})
    assert 0 == shortfall(carried, 2_000_00, carried=5_000_00)
    assert 0 == shortfall(schedule(), 0)


def test_what_third_parties_get_is_set_off_down_to_the_floor() -> None:
    stacked = schedule(stacking={"credit_ppm": 500_000, "floor_ppm": 500_000})
    half = due_on(stacked, Running(), Sales(base=100_000_00, stacked=1_000_00))
    assert (4_000_00, 500_00, 3_500_00) == (half.royalty, half.stacking, half.total)
    most = due_on(stacked, Running(), Sales(base=100_000_00, stacked=90_000_00))
    assert 2_000_00 == most.total


def test_a_cap_bounds_the_year_or_the_term() -> None:
    yearly = schedule(cap={"amount": 5_000_00, "per": "year"})
    due = due_on(yearly, Running(due_year=4_000_00), Sales(base=100_000_00))
    assert (3_000_00, 1_000_00) == (due.capped, due.total)
    term = schedule(cap={"amount": 5_000_00, "per": "term"})
    assert 0 == due_on(term, Running(due_term=5_000_00), Sales(base=100_000_00)).total


def test_a_sum_for_each_unit() -> None:
    units = schedule(base="unit", tiers=None, per_unit=1_50)
    assert 150_00 == due_on(units, Running(), Sales(units=100)).total


def test_a_year_runs_by_the_calendar_or_from_its_own_day() -> None:
    assert 2026 == year_of(schedule(), date.fromisoformat("2026-01-01"))
    own = schedule(year_from="2016-05-11")
    assert (2025, 2026) == (
        year_of(own, date.fromisoformat("2026-05-10")),
        year_of(own, date.fromisoformat("2026-05-11")),
    )


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
