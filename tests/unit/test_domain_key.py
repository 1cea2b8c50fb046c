"""Keys: from where to where in the log, and between which instants, they bind."""

from datetime import UTC, datetime

import pytest

from ledger.domain.core.existence import IntervalEmpty, KeyTaken, PredecessorUnknown
from ledger.domain.parties.key import Key
from ledger.domain.parties.signature_refusals import (
    KeyExpired,
    KeyIsSuspended,
    KeyNoLongerValid,
    KeyNotYetValid,
    KeyUnknown,
    SignerMissing,
    WrongSigner,
)
from tests.support.builders import (
    AUTHOR,
    BANK,
    FIRM,
    INSTITUTE,
    OPERATOR,
    REGISTRAR,
    RIVAL,
    STRANGER,
    key_added,
    key_id,
    key_revoked,
    planted_key,
    technology_registered,
)
from tests.support.mandates import mandate_given
from tests.support.parties import (
    key_resumed,
    key_stopped,
    key_suspended,
    key_waiting,
    party_dissolved,
)
from tests.support.specification import given, said

FIRST, SECOND = key_id(INSTITUTE), key_id(INSTITUTE, 1)
OFFICERS = (key_id(OPERATOR), key_id(REGISTRAR))
NINE = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)
SECOND_LATER = datetime(2026, 11, 2, 9, 0, 0, 1000, tzinfo=UTC)
NINE_TEXT, LATER_TEXT = "2026-11-02T09:00:00.000Z", "2026-11-02T09:00:00.001Z"


def test_an_added_key_binds_from_the_next_position_on() -> None:
    by_second = said(technology_registered(), signatures=(SECOND,))
    given().when(by_second).then_refused(KeyUnknown)
    given(key_added()).when(by_second).then_admitted()


def test_key_unknown_names_the_key() -> None:
    strange = key_id(STRANGER)
    attempt = given().when(said(technology_registered(), signatures=(FIRST, strange)))
    attempt.then_refused(KeyUnknown, subjects=(f"key:{strange}",))
    given().when(said(technology_registered(), signatures=(FIRST,))).then_admitted()


def test_key_revoked_refuses_a_line_after_the_revocation_and_not_before() -> None:
    """Revoked at 09:00, recorded at 09:05; the same event a position earlier stands."""
    given(key_revoked()).when(technology_registered()).then_refused(
        KeyNoLongerValid, positions=(0,), subjects=(f"key:{FIRST}",)
    )
    given(technology_registered()).when(key_revoked()).then_admitted()


def test_key_revoked_refuses_to_revoke_twice() -> None:
    twice = key_revoked(revoked_by=None)
    given(key_revoked()).when(twice).then_refused(KeyNoLongerValid, positions=(0,))
    given().when(twice).then_admitted()


def test_another_key_of_the_party_still_binds_after_a_revocation() -> None:
    log = given(key_added(), key_revoked())
    log.when(said(technology_registered(), signatures=(SECOND,))).then_admitted()


def test_a_key_can_sign_its_own_revocation() -> None:
    log = given().when(said(key_revoked(), signatures=(FIRST,))).then_admitted()
    assert Key(0, INSTITUTE, revoked=1) == log.value(f"key:{FIRST}")


def test_key_not_yet_valid_refuses_a_line_before_the_validity_begins() -> None:
    log = given(key_added(not_before=LATER_TEXT))
    early = said(technology_registered(), signatures=(SECOND,), accepted=NINE)
    on_time = said(technology_registered(), signatures=(SECOND,), accepted=SECOND_LATER)
    log.when(early).then_refused(KeyNotYetValid, positions=(0,))
    log.when(on_time).then_admitted()


def test_key_expired_refuses_a_line_when_the_validity_has_ended() -> None:
    log = given(key_added(not_after=LATER_TEXT))
    on_time = said(technology_registered(), signatures=(SECOND,), accepted=NINE)
    late = said(technology_registered(), signatures=(SECOND,), accepted=SECOND_LATER)
    log.when(on_time).then_admitted()
    log.when(late).then_refused(KeyExpired, positions=(0,))


def test_interval_empty_refuses_a_validity_without_an_instant() -> None:
    empty = key_added(not_before=NINE_TEXT, not_after=NINE_TEXT)
    given().when(empty).then_refused(IntervalEmpty)
    given().when(key_added(not_before=NINE_TEXT, not_after=LATER_TEXT)).then_admitted()


def test_signer_missing_refuses_a_key_without_proof_of_possession() -> None:
    without = said(key_added(), signatures=(FIRST,))
    given().when(without).then_refused(SignerMissing, subjects=(f"key:{SECOND}",))
    given().when(said(key_added(), signatures=(FIRST, SECOND))).then_admitted()


def test_wrong_signer_refuses_a_new_key_that_no_old_one_signs_for() -> None:
    given().when(said(key_added(), signatures=(SECOND,))).then_refused(WrongSigner)


def test_wrong_signer_refuses_a_new_key_for_which_only_a_deputy_signs() -> None:
    """Who may do everything for a party may still not give it a key of the deputy's making."""
    log = given(mandate_given(holder=AUTHOR, topics=["*"]))
    log.when(said(key_added(), signatures=(SECOND, key_id(AUTHOR)))).then_refused(WrongSigner)
    log.when(said(key_added(), signatures=(SECOND, key_id(AUTHOR), FIRST))).then_admitted()


def test_an_officer_can_vouch_for_a_party_that_lost_its_keys() -> None:
    """One of the two knows who holds the key; both sign."""
    lines = (SECOND, *OFFICERS)
    for officer in (OPERATOR, REGISTRAR):
        vouched = said(key_added(vouched_by=officer), signatures=lines)
        given(key_revoked()).when(vouched).then_admitted()


def test_wrong_signer_refuses_a_voucher_who_is_no_officer() -> None:
    given().when(key_added(vouched_by=BANK)).then_refused(WrongSigner)
    given().when(key_added(vouched_by=OPERATOR)).then_admitted()


def test_signer_missing_refuses_a_voucher_who_did_not_sign() -> None:
    unsigned = said(key_added(vouched_by=OPERATOR), signatures=(SECOND, OFFICERS[1]))
    given().when(unsigned).then_refused(SignerMissing, subjects=(OPERATOR,))


def test_wrong_signer_refuses_a_new_key_of_an_officer_that_vouches_for_itself() -> None:
    """Otherwise anybody could give the operator a key."""
    new = planted_key(OPERATOR, 1)
    for voucher in (None, OPERATOR):
        forged = key_added(party=OPERATOR, key=new, vouched_by=voucher)
        refused = WrongSigner if voucher is None else SignerMissing
        given().when(said(forged, signatures=(new["key_id"],))).then_refused(refused)
        lines = (OFFICERS[0],) if voucher is None else OFFICERS
        both = said(forged, signatures=(new["key_id"], *lines))
        if voucher is None:
            given().when(both).then_admitted()
        else:
            given().when(both).then_refused(WrongSigner)


def test_wrong_signer_refuses_a_party_that_vouches_for_itself_by_name() -> None:
    new = planted_key(AUTHOR, 1)
    signatures = (new["key_id"], key_id(AUTHOR), *OFFICERS)
    own = key_added(party=AUTHOR, key=new, vouched_by=AUTHOR)
    given().when(said(own, signatures=signatures)).then_refused(WrongSigner, subjects=(AUTHOR,))


def test_signer_missing_refuses_a_new_key_that_vouches_through_its_party_s_mandate() -> None:
    """A mandate from the operator binds it by keys that are in the log, not by new ones."""
    trusted = mandate_given(principal=OPERATOR, holder=AUTHOR, topics=["*"])
    new = planted_key(AUTHOR, 1)
    forged = key_added(party=AUTHOR, key=new, vouched_by=OPERATOR)
    log = given(trusted)
    only_new = said(forged, signatures=(new["key_id"], OFFICERS[1]))
    log.when(only_new).then_refused(SignerMissing, subjects=(OPERATOR,))
    lines = (new["key_id"], key_id(AUTHOR), OFFICERS[1])
    log.when(said(forged, signatures=lines)).then_refused(SignerMissing, subjects=(OPERATOR,))


@pytest.mark.parametrize("holder", [OPERATOR, FIRM])
def test_signer_missing_refuses_one_key_for_both_officers(holder: str) -> None:
    """Anyone else with the mandates of both, or one of them the other's: each signs for itself."""
    principals = [each for each in (OPERATOR, REGISTRAR) if each != holder]
    log = given(
        *(
            mandate_given(
                mandate=f"mandate:{each[6:]}", principal=each, holder=holder, topics=["*"]
            )
            for each in principals
        )
    )
    by_both = key_revoked(revoked_by=None)
    refused = SignerMissing if holder == OPERATOR else WrongSigner
    log.when(said(by_both, signed_by=[holder])).then_refused(refused)
    log.when(by_both).then_admitted()
    alone = said(party_dissolved(attested_by=None, party=RIVAL), signed_by=[holder])
    log.when(alone).then_admitted()


def test_key_taken_refuses_another_party_s_key_even_when_it_is_revoked() -> None:
    stolen = said(key_added(key=planted_key(FIRM)), signatures=(FIRST, key_id(FIRM)))
    revoked = key_revoked(party=FIRM, key_id=key_id(FIRM), revoked_by=FIRM)
    given().when(stolen).then_refused(KeyTaken, positions=(-1,))
    given(revoked).when(stolen).then_refused(KeyTaken, positions=(-1,))
    given().when(key_added()).then_admitted()


def test_key_taken_refuses_to_bring_a_key_back() -> None:
    log = given(key_added(), key_revoked(key_id=SECOND))
    log.when(key_added()).then_refused(KeyTaken, positions=(0,))


def test_wrong_signer_refuses_a_revocation_by_a_stranger() -> None:
    for other in (RIVAL, OPERATOR, REGISTRAR):
        given().when(key_revoked(revoked_by=other)).then_refused(WrongSigner)
    given().when(key_revoked(revoked_by=INSTITUTE)).then_admitted()


def test_signer_missing_refuses_a_revocation_by_one_officer() -> None:
    by_both = key_revoked(revoked_by=None)
    for one, other in ((OPERATOR, REGISTRAR), (REGISTRAR, OPERATOR)):
        given().when(said(by_both, signed_by=[one])).then_refused(SignerMissing, subjects=(other,))
    given().when(by_both).then_admitted()


def test_predecessor_unknown_refuses_to_revoke_a_key_that_is_not_there_or_another_s() -> None:
    nowhere, other = key_revoked(key_id=SECOND), key_revoked(key_id=key_id(FIRM))
    given().when(nowhere).then_refused(PredecessorUnknown, subjects=(f"key:{SECOND}",))
    given().when(other).then_refused(PredecessorUnknown, subjects=(f"key:{key_id(FIRM)}",))


def test_predecessor_unknown_refuses_a_compromise_from_a_position_to_come() -> None:
    """The revocation itself stands at position 1."""
    given().when(key_revoked(compromised_since=2)).then_refused(PredecessorUnknown)
    given().when(key_revoked(compromised_since=1)).then_admitted()


def test_wrong_signer_refuses_an_officer_s_key_that_only_the_other_officer_vouches_for() -> None:
    for officer, other in ((OPERATOR, REGISTRAR), (REGISTRAR, OPERATOR)):
        new = planted_key(officer, 1)
        vouched = key_added(party=officer, key=new, vouched_by=other)
        alone = said(vouched, signatures=(new["key_id"], key_id(other)))
        with_older = said(vouched, signatures=(new["key_id"], key_id(other), key_id(officer)))
        given().when(alone).then_refused(WrongSigner, subjects=(officer,))
        given().when(with_older).then_admitted()


# Suspended, and resumed


def test_key_suspended_refuses_a_line_from_there_on_and_not_before() -> None:
    by_first = said(technology_registered(), signatures=(FIRST,))
    for by in (INSTITUTE, OPERATOR, REGISTRAR):
        given(key_suspended(suspended_by=by)).when(by_first).then_refused(
            KeyIsSuspended, positions=(0,), subjects=(f"key:{FIRST}",)
        )
    given(by_first).when(key_suspended()).then_admitted()


@pytest.mark.parametrize("by", [OPERATOR, REGISTRAR, INSTITUTE])
def test_a_key_that_another_suspended_still_stops_what_waits_against_its_party(by: str) -> None:
    """An officer alone silences nobody; who says that its own key is stolen is believed."""
    log = given(key_waiting(), key_suspended(suspended_by=by))
    stops = said(key_stopped(stopped_by=INSTITUTE), signatures=(FIRST,))
    if by == INSTITUTE:
        log.when(stops).then_refused(KeyIsSuspended)
    else:
        log.when(stops).then_admitted()
    again = given(key_waiting(), key_added(), key_suspended(suspended_by=OPERATOR))
    lifted = again.and_then(key_resumed(lifted_by=None))
    silent = lifted.and_then(said(key_suspended(), signatures=(SECOND,)))
    silent.when(stops).then_refused(KeyIsSuspended)


@pytest.mark.parametrize("officer", [OPERATOR, REGISTRAR])
def test_wrong_signer_keeps_an_officer_s_last_key(officer: str) -> None:
    """Else nothing that both must sign is ever recorded again: no stop, no key, no end of it."""
    key, (other,) = key_id(officer), {OPERATOR, REGISTRAR} - {officer}
    mine = {"party": officer, "key_id": key}
    ends = [
        *(key_suspended(**mine, suspended_by=by) for by in (officer, other)),
        *(key_revoked(**mine, revoked_by=by, compromised_since=None) for by in (officer, None)),
    ]
    new = planted_key(officer, 1)
    added = said(key_added(party=officer, key=new), signatures=(new["key_id"], key))
    log = given(added)
    for each in ends:
        for before in (given(), log):
            before.when(each).then_refused(WrongSigner, subjects=(officer,))
    for each in (ends[0], *ends[2:]):
        lines = (new["key_id"],) if each is not ends[3] else (new["key_id"], key_id(other))
        log.when(said(each, signatures=lines)).then_admitted()


def test_another_key_of_the_party_still_binds_beside_a_suspended_one() -> None:
    log = given(key_added(), key_suspended())
    log.when(said(technology_registered(), signatures=(SECOND,))).then_admitted()
    both = said(technology_registered(), signatures=(FIRST, SECOND))
    log.when(both).then_refused(KeyIsSuspended)


def test_wrong_signer_refuses_a_suspension_by_a_stranger() -> None:
    given().when(key_suspended(suspended_by=RIVAL)).then_refused(WrongSigner)


def test_a_suspension_is_lifted_with_another_key_of_the_party() -> None:
    log = given(key_added(), key_suspended())
    log.when(said(key_resumed(), signatures=(FIRST,))).then_refused(KeyIsSuspended)
    log.when(said(key_resumed(), signatures=(SECOND,))).then_admitted()
    lifted = log.and_then(said(key_resumed(), signatures=(SECOND,)))
    lifted.when(said(technology_registered(), signatures=(FIRST,))).then_admitted()


def test_wrong_signer_refuses_a_deputy_who_lifts_a_suspension() -> None:
    log = given(mandate_given(holder=AUTHOR, topics=["*"]), key_suspended())
    log.when(said(key_resumed(), signed_by=[AUTHOR])).then_refused(WrongSigner)


def test_a_suspension_is_lifted_by_both_officers_and_not_by_one() -> None:
    log = given(key_suspended())
    log.when(key_resumed(lifted_by=OPERATOR)).then_refused(WrongSigner)
    alone = said(key_resumed(lifted_by=None), signed_by=[OPERATOR])
    log.when(alone).then_refused(SignerMissing, subjects=(REGISTRAR,))
    log.when(key_resumed(lifted_by=None)).then_admitted()


def test_what_is_suspended_is_revoked_by_another_key_and_never_resumed_then() -> None:
    log = given(key_added(), key_suspended())
    log.when(said(key_revoked(), signatures=(FIRST,))).then_refused(KeyIsSuspended)
    gone = log.and_then(said(key_revoked(), signatures=(SECOND,)))
    gone.when(said(key_resumed(), signatures=(SECOND,))).then_refused(KeyNoLongerValid)
    gone.when(said(key_suspended(), signatures=(SECOND,))).then_refused(KeyNoLongerValid)


def test_what_is_suspended_is_not_suspended_again_and_nothing_else_is_resumed() -> None:
    again = key_suspended(suspended_by=OPERATOR)
    given(key_suspended()).when(again).then_refused(KeyIsSuspended, positions=(0,))
    given().when(key_resumed(lifted_by=None)).then_refused(PredecessorUnknown)
    given().when(key_suspended(key_id=key_id(FIRM))).then_refused(PredecessorUnknown)
