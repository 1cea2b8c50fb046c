"""Who a party is, as that changes: numbers, names, the end of a party."""

import pytest

from ledger.domain.core.existence import FutureFact, SubjectExists
from ledger.domain.core.personal_data import PersonalDataInEvent
from ledger.domain.parties.identifier import TaxCodeInvalid, checks
from ledger.domain.parties.name import PartyByName, spelling_subject
from ledger.domain.parties.party import PartyEnded
from tests.support.builders import (
    AUTHOR,
    FIRM,
    INSTITUTE,
    RIVAL,
    contract_concluded,
    grant,
    held,
    offer_made,
    right_filed,
    technology_registered,
)
from tests.support.mandates import mandate_given
from tests.support.parties import (
    DISSOLVED,
    MERGED,
    PERSON,
    known_as,
    newcomer,
    number,
    party_dissolved,
    party_identified,
    party_merged,
    party_renamed,
    person_erased,
)
from tests.support.specification import given, said

VALID = "party:vn.mst.0100047516"


@pytest.mark.parametrize("code", ["0100047516", "0101248141"])
def test_the_tenth_digit_of_a_tax_code_checks_the_others(code: str) -> None:
    assert checks(code)
    others = {f"{code[:9]}{digit}" for digit in range(10)} - {code}
    assert not any(map(checks, others))


def test_nine_digits_whose_sum_is_a_multiple_of_eleven_make_no_tax_code() -> None:
    """31 + 2 times 23 leaves 0: its check digit would be 10."""
    assert not any(checks(f"102000000{digit}") for digit in range(10))


def test_a_number_belongs_to_one_party() -> None:
    log = given(party_identified())
    log.when(party_identified(party=RIVAL)).then_refused(SubjectExists, positions=(0,))
    log.when(party_identified(number("8934567000017", "gln"), party=RIVAL)).then_admitted()


def test_the_tax_code_of_a_branch_is_its_legal_persons() -> None:
    log = given(newcomer(VALID))
    for code in ("0100047516", "0100047516-001", "0100047516001"):
        log.when(party_identified(number(code, "mst"), party=VALID)).then_admitted()
    for code in ("0101248141", "0100047517", "0100047516-000"):
        wrong = party_identified(number(code, "mst"), party=VALID)
        log.when(wrong).then_refused(TaxCodeInvalid)


def test_a_person_has_neither_name_nor_number() -> None:
    given().when(party_identified(party=AUTHOR)).then_refused(PersonalDataInEvent)
    given().when(party_renamed(party=AUTHOR)).then_refused(PersonalDataInEvent)
    given().when(known_as(party=AUTHOR)).then_refused(PersonalDataInEvent)


def test_party_by_name_refuses_a_new_name_by_which_another_is_meant() -> None:
    log = given(known_as("SAO MỚI"))
    log.when(party_renamed(party=RIVAL, name="Sao Mới")).then_refused(PartyByName, positions=(0,))
    log.when(party_renamed(party=FIRM, name="Sao Mới")).then_admitted()
    apart = log.and_then(known_as("Sao Mới", party=RIVAL, distinct_from=[FIRM]))
    apart.when(party_renamed(party=RIVAL, name="Sao Mới")).then_admitted()


@pytest.mark.parametrize(
    ("letter", "other"), [("Đ", 0xD0), ("Đ", 0x189), ("o", 0x3BF), ("A", 0x410), (" ", 0x3164)]
)
def test_a_name_with_a_letter_that_looks_alike_is_refused_as_the_name_is(
    letter: str, other: int
) -> None:
    """R3."""
    name = "CÔNG TY Đo đạc ABC"
    log = given(known_as(name))
    alike = name.replace(letter, chr(other))
    assert alike != name
    for written in (name, alike):
        again = party_renamed(party=RIVAL, name=written)
        log.when(again).then_refused(PartyByName, positions=(0,))


def test_a_long_or_foreign_spelling_has_a_subject_too() -> None:
    assert spelling_subject("株式会社 ABC").startswith("spelling:abc.")
    assert len(spelling_subject(81 * "a")) <= len("spelling:") + 80
    assert spelling_subject("Đại học Bách khoa") == "spelling:daihocbachkhoa"
    assert spelling_subject("A & B") == spelling_subject("a and b.")


def test_a_spelling_is_vouched_for_once() -> None:
    given(known_as()).when(known_as()).then_refused(SubjectExists, positions=(0,))


@pytest.mark.parametrize("ends", [party_merged(), party_dissolved(party=MERGED)])
def test_party_ended_signs_nothing_more(ends: object) -> None:
    log = given(newcomer(MERGED), ends)  # type: ignore[arg-type]
    late = technology_registered(owners=[held(MERGED)])
    log.when(late).then_refused(PartyEnded, positions=(1,), subjects=(MERGED,))
    given(newcomer(MERGED)).when(late).then_admitted()


def test_a_successor_signs_in_place_of_who_ended() -> None:
    """Its line comes, and that of who ended goes, wherever that stands in the event."""
    log = given(newcomer(MERGED), party_merged())
    late = technology_registered(owners=[held(INSTITUTE, 1, 2), held(MERGED, 1, 2)])
    refusal = log.when(late).then_refused(PartyEnded)
    assert ((FIRM,), (MERGED,)) == (refusal.sign, refusal.unsign)
    assert {"/body/owners/1/party": FIRM, "/signers": [INSTITUTE, FIRM]} == refusal.changes


def test_nobody_agrees_with_its_own_successor() -> None:
    log = given(newcomer(MERGED), right_filed(owners=[held(MERGED)]), party_merged())
    between = contract_concluded(grants=[grant(licensor=MERGED)], parties=[MERGED, FIRM])
    refusal = log.when(between).then_refused(PartyEnded)
    assert refusal.way is not None
    assert not refusal.way.helps


def test_what_the_register_says_of_an_end_is_never_refused_for_what_it_contradicts() -> None:
    log = given(newcomer(MERGED), newcomer(DISSOLVED), party_dissolved())
    into_nothing = log.and_then(party_merged(into=DISSOLVED))
    assert DISSOLVED == into_nothing.value(MERGED).successor
    twice = log.and_then(party_merged(party=DISSOLVED))
    late = technology_registered(owners=[held(DISSOLVED)])
    twice.when(late).then_refused(PartyEnded, positions=(2,))
    assert FIRM == twice.value(DISSOLVED).successor


def test_a_party_that_has_ended_can_still_be_named() -> None:
    """An offer to it is made in vain; whether it is, is not for the ledger to say."""
    log = given(newcomer(MERGED), party_merged())
    log.when(offer_made(offeree=MERGED)).then_admitted()


def test_party_ended_ends_the_mandates_that_it_holds() -> None:
    log = given(newcomer(MERGED), mandate_given(holder=MERGED))
    deputy = said(technology_registered(), signed_by=[MERGED])
    log.when(deputy).then_admitted()
    log.and_then(party_merged()).when(deputy).then_refused(PartyEnded, positions=(2,))


def test_future_fact_refuses_a_name_or_an_end_of_days_to_come() -> None:
    log = given(newcomer(MERGED))
    log.when(party_renamed(effective_on="2026-11-03")).then_refused(FutureFact)
    log.when(party_merged(effective_on="2026-11-03")).then_refused(FutureFact)


def test_an_erased_person_is_a_token_that_nobody_is_behind() -> None:
    log = given(newcomer(PERSON), mandate_given(holder=PERSON), person_erased())
    log.when(person_erased()).then_refused(PartyEnded, positions=(2,))
    deputy = said(technology_registered(), signed_by=[PERSON])
    log.when(deputy).then_refused(PartyEnded, positions=(2,))
    log.when(technology_registered(owners=[held(INSTITUTE)])).then_admitted()
