"""How a distribution was computed, what is owed to whom and why not paid, and what is late."""

from collections.abc import Iterator
from datetime import date

import pytest

from ledger.store.connection import Pool
from projections.questions.arrears import minimum_of, overdue_of
from projections.questions.computation import computation_of
from projections.questions.dues import agreement_of, dues_of
from projections.questions.terms import terms_on
from tests.support import moneys as m
from tests.support.builders import (
    AUTHOR,
    FIRM,
    INSTITUTE,
    part,
    right_filed,
    technology_registered,
)
from tests.support.disputes import court_registered, dispute_opened, hold_ordered, order
from tests.support.folded import telling
from tests.support.reading import reading

ON = date(2026, 11, 2)
STORY = (
    right_filed(),
    technology_registered(),
    m.licence(
        royalty=m.royalty(minimum={"amount": 50_000_000, "credit": "same_year"}),
        effective_from="2026-01-01",
        concluded_on="2026-01-01",
        confirms={"reason": "Hai bên xác nhận hiệu lực từ đầu năm"},
    ),
    m.report(1_000_000_000, 36_000_000),
    m.split(
        waterfall=[{"name": "Phí quản lý", "to": FIRM, "rate_ppm": 100_000}],
        agreed_by=[FIRM, INSTITUTE],
    ),
    m.shared_out(
        parts=[{"party": FIRM, "amount": 3_600_000}, {"party": INSTITUTE, "amount": 22_680_000}],
        suspense=9_720_000,
        steps=[3_600_000],
    ),
    m.confirmed(10_000_000),
    m.authors_declared(
        authors=[AUTHOR], split=[part(AUTHOR, 1_000_000)], declared_by=[AUTHOR], minutes_sha256=None
    ),
    m.suspense_released(authors=[{"party": AUTHOR, "amount": 9_720_000}]),
    court_registered(),
    dispute_opened(concerns=[m.LICENCE]),
    hold_ordered(order("HOLD_PAYMENT", m.SPLIT, party=AUTHOR)),
    m.profit_split(parts=[part(AUTHOR, 200_000), part(INSTITUTE, 500_000)]),
)
LICENSED, REPORTED, AGREED, SHARED, PAID, _, RELEASED, _, _, HELD = range(3, 13)


@pytest.fixture(scope="module")
def told(postgres_server) -> Iterator[Pool]:
    with telling(postgres_server, STORY) as pool:
        yield pool


def test_a_distribution_is_computed_again_line_by_line(told):
    found = computation_of(reading(told), m.SHARED_OUT)
    assert (m.LICENCE, m.SPLIT) == (found.contract, found.share)
    (lines,) = found.reports
    assert (1_000_000_000, (("vat", 100_000_000),), 900_000_000) == (
        lines.gross,
        lines.deductions,
        lines.base,
    )
    (line,) = lines.lines
    assert ((1_000_000_000, 40_000), (None, 30_000)) == line.tiers
    assert ("1", 900_000_000, None) == (line.line, line.base, line.returns)
    assert lines.recomputed
    assert (36_000_000, 36_000_000) == (lines.royalty, lines.due)
    assert [("Phí quản lý", 3_600_000)] == [(s.name, s.amount) for s in found.waterfall]
    assert 32_400_000 == found.left
    assert [("authors", 9_720_000), (INSTITUTE, 22_680_000)] == [
        (each.party, each.amount) for each in found.parts
    ]
    assert found.recomputed
    assert (m.CO_AUTHORS_RULE,) == found.rules
    assert (((AUTHOR, 9_720_000),), 0) == (found.authors, found.suspense)
    assert (REPORTED, AGREED, SHARED, RELEASED) == found.positions


def test_before_the_release_the_authors_part_waits(told):
    found = computation_of(reading(told, known_at=SHARED), m.SHARED_OUT)
    assert ((), 9_720_000) == (found.authors, found.suspense)
    before = computation_of(reading(told, known_at=REPORTED), m.SHARED_OUT)
    assert (None, None, ()) == (before.position, before.total, before.positions)


def test_what_is_owed_is_payable_paid_held_and_why(told):
    author = dues_of(reading(told), AUTHOR, true_on=ON, contract=m.LICENCE)
    (line,) = author.lines
    assert (9_720_000, 0, 9_720_000) == (line.payable, line.paid, line.held)
    assert ["HOLD_PAYMENT"] == [order.effect for order in line.held_by]
    assert HELD in author.positions
    institute = dues_of(reading(told), INSTITUTE, true_on=ON)
    (line,) = institute.lines
    assert (22_680_000, 10_000_000, 12_680_000, 0) == (
        line.payable,
        line.paid,
        line.open,
        line.held,
    )
    assert (("VND", 10_000_000),) == institute.paid


def test_what_waits_is_said_with_the_dues(told):
    known = dues_of(reading(told, known_at=PAID), AUTHOR, true_on=ON, contract=m.LICENCE)
    assert ((), [9_720_000]) == (known.lines, [each.amount for each in known.suspense])
    assert () == dues_of(reading(told), AUTHOR, true_on=ON, contract=m.LICENCE).suspense


def test_who_agreed_to_a_share(told):
    found = agreement_of(reading(told), m.SPLIT)
    assert tuple(sorted((FIRM, INSTITUTE))) == found.agreed_by
    assert found.agreed_by_all
    assert (300_000, (AGREED,)) == (found.authors_ppm, found.positions)


def test_a_share_says_who_gets_a_part_and_did_not_agree(told):
    found = agreement_of(reading(told), m.PROFIT_SPLIT)
    assert found.agreed_by_all is False
    assert ((INSTITUTE,), (AUTHOR,)) == (found.agreed_by, found.not_agreed)


def test_what_is_overdue_with_the_interest_so_far(told):
    """Due 30 days after 2026-03-31, interest at 12 % from the tenth day after; 10 of 36 m are paid.

    The day from which days are counted is not counted (Civil Code art. 147).
    """
    found = overdue_of(reading(told), m.LICENCE, true_on=date(2026, 7, 23))
    (unpaid,) = found.unpaid
    assert (date(2026, 4, 30), 84) == (unpaid.due_on, unpaid.days_late)
    assert 26_000_000 == unpaid.unpaid
    assert 26_000_000 * 120_000 * 74 // (1_000_000 * 365) == unpaid.interest
    assert () == found.unreported
    later = overdue_of(reading(told), m.LICENCE, true_on=date(2026, 11, 2))
    assert [(date(2026, 4, 1), date(2026, 7, 1), 95), (date(2026, 7, 1), date(2026, 10, 1), 3)] == [
        (each.period_from, each.period_to, each.days_late) for each in later.unreported
    ]
    assert {LICENSED, REPORTED, SHARED, PAID} <= set(later.positions)


def test_no_report_is_missing_of_days_after_the_last_grant(told):
    agreed = terms_on(reading(told), m.LICENCE, true_on=date(2026, 7, 23)).terms
    assert agreed is not None
    assert agreed.effective_to is None
    (end,) = {grant.valid_to for grant in agreed.grants}
    after = overdue_of(reading(told), m.LICENCE, true_on=date(end.year + 5, 1, 1))
    last = max(after.unreported, key=lambda each: each.period_from)
    assert (date(2030, 10, 1), date(2030, 12, 1)) == (last.period_from, last.period_to)
    assert (end, date(2031, 1, 30)) == (last.period_to, last.due_on)


def test_whether_the_minimum_of_a_year_was_met(told):
    found = minimum_of(reading(told), m.LICENCE, year=2026)
    assert (50_000_000, 36_000_000, 14_000_000) == (found.minimum, found.earned, found.short)
    assert (LICENSED, REPORTED) == found.positions
    assert (date(2026, 1, 1), date(2027, 1, 1)) == (found.year_from, found.year_to)
    assert found.met is False
    assert FIRM == found.licensee
    for year in (1999, 2025, 2050):  # The contract runs from 2026 to 2030.
        none = minimum_of(reading(told), m.LICENCE, year=year)
        assert (None, None, 0) == (none.minimum, none.met, none.short)
    assert 50_000_000 == minimum_of(reading(told), m.LICENCE, year=2027).short
    assert minimum_of(reading(told), "contract:none", year=2026).met is None
