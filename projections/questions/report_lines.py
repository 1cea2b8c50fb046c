"""
What reports make due, computed again: line by line, by the rates that held when it was sold.

Every report is computed from what was recorded before it, with the very function by which it was
admitted (`ledger.domain.contracts.royalty_due`), and held to what it says.
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date

from ledger.domain.contracts.agreed_royalty import versions_of
from ledger.domain.contracts.contract import Contract
from ledger.domain.contracts.report_index import NONE_FILED, FiledLine, FiledReport
from ledger.domain.contracts.royalty_due import Versions, due_of, version_on
from ledger.domain.core.context import Context, OpeningRequired
from ledger.domain.revenue.report import RevenueReported, filed_report, owes
from ledger.domain.revenue.report_lines import Line
from projections.engine.event_bodies import EventBody
from projections.tables.contract_events import folded
from projections.tables.money_events import MoneyEvent, said_as


@dataclass(frozen=True, slots=True)
class SoldLine:
    """What was sold in `[period_from, period_to)`, or taken back of the line that `returns` names.

    The rates are those of the days of sale; without a royalty, or of a sealed one, there are none.
    """

    line: str
    period_from: date
    period_to: date
    territory: str | None
    gross: int
    deductions: tuple[tuple[str, int], ...]
    base: int
    units: int
    royalty_base: str | None
    tiers: tuple[tuple[int | None, int], ...]
    per_unit: int | None
    returns: str | None


@dataclass(frozen=True, slots=True)
class ReportLines:
    """What a report adds to the total: its lines, their sums, what is due and how that comes.

    `recomputed` says whether what is due, computed again, is what the report says; None where no
    royalty is agreed, or it is sealed.
    """

    report: str
    position: int
    period_from: date
    period_to: date
    currency: str
    gross: int
    deductions: tuple[tuple[str, int], ...]
    base: int
    zero_rated: int
    lines: tuple[SoldLine, ...]
    royalty: int
    set_off: int
    capped: int
    milestones: tuple[str, ...]
    due: int
    corrects: str | None
    recomputed: bool | None

    def at_odds(self) -> Iterator[str]:
        """Yield the sums of a report that are not those of its lines, or less what is deducted."""
        for name in ("gross", "base"):
            summed = sum(getattr(line, name) for line in self.lines)
            if getattr(self, name) != summed:
                yield f"{name} {getattr(self, name)}, and its lines have {summed}"
        sums: tuple[ReportLines | SoldLine, ...] = (self, *self.lines)
        for each in sums:
            base = each.gross - sum(amount for _, amount in each.deductions)
            if each.base != base:
                yield f"base {each.base}, and gross less deductions is {base}"
        due = self.royalty - self.set_off - self.capped
        if self.recomputed and not self.milestones and self.due != due:
            yield f"due {self.due}, and royalty less what is set off and capped is {due}"


def lines_of(
    contract: str,
    said: Sequence[EventBody],
    money: Sequence[MoneyEvent],
    reports: Collection[str],
) -> Iterator[ReportLines]:
    """Yield these reports of a contract, by its events and those about its money."""
    filed = NONE_FILED
    for row, body in sorted(said_as(money, RevenueReported), key=lambda each: each[0].position):
        if body.contract != contract:
            continue
        own = filed_report(filed, body, row.position)
        if body.report in reports:
            at = folded(contract, [event for event in said if event.position < row.position])
            assert at is not None, "a report is of a contract that was recorded before"
            yield _lines(replace(at, reports=filed), own, row, body)
        filed = filed.plus(body.report, own, body.corrects)


def _lines(
    contract: Contract, own: FiledReport, row: MoneyEvent, body: RevenueReported
) -> ReportLines:
    versions = _versions(contract, row, body)
    others = contract.reports.others(body.reported_by, body.corrects)
    reports, said = others.plus(own), body.stated_reckoning()
    known = versions and any(version.schedule is not None for version in versions)
    return ReportLines(
        body.report,
        row.position,
        body.period_from,
        body.period_to,
        body.currency,
        body.gross,
        tuple((each.kind, each.amount) for each in body.deductions),
        body.base,
        body.zero_rated,
        tuple(
            _sold(versions, reports.sale_of(own, line)[1], line, each)
            for line, each in zip(own.lines, body.in_lines(), strict=True)
        ),
        said.royalty,
        said.set_off,
        said.capped,
        said.milestones,
        body.due.amount,
        body.corrects,
        recomputed=owes(body, due_of(versions, others, own, body.stacked)) if known else None,
    )


def _versions(contract: Contract, row: MoneyEvent, body: RevenueReported) -> Versions:
    """Return the schedules, if they are open; what is sealed stands in no read model."""
    context = Context(row.accepted, row.position)
    try:
        return versions_of(contract, body.contract, context, body.royalty, body.period_from)
    except OpeningRequired:
        return ()


def _sold(versions: Versions, sale: FiledLine, line: FiledLine, said: Line) -> SoldLine:
    schedule = version_on(versions, sale.start).schedule if versions else None
    tiers = () if schedule is None else schedule.tiers or ()
    return SoldLine(
        line.name,
        line.start,
        line.end,
        line.territory,
        line.gross,
        tuple((each.kind, each.amount) for each in said.deductions),
        line.base,
        line.units,
        None if schedule is None else schedule.base,
        tuple((tier.upto, tier.rate_ppm) for tier in tiers),
        None if schedule is None else schedule.per_unit,
        None if line.returns is None else "#".join(line.returns),
    )
