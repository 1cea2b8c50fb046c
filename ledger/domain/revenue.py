"""
Revenue: how it is shared, what was earned, how it is distributed, and what was paid.

A distribution is arithmetic that anyone can repeat: the exchange signs the result, the rule
recomputes it. Refusals come in the order in which they are defined here, existence first.
Read in this order: events, state, refusals, admit, evolve.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Annotated, Any, ClassVar

from pydantic import (
    AfterValidator,
    Field,
    StringConstraints,
    TypeAdapter,
    ValidationError,
    model_validator,
)

from ledger.domain.authority import SignerMissing, WrongSigner
from ledger.domain.contract import Contract, FiledReport
from ledger.domain.contract_terms import ContractId
from ledger.domain.event import (
    DISTINCT,
    FROM_LIST,
    NOT_EMPTY,
    Admits,
    Body,
    Context,
    Day,
    Event,
    Evolves,
    Logged,
    Model,
    OpeningRequired,
    PartyId,
    PartyIds,
    Refusal,
    Sealed,
    State,
    of_kind,
    reveal,
)
from ledger.domain.existence import PredecessorUnknown, interval, known, new, not_in_future
from ledger.domain.hold import Holds, Voidance
from ledger.domain.money import (
    Currency,
    CurrencyMismatch,
    Money,
    Part,
    ShareSum,
    check_parts,
    distribute,
)
from ledger.domain.party import party_of

ShareId = Annotated[str, of_kind("share")]
ReportId = Annotated[str, of_kind("report")]
DistributionId = Annotated[str, of_kind("distribution")]
PaymentId = Annotated[str, of_kind("payment")]


class Payable(Model):
    """What a distribution gives one party, in minor units; negative where it takes back."""

    party: PartyId
    amount: int


def _one_each(items: "tuple[Part | Payable, ...]") -> "tuple[Part | Payable, ...]":
    if len({item.party for item in items}) < len(items):
        raise ValueError("a party is named twice")
    return items


Parts = Annotated[tuple[Part, ...], NOT_EMPTY, AfterValidator(_one_each)]
Natural = Annotated[int, Field(ge=0)]


class ShareAgreed(Body):
    """The beneficiaries of a contract's revenue agreed on their parts of it."""

    TOPIC: ClassVar[str] = "share.agreed/1"

    share: ShareId
    contract: ContractId
    parts: Annotated[Parts | Sealed, FROM_LIST]
    agreed_by: PartyIds
    effective_from: Day

    def subjects(self) -> frozenset[str]:
        """Return the share, its contract and those who agreed."""
        return frozenset({self.share, self.contract, *self.agreed_by})


class Deduction(Model):
    """One line between gross and base, in minor units (Decree 76/2018 art. 4)."""

    kind: Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,39}$")]
    amount: Natural


class RevenueReported(Body):
    """A licensee says what it earned in the days `[period_from, period_to)` and what it owes.

    `gross`, `base` and the deductions are minor units of `currency`. A report that `corrects`
    another takes its place.
    """

    TOPIC: ClassVar[str] = "revenue.reported/1"

    report: ReportId
    contract: ContractId
    period_from: Day
    period_to: Day
    currency: Currency
    gross: Natural
    deductions: Annotated[tuple[Deduction, ...], FROM_LIST]
    base: int
    due: Money
    corrects: ReportId | None
    reported_by: PartyId

    @model_validator(mode="after")
    def _well_formed(self) -> "RevenueReported":
        if self.due.amount < 0 and self.corrects is None:
            raise ValueError("only a correction has a negative amount")
        if self.corrects == self.report:
            raise ValueError("a correction is a report of its own")
        return self

    def subjects(self) -> frozenset[str]:
        """Return the report, its contract, who reports, and the report that it corrects."""
        named = {self.report, self.contract, self.reported_by}
        return frozenset(named if self.corrects is None else named | {self.corrects})


class RevenueDistributed(Body):
    """The exchange split a total by the agreed parts; anyone can compute it again.

    `share_parts` is null where the agreement's parts are open; where they are sealed, it repeats
    them, open or sealed.
    """

    TOPIC: ClassVar[str] = "revenue.distributed/1"

    distribution: DistributionId
    share: ShareId
    contract: ContractId
    reports: Annotated[tuple[ReportId, ...], FROM_LIST, NOT_EMPTY, DISTINCT]
    total: Money
    parts: Annotated[tuple[Payable, ...], FROM_LIST, NOT_EMPTY, AfterValidator(_one_each)]
    share_parts: Annotated[Parts | Sealed | None, FROM_LIST]

    def subjects(self) -> frozenset[str]:
        """Return the distribution, what it is computed from, and whom it pays."""
        named = {self.distribution, self.share, self.contract, *self.reports}
        return frozenset(named.union(part.party for part in self.parts))


class PaymentConfirmed(Body):
    """A payee, or a bank, says that money arrived. Taking back is a negative amount."""

    TOPIC: ClassVar[str] = "payment.confirmed/1"

    payment: PaymentId
    distribution: DistributionId
    payer: PartyId
    payee: PartyId
    confirmed_by: PartyId
    amount: Money
    paid_on: Day
    overpayment: bool

    def subjects(self) -> frozenset[str]:
        """Return the payment, the distribution that it pays, and its parties."""
        return frozenset(
            {self.payment, self.distribution, self.payer, self.payee, self.confirmed_by}
        )


@dataclass(frozen=True, slots=True)
class Share:
    """An agreed split of a contract's revenue; sealed parts stay sealed here."""

    position: int
    contract: str
    parts: tuple[Part, ...] | Sealed
    holds: Holds = field(default_factory=dict)
    voided: Voidance | None = None


@dataclass(frozen=True, slots=True)
class Report:
    """A filed report: for which contract, by whom."""

    position: int
    contract: str
    reporter: str


@dataclass(frozen=True, slots=True)
class Distribution:
    """What each party is to get, and what has been confirmed so far, in minor units."""

    position: int
    currency: str
    payable: Mapping[str, int]
    confirmed: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Payment:
    """A confirmed payment."""

    position: int


class BaseLines(Refusal):
    """The base is the gross less the deductions, line by line."""

    code = "BASE_LINES"
    title_vi = "Giá tính không bằng doanh thu trừ các khoản giảm trừ đã kê"
    article = "Nghị định 76/2018/NĐ-CP, Điều 4"


class ReportOverlap(Refusal):
    """A licensee reports each day of a contract once, unless it corrects a report."""

    code = "REPORT_OVERLAP"
    title_vi = "Kỳ báo cáo trùng với báo cáo đã nộp"


class DistributionMismatch(Refusal):
    """The distribution does not follow from its share and its total."""

    code = "DISTRIBUTION_MISMATCH"
    title_vi = "Kết quả phân chia không khớp với thỏa thuận phân chia"


class ConfirmByPayer(Refusal):
    """A payment is confirmed by whoever receives it, or by a bank."""

    code = "CONFIRM_BY_PAYER"
    title_vi = "Bên trả tiền không thể tự xác nhận đã nhận tiền"


class Overpaid(Refusal):
    """No more is confirmed than is payable, unless the event says that it is an overpayment."""

    code = "OVERPAID"
    title_vi = "Số tiền xác nhận vượt quá số phải trả"


_PARTS: TypeAdapter[tuple[Part, ...]] = TypeAdapter(Annotated[Parts, FROM_LIST])


def _read_parts(value: Any) -> tuple[Part, ...]:
    """Return opened parts, or raise `ShareSum` if they are no list of parts at all."""
    try:
        return _PARTS.validate_python(value)
    except ValidationError as error:
        raise ShareSum("what was opened is not a list of parts, one a party") from error


def _admit_agreed(state: State, event: Event, context: Context) -> None:
    """Refuse parts that are no whole, and open parts whose beneficiaries have not all agreed."""
    body = event.body
    assert isinstance(body, ShareAgreed)
    new(state, body.share)
    known(state, body.contract, Contract)
    parts = reveal(body.parts, "/body/parts", context, _read_parts)
    check_parts(parts)
    if isinstance(body.parts, Sealed):
        return
    unbound = {part.party for part in parts}.symmetric_difference(body.agreed_by)
    if unbound:
        raise SignerMissing("those who agree are those who get a part", subjects=unbound)


def _admit_reported(state: State, event: Event, context: Context) -> None:
    """Refuse a report by a stranger, in another currency, out of time, or that does not add up."""
    body = event.body
    assert isinstance(body, RevenueReported)
    new(state, body.report)
    contract = known(state, body.contract, Contract)
    if body.corrects is not None:
        _must_be_corrigible(known(state, body.corrects, Report), body)
    if body.reported_by not in contract.licensees():
        raise WrongSigner(f"{body.reported_by} is no licensee of {body.contract}")
    if not contract.currency == body.currency == body.due.currency:
        raise CurrencyMismatch(
            f"{body.contract} is in {contract.currency}", positions=(contract.position,)
        )
    interval(body.period_from, body.period_to)
    not_in_future(context.accepted, period_to=body.period_to)
    _must_not_overlap(contract, body)
    base = body.gross - sum(line.amount for line in body.deductions)
    if body.base != base:
        raise BaseLines(f"gross less deductions is {base}, not {body.base}")


def _must_be_corrigible(report: Report, body: RevenueReported) -> None:
    """Refuse a correction across contracts or reporters."""
    if report.contract != body.contract:
        raise PredecessorUnknown(
            f"{body.corrects} reports on {report.contract}", positions=(report.position,)
        )
    if report.reporter != body.reported_by:
        raise WrongSigner(f"{body.corrects} was filed by {report.reporter}")


def _must_not_overlap(contract: Contract, body: RevenueReported) -> None:
    twice = [
        filed.position
        for subject, filed in contract.reports.items()
        if subject != body.corrects
        and filed.reporter == body.reported_by
        and filed.start < body.period_to
        and body.period_from < filed.end
    ]
    if twice:
        raise ReportOverlap(
            f"[{body.period_from}, {body.period_to}) holds days reported before", positions=twice
        )


def _admit_distributed(state: State, event: Event, context: Context) -> None:
    """Refuse a distribution that does not follow from the agreement and the total."""
    body = event.body
    assert isinstance(body, RevenueDistributed)
    new(state, body.distribution)
    contract = known(state, body.contract, Contract)
    share = known(state, body.share, Share)
    sources: dict[str, Share | Report] = {body.share: share}
    sources.update((report, known(state, report, Report)) for report in body.reports)
    for subject, source in sources.items():
        if source.contract != body.contract:
            raise DistributionMismatch(
                f"{subject} belongs to {source.contract}", positions=(source.position,)
            )
    if body.total.currency != contract.currency:
        raise CurrencyMismatch(
            f"{body.contract} is in {contract.currency}", positions=(contract.position,)
        )
    _must_follow(body, share, context)


def _must_follow(body: RevenueDistributed, share: Share, context: Context) -> None:
    computed = distribute(body.total.amount, _agreed_parts(body, share, context))
    if {part.party: part.amount for part in body.parts} != computed:
        raise DistributionMismatch(
            "the parts are not those that the total and the agreement give",
            positions=(share.position,),
        )


def _agreed_parts(body: RevenueDistributed, share: Share, context: Context) -> tuple[Part, ...]:
    """Return the parts to compute with: the agreement's, or what the distribution repeats of them.

    Commitments are never compared across events: that sealed parts are repeated as they were
    agreed is what the operator signs, and what whoever holds both openings can check.
    """
    if not isinstance(share.parts, Sealed):
        if body.share_parts is not None:
            raise DistributionMismatch(
                "the agreement's parts are open: share_parts is null", positions=(share.position,)
            )
        return share.parts
    if body.share_parts is None:
        raise OpeningRequired(f"the parts of {body.share} are sealed: share_parts repeats them")
    parts = reveal(body.share_parts, "/body/share_parts", context, _read_parts)
    check_parts(parts)
    return parts


def _admit_confirmed(state: State, event: Event, context: Context) -> None:
    """Refuse a confirmation by the payer or a stranger, too early, or of too much."""
    body = event.body
    assert isinstance(body, PaymentConfirmed)
    new(state, body.payment)
    distribution = known(state, body.distribution, Distribution)
    if body.confirmed_by == body.payer:
        raise ConfirmByPayer(f"{body.payer} pays")
    if body.confirmed_by != body.payee and "bank" not in party_of(state, body.confirmed_by).roles:
        raise WrongSigner(f"{body.confirmed_by} is neither the payee nor a bank")
    if body.amount.currency != distribution.currency:
        raise CurrencyMismatch(
            f"{body.distribution} is in {distribution.currency}",
            positions=(distribution.position,),
        )
    not_in_future(context.accepted, paid_on=body.paid_on)
    _must_be_payable(distribution, body)


def _must_be_payable(distribution: Distribution, body: PaymentConfirmed) -> None:
    payable = distribution.payable.get(body.payee, 0)
    total = distribution.confirmed.get(body.payee, 0) + body.amount.amount
    if not body.overpayment and not min(payable, 0) <= total <= max(payable, 0):
        raise Overpaid(
            f"{total} would be confirmed to {body.payee}, {payable} is payable",
            positions=(distribution.position,),
        )


def _evolve_agreed(subject: str, value: Share | None, logged: Logged) -> Share:
    del subject, value
    body = logged.event.body
    assert isinstance(body, ShareAgreed)
    return Share(logged.position, body.contract, body.parts)


def _evolve_reported(subject: str, value: Report | None, logged: Logged) -> Report | None:
    """Return the report as filed; the one that it corrects stays as it was."""
    body = logged.event.body
    assert isinstance(body, RevenueReported)
    if subject != body.report:
        return value
    return Report(logged.position, body.contract, body.reported_by)


def _evolve_contract_reported(subject: str, value: Contract, logged: Logged) -> Contract:
    """Return the contract, with the days that are reported now."""
    del subject
    body = logged.event.body
    assert isinstance(body, RevenueReported)
    filed = FiledReport(body.reported_by, body.period_from, body.period_to, logged.position)
    return value.with_report(body.report, filed, body.corrects)


def _evolve_distributed(subject: str, value: Distribution | None, logged: Logged) -> Distribution:
    """Return the distribution, nothing of it confirmed."""
    del subject, value
    body = logged.event.body
    assert isinstance(body, RevenueDistributed)
    return Distribution(
        position=logged.position,
        currency=body.total.currency,
        payable={part.party: part.amount for part in body.parts},
    )


def _evolve_confirmed(subject: str, value: Payment | None, logged: Logged) -> Payment:
    del subject, value
    return Payment(logged.position)


def _evolve_distribution_confirmed(
    subject: str, value: Distribution, logged: Logged
) -> Distribution:
    """Return the distribution, with what has been confirmed by now."""
    del subject
    body = logged.event.body
    assert isinstance(body, PaymentConfirmed)
    total = value.confirmed.get(body.payee, 0) + body.amount.amount
    return replace(value, confirmed={**value.confirmed, body.payee: total})


BODIES: tuple[type[Body], ...] = (
    ShareAgreed,
    RevenueReported,
    RevenueDistributed,
    PaymentConfirmed,
)

ADMITS: Admits = {
    ShareAgreed: _admit_agreed,
    RevenueReported: _admit_reported,
    RevenueDistributed: _admit_distributed,
    PaymentConfirmed: _admit_confirmed,
}

EVOLVES: Evolves = {
    ("share", ShareAgreed): _evolve_agreed,
    ("report", RevenueReported): _evolve_reported,
    ("contract", RevenueReported): _evolve_contract_reported,
    ("distribution", RevenueDistributed): _evolve_distributed,
    ("payment", PaymentConfirmed): _evolve_confirmed,
    ("distribution", PaymentConfirmed): _evolve_distribution_confirmed,
}
