"""Steps of refusals that no other example takes: each is taken, and helps, or nothing does."""

from typing import Any

from ledger.domain.contracts.document import DocNotAddressed, NotAReader
from ledger.domain.core.court_hold import Held
from ledger.domain.core.existence import PredecessorUnknown, SubjectExists
from ledger.domain.core.money import ShareSum
from ledger.domain.parties.signature_refusals import WrongSigner
from ledger.domain.revenue.author_pay import ShareBelowStatute
from ledger.domain.revenue.distribution import AlreadyDistributed, DistributionMismatch
from ledger.domain.revenue.payment import ConfirmByPayer, Overpaid, PaymentClosed
from ledger.domain.revenue.report import BaseLines, ReportClosed
from ledger.domain.revenue.share_agreement import ShareSupersede, ShareSuperseded
from ledger.domain.rights.assignment import AssignmentSettled
from tests.support.builders import (
    AUTHOR,
    BANK,
    CLERK,
    FIRM,
    INSTITUTE,
    OTHER_RIGHT,
    RIGHT,
    RIVAL,
    SHARE,
    TECHNOLOGY,
    assignment_agreed,
    assignment_registered,
    contract_concluded,
    other_right_filed,
    part,
    right_filed,
    sealed,
    share_agreed,
    technology_registered,
)
from tests.support.disputes import court_registered, dispute_opened, hold_ordered, order
from tests.support.documents import document_received, document_sent, file_opened
from tests.support.moneys import (
    FAILED,
    FIRST,
    LICENCE,
    PAID,
    PROFIT_SPLIT,
    SECOND,
    SPLIT,
    confirmed,
    licence,
    payment_failed,
    payment_instructed,
    profit_declared,
    profit_distributed,
    profit_split,
    report,
    report_accepted,
    report_queried,
    second_report,
    shared_out,
    split,
    suspense_released,
)
from tests.support.rights import disclosure_recorded
from tests.support.specification import given, said
from tests.support.technologies import authors_declared, funding_agreed
from tests.support.titles import assignment_rescinded

LICENSED = (right_filed(), technology_registered(), licence())
REPORTED = (*LICENSED, report(1_000_000_000, 36_000_000))
SHARED = (*REPORTED, split(), shared_out())
ANEW = "share:anew"
AUTHORS = authors_declared(
    authors=[AUTHOR], split=[part(AUTHOR, 1_000_000)], declared_by=[AUTHOR], minutes_sha256=None
)


def test_only_the_rights_that_still_wait_are_rescinded() -> None:
    both = {"rights": [RIGHT, OTHER_RIGHT]}
    agreed = assignment_agreed(**both)
    log = given(right_filed(), other_right_filed(), agreed, assignment_registered())
    log.when(assignment_rescinded(**both)).then_refused(AssignmentSettled, positions=(3,))


def test_what_is_left_to_share_out_is_shared_out() -> None:
    log = given(*SHARED, second_report(1_000, 36))
    both = shared_out(distribution="distribution:both", reports=[FIRST, SECOND], suspense=11)
    log.when(both).then_refused(AlreadyDistributed)


def test_the_report_that_took_the_place_of_another_is_shared_out() -> None:
    again = {"period_from": "2026-01-01", "period_to": "2026-04-01", "corrects": FIRST}
    log = given(*REPORTED, second_report(2_000, 72, **again), split())
    log.when(shared_out()).then_refused(DistributionMismatch, word={"/body/reports": [SECOND]})


def test_an_agreement_that_was_replaced_is_named_by_the_one_in_force() -> None:
    log = given(*REPORTED, split(), split(share=ANEW, supersedes=SPLIT))
    log.when(shared_out()).then_refused(ShareSuperseded, positions=(5,))


def test_who_waits_for_a_split_is_named_as_it_was_shared_out() -> None:
    log = given(*REPORTED, split(), shared_out(), AUTHORS, profit_split())
    other = suspense_released(share=PROFIT_SPLIT)
    log.when(other).then_refused(DistributionMismatch)
    log.and_then(suspense_released()).when(suspense_released()).then_refused(DistributionMismatch)


def test_a_bank_confirms_what_a_party_pays_to_itself() -> None:
    log = given(*SHARED)
    own = confirmed(25_200_000, payer=INSTITUTE, confirmed_by=INSTITUTE)
    log.when(own).then_refused(ConfirmByPayer, word={"/body/confirmed_by": BANK})


def test_who_receives_confirms_and_signs_in_place_of_who_pays() -> None:
    log = given(*SHARED)
    refusal = log.when(confirmed(25_200_000, confirmed_by=FIRM)).then_refused(ConfirmByPayer)
    assert ((INSTITUTE,), (FIRM,)) == (refusal.sign, refusal.unsign)
    assert {"/body/confirmed_by": INSTITUTE, "/signers": [INSTITUTE]} == refusal.changes


def test_what_arrives_after_it_failed_is_another_payment() -> None:
    log = given(*SHARED, payment_instructed(payment=FAILED), payment_failed())
    late = confirmed(25_200_000, payment=FAILED)
    log.when(late).then_refused(PaymentClosed, word={"/body/payment": PAID})
    log.when(payment_failed()).then_refused(PaymentClosed)


def test_a_payment_is_confirmed_as_it_was_instructed() -> None:
    log = given(*SHARED, payment_instructed())
    log.when(confirmed(25_200_000, payer=RIVAL)).then_refused(PredecessorUnknown)


def test_nothing_is_instructed_once_all_is_paid() -> None:
    log = given(*SHARED, confirmed(25_200_000))
    refusal = log.when(payment_instructed(payment="payment:again")).then_refused(Overpaid)
    assert refusal.way is not None
    assert not refusal.way.helps


def test_a_payment_waits_for_the_last_day_of_an_order() -> None:
    held = order("HOLD_PAYMENT", SPLIT, end="2026-11-20")
    log = given(*SHARED, court_registered(), dispute_opened(concerns=[LICENCE]), hold_ordered(held))
    log.when(payment_instructed()).then_refused(Held, subjects=[SPLIT])


def test_caps_leave_somebody_without_one() -> None:
    capped = split(
        technology=None,
        authors_ppm=None,
        parts=[part(INSTITUTE, 1_000_000)],
        caps=[{"party": INSTITUTE, "amount": 5}],
    )
    given(*LICENSED).when(capped).then_refused(ShareSum)


def test_what_is_opened_is_a_list_of_parts() -> None:
    shut = said(share_agreed(parts=sealed()), openings={"/body/parts": []})
    whole = [part(INSTITUTE, 1_000_000)]
    log = given(right_filed(), contract_concluded())
    log.when(shut).then_refused(ShareSum, word={"/body/parts": whole, "/body/agreed_by": []})


def test_authors_who_lose_their_part_declare_themselves_first() -> None:
    shared = split(contract=licence().contract, share=SHARE)
    log = given(*LICENSED, shared)
    alone = share_agreed(
        share=ANEW,
        contract=LICENCE,
        parts=[part(INSTITUTE, 1_000_000)],
        agreed_by=[INSTITUTE],
        supersedes=SHARE,
    )
    word = {AUTHORS.TOPIC: AUTHORS.model_dump(mode="json")}
    log.when(alone).then_refused(ShareSupersede, word=word)


def test_an_agreement_below_the_statute_is_replaced_before_it_is_used() -> None:
    """It was agreed before the State paid for the task."""
    private = technology_registered(state_funded_ppm=0)
    little = profit_split(parts=[part(INSTITUTE, 750_000)], authors_ppm=250_000)
    funded = funding_agreed(task_assigned_on="2025-11-10")
    log = given(right_filed(), private, licence(), little, funded, profit_declared())
    enough = profit_split(share=ANEW, supersedes=PROFIT_SPLIT, technology=TECHNOLOGY)
    word = {enough.TOPIC: enough.model_dump(mode="json"), "/body/share": ANEW}
    parts = [{"party": INSTITUTE, "amount": 52_500_000}]
    shared = profit_distributed(parts=parts, suspense=17_500_000)
    log.when(shared).then_refused(ShareBelowStatute, word=word)


def test_a_report_that_was_accepted_is_answered_no_more() -> None:
    log = given(*REPORTED, report_accepted())
    log.when(report_queried()).then_refused(ReportClosed, positions=(4,))


def test_deductions_beyond_a_line_are_returns_of_earlier_ones() -> None:
    line: dict[str, Any] = {"line": "a", "gross": 100, "deductions": [{"kind": "vat", "amount": 9}]}
    beyond = {**line, "deductions": [{"kind": "vat", "amount": 109}]}
    log = given(*LICENSED)
    sums = {"deductions": [{"kind": "vat", "amount": 109}], "base": -9}
    log.when(report(100, 0, **sums, lines=[beyond])).then_refused(
        BaseLines, word={"/body/lines": [line]}
    )


def test_one_of_several_recipients_says_that_it_arrived() -> None:
    log = given(document_sent(recipients=[FIRM, BANK]))
    log.when(document_received(received_by=RIVAL)).then_refused(
        DocNotAddressed, word={"/body/received_by": BANK}
    )
    log.when(document_sent()).then_refused(SubjectExists, word={"/body/document": "document:other"})


def test_who_may_open_a_file_is_named() -> None:
    own = document_sent(confidential=True, sender=INSTITUTE, recipients=[INSTITUTE])
    given(own).when(file_opened(opened_by=RIVAL)).then_refused(NotAReader)


def test_a_clerk_may_record_a_disclosure() -> None:
    log = given(right_filed(kind="trade_secret"))
    log.when(disclosure_recorded(right=RIGHT, recorded_by=FIRM)).then_refused(
        WrongSigner, word={"/body/recorded_by": CLERK}
    )


def test_an_overpayment_says_so() -> None:
    log = given(*SHARED, confirmed(25_200_000))
    more = confirmed(5, payment="payment:more")
    log.when(more).then_refused(Overpaid)
