"""Cases that the rules answered wrongly: what is reported as sold, and what is owed for it."""

from typing import Any

from ledger.domain.core.body import Body
from ledger.domain.revenue.report import DeductionNotAgreed, RoyaltyMismatch, ZeroRated
from ledger.domain.revenue.sales import PeriodNotCut, ReportAfterEnd, ReportBefore
from tests.support.builders import (
    AUTHOR,
    INSTITUTE,
    REPORT,
    RIGHT,
    SHARE,
    TECHNOLOGY,
    grant,
    part,
    revenue_reported,
    right_filed,
    right_lapsed,
    share_agreed,
    technology_registered,
    vnd,
)
from tests.support.contracts import certificate_issued, terms_amended
from tests.support.moneys import royalty
from tests.support.rights import right_cancelled
from tests.support.running import contract_running
from tests.support.specification import Past, given

M = 1_000_000
FIVE_PERCENT = [{"upto": None, "rate_ppm": 50_000}]
Q1 = {"period_from": "2026-01-01", "period_to": "2026-04-01"}
Q2 = {"period_from": "2026-04-01", "period_to": "2026-07-01"}
SINCE_JANUARY = "2026-01-01"
HALVES = [part(INSTITUTE, 500_000), part(AUTHOR, 500_000)]


def scheduled(**schedule: Any) -> Body:
    """Return a licence at 5 % since January 2026, by quarters, with these members beside."""
    agreed = royalty(tiers=FIVE_PERCENT, **schedule)
    return contract_running(royalty_ppm=None, royalty=agreed)


def sold(amount: int, due: int, **overrides: Any) -> Body:
    """Return a report of so many million sold, without deductions, and so many due."""
    said = {"gross": amount * M, "base": amount * M, "deductions": [], "due": vnd(due * M)}
    return revenue_reported(**{**said, **Q1, **overrides})


def line(name: str, amount: int, start: str, end: str, **overrides: Any) -> dict[str, Any]:
    """Return a line of so many million sold in [start, end)."""
    return {"line": name, "period_from": start, "period_to": end, "gross": amount * M} | overrides


def next_report(**overrides: Any) -> dict[str, Any]:
    """Return what another report has, of the second quarter."""
    return {"report": f"{REPORT}-2", **Q2, **overrides}


def licensed(*contract: Body) -> Past:
    """Return the past with the right, a technology, and a licence since January."""
    return given(technology_registered(), right_filed(), *(contract or (contract_running(),)))


def test_holiday() -> None:
    """900 m in the holiday owe nothing and fill nothing; the 100 m after it owe 5 m, not 50."""
    past = licensed(scheduled(holiday_until="2026-04-01"))
    past.when(sold(900, 45)).then_refused(RoyaltyMismatch)
    past = past.and_then(sold(900, 0))
    past.when(sold(100, 50, **next_report())).then_refused(RoyaltyMismatch)
    past.when(sold(100, 5, **next_report())).then_admitted()


def test_zero_rated() -> None:
    """The whole base is said to be zero-rated, and the schedule zero-rates no place."""
    whole = {"zero_rated": 100 * M}
    for contract in (contract_running(), scheduled()):
        refusal = licensed(contract).when(sold(100, 0, **whole)).then_refused(ZeroRated)
        assert "/body/zero_rated" == refusal.pointer
        licensed(contract).when(sold(100, 5)).then_admitted()
    past = licensed(scheduled(zero_rated=["iso:LA"]))
    past.when(sold(100, 0, **whole)).then_refused(ZeroRated)
    elsewhere = [line("a", 100, *Q1.values(), territory="iso:KH")]
    past.when(sold(100, 0, **whole, lines=elsewhere)).then_refused(ZeroRated)
    listed = [line("a", 100, *Q1.values(), territory="iso:LA")]
    past.when(sold(100, 5, lines=listed)).then_refused(ZeroRated)
    past.when(sold(100, 0, **whole, lines=listed)).then_admitted()


def test_mid_quarter() -> None:
    """The rate is 6 % from 15 February on: a line on each side, or a report."""
    raised = terms_amended(
        changes={"royalty_ppm": 60_000},
        effective_from="2026-02-15",
        confirms={"reason": "Hai bên đã áp dụng từ giữa quý"},
    )
    past = licensed(contract_running(), raised)
    cut = [
        line("a", 100, "2026-01-01", "2026-02-15"),
        line("b", 200, "2026-02-15", "2026-04-01"),
    ]
    refusal = past.when(sold(300, 15)).then_refused(PeriodNotCut, word={"/body/lines": cut})
    assert "2026-02-15" in refusal.detail
    past.when(sold(300, 15, lines=cut)).then_refused(RoyaltyMismatch)
    past.when(sold(300, 17, lines=cut)).then_admitted()
    first = past.and_then(sold(100, 5, period_to="2026-02-15"))
    rest = next_report(period_from="2026-02-15", period_to="2026-04-01")
    first.when(sold(200, 12, **rest)).then_admitted()
    wrong = [line("a", 300, "2026-01-01", "2026-02-16"), line("b", 0, "2026-02-16", "2026-04-01")]
    past.when(sold(300, 15, lines=wrong)).then_refused(PeriodNotCut)


def test_amendments_of_one_day_that_cancel_each_other_cut_nothing() -> None:
    """From 15 February 6 %, and then 5 % as before: the quarter is sold at one rate."""
    day = {"effective_from": "2026-02-15", "confirms": {"reason": "Theo biên bản"}}
    agreed = [
        terms_amended(changes={"royalty": royalty(tiers=[{"upto": None, "rate_ppm": rate}])}, **day)
        for rate in (60_000, 50_000)
    ]
    whole = sold(100, 5)
    changed = given(right_filed(), scheduled(), agreed[0])
    changed.when(whole).then_refused(PeriodNotCut)
    changed.and_then(agreed[1]).when(whole).then_admitted()


def test_mid_quarter_holiday() -> None:
    """A holiday that ends on 15 February cuts the quarter as well."""
    past = licensed(scheduled(holiday_until="2026-02-15"))
    past.when(sold(300, 0)).then_refused(PeriodNotCut)
    cut = [
        line("a", 100, "2026-01-01", "2026-02-15"),
        line("b", 200, "2026-02-15", "2026-04-01"),
    ]
    past.when(sold(300, 10, lines=cut)).then_admitted()


def test_mid_quarter_shares() -> None:
    """Other shares from 15 February on cut the quarter: who gets what is told apart."""
    first = share_agreed(effective_from=SINCE_JANUARY)
    anew = share_agreed(
        share=f"{SHARE}-2", supersedes=SHARE, effective_from="2026-02-15", parts=HALVES
    )
    past = licensed(contract_running(), first)
    past.when(sold(300, 15)).then_admitted()
    past.and_then(anew).when(sold(300, 15)).then_refused(PeriodNotCut)
    past.and_then(anew).when(sold(300, 15, period_to="2026-02-15")).then_admitted()


def test_mid_quarter_two_quarters() -> None:
    """Each agreed period is reported apart; where none was agreed, any days may be."""
    half = {"period_to": "2026-07-01"}
    refusal = (
        licensed(scheduled())
        .when(sold(300, 15, **half))
        .then_refused(PeriodNotCut, word={"/body/period_to": "2026-04-01"})
    )
    assert "2026-04-01" in refusal.detail
    licensed().when(sold(300, 15, **half)).then_admitted()


def test_any_deduction() -> None:
    """A flat rate has no list of deductions: nothing is taken off, marketing least of all."""
    marketing = {"deductions": [{"kind": "marketing", "amount": 100 * M}], "base": 0}
    refusal = licensed().when(sold(100, 0, **marketing)).then_refused(DeductionNotAgreed)
    assert "marketing" in refusal.detail
    past = licensed(scheduled(deductions=["vat"]))
    past.when(sold(100, 0, **marketing)).then_refused(DeductionNotAgreed)
    lines = [{**line("a", 100, *Q1.values()), "deductions": marketing["deductions"]}]
    past.when(sold(100, 0, **marketing, lines=lines)).then_refused(DeductionNotAgreed)
    vat = {"deductions": [{"kind": "vat", "amount": 20 * M}], "base": 80 * M}
    past.when(sold(100, 4, **vat)).then_admitted()


def test_before_and_after() -> None:
    """Sales five years before the contract; sales after the right's end was recorded."""
    early = {"period_from": "2021-01-01", "period_to": "2021-04-01"}
    licensed().when(sold(100, 5, **early)).then_refused(ReportBefore, positions=[2])
    licensed().when(sold(100, 5, period_from="2025-12-31")).then_refused(
        ReportBefore, word={"/body/period_from": SINCE_JANUARY}
    )
    licensed().when(sold(100, 5)).then_admitted()
    past = licensed().and_then(right_lapsed(effective_from="2026-04-01"))
    after = next_report()
    past.when(sold(100, 5)).then_admitted()
    past.when(sold(100, 5, **after)).then_refused(ReportAfterEnd, positions=[2, 3])


def test_before_and_after_cut() -> None:
    """Where the right ends within the quarter, the report is cut there, and the rest refused."""
    past = licensed().and_then(right_lapsed(effective_from="2026-02-15"))
    past.when(sold(100, 5)).then_refused(PeriodNotCut, subjects=[RIGHT])
    past.when(sold(100, 5, period_to="2026-02-15")).then_admitted()
    rest = {"period_from": "2026-02-15"}
    past.when(sold(100, 5, **rest)).then_refused(ReportAfterEnd)


def test_before_and_after_stays() -> None:
    """Stock is sold off as agreed, and know-how that is still granted has not ended."""
    lapsed = right_lapsed(effective_from="2026-04-01")
    past = licensed(contract_running(sell_off_days=91), lapsed)
    past.when(sold(100, 5, **next_report())).then_admitted()
    past.when(sold(100, 5, **next_report(period_to="2026-07-02"))).then_refused(
        ReportAfterEnd, word={"/body/period_to": "2026-07-01"}
    )
    both = grant(valid_from=SINCE_JANUARY, technologies=[TECHNOLOGY])
    past = licensed(contract_running(grants=[both]), lapsed)
    past.when(sold(100, 5, **next_report())).then_admitted()


def test_before_and_after_as_known() -> None:
    """What was reported before the end was recorded stands; a correction is held to it."""
    past = licensed().and_then(sold(100, 5, **next_report()))
    past = past.and_then(right_lapsed(effective_from="2026-04-01"))
    again = sold(90, 5, **next_report(report=REPORT, corrects=f"{REPORT}-2"))
    past.when(again).then_refused(ReportAfterEnd)


def test_before_and_after_never() -> None:
    """What is cancelled from the start never was in force, as far as is known by now."""
    gone = right_cancelled(right=RIGHT, territory=None)
    refusal = licensed().and_then(gone).when(sold(100, 5)).then_refused(ReportAfterEnd)
    assert f"{RIGHT} never was" in refusal.detail


def test_before_and_after_later_grant() -> None:
    """What was granted later than the contract began is sold from its own first day on."""
    past = licensed(contract_running(grants=[grant(valid_from="2026-02-01")]))
    past.when(sold(100, 5, period_to="2026-02-01")).then_refused(ReportBefore, subjects=[RIGHT])
    past.when(sold(100, 5)).then_refused(PeriodNotCut)
    past.when(sold(100, 5, period_from="2026-02-01")).then_admitted()


def test_before_and_after_in_force() -> None:
    """What waits for its certificate is not in force, whatever first day was agreed."""
    waiting = contract_running(effective_upon="registration")
    refusal = licensed(waiting).when(sold(100, 5)).then_refused(ReportBefore, positions=[2])
    assert "registration" in refusal.detail
    issued = certificate_issued(filing=None, issued_on="2026-04-01")
    past = licensed(waiting, issued)
    past.when(sold(100, 5)).then_refused(ReportBefore, word={"/body/period_from": "2026-04-01"})
    past.when(sold(100, 5, **next_report())).then_admitted()


def test_before_and_after_option() -> None:
    """An option that is not taken up grants nothing: under it nothing is sold."""
    offered = grant(valid_from=SINCE_JANUARY, option_until="2027-01-01")
    past = licensed(contract_running(grants=[offered]))
    refusal = past.when(sold(100, 5)).then_refused(ReportBefore)
    assert "option" in refusal.detail
    beside = {**grant(valid_from=SINCE_JANUARY), "grant": "g2", "acts": ["import"]}
    licensed(contract_running(grants=[offered, beside])).when(sold(100, 5)).then_admitted()


def test_mid_quarter_shares_of_profit() -> None:
    """Other shares of the profit from 15 February on leave the quarter's revenue whole."""
    profit = {"of": "after_tax_profit_state_part"}
    first = share_agreed(effective_from=SINCE_JANUARY, **profit)
    anew = share_agreed(
        share=f"{SHARE}-2", supersedes=SHARE, effective_from="2026-02-15", parts=HALVES, **profit
    )
    licensed(contract_running(), first, anew).when(sold(300, 15)).then_admitted()
