"""The course of a security: perfected, passed on, enforced."""

from fractions import Fraction

from ledger.domain.core.existence import FutureFact, PredecessorUnknown
from ledger.domain.parties.signature_refusals import SignerMissing
from ledger.domain.rights.right import FractionSum
from ledger.domain.rights.security import ReleaseByStranger, ReleaseMismatch
from tests.support.builders import (
    BANK,
    FIRM,
    INSTITUTE,
    RIGHT,
    RIVAL,
    SECURITY,
    assignment_agreed,
    assignment_registered,
    held,
    right_filed,
    security_created,
    security_released,
)
from tests.support.specification import given, said
from tests.support.titles import security_assigned, security_enforced, security_perfected

FILED = right_filed()
CHARGED = (FILED, security_created(forbids_assignment=False))


def test_a_security_is_perfected_once_whatever_registers_say_later() -> None:
    log = given(*CHARGED, security_perfected())
    first = log.value(RIGHT).liens[SECURITY].perfected
    again = log.and_then(security_perfected(registered_at="2026-11-01T02:30:00.000Z"))
    assert first == again.value(RIGHT).liens[SECURITY].perfected
    assert 3 == first.position


def test_perfecting_what_is_not_there_or_not_yet_is_refused() -> None:
    given(FILED).when(security_perfected()).then_refused(PredecessorUnknown, subjects=(SECURITY,))
    tomorrow = security_perfected(registered_at="2026-11-02T18:00:00.000Z")
    given(*CHARGED).when(tomorrow).then_refused(FutureFact)


def test_the_state_may_register_what_was_released() -> None:
    log = given(*CHARGED, security_released())
    assert {} == dict(log.and_then(security_perfected()).value(RIGHT).liens)


def test_a_security_passes_to_the_new_creditor_with_its_rank() -> None:
    log = given(*CHARGED, security_perfected(), security_assigned())
    lien = log.value(RIGHT).liens[SECURITY]
    assert frozenset({RIVAL}) == lien.creditors == log.value(SECURITY).creditors[RIGHT]
    assert lien.perfected is not None
    log.when(security_released()).then_refused(ReleaseByStranger, subjects=(BANK,))
    log.when(security_released(creditor=RIVAL)).then_admitted()


def test_only_its_creditor_passes_a_security_on_and_both_sign() -> None:
    log = given(*CHARGED)
    log.when(security_assigned(creditor=FIRM)).then_refused(ReleaseByStranger, positions=(1,))
    log.when(said(security_assigned(), signed_by=[BANK])).then_refused(SignerMissing)
    freed = log.and_then(security_released())
    freed.when(security_assigned()).then_refused(ReleaseMismatch, positions=(1, 2))


def test_an_enforcement_moves_title_and_ends_the_security() -> None:
    log = given(*CHARGED, security_perfected(), security_enforced())
    right = log.value(RIGHT)
    assert {RIVAL: 1} == dict(right.owners)
    assert {INSTITUTE: 4} == dict(right.former)
    assert {} == dict(right.liens)
    assert {RIGHT: 4} == dict(log.value(SECURITY).ended)


def test_an_enforcement_takes_from_whoever_owns_by_then_what_there_is() -> None:
    """The lien followed the right; the register says more than the debtor still has."""
    half = assignment_agreed(
        assignors=[held(INSTITUTE, 1, 2)], assignees=[held(FIRM, 1, 2)], ground="gift"
    )
    log = given(*CHARGED, half, assignment_registered(), security_enforced())
    assert {FIRM: Fraction(1, 2), RIVAL: Fraction(1, 2)} == dict(log.value(RIGHT).owners)


def test_fraction_sum_refuses_an_enforcement_that_gives_more_than_it_takes() -> None:
    body = security_enforced(acquirers=[held(RIVAL, 1, 2)])
    given(*CHARGED).when(body).then_refused(FractionSum)


def test_other_liens_stay_when_one_is_enforced() -> None:
    second = security_created(security="security:second", creditor=RIVAL)
    log = given(*CHARGED, second, security_enforced())
    assert {"security:second"} == set(log.value(RIGHT).liens.keys())
