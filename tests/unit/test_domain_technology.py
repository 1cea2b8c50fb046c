"""Technologies: registered once, by all owners, whose shares are a whole."""

from datetime import date
from fractions import Fraction

import pytest
from pydantic import ValidationError

from ledger.domain.core.context import OpeningRequired
from ledger.domain.core.existence import FutureFact, PredecessorUnknown, SubjectExists
from ledger.domain.core.money import RateRange, ShareSum
from ledger.domain.parties.signature_refusals import SignerMissing, WrongSigner
from ledger.domain.rights.right import FractionSum
from tests.support.builders import (
    AUTHOR,
    BANK,
    FIRM,
    INSTITUTE,
    REGISTRAR,
    RIVAL,
    SOME_HASH,
    TECHNOLOGY,
    held,
    right_filed,
    sealed,
    technology_registered,
)
from tests.support.specification import given, said
from tests.support.technologies import (
    authors_declared,
    contribution_recorded,
    contributor,
    funding_agreed,
    technology_classified,
    trl_declared,
)

SHARED = technology_registered(owners=[held(INSTITUTE, 2, 3), held(AUTHOR, 1, 3)])


def test_a_technology_keeps_its_owners_shares() -> None:
    shares = {INSTITUTE: Fraction(2, 3), AUTHOR: Fraction(1, 3)}
    technology = given(SHARED).value(TECHNOLOGY)
    assert (1, shares) == (technology.position, technology.owners)


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


def test_readiness_is_declared_by_an_owner() -> None:
    log = given(technology_registered())
    assert 7 == log.and_then(trl_declared()).value(TECHNOLOGY).trl
    log.when(trl_declared(declared_by=FIRM)).then_refused(WrongSigner, positions=(0,))
    log.when(trl_declared(declared_on="2026-11-03")).then_refused(FutureFact)
    given().when(trl_declared()).then_refused(PredecessorUnknown, subjects=(TECHNOLOGY,))


def test_a_reviewer_says_on_which_list_it_stands_and_not_its_owner() -> None:
    log = given(technology_registered())
    listed = log.and_then(technology_classified()).value(TECHNOLOGY)
    assert ("restricted.1", 2) == (listed.category, listed.classified)
    log.when(technology_classified(classified_by=REGISTRAR)).then_admitted()
    log.when(technology_classified(classified_by=INSTITUTE)).then_refused(WrongSigner)
    own_word = given(technology_registered(category="banned.2")).value(TECHNOLOGY)
    assert ("banned.2", 1) == (own_word.category, own_word.classified)


def test_funding_is_as_declared_and_then_as_agreed() -> None:
    log = given(technology_registered(state_funded_ppm=333_333))
    declared = log.value(TECHNOLOGY).funding
    assert (1, Fraction(333_333, 1_000_000)) == (declared.position, declared.state_share)
    thirds = [
        contributor(REGISTRAR, 1, 3, state=True),
        contributor(BANK, 1, 3, state=True),
        contributor(FIRM, 1, 3, state=False),
    ]
    agreed = log.and_then(funding_agreed(contributors=thirds, terms=[])).value(TECHNOLOGY).funding
    assert (2, Fraction(2, 3)) == (agreed.position, agreed.state_share)
    assert ("KC.02.19/21-25", date(2025, 11, 10)) == (agreed.task, agreed.task_assigned_on)


def test_whether_the_state_paid_for_any_of_it() -> None:
    private = given(technology_registered(state_funded_ppm=0))
    assert not private.value(TECHNOLOGY).state_funded
    assert private.and_then(funding_agreed()).value(TECHNOLOGY).state_funded


def test_fraction_sum_refuses_contributions_that_are_not_a_whole() -> None:
    log = given(technology_registered())
    short = funding_agreed(contributors=[contributor(REGISTRAR, 7, 10, state=True)])
    log.when(short).then_refused(FractionSum)
    log.when(funding_agreed()).then_admitted()


def test_signer_missing_refuses_funding_without_all_owners() -> None:
    log = given(SHARED)
    log.when(funding_agreed()).then_refused(SignerMissing, positions=(0,), subjects=(AUTHOR,))
    log.when(funding_agreed(owners=[INSTITUTE, AUTHOR])).then_admitted()
    stranger = funding_agreed(owners=[INSTITUTE, AUTHOR, RIVAL])
    log.when(stranger).then_refused(WrongSigner)


def test_a_funder_that_did_not_sign_agreed_nothing() -> None:
    unsigned = said(funding_agreed(), signed_by=[INSTITUTE, FIRM])
    given(technology_registered()).when(unsigned).then_refused(SignerMissing, subjects=(REGISTRAR,))


def test_a_contributor_is_listed_once_and_has_its_own_terms() -> None:
    twice = [contributor(FIRM, 1, 2, state=False)] * 2
    with pytest.raises(ValidationError, match="listed twice"):
        funding_agreed(contributors=twice, terms=[])
    with pytest.raises(ValidationError, match="of a contributor"):
        funding_agreed(contributors=[contributor(FIRM, 1, 1, state=False)])


def test_authors_speak_for_themselves_or_the_council_s_minutes_do() -> None:
    log = given(technology_registered())
    log.when(authors_declared()).then_admitted()
    by_owner = authors_declared(declared_by=[INSTITUTE])
    log.when(by_owner).then_refused(SignerMissing, subjects=(AUTHOR,))
    log.when(authors_declared(declared_by=[INSTITUTE], minutes_sha256=SOME_HASH)).then_admitted()
    by_stranger = authors_declared(declared_by=[FIRM], minutes_sha256=SOME_HASH)
    log.when(by_stranger).then_refused(WrongSigner)


def test_a_split_has_a_part_for_each_author_and_is_a_whole() -> None:
    log = given(technology_registered())
    half = authors_declared(split=[{"party": AUTHOR, "ppm": 500_000}])
    log.when(half).then_refused(ShareSum)
    of_another = authors_declared(split=[{"party": FIRM, "ppm": 1_000_000}])
    whole = {"/body/split": [{"party": AUTHOR, "ppm": 1_000_000}]}
    log.when(of_another).then_refused(SignerMissing, subjects=(AUTHOR,), word=whole)
    log.when(authors_declared(split=None)).then_admitted()


def test_authors_can_be_sealed() -> None:
    log = given(technology_registered())
    minutes = {"declared_by": [INSTITUTE], "minutes_sha256": SOME_HASH}
    hidden = authors_declared(authors=sealed(), split=None, **minutes)
    known = log.and_then(hidden).value(TECHNOLOGY).authors
    assert (hidden.authors, None) == (known.parties, known.split)
    assert AUTHOR not in hidden.subjects()
    shared = authors_declared(authors=sealed(), split=sealed("split"), **minutes)
    log.when(shared).then_refused(OpeningRequired)
    opened = {"/body/authors": [AUTHOR], "/body/split": [{"party": AUTHOR, "ppm": 1_000_000}]}
    log.when(said(shared, openings=opened)).then_admitted()


def test_an_author_is_a_random_token() -> None:
    with pytest.raises(ValidationError, match="party:tok"):
        authors_declared(authors=[INSTITUTE])


def test_a_contribution_is_witnessed_by_another() -> None:
    log = given(technology_registered(), right_filed(), contribution_recorded())
    assert {FIRM: 3} == dict(log.value(TECHNOLOGY).contributed)
    with pytest.raises(ValidationError, match="witnessed by another"):
        contribution_recorded(witness=FIRM)
