"""
Reports as their contract remembers them: the days reported, and what later reports reckon with.

Those of one licensee never overlap, so that few look-ups find what a period meets, and sums are
kept as reports come and are corrected. A contract may have any number of them.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import TypeAlias

from rpds import HashTrieMap


@dataclass(frozen=True, slots=True)
class FiledReport:
    """The days `[start, end)` for which a licensee reported, by which event.

    `base` is what a royalty is due on, `royalty` what was due on it before set-off and cap,
    `earned` after; all in minor units of the contract's currency. `sold` are units by grant.
    """

    reporter: str
    start: date
    end: date
    position: int
    base: int
    royalty: int
    earned: int
    milestones: frozenset[str] = frozenset()
    sold: Mapping[str, int] = field(default_factory=dict)


Counts: TypeAlias = "HashTrieMap[str, int]"
"""A number by name; without the names that count nothing."""


@dataclass(frozen=True, slots=True)
class FiledReports:
    """The reports of one licensee that are in force: one that was corrected gave way.

    `years` has them by the calendar year in which they begin, in order of their days; `base`,
    `royalty` and `earned` are the sums over all of them, `milestones` how many name each one.
    """

    years: "HashTrieMap[int, tuple[FiledReport, ...]]" = HashTrieMap()
    base: int = 0
    royalty: int = 0
    earned: int = 0
    milestones: "Counts" = HashTrieMap()
    sold: "Counts" = HashTrieMap()

    def __iter__(self) -> Iterator[FiledReport]:
        """Return all of them, in order of their days."""
        return (filed for year in sorted(self.years) for filed in self.years[year])

    def plus(self, filed: FiledReport) -> "FiledReports":
        """Return the reports with one more, whose days are not among theirs."""
        there = (*self.years.get(filed.start.year, ()), filed)
        return self._counting(filed, 1, sorted(there, key=lambda each: each.start))

    def minus(self, filed: FiledReport) -> "FiledReports":
        """Return the reports without one of them."""
        left = (each for each in self.years[filed.start.year] if each != filed)
        return self._counting(filed, -1, left)

    def beginning_in(self, years: Iterable[int]) -> Iterator[FiledReport]:
        """Return those that begin in these calendar years."""
        return (filed for year in years for filed in self.years.get(year, ()))

    def meeting(self, start: date, end: date) -> list[FiledReport]:
        """Return those that have a day of `[start, end)`, in order of their days.

        They never overlap, so of those that begin in earlier years only the last can reach it.
        """
        years = sorted(self.years)
        near = list(self.beginning_in(y for y in years if start.year <= y <= end.year))
        before = [year for year in years if year < start.year]
        if before:
            near.insert(0, self.years[before[-1]][-1])
        return [each for each in near if each.start < end and start < each.end]

    def _counting(
        self, filed: FiledReport, sign: int, there: Iterable[FiledReport]
    ) -> "FiledReports":
        kept = tuple(there)
        year = filed.start.year
        return replace(
            self,
            years=self.years.insert(year, kept) if kept else self.years.discard(year),
            base=self.base + sign * filed.base,
            royalty=self.royalty + sign * filed.royalty,
            earned=self.earned + sign * filed.earned,
            milestones=_counted(self.milestones, dict.fromkeys(filed.milestones, sign)),
            sold=_counted(self.sold, {name: sign * n for name, n in filed.sold.items()}),
        )


def _counted(counts: Counts, more: Mapping[str, int]) -> Counts:
    for name, number in more.items():
        total = counts.get(name, 0) + number
        counts = counts.insert(name, total) if total else counts.discard(name)
    return counts


@dataclass(frozen=True, slots=True)
class ReportsOfContract:
    """The reports under a contract that are in force: by their subject, and by their licensee."""

    by_subject: "HashTrieMap[str, FiledReport]" = HashTrieMap()
    by_licensee: "HashTrieMap[str, FiledReports]" = HashTrieMap()

    def others(self, licensee: str, corrects: str | None) -> FiledReports:
        """Return the reports of a licensee, but for one that it corrects."""
        reports = self.by_licensee.get(licensee) or FiledReports()
        return reports if corrects is None else reports.minus(self.by_subject[corrects])

    def plus(self, report: str, filed: FiledReport, corrects: str | None) -> "ReportsOfContract":
        """Return the reports after one was filed, in place of the one that it corrects."""
        kept = self.by_subject if corrects is None else self.by_subject.remove(corrects)
        others = self.others(filed.reporter, corrects)
        return ReportsOfContract(
            kept.insert(report, filed), self.by_licensee.insert(filed.reporter, others.plus(filed))
        )


NONE_FILED = ReportsOfContract()
"""Of a contract under which nothing was reported yet."""
