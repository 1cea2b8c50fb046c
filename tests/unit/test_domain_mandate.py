"""Mandates: who may sign for whom, for what, up to which sum, on which days."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from pydantic import ValidationError

from ledger.domain.core.body import Body
from ledger.domain.core.context import OpeningRequired
from ledger.domain.core.existence import IntervalEmpty, PredecessorUnknown, SubjectExists
from ledger.domain.government.ledger import opened
from ledger.domain.parties.party import PartyUnknown
from ledger.domain.parties.signature_refusals import (
    CeilingExceeded,
    MandateExpired,
    SignerMissing,
    WrongSigner,
)
from ledger.domain.rights.security import SecurityReleased
from ledger.domain.signing.who_signs import who_signs
from tests.support.builders import (
    AUTHOR,
    BANK,
    FIRM,
    INSTITUTE,
    OFFER,
    OPERATOR,
    RIGHT,
    RIVAL,
    STRANGER,
    assignment_agreed,
    contract_concluded,
    grant,
    hash_of,
    held,
    ledger_opened,
    listing_published,
    offer_accepted,
    offer_made,
    right_filed,
    sealed,
    security_created,
    security_released,
    technology_registered,
    vnd,
)
from tests.support.contracts import terms_amended
from tests.support.mandates import MANDATE, mandate_ended, mandate_given
from tests.support.market import auction_opened
from tests.support.moneys import royalty
from tests.support.specification import Past, Said, given, said

DEPUTY = AUTHOR
OTHER_MANDATE = "mandate:other"
FREE = grant(exclusivity="non_exclusive")


def by_deputy(**header: Any) -> Said:
    """Say that the institute registers a technology, by its deputy's key alone."""
    return said(technology_registered(), signed_by=[DEPUTY], **header)


def contract_by_deputy(price: Any, openings: dict[str, Any] | None = None) -> Said:
    body = contract_concluded(price=price, royalty_ppm=None, grants=[FREE])
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
    owners = [held(FIRM, 1, 2), held(INSTITUTE, 1, 2)]
    both = said(technology_registered(owners=owners), signed_by=[DEPUTY])
    given(mandate_given(), for_firm).when(both).then_admitted()


def test_ceiling_refuses_a_price_above_it() -> None:
    log = with_ceiling(500_000_000)
    log.when(contract_by_deputy(vnd(500_000_001))).then_refused(CeilingExceeded)
    log.when(contract_by_deputy(vnd(500_000_000))).then_admitted()


def test_ceiling_refuses_a_price_in_another_currency() -> None:
    price = {"amount": 1, "currency": "USD"}
    with_ceiling(500_000_000).when(contract_by_deputy(price)).then_refused(CeilingExceeded)


def test_opening_required_to_hold_a_sealed_price_to_a_ceiling() -> None:
    log = with_ceiling(500_000_000)
    within, above = {"/body/price": vnd(500_000_000)}, {"/body/price": vnd(500_000_001)}
    log.when(contract_by_deputy(sealed())).then_refused(OpeningRequired)
    log.when(contract_by_deputy(sealed(), above)).then_refused(CeilingExceeded)
    log.when(contract_by_deputy(sealed(), within)).then_admitted()


def test_no_opening_is_required_where_a_mandate_without_ceiling_suffices() -> None:
    unlimited = mandate_given(mandate=OTHER_MANDATE)
    log = with_ceiling(1).and_then(unlimited)
    log.when(contract_by_deputy(sealed())).then_admitted()


def test_a_ceiling_does_not_touch_what_costs_nothing() -> None:
    given(mandate_given(ceiling=vnd(0))).when(by_deputy()).then_admitted()
    offers = mandate_given(principal=FIRM, topics=["offer.made"], ceiling=vnd(0))
    free = said(offer_made(price=vnd(0), royalty_ppm=None), signed_by=[DEPUTY])
    given(offers).when(free).then_admitted()


MILLION = vnd(1_000_000)
MINIMUM = royalty(minimum={"amount": 50_000_000_000, "credit": "same_year"})
CAPPED = royalty(cap={"amount": 1_000_000, "per": "term"})
BEYOND: dict[str, tuple[list[Body], Body]] = {
    "a minimum of fifty billion a year": (
        [right_filed()],
        contract_concluded(price=None, royalty_ppm=None, royalty=MINIMUM, grants=[FREE]),
    ),
    "a cap above the ceiling": (
        [right_filed()],
        contract_concluded(
            price=None,
            royalty_ppm=None,
            royalty=royalty(cap={"amount": 1_000_001, "per": "term"}),
            grants=[FREE],
        ),
    ),
    "a yearly cap without end": (
        [right_filed()],
        contract_concluded(
            price=None,
            royalty_ppm=None,
            royalty=royalty(cap={"amount": 1, "per": "year"}),
            grants=[FREE],
        ),
    ),
    "a rate": ([right_filed()], contract_concluded(price=None, grants=[FREE])),
    "an exclusive grant": (
        [right_filed()],
        contract_concluded(price=MILLION, royalty_ppm=None, grants=[grant()]),
    ),
    "an assignment without a price": ([right_filed()], assignment_agreed(price=None)),
    "a charge": ([right_filed()], security_created()),
    "the release of a charge": (
        [right_filed(), security_created()],
        security_released(),
    ),
    "the acceptance of an offer": (
        [offer_made(price=vnd(10**12), royalty_ppm=None)],
        offer_accepted(accepts=hash_of(offer_made(price=vnd(10**12), royalty_ppm=None))),
    ),
    "the amendment of a price": (
        [right_filed(), contract_concluded()],
        terms_amended(changes={"price": vnd(10**12)}),
    ),
    "a mandate without a ceiling": ([], mandate_given(mandate="mandate:third", holder=RIVAL)),
    "a sale at an auction": ([right_filed(), listing_published()], auction_opened()),
}


@pytest.mark.parametrize("what", BEYOND)
def test_ceiling_refuses_what_is_above_it_or_has_no_bound(what: str) -> None:
    before, body = BEYOND[what]
    principal = BANK if isinstance(body, SecurityReleased) else INSTITUTE
    others = sorted(who_signs(body, opened(ledger_opened(), 0)) - {principal})
    log = given(*before)
    limited = mandate_given(principal=principal, topics=["*"], ceiling=MILLION)
    whole = mandate_given(mandate=OTHER_MANDATE, principal=principal, topics=["*"])
    attempt = said(body, signed_by=[DEPUTY, *others])
    log.and_then(limited).when(attempt).then_refused(CeilingExceeded)
    log.and_then(limited).and_then(whole).when(attempt).then_admitted()


def test_a_ceiling_covers_a_royalty_that_is_capped_over_the_term() -> None:
    log = given(right_filed(), mandate_given(topics=["*"], ceiling=MILLION))
    body = contract_concluded(price=vnd(0), royalty_ppm=None, royalty=CAPPED, grants=[FREE])
    log.when(said(body, signed_by=[DEPUTY, FIRM])).then_admitted()


def test_a_ceiling_lets_a_licensee_take_an_exclusive_licence() -> None:
    """Exclusivity is the licensor's to give; the licensee pays the price."""
    log = given(right_filed(), mandate_given(principal=FIRM, topics=["*"], ceiling=MILLION))
    body = contract_concluded(price=MILLION, royalty_ppm=None)
    log.when(said(body, signed_by=[DEPUTY, INSTITUTE])).then_admitted()


def test_opening_required_to_accept_an_offer_with_a_sealed_price_under_a_ceiling() -> None:
    offer = offer_made(price=sealed(), royalty_ppm=None)
    accepted = said(offer_accepted(accepts=hash_of(offer)), signed_by=[DEPUTY])
    log = given(mandate_given(topics=["*"], ceiling=MILLION), offer)
    log.when(accepted).then_refused(OpeningRequired)
    for price, refused in ((MILLION, None), (vnd(1_000_001), CeilingExceeded)):
        kept = {(OFFER, sealed()["commitment"]): price}
        attempt = log.when(replace(accepted, kept=kept))
        attempt.then_refused(refused) if refused else attempt.then_admitted()


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
