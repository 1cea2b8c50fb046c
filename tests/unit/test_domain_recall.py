"""A rule that needs what an earlier event sealed takes it from the vault, or says it is gone."""

from ledger.domain.core.body import Body
from ledger.domain.core.context import OpeningMalformed, OpeningRequired
from ledger.domain.revenue.distribution import DistributionMismatch
from ledger.domain.revenue.report import RoyaltyMismatch
from ledger.domain.revenue.suspense import SuspenseReleased
from ledger.domain.rights.funding import AuthorsDeclared
from tests.support import moneys
from tests.support.builders import (
    AUTHOR,
    CONTRACT,
    INSTITUTE,
    SHARE,
    TECHNOLOGY,
    part,
    revenue_distributed,
    revenue_reported,
    right_filed,
    sealed,
    share_agreed,
    technology_registered,
)
from tests.support.running import contract_running
from tests.support.specification import Past, given, said
from tests.support.technologies import authors_declared

COMMITMENT = sealed()["commitment"]

_AFTER = (AuthorsDeclared, SuspenseReleased)

PARTS = [part(INSTITUTE, 700_000), part(AUTHOR, 300_000)]


def with_sealed_rate() -> Past:
    contract = contract_running(royalty_ppm=sealed())
    return given(right_filed(), said(contract, openings={"/body/royalty_ppm": 50_000}))


def test_a_report_is_held_to_the_rate_that_the_vault_keeps() -> None:
    past, report = with_sealed_rate(), revenue_reported()
    past.when(report).then_refused(OpeningRequired, subjects=[CONTRACT])
    past.when(said(report, kept={(CONTRACT, COMMITMENT): 50_000})).then_admitted()
    past.when(said(report, kept={(CONTRACT, COMMITMENT): 40_000})).then_refused(RoyaltyMismatch)


def test_what_another_subject_sealed_is_not_the_contract_s() -> None:
    other = said(revenue_reported(), kept={(SHARE, COMMITMENT): 50_000})
    with_sealed_rate().when(other).then_refused(OpeningRequired)


def test_a_distribution_is_held_to_the_parts_that_the_vault_keeps() -> None:
    agreed = said(share_agreed(parts=sealed()), openings={"/body/parts": PARTS})
    past = given(right_filed(), contract_running(), agreed, revenue_reported())
    shared = revenue_distributed()
    past.when(shared).then_refused(OpeningRequired, subjects=[SHARE])
    past.when(said(shared, kept={(SHARE, COMMITMENT): PARTS})).then_admitted()
    halves = [part(INSTITUTE, 500_000), part(AUTHOR, 500_000)]
    wrong = said(shared, kept={(SHARE, COMMITMENT): halves})
    past.when(wrong).then_refused(DistributionMismatch)


def test_interest_is_reckoned_by_the_royalty_that_the_vault_keeps() -> None:
    royalty = moneys.royalty()
    licence = said(moneys.licence(royalty=sealed()), openings={"/body/royalty": royalty})
    kept = {(moneys.LICENCE, COMMITMENT): royalty}
    reported = said(moneys.report(1_000_000_000, 36_000_000), kept=kept)
    past = given(right_filed(), licence, reported)
    accrued = moneys.interest_accrued(864_000)
    past.when(accrued).then_refused(OpeningRequired, subjects=[moneys.LICENCE])
    past.when(said(accrued, kept=kept)).then_admitted()
    of_another_form = said(accrued, kept={(moneys.LICENCE, COMMITMENT): {"upto": 1}})
    past.when(of_another_form).then_refused(OpeningMalformed)


def test_what_waits_is_split_as_the_vault_keeps_it() -> None:
    alone = [part(AUTHOR, 1_000_000)]
    story = {type(body): body for body in moneys.STORY}
    before: list[Body] = [technology_registered(), right_filed(technology=TECHNOLOGY)]
    before += [body for body in moneys.STORY if not isinstance(body, _AFTER)]
    declared = authors_declared(split=sealed())
    openings = {"/body/split": alone}
    past = given(*before, said(declared, openings=openings))
    released = story[SuspenseReleased]
    past.when(released).then_refused(OpeningRequired, subjects=[TECHNOLOGY])
    past.when(said(released, kept={(TECHNOLOGY, COMMITMENT): alone})).then_admitted()
