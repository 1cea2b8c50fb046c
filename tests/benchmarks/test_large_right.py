"""What an event costs on a right that has ten thousand of them, beside one that has a hundred."""

import time
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta

import pytest

from ledger.domain.admission import Folds, admit, evolve_subject
from ledger.domain.event import Body, Logged
from tests.support import builders as b
from tests.support.rights import right_fee_paid
from tests.support.specification import given

MANY = 10_000
FEW = 100
FIRST_DAY = date(2000, 1, 1)
INSTITUTE_S_PART = [b.held(b.INSTITUTE, 1, 2 * MANY)]
FIRM_S_PART = [b.held(b.FIRM, 1, 2 * MANY)]


def changed(number: int) -> Body:
    """Return a lapse or a restoration with effect from a day of its own."""
    day = (FIRST_DAY + timedelta(days=number)).isoformat()
    change = b.right_lapsed if number % 2 else b.right_restored
    return change(effective_from=day)


def assigned(number: int) -> Body:
    """Return an assignment of a sliver, which waits for its registration."""
    return b.assignment_agreed(
        assignment=f"assignment:{number}", assignors=INSTITUTE_S_PART, assignees=FIRM_S_PART
    )


def charged(number: int) -> Body:
    """Return a security of its own."""
    return b.security_created(security=f"security:{number}")


def paid(number: int) -> Body:
    """Return a fee that was paid."""
    return right_fee_paid(right=b.RIGHT, territory=None, fee_year=number % 20 + 1)


@pytest.mark.long
@pytest.mark.parametrize("made", [changed, assigned, charged, paid], ids=lambda made: made.__name__)
def test_the_ten_thousandth_event_costs_no_more_than_the_hundredth(
    made: Callable[[int], Body],
) -> None:
    log = given(b.right_filed())
    subjects = dict(log.subjects)
    took: list[float] = []
    for number in range(MANY):
        attempt = log.when(made(number))
        context = replace(attempt.context, position=log.size + number)
        start = time.perf_counter()
        admit(Folds(subjects), attempt.event, context)
        logged = Logged(attempt.event, context.position, context.accepted)
        after = evolve_subject(b.RIGHT, subjects[b.RIGHT], logged)
        took.append(time.perf_counter() - start)
        subjects[b.RIGHT] = after
    early, late = sorted(took[FEW : 2 * FEW]), sorted(took[-FEW:])
    median = FEW // 2
    figures = f"{early[median] * 1e6:.0f} µs, then {late[median] * 1e6:.0f} µs"
    assert late[median] < 3 * early[median], figures
