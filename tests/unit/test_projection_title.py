"""Title: rows that say who owned what, between whom, on which day, as known when."""

from datetime import date
from fractions import Fraction

import pytest

from ledger.domain.core.body import Body
from ledger.domain.core.event import Logged
from projections.engine.bitemporal import UNRECORDED
from projections.tables.title_events import title
from tests.support.builders import (
    ASSIGNMENT,
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
    security_created,
)
from tests.support.conveyances import conveyance_attested
from tests.support.disputes import court_registered, dispute_opened, ruling_made, void
from tests.support.projecting import logged, rows_of, true_and_known, value_of
from tests.support.titles import (
    assignment_refused,
    assignment_rescinded,
    priority_noted,
    security_enforced,
)

FILED = right_filed(filed_on="2020-03-10")
LATE = {"confirms": {"reason": "Signed in two places"}}
AGREED = assignment_agreed(agreed_on="2026-10-30", **LATE)
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
    agreed = assignment_agreed(agreed_on="2026-10-30", **LATE)
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
        **LATE,
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
    rows = true_and_known(rows_of(title, events)[RIGHT], date(2026, 12, 1), office_day=UNRECORDED)
    assert {INSTITUTE: RIGHT, FIRM: agreed.assignment} == {
        row.party: row.by for row in rows if row.effect == "parties"
    }


def terms(events: list[Logged], day: str, effect: str = "agreed", **known: int) -> dict[str, int]:
    return {party: int(share) for party, share in owners(events, day, effect, **known).items()}


@pytest.mark.parametrize("end", [assignment_refused(), assignment_rescinded()])
def test_what_ended_waits_no_more_and_what_was_known_before_stays(end: Body) -> None:
    events = logged(FILED, AGREED, end)
    assert {} == terms(events, "2026-12-01")
    assert {INSTITUTE: -1, FIRM: 1} == terms(events, "2026-12-01", at=2)
    late = logged(FILED, AGREED, end, REGISTERED)
    assert {FIRM: 1} == owners(late, "2026-12-01", "third_parties")


def test_what_passed_by_agreement_stays_where_the_office_refuses_to_register_it() -> None:
    software = right_filed(filed_on="2020-03-10", kind="software")
    agreed = assignment_agreed(agreed_on="2026-11-02")
    registered = assignment_registered(effective_on="2026-11-02", registered_on="2026-11-02")
    events = logged(software, agreed, assignment_refused())
    assert {} == terms(events, "2026-12-01")
    assert {FIRM: 1} == owners(events, "2026-12-01", "parties")
    assert {INSTITUTE: 1} == owners(events, "2026-12-01", "third_parties")
    late = logged(software, agreed, assignment_refused(), registered)
    assert {FIRM: 1} == owners(late, "2026-12-01", "parties")
    assert {FIRM: 1} == owners(late, "2026-12-01", "third_parties")


def test_what_waits_says_until_when_it_is_kept() -> None:
    rows = rows_of(title, logged(FILED, AGREED, priority_noted(until="2026-12-01")))[RIGHT]
    waiting = [row for row in true_and_known(rows, date(2026, 11, 9)) if row.effect == "agreed"]
    assert [date(2026, 12, 1)] * 2 == [row.kept_until for row in waiting]


def test_an_enforcement_moves_title_as_a_registration_does() -> None:
    enforced = security_enforced(effective_on="2026-10-30", registered_on="2026-11-01")
    events = logged(FILED, security_created(), enforced)
    assert {INSTITUTE: 1} == owners(events, "2026-10-29")
    assert {RIVAL: 1} == owners(events, "2026-10-30")
    assert {INSTITUTE: 1} == owners(events, "2026-10-31", "third_parties")
    assert {RIVAL: 1} == owners(events, "2026-11-01", "third_parties")


def test_title_goes_back_where_the_assignment_is_void_from_a_day() -> None:
    """From 30 October on, as known since the ruling; before, the ledger believed otherwise."""
    ruling = ruling_made(orders=[void(AGREED, ASSIGNMENT, RIGHT, start="2026-10-31")])
    past = (FILED, AGREED, REGISTERED, court_registered(), dispute_opened(concerns=[ASSIGNMENT]))
    events = logged(*past, ruling)
    for effect in ("parties", "third_parties"):
        assert {INSTITUTE: 1} == owners(events, "2026-12-01", effect)
        assert {FIRM: 1} == owners(events, "2026-12-01", effect, at=4)
    assert {INSTITUTE: 1} == dict(value_of(RIGHT, events).owners)
