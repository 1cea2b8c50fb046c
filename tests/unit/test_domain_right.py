"""Rights: filed once, and what offices say of their status."""

import re
from datetime import date
from fractions import Fraction

import pytest
from pydantic import ValidationError

from ledger.domain.core.body import Body
from ledger.domain.core.existence import FutureFact, PredecessorUnknown
from ledger.domain.parties.party import PartyUnknown
from ledger.domain.parties.signature_refusals import SignerMissing, WrongSigner
from ledger.domain.rights.number import NumberForm, canonical, right_id
from ledger.domain.rights.protection import lapse_on, term_of
from ledger.domain.rights.right import FractionSum, RightExists
from ledger.events.lawbook import bundled_law
from tests.support.builders import (
    CLERK,
    FIRM,
    INSTITUTE,
    OPERATOR,
    REGISTRAR,
    RIGHT,
    SOME_HASH,
    STRANGER,
    TECHNOLOGY,
    held,
    other_right_filed,
    right_filed,
    right_granted,
    right_lapsed,
    right_restored,
    technology_registered,
)
from tests.support.specification import given, said

ATTESTED = {"attested_by": CLERK, "document_sha256": SOME_HASH}
STATUS = [right_granted(), right_lapsed(), right_restored()]


def test_a_right_starts_with_its_owners() -> None:
    right = given(right_filed()).value(RIGHT)
    assert {INSTITUTE: Fraction(1)} == dict(right.owners)
    assert (1, "invention", date(2020, 3, 10)) == (right.position, right.kind, right.filed_on)


def test_right_exists_refuses_an_application_twice() -> None:
    by_clerk = right_filed(owners=[held(FIRM)], **ATTESTED)
    given(right_filed()).when(by_clerk).then_refused(RightExists, positions=(0,), subjects=(RIGHT,))
    given(right_filed()).when(other_right_filed()).then_admitted()


def test_an_application_has_one_id_whatever_its_spelling() -> None:
    assert "right:us.15145443" == right_id("us", "15145443")
    assert "right:vn.1-2025-07378" == right_id("vn", "1-2025-07378")
    assert "right:vn.kn-12-2024" == right_id("vn", "KN 12/2024")
    other = right_filed(application_no="1-2020-00003")
    assert "right:vn.1-2020-00003" in given().when(other).then_refused(NumberForm).detail


@pytest.mark.parametrize(
    ("office", "spellings", "number"),
    [
        ("us", ("15438832", "15/438,832", "US 15/438,832", "US-15-438-832"), "15438832"),
        ("ep", ("99203729", "99203729.5", "EP 99 203 729.5", "EP99203729"), "99203729"),
        ("wo", ("PCT/EP2019/012345", "PCTEP2019012345"), "PCT/EP2019/012345"),
        ("wo", ("PCT/US99/01234", "PCT/US1999/001234"), "PCT/US1999/001234"),
        ("vn", ("1-2019-01234", "VN 1-2019-01234", "1201901234"), "1-2019-01234"),
        ("vn", ("1-2019-01951", "1-2019-1951", "1-2019-001951", "VN1-2019-1951"), "1-2019-01951"),
        ("vn", ("1/2019/01951", "1.2019.1951", "1\u20132019\u201301951"), "1-2019-01951"),
        ("jp", ("2020-000001", "2020/000001", "2020000001"), "2020-000001"),
        ("vn", ("01-2019-01951", "1\u20112019-01951"), "1-2019-01951"),
        ("de", ("102014005123", "DE 10 2014 005 123.4", "10 2014 005 123.4"), "102014005123"),
        ("gb", ("1412345", "GB1412345.6"), "1412345"),
        ("cn", ("201410123456", "CN 201410123456.X", "201410123456.7"), "201410123456"),
        ("jp", ("2014-123456", "特願2014-123456", "JP 2014-123456"), "2014-123456"),
        ("kr", ("10-2014-0123456", "KR1020140123456"), "10-2014-0123456"),
        ("la", ("1-2020-7", "LA 1-2020-7"), "1-2020-7"),
    ],
)
def test_a_number_has_one_form_whatever_its_spelling(office, spellings, number) -> None:
    assert {number} == {canonical(office, spelled) for spelled in spellings}
    filed = {"office": office, "right": right_id(office, number)}
    given().when(right_filed(**filed, application_no=number)).then_admitted()
    for spelled in spellings:
        body = right_filed(**filed, application_no=spelled)
        if spelled != number:
            refusal = given().when(body).then_refused(NumberForm)
            assert number in refusal.detail


@pytest.mark.parametrize(
    ("office", "number"),
    [("us", "US2015/0123456"), ("us", "9123456"), ("ep", "1000000"), ("wo", "WO2019/012345")],
)
def test_what_is_no_application_s_number_is_told_its_form(office: str, number: str) -> None:
    filed = right_filed(office=office, application_no=number, right=right_id(office, number))
    refusal = given().when(filed).then_refused(NumberForm)
    assert "writes them as" in refusal.detail
    assert refusal.way is not None
    told = refusal.way.say(refusal.step.told, vietnamese=False)
    says = f"{refusal.detail} {told}".replace(number, "")
    assert not re.search(r"\d", says), "an example's number would be told as the one to write"


def test_fraction_sum_refuses_owners_who_are_not_a_whole() -> None:
    half = right_filed(owners=[held(INSTITUTE, 1, 2)])
    more = right_filed(owners=[held(INSTITUTE, 1, 2), held(FIRM, 2, 3)])
    whole = right_filed(owners=[held(INSTITUTE, 1, 2), held(FIRM, 1, 2)])
    given().when(half).then_refused(FractionSum)
    given().when(more).then_refused(FractionSum)
    given().when(whole).then_admitted()


def test_owners_of_an_office_s_record_need_not_be_registered() -> None:
    given().when(right_filed(owners=[held(STRANGER)])).then_admitted()


def test_predecessor_unknown_refuses_a_technology_that_is_not_there() -> None:
    protects = right_filed(technology=TECHNOLOGY)
    given().when(protects).then_refused(PredecessorUnknown, subjects=(TECHNOLOGY,))
    given(technology_registered()).when(protects).then_admitted()


@pytest.mark.parametrize("body", STATUS, ids=lambda body: body.TOPIC)
def test_predecessor_unknown_refuses_the_status_of_no_right(body: Body) -> None:
    given().when(body).then_refused(PredecessorUnknown, subjects=(RIGHT,))
    given(right_filed()).when(body).then_admitted()


@pytest.mark.parametrize("body", [right_filed(), *STATUS], ids=lambda body: body.TOPIC)
def test_signer_missing_refuses_a_registrar_who_did_not_sign(body: Body) -> None:
    unsigned = said(body, signers=(), signatures=())
    log = given() if body == right_filed() else given(right_filed())
    log.when(unsigned).then_refused(SignerMissing, subjects=(REGISTRAR,))


def test_signer_missing_refuses_a_clerk_without_the_operator() -> None:
    body = right_filed(**ATTESTED)
    given().when(said(body, signed_by=[CLERK])).then_refused(SignerMissing, subjects=(OPERATOR,))
    given().when(body).then_admitted()


@pytest.mark.parametrize(
    "body",
    [
        right_filed(**{**ATTESTED, "attested_by": FIRM}),
        right_granted(**{**ATTESTED, "attested_by": FIRM}),
        right_lapsed(**{**ATTESTED, "attested_by": FIRM}),
        right_restored(**{**ATTESTED, "attested_by": FIRM}),
    ],
    ids=lambda body: body.TOPIC,
)
def test_wrong_signer_refuses_an_attestation_by_no_clerk(body: Body) -> None:
    log = given() if body.TOPIC == right_filed().TOPIC else given(right_filed())
    log.when(body).then_refused(WrongSigner, subjects=(FIRM,))
    log.when(body.model_copy(update={"attested_by": CLERK})).then_admitted()


def test_party_unknown_refuses_a_clerk_who_is_not_registered() -> None:
    body = right_filed(attested_by=STRANGER, document_sha256=SOME_HASH)
    given().when(body).then_refused(PartyUnknown, subjects=(STRANGER,))


def test_an_attested_fact_names_its_document() -> None:
    with pytest.raises(ValidationError, match="names its document"):
        right_granted(attested_by=CLERK)


@pytest.mark.parametrize(
    ("early", "on_time"),
    [
        (right_filed(filed_on="2026-11-03"), right_filed(filed_on="2026-11-02")),
        (right_granted(granted_on="2026-11-03"), right_granted(granted_on="2026-11-02")),
        (right_lapsed(published_on="2026-11-03"), right_lapsed(published_on="2026-11-02")),
        (right_restored(published_on="2026-11-03"), right_restored(published_on="2026-11-02")),
    ],
    ids=["right.filed", "right.granted", "right.lapsed", "right.restored"],
)
def test_future_fact_refuses_what_the_office_will_say_tomorrow(early: Body, on_time: Body) -> None:
    log = given() if early.TOPIC == right_filed().TOPIC else given(right_filed())
    log.when(early).then_refused(FutureFact)
    log.when(on_time).then_admitted()


def test_an_effect_may_begin_on_any_day() -> None:
    given(right_filed()).when(right_lapsed(effective_from="2027-01-01")).then_admitted()


def test_facts_of_the_state_are_not_refused_for_what_they_contradict() -> None:
    """It was granted, lapsed twice and never restored, then granted again: all is recorded."""
    again = right_granted(title_no="1-0099999")
    log = given(right_filed(), right_granted(), right_lapsed(), right_lapsed(), again)
    log.when(right_restored()).then_admitted()


def test_a_lapse_holds_from_its_effect_on_however_late_it_is_known() -> None:
    right = given(right_filed(), right_lapsed(effective_from="2025-05-04")).value(RIGHT)
    assert None is lapse_on(right, date(2025, 5, 3))
    lapse = lapse_on(right, date(2025, 5, 4))
    assert lapse is not None
    assert 2 == lapse.position


def test_a_restoration_ends_a_lapse_from_its_effect_on() -> None:
    log = given(right_filed(), right_lapsed(), right_restored(effective_from="2025-08-01"))
    right = log.value(RIGHT)
    assert lapse_on(right, date(2025, 7, 31)) is not None
    assert None is lapse_on(right, date(2025, 8, 1))


def test_of_two_changes_with_effect_on_one_day_the_later_word_counts() -> None:
    restored = given(right_filed(), right_lapsed(), right_restored())
    assert None is lapse_on(restored.value(RIGHT), date(2026, 1, 1))
    lapsed = restored.and_then(right_lapsed())
    assert lapse_on(lapsed.value(RIGHT), date(2026, 1, 1)) is not None


@pytest.mark.parametrize(
    ("kind", "filed_on", "end"),
    [
        ("invention", "2006-03-10", date(2026, 3, 11)),
        ("utility_solution", "2016-03-10", date(2026, 3, 11)),
        ("utility_solution", "2016-02-29", date(2026, 3, 1)),
        ("design", "2006-03-10", date(2021, 3, 11)),
        ("layout", "2006-03-10", date(2016, 3, 11)),
        ("mark", "2006-03-10", None),
        ("know_how", "2006-03-10", None),
    ],
)
def test_a_term_runs_from_filing_and_counts_every_renewal_that_there_can_be(
    kind: str, filed_on: str, end: date | None
) -> None:
    """The last day counts to its end, so a half-open interval may end on the day after."""
    assert end == term_end(right_filed(kind=kind, filed_on=filed_on))


def test_a_term_that_the_office_named_comes_first() -> None:
    named = right_granted(expires_on="2039-12-31")
    assert date(2040, 1, 1) == term_end(right_filed(), named)
    assert date(2040, 3, 11) == term_end(right_filed(), right_granted(expires_on=None))


def term_end(*said_of_it: Body) -> date | None:
    """Return the end of the story's right by the shipped law of today."""
    return term_of(given(*said_of_it).value(RIGHT), bundled_law(), date(2026, 11, 2)).end


def test_a_layout_ends_with_the_earliest_of_three_terms() -> None:
    """IP Law art. 93(5): 10 years from filing, 10 from exploitation, 15 from creation."""
    layout = {"kind": "layout", "filed_on": "2020-03-10"}
    assert date(2028, 1, 6) == term_end(right_filed(**layout, exploited_from="2018-01-05"))
    assert date(2026, 1, 6) == term_end(right_filed(**layout, created_on="2011-01-05"))
    late = right_filed(**layout, exploited_from="2021-01-05", created_on="2019-01-05")
    assert date(2030, 3, 11) == term_end(late)


def test_a_term_is_of_the_office_s_own_law() -> None:
    """A European patent lasts by the Convention; of a foreign utility model no law here speaks."""
    rows = {("ep", "invention"): "epc.63.invention", ("us", "invention"): "usc-35.154.invention"}
    for (office, kind), rule in rows.items():
        foreign = right_filed(
            right=f"right:{office}.99203729", office=office, application_no="99203729", kind=kind
        )
        right = given(foreign).value(foreign.right)
        term = term_of(right, bundled_law(), date(2026, 11, 2))
        assert (date(2040, 3, 11), rule) == (term.end, term.ground and term.ground.rule)
    model = right_filed(
        right="right:de.7", office="de", application_no="7", kind="utility_solution"
    )
    unknown = given(model).value(model.right)
    assert None is term_of(unknown, bundled_law(), date(2026, 11, 2)).end
