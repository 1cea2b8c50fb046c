"""
Revenue reports: what a licensee earned in a period, line by line, and what it owes for it.

The base is the gross less the deductions that the contract allows (Decree 76/2018 art. 4). What is
due follows from the royalty schedule in force on the first day of the period, and from what was
reported before; a correction takes the place of a report, and the difference lands in what is due.
Refusals come in the order in which they are defined here, existence first.
Read in this order: events, state, refusals, admit, evolve.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import cache
from typing import Annotated, Any, ClassVar

from pydantic import Field, StringConstraints, model_validator

from ledger.domain.authority import WrongSigner
from ledger.domain.contract import Contract, must_license
from ledger.domain.contract_terms import ContractId, GrantId, Terms
from ledger.domain.event import (
    FROM_LIST,
    Admits,
    Body,
    Context,
    Day,
    Event,
    Evolves,
    Logged,
    Model,
    PartyId,
    Refusal,
    Sealed,
    State,
    Text,
    if_opened,
    of_kind,
    recall,
    reveal,
)
from ledger.domain.existence import interval, known, must_stand_under, new, not_in_future
from ledger.domain.filed_report import FiledReport, FiledReports
from ledger.domain.hold import must_stand
from ledger.domain.listing import ContentMissing
from ledger.domain.money import Currency, CurrencyMismatch, Money, ppm
from ledger.domain.royalty import Due, Royalty, Running, Sales, due_on, flat, kinds_of, year_of

KIND = "report"

ReportId = Annotated[str, of_kind(KIND)]
Natural = Annotated[int, Field(ge=0)]
Positive = Annotated[int, Field(ge=1)]
Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,39}$")]


class Deduction(Model):
    """One line between gross and base, in minor units (Decree 76/2018 art. 4)."""

    kind: Name
    amount: Natural


class Sold(Model):
    """How many units were made or sold under a grant that is limited in quantity."""

    grant: GrantId
    units: Natural


class Rate(Model):
    """`numerator/denominator` minor units of the contract's currency for one of the report's."""

    numerator: Positive
    denominator: Positive
    source: Text
    on: Day


class Lines(Model):
    """How the sum due comes about: the running royalty, what is set off or capped, milestones."""

    royalty: int
    set_off: Natural = 0
    capped: Natural = 0
    milestones: Annotated[tuple[Name, ...], FROM_LIST] = ()


class RevenueReported(Body):
    """A licensee says what it earned in the days `[period_from, period_to)` and what it owes.

    `gross`, `base` and the deductions are minor units of `currency`. A report that `corrects`
    another takes its place. `zero_rated` is the part of the base on which nothing is due, `units`
    what a sum for each unit is due on, `stacked` what third parties got for the same sales. Where
    the contract's royalty is sealed and no longer kept, `royalty` repeats it, open or sealed.
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
    zero_rated: Natural = 0
    units: Natural = 0
    stacked: Natural = 0
    sold: Annotated[tuple[Sold, ...], FROM_LIST] = ()
    rate: Rate | None = None
    lines: Lines | None = None
    royalty: Royalty | Sealed | None = None
    auditor: PartyId | None = None

    @model_validator(mode="after")
    def _well_formed(self) -> "RevenueReported":
        if self.due.amount < 0 and self.corrects is None:
            raise ValueError("only a correction has a negative amount")
        if self.corrects == self.report:
            raise ValueError("a correction is a report of its own")
        if len({each.grant for each in self.sold}) < len(self.sold):
            raise ValueError("a grant's units are said once")
        return self

    def subjects(self) -> frozenset[str]:
        """Return the report, its contract, who reports, and the report that it corrects."""
        named = (self.report, self.contract, self.reported_by, self.auditor, self.corrects)
        return frozenset(filter(None, named))


class OfReport(Body):
    """What a licensor says to a report. Never an event itself."""

    report: ReportId
    contract: ContractId
    said_by: PartyId

    def subjects(self) -> frozenset[str]:
        """Return the report, its contract and who speaks."""
        return frozenset((self.report, self.contract, self.said_by))


class ReportAccepted(OfReport):
    """A licensor takes a report as right."""

    TOPIC: ClassVar[str] = "report.accepted/1"


class ReportQueried(OfReport):
    """A licensor asks about a report; it is open until it is accepted."""

    TOPIC: ClassVar[str] = "report.queried/1"

    question: Text


class ReportDisputed(OfReport):
    """A licensor says that a report is wrong."""

    TOPIC: ClassVar[str] = "report.disputed/1"

    reason: Text


@dataclass(frozen=True, slots=True)
class Report:
    """A filed report: for which contract, by whom, what it made due in the contract's currency.

    `corrects` is the report whose place it took, `corrected` the position of the one that took its
    own, `questioned` that of the last query or objection, `distributed` that of the distribution
    which shared it out.
    """

    position: int
    contract: str
    reporter: str
    due: int
    corrects: str | None = None
    corrected: int | None = None
    accepted: int | None = None
    questioned: int | None = None
    distributed: int | None = None


class BaseLines(Refusal):
    """The base is the gross less the deductions that are allowed, line by line."""

    code = "BASE_LINES"
    members = ("base",)
    title_vi = "Giá tính không bằng doanh thu trừ các khoản giảm trừ được phép và đã kê"
    article = "Nghị định 76/2018/NĐ-CP, Điều 4"


class ReportOverlap(Refusal):
    """A licensee reports each day of a contract once, unless it corrects a report."""

    code = "REPORT_OVERLAP"
    members = ("period_from",)
    title_vi = "Kỳ báo cáo trùng với báo cáo đã nộp"


class ReportAfterEnd(Refusal):
    """After the contract's end nothing is sold under it, unless stock may be sold off."""

    code = "REPORT_AFTER_END"
    members = ("period_to",)
    title_vi = "Kỳ bán hàng sau khi hợp đồng chấm dứt mà không có điều khoản bán hàng tồn"


class QuantityExceeded(Refusal):
    """No more units are made or sold than the grant allows."""

    code = "QUANTITY_EXCEEDED"
    members = ("sold",)
    title_vi = "Số lượng vượt quá hạn mức của quyền được cấp"


class RoyaltyMismatch(Refusal):
    """What is due does not follow from the royalty that was agreed."""

    code = "ROYALTY_MISMATCH"
    members = ("due",)
    title_vi = "Số tiền phải trả không khớp với thỏa thuận về tiền bản quyền"


class ReportClosed(Refusal):
    """The report was corrected or accepted already."""

    code = "REPORT_CLOSED"
    members = ("corrects", "report")
    title_vi = "Báo cáo đã được thay thế hoặc đã được chấp nhận"


def _admit_reported(state: State, event: Event, context: Context) -> None:
    """Refuse a report by a stranger, in another currency, out of time, or that does not add up."""
    body = event.body
    assert isinstance(body, RevenueReported)
    new(state, body.report)
    contract = known(state, body.contract, Contract)
    if body.corrects is not None:
        _must_be_corrigible(known(state, body.corrects, Report), body)
    if body.reported_by not in contract.licensees():
        raise WrongSigner(
            f"{body.reported_by} is no licensee of {body.contract}", pointer="/body/reported_by"
        )
    interval(body.period_from, body.period_to, "/body/period_to")
    not_in_future(context.accepted, period_to=body.period_to)
    must_stand(body.contract, contract.voided, body.period_from)
    terms = contract.terms_on(body.period_from)
    royalty = cache(lambda: _royalty(terms, body, context))
    with if_opened(context, CurrencyMismatch):
        _must_be_in_currency(contract, royalty, body)
    _must_be_within(contract, terms, body)
    _must_not_overlap(contract, body)
    with if_opened(context, BaseLines):
        _must_add_up(royalty, body)
    _must_keep_to_quantities(contract, body)
    with if_opened(context, RoyaltyMismatch):
        _must_owe(contract, royalty(), body)


def _must_be_corrigible(report: Report, body: RevenueReported) -> None:
    """Refuse a correction across contracts or reporters, or of what was corrected."""
    must_stand_under(body.contract, str(body.corrects), report)
    if report.reporter != body.reported_by:
        raise WrongSigner(
            f"{body.corrects} was filed by {report.reporter}", pointer="/body/reported_by"
        )
    if report.corrected is not None:
        raise ReportClosed(f"{body.corrects} was corrected", positions=(report.corrected,))


def _royalty(terms: Terms, body: RevenueReported, context: Context) -> Royalty | None:
    """Return the schedule to reckon with: the contract's, kept or as the report repeats it."""
    agreed, sole = terms.royalty, terms.royalty_ppm
    if isinstance(agreed, Royalty):
        return agreed
    if body.royalty is not None and (isinstance(agreed, Sealed) or isinstance(sole, Sealed)):
        return reveal(body.royalty, "/body/royalty", context, Royalty.model_validate)
    if agreed is not None:
        return recall(agreed, body.contract, context, Royalty.model_validate)
    rate = recall(sole, body.contract, context, ppm)
    if rate is None:
        return None
    kinds = {each.kind for each in body.deductions}
    return flat(rate, terms.royalty_base, body.due.currency, kinds)


def _must_be_in_currency(
    contract: Contract, royalty: Callable[[], Royalty | None], body: RevenueReported
) -> None:
    """Hold amounts to the contract's currency, unless a rule of exchange was agreed and kept."""
    wrong = body.due.currency != contract.currency
    if body.currency != contract.currency and not wrong:
        agreed = None if body.rate is None else royalty()
        fx = None if agreed is None else agreed.fx
        wrong = body.rate is None or fx is None or body.rate.source != fx.source
    if wrong:
        raise CurrencyMismatch(
            f"{body.contract} is in {contract.currency}", positions=(contract.position,)
        )


def _must_be_within(contract: Contract, terms: Terms, body: RevenueReported) -> None:
    end = contract.ended or contract.runs_to
    if end is None or body.period_to <= end:
        return
    sell_off = terms.sell_off_days
    if sell_off is None or body.period_to > end + timedelta(days=sell_off):
        raise ReportAfterEnd(
            f"{body.contract} ended on {end}",
            positions=(contract.position if contract.ended_by is None else contract.ended_by,),
            subjects=(body.contract,),
        )


def _others(contract: Contract, body: RevenueReported) -> FiledReports:
    """Return the reports in force by the same licensee, but for the one that is corrected."""
    return contract.reports.others(body.reported_by, body.corrects)


def _must_not_overlap(contract: Contract, body: RevenueReported) -> None:
    twice = [
        filed.position
        for filed in _others(contract, body).meeting(body.period_from, body.period_to)
    ]
    if twice:
        raise ReportOverlap(
            f"[{body.period_from}, {body.period_to}) holds days reported before", positions=twice
        )


def _must_add_up(royalty: Callable[[], Royalty | None], body: RevenueReported) -> None:
    base = body.gross - sum(line.amount for line in body.deductions)
    if body.base != base:
        raise BaseLines(f"gross less deductions is {base}, not {body.base}")
    if body.zero_rated > max(base, 0):
        raise BaseLines(f"{body.zero_rated} of a base of {base} cannot be zero-rated")
    agreed = royalty()
    strange = kinds_of(agreed, {line.kind for line in body.deductions}) if agreed else ()
    if strange:
        raise BaseLines(f"not on the contract's list: {', '.join(sorted(strange))}")


def _must_keep_to_quantities(contract: Contract, body: RevenueReported) -> None:
    sold = {each.grant: each.units for each in body.sold}
    for name, grant in contract.grants.items():
        if grant.quantity is None or grant.licensee != body.reported_by:
            continue
        if name not in sold:
            raise ContentMissing(f"grant {name} is limited: the report says how many units")
        others = _others(contract, body)
        total = sold[name] + others.sold.get(name, 0)
        if total > grant.quantity:
            raise QuantityExceeded(
                f"{total} units under grant {name}, which allows {grant.quantity}",
                positions=(
                    contract.position,
                    *(filed.position for filed in others if name in filed.sold),
                ),
                subjects=(body.contract,),
            )


def _must_owe(contract: Contract, royalty: Royalty | None, body: RevenueReported) -> None:
    """Recompute what is due, from the schedule and from what was reported before."""
    if royalty is None:
        return
    due = due_on(royalty, running(contract, royalty, body), _sales(royalty, body))
    said = body.lines or Lines(royalty=body.due.amount)
    computed = Lines(
        royalty=due.royalty,
        set_off=due.stacking,
        capped=due.capped,
        milestones=tuple(each.milestone for each in due.milestones),
    )
    if said != computed or body.due.amount != due.total:
        raise RoyaltyMismatch(
            f"due is {due.total}: {_told(due)}; the report says {body.due.amount}",
            positions=(contract.position, *(filed.position for filed in _others(contract, body))),
            subjects=(body.contract,),
        )


def _told(due: Due) -> str:
    named = [f"{each.milestone} {each.amount}" for each in due.milestones]
    return ", ".join(
        [f"royalty {due.royalty}", f"set off {due.stacking}", f"capped {due.capped}", *named]
    )


def _sales(royalty: Royalty, body: RevenueReported) -> Sales:
    on_holiday = royalty.holiday_until is not None and body.period_to <= royalty.holiday_until
    base = 0 if on_holiday else in_contract_currency(body, body.base - body.zero_rated)
    units = 0 if on_holiday else body.units
    return Sales(base, units, body.stacked, correction=body.corrects is not None)


def in_contract_currency(body: RevenueReported, amount: int) -> int:
    """Return an amount of the report in the contract's currency, rounded towards zero."""
    if body.rate is None:
        return amount
    converted = abs(amount) * body.rate.numerator // body.rate.denominator
    return converted if amount >= 0 else -converted


def running(contract: Contract, royalty: Royalty, body: RevenueReported) -> Running:
    """Return what the other reports in force come to: in the tiers' span, the year, the term."""
    others = _others(contract, body)
    year = year_of(royalty, body.period_from)
    begun = others.beginning_in((year, year + 1))  # A schedule's year may end in the next one.
    this_year = [filed for filed in begun if year_of(royalty, filed.start) == year]
    base = sum(filed.base for filed in this_year)
    by_year = royalty.tiers_over == "year"
    return Running(
        spanned=base if by_year else others.base,
        royalty=sum(filed.royalty for filed in this_year) if by_year else others.royalty,
        year=base,
        due_year=sum(filed.earned for filed in this_year),
        due_term=others.earned,
        reached=frozenset(others.milestones),
    )


def _admit_said(state: State, event: Event, context: Context) -> None:
    """Refuse a word on a report by another than a licensor, or after it was closed."""
    del context
    body = event.body
    assert isinstance(body, OfReport)
    report = known(state, body.report, Report)
    contract = known(state, body.contract, Contract)
    must_stand_under(body.contract, body.report, report)
    must_license(contract, body.contract, body.said_by)
    closed = report.corrected if report.accepted is None else report.accepted
    if closed is not None:
        raise ReportClosed(f"{body.report} is closed", positions=(closed,))


def _evolve_reported(subject: str, value: Any, logged: Logged) -> Any:
    """Return the report as filed, or the one that it corrects, with that noted."""
    body = logged.event.body
    assert isinstance(body, RevenueReported)
    if subject == body.report:
        return Report(
            logged.position, body.contract, body.reported_by, body.due.amount, body.corrects
        )
    return value and replace(value, corrected=logged.position)


def _evolve_contract_reported(subject: str, value: Contract, logged: Logged) -> Contract:
    """Return the contract, with the days that are reported now."""
    del subject
    body = logged.event.body
    assert isinstance(body, RevenueReported)
    lines = body.lines or Lines(royalty=body.due.amount)
    filed = FiledReport(
        reporter=body.reported_by,
        start=body.period_from,
        end=body.period_to,
        position=logged.position,
        base=in_contract_currency(body, body.base - body.zero_rated),
        royalty=lines.royalty,
        earned=lines.royalty - lines.set_off - lines.capped,
        milestones=frozenset(lines.milestones),
        sold={each.grant: each.units for each in body.sold},
    )
    return replace(value, reports=value.reports.plus(body.report, filed, body.corrects))


def _evolve_accepted(subject: str, value: Report | None, logged: Logged) -> Report | None:
    del subject
    return value and replace(value, accepted=logged.position)


def _evolve_questioned(subject: str, value: Report | None, logged: Logged) -> Report | None:
    del subject
    return value and replace(value, questioned=logged.position)


BODIES: tuple[type[Body], ...] = (RevenueReported, ReportAccepted, ReportQueried, ReportDisputed)

ADMITS: Admits = {
    RevenueReported: _admit_reported,
    ReportAccepted: _admit_said,
    ReportQueried: _admit_said,
    ReportDisputed: _admit_said,
}

EVOLVES: Evolves = {
    (KIND, RevenueReported): _evolve_reported,
    ("contract", RevenueReported): _evolve_contract_reported,
    (KIND, ReportAccepted): _evolve_accepted,
    (KIND, ReportQueried): _evolve_questioned,
    (KIND, ReportDisputed): _evolve_questioned,
}
