"""Revenue: parts that are a whole, reports that add up, distributions anyone can recompute."""

from datetime import UTC, datetime
from typing import Any

import pytest
from pydantic import ValidationError

from ledger.domain.core.context import OpeningRequired
from ledger.domain.core.existence import (
    FutureFact,
    IntervalEmpty,
    PredecessorUnknown,
    SubjectExists,
)
from ledger.domain.core.money import CurrencyMismatch, RateRange, ShareSum
from ledger.domain.core.types import Sealed
from ledger.domain.parties.signature_refusals import WrongSigner
from ledger.domain.revenue.distribution import (
    AlreadyDistributed,
    DistributionMismatch,
    RevenueDistributed,
)
from ledger.domain.revenue.payment import ConfirmByPayer, Overpaid, PaymentClosed
from ledger.domain.revenue.report import (
    BaseLines,
    ReportClosed,
    ReportOverlap,
    RevenueReported,
    RoyaltyMismatch,
)
from tests.support.builders import (
    AUTHOR,
    BANK,
    CONTRACT,
    DISTRIBUTION,
    FIRM,
    INSTITUTE,
    PAYMENT,
    REPORT,
    RIVAL,
    SHARE,
    grant,
    part,
    payment_confirmed,
    revenue_distributed,
    revenue_reported,
    right_filed,
    sealed,
    share_agreed,
    sublicence_granted,
    vnd,
)
from tests.support.running import contract_running
from tests.support.specification import Past, given, said

OTHER_CONTRACT = "contract:01890000-0000-7000-8000-0000000000bb"
CORRECTION = "report:01890000-0000-7000-8000-0000000000cc"
BACK = "distribution:01890000-0000-7000-8000-0000000000ee"
NEXT = "report:01890000-0000-7000-8000-0000000000dd"


def usd(amount: int) -> dict[str, Any]:
    return {"amount": amount, "currency": "USD"}


def contracted() -> Past:
    """Positions 0 and 1: the right and the licence to the firm."""
    return given(right_filed(), contract_running())


def reported(*, parts: Any = None) -> Past:
    """Positions 2 and 3: the agreed share and the report of the third quarter."""
    share = share_agreed() if parts is None else share_agreed(parts=parts)
    openings = {"/body/parts": [part(INSTITUTE, 700_000), part(AUTHOR, 300_000)]}
    return contracted().and_then(said(share, openings=openings)).and_then(revenue_reported())


def corrected(base: int, due: int) -> RevenueReported:
    """Return a correction of the report: another base."""
    return revenue_reported(report=CORRECTION, corrects=REPORT, gross=base, base=base, due=vnd(due))


def taken_back(parts: list[dict[str, Any]]) -> tuple[Past, RevenueDistributed]:
    """Return the past after a correction by 11 of what was shared out, and what takes it back."""
    past = distributed().and_then(corrected(999_999_780, 49_999_989))
    members = {"distribution": BACK, "reports": [CORRECTION], "total": vnd(-11)}
    return past, revenue_distributed(**members, parts=parts)


def distributed() -> Past:
    """Position 4: 35 million to the institute, 15 million to the author."""
    return reported().and_then(revenue_distributed())


# Shares


def test_the_beneficiaries_agree_on_the_whole() -> None:
    past = contracted().when(share_agreed()).then_admitted()
    assert CONTRACT == past.value(SHARE).contract


def test_rate_range_of_a_part() -> None:
    parts = [part(INSTITUTE, 1_000_001), part(AUTHOR, -1)]
    refusal = contracted().when(share_agreed(parts=parts)).then_refused(RateRange)
    assert "RATE_RANGE" == refusal.code
    parts = [part(INSTITUTE, 1_000_000), part(AUTHOR, 0)]
    contracted().when(share_agreed(parts=parts)).then_admitted()


def test_who_only_gets_a_part_need_not_agree() -> None:
    contracted().when(share_agreed(agreed_by=[INSTITUTE])).then_admitted()


def test_wrong_signer_if_one_agrees_who_gets_nothing() -> None:
    contracted().when(share_agreed(agreed_by=[INSTITUTE, AUTHOR, FIRM])).then_refused(
        WrongSigner, subjects=[FIRM]
    )


def test_sealed_parts_are_opened_to_be_added_up_and_stay_sealed_in_the_state() -> None:
    share = share_agreed(parts=sealed())
    contracted().when(share).then_refused(OpeningRequired)
    short = [part(INSTITUTE, 700_000), part(AUTHOR, 299_999)]
    contracted().when(said(share, openings={"/body/parts": short})).then_refused(ShareSum)
    whole = [part(INSTITUTE, 700_000), part(AUTHOR, 300_000)]
    past = contracted().when(said(share, openings={"/body/parts": whole})).then_admitted()
    assert isinstance(past.value(SHARE).parts, Sealed)


@pytest.mark.parametrize(
    "opened",
    [
        [],
        {"party": AUTHOR, "ppm": 1_000_000},
        [part(AUTHOR, 500_000), part(AUTHOR, 500_000)],
        [{"party": AUTHOR, "ppm": 1_000_000.0}],
        None,
    ],
)
def test_share_sum_if_what_was_sealed_is_no_list_of_parts(opened: object) -> None:
    share = share_agreed(parts=sealed())
    contracted().when(said(share, openings={"/body/parts": opened})).then_refused(ShareSum)


def test_a_share_names_a_beneficiary_once() -> None:
    with pytest.raises(ValidationError):
        share_agreed(parts=[part(AUTHOR, 500_000), part(AUTHOR, 500_000)])


def test_predecessor_unknown_if_there_is_no_contract() -> None:
    given().when(share_agreed()).then_refused(PredecessorUnknown, subjects=[CONTRACT])
    given().when(revenue_reported()).then_refused(PredecessorUnknown, subjects=[CONTRACT])


# Reports


def test_a_licensee_reports_a_quarter_on_the_day_after_it() -> None:
    accepted = datetime(2026, 9, 30, 17, tzinfo=UTC)
    first_of_october = said(revenue_reported(), accepted=accepted)
    contracted().when(first_of_october).then_admitted()


def test_future_fact_if_the_quarter_has_not_ended() -> None:
    accepted = datetime(2026, 9, 30, 16, 59, 59, 999_000, tzinfo=UTC)
    last_of_september = said(revenue_reported(), accepted=accepted)
    refusal = contracted().when(last_of_september).then_refused(FutureFact)
    assert "FUTURE_FACT" == refusal.code


def test_wrong_signer_if_the_licensor_reports() -> None:
    contracted().when(revenue_reported(reported_by=INSTITUTE)).then_refused(WrongSigner)


def test_a_sublicensee_reports_under_its_own_contract() -> None:
    own = grant(licensor=FIRM, licensee=RIVAL, exclusivity="non_exclusive", valid_from="2026-07-01")
    granted = sublicence_granted(grant=own, confirms={"reason": "Ghi muộn"})
    past = contracted().and_then(granted)
    sublicence = granted.contract
    past.when(revenue_reported(reported_by=RIVAL)).then_refused(WrongSigner)
    own = revenue_reported(reported_by=RIVAL, contract=sublicence, due=vnd(70_000_000))
    past.when(own).then_admitted()


@pytest.mark.parametrize(
    "foreign", [{"currency": "USD"}, {"due": usd(2_000)}, {"currency": "USD", "due": usd(2_000)}]
)
def test_currency_mismatch_if_a_report_is_in_dollars_and_the_contract_in_dong(
    foreign: dict[str, Any],
) -> None:
    refusal = (
        contracted().when(revenue_reported(**foreign)).then_refused(CurrencyMismatch, positions=[1])
    )
    assert "CURRENCY_MISMATCH" == refusal.code


@pytest.mark.parametrize("end", ["2026-07-01", "2026-06-30"])
def test_interval_empty_if_the_period_holds_no_day(end: str) -> None:
    contracted().when(revenue_reported(period_to=end)).then_refused(IntervalEmpty)
    contracted().when(revenue_reported(period_to="2026-07-02")).then_admitted()


@pytest.mark.parametrize("base", [999_999_999, 1_000_000_001, 1_100_000_000])
def test_base_lines(base: int) -> None:
    refusal = contracted().when(revenue_reported(base=base)).then_refused(BaseLines)
    assert "BASE_LINES" == refusal.code


def test_a_quarter_without_sales_owes_nothing() -> None:
    nothing = {"gross": 0, "deductions": [], "base": 0, "due": vnd(0)}
    contracted().when(revenue_reported(**nothing)).then_admitted()


@pytest.mark.parametrize(
    "malformed",
    [
        {"gross": -1},
        {"deductions": [{"kind": "vat", "amount": -1}]},
        {"gross": 1e9},
        {"corrects": REPORT},
        {"lines": [{"line": "a", "gross": 1}, {"line": "a", "gross": 1}]},
        {"lines": [{"line": "a", "gross": -1}]},
        {"lines": [{"line": "a", "gross": 1, "returns": {"report": REPORT}}]},
    ],
)
def test_a_report_that_contradicts_itself_is_none(malformed: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        revenue_reported(**malformed)


def test_report_overlap_if_a_quarter_is_reported_twice() -> None:
    past = contracted().and_then(revenue_reported())
    again = {"report": NEXT}
    refusal = past.when(revenue_reported(**again)).then_refused(ReportOverlap, positions=[2])
    assert "REPORT_OVERLAP" == refusal.code
    past.when(revenue_reported(**again, corrects=REPORT)).then_admitted()


def test_report_overlap_by_one_day() -> None:
    past = contracted().and_then(revenue_reported())
    october = {"report": NEXT, "period_to": "2026-11-01"}
    past.when(revenue_reported(**october, period_from="2026-09-30")).then_refused(ReportOverlap)
    past.when(revenue_reported(**october, period_from="2026-10-01")).then_admitted()
    spring = {"report": NEXT, "period_from": "2026-04-01"}
    past.when(revenue_reported(**spring, period_to="2026-07-02")).then_refused(ReportOverlap)
    past.when(revenue_reported(**spring, period_to="2026-07-01")).then_admitted()


def test_a_correction_takes_the_place_of_what_it_corrects() -> None:
    past = contracted().and_then(revenue_reported())
    past = past.and_then(corrected(999_999_780, 49_999_989))
    past.when(revenue_reported(report=NEXT)).then_refused(ReportOverlap, positions=[3])
    past.when(revenue_reported(report=NEXT, corrects=REPORT)).then_refused(
        ReportClosed, positions=[3], word={"/body/corrects": CORRECTION}
    )
    past.when(revenue_reported(report=NEXT, corrects=CORRECTION)).then_admitted()


def test_two_licensees_of_one_contract_report_the_same_quarter() -> None:
    grants = [
        grant(exclusivity="non_exclusive", valid_from="2026-01-01"),
        grant(grant="g2", licensee=RIVAL, exclusivity="non_exclusive", valid_from="2026-01-01"),
    ]
    past = given(
        right_filed(), contract_running(grants=grants, parties=[INSTITUTE, FIRM, RIVAL])
    ).and_then(revenue_reported())
    rivals = {"report": NEXT, "reported_by": RIVAL}
    past.when(revenue_reported(**rivals)).then_admitted()
    past.when(revenue_reported(**rivals, corrects=REPORT)).then_refused(WrongSigner)


def test_predecessor_unknown_if_a_correction_corrects_nothing_here() -> None:
    past = contracted()
    past.when(revenue_reported(report=NEXT, corrects=REPORT)).then_refused(
        PredecessorUnknown, subjects=[REPORT]
    )
    other = contract_running(contract=OTHER_CONTRACT)
    past = past.and_then(other).and_then(revenue_reported(contract=OTHER_CONTRACT))
    past.when(revenue_reported(report=NEXT, corrects=REPORT)).then_refused(
        PredecessorUnknown, positions=[3]
    )


# Distributions


def test_the_exchange_distributes_as_agreed() -> None:
    past = reported().when(revenue_distributed()).then_admitted()
    assert {INSTITUTE: 35_000_000, AUTHOR: 15_000_000} == past.value(DISTRIBUTION).payable


@pytest.mark.parametrize(
    "amounts",
    [
        {INSTITUTE: 35_000_001, AUTHOR: 14_999_999},
        {INSTITUTE: 35_000_000, AUTHOR: 15_000_001},
        {INSTITUTE: 35_000_000},
        {INSTITUTE: 35_000_000, AUTHOR: 15_000_000, FIRM: 0},
        {INSTITUTE: 35_000_000, FIRM: 15_000_000},
    ],
)
def test_distribution_mismatch(amounts: dict[str, int]) -> None:
    parts = [{"party": party, "amount": amount} for party, amount in amounts.items()]
    refusal = (
        reported()
        .when(revenue_distributed(parts=parts))
        .then_refused(DistributionMismatch, positions=[2])
    )
    assert "DISTRIBUTION_MISMATCH" == refusal.code


def test_a_refund_takes_back_what_the_payment_gave() -> None:
    parts = [{"party": INSTITUTE, "amount": -7}, {"party": AUTHOR, "amount": -4}]
    past, wrong = taken_back(parts)
    past.when(wrong).then_refused(DistributionMismatch)
    parts = [{"party": AUTHOR, "amount": -3}, {"party": INSTITUTE, "amount": -8}]
    past, right = taken_back(parts)
    past.when(right).then_admitted()


def test_currency_mismatch_if_dollars_are_distributed_under_a_contract_in_dong() -> None:
    reported().when(revenue_distributed(total=usd(50_000_000))).then_refused(
        CurrencyMismatch, positions=[1]
    )


def test_distribution_mismatch_if_its_sources_belong_to_another_contract() -> None:
    other = contract_running(contract=OTHER_CONTRACT)
    past = reported().and_then(other)
    past.when(revenue_distributed(contract=OTHER_CONTRACT)).then_refused(
        DistributionMismatch, positions=[2]
    )
    past = past.and_then(revenue_reported(report=NEXT, contract=OTHER_CONTRACT))
    past.when(revenue_distributed(reports=[REPORT, NEXT])).then_refused(
        DistributionMismatch, positions=[5]
    )


@pytest.mark.parametrize(
    ("missing", "name"),
    [
        ({"contract": OTHER_CONTRACT}, OTHER_CONTRACT),
        ({"share": "share:none"}, "share:none"),
        ({"reports": [REPORT, "report:none"]}, "report:none"),
    ],
)
def test_predecessor_unknown_for_each_source_of_a_distribution(
    missing: dict[str, Any], name: str
) -> None:
    reported().when(revenue_distributed(**missing)).then_refused(
        PredecessorUnknown, subjects=[name]
    )


def test_sealed_parts_are_repeated_by_the_distribution() -> None:
    past = reported(parts=sealed())
    past.when(revenue_distributed()).then_refused(OpeningRequired)
    repeated = revenue_distributed(share_parts=sealed("again"))
    past.when(repeated).then_refused(OpeningRequired)
    pointer = "/body/share_parts"
    agreed = [part(INSTITUTE, 700_000), part(AUTHOR, 300_000)]
    past.when(said(repeated, openings={pointer: agreed})).then_admitted()
    halves = [part(INSTITUTE, 500_000), part(AUTHOR, 500_000)]
    past.when(said(repeated, openings={pointer: halves})).then_refused(DistributionMismatch)
    short = [part(INSTITUTE, 700_000), part(AUTHOR, 299_999)]
    past.when(said(repeated, openings={pointer: short})).then_refused(ShareSum)


def test_a_distribution_may_repeat_sealed_parts_in_the_open() -> None:
    past = reported(parts=sealed())
    agreed = [part(INSTITUTE, 700_000), part(AUTHOR, 300_000)]
    past.when(revenue_distributed(share_parts=agreed)).then_admitted()
    past.when(revenue_distributed(share_parts=[part(AUTHOR, 1)])).then_refused(ShareSum)


def test_open_parts_are_not_repeated() -> None:
    agreed = [part(INSTITUTE, 700_000), part(AUTHOR, 300_000)]
    reported().when(revenue_distributed(share_parts=agreed)).then_refused(
        DistributionMismatch, positions=[2]
    )


# Payments


@pytest.mark.parametrize("confirmer", [AUTHOR, BANK])
def test_payee_or_bank_confirms(confirmer: str) -> None:
    past = distributed().when(payment_confirmed(confirmed_by=confirmer)).then_admitted()
    assert {AUTHOR: 15_000_000} == past.value(DISTRIBUTION).confirmed
    assert 6 == past.value(PAYMENT).position


def test_confirm_by_payer() -> None:
    refusal = distributed().when(payment_confirmed(confirmed_by=FIRM)).then_refused(ConfirmByPayer)
    assert "CONFIRM_BY_PAYER" == refusal.code


def test_confirm_by_payer_even_if_the_payer_is_a_bank_or_the_payee() -> None:
    past = distributed()
    past.when(payment_confirmed(payer=BANK, confirmed_by=BANK)).then_refused(ConfirmByPayer)
    past.when(payment_confirmed(payer=AUTHOR)).then_refused(ConfirmByPayer)


def test_wrong_signer_if_a_stranger_confirms() -> None:
    distributed().when(payment_confirmed(confirmed_by=INSTITUTE)).then_refused(WrongSigner)


def test_currency_mismatch_of_a_payment() -> None:
    distributed().when(payment_confirmed(amount=usd(1))).then_refused(
        CurrencyMismatch, positions=[4]
    )


def test_future_fact_if_paid_tomorrow() -> None:
    past = distributed()
    past.when(payment_confirmed(paid_on="2026-11-03")).then_refused(FutureFact)
    past.when(payment_confirmed(paid_on="2026-11-02")).then_admitted()


def test_overpaid_by_the_second_of_two_payments() -> None:
    past = distributed().and_then(payment_confirmed(amount=vnd(10_000_000)))
    second = {"payment": "payment:second"}
    past.when(payment_confirmed(**second, amount=vnd(5_000_001))).then_refused(Overpaid)
    past = past.and_then(payment_confirmed(**second, amount=vnd(5_000_000)))
    assert {AUTHOR: 15_000_000} == past.value(DISTRIBUTION).confirmed
    past.when(payment_confirmed(payment="payment:third", amount=vnd(1))).then_refused(Overpaid)


def test_what_one_payee_got_is_not_counted_for_another() -> None:
    past = distributed().and_then(payment_confirmed())
    institutes = {"payee": INSTITUTE, "confirmed_by": INSTITUTE, "payment": "payment:second"}
    past.when(payment_confirmed(**institutes, amount=vnd(35_000_000))).then_admitted()


def test_overpaid_if_nothing_is_payable() -> None:
    rivals = {"payee": RIVAL, "confirmed_by": RIVAL}
    distributed().when(payment_confirmed(**rivals, amount=vnd(1))).then_refused(Overpaid)


def test_overpaid_if_a_payment_is_negative_where_nothing_is_taken_back() -> None:
    back = payment_confirmed(amount=vnd(-1), confirmed_by=FIRM)
    distributed().when(back).then_refused(Overpaid)


def test_what_is_taken_back_is_confirmed_as_negative_up_to_its_amount() -> None:
    parts = [{"party": AUTHOR, "amount": -3}, {"party": INSTITUTE, "amount": -8}]
    past, back = taken_back(parts)
    past = past.and_then(back)
    of_it = {"distribution": BACK}
    past.when(payment_confirmed(**of_it, amount=vnd(1))).then_refused(Overpaid)
    # The author gives back: who receives it says so, or a bank.
    past.when(payment_confirmed(**of_it, amount=vnd(-3))).then_refused(
        ConfirmByPayer, subjects=[AUTHOR]
    )
    back_to = {**of_it, "confirmed_by": FIRM}
    past.when(payment_confirmed(**back_to, amount=vnd(-4))).then_refused(Overpaid)
    past.when(payment_confirmed(**back_to, amount=vnd(-3))).then_admitted()


def test_predecessor_unknown_if_nothing_was_distributed() -> None:
    given().when(payment_confirmed()).then_refused(PredecessorUnknown, subjects=[DISTRIBUTION])


@pytest.mark.parametrize(
    ("again", "position"),
    [
        (share_agreed(), 2),
        (revenue_reported(), 3),
        (revenue_distributed(), 4),
    ],
    ids=lambda value: getattr(value, "TOPIC", ""),
)
def test_subject_exists_for_each(again, position: int) -> None:
    past = distributed().and_then(payment_confirmed())
    past.when(again).then_refused(SubjectExists, positions=[position])


def test_a_payment_is_confirmed_once() -> None:
    past = distributed().and_then(payment_confirmed())
    past.when(payment_confirmed()).then_refused(PaymentClosed, positions=[5])


def test_what_is_due_is_shared_out_once_and_whole() -> None:
    past = distributed()
    again = {"distribution": BACK}
    past.when(revenue_distributed(**again)).then_refused(AlreadyDistributed, positions=[4])
    reported().when(revenue_distributed(total=vnd(49_999_999))).then_refused(DistributionMismatch)


def test_what_is_due_follows_from_the_royalty() -> None:
    """5 % of a billion, to the đồng; a correction owes what is right, and no more or less."""
    for due in (49_999_999, 50_000_001):
        contracted().when(revenue_reported(due=vnd(due))).then_refused(RoyaltyMismatch)
    past = contracted().and_then(revenue_reported())
    past.when(corrected(999_999_780, 49_999_990)).then_refused(RoyaltyMismatch)


def test_a_report_that_was_corrected_is_not_shared_out() -> None:
    past = reported().and_then(corrected(999_999_780, 49_999_989))
    past.when(revenue_distributed()).then_refused(DistributionMismatch, positions=[4])
