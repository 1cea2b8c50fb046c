"""The ledger's opening, its rules, and the registration of parties."""

import pytest
from pydantic import ValidationError

from ledger.domain.core.existence import KeyTaken
from ledger.domain.core.personal_data import PersonalDataInEvent
from ledger.domain.government.ledger import EditionUnknown, LedgerAlreadyOpen, OriginMismatch
from ledger.domain.parties.key import Key
from ledger.domain.parties.ledger_state import Ledger, ledger_subject
from ledger.domain.parties.party import Party, PartyExists, PartyUnknown
from ledger.domain.parties.signature_refusals import LedgerNotOpen, SignerMissing
from ledger.events.lawbook import bundled_law
from tests.support.builders import (
    AUTHOR,
    BANK,
    FIRM,
    INSTITUTE,
    OPERATOR,
    ORIGIN,
    REGISTRAR,
    STRANGER,
    first_party,
    held,
    key_id,
    ledger_opened,
    party_registered,
    planted_key,
    rules_adopted,
    technology_registered,
)
from tests.support.specification import EMPTY, given, said

NAMES = frozenset({"Công ty Lạ"})
NEW_PERSON = "party:tok.ffeeddccbbaa99887766554433221100"


def test_the_opening_makes_ledger_parties_and_keys() -> None:
    log = EMPTY.when(ledger_opened()).then_admitted()
    opening = ledger_opened()
    trusted = (0, opening.log_keys, opening.policy_sha256)
    assert Ledger(0, OPERATOR, REGISTRAR, "0-dev", bundled_law().sha256, *trusted) == log.value(
        ledger_subject(ORIGIN)
    )
    assert Party(0, "organisation", frozenset({"bank"}), "VN") == log.value(BANK)
    assert Key(0, FIRM) == log.value(f"key:{key_id(FIRM)}")


def test_ledger_not_open_before_its_first_event() -> None:
    EMPTY.when(party_registered()).then_refused(LedgerNotOpen)
    given().when(party_registered()).then_admitted()


def test_ledger_already_open_refuses_a_second_opening() -> None:
    EMPTY.when(ledger_opened()).then_admitted()
    given().when(ledger_opened()).then_refused(LedgerAlreadyOpen, positions=(-1,))


def test_ledger_already_open_refuses_another_ledger_later_in_the_log() -> None:
    other = "other.example/techledger/00000000"
    operator, registrar = officers = STRANGER, "party:vn.stranger-too"
    fresh = [first_party(party, keys=[planted_key(party, 7)]) for party in (NEW_PERSON, *officers)]
    second = ledger_opened(origin=other, operator=operator, registrar=registrar, parties=fresh)
    given().when(said(second, ledger=other)).then_refused(LedgerAlreadyOpen, positions=(-1,))


def test_origin_mismatch_refuses_to_open_another_ledger_than_the_header_names() -> None:
    other = "other.example/techledger/00000000"
    EMPTY.when(ledger_opened(origin=other)).then_refused(OriginMismatch)
    EMPTY.when(said(ledger_opened(origin=other), ledger=other)).then_admitted()


def test_edition_unknown_refuses_what_this_version_cannot_judge() -> None:
    EMPTY.when(ledger_opened(edition="2099")).then_refused(EditionUnknown)
    given().when(rules_adopted(edition="2099")).then_refused(EditionUnknown)
    given().when(rules_adopted()).then_admitted()


def test_edition_unknown_refuses_whatever_comes_after_rules_of_a_later_version() -> None:
    later = given().when(rules_adopted(edition="2099"))
    log = later.past.with_event(later.event, later.context)
    log.when(party_registered()).then_refused(EditionUnknown)


def test_rules_are_adopted_for_the_ledger_that_the_event_is_meant_for() -> None:
    other = ledger_subject("other.example/techledger/00000000")
    refusal = given().when(rules_adopted(ledger=other)).refusal
    assert refusal is not None
    assert ("PREDECESSOR_UNKNOWN", (other,)) == (refusal.code, refusal.subjects)


def test_party_unknown_refuses_officers_who_are_no_first_parties() -> None:
    opening = ledger_opened(operator=STRANGER)
    EMPTY.when(opening).then_refused(PartyUnknown, subjects=(STRANGER,))


def test_party_exists_refuses_a_first_party_listed_twice() -> None:
    listed = [first_party(OPERATOR), first_party(REGISTRAR)]
    twice = [*listed, first_party(OPERATOR, keys=[planted_key(OPERATOR, 1)])]
    EMPTY.when(ledger_opened(parties=twice)).then_refused(PartyExists, subjects=(OPERATOR,))
    EMPTY.when(ledger_opened(parties=listed)).then_admitted()


def test_every_first_key_signs_the_opening() -> None:
    lines = tuple(key_id(party) for party in (OPERATOR, REGISTRAR))
    refusal = EMPTY.when(said(ledger_opened(), signatures=lines)).then_refused(SignerMissing)
    assert f"key:{key_id(BANK)}" in refusal.subjects


def test_a_party_starts_with_its_keys_and_roles() -> None:
    log = given(party_registered(roles=["clerk", "fund"]))
    assert Party(1, "organisation", frozenset({"clerk", "fund"}), "VN", NAMES) == log.value(
        STRANGER
    )
    assert Key(1, STRANGER) == log.value(f"key:{key_id(STRANGER)}")


def test_party_exists_refuses_to_register_a_party_twice() -> None:
    again = party_registered(keys=[planted_key(STRANGER, 1)])
    given(party_registered()).when(again).then_refused(PartyExists, positions=(0,))
    given(party_registered()).when(
        party_registered(party="party:vn.other", keys=[planted_key("party:vn.other")])
    ).then_admitted()


def test_party_unknown_names_who_is_bound_before_being_registered() -> None:
    shared = technology_registered(owners=[held(INSTITUTE, 1, 2), held(STRANGER, 1, 2)])
    given().when(shared).then_refused(PartyUnknown, subjects=(STRANGER,))
    given(party_registered()).when(shared).then_admitted()


def test_key_taken_refuses_a_key_that_another_party_has() -> None:
    thief = party_registered(keys=[planted_key(FIRM)])
    given().when(thief).then_refused(KeyTaken, positions=(-1,), subjects=(f"key:{key_id(FIRM)}",))
    given().when(party_registered()).then_admitted()


def test_key_taken_refuses_two_first_parties_with_one_key() -> None:
    shared = [planted_key(OPERATOR)]
    parties = [first_party(OPERATOR), first_party(REGISTRAR, keys=shared)]
    EMPTY.when(ledger_opened(parties=parties)).then_refused(KeyTaken)


def test_personal_data_in_event_refuses_a_person_with_a_name() -> None:
    nameless = party_registered(party=NEW_PERSON, kind="person", name=None)
    named = party_registered(party=NEW_PERSON, kind="person", name="Nguyễn Văn A")
    given().when(named).then_refused(PersonalDataInEvent)
    given().when(nameless).then_admitted()


PADDED = f"party:tok.{'001099012345':0>32}"


@pytest.mark.parametrize("party", ["party:vn.cccd.001099012345", "party:tok.nguyen-van-a", PADDED])
def test_personal_data_in_event_refuses_a_person_who_is_no_random_token(party: str) -> None:
    person = party_registered(party=party, kind="person", name=None)
    given().when(person).then_refused(PersonalDataInEvent)


def test_a_random_token_may_have_twelve_digits_in_a_row() -> None:
    token = "party:tok.c0ffee123456789012abad1deadecade"
    given().when(party_registered(party=token, kind="person", name=None)).then_admitted()


def test_an_organisation_named_by_a_uuid_may_end_in_twelve_digits() -> None:
    uuid = "01a21d4f-05eb-770b-acea-001099012345"
    given().when(party_registered(party=f"party:vn.{uuid}")).then_admitted()
    hidden = party_registered(party=f"party:vn.{uuid}.001099012345")
    given().when(hidden).then_refused(PersonalDataInEvent)


def test_personal_data_in_event_refuses_a_token_that_passes_for_an_organisation() -> None:
    given().when(party_registered(party=NEW_PERSON, name="A")).then_refused(PersonalDataInEvent)


def test_personal_data_in_event_holds_for_the_first_parties() -> None:
    parties = [first_party(OPERATOR), first_party(REGISTRAR), first_party(AUTHOR, name="A")]
    EMPTY.when(ledger_opened(parties=parties)).then_refused(PersonalDataInEvent)


@pytest.mark.parametrize(
    "wrong",
    [
        {"seat": "vn"},
        {"seat": "VNM"},
        {"roles": ["owner"]},
        {"roles": ["bank", "bank"]},
        {"keys": []},
    ],
)
def test_a_description_has_its_form(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        party_registered(**wrong)
