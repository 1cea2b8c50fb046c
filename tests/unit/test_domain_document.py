"""Documents handed over: sent, received, answered, opened."""

import pytest
from pydantic import ValidationError

from ledger.domain.contracts.document import DocHash, DocNotAddressed, NotAReader
from ledger.domain.core.existence import (
    FutureFact,
    IntervalEmpty,
    PredecessorUnknown,
    SubjectExists,
)
from ledger.domain.parties.signature_refusals import SignerMissing, WrongSigner
from tests.support.builders import BANK, CONTRACT, FIRM, INSTITUTE, OPERATOR, RIVAL
from tests.support.documents import (
    OTHER_HASH,
    document_acknowledged,
    document_received,
    document_sent,
    file_opened,
)
from tests.support.specification import given, said

CONFIDENTIAL = document_sent(confidential=True, readers=[BANK])


def test_a_document_is_sent_once_and_not_in_time_to_come() -> None:
    given(document_sent()).when(document_sent()).then_refused(SubjectExists, positions=(0,))
    given().when(document_sent(sent_at="2026-11-03T00:00:00.000Z")).then_refused(FutureFact)


def test_a_document_belongs_to_a_contract_that_is_known() -> None:
    sent = document_sent(contract=CONTRACT)
    given().when(sent).then_refused(PredecessorUnknown, subjects=(CONTRACT,))


def test_only_a_confidential_file_lists_readers() -> None:
    with pytest.raises(ValidationError):
        document_sent(readers=[BANK])


def test_what_was_not_sent_is_not_received() -> None:
    given().when(document_received()).then_refused(PredecessorUnknown)


def test_doc_not_addressed_refuses_the_receipt_of_another() -> None:
    log = given(document_sent())
    log.when(document_received(received_by=RIVAL)).then_refused(DocNotAddressed, positions=(0,))
    received = log.and_then(document_received())
    received.when(document_acknowledged(acknowledged_by=RIVAL)).then_refused(DocNotAddressed)


def test_a_receipt_is_between_sending_and_now_and_comes_once() -> None:
    log = given(document_sent())
    early = document_received(received_at="2026-11-01T01:59:59.999Z")
    log.when(early).then_refused(IntervalEmpty, positions=(0,))
    log.when(document_received(received_at="2026-11-03T00:00:00.000Z")).then_refused(FutureFact)
    received = log.and_then(document_received())
    received.when(document_received()).then_refused(SubjectExists, positions=(1,))


def test_receipt_does_not_wait_for_the_recipient() -> None:
    """Where the exchange's system is the designated one, the operator attests the entry."""
    log = given(document_sent())
    log.when(document_received(system=OPERATOR)).then_admitted()
    log.when(document_received(system=BANK)).then_refused(WrongSigner)
    alone = said(document_received(), signed_by=[OPERATOR], signers=(OPERATOR,))
    log.when(alone).then_refused(SignerMissing, subjects=(FIRM,))


def test_an_answer_follows_a_receipt_and_comes_once() -> None:
    log = given(document_sent())
    receipt = {"document.received/1": {"received_at": "2026-11-02T02:00:00.000Z", "system": None}}
    log.when(document_acknowledged()).then_refused(PredecessorUnknown, positions=(0,), word=receipt)
    refused = document_acknowledged(outcome="refused", reason="Thiếu trang 3")
    answered = log.and_then(document_received()).and_then(refused)
    answered.when(document_acknowledged()).then_refused(SubjectExists, positions=(2,))


def test_not_a_reader_refuses_who_is_not_on_the_list() -> None:
    log = given(CONFIDENTIAL)
    reader = {"/body/opened_by": BANK}
    log.when(file_opened(opened_by=RIVAL)).then_refused(NotAReader, positions=(0,), word=reader)
    for reader in (BANK, FIRM, INSTITUTE):
        log.when(file_opened(opened_by=reader)).then_admitted()
    given(document_sent()).when(file_opened(opened_by=RIVAL)).then_admitted()


def test_an_opening_is_of_the_file_that_was_sent_and_signed_by_reader_and_operator() -> None:
    log = given(CONFIDENTIAL)
    log.when(file_opened(sha256=OTHER_HASH)).then_refused(DocHash, positions=(0,))
    log.when(file_opened(opened_at="2026-11-03T00:00:00.000Z")).then_refused(FutureFact)
    log.when(said(file_opened(), signed_by=[FIRM])).then_refused(SignerMissing)
