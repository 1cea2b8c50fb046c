"""Technologies: registered once, by all owners, whose shares are a whole."""

from fractions import Fraction

import pytest
from pydantic import ValidationError

from ledger.domain.authority import SignerMissing
from ledger.domain.existence import SubjectExists
from ledger.domain.money import RateRange
from ledger.domain.right import FractionSum
from ledger.domain.technology import Technology
from tests.support.builders import AUTHOR, FIRM, INSTITUTE, TECHNOLOGY, held, technology_registered
from tests.support.specification import given, said

SHARED = technology_registered(owners=[held(INSTITUTE, 2, 3), held(AUTHOR, 1, 3)])


def test_a_technology_keeps_its_owners_shares() -> None:
    shares = {INSTITUTE: Fraction(2, 3), AUTHOR: Fraction(1, 3)}
    assert Technology(1, shares) == given(SHARED).value(TECHNOLOGY)


def test_subject_exists_refuses_a_technology_twice() -> None:
    other = technology_registered(technology="technology:other")
    given(SHARED).when(technology_registered()).then_refused(
        SubjectExists, positions=(0,), subjects=(TECHNOLOGY,)
    )
    given(SHARED).when(other).then_admitted()


def test_fraction_sum_refuses_thirds_that_do_not_add_up() -> None:
    """1/3 + 1/3 + 0.3333 is 0.99996..., and fractions say so exactly."""
    thirds = [held(INSTITUTE, 1, 3), held(AUTHOR, 1, 3)]
    short = technology_registered(owners=[*thirds, held(FIRM, 3333, 10_000)])
    given().when(short).then_refused(FractionSum)
    given().when(technology_registered(owners=[*thirds, held(FIRM, 1, 3)])).then_admitted()


def test_signer_missing_refuses_owners_who_did_not_all_sign() -> None:
    given().when(said(SHARED, signed_by=[INSTITUTE])).then_refused(
        SignerMissing, subjects=(AUTHOR,)
    )
    given().when(SHARED).then_admitted()


@pytest.mark.parametrize("part", [-1, 1_000_001])
def test_rate_range_refuses_a_state_part_beyond_the_whole(part: int) -> None:
    given().when(technology_registered(state_funded_ppm=part)).then_refused(RateRange)


@pytest.mark.parametrize("part", [0, 1_000_000])
def test_the_state_may_fund_nothing_or_all(part: int) -> None:
    given().when(technology_registered(state_funded_ppm=part)).then_admitted()


@pytest.mark.parametrize("trl", [0, 10, 1.0, True])
def test_a_readiness_level_is_one_of_nine(trl: object) -> None:
    technology_registered(trl=1)
    technology_registered(trl=9)
    technology_registered(trl=None)
    with pytest.raises(ValidationError):
        technology_registered(trl=trl)


@pytest.mark.parametrize("share", [[0, 1], [2, 4], [3, 2], [1], [1, 2, 3], [1, 0], [1.0, 2], "1/2"])
def test_a_share_is_a_fraction_in_lowest_terms(share: object) -> None:
    with pytest.raises(ValidationError):
        technology_registered(owners=[{"party": INSTITUTE, "share": share}])


def test_a_share_reads_back_as_it_is_written() -> None:
    written = SHARED.model_dump(mode="json")["owners"]
    assert [held(INSTITUTE, 2, 3), held(AUTHOR, 1, 3)] == written


def test_an_owner_is_listed_once() -> None:
    with pytest.raises(ValidationError, match="listed twice"):
        technology_registered(owners=[held(INSTITUTE, 1, 2), held(INSTITUTE, 1, 2)])
