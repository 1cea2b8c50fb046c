"""A replay without openings leaves out the rules that need one, by name, and judges every other."""

from typing import Any

import pytest

from ledger.domain.contracts.granting import ExclusiveOverlap
from ledger.domain.contracts.royalty import LateRateCap
from ledger.domain.core.money import CurrencyMismatch, RateRange
from ledger.domain.core.refusal import Refusal
from ledger.domain.parties.signature_refusals import WrongSigner
from ledger.domain.revenue.distribution import DistributionMismatch
from ledger.domain.revenue.interest import InterestMismatch
from ledger.domain.revenue.report import BaseLines, ReportOverlap
from ledger.domain.rights.preemption import PreemptionOpen, PreemptionTerms
from tests.support import moneys
from tests.support.builders import (
    AUTHOR,
    CONTRACT,
    FIRM,
    INSTITUTE,
    RIVAL,
    SHARE,
    TECHNOLOGY,
    contract_concluded,
    grant,
    held,
    part,
    revenue_distributed,
    revenue_reported,
    right_filed,
    sealed,
    share_agreed,
    technology_registered,
    vnd,
)
from tests.support.mandates import mandate_given
from tests.support.running import contract_running
from tests.support.specification import Attempt, Past, given, said
from tests.support.titles import NOTICE, assignment_agreed, coowner_notified
from tests.support.withheld import replayed

OTHER = "contract:01890000-0000-7000-8000-0000000000ff"
DEPUTY = AUTHOR


def refused_in_replay(attempt: Attempt) -> type[Refusal] | None:
    refusal, _ = replayed(attempt.past.subjects, attempt.event, attempt.context)
    return None if refusal is None else type(refusal)


def sealed_contract() -> Past:
    contract = contract_running(royalty_ppm=sealed())
    return given(right_filed(), said(contract, openings={"/body/royalty_ppm": 50_000}))


def test_a_sealed_royalty_hides_no_second_exclusive_licence() -> None:
    """The rate is judged before the grants: what cannot be seen there ended the replay."""
    second = contract_concluded(
        contract=OTHER,
        parties=[INSTITUTE, RIVAL],
        grants=[grant(licensee=RIVAL)],
        royalty_ppm=sealed(),
    )
    taken = given(right_filed(), contract_concluded()).when(second)
    assert ExclusiveOverlap is refused_in_replay(taken)
    given(right_filed()).when(second).then_left_out(("RATE_RANGE", "/body/royalty_ppm"))


def test_a_sealed_schedule_leaves_out_the_cap_of_late_interest() -> None:
    licence = moneys.licence(royalty=sealed())
    given(right_filed()).when(licence).then_left_out(("LATE_RATE_CAP", "/body/royalty"))


@pytest.mark.parametrize(
    ("differs", "refusal"),
    [
        ({"base": 999_999_999}, BaseLines),
        ({"due": {"amount": 1, "currency": "USD"}}, CurrencyMismatch),
        ({"currency": "USD"}, CurrencyMismatch),
        ({"reported_by": INSTITUTE}, WrongSigner),
    ],
)
def test_a_report_on_a_sealed_rate_is_held_to_all_else(
    differs: dict[str, Any], refusal: type[Refusal]
) -> None:
    past = sealed_contract()
    assert refusal is refused_in_replay(past.when(revenue_reported(**differs)))
    past.when(revenue_reported()).then_left_out(
        ("PERIOD_NOT_CUT, DEDUCTION_NOT_AGREED", CONTRACT),
        ("ZERO_RATED, ROYALTY_MISMATCH", CONTRACT),
    )


def test_a_report_on_a_sealed_rate_overlaps_none() -> None:
    kept = {(CONTRACT, sealed()["commitment"]): 50_000}
    past = sealed_contract().and_then(said(revenue_reported(), kept=kept))
    again = revenue_reported(report=moneys.SECOND)
    assert ReportOverlap is refused_in_replay(past.when(again))


def test_a_sealed_sum_under_a_ceiling_leaves_out_the_ceiling_alone() -> None:
    ceiling = given(right_filed(), mandate_given(ceiling=vnd(1)))
    plain = {"royalty_ppm": None, "grants": [grant(exclusivity="non_exclusive")]}
    body = contract_concluded(price=sealed(), **plain)
    by_deputy = said(body, signed_by=[DEPUTY, FIRM])
    ceiling.when(by_deputy).then_left_out(("CEILING", "/body/price"))
    assert WrongSigner is refused_in_replay(given(right_filed()).when(by_deputy))


SHARED = right_filed(owners=[held(INSTITUTE, 1, 2), held(FIRM, 1, 2)])
SOLD = {
    "assignors": [held(FIRM, 1, 2)],
    "assignees": [held(RIVAL, 1, 2)],
    "price": sealed("sold for"),
    "quoted_price": sealed("quoted"),
    "notices": [NOTICE],
}


def test_a_sale_at_a_sealed_price_is_held_to_the_rest_of_what_was_offered() -> None:
    told = given(SHARED, coowner_notified(price=sealed(), received_on="2026-09-01"))
    told.when(assignment_agreed(**SOLD)).then_left_out(("PREEMPTION_TERMS", "/body/quoted_price"))
    other = {**SOLD, "assignors": [held(FIRM, 1, 4)], "assignees": [held(RIVAL, 1, 4)]}
    assert PreemptionTerms is refused_in_replay(told.when(assignment_agreed(**other)))
    late = given(SHARED, coowner_notified(price=sealed(), received_on="2026-11-01"))
    assert PreemptionOpen is refused_in_replay(late.when(assignment_agreed(**SOLD)))


def test_sealed_parts_leave_out_their_sum_and_who_has_to_agree() -> None:
    past = given(right_filed(), contract_concluded())
    past.when(share_agreed(parts=sealed())).then_left_out(
        ("RATE_RANGE, SHARE_SUM", "/body/parts"), ("WRONG_SIGNER", "/body/parts")
    )
    with_technology = given(technology_registered(), right_filed(), contract_concluded())
    beyond = share_agreed(parts=sealed(), authors_ppm=1_000_001, technology=TECHNOLOGY)
    assert RateRange is refused_in_replay(with_technology.when(beyond))


def test_a_distribution_by_sealed_parts_is_held_to_what_is_due() -> None:
    agreed = said(
        share_agreed(parts=sealed()),
        openings={"/body/parts": [part(INSTITUTE, 700_000), part(AUTHOR, 300_000)]},
    )
    past = given(right_filed(), contract_running(), agreed, revenue_reported())
    past.when(revenue_distributed()).then_left_out(
        ("RATE_RANGE, SHARE_SUM, DISTRIBUTION_MISMATCH", SHARE)
    )
    wrong = revenue_distributed(total=vnd(49_000_000))
    assert DistributionMismatch is refused_in_replay(past.when(wrong))


def test_interest_on_a_sealed_schedule_is_held_to_the_law_and_to_itself() -> None:
    royalty = moneys.royalty()
    licence = said(moneys.licence(royalty=sealed()), openings={"/body/royalty": royalty})
    kept = {(moneys.LICENCE, sealed()["commitment"]): royalty}
    reported = said(moneys.report(1_000_000_000, 36_000_000), kept=kept)
    past = given(right_filed(), licence, reported)
    past.when(moneys.interest_accrued(864_000)).then_left_out(
        ("INTEREST_MISMATCH, LATE_RATE_CAP", moneys.LICENCE)
    )
    wrong = moneys.interest_accrued(864_001)
    assert InterestMismatch is refused_in_replay(past.when(wrong))
    dear = moneys.interest_accrued(864_000, yearly_ppm=200_001)
    assert LateRateCap is refused_in_replay(past.when(dear))
