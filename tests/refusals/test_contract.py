"""Rules 7, 15 to 25 and 27 to 35: what a licensor can give, and to whom, by code and example."""

from collections.abc import Iterable
from datetime import UTC, date, datetime
from typing import Any

from ledger.domain.contracts.contract import ContractConcluded
from ledger.domain.contracts.filing import opposed
from ledger.domain.contracts.granting import CoownerConsent, ExclusiveOverlap, SoleThirdGrant
from ledger.domain.contracts.sublicence import (
    BeyondOwnGrant,
    SublicenceDepth,
    SublicenceGranted,
    SublicenceLonger,
    SublicenceNoRight,
)
from ledger.domain.market.listing import ContentMissing
from ledger.domain.parties.signature_refusals import WrongSigner
from ledger.domain.rights.protection import BeyondRightTerm, BeyondRightTerritory, RightNotInForce
from ledger.events.lawbook import bundled_law
from tests.support.builders import (
    CONTRACT,
    FIRM,
    INSTITUTE,
    RIGHT,
    RIVAL,
    SUBLICENCE,
    THIRD,
    assignment_agreed,
    assignment_registered,
    contract_concluded,
    first_party,
    grant,
    held,
    party_registered,
    right_filed,
    right_lapsed,
    right_restored,
    sublicence_granted,
)
from tests.support.contracts import CONSENT, consent_given, contract_terminated, licence_entered
from tests.support.disputes import court_registered, dispute_opened, ruling_made, void
from tests.support.parties import relation_declared
from tests.support.remedied import helping_words
from tests.support.specification import given, said

SECOND = "contract:01890000-0000-7000-8000-0000000000ff"
NON_EXCLUSIVE = {"exclusivity": "non_exclusive"}


def licensed(parties: Iterable[str] = (), terms: Any = None, **overrides: Any) -> ContractConcluded:
    """Return the builders' contract with one grant, and terms, that differ."""
    differing = grant(**overrides)
    signing = sorted({differing["licensor"], differing["licensee"], *parties})
    return contract_concluded(grants=[differing], parties=signing, **(terms or {}))


def second(parties: Iterable[str] = (), **overrides: Any) -> ContractConcluded:
    """Return a second contract of the institute's, with the rival."""
    return licensed(parties, {"contract": SECOND}, **{"licensee": RIVAL, **overrides})


def passed_on(consent_by: str | None = None, **overrides: Any) -> SublicenceGranted:
    """Return a sublicence from the firm to the rival with a grant that differs."""
    terms = overrides.pop("terms", {})
    differing = grant(**{"licensor": FIRM, "licensee": RIVAL, **NON_EXCLUSIVE, **overrides})
    return sublicence_granted(
        consent_by=consent_by,
        grant=differing,
        sublicensor=differing["licensor"],
        sublicensee=differing["licensee"],
        **terms,
    )


def test_coowner_consent() -> None:
    """One of two joint owners licenses exclusively alone; the other signs, or consented before."""
    joint = given(right_filed(owners=[held(INSTITUTE, 1, 2), held(THIRD, 1, 2)]))
    refusal = joint.when(licensed()).then_refused(CoownerConsent, positions=[0])
    assert THIRD in refusal.subjects
    joint.when(licensed(**NON_EXCLUSIVE)).then_refused(CoownerConsent, positions=[0])
    joint.when(licensed(terms={"consents": [THIRD]})).then_admitted()
    right = grant()["rights"][0]
    agreed = joint.and_then(
        consent_given(given_by=THIRD, to=INSTITUTE, matter="licence", about=right)
    )
    agreed.when(licensed()).then_refused(CoownerConsent, positions=[0])
    agreed.when(licensed(terms={"consents_given": [CONSENT]})).then_admitted()


def test_exclusive_overlap() -> None:
    """Exclusive VN, A61K, 2026-2030; then non-exclusive in Đà Nẵng for A61K 31 from 2027."""
    past = given(right_filed(), licensed())
    narrow = {
        "territory": {"codes": ["vn-2025:48"]},
        "field": {"scheme": "ipc", "edition": "2026.01", "codes": ["A61K 31/00"]},
        "valid_from": "2027-01-01",
        **NON_EXCLUSIVE,
    }
    past.when(second(**narrow)).then_refused(ExclusiveOverlap, positions=[1])
    past.when(second([FIRM], **narrow)).then_admitted()
    later = {"valid_from": "2030-12-01", "valid_to": "2032-12-01"}
    past.when(second(**{**narrow, **later})).then_admitted()


def test_exclusive_overlap_with_ones_own_sublicence() -> None:
    """What a firm passed on exclusively it passes on to another if the first agrees."""
    past = given(right_filed(), licensed(), passed_on(exclusivity="exclusive"))
    again = passed_on(licensee=THIRD, terms={"contract": SECOND})
    refusal = past.when(again).then_refused(ExclusiveOverlap, positions=[2])
    signers = sorted([FIRM, RIVAL, THIRD])
    assert {"/body/consents": [RIVAL], "/signers": signers} == refusal.changes
    assert (RIVAL,) == refusal.sign
    earlier = given(right_filed(), licensed(), passed_on())
    exclusive = passed_on(licensee=THIRD, terms={"contract": SECOND}, exclusivity="exclusive")
    refusal = earlier.when(exclusive).then_refused(ExclusiveOverlap, positions=[2])
    assert {"/body/grant/accepts": [f"{SUBLICENCE}#g1"]} == refusal.changes


def test_sole_third_grant() -> None:
    """Sole licence in force, second licensee signed; to the same firm it may be granted."""
    past = given(right_filed(), licensed(exclusivity="sole"))
    past.when(second(**NON_EXCLUSIVE)).then_refused(SoleThirdGrant, positions=[1])
    past.when(second(**NON_EXCLUSIVE, licensee=FIRM)).then_admitted()
    past.when(second([FIRM], **NON_EXCLUSIVE)).then_admitted()


def test_beyond_right_term() -> None:
    """A patent filed 2006-03-10 licensed to 2027-01-01; to the last day of its term it may be."""
    past = given(right_filed(filed_on="2006-03-10"))
    dated = {"valid_from": "2026-01-01", "valid_to": "2027-01-01"}
    past.when(licensed(**dated)).then_refused(BeyondRightTerm, positions=[0])
    past.when(licensed(**{**dated, "valid_to": "2026-03-11"})).then_admitted()


def test_right_not_in_force() -> None:
    """A licence on a title whose lapse is recorded from last year; restored, it may be licensed."""
    past = given(right_filed(), right_lapsed())
    word = {"right.restored/1": right_restored().model_dump(mode="json")}
    past.when(licensed()).then_refused(RightNotInForce, positions=[1], word=word)
    past.and_then(right_restored()).when(licensed()).then_admitted()


def test_beyond_right_territory() -> None:
    """A Vietnamese title licensed for Laos; a province of Vietnam lies within it."""
    past = given(right_filed())
    laos = {"codes": ["iso:LA"]}
    past.when(licensed(territory=laos)).then_refused(BeyondRightTerritory, positions=[0])
    both = {"codes": ["iso:VN", "iso:LA"]}
    past.when(licensed(territory=both)).then_refused(BeyondRightTerritory)
    past.when(licensed(territory={"codes": ["vn-2025:48"]})).then_admitted()


def test_beyond_own_grant() -> None:
    """A licensee with field A61K licenses A61P; within A61K it may."""
    past = given(right_filed(), licensed())
    field = {"scheme": "ipc", "edition": "2026.01", "codes": ["A61P"]}
    past.when(passed_on(field=field)).then_refused(BeyondOwnGrant, positions=[1])
    past.when(passed_on(field={**field, "codes": ["A61K 31/00"]})).then_admitted()


def test_sublicence_no_right() -> None:
    """The head grant says `sublicensing: no`; with consent, signed or on record, it is allowed."""
    amended = {"concluded_on": "2026-11-02", "effective_from": "2026-11-02"}
    given(right_filed(), licensed(sublicensing="no")).when(passed_on(INSTITUTE)).then_refused(
        SublicenceNoRight, positions=[1], word={"terms.amended/1": amended}
    )
    past = given(right_filed(), licensed(sublicensing="consent"), consent_given())
    past.when(passed_on()).then_refused(SublicenceNoRight, positions=[1])
    past.when(passed_on(INSTITUTE)).then_admitted()
    past.when(passed_on(terms={"consents_given": [CONSENT]})).then_admitted()


def test_sublicence_longer() -> None:
    """A sublicence to 2032 where the head ends in 2030; to the head's end it may run."""
    past = given(right_filed(), licensed())
    refusal = past.when(passed_on(valid_to="2032-12-01")).then_refused(
        SublicenceLonger, positions=[1]
    )
    assert "the head grant runs to 2030-11-30, the sublicence to 2032-11-30" == refusal.detail
    assert (
        "let its last day be 2030-11-30 at the latest"
        == helping_words(refusal.way, refusal.step)[0]
    )
    assert {"/body/grant/valid_to": "2030-12-01"} == refusal.changes
    past.when(passed_on(valid_to="2030-12-01")).then_admitted()


def test_sublicence_longer_than_a_head_that_ends_early() -> None:
    """The head contract, or the one above it, was ended with effect from a later day."""
    ends = {"terminated_on": "2028-06-01", "terminated_by": [FIRM, INSTITUTE]}
    by_consent = {"ground": "consent", "exit": None, "notice": None, "rights": [RIGHT]}
    ending = contract_terminated(contract=CONTRACT, **by_consent, **ends)
    past = given(right_filed(), licensed(), ending)
    refusal = past.when(passed_on(valid_to="2028-06-02")).then_refused(
        SublicenceLonger, positions=[1, 2]
    )
    assert "a contract above runs to 2028-05-31, the sublicence to 2028-06-01" == refusal.detail
    assert (
        "let its last day be 2028-05-31 at the latest"
        == helping_words(refusal.way, refusal.step)[0]
    )
    past.when(passed_on(valid_to="2028-06-01")).then_admitted()
    third = {"contract": SECOND, "head_contract": SUBLICENCE}
    below = {"licensor": RIVAL, "licensee": THIRD, "terms": third}
    past = given(right_filed(), licensed(), passed_on(), ending)
    past.when(passed_on(**below, valid_to="2028-06-02")).then_refused(
        SublicenceLonger, positions=[1, 3]
    )
    past.when(passed_on(**below, valid_to="2028-06-01")).then_admitted()
    declared = void(licensed(), CONTRACT, RIGHT, start="2028-06-01")
    forum = (court_registered(), dispute_opened())
    past = given(right_filed(), licensed(), *forum, ruling_made(orders=[declared]))
    past.when(passed_on(valid_to="2028-06-02")).then_refused(SublicenceLonger, positions=[1, 4])
    past.when(passed_on(valid_to="2028-06-01")).then_admitted()
    direct = given(right_filed(), licensed(direct_licence=True), ending)
    direct.when(passed_on(valid_to="2030-12-01")).then_admitted()


def test_sublicence_depth() -> None:
    """A third tier where one is allowed; where two are, it stands."""
    third = {"contract": SECOND, "head_contract": SUBLICENCE}
    deeper = passed_on(licensor=RIVAL, licensee=THIRD, terms=third)
    past = given(right_filed(), licensed(depth=1), passed_on())
    direct = {"parties": sorted([INSTITUTE, THIRD]), "contract": SECOND}
    own = grant(licensee=THIRD, **NON_EXCLUSIVE)
    word = contract_concluded(**direct, consents=[FIRM], grants=[own]).model_dump(mode="json")
    past.when(deeper).then_refused(
        SublicenceDepth, positions=[1, 2], word={"contract.concluded/1": word}
    )
    given(right_filed(), licensed(depth=2), passed_on()).when(deeper).then_admitted()
    given(right_filed(), licensed(), passed_on(depth=0)).when(deeper).then_refused(
        SublicenceDepth, positions=[2]
    )


def test_exclusive_overlap_leaves_out_what_is_excluded() -> None:
    """Exclusive in Vietnam but Đà Nẵng: there another may be licensed, and not sublicensed."""
    hole = {"territory": {"codes": ["vn-2025:48"]}}
    past = given(right_filed(), licensed(excluded=hole))
    da_nang = {"territory": {"codes": ["vn-2025:48"]}, **NON_EXCLUSIVE}
    past.when(second(**da_nang)).then_admitted()
    hanoi = {"territory": {"codes": ["vn-2025:01"]}, **NON_EXCLUSIVE}
    past.when(second(**hanoi)).then_refused(ExclusiveOverlap, positions=[1])
    whole = {"territory": {"codes": ["iso:VN"]}}
    past.when(passed_on(**whole)).then_refused(BeyondOwnGrant)
    past.when(passed_on(**whole, excluded=hole)).then_admitted()
    past.when(passed_on(territory={"codes": ["vn-2025:48"]})).then_refused(BeyondOwnGrant)
    past.when(passed_on(territory={"codes": ["vn-2025:01"]})).then_admitted()


def test_beyond_own_grant_in_quantity() -> None:
    """Nobody passes on more units than were granted, or any number where some were."""
    past = given(right_filed(), licensed(quantity=10_000))
    past.when(passed_on()).then_refused(BeyondOwnGrant)
    past.when(passed_on(quantity=10_001)).then_refused(BeyondOwnGrant)
    past.when(passed_on(quantity=10_000)).then_admitted()


CITY = "party:vn.city"


def test_the_state_buys_for_open_beneficiaries() -> None:
    """Purchase and dissemination (TTL 35a): a State body buys, under a package and a decision."""
    body = first_party(CITY, kind="state_body", name="Ủy ban nhân dân thành phố")
    past = given(right_filed(), party_registered(**body))
    bought = {
        "kind": "state_purchase",
        "open_beneficiaries": True,
        "procurement": {"package": "IB2600012345", "decision": "12/QĐ-UBND"},
    }
    past.when(licensed(terms=bought)).then_refused(
        WrongSigner, subjects=[FIRM], word={"/body/grants": [grant(licensee=CITY)]}
    )
    past.when(licensed(terms=bought, licensee=CITY)).then_admitted()
    unnamed = {**bought, "procurement": None}
    past.when(licensed(terms=unnamed, licensee=CITY)).then_refused(
        ContentMissing, word={"/body/procurement": bought["procurement"]}
    )


def test_unregistered_opposed() -> None:
    """An unregistered patent licence asserted against a later registered assignee: an answer.

    Between the parties it holds; entered in the register it binds everybody; of a mark it does so
    without (IP Law art. 148(2), (3)).
    """
    sold = (
        assignment_agreed(assignors=[held(INSTITUTE)], assignees=[held(THIRD)]),
        assignment_registered(),
    )
    past = given(right_filed(), licensed(), *sold)
    (grant_held,) = past.value(RIGHT).grants
    day, law = date(2027, 1, 1), bundled_law()
    ground = opposed(law, "invention", grant_held.registered, day)
    assert ground is not None
    assert "ip-law.148.2" == ground.rule
    (entered,) = past.and_then(licence_entered()).value(RIGHT).grants
    assert opposed(law, "invention", entered.registered, day) is None
    assert opposed(law, "invention", entered.registered, date(2026, 11, 1)) == ground
    assert opposed(law, "mark", None, day) is None


def test_affiliates_need_no_consent() -> None:
    """Where the head grant lets affiliates in: a subsidiary as declared, on the recorded day."""
    past = given(right_filed(), licensed(sublicensing="affiliates"))
    past.when(passed_on()).then_refused(SublicenceNoRight, positions=[1])
    past.and_then(relation_declared()).when(passed_on()).then_admitted()
    later = said(
        relation_declared(valid_from="2026-11-03"), accepted=datetime(2026, 11, 3, tzinfo=UTC)
    )
    past.and_then(later).when(passed_on()).then_refused(SublicenceNoRight)
    financed = relation_declared(kind="state_capital")
    past.and_then(financed).when(passed_on()).then_refused(SublicenceNoRight)
