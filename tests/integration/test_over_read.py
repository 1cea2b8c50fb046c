"""What is over with something else: nothing is asked for under it, and it does not stand alone."""

from collections.abc import Iterator
from datetime import date

import pytest

from ledger.store.connection import Pool
from projections.questions.arrears import overdue_of
from projections.questions.terms import terms_on
from tests.support import moneys as m
from tests.support.builders import (
    CONTRACT,
    FIRM,
    OTHER_RIGHT,
    RIVAL,
    SUBLICENCE,
    contract_concluded,
    grant,
    other_right_filed,
    right_filed,
    right_lapsed,
    sublicence_granted,
)
from tests.support.contracts import LATE, terms_amended
from tests.support.folded import telling
from tests.support.reading import reading

DIRECT = f"{CONTRACT}1"
HEAD = grant(rights=[OTHER_RIGHT], exclusivity="non_exclusive")
LIVES = {**HEAD, "grant": "g2", "direct_licence": True}
PASSED_ON = {**HEAD, "licensor": FIRM, "licensee": RIVAL}
AMENDED = f"{CONTRACT}2"
SOLD = grant(
    rights=[OTHER_RIGHT], exclusivity="non_exclusive", acts=["import"], valid_from="2026-01-01"
)
CHEAPER, FREE = (
    terms_amended(contract=AMENDED, changes=changes, effective_from=day, **LATE)
    for changes, day in (
        ({"royalty": m.royalty(due_days=45)}, "2026-05-15"),
        ({"royalty": None, "price": m.vnd(1)}, "2026-10-01"),
    )
)
STORY = (
    right_filed(),
    other_right_filed(),
    m.licence(effective_from="2026-01-01", concluded_on="2026-01-01", **LATE),
    m.report(1_000_000_000, 36_000_000),
    right_lapsed(effective_from="2026-05-04", published_on="2026-10-25"),
    contract_concluded(grants=[HEAD, LIVES]),
    sublicence_granted(grant=PASSED_ON),
    sublicence_granted(contract=DIRECT, head_grant="g2", grant=PASSED_ON),
    terms_amended(changes={"grants_ended": ["g1", "g2"]}, rights=[OTHER_RIGHT]),
    m.licence(
        contract=AMENDED,
        grants=[SOLD],
        effective_from="2026-01-01",
        concluded_on="2026-01-01",
        **LATE,
    ),
    CHEAPER,
    FREE,
)
LAPSED, ENDED = 5, 9


@pytest.fixture(scope="module")
def told(postgres_server) -> Iterator[Pool]:
    with telling(postgres_server, STORY) as pool:
        yield pool


def test_no_report_is_missing_of_periods_after_the_right(told):
    """The right lapsed in the second quarter: of that a report is due, of the third none."""
    found = overdue_of(reading(told), m.LICENCE, true_on=date(2027, 6, 1))
    assert [date(2026, 4, 1)] == [each.period_from for each in found.unreported]
    assert LAPSED in found.positions


def test_a_sublicence_falls_with_its_head_grant_while_the_contract_runs_on(told):
    """From the day on which that ends; what has a direct licence lives on."""
    before = terms_on(reading(told), SUBLICENCE, true_on=date(2026, 12, 31))
    assert "in_force" == before.status
    after = terms_on(reading(told), SUBLICENCE, true_on=date(2027, 1, 1))
    assert ("terminated", True) == (after.status, ENDED in after.positions)
    assert "in_force" == terms_on(reading(told), DIRECT, true_on=date(2027, 1, 1)).status


def test_what_is_missing_is_of_the_schedule_of_its_days(told):
    """A schedule was changed in the second quarter, and taken out after the third."""
    found = overdue_of(reading(told), AMENDED, true_on=date(2027, 6, 1))
    assert [
        (date(2026, 1, 1), date(2026, 4, 1), date(2026, 4, 30)),
        (date(2026, 4, 1), date(2026, 5, 15), date(2026, 7, 30)),
        (date(2026, 5, 15), date(2026, 7, 1), date(2026, 8, 14)),
        (date(2026, 7, 1), date(2026, 10, 1), date(2026, 11, 14)),
    ] == [(each.period_from, each.period_to, each.due_on) for each in found.unreported]
