"""
Revenue reports: what a licensee earned in a period, line by line, and what it owes for it.

A line is what was sold on days on which one schedule holds, or what was taken back of such a line.
Its base is the gross less the deductions that the contract allows (Decree 76/2018 art. 4). What is
due follows from all lines in force (`ledger.domain.contracts.royalty_due`); a correction takes the
place of a report, and the difference lands in what is due.
Refusals come in the order in which they are defined here, existence first.
Read in this order: events, state, refusals, admit, evolve.
"""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cache
from typing import Annotated, Any, ClassVar

from pydantic import model_validator

from ledger.domain.contracts.agreed_royalty import versions_of
from ledger.domain.contracts.contract import Contract
from ledger.domain.contracts.contract_terms import ContractId
from ledger.domain.contracts.report_index import (
    FiledLine,
    FiledReport,
    FiledReports,
    ReportsOfContract,
)
from ledger.domain.contracts.royalty import Royalty
from ledger.domain.contracts.royalty_due import Due, Versions, due_of, version_on, zero_rated_base
from ledger.domain.core.body import Body, State
from ledger.domain.core.context import Context, if_opened
from ledger.domain.core.court_hold import must_not_be_void
from ledger.domain.core.event import Logged
from ledger.domain.core.existence import (
    IntervalEmpty,
    days_of,
    last_day,
    must_stand_under,
    not_in_future,
    require_days,
    require_known,
    require_new,
)
from ledger.domain.core.money import Currency, CurrencyMismatch, Money, in_currency
from ledger.domain.core.refusal import Refusal
from ledger.domain.core.remedy import Other, Step, naming, naming_one_of
from ledger.domain.core.rules import admits, evolves
from ledger.domain.core.types import FROM_LIST, Day, PartyId, Sealed
from ledger.domain.market.listing import ContentMissing
from ledger.domain.parties.signature_refusals import WrongSigner
from ledger.domain.revenue.report_lines import (
    ONE_LINE,
    Deduction,
    Line,
    Natural,
    Rate,
    Reckoning,
    ReportId,
    Sold,
)
from ledger.domain.revenue.sales import (
    PeriodNotCut,
    grants_ever,
    must_be_cut,
    must_be_sold_in_time,
    must_return_what_was_sold,
)
from ledger.quoted import repeated

KIND = "report"


class RevenueReported(Body):
    """A licensee says what it earned in the days `[period_from, period_to)` and what it owes."""

    TOPIC: ClassVar[str] = "revenue.reported/1"
    TITLE = "Revenue reported"
    TITLE_VI = "Báo cáo doanh thu"
    SUBJECTS = "report contract reported_by auditor corrects"
    SIGNERS = "reported_by auditor"
    COMMITS = "sum:due"

    report: ReportId
    """Id of the new report."""
    contract: ContractId
    """Contract under which was sold."""
    period_from: Day
    """First day of the sales, not before the contract's first. No day is reported twice but by
    a correction.
    """
    period_to: Day
    """Day after the last of the sales, not after the day of recording: within the agreed
    period, and not after the contract's end but for a sell-off.
    """
    currency: Currency
    """Currency of what was sold, by its ISO 4217 code: the contract's, or another with its
    `rate`.
    """
    gross: int
    """Sum of the lines' gross, in minor units of `currency`."""
    deductions: Annotated[tuple[Deduction, ...], FROM_LIST]
    """Sums of the lines' deductions by their kind; empty for none. The kinds are those that the
    contract's schedule lists (Decree 76/2018 art. 4).
    """
    base: int
    """Gross less deductions, in minor units of `currency`."""
    due: Money
    """What is owed by this report, in the contract's currency; negative where it takes back
    what was due before. Where a royalty is agreed the rule recomputes it.
    """
    corrects: ReportId | None
    """Report of the same licensee whose place this one takes whole; null for none."""
    reported_by: PartyId
    """Licensee of the contract."""
    zero_rated: int = 0
    """Part of the base that was sold in territories where the schedule asks nothing, in minor
    units of `currency`; absent is 0.
    """
    units: int = 0
    """Sum of the lines' units; absent is 0."""
    stacked: Natural = 0
    """What third parties got for the same sales, in minor units of the contract's currency: set
    off as the schedule says. Absent is 0.
    """
    sold: Annotated[tuple[Sold, ...], FROM_LIST] = ()
    """Units under each of the licensee's grants that is limited in quantity, each grant once;
    absent or empty where none is.
    """
    rate: Rate | None = None
    """Rate that turns `currency` into the contract's, by the source agreed; null or absent
    where they are one.
    """
    lines: Annotated[tuple[Line, ...], FROM_LIST] = ()
    """What was sold, cut wherever other rates, rights or shares hold from a day on; absent or
    empty: the report is one line, named `1`.
    """
    reckoning: Reckoning | None = None
    """How the sum due comes about; null or absent: all of it is running royalty."""
    royalty: Royalty | Sealed | None = None
    """The contract's royalty of `period_from` once more, open or sealed, where it is sealed and
    no longer kept; else null or absent.
    """
    auditor: PartyId | None = None
    """Who audited the report, and signs it too; null or absent for nobody."""

    @model_validator(mode="after")
    def _well_formed(self) -> "RevenueReported":
        if self.corrects == self.report:
            raise ValueError(f"a correction is a report of its own, not {self.report} again")
        if (twice := repeated(each.grant for each in self.sold)) is not None:
            raise ValueError(f"a grant's units are said once: {twice}")
        if (twice := repeated(each.line for each in self.lines)) is not None:
            raise ValueError(f"two lines have one name: {twice}")
        self.in_lines()
        return self

    def in_lines(self) -> tuple[Line, ...]:
        """Return the lines, or the report as one."""
        if self.lines:
            return self.lines
        one = Line(line=ONE_LINE, gross=self.gross, deductions=self.deductions, units=self.units)
        return (one,)

    def stated_reckoning(self) -> Reckoning:
        """Return how the sum due comes about; unless it is said, it is all royalty."""
        return self.reckoning or Reckoning(royalty=self.due.amount)

    def reads(self, state: State) -> Iterable[str]:
        """Return the rights that the contract grants to the one who reports, or granted."""
        contract = state.get(self.contract)
        if isinstance(contract, Contract):
            for grant in grants_ever(contract):
                if grant.licensee == self.reported_by:
                    yield from grant.rights


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


class ReportOverlap(Refusal):
    """A licensee reports each day of a contract once, unless it corrects a report."""

    code = "REPORT_OVERLAP"
    members = ("period_from",)
    title_vi = "Kỳ báo cáo trùng với báo cáo đã nộp"


class QuantityExceeded(Refusal):
    """No more units are made or sold than the grant allows."""

    code = "QUANTITY_EXCEEDED"
    members = ("sold",)
    title_vi = "Số lượng vượt quá hạn mức của quyền được cấp"


class ZeroRated(Refusal):
    """Nothing is due only on sales in places that the schedule itself zero-rates."""

    code = "ZERO_RATED"
    members = ("zero_rated",)
    title_vi = "Phần không tính tiền bản quyền nằm ngoài các lãnh thổ mà biểu phí quy định"


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


@admits(RevenueReported)
def _admit_reported(body: RevenueReported, state: State, context: Context) -> None:
    """Refuse a report by a stranger, in another currency, out of time, or that does not add up."""
    require_new(state, body.report)
    contract = require_known(state, body.contract, Contract)
    if body.corrects is not None:
        _must_be_corrigible(require_known(state, body.corrects, Report), body)
    if body.reported_by not in contract.licensees():
        raise WrongSigner(
            f"{body.reported_by} is no licensee of {body.contract}",
            positions=(contract.position,),
            pointer="/body/reported_by",
            step=naming_one_of("/body/reported_by", contract.licensees()),
        )
    require_days(body.period_from, body.period_to, "/body/period_to")
    _must_hold_its_lines(body)
    not_in_future(context.accepted, period_to=body.period_to)
    must_not_be_void(body.contract, contract.voided, body.period_from)
    others = contract.reports.others(body.reported_by, body.corrects)
    filed = filed_report(contract.reports, body, context.position)
    reports = others.plus(filed)
    versions = cache(
        lambda: versions_of(contract, body.contract, context, body.royalty, body.period_from)
    )
    with if_opened(context, CurrencyMismatch):
        _must_be_in_currency(contract, versions, body)
    must_be_sold_in_time(state, contract, body.contract, filed)
    with if_opened(context, PeriodNotCut, DeductionNotAgreed):
        must_be_cut(state, contract, versions(), filed)
        must_be_listed(contract, versions(), reports, filed, body)
    _must_not_overlap(others, body)
    must_add_up(body, filed)
    must_return_what_was_sold(contract.reports, others, filed, body.corrects)
    _must_keep_to_quantities(contract, others, body)
    with if_opened(context, ZeroRated, RoyaltyMismatch):
        _must_be_zero_rated(contract, versions(), reports, body, filed)
        _must_owe(contract, versions(), others, body, filed)


def _must_be_corrigible(report: Report, body: RevenueReported) -> None:
    """Refuse a correction across contracts or reporters, or of what was corrected."""
    must_stand_under(body.contract, str(body.corrects), report)
    if report.reporter != body.reported_by:
        raise WrongSigner(
            f"{body.corrects} was filed by {report.reporter}",
            positions=(report.position,),
            pointer="/body/reported_by",
            step=naming("/body/reported_by", report.reporter),
        )
    if report.corrected is not None:
        raise ReportClosed(
            f"{body.corrects} was corrected",
            positions=(report.corrected,),
            step=Step({"position": report.corrected}, ask=("/body/corrects",)),
        )


def _must_hold_its_lines(body: RevenueReported) -> None:
    """Refuse a line without a day, or with days that are not the report's."""
    for number, line in enumerate(body.lines):
        start, end = line.period_from or body.period_from, line.period_to or body.period_to
        place = f"/body/lines/{number}"
        require_days(start, end, f"{place}/period_to")
        if start < body.period_from or body.period_to < end:
            first, after = body.period_from.isoformat(), body.period_to.isoformat()
            days = {f"{place}/period_from": first, f"{place}/period_to": after}
            own = {"start": first, "last": last_day(body.period_to)}
            raise IntervalEmpty(
                f"line {line.line} is {days_of(start, end)}, its report "
                f"{days_of(body.period_from, body.period_to)}",
                pointer=place,
                step=Step(own, case="line", change=days),
            )


def filed_report(under: ReportsOfContract, body: RevenueReported, position: int) -> FiledReport:
    """Return a report as its contract remembers it, after those that were filed before."""
    root = under.root_of(body.report, body.corrects)
    said = body.stated_reckoning()
    return FiledReport(
        root=root,
        reporter=body.reported_by,
        start=body.period_from,
        end=body.period_to,
        position=position,
        currency=body.currency,
        lines=tuple(_line(under, body, root, line) for line in body.in_lines()),
        rate=1 if body.rate is None else Fraction(body.rate.numerator, body.rate.denominator),
        royalty=said.royalty,
        earned=said.royalty - said.set_off - said.capped,
        milestones=frozenset(said.milestones),
        sold={each.grant: each.units for each in body.sold},
    )


def _line(under: ReportsOfContract, body: RevenueReported, root: str, line: Line) -> FiledLine:
    returns = None
    if line.returns is not None:
        named = line.returns.report
        first = root if named == body.report else under.roots.get(named, named)
        returns = (first, line.returns.line)
    return FiledLine(
        name=line.line,
        start=line.period_from or body.period_from,
        end=line.period_to or body.period_to,
        territory=line.territory,
        gross=line.gross,
        base=line.gross - sum(each.amount for each in line.deductions),
        units=line.units,
        returns=returns,
    )


def _must_be_in_currency(
    contract: Contract, versions: Callable[[], Versions], body: RevenueReported
) -> None:
    """Hold amounts to the contract's currency, unless a rule of exchange was agreed and kept."""
    wrong = body.due.currency != contract.currency
    if body.currency != contract.currency and not wrong:
        agreed = None if body.rate is None else version_on(versions(), body.period_from).schedule
        fx = None if agreed is None else agreed.fx
        wrong = body.rate is None or fx is None or body.rate.source != fx.source
    if wrong:
        raise CurrencyMismatch(
            f"{body.contract} is in {contract.currency}",
            positions=(contract.position,),
            step=_in_its_currency(contract, body),
        )


def _in_its_currency(contract: Contract, body: RevenueReported) -> Step:
    """Return the step in which what is due, or all that was sold, is in the contract's currency."""
    if body.due.currency != contract.currency:
        return in_currency(contract.currency, "/body/due/currency")
    told = {"currency": contract.currency}
    return Step(told, case="report", ask=("/body/currency", "/body/rate"))


def _must_not_overlap(others: FiledReports, body: RevenueReported) -> None:
    twice = [filed.position for filed in others.meeting(body.period_from, body.period_to)]
    if twice:
        raise ReportOverlap(
            f"days reported before are among those {days_of(body.period_from, body.period_to)}",
            positions=twice,
            step=Step({"positions": ", ".join(map(str, sorted(twice)))}, ask=("/body/corrects",)),
        )


def _must_keep_to_quantities(
    contract: Contract, others: FiledReports, body: RevenueReported
) -> None:
    sold = {each.grant: each.units for each in body.sold}
    for name, grant in contract.grants.items():
        if grant.quantity is None or grant.licensee != body.reported_by:
            continue
        if name not in sold:
            raise ContentMissing(
                f"grant {name} is limited: the report says how many units",
                positions=(contract.position, *(each.position for each in contract.changes)),
                step=Step({"what": f"sold.units ({name})"}, ask=("/body/sold",)),
            )
        total = sold[name] + others.sold.get(name, 0)
        if total > grant.quantity:
            raise QuantityExceeded(
                f"{total} units under grant {name}, which allows {grant.quantity}",
                positions=(
                    contract.position,
                    *(filed.position for filed in others if name in filed.sold),
                ),
                subjects=(body.contract,),
                step=Step(
                    {"grant": name, "total": total},
                    first=(Other("terms.amended/1", {"contract": body.contract}),),
                ),
            )


def _must_be_zero_rated(
    contract: Contract,
    versions: Versions,
    reports: FiledReports,
    body: RevenueReported,
    filed: FiledReport,
) -> None:
    rated = zero_rated_base(versions, reports, filed)
    if body.zero_rated != rated:
        schedule = version_on(versions, body.period_from).schedule
        places = () if schedule is None else schedule.zero_rated
        raise ZeroRated(
            f"zero-rated are lines that name {', '.join(places) or 'no territory'}: say "
            f"{rated} of the base, not {body.zero_rated}",
            positions=(contract.position,),
            step=Step({"rated": rated}, change={"/body/zero_rated": rated}),
        )


def _must_owe(
    contract: Contract,
    versions: Versions,
    others: FiledReports,
    body: RevenueReported,
    filed: FiledReport,
) -> None:
    """Recompute what is due, from the schedules and from all that is reported."""
    if all(version.schedule is None for version in versions):
        return
    due = due_of(versions, others, filed, body.stacked)
    if not owes(body, due):
        raise RoyaltyMismatch(
            f"due is {due.told()}; the report says {body.due.amount}",
            positions=(contract.position, *(each.position for each in others)),
            subjects=(body.contract,),
            step=_owing(body, due),
        )


def _owing(body: RevenueReported, due: Due) -> Step:
    """Return how the report says what is due."""
    said = {"amount": due.total, "currency": body.due.currency}
    reckoning = _reckoning(due).model_dump(mode="json")
    return Step({"due": due.told()}, change={"/body/due": said, "/body/reckoning": reckoning})


def _reckoning(due: Due) -> Reckoning:
    named = tuple(each.milestone for each in due.milestones)
    return Reckoning(royalty=due.royalty, set_off=due.set_off, capped=due.capped, milestones=named)


def owes(body: RevenueReported, due: Due) -> bool:
    """Whether a report says what is due on it, and how that comes about."""
    return body.stated_reckoning() == _reckoning(due) and body.due.amount == due.total


@evolves(KIND, RevenueReported)
def _evolve_reported(body: RevenueReported, logged: Logged, value: Any, subject: str) -> Any:
    """Return the report as filed, or the one that it corrects, with that noted."""
    if subject == body.report:
        return Report(
            logged.position, body.contract, body.reported_by, body.due.amount, body.corrects
        )
    return value and replace(value, corrected=logged.position)


@evolves("contract", RevenueReported)
def _evolve_contract_reported(body: RevenueReported, logged: Logged, value: Contract) -> Contract:
    """Return the contract, with the days that are reported now."""
    filed = filed_report(value.reports, body, logged.position)
    return replace(value, reports=value.reports.plus(body.report, filed, body.corrects))


class DeductionNotAgreed(Refusal):
    """Only the kinds of deduction on the schedule's list are taken off; a bare rate has no list."""

    code = "DEDUCTION_NOT_AGREED"
    members = ("deductions",)
    title_vi = "Khoản giảm trừ không thuộc danh mục đã thỏa thuận"
    article = "Nghị định 76/2018/NĐ-CP, Điều 4"


class BaseLines(Refusal):
    """The base is the gross less the deductions, and the report's sums are those of its lines."""

    code = "BASE_LINES"
    members = ("base",)
    title_vi = (
        "Giá tính không bằng doanh thu trừ các khoản giảm trừ đã kê, hoặc không khớp các dòng"
    )
    article = "Nghị định 76/2018/NĐ-CP, Điều 4"


def must_be_listed(
    contract: Contract,
    versions: Versions,
    reports: FiledReports,
    filed: FiledReport,
    body: "RevenueReported",
) -> None:
    """Refuse deductions of a kind that the schedule of the days of sale does not list."""
    for line, said in zip(filed.lines, body.in_lines(), strict=True):
        schedule = version_on(versions, reports.sale_of(filed, line)[1].start).schedule
        if schedule is None:
            continue
        strange = sorted({each.kind for each in said.deductions}.difference(schedule.deductions))
        if strange:
            listed = ", ".join(schedule.deductions) or "none"
            raise DeductionNotAgreed(
                f"line {line.name} deducts {', '.join(strange)}; the kinds agreed are {listed}: "
                "report the gross without it",
                positions=(contract.position,),
                subjects=(body.contract,),
                step=_without(body, strange),
            )


def _without(body: "RevenueReported", kinds: Collection[str]) -> Step:
    """Return how the report is made without these kinds of deduction."""
    lines = [line.model_dump(mode="json") for line in body.lines]
    for line in lines:
        line["deductions"] = [each for each in line["deductions"] if each["kind"] not in kinds]
    kept = [each for each in body.deductions if each.kind not in kinds]
    change: dict[str, Any] = {
        "/body/deductions": [each.model_dump(mode="json") for each in kept],
        "/body/base": body.gross - sum(each.amount for each in kept),
    }
    if lines:
        change["/body/lines"] = lines
    return Step({"kinds": ", ".join(kinds)}, change=change)


def must_add_up(body: "RevenueReported", filed: FiledReport) -> None:
    """Hold the report's sums to its lines, and a line's deductions to its gross."""
    base = body.gross - sum(each.amount for each in body.deductions)
    if body.base != base:
        raise BaseLines(
            f"gross less deductions is {base}, not {body.base}",
            step=Step({"sums": f"base {base}"}, change={"/body/base": base}),
        )
    said, summed = _sums((body,)), _sums(body.in_lines())
    for name in sorted(said.keys() | summed.keys()):
        if said.get(name, 0) != summed.get(name, 0):
            raise BaseLines(
                f"the lines' {name} is {summed.get(name, 0)}, the report's {said.get(name, 0)}",
                pointer=f"/body/{name if name in ('gross', 'units') else 'deductions'}",
                step=_summing(summed),
            )
    for line in filed.lines:
        if line.gross * line.base < 0 or (line.base and not line.gross):
            raise BaseLines(
                f"the deductions of line {line.name}, {line.gross - line.base}, are more than its "
                f"gross, {line.gross}: what is given back of earlier sales is a return of them",
                step=Step({"line": line.name}, case="above", ask=("/body/lines",)),
            )


def _sums(lines: "Iterable[RevenueReported | Line]") -> Counter[str]:
    """Return the sums over lines: gross, units, and each kind of deduction."""
    sums = Counter[str]()
    for line in lines:
        sums.update({"gross": line.gross, "units": line.units})
        for each in line.deductions:
            sums[f"deduction {each.kind}"] += each.amount
    return sums


def _summing(sums: Mapping[str, int]) -> Step:
    """Return how the report has the sums of its lines."""
    kinds = {name.removeprefix("deduction "): n for name, n in sums.items() if " " in name}
    change = {
        "/body/gross": sums["gross"],
        "/body/units": sums["units"],
        "/body/deductions": [{"kind": kind, "amount": n} for kind, n in kinds.items()],
        "/body/base": sums["gross"] - sum(kinds.values()),
    }
    return Step({"sums": ", ".join(f"{each} {n}" for each, n in sums.items())}, change=change)
