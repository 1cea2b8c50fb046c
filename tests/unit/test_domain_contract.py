"""Contracts: what a licensor can give, and what an exclusive grant leaves for others."""

from collections.abc import Iterable
from datetime import date, timedelta
from typing import Any

import pytest
from pydantic import ValidationError

from ledger.domain.contracts.clauses import GrantOutlastsContract
from ledger.domain.contracts.contract import ContractConcluded
from ledger.domain.contracts.granting import CoownerConsent, ExclusiveOverlap, SoleThirdGrant
from ledger.domain.core.context import OpeningRequired
from ledger.domain.core.existence import (
    FutureFact,
    IntervalEmpty,
    PredecessorUnknown,
    SubjectExists,
)
from ledger.domain.core.money import RateRange
from ledger.domain.market.listing import ContentMissing
from ledger.domain.parties.signature_refusals import SignerMissing
from ledger.domain.rights.protection import BeyondRightTerm, RightNotInForce
from ledger.domain.rights.title import NotOwner
from tests.support.builders import (
    CONTRACT,
    FIRM,
    INSTITUTE,
    LISTING,
    OFFER,
    OTHER_RIGHT,
    RIGHT,
    RIVAL,
    SOME_HASH,
    TECHNOLOGY,
    THIRD,
    assignment_agreed,
    assignment_registered,
    contract_concluded,
    grant,
    hash_of,
    held,
    listing_published,
    offer_accepted,
    offer_made,
    other_right_filed,
    right_filed,
    right_granted,
    right_lapsed,
    right_restored,
    sealed,
    technology_registered,
    vnd,
)
from tests.support.contracts import terms_amended
from tests.support.remedied import helping_words
from tests.support.specification import given, said

RIVALS = "contract:01890000-0000-7000-8000-0000000000ff"


def licensed(parties: Iterable[str] = (), **overrides: Any) -> ContractConcluded:
    """Return the builders' contract with one grant that differs."""
    given_grant = grant(**overrides)
    signing = {given_grant["licensor"], given_grant["licensee"], *parties}
    return contract_concluded(grants=[given_grant], parties=sorted(signing))


def rivalling(parties: Iterable[str] = (), **overrides: Any) -> ContractConcluded:
    """Return a second contract on the right: as the first, but non-exclusive and to a rival."""
    differing = {"licensee": RIVAL, "exclusivity": "non_exclusive", **overrides}
    return licensed(parties, **differing).model_copy(update={"contract": RIVALS})


def test_an_owner_licenses_its_right() -> None:
    past = given(right_filed()).when(contract_concluded()).then_admitted()
    assert frozenset({FIRM}) == past.value(CONTRACT).licensees()
    assert [f"{CONTRACT}#g1"] == [held_grant.ref for held_grant in past.value(RIGHT).grants]


# Contents


def test_content_missing_from_a_licence_without_grants() -> None:
    refusal = given().when(contract_concluded(grants=[])).then_refused(ContentMissing)
    assert "CONTENT_MISSING" == refusal.code
    given().when(contract_concluded(grants=[], kind="service")).then_admitted()


def test_content_missing_from_a_licence_without_price() -> None:
    past = given(right_filed())
    unpriced = {"royalty_ppm": None, "royalty_base": "none"}
    past.when(contract_concluded(price=None, **unpriced)).then_refused(ContentMissing)
    past.when(contract_concluded(price=vnd(0), **unpriced)).then_admitted()
    past.when(contract_concluded(price=None)).then_admitted()
    past.when(contract_concluded(price=None, **unpriced, kind="service")).then_admitted()


def test_content_missing_from_a_royalty_on_nothing() -> None:
    past = given(right_filed())
    past.when(contract_concluded(royalty_base="none")).then_refused(
        ContentMissing, word={"/body/royalty_base": "net_revenue"}
    )


@pytest.mark.parametrize("rate", [-1, 1_000_001])
def test_rate_range_of_a_royalty(rate: int) -> None:
    given(right_filed()).when(contract_concluded(royalty_ppm=rate)).then_refused(RateRange)


def test_a_sealed_royalty_is_opened_to_see_that_it_is_a_rate() -> None:
    past, contract = given(right_filed()), contract_concluded(royalty_ppm=sealed())
    past.when(contract).then_refused(OpeningRequired)
    pointer = "/body/royalty_ppm"
    past.when(said(contract, openings={pointer: 1_000_001})).then_refused(RateRange)
    past.when(said(contract, openings={pointer: 1_000_000})).then_admitted()


def test_a_sealed_price_needs_no_opening() -> None:
    given(right_filed()).when(contract_concluded(price=sealed())).then_admitted()


@pytest.mark.parametrize("end", ["2026-12-01", "2026-11-30"])
def test_interval_empty_if_the_contract_does_not_end_after_it_begins(end: str) -> None:
    past = given(right_filed())
    past.when(contract_concluded(effective_to=end)).then_refused(IntervalEmpty)
    short = [grant(valid_to="2026-12-02")]
    past.when(contract_concluded(effective_to="2026-12-02", grants=short)).then_admitted()
    past.when(contract_concluded(effective_to=None)).then_admitted()


@pytest.mark.parametrize("end", ["2030-12-02", None])
def test_grant_outlasts_contract(end: str | None) -> None:
    past = given(right_filed(kind="software"))
    over = {"grants": [grant(valid_to=end)], "effective_to": "2030-12-01"}
    refusal = past.when(contract_concluded(**over)).then_refused(GrantOutlastsContract)
    to = "no day" if end is None else "2030-12-01"
    assert f"the contract runs to 2030-11-30, grant g1 to {to}" == refusal.detail
    en, vi = helping_words(refusal.way, refusal.step)
    assert f"let the contract run {'without an end' if end is None else f'to {to} inclusive'}" == en
    assert f"để hợp đồng kéo dài {'không thời hạn' if end is None else f'đến hết ngày {to}'}" == vi
    concluded = contract_concluded(effective_to="2030-12-01")
    past.when(concluded).then_admitted()
    signed = past.and_then(concluded)
    shorter = {"contract": CONTRACT, "parties": sorted([FIRM, INSTITUTE]), "rights": []}
    shorter |= {"effective_from": "2026-12-01", "changes": {"effective_to": "2029-12-01"}}
    signed.when(terms_amended(**shorter)).then_refused(GrantOutlastsContract)
    longer = {**shorter, "changes": {"effective_to": "2031-12-01"}}
    signed.when(terms_amended(**longer)).then_admitted()


def test_a_contract_without_an_end_of_its_own_runs_as_long_as_its_grants() -> None:
    past = given(right_filed(kind="software"), contract_concluded())
    assert date(2030, 12, 1) == past.value(CONTRACT).newest.runs_to
    endless = given(right_filed(kind="software"), contract_concluded(grants=[grant(valid_to=None)]))
    assert endless.value(CONTRACT).newest.runs_to is None


@pytest.mark.parametrize("end", ["2026-12-01", "2026-11-30"])
def test_interval_empty_if_a_grant_does_not_end_after_it_begins(end: str) -> None:
    past = given(right_filed())
    refusal = past.when(licensed(valid_to=end)).then_refused(IntervalEmpty)
    assert "INTERVAL_EMPTY" == refusal.code
    last = date.fromisoformat(end) - timedelta(days=1)
    told = f"it begins on 2026-12-01 and ends with {last}, the day before {end}: it has no day"
    assert told == refusal.detail
    past.when(licensed(valid_to="2026-12-02")).then_admitted()


def test_subject_exists_for_a_second_contract_of_one_name() -> None:
    past = given(right_filed(), contract_concluded())
    past.when(contract_concluded()).then_refused(SubjectExists, positions=[1], subjects=[CONTRACT])


def test_future_fact_if_concluded_tomorrow() -> None:
    past = given(right_filed())
    past.when(contract_concluded(concluded_on="2026-11-03")).then_refused(FutureFact)
    past.when(contract_concluded(concluded_on="2026-11-02")).then_admitted()


def test_signer_missing_if_a_grant_binds_one_who_is_no_party() -> None:
    past = given(right_filed())
    past.when(contract_concluded(parties=[INSTITUTE, THIRD])).then_refused(
        SignerMissing, subjects=[FIRM]
    )


@pytest.mark.parametrize(
    "malformed",
    [
        {"parties": [INSTITUTE]},
        {"parties": [INSTITUTE, FIRM, FIRM]},
        {"grants": [grant(), grant()]},
        {"grants": [grant(licensee=INSTITUTE)]},
        {"grants": [grant(rights=[])]},
        {"grants": [grant(rights=[RIGHT, RIGHT])]},
        {"grants": [grant(acts=[])]},
        {"grants": [grant(accepts=["contract:x"])]},
        {"offer": OFFER},
        {"acceptance": SOME_HASH},
        {"price": vnd(-1)},
    ],
)
def test_a_contract_that_contradicts_itself_is_none(malformed: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        contract_concluded(**malformed)


# What it follows from


@pytest.mark.parametrize(
    ("missing", "name"),
    [
        (contract_concluded(), RIGHT),
        (licensed(rights=[], technologies=[TECHNOLOGY]), TECHNOLOGY),
        (contract_concluded(listing=LISTING), LISTING),
    ],
)
def test_predecessor_unknown_by_its_name(missing: ContractConcluded, name: str) -> None:
    given().when(missing).then_refused(PredecessorUnknown, subjects=[name])


def test_a_contract_follows_the_acceptance_of_its_offer() -> None:
    past = given(right_filed(), listing_published(), offer_made(), offer_accepted())
    accepted = hash_of(offer_accepted())
    past.when(contract_concluded(offer=OFFER, acceptance=accepted, listing=LISTING)).then_admitted()


def test_predecessor_unknown_if_the_acceptance_is_another_event() -> None:
    past = given(right_filed(), offer_made(), offer_accepted())
    made, accepted = hash_of(offer_made()), hash_of(offer_accepted())
    past.when(contract_concluded(offer=OFFER, acceptance=SOME_HASH)).then_refused(
        PredecessorUnknown, subjects=[SOME_HASH]
    )
    past.when(contract_concluded(offer=OFFER, acceptance=made)).then_refused(
        PredecessorUnknown, positions=[2], subjects=[OFFER]
    )
    past.when(contract_concluded(offer="offer:none", acceptance=accepted)).then_refused(
        PredecessorUnknown, subjects=["offer:none"]
    )


def test_predecessor_unknown_if_the_offer_is_still_open() -> None:
    past = given(right_filed(), offer_made())
    past.when(contract_concluded(offer=OFFER, acceptance=hash_of(offer_made()))).then_refused(
        PredecessorUnknown,
        positions=[1],
        subjects=[OFFER],
        word={
            "offer.accepted/1": offer_accepted().model_dump(mode="json"),
            "/body/acceptance": hash_of(offer_accepted()),
        },
    )


# Title, status and term of the right


def test_not_owner_of_the_right() -> None:
    past = given(right_filed())
    word = {"/body/grants/0/licensor": INSTITUTE}
    refusal = past.when(licensed(licensor=RIVAL)).then_refused(NotOwner, positions=[0], word=word)
    assert "NOT_OWNER" == refusal.code


def test_not_owner_any_more() -> None:
    past = given(right_filed(), assignment_agreed())
    past.when(contract_concluded()).then_admitted()
    past = past.and_then(assignment_registered())
    past.when(contract_concluded()).then_refused(NotOwner, positions=[2])
    past.when(licensed(licensor=FIRM, licensee=INSTITUTE)).then_admitted()


def test_not_owner_of_one_of_two_rights() -> None:
    past = given(right_filed(), other_right_filed(owners=[held(FIRM)]))
    refusal = past.when(licensed(rights=[RIGHT, OTHER_RIGHT])).then_refused(NotOwner, positions=[1])
    assert OTHER_RIGHT in refusal.subjects


def test_a_co_owner_licenses_with_the_others() -> None:
    past = given(right_filed(owners=[held(INSTITUTE, 1, 100), held(RIVAL, 99, 100)]))
    past.when(contract_concluded()).then_refused(CoownerConsent, positions=[0])
    past.when(contract_concluded(consents=[RIVAL])).then_admitted()


def test_signer_missing_if_the_licensor_of_a_technology_is_no_party() -> None:
    past = given(technology_registered())
    know_how = {"rights": [], "technologies": [TECHNOLOGY], "valid_to": None}
    others = contract_concluded(parties=[FIRM, RIVAL], grants=[grant(**know_how)])
    past.when(others).then_refused(SignerMissing, subjects=[INSTITUTE])


def test_not_owner_of_the_technology() -> None:
    past = given(technology_registered())
    know_how = {"rights": [], "technologies": [TECHNOLOGY], "valid_to": None}
    word = {"/body/grants/0/licensor": INSTITUTE}
    other = licensed(**know_how, licensor=RIVAL)
    past.when(other).then_refused(NotOwner, positions=[0], word=word)
    past.when(licensed(**know_how)).then_admitted()


def test_beyond_right_term_if_filed_on_2006_03_10_and_licensed_to_2027_01_01() -> None:
    past = given(right_filed(filed_on="2006-03-10"))
    begun = {"valid_from": "2025-01-01"}
    refusal = past.when(licensed(**begun, valid_to="2027-01-01")).then_refused(
        BeyondRightTerm, positions=[0], subjects=[RIGHT]
    )
    assert "BEYOND_RIGHT_TERM" == refusal.code
    assert f"{RIGHT} lasts to 2026-03-10, the grant to 2026-12-31" == refusal.detail
    assert (
        "let the last day of the grant be 2026-03-10 at the latest",
        "để ngày cuối cùng của thời hạn cấp quyền chậm nhất là 2026-03-10",
    ) == helping_words(refusal.way, refusal.step)
    assert ["2026-03-11"] == list(refusal.changes.values())
    past.when(licensed(**begun, valid_to="2026-03-12")).then_refused(BeyondRightTerm)
    # 2026-03-10 is the last day of the term, and the grant's end is the first day without it.
    past.when(licensed(**begun, valid_to="2026-03-11")).then_admitted()


def test_beyond_right_term_if_a_grant_on_a_patent_has_no_end() -> None:
    given(right_filed()).when(licensed(valid_to=None)).then_refused(BeyondRightTerm)


def test_beyond_right_term_as_the_office_granted_it() -> None:
    past = given(right_filed(), right_granted(expires_on="2029-12-31"))
    past.when(licensed(valid_to="2030-01-02")).then_refused(BeyondRightTerm)
    past.when(licensed(valid_to="2030-01-01")).then_admitted()


def test_a_mark_is_renewable_and_can_be_licensed_without_end() -> None:
    given(right_filed(kind="mark")).when(licensed(valid_to=None)).then_admitted()


def test_right_not_in_force_if_its_lapse_is_recorded() -> None:
    past = given(right_filed(), right_lapsed())
    refusal = past.when(contract_concluded()).then_refused(
        RightNotInForce, positions=[1], subjects=[RIGHT]
    )
    assert "RIGHT_NOT_IN_FORCE" == refusal.code


def test_a_restored_right_can_be_licensed() -> None:
    given(right_filed(), right_lapsed(), right_restored()).when(
        contract_concluded()
    ).then_admitted()


def test_right_not_in_force_on_the_day_on_which_the_lapse_takes_effect() -> None:
    past = given(right_filed(), right_lapsed(effective_from="2026-07-01"))
    past.when(licensed(valid_from="2026-07-01")).then_refused(RightNotInForce)
    past.when(licensed(valid_from="2026-06-30")).then_admitted()


# Exclusivity


EARLIER = {"valid_from": "2026-12-01", "valid_to": "2030-01-01"}
DA_NANG_A61K_31 = {
    "territory": {"codes": ["vn-2025:48"]},
    "field": {"scheme": "ipc", "edition": "2026.01", "codes": ["A61K 31"]},
    "valid_from": "2027-01-01",
    "valid_to": "2029-01-01",
}


def test_exclusive_overlap_in_da_nang_for_a61k_31_from_2027() -> None:
    past = given(right_filed(), licensed(**EARLIER))
    refusal = past.when(rivalling(**DA_NANG_A61K_31)).then_refused(
        ExclusiveOverlap, positions=[1], subjects=[RIGHT]
    )
    assert ("EXCLUSIVE_OVERLAP", True) == (refusal.code, f"{CONTRACT}#g1" in refusal.detail)


@pytest.mark.parametrize(
    "elsewhere",
    [
        {"territory": {"codes": ["iso:LA"]}},
        {"field": {"scheme": "ipc", "edition": "2026.01", "codes": ["A61P 31"]}},
        {"acts": ["import"]},
        {"valid_from": "2030-01-01", "valid_to": "2031-01-01"},
        {"rights": [OTHER_RIGHT]},
    ],
    ids=["territory", "field", "acts", "time", "right"],
)
def test_one_side_apart_is_enough(elsewhere: dict[str, Any]) -> None:
    anywhere = right_filed(kind="software")
    past = given(anywhere, other_right_filed(), licensed(**EARLIER))
    past.when(rivalling(**{**DA_NANG_A61K_31, **elsewhere})).then_admitted()


@pytest.mark.parametrize(
    ("earlier", "later"),
    [
        ("exclusive", "exclusive"),
        ("exclusive", "sole"),
        ("exclusive", "non_exclusive"),
        ("non_exclusive", "exclusive"),
        ("non_exclusive", "sole"),
    ],
)
def test_exclusive_overlap_whichever_of_the_two_is_exclusive(earlier: str, later: str) -> None:
    past = given(right_filed(), licensed(exclusivity=earlier))
    past.when(rivalling(exclusivity=later)).then_refused(ExclusiveOverlap, positions=[1])


@pytest.mark.parametrize("later", ["exclusive", "sole", "non_exclusive"])
def test_sole_third_grant_of_whatever_kind(later: str) -> None:
    past = given(right_filed(), licensed(exclusivity="sole"))
    past.when(rivalling(exclusivity=later)).then_refused(SoleThirdGrant, positions=[1])


def test_non_exclusive_grants_stand_side_by_side() -> None:
    past = given(right_filed(), licensed(exclusivity="non_exclusive"))
    past.when(rivalling()).then_admitted()


def test_a_new_exclusive_grant_may_accept_an_earlier_one() -> None:
    past = given(right_filed(), licensed(exclusivity="non_exclusive"))
    past.when(rivalling(exclusivity="exclusive")).then_refused(ExclusiveOverlap, positions=[1])
    past.when(rivalling(exclusivity="exclusive", accepts=[f"{CONTRACT}#g1"])).then_admitted()


def test_predecessor_unknown_if_the_grant_accepted_is_not_on_the_right() -> None:
    past = given(right_filed(), licensed(exclusivity="non_exclusive"))
    there, elsewhere = f"{CONTRACT}#g1", f"{CONTRACT}#g2"
    past.when(rivalling(accepts=[there, elsewhere])).then_refused(
        PredecessorUnknown, subjects=[elsewhere]
    )


def test_accepting_an_exclusive_grant_does_not_open_it() -> None:
    past = given(right_filed(), licensed())
    accepting = {"accepts": [f"{CONTRACT}#g1"]}
    past.when(rivalling(**accepting)).then_refused(ExclusiveOverlap)
    past.when(rivalling(**accepting, exclusivity="exclusive")).then_refused(ExclusiveOverlap)


def test_the_exclusive_holder_may_consent_by_signing() -> None:
    past = given(right_filed(), licensed())
    past.when(rivalling(parties=[THIRD])).then_refused(ExclusiveOverlap)
    past.when(rivalling(parties=[FIRM])).then_admitted()


def test_a_second_exclusive_grant_needs_consent_of_the_first_and_acceptance_of_the_second() -> None:
    past = given(right_filed(), licensed())
    second = {"parties": [FIRM], "exclusivity": "exclusive"}
    past.when(rivalling(**second)).then_refused(ExclusiveOverlap)
    past.when(rivalling(**second, accepts=[f"{CONTRACT}#g1"])).then_admitted()


def test_one_licensee_may_hold_overlapping_grants() -> None:
    past = given(right_filed(), licensed(exclusivity="non_exclusive"))
    past.when(rivalling(licensee=FIRM, exclusivity="exclusive")).then_admitted()


def test_one_contract_may_be_exclusive_here_and_not_there() -> None:
    """Array and Ono: exclusive in Japan and Korea, non-exclusive manufacture worldwide."""
    grants = [
        grant(territory={"codes": ["iso:JP", "iso:KR"]}),
        grant(
            grant="g2",
            territory={"codes": ["world"]},
            exclusivity="non_exclusive",
            acts=["make"],
        ),
    ]
    anywhere = right_filed(kind="know_how")
    past = given(anywhere).and_then(contract_concluded(grants=grants))
    past.when(rivalling(territory={"codes": ["iso:KR"]})).then_refused(ExclusiveOverlap)
    past.when(rivalling(territory={"codes": ["iso:CN"]})).then_admitted()


def test_the_refusal_names_every_grant_that_forbids_on_every_right() -> None:
    past = given(
        right_filed(),
        other_right_filed(),
        licensed(),
        licensed(rights=[OTHER_RIGHT]).model_copy(update={"contract": "contract:other"}),
    )
    past.when(rivalling(rights=[RIGHT, OTHER_RIGHT])).then_refused(
        ExclusiveOverlap, positions=[2, 3], subjects=[RIGHT, OTHER_RIGHT]
    )


def test_a_grant_burdens_only_the_rights_that_it_names() -> None:
    past = given(right_filed(), other_right_filed())
    grants = [grant(), grant(grant="g2", rights=[OTHER_RIGHT])]
    past = past.and_then(contract_concluded(grants=grants))
    assert [f"{CONTRACT}#g2"] == [held_grant.ref for held_grant in past.value(OTHER_RIGHT).grants]


def test_an_amendment_writes_what_it_names_and_no_defaults() -> None:
    """A default that were written would be read as a change."""
    body = terms_amended(changes={"royalty_ppm": 60_000, "effective_to": None})
    written = body.model_dump(mode="json")
    assert {"royalty_ppm": 60_000, "effective_to": None} == written["changes"]
    assert {"royalty_ppm", "effective_to"} == type(body).model_validate(
        written
    ).changes.model_fields_set
