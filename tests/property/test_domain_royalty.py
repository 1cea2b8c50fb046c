"""Royalties against a naive model that counts day by day, and what reports may not change."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from fractions import Fraction
from itertools import pairwise
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from ledger.domain.contracts.report_index import FiledLine, FiledReport, FiledReports
from ledger.domain.contracts.royalty import Royalty, royalty_on, year_of
from ledger.domain.contracts.royalty_due import (
    ScheduleVersion,
    Versions,
    cuts,
    due_of,
    period_of,
    version_on,
)
from ledger.domain.core.money import PPM

BASES = st.integers(0, 10**14)
FIRST = date(2026, 1, 1)
MONTHS = 18


@st.composite
def schedules(draw: st.DrawFn, top: int = 10**13) -> Royalty:
    ends = sorted(draw(st.sets(st.integers(1, top), max_size=4)))
    rates = draw(st.lists(st.integers(0, PPM), min_size=len(ends) + 1, max_size=len(ends) + 1))
    tiers = [
        {"upto": end, "rate_ppm": rate} for end, rate in zip([*ends, None], rates, strict=True)
    ]
    free = draw(st.sampled_from([None, "2026-02-10", "2026-04-01"]))
    members = {
        "currency": "VND",
        "base": "net_revenue",
        "tiers": tiers,
        "tiers_over": draw(st.sampled_from(["year", "term"])),
        "zero_rated": ["iso:LA"],
        "holiday_until": free,
    }
    return Royalty.model_validate({**members, "period": "quarter", "due_days": 30})


@st.composite
def agreements(draw: st.DrawFn) -> Versions:
    first = ScheduleVersion(date.min, draw(schedules(1_000)))
    raised = ScheduleVersion(date(2026, 8, 20), draw(schedules(1_000)))
    return draw(st.sampled_from([(first,), (first, raised)]))


def months(day: date, count: int) -> date:
    return date(day.year + (day.month - 1 + count) // 12, (day.month - 1 + count) % 12 + 1, 1)


@dataclass(frozen=True)
class Story:
    """Reports of months, each line in one segment; a return follows what it takes back."""

    versions: Versions
    reports: tuple[FiledReport, ...]


def sale(name: str, start: date, end: date, base: int, place: str | None) -> FiledLine:
    return FiledLine(name, start, end, place, base, base, base % 7)


def segments(versions: Versions, start: date, end: date) -> Iterator[tuple[date, date]]:
    days = sorted({start, end, *cuts(versions, start, end)})
    return pairwise(days)


@st.composite
def stories(draw: st.DrawFn) -> Story:
    versions = draw(agreements())
    reports, left = list[FiledReport](), dict[tuple[str, str], int]()
    chosen = draw(st.sets(st.integers(0, MONTHS - 1), min_size=1, max_size=7))
    for month in sorted(chosen):
        start, end, root = months(FIRST, month), months(FIRST, month + 1), f"report:{month}"
        lines = [
            sale(
                f"s{number}",
                *days,
                draw(st.integers(0, 1_500)),
                draw(st.sampled_from([None, None, "iso:LA"])),
            )
            for number, days in enumerate(segments(versions, start, end))
        ]
        if left and draw(st.booleans()):
            key = draw(st.sampled_from(sorted(left)))
            back = draw(st.integers(0, left[key]))
            left[key] -= back
            lines.append(FiledLine("back", start, end, None, -back, -back, 0, key))
        left.update({(root, each.name): each.base for each in lines if each.returns is None})
        rate = draw(st.sampled_from([1, Fraction(25_431, 100)]))
        reports.append(FiledReport(root, "party:a", start, end, month, "USD", tuple(lines), rate))
    return Story(versions, tuple(reports))


def filed(versions: Versions, reports: Sequence[FiledReport]) -> FiledReports:
    """File reports one by one, each owing what it must."""
    others = FiledReports()
    for each in reports:
        others = others.plus(owing(versions, others, each))
    return others


def owing(versions: Versions, others: FiledReports, each: FiledReport) -> FiledReport:
    due = due_of(versions, others, each, 0)
    return replace(each, royalty=due.royalty, earned=due.earned)


def naive(schedule: Royalty, start: Fraction, end: Fraction) -> Fraction:
    """Return the royalty on a part of a base as a sum of exact fractions, tier after tier."""
    assert schedule.tiers is not None
    total, low = Fraction(0), Fraction(0)
    for tier in schedule.tiers:
        high = end if tier.upto is None else min(end, Fraction(tier.upto))
        total += max(Fraction(0), high - max(start, low)) * Fraction(tier.rate_ppm, PPM)
        low = Fraction(tier.upto or 0)
    return total


def earned(story: Story, reports: Sequence[FiledReport]) -> int:
    """Return what a set of reports earns, day by day of their sales."""
    by_key = {(each.root, line.name): (each, line) for each in reports for line in each.lines}
    spans: dict[int | None, dict[date, Fraction]] = {}
    for each in reports:
        for line in each.lines:
            sold, of = by_key[line.returns] if line.returns else (each, line)
            schedule = version_on(story.versions, of.start).schedule
            assert schedule is not None
            free = schedule.holiday_until
            if of.territory == "iso:LA" or (free is not None and of.start < free):
                continue
            span = year_of(schedule, of.start) if schedule.tiers_over == "year" else None
            days = spans.setdefault(span, {})
            days[of.start] = days.get(of.start, Fraction(0)) + line.base * Fraction(sold.rate)
    total = 0
    for days in spans.values():
        base = sum_ = Fraction(0)
        for day in sorted(days):
            schedule = version_on(story.versions, day).schedule
            assert schedule is not None
            sum_ += naive(schedule, base, base + days[day])
            base += days[day]
        total += sum_.numerator // sum_.denominator
    return total


def ends(story: Story) -> list[int]:
    """Return what is earned by the end of each agreed period that was reported for."""
    until = [period_of(story.versions, each.start, each.end)[1] for each in story.reports]
    return [
        earned(story, [each for each, own in zip(story.reports, until, strict=True) if own <= end])
        for end in sorted(set(until))
    ]


@given(schedules(), BASES)
def test_the_royalty_is_the_sum_of_its_tiers_rounded_down(schedule: Royalty, base: int) -> None:
    assert int(naive(schedule, Fraction(0), Fraction(base))) == royalty_on(schedule, base)


@given(stories())
def test_dues_come_to_the_most_that_was_earned_at_the_end_of_a_period(story: Story) -> None:
    """So dues less what is left over is what was earned, and no period owes less than nothing."""
    for number in range(1, len(story.reports) + 1):
        part = replace(story, reports=story.reports[:number])
        assert max(0, *ends(part)) == filed(story.versions, part.reports).royalty


@given(stories(), st.randoms(use_true_random=False))
def test_reports_in_any_order_owe_the_same(story: Story, random: Random) -> None:
    waiting, order = list(story.reports), list[FiledReport]()
    while waiting:
        known = {each.root for each in order}
        ready = [each for each in waiting if returned_of(each) <= known]
        chosen = random.choice(ready)
        waiting.remove(chosen)
        order.append(chosen)
    assert filed(story.versions, story.reports).royalty == filed(story.versions, order).royalty


def returned_of(report: FiledReport) -> set[str]:
    return {line.returns[0] for line in report.lines if line.returns is not None}


@given(stories(), st.data())
def test_reports_that_are_cut_finer_within_their_periods_owe_the_same(
    story: Story, data: st.DataObject
) -> None:
    named = set().union(*map(returned_of, story.reports))
    finer = list[FiledReport]()
    for each in story.reports:
        finer.extend([each] if each.root in named else halves(each, data))
    whole, cut = filed(story.versions, story.reports), filed(story.versions, finer)
    assert whole.royalty == cut.royalty


def halves(report: FiledReport, data: st.DataObject) -> list[FiledReport]:
    """Cut a report in two, and the line in which it is cut as well."""
    days = (report.end - report.start).days
    day = report.start + timedelta(days=data.draw(st.integers(1, days - 1)))
    early, late = list[FiledLine](), list[FiledLine]()
    for line in report.lines:
        if line.end <= day or line.returns is not None:
            early.append(replace(line, end=min(line.end, day)))
        elif line.start >= day:
            late.append(line)
        else:
            part = data.draw(st.integers(0, line.base))
            early.append(replace(line, end=day, base=part, gross=part))
            rest = line.base - part
            late.append(replace(line, start=day, base=rest, gross=rest))
    root = f"{report.root}-2"
    return [
        replace(report, end=day, lines=tuple(early)),
        replace(report, root=root, start=day, lines=tuple(late)),
    ]


@given(stories(), st.data())
def test_what_is_corrected_and_corrected_back_changes_no_due(
    story: Story, data: st.DataObject
) -> None:
    reports = filed(story.versions, story.reports)
    original = data.draw(st.sampled_from(list(reports)))
    more = data.draw(st.integers(0, 500))
    lines = tuple(
        replace(line, base=line.base + more, gross=line.gross + more)
        if line.returns is None
        else line
        for line in original.lines
    )
    others = reports.minus(original)
    wrong = others.plus(owing(story.versions, others, replace(original, lines=lines)))
    others = wrong.minus(next(each for each in wrong if each.root == original.root))
    back = owing(story.versions, others, original)
    assert original == back
    assert list(reports) == list(others.plus(back))


@given(agreements(), st.integers(0, 400), st.integers(1, 120))
def test_a_line_that_no_day_cuts_lies_in_one_segment(
    versions: Versions, first: int, days: int
) -> None:
    start = FIRST + timedelta(days=first)
    end = start + timedelta(days=days)

    def segment(day: date) -> tuple[ScheduleVersion, bool]:
        version = version_on(versions, day)
        free = version.schedule and version.schedule.holiday_until
        return version, bool(free and day < free)

    each = [start + timedelta(days=number) for number in range(days)]
    expected = [day for last, day in pairwise(each) if segment(last) != segment(day)]
    assert expected == sorted(cuts(versions, start, end))
