"""What a report deducts, and what it sums up: held to the schedule, and to its own lines."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from typing import TYPE_CHECKING, Any

from ledger.domain.contract import Contract
from ledger.domain.event import Refusal
from ledger.domain.filed_report import FiledReport, FiledReports
from ledger.domain.reckoning import Versions, version_on
from ledger.domain.remedy import Step
from ledger.domain.report_lines import Line

if TYPE_CHECKING:
    from ledger.domain.report import RevenueReported


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
