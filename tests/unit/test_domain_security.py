"""Liens: charged by an owner, released by the creditor, for what the security charges."""

from datetime import date

from ledger.domain.core.existence import FutureFact, PredecessorUnknown, SubjectExists
from ledger.domain.parties.signature_refusals import SignerMissing
from ledger.domain.rights.encumbrances import Lien
from ledger.domain.rights.security import ReleaseByStranger, ReleaseMismatch, Security, charging
from ledger.domain.rights.title import NotOwner
from tests.support.builders import (
    BANK,
    FIRM,
    INSTITUTE,
    OTHER_RIGHT,
    RIGHT,
    RIVAL,
    SECURITY,
    assignment_agreed,
    assignment_registered,
    held,
    other_right_filed,
    right_filed,
    security_created,
    security_released,
)
from tests.support.specification import given, said

FILED = right_filed()
SECOND = "security:second"
BANKS = frozenset({BANK})
BOTH = [RIGHT, OTHER_RIGHT]


def test_a_security_charges_its_rights() -> None:
    log = given(FILED, security_created())
    lien = Lien(
        BANKS,
        frozenset({INSTITUTE}),
        forbids_assignment=True,
        position=2,
        recorded=date(2026, 11, 2),
    )
    assert {SECURITY: lien} == dict(log.value(RIGHT).liens)
    assert Security(2, charging([RIGHT], BANKS)) == log.value(SECURITY)


def test_a_release_frees_the_rights_that_it_names() -> None:
    charged = given(FILED, other_right_filed(), security_created(rights=BOTH))
    log = charged.and_then(security_released())
    assert {} == dict(log.value(RIGHT).liens)
    assert {SECURITY} == log.value(OTHER_RIGHT).liens.keys()
    assert {RIGHT: frozenset(), OTHER_RIGHT: BANKS} == dict(log.value(SECURITY).creditors)


def test_release_mismatch_names_what_the_security_does_not_charge() -> None:
    charged = given(FILED, other_right_filed(), security_created())
    charged.when(security_released(rights=BOTH)).then_refused(
        ReleaseMismatch, positions=(2,), subjects=(OTHER_RIGHT,)
    )
    charged.when(security_released()).then_admitted()


def test_release_mismatch_refuses_to_release_twice() -> None:
    log = given(FILED, security_created(), security_released())
    log.when(security_released()).then_refused(ReleaseMismatch, positions=(1, 2), subjects=(RIGHT,))


def test_release_by_stranger_refuses_the_debtor() -> None:
    log = given(FILED, security_created())
    by_debtor = security_released(creditor=INSTITUTE)
    log.when(by_debtor).then_refused(ReleaseByStranger, positions=(1,), subjects=(INSTITUTE,))
    log.when(security_released()).then_admitted()


def test_a_release_touches_no_other_lien() -> None:
    second = security_created(security=SECOND, creditor=RIVAL)
    log = given(FILED, security_created(), second, security_released())
    assert {SECOND} == log.value(RIGHT).liens.keys()


def test_a_lien_follows_the_right() -> None:
    log = given(FILED, security_created(), assignment_agreed(), assignment_registered())
    assert {SECURITY} == log.value(RIGHT).liens.keys()


def test_not_owner_refuses_a_debtor_who_owns_nothing_of_a_right() -> None:
    by_rival = security_created(debtors=[RIVAL])
    given(FILED).when(by_rival).then_refused(NotOwner, positions=(0,), subjects=(RIGHT,))
    given(FILED).when(security_created(debtors=[RIVAL, INSTITUTE])).then_admitted()


def test_not_owner_points_to_the_event_by_which_the_debtor_ceased_to_own() -> None:
    back = assignment_agreed(
        assignment="assignment:on", assignors=[held(FIRM)], assignees=[held(RIVAL)]
    )
    on = assignment_registered(assignment="assignment:on")
    log = given(FILED, assignment_agreed(), assignment_registered(), back, on)
    log.when(security_created()).then_refused(NotOwner, positions=(2,))


def test_subject_exists_refuses_a_security_twice() -> None:
    log = given(FILED, security_created())
    log.when(security_created()).then_refused(SubjectExists, positions=(1,), subjects=(SECURITY,))
    log.when(security_created(security=SECOND)).then_admitted()


def test_predecessor_unknown_refuses_to_charge_a_right_that_is_not_there() -> None:
    given().when(security_created()).then_refused(PredecessorUnknown, subjects=(RIGHT,))
    given(FILED).when(security_created()).then_admitted()


def test_predecessor_unknown_refuses_to_release_a_security_that_is_not_there() -> None:
    given(FILED).when(security_released()).then_refused(PredecessorUnknown, subjects=(SECURITY,))


def test_future_fact_refuses_a_charge_or_a_release_of_tomorrow() -> None:
    given(FILED).when(security_created(created_on="2026-11-03")).then_refused(FutureFact)
    given(FILED).when(security_created(created_on="2026-11-02")).then_admitted()
    log = given(FILED, security_created())
    log.when(security_released(released_on="2026-11-03")).then_refused(FutureFact)
    log.when(security_released(released_on="2026-11-02")).then_admitted()


def test_signer_missing_refuses_a_security_without_its_creditor() -> None:
    alone = said(security_created(), signed_by=[INSTITUTE])
    given(FILED).when(alone).then_refused(SignerMissing, subjects=(BANK,))
