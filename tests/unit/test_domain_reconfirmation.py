"""A party's word on what a compromised key signed in its name."""

from ledger.domain.core.existence import PredecessorUnknown, SubjectExists
from ledger.domain.parties.reconfirmation import NotInDoubt
from ledger.domain.parties.signature_refusals import WrongSigner
from tests.support.builders import (
    AUTHOR,
    FIRM,
    INSTITUTE,
    RIVAL,
    key_added,
    key_id,
    key_revoked,
    offer_made,
    technology_registered,
)
from tests.support.mandates import mandate_given
from tests.support.parties import reconfirmation_given
from tests.support.specification import given, said

SECOND = key_id(INSTITUTE, 1)
SIGNED = said(technology_registered(), signatures=(SECOND,))
OTHER = offer_made()
COMPROMISED = key_revoked(key_id=SECOND, reason="compromised", compromised_since=2)
"""Positions of the log are one more than those of what is given: the opening is 0."""


def test_a_party_stands_by_what_was_signed_between_compromise_and_revocation() -> None:
    log = given(key_added(), SIGNED, COMPROMISED)
    log.when(reconfirmation_given(SIGNED.body)).then_admitted()
    log.when(reconfirmation_given(SIGNED.body, outcome="disowned")).then_admitted()


def test_not_in_doubt_is_what_lies_outside_or_was_signed_by_a_key_that_was_lost() -> None:
    before = given(key_added(), OTHER, SIGNED, key_revoked(key_id=SECOND, compromised_since=3))
    before.when(reconfirmation_given(OTHER)).then_refused(NotInDoubt, positions=(3,))
    before.when(reconfirmation_given(SIGNED.body)).then_admitted()
    after = given(key_added(), SIGNED, COMPROMISED, OTHER)
    after.when(reconfirmation_given(OTHER)).then_refused(NotInDoubt, positions=(2,))
    in_force = given(key_added(), SIGNED)
    in_force.when(reconfirmation_given(SIGNED.body)).then_refused(NotInDoubt, positions=(0,))


def test_a_word_is_given_once_by_a_party() -> None:
    log = given(key_added(), SIGNED, COMPROMISED, reconfirmation_given(SIGNED.body))
    again = reconfirmation_given(SIGNED.body, outcome="disowned")
    log.when(again).then_refused(SubjectExists, positions=(3,))


def test_only_those_whom_the_key_could_bind_give_their_word() -> None:
    log = given(key_added(), SIGNED, COMPROMISED)
    log.when(reconfirmation_given(SIGNED.body, given_by=RIVAL)).then_refused(WrongSigner)
    mandate = mandate_given(principal=FIRM, holder=INSTITUTE)
    delegated = given(mandate, key_added(), SIGNED, COMPROMISED)
    delegated.when(reconfirmation_given(SIGNED.body, given_by=FIRM)).then_admitted()
    delegated.when(reconfirmation_given(SIGNED.body, given_by=AUTHOR)).then_refused(WrongSigner)


def test_what_is_in_doubt_is_in_the_log() -> None:
    log = given(key_added(), SIGNED, COMPROMISED)
    log.when(reconfirmation_given(OTHER)).then_refused(PredecessorUnknown)
