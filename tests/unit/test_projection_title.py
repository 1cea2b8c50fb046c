"""Title: rows that say who owned what, between whom, on which day, as known when."""

from datetime import date
from fractions import Fraction

import pytest

from ledger.domain.event import Logged
from projections.axes import NEVER
from projections.title import title
from tests.support.builders import (
    AUTHOR,
    FIRM,
    INSTITUTE,
    RIGHT,
    RIVAL,
    THIRD,
    assignment_agreed,
    assignment_registered,
    held,
    right_filed,
)
from tests.support.conveyances import conveyance_attested
from tests.support.projecting import logged, rows_of, true_and_known

FILED = right_filed(filed_on="2020-03-10")
AGREED = assignment_agreed(agreed_on="2026-10-30")
LATE = "Signed in two places"
REGISTERED = assignment_registered(effective_on="2026-10-31", registered_on="2026-11-01")


def owners(
    events: list[Logged], day: str, effect: str = "parties", **known: object
) -> dict[str, Fraction]:
    rows = true_and_known(rows_of(title, events)[RIGHT], date.fromisoformat(day), **known)
    return {row.party: row.share for row in rows if row.effect == effect}


def test_nobody_owns_a_right_before_it_is_filed() -> None:
    events = logged(FILED)
    assert {} == owners(events, "2020-03-09")
    assert {INSTITUTE: 1} == owners(events, "2020-03-10")


@pytest.mark.parametrize("effect", ["parties", "third_parties"])
def test_an_agreed_assignment_of_a_patent_moves_nothing(effect: str) -> None:
    """IP Law art. 148(1): without registration it has no effect, even between its parties."""
    assert {INSTITUTE: 1} == owners(logged(FILED, AGREED), "2026-12-01", effect)


def test_what_waits_for_registration_is_known_until_it_is_registered() -> None:
    waiting = {INSTITUTE: -1, FIRM: 1}
    assert waiting == owners(logged(FILED, AGREED), "2026-10-30", "agreed")
    events = logged(FILED, AGREED, REGISTERED)
    assert {} == owners(events, "2026-10-30", "agreed")
    assert waiting == owners(events, "2026-10-30", "agreed", at=2)


def test_a_registered_assignment_binds_its_parties_from_its_day_of_effect() -> None:
    events = logged(FILED, AGREED, REGISTERED)
    assert {INSTITUTE: 1} == owners(events, "2026-10-30")
    assert {FIRM: 1} == owners(events, "2026-10-31")


def test_a_registered_assignment_binds_others_from_its_registration() -> None:
    events = logged(FILED, AGREED, REGISTERED)
    assert {INSTITUTE: 1} == owners(events, "2026-10-31", "third_parties")
    assert {FIRM: 1} == owners(events, "2026-11-01", "third_parties")


def test_the_ledger_knows_of_an_assignment_from_its_position_on() -> None:
    """Whom did the exchange believe to own it on 1 December, before the registration came in."""
    events = logged(FILED, AGREED, REGISTERED)
    assert {INSTITUTE: 1} == owners(events, "2026-12-01", at=2)
    assert {FIRM: 1} == owners(events, "2026-12-01", at=3)


def test_the_office_knows_of_an_assignment_from_its_day_of_registration_on() -> None:
    events = logged(FILED, AGREED, REGISTERED)
    assert {INSTITUTE: 1} == owners(events, "2026-12-01", office_day=date(2026, 10, 31))
    assert {FIRM: 1} == owners(events, "2026-12-01", office_day=date(2026, 11, 1))


@pytest.mark.parametrize("kind", ["software", "know_how"])
def test_a_right_that_needs_no_register_passes_between_the_parties_as_agreed(kind: str) -> None:
    filed = right_filed(kind=kind)
    agreed = assignment_agreed(agreed_on="2026-10-30", late_reason=LATE)
    assert {FIRM: 1} == owners(logged(filed, agreed), "2026-10-30")
    assert {INSTITUTE: 1} == owners(logged(filed, agreed), "2026-10-30", "third_parties")
    assert {INSTITUTE: 1} == owners(
        logged(filed, agreed), "2026-10-30", office_day=date(2026, 12, 1)
    )


def test_software_registered_after_it_was_agreed_moves_once() -> None:
    """Between the parties it had passed already; the register tells everybody else."""
    half = assignment_agreed(
        assignors=[held(INSTITUTE, 1, 2)],
        assignees=[held(FIRM, 1, 2)],
        agreed_on="2026-10-30",
        late_reason=LATE,
    )
    events = logged(right_filed(kind="software"), half, REGISTERED)
    both = {INSTITUTE: Fraction(1, 2), FIRM: Fraction(1, 2)}
    assert both == owners(events, "2026-12-01")
    assert both == owners(events, "2026-12-01", "third_parties")


def test_fractions_are_exact() -> None:
    thirds = [held(FIRM, 1, 7), held(RIVAL, 2, 7)]
    agreed = assignment_agreed(assignors=[held(INSTITUTE, 3, 7)], assignees=thirds)
    assert {
        FIRM: Fraction(1, 7),
        RIVAL: Fraction(2, 7),
        INSTITUTE: Fraction(4, 7),
    } == owners(logged(FILED, agreed, assignment_registered()), "2026-12-01")


def test_each_assignor_of_a_recorded_conveyance_gives_from_the_day_it_signed() -> None:
    """Real inventors sign days apart (record 29315-577: on 9, 13 and 15 November 2012)."""
    filed = right_filed(owners=[held(INSTITUTE, 1, 2), held(AUTHOR, 1, 2)], filed_on="2018-01-01")
    conveyance = conveyance_attested(
        assignors=[
            {"party": INSTITUTE, "executed_on": "2019-01-07"},
            {"party": AUTHOR, "executed_on": "2019-01-09"},
        ],
        assignees=[FIRM, THIRD],
        office_recorded_on="2019-06-19",
    )
    events = logged(filed, conveyance)
    quarter, half = Fraction(1, 4), Fraction(1, 2)
    assert {INSTITUTE: half, AUTHOR: half} == owners(events, "2019-01-06")
    assert {AUTHOR: half, FIRM: quarter, THIRD: quarter} == owners(events, "2019-01-08")
    assert {FIRM: half, THIRD: half} == owners(events, "2019-01-09")
    assert {INSTITUTE: half, AUTHOR: half} == owners(events, "2019-06-18", "third_parties")
    assert {FIRM: half, THIRD: half} == owners(events, "2019-06-19", "third_parties")


def test_a_conveyance_signed_before_the_filing_counts_from_the_filing() -> None:
    """Inventors often assign first; there is nothing to own before there is an application."""
    filed = right_filed(filed_on="2019-03-01")
    events = logged(filed, conveyance_attested())
    assert {} == owners(events, "2019-02-28")
    assert {FIRM: 1} == owners(events, "2019-03-01")


def test_a_conveyance_that_reaches_back_leaves_what_came_in_between() -> None:
    """The firm's successor holds from 2018 what the firm held; before 2019-01 that was nothing."""
    filed = right_filed(filed_on="2017-01-01")
    first = conveyance_attested()
    earlier = conveyance_attested(
        "1-2",
        kind="nunc_pro_tunc",
        assignors=[{"party": FIRM, "executed_on": "2018-01-01"}],
        assignees=[RIVAL],
        office_recorded_on="2020-01-01",
    )
    events = logged(filed, first, earlier)
    assert {INSTITUTE: 1} == owners(events, "2018-06-01")
    assert {RIVAL: 1} == owners(events, "2019-01-07")


def test_a_correction_takes_from_whom_the_corrected_record_gave_to() -> None:
    filed = right_filed(filed_on="2017-01-01")
    wrong = conveyance_attested(assignees=[RIVAL])
    corrected = conveyance_attested(
        "1-2", kind="correction", refers_to=wrong.conveyance, office_recorded_on="2020-01-01"
    )
    events = logged(filed, wrong, corrected)
    assert {FIRM: 1} == owners(events, "2020-01-01", "third_parties")
    assert {RIVAL: 1} == owners(events, "2019-12-31", "third_parties")


def test_each_share_names_what_gave_it() -> None:
    """The institute keeps a half by its filing, the firm has the other by the assignment."""
    agreed = assignment_agreed(assignors=[held(INSTITUTE, 1, 2)], assignees=[held(FIRM, 1, 2)])
    events = logged(FILED, agreed, assignment_registered())
    rows = true_and_known(rows_of(title, events)[RIGHT], date(2026, 12, 1), office_day=NEVER)
    assert {INSTITUTE: RIGHT, FIRM: agreed.assignment} == {
        row.party: row.by for row in rows if row.effect == "parties"
    }
