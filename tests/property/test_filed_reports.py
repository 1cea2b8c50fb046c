"""The reports of a licensee against a plain list of them."""

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from ledger.domain.contracts.report_index import FiledLine, FiledReport, FiledReports

FIRST = date(2020, 1, 1)
NAMES = ("m1", "m2", "m3")
DAYS = st.integers(0, 2_500)
FILINGS = st.tuples(
    DAYS,
    st.one_of(st.integers(1, 100), st.integers(1, 1_500)),
    st.integers(-5, 50),
    st.frozensets(st.sampled_from(NAMES)),
)


def filed(position: int, filing: tuple[int, int, int, frozenset[str]]) -> FiledReport:
    start, days, amount, milestones = filing
    first = FIRST + timedelta(days=start)
    end = first + timedelta(days=days)
    size = abs(amount)
    sold = FiledLine("1", first, end, None, size, size - 1 if size else 0, 2 * size)
    back = FiledLine("2", first, end, None, -size, -size, 0, (f"report:{position // 2}", "1"))
    return FiledReport(
        root=f"report:{position}",
        reporter="party:a",
        start=first,
        end=end,
        position=position,
        currency="VND",
        lines=(sold, back),
        royalty=amount // 2,
        earned=amount // 3,
        milestones=milestones,
        sold=dict.fromkeys(milestones, amount),
    )


def meets(one: FiledReport, start: date, end: date) -> bool:
    return one.start < end and start < one.end


@given(st.lists(st.tuples(FILINGS, st.booleans()), max_size=40), DAYS, st.integers(1, 1_000))
def test_reports_are_those_of_a_plain_list(steps, asked, days):
    reports, plain = FiledReports(), list[FiledReport]()
    for position, (filing, taken_back) in enumerate(steps):
        one = filed(position, filing)
        if any(meets(one, each.start, each.end) for each in plain):
            continue  # What overlaps is not admitted.
        reports, plain = reports.plus(one), [*plain, one]
        if taken_back:
            gone = plain.pop(position % len(plain))
            reports = reports.minus(gone)
    plain.sort(key=lambda each: each.start)
    assert plain == list(reports)
    start = FIRST + timedelta(days=asked)
    end = start + timedelta(days=days)
    assert [each for each in plain if meets(each, start, end)] == reports.meeting(start, end)
    sums = (sum(each.royalty for each in plain), sum(each.earned for each in plain))
    assert sums == (reports.royalty, reports.earned)
    named = {name for each in plain for name in each.milestones}
    assert named == set(reports.milestones)
    for name in NAMES:
        sold = sum(each.sold.get(name, 0) for each in plain)
        assert sold == reports.sold.get(name, 0)
    begun = [each for each in plain if start <= each.start < end]
    assert begun == list(reports.beginning(start, end))
    lines = {(each.root, line.name): line for each in plain for line in each.lines}
    for key, line in lines.items():
        back = [each for each in lines.values() if each.returns == key]
        left = {
            name: getattr(line, name) + sum(getattr(each, name) for each in back)
            for name in ("gross", "base", "units")
        }
        assert (left if line.returns is None else None) == reports.left_of(key)
    assert reports.left_of(("report:none", "1")) is None
