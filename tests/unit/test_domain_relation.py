"""Relations between parties: who says them, when they hold, and who is related by them."""

from datetime import date

import pytest
from pydantic import ValidationError

from ledger.domain.admission import Folds
from ledger.domain.core.existence import (
    FutureFact,
    IntervalEmpty,
    PredecessorUnknown,
    SubjectExists,
)
from ledger.domain.core.money import RateRange
from ledger.domain.parties.relation import RelationOver, related, relations_between
from ledger.domain.parties.signature_refusals import WrongSigner
from tests.support.builders import FIRM, INSTITUTE, REGISTRAR, RIVAL, THIRD
from tests.support.parties import RELATION, relation_declared, relation_ended
from tests.support.specification import Past, given

SECOND = "relation:01890000-0000-7000-8000-000000000022"
TODAY = date(2026, 11, 2)


def are_related(log: Past, a: str, b: str, day: date = TODAY) -> bool:
    return related(Folds(log.subjects), a, b, day)


def test_parent_and_subsidiary_are_related_while_it_lasts() -> None:
    log = given(relation_declared(), relation_ended())
    for a, b in ((FIRM, RIVAL), (RIVAL, FIRM)):
        assert not are_related(log, a, b, date(2025, 12, 31))
        assert are_related(log, a, b, date(2026, 1, 1))
        assert are_related(log, a, b, date(2026, 10, 31))
        assert not are_related(log, a, b, date(2026, 11, 1))
    assert are_related(log, FIRM, FIRM)


def test_two_subsidiaries_of_one_parent_are_related() -> None:
    second = relation_declared(relation=SECOND, other=THIRD)
    log = given(relation_declared(), second)
    assert are_related(log, RIVAL, THIRD)
    found = relations_between(Folds(log.subjects), RIVAL, THIRD, TODAY)
    assert {1, 2} == {each.position for each in found}


@pytest.mark.parametrize("kind", ["state_capital", "member", "branch", "evaluator"])
def test_what_one_party_has_part_in_is_not_related_among_itself(kind: str) -> None:
    second = relation_declared(relation=SECOND, other=THIRD, kind=kind)
    log = given(relation_declared(kind=kind), second)
    assert are_related(log, FIRM, RIVAL)
    assert are_related(log, FIRM, THIRD)
    assert not are_related(log, RIVAL, THIRD)


def test_two_parents_of_one_subsidiary_are_not_related_by_it() -> None:
    log = given(
        relation_declared(party=FIRM, other=THIRD),
        relation_declared(relation=SECOND, party=RIVAL, other=THIRD, declared_by=RIVAL),
    )
    assert not are_related(log, FIRM, RIVAL)


def test_who_is_unknown_is_related_to_nobody() -> None:
    assert not are_related(given(relation_declared()), FIRM, "party:vn.nobody")


def test_a_relation_is_declared_by_one_of_the_two_or_an_officer() -> None:
    given().when(relation_declared(declared_by=INSTITUTE)).then_refused(WrongSigner)
    for speaker in (FIRM, RIVAL, REGISTRAR):
        given().when(relation_declared(declared_by=speaker)).then_admitted()
    given(relation_declared()).when(relation_ended(ended_by=INSTITUTE)).then_refused(WrongSigner)


def test_a_relation_begins_once_and_not_in_days_to_come() -> None:
    given(relation_declared()).when(relation_declared()).then_refused(SubjectExists, positions=(0,))
    given().when(relation_declared(valid_from="2026-11-03")).then_refused(FutureFact)
    given().when(relation_declared(share_ppm=1_000_001)).then_refused(RateRange)
    with pytest.raises(ValidationError):
        relation_declared(other=FIRM)


def test_relation_ended_once_after_it_began() -> None:
    log = given(relation_declared())
    log.when(relation_ended(ended_on="2026-01-01")).then_refused(IntervalEmpty, positions=(0,))
    log.when(relation_ended(ended_on="2026-11-03")).then_refused(FutureFact)
    log.when(relation_ended(other=THIRD)).then_refused(PredecessorUnknown, subjects=(RELATION,))
    log.and_then(relation_ended()).when(relation_ended()).then_refused(RelationOver, positions=(1,))
