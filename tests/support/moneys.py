"""Bodies about money, like those of `builders`: a licence with a schedule, and all that follows.

The firm reports twice; the institute and the broker share, the co-authors have one part.
"""

from collections.abc import Mapping
from typing import Any

from ledger.domain.contracts.contract import ContractConcluded
from ledger.domain.core.body import Body
from ledger.domain.revenue.distribution import ProfitDistributed, RevenueDistributed
from ledger.domain.revenue.interest import InterestAccrued
from ledger.domain.revenue.payment import (
    OverpaymentNoted,
    PaymentConfirmed,
    PaymentFailed,
    PaymentInstructed,
    RefundMade,
)
from ledger.domain.revenue.profit import ProfitDeclared
from ledger.domain.revenue.report import RevenueReported
from ledger.domain.revenue.report_answer import ReportAccepted, ReportDisputed, ReportQueried
from ledger.domain.revenue.share_agreement import ShareAgreed
from ledger.domain.revenue.suspense import SuspenseReleased
from tests.support.builders import (
    AUTHOR,
    BANK,
    FIRM,
    INSTITUTE,
    TECHNOLOGY,
    built,
    grant,
    part,
    payment_confirmed,
    revenue_distributed,
    revenue_reported,
    share_agreed,
    vnd,
)
from tests.support.running import contract_running
from tests.support.technologies import authors_declared, funding_agreed

LICENCE = "contract:01890000-0000-7000-8000-000000000020"
FIRST = "report:01890000-0000-7000-8000-000000000021"
SECOND = "report:01890000-0000-7000-8000-000000000022"
SPLIT = "share:01890000-0000-7000-8000-000000000023"
PROFIT_SPLIT = "share:01890000-0000-7000-8000-000000000024"
SHARED_OUT = "distribution:01890000-0000-7000-8000-000000000025"
PROFIT_OUT = "distribution:01890000-0000-7000-8000-000000000026"
PAID = "payment:01890000-0000-7000-8000-000000000027"
FAILED = "payment:01890000-0000-7000-8000-000000000028"
REFUND = "refund:01890000-0000-7000-8000-000000000029"
PROFIT = "profit:01890000-0000-7000-8000-00000000002a"
INTEREST = "interest:01890000-0000-7000-8000-00000000002b"

CO_AUTHORS_RULE = "decree-267.34.3"
PROFIT_RULE = "sti-law.28.3"


def royalty(**overrides: Any) -> dict[str, Any]:
    """Return a schedule as JSON: 4 % of the net selling price up to a billion a year, then 3 %."""
    return {
        "currency": "VND",
        "base": "net_selling_price",
        "tiers": [
            {"upto": 1_000_000_000, "rate_ppm": 40_000},
            {"upto": None, "rate_ppm": 30_000},
        ],
        "period": "quarter",
        "due_days": 30,
        "deductions": ["vat"],
        "late": {"yearly_ppm": 120_000, "from_day": 10, "compounding": "none"},
        **overrides,
    }


def licence(**overrides: Any) -> ContractConcluded:
    """Return a licence with a schedule, in force since January 2026."""
    granted = grant(exclusivity="non_exclusive", acts=["import"], valid_from="2026-01-01")
    defaults = {
        "contract": LICENCE,
        "grants": [granted],
        "royalty_ppm": None,
        "royalty": royalty(),
    }
    return contract_running(**{**defaults, **overrides})


def report(gross: int, due: int, **overrides: Any) -> RevenueReported:
    """Return the firm's report of its first quarter; the tax is a tenth of the gross."""
    tax = gross // 10
    defaults = {
        "report": FIRST,
        "contract": LICENCE,
        "period_from": "2026-01-01",
        "period_to": "2026-04-01",
        "gross": gross,
        "deductions": [{"kind": "vat", "amount": tax}],
        "base": gross - tax,
        "due": vnd(due),
    }
    return revenue_reported(**{**defaults, **overrides})


def second_report(gross: int, due: int, **overrides: Any) -> RevenueReported:
    """Return the firm's report of its second quarter."""
    defaults = {"report": SECOND, "period_from": "2026-04-01", "period_to": "2026-07-01"}
    return report(gross, due, **{**defaults, **overrides})


def _said(kind: type[Any], overrides: Mapping[str, Any]) -> Any:
    said = {"report": FIRST, "contract": LICENCE, "said_by": INSTITUTE}
    return built(kind, said, overrides)


def report_accepted(**overrides: Any) -> ReportAccepted:
    accepted: ReportAccepted = _said(ReportAccepted, overrides)
    return accepted


def report_queried(**overrides: Any) -> ReportQueried:
    queried: ReportQueried = _said(
        ReportQueried, {"question": "Bảng kê số lượng bán ở đâu?", **overrides}
    )
    return queried


def report_disputed(**overrides: Any) -> ReportDisputed:
    disputed: ReportDisputed = _said(
        ReportDisputed, {"reason": "Thiếu doanh thu tháng ba", **overrides}
    )
    return disputed


def split(**overrides: Any) -> ShareAgreed:
    """Return an agreement: 700,000 ppm to the institute, 300,000 to the co-authors together."""
    defaults = {
        "share": SPLIT,
        "contract": LICENCE,
        "parts": [part(INSTITUTE, 700_000)],
        "agreed_by": [INSTITUTE],
        "effective_from": "2026-11-01",
        "technology": TECHNOLOGY,
        "authors_ppm": 300_000,
    }
    return share_agreed(**{**defaults, **overrides})


def profit_split(**overrides: Any) -> ShareAgreed:
    """Return an agreement on the State's part of the profit after tax."""
    defaults = {"share": PROFIT_SPLIT, "of": "after_tax_profit_state_part"}
    return split(**{**defaults, **overrides})


def shared_out(**overrides: Any) -> RevenueDistributed:
    """Return the distribution of 36,000,000 by `split`, the authors' part in suspense."""
    defaults = {
        "distribution": SHARED_OUT,
        "share": SPLIT,
        "contract": LICENCE,
        "reports": [FIRST],
        "total": vnd(36_000_000),
        "parts": [{"party": INSTITUTE, "amount": 25_200_000}],
        "suspense": 10_800_000,
        "rules": [CO_AUTHORS_RULE],
    }
    return revenue_distributed(**{**defaults, **overrides})


def profit_declared(**overrides: Any) -> ProfitDeclared:
    defaults = {
        "profit": PROFIT,
        "contract": LICENCE,
        "technology": TECHNOLOGY,
        "period_from": "2026-01-01",
        "period_to": "2026-07-01",
        "before_tax": vnd(125_000_000),
        "after_tax": vnd(100_000_000),
        "state_part": vnd(70_000_000),
        "method": "Theo tỷ lệ vốn góp của Nhà nước 70%",
        "declared_by": INSTITUTE,
    }
    return built(ProfitDeclared, defaults, overrides)


def profit_distributed(**overrides: Any) -> ProfitDistributed:
    """Return the distribution of the State's part of the profit, split among the authors."""
    defaults = {
        "distribution": PROFIT_OUT,
        "share": PROFIT_SPLIT,
        "contract": LICENCE,
        "profit": PROFIT,
        "total": vnd(70_000_000),
        "parts": [{"party": INSTITUTE, "amount": 49_000_000}],
        "share_parts": None,
        "suspense": 21_000_000,
        "rules": [CO_AUTHORS_RULE, PROFIT_RULE],
    }
    return built(ProfitDistributed, defaults, overrides)


def suspense_released(**overrides: Any) -> SuspenseReleased:
    defaults = {
        "distribution": SHARED_OUT,
        "contract": LICENCE,
        "share": SPLIT,
        "technology": TECHNOLOGY,
        "currency": "VND",
        "authors": [{"party": AUTHOR, "amount": 10_800_000}],
    }
    return built(SuspenseReleased, defaults, overrides)


def payment_instructed(**overrides: Any) -> PaymentInstructed:
    defaults = {
        "payment": PAID,
        "distribution": SHARED_OUT,
        "payer": FIRM,
        "payee": INSTITUTE,
        "amount": vnd(25_200_000),
        "instructed_on": "2026-11-02",
    }
    return built(PaymentInstructed, defaults, overrides)


def confirmed(amount: int, **overrides: Any) -> PaymentConfirmed:
    """Return the institute's confirmation that the firm paid so much."""
    defaults = {
        "payment": PAID,
        "distribution": SHARED_OUT,
        "payer": FIRM,
        "payee": INSTITUTE,
        "confirmed_by": INSTITUTE,
        "amount": vnd(amount),
        "paid_on": "2026-11-02",
    }
    return payment_confirmed(**{**defaults, **overrides})


def payment_failed(**overrides: Any) -> PaymentFailed:
    defaults = {
        "payment": FAILED,
        "said_by": BANK,
        "reason": "Sai số tài khoản",
        "failed_on": "2026-11-02",
    }
    return built(PaymentFailed, defaults, overrides)


def overpayment_noted(amount: int, **overrides: Any) -> OverpaymentNoted:
    defaults = {
        "distribution": SHARED_OUT,
        "payer": FIRM,
        "payee": INSTITUTE,
        "amount": vnd(amount),
        "noted_on": "2026-11-02",
    }
    return built(OverpaymentNoted, defaults, overrides)


def refund_made(amount: int, **overrides: Any) -> RefundMade:
    defaults = {
        "refund": REFUND,
        "distribution": SHARED_OUT,
        "payer": FIRM,
        "payee": INSTITUTE,
        "confirmed_by": FIRM,
        "amount": vnd(amount),
        "paid_on": "2026-11-02",
    }
    return built(RefundMade, defaults, overrides)


def interest_accrued(amount: int, **overrides: Any) -> InterestAccrued:
    """Return 73 days of interest at 12 % a year on the first report's due."""
    defaults = {
        "interest": INTEREST,
        "contract": LICENCE,
        "report": FIRST,
        "due_on": "2026-05-01",
        "principal": vnd(36_000_000),
        "since": "2026-05-11",
        "until": "2026-07-23",
        "yearly_ppm": 120_000,
        "compounding": "none",
        "amount": vnd(amount),
        "rule": "civil-code.468.late-interest-cap",
        "claimed_by": INSTITUTE,
    }
    return built(InterestAccrued, defaults, overrides)


STORY: tuple[Body, ...] = (
    licence(),
    report(1_000_000_000, 36_000_000),
    report_queried(),
    report_disputed(),
    report_accepted(),
    interest_accrued(864_000),
    split(),
    shared_out(),
    payment_instructed(payment=FAILED),
    payment_failed(),
    payment_instructed(),
    confirmed(25_200_005, overpayment=True),
    overpayment_noted(5),
    refund_made(5),
    funding_agreed(),
    profit_split(),
    profit_declared(),
    profit_distributed(),
    authors_declared(
        authors=[AUTHOR],
        split=[part(AUTHOR, 1_000_000)],
        declared_by=[AUTHOR],
        minutes_sha256=None,
    ),
    suspense_released(),
)
"""Admissible in this order after the story of the right and the technology."""
