"""Royalties against a naive model that counts unit by unit of the base."""

from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from ledger.domain.money import PPM
from ledger.domain.royalty import Royalty, Running, Sales, due_on, royalty_on

BASES = st.integers(0, 10**14)


@st.composite
def schedules(draw: st.DrawFn) -> Royalty:
    ends = sorted(draw(st.sets(st.integers(1, 10**13), max_size=4)))
    rates = draw(st.lists(st.integers(0, PPM), min_size=len(ends) + 1, max_size=len(ends) + 1))
    tiers = [
        {"upto": end, "rate_ppm": rate} for end, rate in zip([*ends, None], rates, strict=True)
    ]
    members = {"currency": "VND", "base": "net_revenue", "tiers": tiers}
    return Royalty.model_validate({**members, "period": "quarter", "due_days": 30})


def naive(schedule: Royalty, base: int) -> int:
    """Return the royalty as a sum of exact fractions, tier after tier."""
    assert schedule.tiers is not None
    total, left, start = Fraction(0), base, 0
    for tier in schedule.tiers:
        width = left if tier.upto is None else min(left, tier.upto - start)
        total += Fraction(width * tier.rate_ppm, PPM)
        left -= width
        start = tier.upto or start
    return int(total)


@given(schedules(), BASES)
def test_the_royalty_is_the_sum_of_its_tiers_rounded_down(schedule: Royalty, base: int) -> None:
    assert naive(schedule, base) == royalty_on(schedule, base)


@given(schedules(), BASES)
def test_a_refund_mirrors_a_royalty(schedule: Royalty, base: int) -> None:
    assert -royalty_on(schedule, base) == royalty_on(schedule, -base)


@given(schedules(), st.lists(st.integers(-(10**12), 10**13), max_size=8))
def test_reports_in_parts_owe_what_one_report_owes(schedule: Royalty, parts: list[int]) -> None:
    so_far = owed = 0
    for part in parts:
        due = due_on(schedule, Running(so_far, owed), Sales(base=part, correction=True))
        so_far, owed = so_far + part, owed + due.total
    assert royalty_on(schedule, so_far) == owed


@given(schedules(), st.lists(st.integers(-(10**12), 10**13), max_size=8))
def test_returns_are_carried_on_and_never_paid_back(schedule: Royalty, parts: list[int]) -> None:
    so_far = owed = most = 0
    for part in parts:
        due = due_on(schedule, Running(so_far, owed), Sales(base=part)).total
        so_far, owed = so_far + part, owed + due
        most = max(most, royalty_on(schedule, so_far))
        assert 0 <= due
    assert most == owed
