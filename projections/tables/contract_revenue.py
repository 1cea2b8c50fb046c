"""
The money of a contract: shares agreed, revenue reported, distributed and paid.

Serves `GET /v1/contracts/{id}/revenue`. Every fact here stands for itself, so all four are
journals; balances are sums over them, as known at any point of the log.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from ledger.domain.core.event import Logged
from ledger.domain.core.types import Sealed
from ledger.domain.revenue.distribution import Distributed, ProfitDistributed, RevenueDistributed
from ledger.domain.revenue.payment import PaymentConfirmed, RefundMade
from ledger.domain.revenue.report import RevenueReported
from ledger.domain.revenue.share_agreement import ShareAgreed
from ledger.domain.revenue.split_arithmetic import added_up
from ledger.domain.revenue.suspense import SuspenseReleased
from projections.engine.answer import Answer
from projections.engine.projection import Journal, Tells
from projections.engine.view import positions_of
from projections.tables.basis import answering, told
from projections.tables.reader import Reader


@dataclass(frozen=True, slots=True)
class ShareRow:
    """A row of `read.shares`: how a contract's revenue is shared. Sealed parts: a commitment."""

    subject: str
    position: int
    accepted: datetime
    contract: str
    parties: tuple[str, ...] | None
    parts_ppm: tuple[int, ...] | None
    parts_commitment: str | None
    agreed_by: tuple[str, ...]
    effective_from: date


@dataclass(frozen=True, slots=True)
class ReportRow:
    """A row of `read.reports`; amounts are minor units of the currency."""

    subject: str
    position: int
    accepted: datetime
    contract: str
    period_from: date
    period_to: date
    currency: str
    gross: int
    deduction_kinds: tuple[str, ...]
    deduction_amounts: tuple[int, ...]
    base: int
    due: int
    due_currency: str
    corrects: str | None
    reported_by: str


@dataclass(frozen=True, slots=True)
class PayableRow:
    """A row of `read.payables`: what a distribution gives one payee, in minor units."""

    subject: str
    position: int
    accepted: datetime
    contract: str
    share: str
    reports: tuple[str, ...]
    payee: str
    amount: int
    currency: str


@dataclass(frozen=True, slots=True)
class PaymentRow:
    """A row of `read.payments`; `distribution` is what it pays. A refund is a negative amount."""

    subject: str
    position: int
    accepted: datetime
    distribution: str
    payer: str
    payee: str
    confirmed_by: str
    amount: int
    currency: str
    paid_on: date
    overpayment: bool


@dataclass(frozen=True, slots=True)
class Report:
    """A report, and the one that took its place, if any did."""

    report: ReportRow
    corrected_by: str | None


@dataclass(frozen=True, slots=True)
class Balance:
    """What one payee was to get from a contract in one currency, and has got: minor units."""

    payee: str
    currency: str
    payable: int
    paid: int

    @property
    def open(self) -> int:
        """Return what is still owed; negative if too much was paid."""
        return self.payable - self.paid


@dataclass(frozen=True, slots=True)
class Revenue(Answer):
    """The money of a contract, as known; folded up to `size` entries."""

    contract: str
    size: int
    shares: tuple[ShareRow, ...]
    reports: tuple[Report, ...]
    payables: tuple[PayableRow, ...]
    payments: tuple[PaymentRow, ...]
    balances: tuple[Balance, ...]

    @property
    def positions(self) -> tuple[int, ...]:
        """Return the positions of all these events."""
        return positions_of(
            [share.position for share in self.shares],
            [report.report.position for report in self.reports],
            [payable.position for payable in self.payables],
            [payment.position for payment in self.payments],
        )


def _share(logged: Logged) -> list[ShareRow]:
    body = logged.event.body
    assert isinstance(body, ShareAgreed)
    parts = None if isinstance(body.parts, Sealed) else body.parts
    row = ShareRow(
        body.share,
        logged.position,
        logged.accepted,
        body.contract,
        parties=None if parts is None else tuple(part.party for part in parts),
        parts_ppm=None if parts is None else tuple(part.ppm for part in parts),
        parts_commitment=body.parts.commitment if isinstance(body.parts, Sealed) else None,
        agreed_by=tuple(sorted(body.agreed_by)),
        effective_from=body.effective_from,
    )
    return [row]


def _report(logged: Logged) -> list[ReportRow]:
    body = logged.event.body
    assert isinstance(body, RevenueReported)
    row = ReportRow(
        body.report,
        logged.position,
        logged.accepted,
        body.contract,
        body.period_from,
        body.period_to,
        body.currency,
        body.gross,
        tuple(deduction.kind for deduction in body.deductions),
        tuple(deduction.amount for deduction in body.deductions),
        body.base,
        body.due.amount,
        body.due.currency,
        body.corrects,
        body.reported_by,
    )
    return [row]


def _payables(logged: Logged) -> list[PayableRow]:
    body = logged.event.body
    assert isinstance(body, Distributed | SuspenseReleased)
    parts = body.authors if isinstance(body, SuspenseReleased) else (*body.parts, *body.authors)
    return [
        PayableRow(
            body.distribution,
            logged.position,
            logged.accepted,
            body.contract,
            body.share,
            tuple(sorted(body.sources())) if isinstance(body, Distributed) else (),
            party,
            amount,
            body.currency if isinstance(body, SuspenseReleased) else body.total.currency,
        )
        for party, amount in added_up(parts).items()
    ]


def _payment(logged: Logged) -> list[PaymentRow]:
    body = logged.event.body
    assert isinstance(body, PaymentConfirmed | RefundMade)
    refund = isinstance(body, RefundMade)
    row = PaymentRow(
        body.refund if isinstance(body, RefundMade) else body.payment,
        logged.position,
        logged.accepted,
        body.distribution,
        body.payer,
        body.payee,
        body.confirmed_by,
        -body.amount.amount if refund else body.amount.amount,
        body.amount.currency,
        body.paid_on,
        overpayment=isinstance(body, PaymentConfirmed) and body.overpayment,
    )
    return [row]


shares = Journal(
    name="shares",
    version=1,
    row=ShareRow,
    emit=_share,
    bodies=frozenset({ShareAgreed}),
    indexes=(("contract", "position"),),
    tells={
        "share": Tells(
            ("position", "contract", "parts", "agreed_by"),
            {
                "money_events": (
                    *("of", "technology", "title", "authors_ppm", "authors", "waterfall", "caps"),
                    "superseded",
                ),
                "orders": ("holds", "voided"),
            },
        ),
        "contract": Tells(("shares", "shared_again"), rest="contract_events"),
    },
)

reports = Journal(
    name="reports",
    version=1,
    row=ReportRow,
    emit=_report,
    bodies=frozenset({RevenueReported}),
    indexes=(("contract", "position"),),
    tells={
        "report": Tells(
            ("position", "contract", "reporter", "due", "corrects", "corrected"),
            {"money_events": ("accepted", "questioned", "distributed")},
        ),
        "contract": Tells(("reports",), rest="contract_events"),
    },
)

payables = Journal(
    name="payables",
    version=2,
    row=PayableRow,
    emit=_payables,
    bodies=frozenset({RevenueDistributed, ProfitDistributed, SuspenseReleased}),
    identity=("subject", "payee"),
    indexes=(("contract", "position"), ("payee", "position")),
    tells={
        "distribution": Tells(
            ("position", "currency", "payable", "contract", "share"),
            {"payments": ("moves",), "money_events": ("suspense", "noted")},
        ),
    },
)

payments = Journal(
    name="payments",
    version=2,
    row=PaymentRow,
    emit=_payment,
    bodies=frozenset({PaymentConfirmed, RefundMade}),
    indexes=(("distribution", "position"), ("payee", "position")),
    tells={
        "payment": Tells(
            ("confirmed",),
            {"money_events": ("position", "distribution", "payer", "payee", "failed")},
        ),
        "refund": Tells(("position",)),
        "distribution": Tells(("moves",), rest="payables"),
    },
)


def revenue_of(reader: Reader, contract: str) -> Revenue:
    """Return the money of a contract, as known at a position or instant (default: now).

    Raises `NotFolded` or `NotAsked` (`projections.engine.view`).
    """
    with answering(reader, shares, reports, payables, payments) as view:
        known = reader.as_of(view)
        owed = view.recorded(payables, known, "position, payee", contract=contract)
        distributions = sorted({payable.subject for payable in owed})
        paid = view.recorded(payments, known, distribution=distributions)
        answer = Revenue(
            contract,
            view.size,
            view.recorded(shares, known, contract=contract),
            _corrected(view.recorded(reports, known, contract=contract)),
            owed,
            paid,
            balances_of(owed, paid),
        )
        agreed = {share.subject for share in answer.shares}
        return told(view, answer, known, contract, rests_on=agreed)


def _corrected(rows: Sequence[ReportRow]) -> tuple[Report, ...]:
    corrections = {row.corrects: row.subject for row in rows if row.corrects is not None}
    return tuple(Report(row, corrections.get(row.subject)) for row in rows)


def balances_of(owed: Iterable[PayableRow], paid: Iterable[PaymentRow]) -> tuple[Balance, ...]:
    """Return each payee's balance in each currency, in order of payee and currency."""
    sums: dict[tuple[str, str], list[int]] = {}
    for payable in owed:
        sums.setdefault((payable.payee, payable.currency), [0, 0])[0] += payable.amount
    for payment in paid:
        sums.setdefault((payment.payee, payment.currency), [0, 0])[1] += payment.amount
    return tuple(
        Balance(payee, currency, payable, done)
        for (payee, currency), (payable, done) in sorted(sums.items())
    )
