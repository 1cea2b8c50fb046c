"""Sublicences: nothing is passed on that was not granted, nor more of it, nor longer."""

from typing import Any

import pytest
from pydantic import ValidationError

from ledger.domain.contracts.granting import ExclusiveOverlap
from ledger.domain.contracts.sublicence import (
    BeyondOwnGrant,
    SublicenceGranted,
    SublicenceLonger,
    SublicenceNoRight,
)
from ledger.domain.core.existence import (
    FutureFact,
    IntervalEmpty,
    PredecessorUnknown,
    SubjectExists,
)
from ledger.domain.core.money import RateRange
from ledger.domain.market.listing import ContentMissing
from ledger.domain.rights.protection import BeyondRightTerm, RightNotInForce
from tests.support.builders import (
    CONTRACT,
    FIRM,
    INSTITUTE,
    OTHER_RIGHT,
    RIGHT,
    RIVAL,
    SUBLICENCE,
    TECHNOLOGY,
    THIRD,
    contract_concluded,
    grant,
    other_right_filed,
    right_filed,
    right_granted,
    right_lapsed,
    sublicence_granted,
    technology_registered,
)
from tests.support.specification import Past, given

SECOND_TIER = "contract:01890000-0000-7000-8000-0000000000aa"


def headed(**overrides: Any) -> Past:
    """Return a log with a head grant, from the institute to the firm, that differs."""
    return given(right_filed(), contract_concluded(grants=[grant(**overrides)]))


def sub(consent_by: str | None = None, **overrides: Any) -> SublicenceGranted:
    """Return the builders' sublicence, from the firm to the rival, with a grant that differs."""
    differing = {"licensor": FIRM, "licensee": RIVAL, "exclusivity": "non_exclusive", **overrides}
    return sublicence_granted(
        consent_by=consent_by,
        grant=grant(**differing),
        sublicensor=differing["licensor"],
        sublicensee=differing["licensee"],
    )


def test_a_licensee_passes_on_what_it_was_granted() -> None:
    past = headed().when(sub()).then_admitted()
    assert frozenset({RIVAL}) == past.value(SUBLICENCE).licensees()
    assert [None, f"{CONTRACT}#g1"] == [held.head for held in past.value(RIGHT).grants]
    assert frozenset({FIRM}) == past.value(CONTRACT).licensees()


def test_sublicence_no_right_if_the_head_grant_says_no() -> None:
    refusal = headed(sublicensing="no").when(sub()).then_refused(SublicenceNoRight, positions=[1])
    assert "SUBLICENCE_NO_RIGHT" == refusal.code
    headed(sublicensing="no").when(sub(consent_by=INSTITUTE)).then_refused(SublicenceNoRight)
    headed(sublicensing="free").when(sub()).then_admitted()


@pytest.mark.parametrize("sublicensing", ["consent", "affiliates"])
def test_sublicence_no_right_without_consent_by_the_head_licensor(sublicensing: str) -> None:
    past = headed(sublicensing=sublicensing)
    past.when(sub()).then_refused(SublicenceNoRight, positions=[1])
    past.when(sub(consent_by=THIRD)).then_refused(SublicenceNoRight, positions=[1])
    past.when(sub(consent_by=INSTITUTE)).then_admitted()


def test_sublicence_no_right_of_one_to_whom_nothing_was_granted() -> None:
    headed().when(sub(licensor=THIRD)).then_refused(SublicenceNoRight, positions=[1])


def test_sublicence_longer_to_2032_where_the_head_ends_2030() -> None:
    past = headed(valid_to="2030-12-01")
    refusal = past.when(sub(valid_to="2032-12-01")).then_refused(SublicenceLonger, positions=[1])
    assert "SUBLICENCE_LONGER" == refusal.code
    past.when(sub(valid_to="2030-12-02")).then_refused(SublicenceLonger)
    past.when(sub(valid_to="2030-12-01")).then_admitted()


def test_sublicence_longer_if_it_has_no_end() -> None:
    headed(valid_to="2030-12-01").when(sub(valid_to=None)).then_refused(SublicenceLonger)


def test_under_an_endless_head_a_sublicence_may_be_endless() -> None:
    past = given(right_filed(kind="mark"), contract_concluded(grants=[grant(valid_to=None)]))
    past.when(sub(valid_to=None)).then_admitted()


@pytest.mark.parametrize(
    "wider",
    [
        {"field": {"scheme": "ipc", "edition": "2026.01", "codes": ["A61P"]}},
        {"territory": {"codes": ["iso:LA"]}},
        {"territory": {"codes": ["iso:VN", "iso:LA"]}},
        {"acts": ["make", "sell", "use"]},
        {"valid_from": "2026-11-30"},
        {"rights": [RIGHT, OTHER_RIGHT]},
        {"technologies": [TECHNOLOGY]},
    ],
    ids=["field", "territory", "more territory", "acts", "first day", "right", "technology"],
)
def test_beyond_own_grant_on_each_side(wider: dict[str, Any]) -> None:
    past = headed().and_then(other_right_filed()).and_then(technology_registered())
    refusal = past.when(sub(**wider)).then_refused(BeyondOwnGrant, positions=[1])
    assert "BEYOND_OWN_GRANT" == refusal.code


@pytest.mark.parametrize(
    "narrower",
    [
        {"field": {"scheme": "ipc", "edition": "2026.01", "codes": ["A61K 31/19"]}},
        {"territory": {"codes": ["vn-2025:48"]}},
        {"acts": ["sell"]},
        {"valid_from": "2027-01-01", "valid_to": "2027-01-02"},
    ],
    ids=["field", "territory", "acts", "time"],
)
def test_less_may_be_passed_on(narrower: dict[str, Any]) -> None:
    headed().when(sub(**narrower)).then_admitted()


@pytest.mark.parametrize(
    ("head", "sublicence"),
    [("non_exclusive", "sole"), ("non_exclusive", "exclusive"), ("sole", "exclusive")],
)
def test_beyond_own_grant_if_more_exclusive_than_the_head(head: str, sublicence: str) -> None:
    past = headed(exclusivity=head)
    past.when(sub(exclusivity=sublicence)).then_refused(BeyondOwnGrant, positions=[1])
    past.when(sub(exclusivity=head)).then_admitted()


def test_a_sublicence_does_not_conflict_with_its_head_but_with_its_siblings() -> None:
    past = headed().and_then(sub(exclusivity="exclusive"))
    sibling = sub(licensee=THIRD).model_copy(update={"contract": SECOND_TIER})
    past.when(sibling).then_refused(ExclusiveOverlap, positions=[2])


def second_tier(**overrides: Any) -> SublicenceGranted:
    """Return a sublicence of the sublicence, from the rival to the third."""
    beneath = sub(licensor=RIVAL, licensee=THIRD, **overrides)
    return beneath.model_copy(update={"contract": SECOND_TIER, "head_contract": SUBLICENCE})


def test_a_second_tier_conflicts_with_none_of_those_above_it() -> None:
    past = headed().and_then(sub(exclusivity="exclusive"))
    past.when(second_tier(exclusivity="exclusive")).then_admitted()


def test_a_second_tier_lies_within_the_first() -> None:
    past = headed().and_then(sub(territory={"codes": ["vn-2025:48"]}))
    past.when(second_tier()).then_refused(BeyondOwnGrant, positions=[2])
    past.when(second_tier(territory={"codes": ["vn-2025:48"]})).then_admitted()


def test_a_direct_licence_conflicts_with_the_head_and_with_what_is_under_it() -> None:
    past = headed().and_then(sub(exclusivity="sole"))
    direct = contract_concluded(
        contract=SECOND_TIER,
        parties=[INSTITUTE, THIRD],
        grants=[grant(licensee=THIRD, exclusivity="non_exclusive")],
    )
    past.when(direct).then_refused(ExclusiveOverlap, positions=[1, 2])


def test_who_accepted_the_head_accepted_what_is_passed_on_under_it() -> None:
    past = headed(exclusivity="non_exclusive").and_then(
        contract_concluded(
            contract=SECOND_TIER,
            parties=[INSTITUTE, THIRD],
            grants=[grant(licensee=THIRD, accepts=[f"{CONTRACT}#g1"])],
        )
    )
    past.when(sub()).then_admitted()


def test_predecessor_unknown_if_there_is_no_head() -> None:
    given(right_filed()).when(sub()).then_refused(PredecessorUnknown, subjects=[CONTRACT])
    headed(grant="g7").when(sub()).then_refused(
        PredecessorUnknown, positions=[1], subjects=[CONTRACT], word={"/body/head_grant": "g7"}
    )


def test_subject_exists_for_a_second_sublicence_of_one_name() -> None:
    headed().and_then(sub()).when(sub()).then_refused(SubjectExists, positions=[2])


def test_right_not_in_force_stops_sublicences_too() -> None:
    past = headed().and_then(right_lapsed())
    past.when(sub()).then_refused(RightNotInForce, positions=[2])


def test_beyond_right_term_if_the_office_granted_less_than_the_head_assumed() -> None:
    past = headed().and_then(right_granted(expires_on="2029-12-31"))
    past.when(sub()).then_refused(BeyondRightTerm)
    past.when(sub(valid_to="2030-01-01")).then_admitted()


def test_interval_empty_if_a_sublicence_holds_no_day() -> None:
    headed().when(sub(valid_to="2026-12-01")).then_refused(IntervalEmpty)


def test_future_fact_if_sublicensed_tomorrow() -> None:
    headed().when(sublicence_granted(concluded_on="2026-11-03")).then_refused(FutureFact)
    headed().when(sublicence_granted(concluded_on="2026-11-02")).then_admitted()


def test_a_sublicence_states_a_price_that_can_be_one() -> None:
    past = headed()
    past.when(sublicence_granted(royalty_ppm=None)).then_refused(ContentMissing)
    past.when(sublicence_granted(royalty_base="none")).then_refused(ContentMissing)
    past.when(sublicence_granted(royalty_ppm=1_000_001)).then_refused(RateRange)


def test_a_sublicence_is_about_whoever_consents_too() -> None:
    parties = {subject for subject in sub(THIRD).subjects() if subject.startswith("party:")}
    assert {FIRM, RIVAL, THIRD} == parties


@pytest.mark.parametrize(
    "malformed", [{"sublicensee": THIRD}, {"sublicensor": THIRD}, {"contract": CONTRACT}]
)
def test_a_sublicence_that_contradicts_itself_is_none(malformed: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        sublicence_granted(**malformed)
