"""Steps that ask for what only the sender knows, where no other example has the sender's word."""

from datetime import UTC, datetime
from typing import Any

from ledger.domain.contracts.contract import ContractConcluded
from ledger.domain.core.existence import KeyTaken, NothingWaits, PredecessorUnknown
from ledger.domain.core.personal_data import PersonalDataInEvent
from ledger.domain.government.governance import LogKeysApart, PolicyNotApproved
from ledger.domain.government.ledger import EditionUnknown
from ledger.domain.government.seal import SealCountsFall, SealOutOfOrder
from ledger.domain.parties.identifier import TaxCodeInvalid
from ledger.domain.parties.party import PartyExists, PartyUnknown
from ledger.domain.parties.signature_refusals import (
    KeyExpired,
    KeyIsSuspended,
    KeyNoLongerValid,
    KeyUnknown,
    LedgerNotOpen,
    SignerMissing,
    WrongSigner,
)
from ledger.domain.rights.number import NumberForm
from ledger.domain.rights.right import RightExists
from tests.support.builders import (
    BANK,
    FIRM,
    INSTITUTE,
    OFFER,
    OPERATOR,
    REGISTRAR,
    STRANGER,
    contract_concluded,
    first_party,
    hash_of,
    held,
    key_added,
    key_id,
    key_revoked,
    ledger_opened,
    offer_accepted,
    offer_made,
    party_registered,
    planted_key,
    right_filed,
    rules_adopted,
    technology_registered,
)
from tests.support.governance import (
    FIRST_KEYS,
    NEXT_KEY,
    SPEAKERS,
    ledger_resumed,
    ledger_sealed,
    log_keys_adopted,
    operation_handed_over,
    policy_adopted,
)
from tests.support.parties import (
    key_stopped,
    key_suspended,
    newcomer,
    number,
    party_dissolved,
    party_identified,
    party_stopped,
)
from tests.support.specification import EMPTY, given, said

FIRST, SECOND = key_id(INSTITUTE), key_id(INSTITUTE, 1)
TOKEN = "party:tok.0123456789abcdef0123456789abcdef"
BY_SECOND = {"/signatures": [SECOND]}


def as_json(body: Any) -> dict[str, Any]:
    """Return a test's word for another event."""
    return {body.TOPIC: body.model_dump(mode="json")}


def test_an_edition_that_is_known_is_named() -> None:
    word = {"/body/edition": "0-dev"}
    EMPTY.when(ledger_opened(edition="2099")).then_refused(EditionUnknown, word=word)
    given().when(rules_adopted(edition="2099")).then_refused(EditionUnknown, word=word)


def test_nothing_in_an_event_helps_where_the_software_is_older_than_the_rules() -> None:
    later = given().when(rules_adopted(edition="2099"))
    log = later.past.with_event(later.event, later.context)
    refusal = log.when(party_registered()).then_refused(EditionUnknown, positions=(0,))
    assert refusal.way is not None
    assert not refusal.way.helps


def test_another_key_of_the_party_signs() -> None:
    log, strange = given(key_added()), key_id(STRANGER)
    by_stranger = said(technology_registered(), signatures=(strange,))
    log.when(by_stranger).then_refused(KeyUnknown, word=BY_SECOND)
    revoked = log.and_then(key_revoked())
    revoked.when(technology_registered()).then_refused(KeyNoLongerValid, word=BY_SECOND)
    suspended = log.and_then(said(key_suspended(), signatures=(SECOND,)))
    suspended.when(technology_registered()).then_refused(KeyIsSuspended, word=BY_SECOND)


def test_a_key_that_has_not_expired_signs() -> None:
    log = given(key_added(not_after="2026-11-02T09:00:00.000Z"))
    late = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)
    by_second = said(technology_registered(), signatures=(SECOND,), accepted=late)
    log.when(by_second).then_refused(KeyExpired, word={"/signatures": [FIRST]})


def test_a_new_key_proves_itself_and_an_older_one_vouches() -> None:
    both = {"/signatures": [FIRST, SECOND]}
    given().when(said(key_added(), signatures=(FIRST,))).then_refused(SignerMissing, word=both)
    given().when(said(key_added(), signatures=(SECOND,))).then_refused(WrongSigner, word=both)


def test_who_is_in_office_hands_over_first() -> None:
    ended = party_dissolved(party=OPERATOR)
    word = as_json(operation_handed_over(operator=BANK))
    refusal = given().when(ended).then_refused(WrongSigner, word=word)
    assert "operator" == refusal.step.case
    refusal = given().when(party_dissolved(party=REGISTRAR)).then_refused(WrongSigner)
    assert refusal.way is not None
    assert not refusal.way.helps


def test_whoever_registers_makes_a_key_of_its_own() -> None:
    taken = party_registered(keys=[planted_key(FIRM)])
    own = planted_key(STRANGER)["key_id"]
    given().when(taken).then_refused(KeyTaken, word={"/body/keys/0/key_id": own})


def test_a_ledger_is_opened_first() -> None:
    EMPTY.when(party_registered()).then_refused(LedgerNotOpen, word=as_json(ledger_opened()))


def test_the_next_keys_of_the_log_keep_one_in_force() -> None:
    word = {"/body/log_keys": [*FIRST_KEYS, NEXT_KEY]}
    given().when(log_keys_adopted(NEXT_KEY)).then_refused(LogKeysApart, word=word)


def test_what_binds_is_revoked_or_dissolved_where_it_cannot_be_stopped() -> None:
    given().when(key_stopped(number=0)).then_refused(NothingWaits, word=as_json(key_revoked()))
    word = as_json(party_dissolved(party=STRANGER))
    log = given(party_registered())
    log.when(party_stopped(STRANGER)).then_refused(NothingWaits, word=word)


def test_an_application_has_its_own_number() -> None:
    word = {"/body/application_no": "15438832", "/body/right": "right:us.15438832"}
    wrong = right_filed(office="us", application_no="9123456", right="right:us.9123456")
    given().when(wrong).then_refused(NumberForm, word=word)


def test_another_party_has_another_id_and_a_right_that_of_its_number() -> None:
    again = first_party(FIRM, keys=[planted_key(STRANGER)])
    given().when(party_registered(**again)).then_refused(
        PartyExists, word={"/body/party": STRANGER}
    )
    refusal = given(right_filed()).when(right_filed()).then_refused(RightExists)
    assert refusal.way is not None
    assert not refusal.way.helps, "its number names it, so that another id alone would not do"


def test_the_first_parties_are_listed_once_and_officers_among_them() -> None:
    parties = ledger_opened().model_dump(mode="json")["parties"]
    word = {"/body/parties": parties}
    EMPTY.when(ledger_opened(parties=[*parties, parties[0]])).then_refused(PartyExists, word=word)
    with_stranger = {"/body/parties": [*parties, first_party(STRANGER)]}
    opening = ledger_opened(operator=STRANGER)
    EMPTY.when(opening).then_refused(PartyUnknown, word=with_stranger)


def test_who_is_unknown_is_registered_first() -> None:
    strangers = technology_registered(owners=[held(STRANGER)])
    given().when(strangers).then_refused(PartyUnknown, word=as_json(party_registered()))


def test_a_person_is_a_token_and_nothing_of_it_stands_in_an_event() -> None:
    named = party_registered(kind="person")
    word = {"/body/party": TOKEN, "/body/name": None}
    given().when(named).then_refused(PersonalDataInEvent, word=word)
    told = technology_registered(summary="Liên hệ 0912 345 678")
    given().when(told).then_refused(PersonalDataInEvent, word={"/body/summary": "Liên hệ viện"})


def test_two_groups_approve_a_policy_and_each_speaks_for_itself() -> None:
    word = {"/body/approved_by": [INSTITUTE, REGISTRAR]}
    alone = policy_adopted(approved_by=[REGISTRAR])
    given().when(alone).then_refused(PolicyNotApproved, word=word)
    twice = policy_adopted(speakers=[*SPEAKERS[:2], {"group": "firms", "party": INSTITUTE}])
    given().when(twice).then_refused(PolicyNotApproved, word={"/body/speakers": [*SPEAKERS]})


def test_an_event_that_is_in_the_log_is_named() -> None:
    made = offer_made()
    accepted = offer_accepted(accepts=hash_of(made))
    log = given(right_filed(), made, accepted)
    wrong = contract_concluded(offer=OFFER, acceptance="sha256:" + "0" * 64)
    assert isinstance(wrong, ContractConcluded)
    word = {"/body/acceptance": hash_of(accepted), "/body/grants": [], "/body/offer": OFFER}
    log.when(wrong).then_refused(PredecessorUnknown, word=word)


def test_a_seal_covers_more_than_the_one_before() -> None:
    log = given(ledger_sealed(1))
    log.when(ledger_sealed(1)).then_refused(SealOutOfOrder, positions=(0,), word={"/body/size": 2})


def test_a_seal_counts_less_only_after_the_log_was_resumed() -> None:
    log = given(ledger_sealed(1, openings=5))
    fewer = ledger_sealed(2, openings=4)
    word = as_json(ledger_resumed())
    log.when(fewer).then_refused(SealCountsFall, positions=(0,), word=word)


def test_a_tax_code_is_one_that_checks() -> None:
    wrong = party_identified(number("0100047517", "mst"), party="party:vn.mst.0100047516")
    right = [number("0100047516", "mst")]
    log = given(newcomer("party:vn.mst.0100047516"))
    log.when(wrong).then_refused(TaxCodeInvalid, word={"/body/identifiers": right})
