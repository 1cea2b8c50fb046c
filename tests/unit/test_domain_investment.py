"""Investments: promises about rights, by whom they bind, and how they end."""

import pytest

from ledger.domain.core.existence import FutureFact, PredecessorUnknown, SubjectExists
from ledger.domain.core.money import RateRange
from ledger.domain.core.types import legal_day
from ledger.domain.parties.signature_refusals import WrongSigner
from ledger.domain.rights.covenant import Act, CovenantBreach, must_have_covenant_consent
from ledger.domain.rights.title import NotOwner
from tests.support.builders import (
    FIRM,
    INSTITUTE,
    OTHER_RIGHT,
    RIGHT,
    assignment_agreed,
    assignment_registered,
    other_right_filed,
    right_filed,
    sealed,
    security_created,
)
from tests.support.conveyances import conveyance_attested
from tests.support.specification import START, given, said
from tests.support.titles import (
    FUND,
    INVESTMENT,
    fund_registered,
    investment_ended,
    investment_made,
    promised,
)

BEFORE = (right_filed(), fund_registered())


def test_wrong_signer_refuses_an_investor_that_is_no_fund() -> None:
    given(*BEFORE).when(investment_made(fund=FIRM)).then_refused(WrongSigner, subjects=(FIRM,))
    given(*BEFORE).when(investment_made()).then_admitted()


def test_not_owner_refuses_promises_about_what_the_company_does_not_own() -> None:
    given(*BEFORE).when(investment_made(company=FIRM)).then_refused(NotOwner, positions=(0,))


def test_an_investment_is_made_once_not_tomorrow_and_for_a_stake_that_is_one() -> None:
    log = given(*BEFORE)
    log.and_then(investment_made()).when(investment_made()).then_refused(SubjectExists)
    log.when(investment_made(made_on="2026-11-03")).then_refused(FutureFact)
    log.when(investment_made(stake_ppm=1_000_001)).then_refused(RateRange)


def test_amount_and_stake_may_be_sealed() -> None:
    body = investment_made(amount=sealed(), stake_ppm=sealed("stake"))
    given(*BEFORE).when(said(body, openings={"/body/stake_ppm": 5})).then_admitted()


def test_only_the_fund_gives_its_promises_up_and_only_those_it_has() -> None:
    log = given(*BEFORE, other_right_filed(), investment_made())
    log.when(investment_ended(ended_by=INSTITUTE)).then_refused(WrongSigner, positions=(3,))
    both = investment_ended(rights=[RIGHT, OTHER_RIGHT])
    log.when(both).then_refused(PredecessorUnknown, subjects=(OTHER_RIGHT,))
    ended = log.and_then(investment_ended())
    assert {} == dict(ended.value(RIGHT).covenants)
    assert frozenset() == ended.value(INVESTMENT).rights


def test_a_promise_binds_no_later_owner() -> None:
    log = given(*BEFORE, investment_made(covenants=[promised("negative_pledge")]))
    sold = log.and_then(assignment_agreed(ground="gift")).and_then(assignment_registered())
    sold.when(security_created(debtors=[FIRM])).then_admitted()


def test_a_promise_ends_after_its_last_day() -> None:
    def until(day: str) -> object:
        return investment_made(covenants=[promised("negative_pledge", until=day)])

    given(*BEFORE, until("2026-11-01")).when(security_created()).then_admitted()
    given(*BEFORE, until("2026-11-02")).when(security_created()).then_refused(CovenantBreach)


def test_a_pledge_recorded_elsewhere_breaches_the_promise_as_well() -> None:
    log = given(*BEFORE, investment_made(covenants=[promised("negative_pledge")]))
    log.when(conveyance_attested(kind="security")).then_refused(CovenantBreach, positions=(2,))


def test_a_veto_on_exclusive_licences_is_asked_for_by_whoever_licenses() -> None:
    right = given(*BEFORE, investment_made()).value(RIGHT)
    licensing = Act("exclusive_licence_veto", [INSTITUTE], legal_day(START))
    with pytest.raises(CovenantBreach) as caught:
        must_have_covenant_consent(RIGHT, right, licensing, [INSTITUTE])
    assert (FUND, RIGHT) == caught.value.subjects
    must_have_covenant_consent(RIGHT, right, licensing, [FUND])
