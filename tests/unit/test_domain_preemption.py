"""Pre-emption: notices, waivers, and the month that a notice begins."""

import pytest

from ledger.domain.core.existence import FutureFact, PredecessorUnknown, SubjectExists
from ledger.domain.parties.signature_refusals import SignerMissing, WrongSigner
from ledger.domain.rights.preemption import PreemptionOpen, PreemptionTerms
from tests.support.builders import (
    FIRM,
    INSTITUTE,
    OTHER_RIGHT,
    RIGHT,
    RIVAL,
    THIRD,
    assignment_agreed,
    held,
    other_right_filed,
    right_filed,
    vnd,
)
from tests.support.specification import given, said
from tests.support.titles import NOTICE, coowner_notified, preemption_waived

THREE = right_filed(
    owners=[held(INSTITUTE, 1, 4), held(FIRM, 1, 2), held(THIRD, 1, 4)],
)
SALE = {
    "assignors": [held(FIRM, 1, 2)],
    "assignees": [held(RIVAL, 1, 2)],
    "price": vnd(1_000_000_000),
}


def test_every_co_owner_is_told() -> None:
    log = given(THREE, coowner_notified(), preemption_waived())
    one = assignment_agreed(**SALE, notices=[NOTICE])
    log.when(one).then_refused(PreemptionOpen, subjects=(RIGHT, THIRD))
    second = coowner_notified(
        preemption="preemption:second", notified=THIRD, received_on="2026-09-29"
    )
    both = log.and_then(second)
    relying = {"notices": [NOTICE, "preemption:second"], "agreed_on": "2026-11-02"}
    both.when(assignment_agreed(**SALE, **relying)).then_admitted()


def test_a_notice_is_signed_by_the_one_notified_unless_its_receipt_is_proven() -> None:
    alone = said(coowner_notified(receipt_sha256=None), signed_by=[FIRM])
    given(THREE).when(alone).then_refused(SignerMissing, subjects=(INSTITUTE,))
    given(THREE).when(said(coowner_notified(), signed_by=[FIRM])).then_admitted()


def test_a_notice_is_given_once_of_what_is_there_and_has_arrived() -> None:
    log = given(THREE, coowner_notified())
    log.when(coowner_notified()).then_refused(SubjectExists, positions=(1,))
    given().when(coowner_notified()).then_refused(PredecessorUnknown, subjects=(RIGHT,))
    given(THREE).when(coowner_notified(received_on="2026-11-03")).then_refused(FutureFact)


def test_only_the_one_notified_waives() -> None:
    log = given(THREE, coowner_notified())
    log.when(preemption_waived(waived_by=THIRD)).then_refused(WrongSigner, positions=(1,))
    log.when(preemption_waived(waived_on="2026-11-03")).then_refused(FutureFact)
    given(THREE).when(preemption_waived()).then_refused(PredecessorUnknown)


def test_a_notice_about_other_rights_is_no_notice_of_this_sale() -> None:
    """One price for two rights is not comparable with the price of one."""
    two = right_filed(owners=[held(INSTITUTE, 1, 2), held(FIRM, 1, 2)])
    other = other_right_filed(owners=[held(INSTITUTE, 1, 2), held(FIRM, 1, 2)])
    log = given(two, other, coowner_notified(), preemption_waived())
    both = assignment_agreed(**SALE, rights=[RIGHT, OTHER_RIGHT], notices=[NOTICE])
    log.when(both).then_refused(PreemptionTerms, positions=(2,), subjects=(INSTITUTE, RIGHT))


def test_nobody_notifies_itself() -> None:
    with pytest.raises(ValueError, match="itself"):
        coowner_notified(notified=FIRM)
