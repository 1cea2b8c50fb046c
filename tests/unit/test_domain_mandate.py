"""Mandates: who may sign for whom, for what, up to which sum, on which days."""

from datetime import UTC, datetime
from typing import Any

import pytest
from pydantic import ValidationError

from ledger.domain.authority import MandateExpired, SignerMissing, WrongSigner
from ledger.domain.event import OpeningRequired
from ledger.domain.existence import IntervalEmpty, PredecessorUnknown, SubjectExists
from ledger.domain.party import PartyUnknown
from tests.support.builders import (
    AUTHOR,
    FIRM,
    INSTITUTE,
    OPERATOR,
    RIGHT,
    RIVAL,
    STRANGER,
    contract_concluded,
    held,
    offer_made,
    right_filed,
    sealed,
    technology_registered,
    vnd,
)
from tests.support.mandates import MANDATE, mandate_ended, mandate_given
from tests.support.specification import Past, Said, given, said

DEPUTY = AUTHOR
OTHER_MANDATE = "mandate:other"


def by_deputy(**header: Any) -> Said:
    """Say that the institute registers a technology, by its deputy's key alone."""
    return said(technology_registered(), signed_by=[DEPUTY], **header)


def contract_by_deputy(price: Any, openings: dict[str, Any] | None = None) -> Said:
    body = contract_concluded(price=price)
    return said(body, signed_by=[DEPUTY, FIRM], openings=openings)


def with_ceiling(amount: int) -> Past:
    return given(right_filed(), mandate_given(ceiling=vnd(amount)))


def test_wrong_signer_refuses_a_deputy_without_mandate() -> None:
    given().when(by_deputy()).then_refused(WrongSigner, subjects=(DEPUTY,))
    given(mandate_given()).when(by_deputy()).then_admitted()


def test_wrong_signer_refuses_a_topic_that_the_mandate_does_not_name() -> None:
    others = mandate_given(topics=["contract.concluded"])
    given(others).when(by_deputy()).then_refused(WrongSigner)
    given(mandate_given(topics=["technology.registered"])).when(by_deputy()).then_admitted()
    given(mandate_given(topics=["*"])).when(by_deputy()).then_admitted()


def test_wrong_signer_refuses_a_mandate_of_another_principal() -> None:
    given(mandate_given(principal=FIRM)).when(by_deputy()).then_refused(WrongSigner)


def test_wrong_signer_refuses_a_mandate_of_another_holder() -> None:
    given(mandate_given(holder=RIVAL)).when(by_deputy()).then_refused(WrongSigner)


def test_a_mandate_does_not_bind_its_holder_to_what_the_principal_signs() -> None:
    """Power goes one way: the institute cannot sign for its deputy."""
    by_principal = said(technology_registered(owners=[held(DEPUTY)]), signed_by=[INSTITUTE])
    given(mandate_given()).when(by_principal).then_refused(WrongSigner)


def test_wrong_signer_refuses_a_mandate_that_has_not_begun() -> None:
    tomorrow = mandate_given(valid_from="2026-11-03")
    today = mandate_given(valid_from="2026-11-02")
    given(tomorrow).when(by_deputy()).then_refused(WrongSigner)
    given(today).when(by_deputy()).then_admitted()


def test_mandate_expired_refuses_the_day_on_which_the_period_ends() -> None:
    """The period is half-open, and its days are those of Hanoi: 17:00 UTC begins the next."""
    log = given(mandate_given(valid_to="2026-11-03"))
    last = datetime(2026, 11, 2, 16, 59, 59, tzinfo=UTC)
    over = datetime(2026, 11, 2, 17, 0, tzinfo=UTC)
    log.when(by_deputy(accepted=last)).then_admitted()
    log.when(by_deputy(accepted=over)).then_refused(MandateExpired, positions=(0,))


def test_mandate_expired_refuses_after_the_mandate_was_ended() -> None:
    log = given(mandate_given(), mandate_ended())
    log.when(by_deputy()).then_refused(MandateExpired, positions=(1,), subjects=(DEPUTY,))
    given(mandate_given()).when(by_deputy()).then_admitted()


def test_a_second_mandate_outlives_the_first() -> None:
    again = mandate_given(mandate=OTHER_MANDATE)
    given(mandate_given(), again, mandate_ended()).when(by_deputy()).then_admitted()


def test_signer_missing_names_the_party_that_no_line_binds() -> None:
    log = given(right_filed(), mandate_given())
    alone = said(contract_concluded(), signed_by=[DEPUTY])
    log.when(alone).then_refused(SignerMissing, subjects=(FIRM,))
    log.when(contract_by_deputy(vnd(1))).then_admitted()


def test_one_line_binds_all_who_gave_its_holder_a_mandate() -> None:
    for_firm = mandate_given(mandate=OTHER_MANDATE, principal=FIRM)
    both = said(contract_concluded(), signed_by=[DEPUTY])
    given(right_filed(), mandate_given(), for_firm).when(both).then_admitted()


def test_wrong_signer_refuses_a_price_above_the_ceiling() -> None:
    log = with_ceiling(500_000_000)
    log.when(contract_by_deputy(vnd(500_000_001))).then_refused(WrongSigner)
    log.when(contract_by_deputy(vnd(500_000_000))).then_admitted()


def test_wrong_signer_refuses_a_price_in_another_currency_than_the_ceiling() -> None:
    price = {"amount": 1, "currency": "USD"}
    with_ceiling(500_000_000).when(contract_by_deputy(price)).then_refused(WrongSigner)


def test_opening_required_to_hold_a_sealed_price_to_a_ceiling() -> None:
    log = with_ceiling(500_000_000)
    within, above = {"/body/price": vnd(500_000_000)}, {"/body/price": vnd(500_000_001)}
    log.when(contract_by_deputy(sealed())).then_refused(OpeningRequired)
    log.when(contract_by_deputy(sealed(), above)).then_refused(WrongSigner)
    log.when(contract_by_deputy(sealed(), within)).then_admitted()


def test_no_opening_is_required_where_a_mandate_without_ceiling_suffices() -> None:
    unlimited = mandate_given(mandate=OTHER_MANDATE)
    log = with_ceiling(1).and_then(unlimited)
    log.when(contract_by_deputy(sealed())).then_admitted()


def test_a_ceiling_does_not_touch_what_has_no_price() -> None:
    given(mandate_given(ceiling=vnd(0))).when(by_deputy()).then_admitted()
    offers = mandate_given(principal=FIRM, topics=["offer.made"], ceiling=vnd(0))
    free = said(offer_made(price=None), signed_by=[DEPUTY])
    given(offers).when(free).then_admitted()


def test_subject_exists_refuses_a_mandate_twice() -> None:
    given(mandate_given()).when(mandate_given()).then_refused(
        SubjectExists, positions=(0,), subjects=(MANDATE,)
    )
    given(mandate_given()).when(mandate_given(mandate=OTHER_MANDATE)).then_admitted()


def test_party_unknown_refuses_a_holder_who_is_not_registered() -> None:
    given().when(mandate_given(holder=STRANGER)).then_refused(PartyUnknown, subjects=(STRANGER,))
    given().when(mandate_given()).then_admitted()


def test_interval_empty_refuses_a_mandate_for_no_day() -> None:
    never = mandate_given(valid_from="2026-11-02", valid_to="2026-11-02")
    one_day = mandate_given(valid_from="2026-11-02", valid_to="2026-11-03")
    given().when(never).then_refused(IntervalEmpty)
    given().when(one_day).then_admitted()


def test_signer_missing_refuses_a_mandate_that_the_operator_did_not_check() -> None:
    unchecked = said(mandate_given(), signed_by=[INSTITUTE])
    given().when(unchecked).then_refused(SignerMissing, subjects=(OPERATOR,))


def test_predecessor_unknown_refuses_to_end_a_mandate_that_is_not_there_or_another_s() -> None:
    given().when(mandate_ended()).then_refused(PredecessorUnknown, subjects=(MANDATE,))
    others = mandate_ended(principal=FIRM, ended_by=FIRM)
    given(mandate_given()).when(others).then_refused(PredecessorUnknown, positions=(0,))
    given(mandate_given()).when(mandate_ended()).then_admitted()


def test_wrong_signer_refuses_a_stranger_who_ends_a_mandate() -> None:
    given(mandate_given()).when(mandate_ended(ended_by=RIVAL)).then_refused(WrongSigner)
    given(mandate_given()).when(mandate_ended(ended_by=DEPUTY)).then_admitted()


def test_mandate_expired_refuses_to_end_a_mandate_twice() -> None:
    log = given(mandate_given(), mandate_ended())
    log.when(mandate_ended()).then_refused(MandateExpired, positions=(1,))


@pytest.mark.parametrize("topics", [[], ["*", "*"], ["contract.concluded/1"], ["contract"]])
def test_topics_are_event_types_without_version(topics: list[str]) -> None:
    with pytest.raises(ValidationError):
        mandate_given(topics=topics)


def test_a_mandate_weighs_on_the_principal_alone() -> None:
    log = given(right_filed(), mandate_given())
    assert [MANDATE] == list(log.value(INSTITUTE).mandates)
    assert [] == list(log.value(DEPUTY).mandates)
    assert 1 == log.value(RIGHT).position
