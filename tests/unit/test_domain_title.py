"""Title: agreed, then registered; exact fractions that add up to the whole at every position."""

from fractions import Fraction

import pytest
from hypothesis import given as for_all
from hypothesis import settings
from hypothesis import strategies as st

from ledger.domain.contracts.assignment_agreement import FractionExceeded
from ledger.domain.core.existence import FutureFact, PredecessorUnknown, SubjectExists
from ledger.domain.parties.signature_refusals import SignerMissing, WrongSigner
from ledger.domain.rights.right import FractionSum
from ledger.domain.rights.title import NotOwner
from tests.support.builders import (
    ASSIGNMENT,
    AUTHOR,
    BANK,
    CLERK,
    FIRM,
    INSTITUTE,
    OTHER_RIGHT,
    RIGHT,
    RIVAL,
    SOME_HASH,
    THIRD,
    assignment_agreed,
    assignment_registered,
    held,
    other_right_filed,
    right_filed,
)
from tests.support.specification import Past, given, said

SECOND = "assignment:second"
FILED = right_filed()
ASSIGNED = (FILED, assignment_agreed(), assignment_registered())


def owners(log: Past, right: str = RIGHT) -> dict[str, Fraction]:
    return dict(log.value(right).owners)


def test_title_moves_on_registration_not_on_agreement() -> None:
    agreed = given(FILED, assignment_agreed())
    assert {INSTITUTE: 1} == owners(agreed)
    registered = agreed.and_then(assignment_registered())
    assert {FIRM: 1} == owners(registered)
    assert {INSTITUTE: 3} == dict(registered.value(RIGHT).former)


def test_not_owner_refuses_to_assign_twice() -> None:
    """The institute assigned in May, registered; in June it signs to another."""
    again = assignment_agreed(assignment=SECOND, assignees=[held(RIVAL)])
    given(*ASSIGNED).when(again).then_refused(NotOwner, positions=(2,), subjects=(INSTITUTE, RIGHT))
    now = assignment_agreed(assignment=SECOND, assignors=[held(FIRM)], assignees=[held(RIVAL)])
    given(*ASSIGNED).when(now).then_admitted()


def test_not_owner_points_to_the_event_by_which_the_assignor_ceased_to_own() -> None:
    """The title has moved on since; what forbids is still the institute's own assignment."""
    on = assignment_agreed(assignment=SECOND, assignors=[held(FIRM)], assignees=[held(THIRD)])
    log = given(*ASSIGNED, on, assignment_registered(assignment=SECOND))
    again = assignment_agreed(assignment="assignment:third", assignees=[held(RIVAL)])
    log.when(again).then_refused(NotOwner, positions=(2,))


def test_not_owner_refuses_a_party_that_never_owned() -> None:
    stranger = assignment_agreed(assignment=SECOND, assignors=[held(RIVAL)])
    given(*ASSIGNED).when(stranger).then_refused(NotOwner, positions=(2,), subjects=(RIGHT, RIVAL))


def test_not_owner_holds_for_every_right_of_the_assignment() -> None:
    both = assignment_agreed(rights=[RIGHT, OTHER_RIGHT])
    foreign = other_right_filed(owners=[held(THIRD)])
    given(FILED, foreign).when(both).then_refused(NotOwner, positions=(1,))
    given(FILED, other_right_filed()).when(both).then_admitted()


def test_fraction_exceeded_refuses_half_of_two_fifths() -> None:
    filed = right_filed(owners=[held(INSTITUTE, 3, 5), held(FIRM, 2, 5)])
    half = assignment_agreed(assignors=[held(FIRM, 1, 2)], assignees=[held(INSTITUTE, 1, 2)])
    all_of_it = assignment_agreed(assignors=[held(FIRM, 2, 5)], assignees=[held(INSTITUTE, 2, 5)])
    given(filed).when(half).then_refused(FractionExceeded, positions=(0,), subjects=(FIRM, RIGHT))
    given(filed).when(all_of_it).then_admitted()


def test_fraction_sum_refuses_to_take_another_sum_than_is_given() -> None:
    assignees = [held(FIRM, 1, 2), held(RIVAL, 1, 3)]
    given(FILED).when(assignment_agreed(assignees=assignees)).then_refused(FractionSum)
    whole = [held(FIRM, 1, 2), held(RIVAL, 1, 2)]
    given(FILED).when(assignment_agreed(assignees=whole)).then_admitted()


def test_fractions_of_the_whole_title_move() -> None:
    filed = right_filed(owners=[held(INSTITUTE, 1, 2), held(FIRM, 1, 2)])
    part = assignment_agreed(
        assignors=[held(INSTITUTE, 1, 3), held(FIRM, 1, 6)],
        assignees=[held(RIVAL, 1, 4), held(FIRM, 1, 4)],
    )
    log = given(filed, part, assignment_registered())
    sixth, seven, quarter = Fraction(1, 6), Fraction(7, 12), Fraction(1, 4)
    assert {INSTITUTE: sixth, FIRM: seven, RIVAL: quarter} == owners(log)


def test_subject_exists_refuses_an_assignment_twice() -> None:
    given(FILED, assignment_agreed()).when(assignment_agreed()).then_refused(
        SubjectExists, positions=(1,), subjects=(ASSIGNMENT,)
    )
    second = assignment_agreed(assignment=SECOND)
    given(FILED, assignment_agreed()).when(second).then_admitted()


def test_predecessor_unknown_refuses_to_assign_a_right_that_is_not_there() -> None:
    both = assignment_agreed(rights=[RIGHT, OTHER_RIGHT])
    given(FILED).when(both).then_refused(PredecessorUnknown, subjects=(OTHER_RIGHT,))


def test_predecessor_unknown_refuses_to_register_what_nobody_agreed() -> None:
    given(FILED).when(assignment_registered()).then_refused(
        PredecessorUnknown, subjects=(ASSIGNMENT,)
    )


def test_predecessor_unknown_refuses_to_register_a_right_that_the_assignment_leaves_out() -> None:
    log = given(FILED, other_right_filed(), assignment_agreed())
    more = assignment_registered(rights=[RIGHT, OTHER_RIGHT])
    log.when(more).then_refused(PredecessorUnknown, positions=(2,), subjects=(OTHER_RIGHT,))
    log.when(assignment_registered()).then_admitted()


def test_future_fact_refuses_to_agree_or_register_tomorrow() -> None:
    given(FILED).when(assignment_agreed(agreed_on="2026-11-03")).then_refused(FutureFact)
    given(FILED).when(assignment_agreed(agreed_on="2026-11-02")).then_admitted()
    log = given(FILED, assignment_agreed())
    log.when(assignment_registered(registered_on="2026-11-03")).then_refused(FutureFact)
    log.when(assignment_registered(registered_on="2026-11-02")).then_admitted()


def test_signer_missing_refuses_an_assignment_without_the_assignee() -> None:
    alone = said(assignment_agreed(), signed_by=[INSTITUTE])
    given(FILED).when(alone).then_refused(SignerMissing, subjects=(FIRM,))
    given(FILED).when(assignment_agreed()).then_admitted()


def test_wrong_signer_refuses_a_registration_attested_by_no_clerk() -> None:
    log = given(FILED, assignment_agreed())
    by_bank = assignment_registered(attested_by=BANK, document_sha256=SOME_HASH)
    by_clerk = assignment_registered(attested_by=CLERK, document_sha256=SOME_HASH)
    log.when(by_bank).then_refused(WrongSigner, subjects=(BANK,))
    log.when(by_clerk).then_admitted()


def test_rights_of_one_assignment_may_be_registered_on_different_days() -> None:
    agreed = assignment_agreed(rights=[RIGHT, OTHER_RIGHT])
    first = given(FILED, other_right_filed(), agreed, assignment_registered())
    assert {FIRM: 1} == owners(first)
    assert {INSTITUTE: 1} == owners(first, OTHER_RIGHT)
    second = first.and_then(assignment_registered(rights=[OTHER_RIGHT]))
    assert {FIRM: 1} == owners(second, OTHER_RIGHT)


def test_a_second_registration_of_an_assignment_moves_nothing() -> None:
    half = assignment_agreed(assignors=[held(INSTITUTE, 1, 2)], assignees=[held(FIRM, 1, 2)])
    once = given(FILED, half, assignment_registered())
    twice = once.and_then(assignment_registered(register_no="4522-CGQ"))
    assert {INSTITUTE: Fraction(1, 2), FIRM: Fraction(1, 2)} == owners(once) == owners(twice)


def test_of_two_agreed_assignments_the_register_has_the_last_word() -> None:
    """Both were agreed before either was registered: the second gives what is left, nothing."""
    rival = assignment_agreed(assignment=SECOND, assignees=[held(RIVAL)])
    half = assignment_agreed(assignors=[held(INSTITUTE, 1, 2)], assignees=[held(FIRM, 1, 2)])
    both = given(FILED, half, rival)
    first = both.and_then(assignment_registered())
    second = first.and_then(assignment_registered(assignment=SECOND))
    assert {FIRM: Fraction(1, 2), RIVAL: Fraction(1, 2)} == owners(second)
    other_way = both.and_then(assignment_registered(assignment=SECOND))
    assert {RIVAL: 1} == owners(other_way.and_then(assignment_registered()))


PARTIES = (INSTITUTE, FIRM, RIVAL, AUTHOR)
_SHARES = st.builds(Fraction, st.integers(1, 6), st.just(6))


@settings(max_examples=60, deadline=None)
@for_all(
    st.lists(
        st.tuples(st.sampled_from(PARTIES), st.sampled_from(PARTIES), _SHARES, st.booleans()),
        max_size=6,
    )
)
def test_owners_add_up_to_the_whole_whatever_is_agreed_and_registered(
    deals: list[tuple[str, str, Fraction, bool]],
) -> None:
    log = given(FILED)
    waiting = []
    for number, (giver, taker, share, at_once) in enumerate(deals):
        assignment = f"assignment:{number}"
        gift = {"party": giver, "share": share}
        taking = {"party": taker, "share": share}
        agreed = assignment_agreed(
            assignment=assignment, assignors=[gift], assignees=[taking], ground="gift"
        )
        attempt = log.when(agreed)
        if attempt.refusal is None:
            log = attempt.then_admitted()
            waiting.append(assignment)
        while at_once and waiting:
            log = log.and_then(assignment_registered(assignment=waiting.pop()))
        assert 1 == sum(owners(log).values())
        assert all(part > 0 for part in owners(log).values())


@pytest.mark.parametrize("rights", [[], [RIGHT, RIGHT]])
def test_an_assignment_names_each_of_its_rights_once(rights: list[str]) -> None:
    with pytest.raises(ValueError, match="rights"):
        assignment_agreed(rights=rights)
