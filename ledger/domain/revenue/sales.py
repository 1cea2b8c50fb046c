"""
Where and when sales may lie that are reported under a contract: what every line of them keeps to.

Sales are made from the contract's first day on, while something is granted and lasts, as far as is
known when they are reported; stock may be sold off where that is agreed. A line lies in one
segment: no day within it changes the schedule or an agreement on shares, ends the holiday, or
begins or ends a right.
Refusals come in the order in which they are defined here.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from ledger.domain.contracts.contract import Contract
from ledger.domain.contracts.contract_terms import Grant
from ledger.domain.contracts.report_index import (
    MEASURES,
    FiledLine,
    FiledReport,
    FiledReports,
    LineKey,
    ReportsOfContract,
)
from ledger.domain.contracts.royalty_due import Versions, cuts, period_of
from ledger.domain.core.body import State
from ledger.domain.core.existence import days_of, require_known
from ledger.domain.core.refusal import Refusal
from ledger.domain.core.remedy import Other, Step
from ledger.domain.rights.protection import lapse_on, state_of
from ledger.domain.rights.right import Right
from ledger.domain.rights.status_timeline import FROM_THE_START

_DAY = timedelta(days=1)

_BRINGS_INTO_FORCE = {
    "permit": "permit.issued/1",
    "registration": "certificate.issued/1",
    "conditions": "contract.in_force/1",
}
"""The event that brings a contract into force which waits for something."""


class ReportBefore(Refusal):
    """Nothing is sold under a contract before its first day, or before what it grants."""

    code = "REPORT_BEFORE"
    members = ("period_from",)
    title_vi = "Kỳ bán hàng trước ngày đầu tiên của hợp đồng hoặc của quyền được cấp"


class ReportAfterEnd(Refusal):
    """After the end of the contract, or of all that it grants, nothing but stock is sold."""

    code = "REPORT_AFTER_END"
    members = ("period_to",)
    title_vi = "Kỳ bán hàng sau khi hợp đồng hoặc quyền được cấp chấm dứt, ngoài hạn bán hàng tồn"


class PeriodNotCut(Refusal):
    """Sales before and after a day on which other rates hold, or a period ends, are told apart."""

    code = "PERIOD_NOT_CUT"
    members = ("lines",)
    title_vi = "Kỳ báo cáo chưa được tách tại ngày thay đổi mức tính hoặc ngày kết thúc kỳ"


class ReturnOfNothing(Refusal):
    """What is taken back was sold before, on a line that is named, and not taken back already."""

    code = "RETURN_OF_NOTHING"
    members = ("lines",)
    title_vi = "Hàng trả lại không thuộc dòng bán hàng đã báo cáo, hoặc vượt quá phần còn lại"


@dataclass(frozen=True, slots=True)
class Licensed:
    """A right that is granted for the days `[start, end)`, in places; None is a technology."""

    start: date
    end: date | None
    subject: str
    right: Right | None
    places: tuple[str, ...]

    @property
    def first(self) -> date:
        """Return the first day: of the grant, and of the right, which is that of its filing."""
        return self.start if self.right is None else max(self.start, self.right.filed_on)

    def holds(self, day: date) -> bool:
        """Whether it is granted on a day and not over, as known so far."""
        return self.first <= day and self.ended(day)[0] is None

    def held(self, day: date, days: timedelta) -> bool:
        """Whether it holds on a day or on one of those before it."""
        ends = (turn - _DAY for turn in self.turns(day - days, day + _DAY))
        return any(map(self.holds, {day - days, day, *ends}))

    def ended(self, day: date) -> tuple[date | None, int | None]:
        """Return since when it is over on a day, None if it is not, and the event that says so."""
        if self.end is not None and self.end <= day:
            return self.end, None
        right = self.right
        if right is None:
            return None, None
        if right.expires_on is not None and right.expires_on < day:
            return right.expires_on + _DAY, None
        own = [place for place in map(state_of, self.places) if place in right.territory]
        lapses = [lapse_on(right, day, place) for place in own or right.territory or _ALL]
        over = [lapse for lapse in lapses if lapse is not None]
        if len(over) < len(lapses):
            return None, None
        last = max(over, key=lambda lapse: lapse.rank)
        return last.effective_from, last.position

    def turns(self, start: date, end: date) -> Iterator[date]:
        """Yield the days within `[start, end)`, but for the first, on which it begins or ends."""
        for day in sorted(self._days(start, end)):
            if start < day < end and self.holds(day) != self.holds(day - _DAY):
                yield day

    def _days(self, start: date, end: date) -> set[date]:
        days = {self.first, self.end or date.max}
        if self.right is None:
            return days
        if self.right.expires_on is not None:
            days.add(self.right.expires_on + _DAY)
        for timeline in self.right.status.values():
            for year in range(start.year, end.year + 1):
                changes = timeline.changes.get(year, ())
                days.update(change.effective_from for change in changes)
        return days


_ALL = (None,)
"""Of a title that names no States: the title as a whole."""


def licensed_to(state: State, contract: Contract, licensee: str, day: date) -> tuple[Licensed, ...]:
    """Return what the terms of a day grant to a licensee; an option grants nothing by itself."""
    return tuple(
        Licensed(
            max(grant.valid_from, contract.effective_from),
            grant.valid_to,
            subject,
            require_known(state, subject, Right) if subject.startswith("right:") else None,
            grant.territory.codes,
        )
        for grant in contract.terms_on(day).grants
        if grant.licensee == licensee and grant.option_until is None
        for subject in (*grant.rights, *grant.technologies)
    )


def grants_ever(contract: Contract) -> Iterator[Grant]:
    """Yield the grants of the contract, as first agreed and as changed since."""
    yield from contract.first.grants
    for change in contract.changes:
        yield from change.changes.grants


def must_be_sold_in_time(state: State, contract: Contract, name: str, filed: FiledReport) -> None:
    """Refuse sales before the contract or its grants, and after they have ended."""
    upon = contract.terms_event.effective_upon
    first = contract.effective_from if upon == "day" else contract.in_force_from
    if first is None:
        raise ReportBefore(
            f"{name} waits for its {upon}: nothing is sold under it yet",
            positions=(contract.position,),
            subjects=(name,),
            step=Step(case=upon, first=(Other(_BRINGS_INTO_FORCE[upon], {"contract": name}),)),
        )
    if filed.start < first:
        raise ReportBefore(
            f"the first day of {name} is {first}: report from that day on",
            positions=(contract.position,),
            subjects=(name,),
            step=Step({"first": first}, ask=("/body/period_from",)),
        )
    end = contract.over_from
    sell_off = timedelta(days=contract.terms_on(filed.start).sell_off_days or 0)
    if end is not None and filed.end > end + sell_off:
        raise ReportAfterEnd(
            f"{name} is over from {end} on: report sales before {end + sell_off}",
            positions=(contract.position if contract.ended_by is None else contract.ended_by,),
            subjects=(name,),
            step=Step({"end": end + sell_off}, ask=("/body/period_to",)),
        )
    for line in _sales(filed):
        objects = licensed_to(state, contract, filed.reporter, line.start)
        last = line.end - _DAY
        sold = any(each.holds(line.start) or each.held(last, sell_off) for each in objects)
        if not sold:
            raise _untimely(contract, name, filed.reporter, line, objects)


def _sales(filed: FiledReport) -> Iterator[FiledLine]:
    return (line for line in filed.lines if line.returns is None)


def _untimely(
    contract: Contract, name: str, licensee: str, line: FiledLine, objects: Iterable[Licensed]
) -> Refusal:
    """Return what forbids sales while nothing is granted: it has not begun, or is over."""
    things = tuple(objects)
    ever = [grant for grant in grants_ever(contract) if grant.licensee == licensee]
    given = [grant.valid_from for grant in ever if grant.option_until is None]
    begins = [each.first for each in things] or given
    told = f"line {line.name} has sales {days_of(line.start, line.end)}"
    if not begins:
        return ReportBefore(
            f"{told}: an option is not taken up, and grants nothing",
            positions=(contract.position,),
            pointer="/body/period_from",
            step=Step(case="option", first=(Other("option.exercised/1", {"contract": name}),)),
        )
    if min(begins) >= line.end:
        return ReportBefore(
            f"{told}: nothing is granted before {min(begins)}",
            positions=(contract.position,),
            subjects=(each.subject for each in things),
            pointer="/body/period_from",
            step=Step({"first": min(begins)}, ask=("/body/period_from",)),
        )
    ends = {each.subject: each.ended(line.start) for each in things}
    named = ", ".join(_ended(each, day) for each, (day, _) in ends.items() if day is not None)
    over = max((day for day, _ in ends.values() if day is not None), default=line.start)
    told_end = Step({"end": over}, ask=("/body/period_to",))
    return ReportAfterEnd(
        f"{told}: {named or 'what was granted has ended'}",
        positions=(contract.position, *(at for _, at in ends.values() if at is not None)),
        subjects=ends,
        pointer="/body/period_to",
        step=Step(case="never") if over == FROM_THE_START else told_end,
    )


def _ended(subject: str, day: date) -> str:
    return f"{subject} {'never was' if day == FROM_THE_START else f'is over from {day} on'}"


def must_be_cut(state: State, contract: Contract, versions: Versions, filed: FiledReport) -> None:
    """Refuse a report that runs over the end of a period, and a line over a day that changes it."""
    until = period_of(versions, filed.start, filed.end)[1]
    if filed.end > until:
        raise PeriodNotCut(
            f"the agreed period ends on {until}: report the days before and from it on apart",
            positions=(contract.position,),
            pointer="/body/period_to",
            step=Step({"until": until}, case="period", ask=("/body/period_to",)),
        )
    for line in _sales(filed):
        objects = licensed_to(state, contract, filed.reporter, line.start)
        days = {day for day in contract.shared_again if line.start < day < line.end}
        days.update(cuts(versions, line.start, line.end))
        days.update(day for each in objects for day in each.turns(line.start, line.end))
        if days:
            told = ", ".join(str(day) for day in sorted(days))
            raise PeriodNotCut(
                f"other rates, rights or shares hold from {told} on: cut line {line.name} there, "
                "into lines or reports",
                positions=(contract.position, *(change.position for change in contract.changes)),
                subjects=(each.subject for each in objects),
                step=Step({"line": line.name, "days": told}, ask=("/body/lines",)),
            )


def must_return_what_was_sold(
    under: ReportsOfContract, others: FiledReports, filed: FiledReport, corrects: str | None
) -> None:
    """Refuse to take back what was not sold, or not before, or was taken back already.

    A correction leaves what others took back of a line: no less, in no other currency, no later.
    `under` is all that was reported before, `others` what else is in force of the licensee's.
    """
    reports = others.plus(filed)
    for line in filed.lines:
        if line.returns is not None:
            _must_be_left(reports, line.returns)
            sold = reports.roots[line.returns[0]]
            sale = sold.line(line.returns[1])
            if sale is None or sale.start >= line.end or sold.currency != filed.currency:
                raise ReturnOfNothing(
                    f"line {line.name} takes back what {told_of(line.returns)} has not sold "
                    f"before {line.end} in {filed.currency}",
                    positions=(sold.position,),
                    step=_returning(line.returns),
                )
    before = None if corrects is None else under.by_licensee[filed.reporter].roots[filed.root]
    for line in () if before is None else before.lines:
        key = (filed.root, line.name)
        if before is not None and any((key, each) in others.returned for each in MEASURES):
            _must_be_left(reports, key)
            own = filed.line(line.name)
            if own is None or own.start > line.start or filed.currency != before.currency:
                raise ReturnOfNothing(
                    f"{told_of(key)} was taken back by another report: it stays sold by "
                    f"{line.start}, in {before.currency}",
                    positions=(before.position,),
                    step=_returning(key),
                )


def _must_be_left(reports: FiledReports, key: LineKey) -> None:
    left = reports.left_of(key)
    if left is None:
        root = reports.roots.get(key[0])
        raise ReturnOfNothing(
            f"{told_of(key)} is no sale of a report in force",
            positions=() if root is None else (root.position,),
            step=_returning(key),
        )
    beyond = ", ".join(f"{name} {-left[name]}" for name in left if left[name] < 0)
    if beyond:
        raise ReturnOfNothing(
            f"more is taken back of {told_of(key)} than was sold: too much by {beyond}",
            positions=(reports.roots[key[0]].position,),
            step=_returning(key),
        )


def _returning(key: LineKey) -> Step:
    report, line = key
    return Step({"line": line, "report": report}, ask=("/body/lines",))


def told_of(key: LineKey) -> str:
    """Return how a line is named."""
    return f"line {key[1]} of {key[0]}"
