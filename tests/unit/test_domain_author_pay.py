"""Authors' pay: each case of the statute, chosen by funding, the day of the task, title and day."""

from dataclasses import replace
from datetime import date
from typing import NamedTuple

import pytest

from ledger.domain.core.remedy import Step
from ledger.domain.revenue.author_pay import (
    BrokerOverCap,
    Income,
    Result,
    ShareBelowStatute,
    duties,
    must_bound_the_broker,
    must_give_authors_their_share,
)
from ledger.events.lawbook import bundled_law

LAW = bundled_law()
PRIVATE = Result(funded=False, wholly=False, task_assigned_on=None, titled=True, registered=True)
STATE = replace(PRIVATE, funded=True, wholly=True)


class Case(NamedTuple):
    """A result and the day of a distribution; which rules hold, each with its least and most."""

    result: Result
    income: Income
    on: str
    agreed: bool
    rules: tuple[tuple[str, int, int | None], ...]


def of_task(day: str, *, titled: bool = True) -> Result:
    return replace(STATE, task_assigned_on=date.fromisoformat(day), titled=titled)


OWN, LICENCE = 100_000, 150_000
PROFIT = 300_000

AGREED, NOT_AGREED = True, False

CASES = {
    "agreed, private money: what was agreed, whatever it is": Case(
        PRIVATE, "own_use", "2026-11-02", AGREED, ()
    ),
    "agreed, State money, before 2025-10: within the bands": Case(
        of_task("2022-05-01"),
        "licence",
        "2024-06-30",
        AGREED,
        (("ip-law.135.2.2022.licence", 150_000, 200_000), ("st-law.43", PROFIT, None)),
    ),
    "agreed, State money, since 2025-10: the share of the profit alone": Case(
        of_task("2025-11-15"), "licence", "2026-11-02", AGREED, (("sti-law.28.3", PROFIT, None),)
    ),
    "nothing agreed, own use: 10 % of the profit before tax": Case(
        PRIVATE, "own_use", "2026-11-02", NOT_AGREED, (("ip-law.135.1.own-use", OWN, None),)
    ),
    "nothing agreed, licence: 15 % of each sum": Case(
        PRIVATE, "licence", "2026-11-02", NOT_AGREED, (("ip-law.135.1.licence", LICENCE, None),)
    ),
    "nothing agreed, State money before the bands of 2023": Case(
        of_task("2019-01-01"),
        "own_use",
        "2022-12-31",
        NOT_AGREED,
        (("ip-law.135.1.own-use.state-before-2023", OWN, None), ("st-law.43", PROFIT, None)),
    ),
    "State money in the bands' first day: own use 10 to 15 %": Case(
        of_task("2022-05-01"),
        "own_use",
        "2023-01-01",
        NOT_AGREED,
        (("ip-law.135.2.2022.own-use", 100_000, 150_000), ("st-law.43", PROFIT, None)),
    ),
    "State money in the bands' last day: licence 15 to 20 %": Case(
        of_task("2022-05-01"),
        "licence",
        "2025-09-30",
        NOT_AGREED,
        (("ip-law.135.2.2022.licence", 150_000, 200_000), ("st-law.43", PROFIT, None)),
    ),
    "task assigned since 2025-10-01: 30 % after tax and art. 135(1) beside it": Case(
        of_task("2025-10-01", titled=False),
        "licence",
        "2026-11-02",
        NOT_AGREED,
        (("ip-law.135.1.licence.state-since-2025", LICENCE, None), ("sti-law.28.3", PROFIT, None)),
    ),
    "task of 2023 to 2025, titled, profit shared now: as if assigned now": Case(
        of_task("2025-09-30"),
        "own_use",
        "2025-10-01",
        NOT_AGREED,
        (("ip-law.135.1.own-use.state-since-2025", OWN, None), ("sti-law.73.7", PROFIT, None)),
    ),
    "task of 2023 to 2025, no title: the law in force when it was approved": Case(
        of_task("2023-01-01", titled=False),
        "own_use",
        "2026-11-02",
        AGREED,
        (("sti-law.73.3.untitled", PROFIT, None),),
    ),
    "task before 2023, profit shared now: the law in force when it was approved": Case(
        of_task("2022-12-31"),
        "own_use",
        "2026-11-02",
        AGREED,
        (("sti-law.73.3.before-2023", PROFIT, None),),
    ),
    "not of a kind that is registered: no remuneration, the profit is shared all the same": Case(
        replace(of_task("2025-11-15"), registered=False),
        "own_use",
        "2026-11-02",
        NOT_AGREED,
        (("sti-law.28.3", PROFIT, None),),
    ),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
def test_each_case_of_the_statute_has_its_rules(case: Case) -> None:
    day = date.fromisoformat(case.on)
    found = duties(LAW, case.result, case.income, day, agreed=case.agreed)
    chosen = tuple(
        (each.rule, each.number("min_ppm"), each.values.get("max_ppm")) for each in found
    )
    assert case.rules == chosen


def test_what_the_percentages_are_of() -> None:
    day = date(2026, 11, 2)
    own, licence = (
        duties(LAW, PRIVATE, income, day, agreed=False) for income in ("own_use", "licence")
    )
    assert "pre_tax_profit" == own[0].values["base"]
    assert "sums_received_before_tax" == licence[0].values["base"]
    (share,) = duties(LAW, of_task("2025-11-15"), "licence", day, agreed=True)
    assert "after_tax_profit_state_part" == share.values["base"]


def raised(least: int) -> Step:
    return Step(change={"/body/authors_ppm": least})


def test_the_authors_share_of_a_profit_is_refused_a_millionth_below() -> None:
    result, day = of_task("2025-11-15"), date(2026, 11, 2)
    with pytest.raises(ShareBelowStatute):
        must_give_authors_their_share(LAW, result, day, 299_999, raised)
    ground = must_give_authors_their_share(LAW, result, day, 300_000, raised)
    assert ground is not None
    assert "sti-law.28.3" == ground.rule
    assert must_give_authors_their_share(LAW, PRIVATE, day, 0, raised) is None


def test_a_broker_had_a_tenth_of_the_rest_while_the_cap_stood() -> None:
    """The authors have 20 %, so a broker has at most 10 % of 80 %: 8 %."""
    last = date(2025, 9, 30)
    with pytest.raises(BrokerOverCap):
        must_bound_the_broker(LAW, STATE, last, 80_001, 200_000)
    assert must_bound_the_broker(LAW, STATE, last, 80_000, 200_000) is not None
    assert must_bound_the_broker(LAW, STATE, date(2025, 10, 1), 500_000, 200_000) is None


def test_what_science_had_of_the_rest_while_the_bands_stood() -> None:
    """Wholly State-funded: half of the rest at least; mixed: by the parts of the capital."""
    day = date(2024, 6, 30)
    wholly = LAW.rule("author.rest_to_science", day, funded=True, wholly=True)
    mixed = LAW.rule("author.rest_to_science", day, funded=True, wholly=False)
    assert (500_000, "capital_share") == (wholly.number("min_ppm"), mixed.values["by"])
    assert LAW.find("author.rest_to_science", date(2025, 10, 1), funded=True, wholly=True) is None


def test_authors_are_paid_as_long_as_protection_lasts_and_split_by_agreement() -> None:
    day = date(2026, 11, 2)
    assert "protection" == LAW.rule("author.duration", day).values["lasts"]
    assert "agreement" == LAW.rule("author.co_authors", day).values["split"]
