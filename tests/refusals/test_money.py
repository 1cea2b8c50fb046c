"""Rules 26, 54 and 58 to 71, 83: money exact to the unit, and nobody paid what is not theirs."""

from datetime import UTC, datetime
from typing import Any

import pytest
from pydantic import ValidationError

from ledger.domain.contracts.royalty import LateRateCap
from ledger.domain.core.court_hold import Held
from ledger.domain.core.existence import FutureFact
from ledger.domain.core.money import CurrencyMismatch, Money, RateRange, ShareSum
from ledger.domain.revenue.author_pay import BrokerOverCap, CapBelowStatute, ShareBelowStatute
from ledger.domain.revenue.authors_split import AuthorSplitMissing
from ledger.domain.revenue.distribution import DistributionMismatch
from ledger.domain.revenue.payment import ConfirmByPayer, Overpaid
from ledger.domain.revenue.report import (
    BaseLines,
    DeductionNotAgreed,
    QuantityExceeded,
    ReportOverlap,
)
from ledger.domain.revenue.sales import ReportAfterEnd
from tests.support.builders import (
    AUTHOR,
    FIRM,
    INSTITUTE,
    RIGHT,
    RIVAL,
    TECHNOLOGY,
    grant,
    part,
    right_filed,
    technology_registered,
    vnd,
)
from tests.support.contracts import terms_amended
from tests.support.disputes import (
    court_registered,
    dispute_opened,
    hold_lifted,
    hold_ordered,
    lift,
    order,
)
from tests.support.moneys import (
    FIRST,
    LICENCE,
    SHARED_OUT,
    SPLIT,
    confirmed,
    interest_accrued,
    licence,
    payment_instructed,
    profit_split,
    refund_made,
    report,
    royalty,
    second_report,
    shared_out,
    split,
    suspense_released,
)
from tests.support.specification import Past, given, said
from tests.support.technologies import authors_declared, funding_agreed

IMPORT = {"exclusivity": "non_exclusive", "acts": ["import"], "valid_from": "2026-01-01"}
LICENSED = (right_filed(), technology_registered(), licence())
REPORTED = (*LICENSED, report(1_000_000_000, 36_000_000))
SHARED = (*REPORTED, split(), shared_out())
DISTRIBUTED_AT = len(SHARED)


def test_quantity_exceeded() -> None:
    """10,000 units are granted; with the second report there would be 10,400."""
    limited = licence(grants=[grant(**IMPORT, quantity=10_000)])
    log = given(
        right_filed(),
        limited,
        report(1_000_000_000, 36_000_000, sold=[{"grant": "g1", "units": 9_000}]),
    )
    too_many = second_report(100_000_000, 3_600_000, sold=[{"grant": "g1", "units": 1_400}])
    more = terms_amended(
        contract=LICENCE,
        changes={"grants": [grant(**IMPORT, quantity=20_000)]},
        rights=[RIGHT],
        effective_from="2026-11-02",
    )
    log.when(too_many).then_refused(
        QuantityExceeded,
        positions=(1, 2),
        subjects=(LICENCE,),
        word={more.TOPIC: more.model_dump(mode="json")},
    )
    last = second_report(100_000_000, 3_600_000, sold=[{"grant": "g1", "units": 1_000}])
    log.when(last).then_admitted()


def test_share_sum() -> None:
    log = given(*LICENSED)
    parts = [part(INSTITUTE, 300_000), part(FIRM, 200_000), part(RIVAL, 499_999)]
    agreed_by = [FIRM, INSTITUTE, RIVAL]
    wrong = split(parts=parts, agreed_by=agreed_by, technology=None, authors_ppm=None)
    parts[2] = part(RIVAL, 500_000)
    log.when(wrong).then_refused(ShareSum, word={"/body/parts": parts})
    right = split(parts=parts, agreed_by=agreed_by, technology=None, authors_ppm=None)
    log.when(right).then_admitted()


def state_funded(assigned_on: str = "2025-11-10") -> Past:
    """Return a past in which the State pays for the technology."""
    return given(*LICENSED, funding_agreed(task_assigned_on=assigned_on))


def of_profit(authors: int, **overrides: Any) -> Any:
    """Return an agreement on profit that gives the co-authors so many ppm."""
    parts = [part(INSTITUTE, 1_000_000 - authors)]
    return profit_split(parts=parts, authors_ppm=authors, **overrides)


def test_share_below_statute() -> None:
    """25 % of the after-tax profit of a State-funded result assigned in 2025-11; 30 % will do."""
    log = state_funded()
    refusal = log.when(of_profit(250_000)).then_refused(ShareBelowStatute)
    assert refusal.ground is not None
    assert ("sti-law.28.3", "Điều 28(3)") == (refusal.ground.rule, refusal.ground.article)
    log.when(of_profit(300_000)).then_admitted()


def test_cap_below_statute() -> None:
    """A by-law's cap of 100 m VND on the authors may leave them under 30 %."""
    log = state_funded()
    capped = profit_split(
        parts=[part(INSTITUTE, 600_000), part(AUTHOR, 400_000)],
        agreed_by=[AUTHOR, INSTITUTE],
        authors_ppm=None,
        roles=[{"party": AUTHOR, "role": "author"}],
        caps=[{"party": AUTHOR, "amount": 100_000_000}],
    )
    log.when(capped).then_refused(CapBelowStatute)
    log.when(capped.model_copy(update={"caps": ()})).then_admitted()


def test_broker_over_cap() -> None:
    """12 % for a broker under the old art. 136a(5)(a), which capped it at 10 % of the rest."""

    def with_broker(broker: int, month: int) -> Any:
        agreed = split(
            parts=[part(INSTITUTE, 850_000 - broker), part(RIVAL, broker)],
            agreed_by=[INSTITUTE, RIVAL],
            authors_ppm=150_000,
            roles=[{"party": RIVAL, "role": "broker"}],
            effective_from="2025-03-01",
        )
        return said(agreed, accepted=datetime(2025, month, 1, tzinfo=UTC))

    log = state_funded(assigned_on="2024-01-15")
    less = {"/body/parts": [part(INSTITUTE, 765_000), part(RIVAL, 85_000)]}
    log.when(with_broker(120_000, month=3)).then_refused(BrokerOverCap, word=less)
    log.when(with_broker(85_000, month=3)).then_admitted()
    log.when(with_broker(120_000, month=10)).then_admitted()


def test_currency_mismatch() -> None:
    """A report in dollars on a contract in đồng, without a rule of exchange."""
    dollars = {"currency": "USD", "deductions": [], "base": 40_000_00}
    rate = {"numerator": 250, "denominator": 1, "source": "Vietcombank", "on": "2026-03-31"}
    given(*LICENSED).when(report(40_000_00, 0, **dollars)).then_refused(
        CurrencyMismatch, positions=(2,)
    )
    fx = royalty(fx={"source": "Vietcombank", "on": "period_end"})
    log = given(right_filed(), licence(royalty=fx))
    by_rate = {"/body/rate": rate, "/body/currency": "USD"}
    log.when(report(40_000_00, 0, **dollars)).then_refused(CurrencyMismatch, word=by_rate)
    log.when(report(40_000_00, 40_000_000, **dollars, rate=rate)).then_admitted()


def test_fractional_vnd() -> None:
    """1,000,000.50 VND, and 1e6, are no amounts: they never become an event."""
    for amount in (1_000_000.50, 1e6):
        with pytest.raises(ValidationError):
            Money.model_validate({"amount": amount, "currency": "VND"})
    assert 1_000_000 == Money.model_validate(vnd(1_000_000)).amount


def test_rate_range() -> None:
    log = given(right_filed())
    for rate in (1_000_001, -1):
        wrong = licence(royalty=None, royalty_ppm=rate)
        log.when(wrong).then_refused(RateRange, word={"/body/royalty_ppm": 50_000})
    log.when(licence(royalty=None, royalty_ppm=1_000_000)).then_admitted()


def test_base_lines() -> None:
    """The net selling price is the gross less the deductions."""
    log = given(*LICENSED)
    log.when(report(1_000_000_000, 36_000_000, base=899_999_999)).then_refused(BaseLines)
    log.when(report(1_000_000_000, 36_000_000)).then_admitted()


def test_deduction_not_agreed() -> None:
    """Each kind of deduction is on the contract's list."""
    log = given(*LICENSED)
    unlisted = [{"kind": "advertising", "amount": 100_000_000}]
    log.when(report(1_000_000_000, 36_000_000, deductions=unlisted)).then_refused(
        DeductionNotAgreed, positions=(2,), subjects=(LICENCE,)
    )
    log.when(report(1_000_000_000, 36_000_000)).then_admitted()


def test_report_overlap() -> None:
    """The first quarter is reported twice; as a correction it may be."""
    log = given(*REPORTED)
    again = {"period_from": "2026-01-01", "period_to": "2026-04-01"}
    twice = log.when(second_report(2_000, 72, **again)).then_refused(
        ReportOverlap, positions=(3,), word={"/body/corrects": FIRST}
    )
    days = "from 2026-01-01 to 2026-03-31 inclusive"
    assert f"days reported before are among those {days}" == twice.detail
    log.when(second_report(2_000, 72, corrects=FIRST, **again)).then_admitted()


def test_report_after_end() -> None:
    """Sales after the term without a sell-off clause; with one, until it is over."""
    term = {"concluded_on": "2025-12-01", "effective_from": "2025-12-01"}
    past = grant(exclusivity="non_exclusive", valid_from="2025-12-01", valid_to="2026-04-01")
    ended = licence(
        **term,
        effective_to="2026-04-01",
        grants=[past],
        confirms={"reason": "Hai bên xác nhận hợp đồng đã thực hiện"},
    )
    log = given(right_filed(), ended)
    log.when(report(1_000_000_000, 36_000_000)).then_admitted()
    refusal = log.when(second_report(1, 0)).then_refused(
        ReportAfterEnd, positions=(1,), subjects=(LICENCE,)
    )
    assert f"{LICENCE} is over from 2026-04-01 on: report sales before 2026-04-01" == refusal.detail
    selling_off = given(right_filed(), ended.model_copy(update={"sell_off_days": 91}))
    selling_off.when(second_report(1_000_000_000, 36_000_000)).then_admitted()
    late = second_report(1, 0, period_to="2026-07-02")
    selling_off.when(late).then_refused(ReportAfterEnd)


def test_overpaid() -> None:
    """110 are confirmed where 100 are payable; said to be an overpayment, it is recorded."""
    log = given(*SHARED)
    log.when(confirmed(27_720_000)).then_refused(Overpaid, positions=(DISTRIBUTED_AT - 1,))
    log.when(confirmed(27_720_000, overpayment=True)).then_admitted()
    log.when(confirmed(25_200_000)).then_admitted()


def test_nothing_goes_back_before_it_came() -> None:
    """So much came on two days: a part of it goes back on the first, the whole on the second."""
    log = given(*SHARED, confirmed(200, paid_on="2026-06-01"))
    log = log.and_then(confirmed(300, payment="payment:more", paid_on="2026-07-01"))
    last = len(SHARED) + 1
    early = log.when(refund_made(100, paid_on="2026-05-31")).then_refused(Overpaid)
    assert {"/body/paid_on": "2026-06-01"} == early.changes
    log.when(refund_made(200, paid_on="2026-06-01")).then_admitted()
    more = log.when(refund_made(201, paid_on="2026-06-30")).then_refused(Overpaid, positions=[last])
    assert {"/body/paid_on": "2026-07-01"} == more.changes
    log.when(refund_made(500, paid_on="2026-07-01")).then_admitted()


def test_what_goes_back_leaves_enough_for_what_went_back_later() -> None:
    log = given(*SHARED, confirmed(200, paid_on="2026-06-01"), refund_made(200))
    log = log.and_then(confirmed(200, payment="payment:more"))
    again = refund_made(200, refund="refund:again", paid_on="2026-06-30")
    log.when(again).then_admitted()
    twice = log.and_then(again).and_then(confirmed(1, payment="payment:most"))
    third = refund_made(1, refund="refund:third", paid_on="2026-06-30")
    twice.when(third).then_refused(Overpaid)


def test_a_negative_payment_goes_back_after_what_came() -> None:
    log = given(*SHARED, confirmed(200, paid_on="2026-06-01"))
    back = {"payment": "payment:back", "confirmed_by": FIRM}
    log.when(confirmed(-100, **back, paid_on="2026-05-31")).then_refused(Overpaid)
    log.when(confirmed(-100, **back, paid_on="2026-06-01")).then_admitted()


def test_confirm_by_payer() -> None:
    log = given(*SHARED)
    log.when(confirmed(25_200_000, confirmed_by=FIRM)).then_refused(ConfirmByPayer)
    log.when(confirmed(25_200_000, confirmed_by=INSTITUTE)).then_admitted()


def test_future_fact() -> None:
    """Paid, but dated tomorrow."""
    log = given(*SHARED)
    log.when(confirmed(25_200_000, paid_on="2026-11-03")).then_refused(FutureFact)
    log.when(confirmed(25_200_000, paid_on="2026-11-02")).then_admitted()


def test_late_rate_cap() -> None:
    """2 % a month is 24 % a year, above 20 %."""
    log = given(right_filed())
    monthly = {"yearly_ppm": 240_000, "from_day": 1, "compounding": "none"}
    refusal = log.when(licence(royalty=royalty(late=monthly))).then_refused(LateRateCap)
    assert refusal.ground is not None
    assert "civil-code.468.late-interest-cap" == refusal.ground.rule
    most = {**monthly, "yearly_ppm": 200_000}
    log.when(licence(royalty=royalty(late=most))).then_admitted()
    accruing = interest_accrued(1_728_000, yearly_ppm=240_000)
    given(*REPORTED).when(accruing).then_refused(LateRateCap)
    given(*REPORTED).when(interest_accrued(864_000)).then_admitted()


def test_held() -> None:
    """Nothing of a share under HOLD_PAYMENT is instructed, until it is lifted."""
    suing = (court_registered(), dispute_opened(concerns=[LICENCE]))
    log = given(*SHARED, *suing, hold_ordered(order("HOLD_PAYMENT", SPLIT)))
    ordered_at = DISTRIBUTED_AT + 2
    log.when(payment_instructed()).then_refused(Held, positions=(ordered_at,), subjects=(SPLIT,))
    log.and_then(hold_lifted(lift(SPLIT))).when(payment_instructed()).then_admitted()
    one = given(*SHARED, *suing, hold_ordered(order("HOLD_PAYMENT", LICENCE, party=AUTHOR)))
    one.when(payment_instructed()).then_admitted()


def test_author_split_missing() -> None:
    """Without the co-authors' agreement their part waits in suspense, and is not paid."""
    log = given(*REPORTED, split())
    guessed = shared_out(suspense=0, authors=[{"party": AUTHOR, "amount": 10_800_000}])
    log.when(guessed).then_refused(AuthorSplitMissing, positions=(1,), subjects=(TECHNOLOGY,))
    waiting = log.and_then(shared_out())
    assert 10_800_000 == waiting.value(SHARED_OUT).suspense
    agreed = authors_declared(
        authors=[AUTHOR],
        split=[part(AUTHOR, 1_000_000)],
        declared_by=[AUTHOR],
        minutes_sha256=None,
    )
    word = {agreed.TOPIC: agreed.model_dump(mode="json")}
    waiting.when(suspense_released()).then_refused(AuthorSplitMissing, word=word)
    released = waiting.and_then(agreed).and_then(suspense_released())
    assert {INSTITUTE: 25_200_000, AUTHOR: 10_800_000} == released.value(SHARED_OUT).payable
    log.and_then(agreed).when(guessed).then_admitted()
    log.and_then(agreed).when(shared_out()).then_refused(DistributionMismatch)


def test_a_first_instant_of_the_next_day_is_no_future() -> None:
    """Legal days begin at 17:00 UTC."""
    tomorrow = datetime(2026, 11, 2, 17, 0, tzinfo=UTC)
    paid = confirmed(25_200_000, paid_on="2026-11-03")
    given(*SHARED).when(said(paid, accepted=tomorrow)).then_admitted()
