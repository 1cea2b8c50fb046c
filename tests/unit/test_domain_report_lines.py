"""Reports of several lines: their days and sums, deductions, and what is taken back."""

from typing import Any

import pytest

from ledger.domain.core.body import Body
from ledger.domain.core.existence import IntervalEmpty
from ledger.domain.revenue.report import BaseLines, DeductionNotAgreed, RoyaltyMismatch
from ledger.domain.revenue.sales import PeriodNotCut, ReturnOfNothing
from tests.support import moneys
from tests.support.builders import (
    FIRM,
    INSTITUTE,
    REPORT,
    RIVAL,
    grant,
    revenue_reported,
    right_filed,
    vnd,
)
from tests.support.contracts import terms_amended
from tests.support.running import contract_running
from tests.support.specification import Past, given

SCHEDULE = moneys.royalty(
    tiers=[{"upto": None, "rate_ppm": 50_000}], deductions=["transport", "vat"]
)
"""Five percent, with deductions."""

NEXT, THIRD, CORRECTION = (f"report:{name}" for name in ("next", "third", "correction"))


def scheduled(**members: Any) -> Past:
    """Return the past with a licence by that schedule, each with these members."""
    return given(right_filed(), contract_running(royalty_ppm=None, royalty=SCHEDULE | members))


def line(name: str, gross: int, **overrides: Any) -> dict[str, Any]:
    return {"line": name, "gross": gross, **overrides}


def back(gross: int, report: str = REPORT, name: str = "1", **overrides: Any) -> dict[str, Any]:
    """Return a line that takes back so much of one."""
    return line("back", -gross, returns={"report": report, "line": name}, **overrides)


def report(*lines: dict[str, Any], due: int, **overrides: Any) -> Body:
    """Return a report of the third quarter that consists of lines without deductions."""
    gross = sum(each["gross"] for each in lines)
    members = {"gross": gross, "base": gross, "lines": lines, "due": vnd(due)}
    return revenue_reported(**{**members, **overrides})


def later(*lines: dict[str, Any], due: int, **overrides: Any) -> Body:
    """Return such a report of October."""
    days = {"report": NEXT, "period_from": "2026-10-01", "period_to": "2026-11-01"}
    return report(*lines, due=due, **{**days, **overrides})


def vat(amount: int) -> list[dict[str, Any]]:
    return [{"kind": "vat", "amount": amount}]


def test_deductions_are_those_that_the_schedule_lists_and_at_most_the_gross() -> None:
    past = scheduled()
    both = [*vat(100), {"kind": "transport", "amount": 900}]
    whole = {"gross": 1_000, "deductions": both, "base": 0, "due": vnd(0)}
    past.when(revenue_reported(**whole)).then_admitted()
    more = [*vat(100), {"kind": "transport", "amount": 901}]
    refusal = past.when(revenue_reported(**{**whole, "deductions": more, "base": -1})).then_refused(
        BaseLines
    )
    assert "a return" in refusal.detail
    less = {**whole, "deductions": vat(100), "base": 900}
    past.when(revenue_reported(**less)).then_refused(RoyaltyMismatch)
    flat = given(right_filed(), contract_running())
    flat.when(revenue_reported(**whole)).then_refused(DeductionNotAgreed)


def test_a_report_is_the_sum_of_its_lines() -> None:
    past = scheduled()
    lines = [
        line("a", 1_000, deductions=vat(100), units=3),
        line("b", 2_000, deductions=[{"kind": "transport", "amount": 50}, *vat(150)]),
    ]
    sums = {
        "base": 2_700,
        "deductions": [*vat(250), {"kind": "transport", "amount": 50}],
        "units": 3,
    }
    past.when(report(*lines, due=135, **sums)).then_admitted()
    for wrong in (
        {"units": 4},
        {"gross": 3_001, "base": 2_701},
        {"deductions": [*vat(200), {"kind": "transport", "amount": 100}]},
    ):
        past.when(report(*lines, due=135, **{**sums, **wrong})).then_refused(BaseLines)


@pytest.mark.parametrize(
    "days",
    [
        {"period_from": "2026-06-30"},
        {"period_to": "2026-10-02"},
        {"period_from": "2026-08-01", "period_to": "2026-08-01"},
        {"period_from": "2026-11-01", "period_to": "2026-12-01"},
    ],
)
def test_a_line_has_days_of_its_report(days: dict[str, str]) -> None:
    lines = [line("a", 500), line("b", 500, **days)]
    refusal = scheduled().when(report(*lines, due=50)).then_refused(IntervalEmpty)
    assert str(refusal.pointer).startswith("/body/lines/1")
    if len(days) == 1 or days["period_from"] > "2026-10":
        period = "from 2026-07-01 to 2026-09-30 inclusive"
        assert refusal.detail.endswith(f" inclusive, its report {period}")
        assert refusal.way.say(refusal.step.told, vietnamese=False).endswith(period)


def test_a_return_takes_back_up_to_what_is_left_of_its_sale() -> None:
    past = scheduled().and_then(revenue_reported())
    past.when(later(back(1_000_000_001), line("a", 1), due=0)).then_refused(
        ReturnOfNothing,
        positions=[2],
        word={"/body/lines": [back(1_000_000_000)]},
    )
    past = past.and_then(later(line("a", 900_000_000), back(400_000_000), due=25_000_000))
    third = {"report": THIRD, "period_from": "2026-11-01", "period_to": "2026-11-02"}
    past.when(later(back(600_000_001), due=0, **third)).then_refused(ReturnOfNothing)
    past.when(later(back(600_000_000), due=-25_000_000, **third)).then_admitted()


@pytest.mark.parametrize(
    "named",
    [
        {"report": "report:none"},
        {"name": "2"},
        {"report": NEXT, "name": "back"},
        {"report": NEXT, "name": "none"},
    ],
)
def test_a_return_of_a_line_that_is_not_here(named: dict[str, Any]) -> None:
    past = scheduled().and_then(revenue_reported())
    past.when(later(back(1, **named), due=0)).then_refused(ReturnOfNothing)


def test_a_return_is_of_an_own_line_that_was_sold_before_in_the_same_currency() -> None:
    both = [
        grant(exclusivity="non_exclusive", valid_from="2026-01-01"),
        grant(grant="g2", licensee=RIVAL, exclusivity="non_exclusive", valid_from="2026-01-01"),
    ]
    contract = contract_running(grants=both, parties=[INSTITUTE, FIRM, RIVAL])
    past = given(right_filed(), contract, revenue_reported())
    past.when(later(back(1), due=0, reported_by=RIVAL)).then_refused(ReturnOfNothing)
    spring = {"period_from": "2026-04-01", "period_to": "2026-07-01"}
    past.when(later(back(1), due=0, **spring)).then_refused(ReturnOfNothing, positions=[2])
    fx = {"source": "Vietcombank", "on": "period_end"}
    rate = {"numerator": 250, "denominator": 1, "source": "Vietcombank", "on": "2026-10-31"}
    dollars = {"currency": "USD", "rate": rate}
    exchanged = scheduled(fx=fx).and_then(revenue_reported())
    exchanged.when(later(back(1), due=0, **dollars)).then_refused(ReturnOfNothing)


def test_goods_come_back_within_the_report_in_which_they_were_sold() -> None:
    sold, returned = line("a", 1_000), back(400, REPORT, "a")
    scheduled().when(report(sold, returned, due=30)).then_admitted()
    scheduled().when(report(returned, sold, due=50)).then_refused(RoyaltyMismatch)


def test_deductions_come_back_with_what_they_were_taken_off() -> None:
    sold = report(line("a", 1_000, deductions=vat(100)), due=45, base=900, deductions=vat(100))
    past = scheduled().and_then(sold)
    whole = {"base": -900, "deductions": vat(-100)}
    taken = later(back(1_000, REPORT, "a", deductions=vat(-100)), due=0, **whole)
    past.when(taken).then_admitted()
    past.when(later(back(1_000, REPORT, "a"), due=0)).then_refused(ReturnOfNothing)


def test_what_was_deducted_of_a_sale_comes_back_though_it_is_not_listed_any_more() -> None:
    sold = report(line("a", 1_000, deductions=vat(100)), due=45, base=900, deductions=vat(100))
    unlisted = terms_amended(
        changes={"royalty": SCHEDULE | {"deductions": []}},
        effective_from="2026-10-01",
        confirms={"reason": "Ghi muộn"},
    )
    past = scheduled().and_then(sold).and_then(unlisted)
    whole = {"base": -900, "deductions": vat(-100)}
    past.when(later(back(1_000, REPORT, "a", deductions=vat(-100)), due=0, **whole)).then_admitted()
    more = {"base": 900, "deductions": vat(100)}
    past.when(later(line("a", 1_000, deductions=vat(100)), due=45, **more)).then_refused(
        DeductionNotAgreed
    )


def test_a_correction_leaves_what_was_returned_of_a_line() -> None:
    past = scheduled().and_then(revenue_reported())
    past = past.and_then(later(back(400_000_000), due=0))
    less = report(line("1", 399_999_999), due=25_000_000, report=CORRECTION, corrects=REPORT)
    past.when(less).then_refused(ReturnOfNothing)
    renamed = report(line("a", 10**9), due=50_000_000, report=CORRECTION, corrects=REPORT)
    past.when(renamed).then_refused(ReturnOfNothing)
    august = {"period_from": "2026-08-01", "report": CORRECTION, "corrects": REPORT}
    past.when(report(line("1", 10**9), due=50_000_000, **august)).then_refused(ReturnOfNothing)
    right = report(line("1", 800_000_000), due=40_000_000, report=CORRECTION, corrects=REPORT)
    past = past.and_then(right)
    third = {"report": THIRD, "period_from": "2026-11-01", "period_to": "2026-11-02"}
    for named in (REPORT, CORRECTION):
        past.when(later(back(400_000_001, named), due=0, **third)).then_refused(ReturnOfNothing)
        past.when(later(back(400_000_000, named), due=0, **third)).then_admitted()


def test_what_a_report_took_back_of_its_own_its_correction_says_anew() -> None:
    """It was held to what its own return had said, as if another report had taken that back."""
    early = line("1", 10**9, period_from="2026-07-01", period_to="2026-08-01")
    past = scheduled().and_then(report(early, back(10**8), due=45_000_000))
    august = early | {"period_from": "2026-08-01", "period_to": "2026-09-01"}
    meant = {"report": CORRECTION, "corrects": REPORT, "due": 45_000_000}
    past.when(report(august, back(10**8), **meant)).then_admitted()


def test_a_report_of_what_is_sold_late_in_the_same_period_may_take_back() -> None:
    """September's returns are filed after October's sales: the quarter and the year owe less."""
    first = revenue_reported(period_to="2026-09-01")
    september = {"report": THIRD, "period_from": "2026-09-01", "period_to": "2026-10-01"}
    past = scheduled().and_then(first).and_then(later(line("a", 1_000), due=50))
    past.when(report(back(1_000), due=0, **september)).then_refused(RoyaltyMismatch)
    past.when(report(back(1_000), due=-50, **september)).then_admitted()


def test_a_royalty_year_of_its_own_is_made_of_its_own_periods() -> None:
    past = scheduled(year_from="2026-02-15")
    past.when(revenue_reported()).then_refused(PeriodNotCut)
    own = {"period_from": "2026-05-15", "period_to": "2026-08-15"}
    past.when(revenue_reported(**own)).then_admitted()
