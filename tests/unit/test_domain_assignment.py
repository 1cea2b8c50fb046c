"""The course of an assignment: refused by the office, rescinded by all, or registered late."""

from datetime import UTC, datetime
from fractions import Fraction

import pytest

from ledger.domain.core.body import Body
from ledger.domain.core.court_hold import DeedVoid
from ledger.domain.core.existence import FutureFact, PredecessorUnknown
from ledger.domain.core.money import RateRange
from ledger.domain.market.listing import ContentMissing
from ledger.domain.parties.signature_refusals import SignerMissing, WrongSigner
from ledger.domain.rights.assignment import AssignmentSettled, PriorityTooLong
from ledger.domain.rights.title import DoubleAssignPending, NotOwner
from tests.support.builders import (
    ASSIGNMENT,
    CONTRACT,
    FIRM,
    INSTITUTE,
    OTHER_RIGHT,
    RIGHT,
    RIVAL,
    assignment_agreed,
    assignment_registered,
    contract_concluded,
    grant,
    held,
    other_right_filed,
    right_filed,
    sealed,
    vnd,
)
from tests.support.disputes import court_registered, dispute_opened, ruling_made, void
from tests.support.specification import given, said
from tests.support.titles import SECOND, assignment_refused, assignment_rescinded, priority_noted

FILED = right_filed()
AGREED = (FILED, assignment_agreed())


@pytest.mark.parametrize("end", [assignment_refused(), assignment_rescinded()])
def test_an_assignment_that_ended_waits_no_more(end: Body) -> None:
    log = given(*AGREED, end)
    right = log.value(RIGHT)
    assert ({}, {INSTITUTE: 1}) == (dict(right.pending), dict(right.owners))
    log.when(assignment_rescinded()).then_refused(
        AssignmentSettled, positions=(2,), subjects=(ASSIGNMENT, RIGHT)
    )


@pytest.mark.parametrize("end", [assignment_refused(), assignment_rescinded()])
def test_the_register_has_the_last_word_on_what_had_ended(end: Body) -> None:
    """A fact of the State is recorded although it contradicts; title moves as it says."""
    log = given(*AGREED, end, assignment_registered())
    assert {FIRM: 1} == dict(log.value(RIGHT).owners)


def test_assignment_settled_refuses_to_rescind_what_was_registered() -> None:
    log = given(*AGREED, assignment_registered())
    log.when(assignment_rescinded()).then_refused(AssignmentSettled, positions=(2,))
    given(*AGREED).when(assignment_rescinded()).then_admitted()


def test_a_refusal_by_the_office_after_the_registration_moves_nothing() -> None:
    log = given(*AGREED, assignment_registered(), assignment_refused())
    assert {FIRM: 1} == dict(log.value(RIGHT).owners)


def test_signer_missing_refuses_to_rescind_without_all_who_agreed() -> None:
    alone = assignment_rescinded(parties=[INSTITUTE])
    given(*AGREED).when(alone).then_refused(SignerMissing, positions=(1,), subjects=(FIRM,))
    more = assignment_rescinded(parties=[INSTITUTE, FIRM, RIVAL])
    given(*AGREED).when(more).then_refused(WrongSigner, positions=(1,), subjects=(RIVAL,))


def test_what_ends_an_assignment_names_its_rights_and_a_day_that_has_come() -> None:
    log = given(*AGREED, other_right_filed())
    for end in (assignment_refused, assignment_rescinded):
        log.when(end(rights=[OTHER_RIGHT])).then_refused(PredecessorUnknown, positions=(1,))
    log.when(assignment_refused(refused_on="2026-11-03")).then_refused(FutureFact)
    log.when(assignment_rescinded(rescinded_on="2026-11-03")).then_refused(FutureFact)


def test_rights_of_one_assignment_end_each_for_itself() -> None:
    both = assignment_agreed(rights=[RIGHT, OTHER_RIGHT])
    log = given(FILED, other_right_filed(), both, assignment_refused(), assignment_registered())
    assert {RIGHT: 5} == dict(log.value(ASSIGNMENT).settled)
    log.when(assignment_rescinded(rights=[OTHER_RIGHT])).then_admitted()


@pytest.mark.parametrize("kind", ["software", "know_how"])
def test_an_office_that_refuses_takes_nothing_back_that_passed_by_agreement(kind: str) -> None:
    log = given(right_filed(kind=kind), assignment_agreed(agreed_on="2026-11-02"))
    assert {FIRM: 1} == dict(log.value(RIGHT).owners)
    refused = log.and_then(assignment_refused())
    assert ({}, {FIRM: 1}) == (
        dict(refused.value(RIGHT).pending),
        dict(refused.value(RIGHT).owners),
    )
    registered = refused.and_then(assignment_registered())
    assert {FIRM: 1} == dict(registered.value(RIGHT).owners)


@pytest.mark.parametrize("kind", ["software", "know_how"])
def test_a_right_without_register_passes_as_agreed_and_goes_back_as_rescinded(kind: str) -> None:
    half = assignment_agreed(
        assignors=[held(INSTITUTE, 1, 2)],
        assignees=[held(FIRM, 1, 2)],
        agreed_on="2026-11-02",
    )
    log = given(right_filed(kind=kind), half)
    both = {INSTITUTE: Fraction(1, 2), FIRM: Fraction(1, 2)}
    assert both == dict(log.value(RIGHT).owners)
    assert both == dict(log.and_then(assignment_registered()).value(RIGHT).owners)
    back = log.and_then(assignment_rescinded(rescinded_on="2026-11-02"))
    assert {INSTITUTE: 1} == dict(back.value(RIGHT).owners)


def test_not_owner_refuses_to_sell_know_how_twice() -> None:
    today = {"agreed_on": "2026-11-02"}
    log = given(right_filed(kind="know_how"), assignment_agreed(**today))
    again = assignment_agreed(assignment=SECOND, assignees=[held(RIVAL)], **today)
    log.when(again).then_refused(NotOwner, positions=(1,))


EQUITY = {"company": FIRM, "stake_ppm": 300_000, "value": vnd(2_000_000_000)}


def contributed(**equity: object) -> Body:
    return assignment_agreed(ground="capital_contribution", price=None, equity={**EQUITY, **equity})


def test_a_right_is_contributed_to_a_companys_capital() -> None:
    """For a stake in the company that takes it (rows 18 and 28)."""
    log = given(FILED).and_then(contributed())
    assert {FIRM: 1} == dict(log.and_then(assignment_registered()).value(RIGHT).owners)
    sealed_stake = contributed(stake_ppm=300_000, value=sealed())
    given(FILED).when(sealed_stake).then_admitted()


def test_content_missing_refuses_a_contribution_without_its_stake() -> None:
    without = assignment_agreed(ground="capital_contribution", price=None)
    given(FILED).when(without).then_refused(ContentMissing, word={"/body/equity": EQUITY})
    given(FILED).when(contributed(company=RIVAL)).then_refused(ContentMissing)
    given(FILED).when(assignment_agreed(ground="sale", equity=EQUITY)).then_refused(ContentMissing)
    given(FILED).when(contributed(stake_ppm=1_000_001)).then_refused(RateRange)


def test_a_licence_back_follows_the_assignment_that_announced_it() -> None:
    """Sony assigned to GSI and kept a licence: the assignees can license once they own."""
    body = assignment_agreed(grant_back=CONTRACT)
    assert CONTRACT not in body.subjects()  # It rests on the assignment, not the other way round.
    back = contract_concluded(
        parties=[FIRM, INSTITUTE],
        grants=[grant(licensor=FIRM, licensee=INSTITUTE, valid_from="2026-11-02")],
        effective_from="2026-11-02",
        concluded_on="2026-11-02",
    )
    log = given(FILED, body)
    log.when(back).then_refused(NotOwner)
    log.and_then(assignment_registered()).when(back).then_admitted()


def test_priority_too_long_refuses_more_than_the_exchange_allows_and_a_second_notice() -> None:
    log = given(*AGREED)
    log.when(priority_noted(until="2027-01-02")).then_refused(PriorityTooLong)
    noted = log.and_then(priority_noted(until="2027-01-01"))
    noted.when(priority_noted()).then_refused(PriorityTooLong, positions=(2,))


def test_only_a_party_has_shares_kept_and_only_while_the_assignment_waits() -> None:
    given(*AGREED).when(priority_noted(noted_by=RIVAL)).then_refused(WrongSigner, positions=(1,))
    log = given(*AGREED, assignment_registered())
    log.when(priority_noted()).then_refused(AssignmentSettled, positions=(2,))


def test_of_two_assignments_the_first_notice_keeps_the_share() -> None:
    second = assignment_agreed(assignment=SECOND, assignees=[held(RIVAL)])
    log = given(*AGREED, second, priority_noted())
    rival = priority_noted(assignment=SECOND, noted_by=RIVAL)
    log.when(rival).then_refused(DoubleAssignPending, positions=(1, 3))
    log.and_then(assignment_refused()).when(rival).then_admitted()


def test_notices_that_ran_out_do_not_gather() -> None:
    log = given(*AGREED, priority_noted(until="2026-11-02"))
    half = {"assignors": [held(INSTITUTE, 1, 2)], "assignees": [held(RIVAL, 1, 2)]}
    later = datetime(2026, 11, 10, tzinfo=UTC)
    second = assignment_agreed(assignment=SECOND, agreed_on="2026-11-10", **half)
    log = log.and_then(said(second, accepted=later))
    noted = said(priority_noted(assignment=SECOND, noted_by=RIVAL), accepted=later)
    both = log.and_then(noted)
    assert {SECOND} == set(both.value(RIGHT).priorities.keys())
    # Yet who had one, and let it run out, gets no other.
    again = said(priority_noted(until="2026-11-20"), accepted=later)
    both.when(again).then_refused(PriorityTooLong, positions=(2,))


def test_deed_void_refuses_to_keep_or_rescind_what_a_ruling_declared_void() -> None:
    voided = ruling_made(orders=[void(assignment_agreed(), ASSIGNMENT, RIGHT)])
    log = given(*AGREED, court_registered(), dispute_opened(concerns=[ASSIGNMENT]), voided)
    for late in (priority_noted(), assignment_rescinded()):
        log.when(late).then_refused(DeedVoid, positions=(4,), subjects=(ASSIGNMENT,))
