"""
What a licensee owes by its sales: a pure function of the set of lines that it reported.

A line counts with its base (gross less deductions), exactly converted; not before the schedule's
holiday is over, nor in a place that the schedule zero-rates: there it fills no tier and reaches no
milestone. A return lies on the day of the sale that it takes back, and counts where that counts.
Over a span, the royalty year or the term, sales follow each other by day, each earning by the
schedule in force on it from the base that was counted before; the sum is rounded down once.
An agreed period owes T less the greatest T at the end of any period before it, and at least 0,
where T is what all lines earn that were reported for it or an earlier one. So returns are carried
on, and anyone who cuts reports finer within the periods, or files them in another order, owes the
same (Decree 76/2018 art. 4; Technology Transfer Law art. 27 list the ways to pay).
"""

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from rpds import HashTrieMap

from ledger.domain.contracts.report_index import Exact, FiledLine, FiledReport, FiledReports
from ledger.domain.contracts.royalty import (
    Cap,
    Milestone,
    Royalty,
    Stacking,
    agreed_period,
    parts_on,
    year_of,
)
from ledger.domain.core.money import PPM
from ledger.domain.core.scope import territory_region

_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class ScheduleVersion:
    """The schedule in force from a day on, None being no royalty.

    Where nothing but a rate was agreed, there are no `periods`: each report is one of its own.
    """

    start: date
    schedule: Royalty | None
    periods: bool = True


Versions = tuple[ScheduleVersion, ...]
"""By their first days, from the first day of all."""


@dataclass(frozen=True, slots=True)
class Due:
    """What is due on a report, line by line; `total` is what is paid."""

    royalty: int
    set_off: int
    capped: int
    milestones: tuple[Milestone, ...]

    @property
    def earned(self) -> int:
        """Return the running royalty after set-off and cap."""
        return self.royalty - self.set_off - self.capped

    @property
    def total(self) -> int:
        """Return the running royalty and the milestones reached."""
        return self.earned + sum(each.amount for each in self.milestones)

    def told(self) -> str:
        """Return the sum and how it comes about, in words."""
        named = "".join(f", {each.milestone} {each.amount}" for each in self.milestones)
        lines = f"royalty {self.royalty}, set off {self.set_off}, capped {self.capped}{named}"
        return f"{self.total}: {lines}"


def version_on(versions: Versions, day: date) -> ScheduleVersion:
    """Return the version in force on a day."""
    return versions[_number_on(versions, day)]


def _number_on(versions: Versions, day: date) -> int:
    return bisect_right(versions, day, key=lambda version: version.start) - 1


def period_of(versions: Versions, start: date, end: date) -> tuple[date, date]:
    """Return the agreed period in which the days `[start, end)` begin, or those days themselves.

    It ends early where periods are counted otherwise from a day on.
    """
    number = _number_on(versions, start)
    own = versions[number]
    first, until = start, end
    if own.periods and own.schedule is not None:
        first, until = agreed_period(own.schedule, start)
    for later in versions[number + 1 :]:
        if _counting(later) != _counting(own):
            return first, min(until, later.start)
    return first, until


def _counting(version: ScheduleVersion) -> object:
    schedule = version.schedule
    if schedule is None or not version.periods:
        return None
    return schedule.period, schedule.year_from and (
        schedule.year_from.month,
        schedule.year_from.day,
    )


def cuts(versions: Versions, start: date, end: date) -> Iterator[date]:
    """Yield the days within `[start, end)`, but for the first, from which other rates hold."""
    for version, after in zip(versions, (*versions[1:], None), strict=True):
        until = end if after is None else min(end, after.start)
        if start < version.start < end:
            yield version.start
        free = None if version.schedule is None else version.schedule.holiday_until
        if free is not None and max(start, version.start) < free < until:
            yield free


def zero_rated_base(versions: Versions, reports: FiledReports, filed: FiledReport) -> int:
    """Return what of the base of one of the reports the schedules themselves zero-rate."""
    sales = ((line.base, reports.sale_of(filed, line)[1]) for line in filed.lines)
    return sum(base for base, sale in sales if _is_zero_rated(versions, sale))


def _is_zero_rated(versions: Versions, sale: FiledLine) -> bool:
    schedule = version_on(versions, sale.start).schedule
    if schedule is None or sale.territory is None or not schedule.zero_rated:
        return False
    return territory_region(schedule.zero_rated).contains(territory_region((sale.territory,)))


@dataclass(frozen=True, slots=True)
class _Span:
    """What was counted in a span, by the number of the version, and what that earns."""

    counted: tuple[tuple[int, Exact], ...] = ()
    earned: int = 0


@dataclass(frozen=True, slots=True)
class _Book:
    """What the reports up to a day come to.

    `until` ends the agreed period of the last of them, `total` is T by now, `most` the greatest at
    the end of a period before; `bases` are counted bases by royalty year.
    """

    until: date = date.min
    total: int = 0
    most: int = 0
    spans: "HashTrieMap[int | None, _Span]" = HashTrieMap()
    bases: "HashTrieMap[int, Exact]" = HashTrieMap()
    reached: frozenset[Milestone] = frozenset()


def due_of(versions: Versions, others: FiledReports, filed: FiledReport, stacked: int) -> Due:
    """Return what a report makes due beside the licensee's other reports in force.

    `stacked` is what third parties got, set off from what is due on this report; a cap holds over
    what the others earned in its year, or the term.
    """
    book = _reckoned(versions, others, filed)
    royalty = book.most - others.royalty
    schedule = version_on(versions, filed.start).schedule
    new = [each for each in book.reached if each.milestone not in others.milestones]
    milestones = tuple(sorted(new, key=lambda each: (each.yearly_base, each.milestone)))
    if schedule is None:
        return Due(royalty, 0, 0, milestones)
    set_off = _set_off(schedule.stacking, royalty, stacked)
    capped = _above(schedule.cap, schedule, others, filed, royalty - set_off)
    return Due(royalty, set_off, capped, milestones)


def _reckoned(versions: Versions, others: FiledReports, filed: FiledReport) -> _Book:
    book, reports = _before(versions, others, filed.start), others.plus(filed)
    for each in reports.beginning(filed.start, date.max):
        book = _with(versions, reports, book, each)
    return _closed(versions, book)


def _before(versions: Versions, reports: FiledReports, day: date) -> _Book:
    """Return what the reports that begin before a day come to, from where it was left off."""
    kept = reports.kept.get(versions)
    late = kept is not None and kept[0] > day
    since, book = (date.min, _Book()) if kept is None or late else kept
    for each in reports.beginning(since, day):
        book = _with(versions, reports, book, each)
    if not late:
        reports.kept.clear()
        reports.kept[versions] = (day, book)
    return book


def _with(versions: Versions, reports: FiledReports, book: _Book, filed: FiledReport) -> _Book:
    until = period_of(versions, filed.start, filed.end)[1]
    if until != book.until:
        book = _closed(versions, book)
    total, spans, bases = book.total, book.spans, book.bases
    for line in filed.lines:
        sold, sale = reports.sale_of(filed, line)
        number = _number_on(versions, sale.start)
        schedule = versions[number].schedule
        if schedule is None or _is_free(schedule, sale) or _is_zero_rated(versions, sale):
            continue
        base, year = line.base * sold.rate, year_of(schedule, sale.start)
        bases = bases.insert(year, bases.get(year, 0) + base)
        span = year if schedule.tiers_over == "year" else None
        old = spans.get(span, _Span())
        new = _added(versions, old, number, line.units if schedule.per_unit else base)
        spans, total = spans.insert(span, new), total + new.earned - old.earned
    return _Book(until, total, book.most, spans, bases, book.reached)


def _is_free(schedule: Royalty, sale: FiledLine) -> bool:
    return schedule.holiday_until is not None and sale.start < schedule.holiday_until


def _added(versions: Versions, span: _Span, number: int, amount: Exact) -> _Span:
    """Return a span with more counted in one version, and what it earns: rounded down once."""
    sizes = dict(span.counted)
    sizes[number] = sizes.get(number, 0) + amount
    counted = tuple(sorted(sizes.items()))
    base: Exact = 0
    parts: Exact = 0
    for each, size in counted:
        schedule = versions[each].schedule
        assert schedule is not None, "without a schedule nothing is counted"
        if schedule.per_unit is not None:
            parts += schedule.per_unit * size * PPM
        else:
            parts += parts_on(schedule, base + size) - parts_on(schedule, base)
            base += size
    return _Span(counted, int(parts // PPM))


def _closed(versions: Versions, book: _Book) -> _Book:
    """Return the book at the end of its period: the greatest T, the milestones reached by then."""
    if book.until == date.min:
        return book
    day = book.until - _DAY
    schedule = version_on(versions, day).schedule
    base = 0 if schedule is None else book.bases.get(year_of(schedule, day), 0)
    milestones = () if schedule is None else schedule.milestones
    reached = book.reached.union(each for each in milestones if base >= each.yearly_base)
    most = max(book.most, book.total)
    return _Book(book.until, book.total, most, book.spans, book.bases, reached)


def _set_off(stacking: Stacking | None, royalty: int, stacked: int) -> int:
    if stacking is None or royalty <= 0:
        return 0
    floor = -(-royalty * stacking.floor_ppm // PPM)  # What stays due is rounded up.
    return min(stacked * stacking.credit_ppm // PPM, royalty - floor)


def _above(
    cap: Cap | None, schedule: Royalty, others: FiledReports, filed: FiledReport, earned: int
) -> int:
    """Return how much of what was earned is above the cap; a correction gives it back first."""
    if cap is None:
        return 0
    paid = others.earned
    if cap.per == "year":
        year = year_of(schedule, filed.start)
        begun = others.beginning(date(year, 1, 1), date(year + 2, 1, 1))
        paid = sum(each.earned for each in begun if year_of(schedule, each.start) == year)
    return max(0, paid + earned - cap.amount)
