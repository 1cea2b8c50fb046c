"""
Reports as their contract remembers them: the days and lines reported, what they earned.

Those of one licensee never overlap, so that few look-ups find what a period meets, and sums are
kept as reports come and are corrected. A contract may have any number of them.
"""

from collections.abc import Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from fractions import Fraction
from typing import Any, TypeAlias, TypeVar

from rpds import HashTrieMap

LineKey = tuple[str, str]
"""A line: the first report of the chain of corrections that it stands in, and its name there."""

Exact: TypeAlias = int | Fraction
"""An amount that is not rounded yet."""


@dataclass(frozen=True, slots=True)
class FiledLine:
    """Sales of the days `[start, end)`, or what is taken back of the line that `returns` names.

    `gross` and `base` are minor units of the report's currency; of a return all are negative.
    """

    name: str
    start: date
    end: date
    territory: str | None
    gross: int
    base: int
    units: int
    returns: LineKey | None = None


@dataclass(frozen=True, slots=True)
class FiledReport:
    """The days `[start, end)` for which a licensee reported, by which event, line by line.

    `root` is the first report of its chain of corrections. One minor unit of `currency` is `rate`
    of the contract's currency, in which `royalty` is what was due on it before set-off and cap,
    `earned` after. `sold` are units by grant.
    """

    root: str
    reporter: str
    start: date
    end: date
    position: int
    currency: str
    lines: tuple[FiledLine, ...]
    rate: Exact = 1
    royalty: int = 0
    earned: int = 0
    milestones: frozenset[str] = frozenset()
    sold: Mapping[str, int] = field(default_factory=dict)

    def line(self, name: str) -> FiledLine | None:
        """Return the line of that name."""
        return next((line for line in self.lines if line.name == name), None)


K = TypeVar("K", bound=Hashable)
Counts: TypeAlias = "HashTrieMap[K, int]"
"""A number by name; without the names that count nothing."""


@dataclass(frozen=True, slots=True)
class FiledReports:
    """The reports of one licensee that are in force: one that was corrected gave way.

    `years` has them by the calendar year in which they begin, in order of their days, `roots` by
    the first of their chain; `royalty` and `earned` are the sums over all of them, `milestones` how
    many name each one, `returned` what was taken back of a line: gross, base and units. `kept` is
    for anyone who computes with those before a day: it holds for as long as these stay the same.
    """

    years: "HashTrieMap[int, tuple[FiledReport, ...]]" = HashTrieMap()
    roots: "HashTrieMap[str, FiledReport]" = HashTrieMap()
    royalty: int = 0
    earned: int = 0
    milestones: "Counts[str]" = HashTrieMap()
    sold: "Counts[str]" = HashTrieMap()
    returned: "Counts[tuple[LineKey, str]]" = HashTrieMap()
    kept: dict[Any, tuple[date, Any]] = field(default_factory=dict, compare=False, repr=False)

    def __iter__(self) -> Iterator[FiledReport]:
        """Return all of them, in order of their days."""
        return self.beginning(date.min, date.max)

    def plus(self, filed: FiledReport) -> "FiledReports":
        """Return the reports with one more, whose days are not among theirs."""
        there = (*self.years.get(filed.start.year, ()), filed)
        roots = self.roots.insert(filed.root, filed)
        return self._counting(filed, 1, sorted(there, key=lambda each: each.start), roots)

    def minus(self, filed: FiledReport) -> "FiledReports":
        """Return the reports without one of them."""
        left = (each for each in self.years[filed.start.year] if each != filed)
        return self._counting(filed, -1, left, self.roots.remove(filed.root))

    def beginning(self, since: date, until: date) -> Iterator[FiledReport]:
        """Return those that begin in the days `[since, until)`, in order of their days."""
        for year in sorted(self.years):
            if since.year <= year <= until.year:
                yield from (each for each in self.years[year] if since <= each.start < until)

    def meeting(self, start: date, end: date) -> list[FiledReport]:
        """Return those that have a day of `[start, end)`, in order of their days.

        They never overlap, so of those that begin in earlier years only the last can reach it.
        """
        near = list(self.beginning(date(start.year, 1, 1), end))
        before = max((year for year in self.years if year < start.year), default=None)
        if before is not None:
            near.insert(0, self.years[before][-1])
        return [each for each in near if start < each.end]

    def sale_of(self, filed: FiledReport, line: FiledLine) -> tuple[FiledReport, FiledLine]:
        """Return the sale that a line of a report is, or takes back, and its report.

        What takes back a line that is not here stands for itself.
        """
        root, name = line.returns or (filed.root, line.name)
        sold = self.roots.get(root)
        sale = None if sold is None else sold.line(name)
        return (filed, line) if sold is None or sale is None else (sold, sale)

    def left_of(self, key: LineKey) -> Mapping[str, int] | None:
        """Return what of a line was not taken back: gross, base and units; None if it is not."""
        filed = self.roots.get(key[0])
        line = None if filed is None else filed.line(key[1])
        if line is None or line.returns is not None:
            return None
        return {name: getattr(line, name) + self.returned.get((key, name), 0) for name in MEASURES}

    def _counting(
        self,
        filed: FiledReport,
        sign: int,
        there: Iterable[FiledReport],
        roots: "HashTrieMap[str, FiledReport]",
    ) -> "FiledReports":
        kept, year, returned = tuple(there), filed.start.year, self.returned
        for line in filed.lines:
            if line.returns is not None:
                back = {(line.returns, name): sign * getattr(line, name) for name in MEASURES}
                returned = _counted(returned, back)
        return replace(
            self,
            years=self.years.insert(year, kept) if kept else self.years.discard(year),
            roots=roots,
            royalty=self.royalty + sign * filed.royalty,
            earned=self.earned + sign * filed.earned,
            milestones=_counted(self.milestones, dict.fromkeys(filed.milestones, sign)),
            sold=_counted(self.sold, {name: sign * n for name, n in filed.sold.items()}),
            returned=returned,
            kept={key: each for key, each in self.kept.items() if each[0] <= filed.start},
        )


MEASURES = ("gross", "base", "units")


def _counted(counts: "Counts[K]", more: Mapping[K, int]) -> "Counts[K]":
    for name, number in more.items():
        total = counts.get(name, 0) + number
        counts = counts.insert(name, total) if total else counts.discard(name)
    return counts


@dataclass(frozen=True, slots=True)
class ReportsOfContract:
    """The reports under a contract that are in force, by their licensee.

    `roots` maps each report to the first of its chain of corrections, in whose place it stands.
    """

    roots: "HashTrieMap[str, str]" = HashTrieMap()
    by_licensee: "HashTrieMap[str, FiledReports]" = HashTrieMap()

    def root_of(self, report: str, corrects: str | None) -> str:
        """Return the first report of a new one's chain: itself, if it corrects none."""
        return report if corrects is None else self.roots[corrects]

    def others(self, licensee: str, corrects: str | None) -> FiledReports:
        """Return the reports of a licensee, but for one that it corrects."""
        reports = self.by_licensee.get(licensee) or FiledReports()
        return reports if corrects is None else reports.minus(reports.roots[self.roots[corrects]])

    def plus(self, report: str, filed: FiledReport, corrects: str | None) -> "ReportsOfContract":
        """Return the reports after one was filed, in place of the one that it corrects."""
        others = self.others(filed.reporter, corrects)
        return ReportsOfContract(
            self.roots.insert(report, filed.root),
            self.by_licensee.insert(filed.reporter, others.plus(filed)),
        )


NONE_FILED = ReportsOfContract()
"""Of a contract under which nothing was reported yet."""
