"""The order in which an event is judged, and how subjects are folded."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from ledger.domain.admission import (
    Folds,
    IdempotencyMismatch,
    IssuedInFuture,
    SeenAhead,
    StaleView,
    SubmissionExpired,
    ValidityTooLong,
    evolve_subject,
    reads,
)
from ledger.domain.core.body import Folded
from ledger.domain.core.event import Logged
from ledger.domain.core.existence import PredecessorUnknown
from ledger.domain.core.refusal import Refusal
from ledger.domain.parties.party import PartyUnknown
from ledger.domain.parties.signature_refusals import (
    BadSignature,
    KeyUnknown,
    NotBound,
    SignerMissing,
    WrongSigner,
)
from ledger.domain.registry import RULES
from ledger.domain.rights.right import RightExists
from ledger.domain.rights.title import NotOwner
from tests.support.builders import (
    FIRM,
    INSTITUTE,
    LISTING,
    OFFER,
    OPERATOR,
    RIGHT,
    RIVAL,
    SOME_HASH,
    STRANGER,
    assignment_agreed,
    assignment_registered,
    contract_concluded,
    held,
    key_added,
    key_id,
    listing_closed,
    listing_published,
    offer_accepted,
    offer_made,
    right_filed,
    right_granted,
    technology_registered,
)
from tests.support.golden_events import STORY
from tests.support.mandates import mandate_given
from tests.support.specification import EMPTY, START, Past, given, said

FILED = right_filed()
NOW = START + timedelta(hours=1)
MS = timedelta(milliseconds=1)


def registered(**header: Any) -> Any:
    return said(technology_registered(), accepted=NOW, **header)


def test_issued_in_future_refuses_a_clock_more_than_five_minutes_ahead() -> None:
    ahead, until = NOW + timedelta(minutes=5), NOW + timedelta(days=1)
    given().when(registered(issued_at=ahead + MS, not_after=until)).then_refused(IssuedInFuture)
    given().when(registered(issued_at=ahead, not_after=until)).then_admitted()


def test_submission_expired_refuses_after_not_after() -> None:
    given().when(registered(not_after=NOW - MS)).then_refused(SubmissionExpired)
    given().when(registered(not_after=NOW)).then_admitted()


def test_validity_too_long_refuses_more_than_ninety_days() -> None:
    issued = NOW - timedelta(days=1)
    ninety = issued + timedelta(days=90)
    given().when(registered(issued_at=issued, not_after=ninety + MS)).then_refused(ValidityTooLong)
    given().when(registered(issued_at=issued, not_after=ninety)).then_admitted()


def test_validity_too_long_refuses_an_end_before_the_issue() -> None:
    given().when(registered(issued_at=NOW + MS, not_after=NOW)).then_refused(ValidityTooLong)
    given().when(registered(issued_at=NOW, not_after=NOW)).then_admitted()


def test_predecessor_unknown_refuses_a_reference_to_no_event() -> None:
    log = given(FILED, offer_made(), offer_accepted())
    accepted = log.known.keys() - given(FILED, offer_made()).known.keys()
    refers = contract_concluded(offer=OFFER, acceptance=SOME_HASH)
    log.when(refers).then_refused(PredecessorUnknown, subjects=(SOME_HASH,))
    log.when(contract_concluded(offer=OFFER, acceptance=accepted.pop())).then_admitted()


def test_stale_view_refuses_when_another_touched_a_subject_since() -> None:
    """Of the log, the opening is 0, the right 1, its grant 2: anyone who saw size 3 saw all."""
    log = given(FILED, right_granted())
    agreed = assignment_agreed()
    log.when(said(agreed, seen=2)).then_refused(StaleView, positions=(1,), subjects=(RIGHT,))
    log.when(said(agreed, seen=3)).then_admitted()
    log.when(said(agreed, seen=None)).then_admitted()
    log.when(said(agreed, seen=log.size)).then_admitted()
    log.when(said(agreed, seen=log.size + 1)).then_refused(SeenAhead)


def test_stale_view_does_not_count_what_all_signers_signed_themselves() -> None:
    offered = given(offer_made(), offer_accepted())
    by_addressee = offer_accepted()
    attempt = offered.when(said(by_addressee, seen=2))
    assert attempt.refusal is not None
    assert "OFFER_CLOSED" == attempt.refusal.code


def test_stale_view_counts_what_one_of_the_signers_did_behind_the_other_s_back() -> None:
    """The institute withdrew its listing; the firm, which signs too, had not seen that."""
    published = given(FILED, listing_published())
    closed = published.and_then(listing_closed())
    contract = contract_concluded(listing=LISTING)
    closed.when(said(contract, seen=3)).then_refused(StaleView, positions=(2,), subjects=(LISTING,))
    published.when(said(contract, seen=3)).then_admitted()


def test_a_view_of_parties_keys_and_ledger_does_not_grow_stale() -> None:
    """The firm's offer is addressed to the institute; that is no news about the institute."""
    log = given(offer_made())
    assert 1 == log.subjects[INSTITUTE].last_unsigned_by(INSTITUTE)
    log.when(said(mandate_given(), seen=1)).then_admitted()
    given().when(said(key_added(), seen=0)).then_admitted()


def test_a_new_subject_cannot_be_stale() -> None:
    given().when(said(FILED, seen=0)).then_admitted()


def test_idempotency_mismatch_and_bad_signature_have_their_codes() -> None:
    """Both are found outside the rules: by the sequencer, and by intake."""
    assert "IDEMPOTENCY_MISMATCH" == IdempotencyMismatch.code
    assert "BAD_SIGNATURE" == BadSignature.code


def test_signer_missing_refuses_a_header_that_leaves_out_who_is_bound() -> None:
    without = said(assignment_agreed(), signers=(INSTITUTE,))
    given(FILED).when(without).then_refused(SignerMissing, subjects=(FIRM,))
    given(FILED).when(assignment_agreed()).then_admitted()


def test_wrong_signer_refuses_a_header_that_adds_who_is_not_bound() -> None:
    more = said(assignment_agreed(), signers=(FIRM, INSTITUTE, RIVAL))
    given(FILED).when(more).then_refused(WrongSigner, subjects=(RIVAL,))


def test_wrong_signer_refuses_a_line_that_binds_nobody() -> None:
    """A signature can be neither stripped from an event nor added to it."""
    added = said(technology_registered(), signed_by=[INSTITUTE, RIVAL])
    given().when(added).then_refused(WrongSigner, subjects=(RIVAL,))
    given().when(technology_registered()).then_admitted()


def test_a_second_line_of_a_signer_is_no_stranger() -> None:
    both = said(technology_registered(), signatures=(key_id(INSTITUTE), key_id(INSTITUTE, 1)))
    given(key_added()).when(both).then_admitted()


def test_a_refusal_of_signatures_can_be_told_from_a_rule() -> None:
    """Codes 44 to 49 are answered with 403, all other rules with 422."""
    assert issubclass(WrongSigner, NotBound)
    assert not issubclass(RightExists, NotBound)


def _faulty() -> dict[str, Any]:
    """Return a header in which everything is wrong, and the body's rule forbids it too."""
    return {
        "seen": 0,
        "issued_at": NOW + timedelta(hours=1),
        "not_after": NOW - timedelta(days=1),
        "signers": (STRANGER,),
        "signatures": (key_id(STRANGER),),
    }


ORDER: list[tuple[type[Refusal], dict[str, Any]]] = [
    (IssuedInFuture, {"issued_at": NOW}),
    (ValidityTooLong, {"issued_at": NOW - timedelta(days=2)}),
    (SubmissionExpired, {"not_after": NOW}),
    (PredecessorUnknown, {}),
    (StaleView, {"seen": 99}),
    (SeenAhead, {"seen": None}),
    (SignerMissing, {"signers": tuple(sorted((FIRM, INSTITUTE, STRANGER)))}),
    (PartyUnknown, {}),
    (KeyUnknown, {"signatures": (key_id(FIRM),)}),
    (SignerMissing, {"signatures": (key_id(FIRM), key_id(INSTITUTE))}),
    (NotOwner, {}),
]
"""Each refusal in order, and what amends the header so that the next one is reached."""


def test_refusals_come_in_their_order() -> None:
    """An event with every fault is refused for the first; each one amended uncovers the next."""
    log = given(FILED, assignment_agreed(), assignment_registered(), offer_made(), offer_accepted())
    acceptance = list(log.known)[-1]
    body = contract_concluded(
        parties=[INSTITUTE, FIRM, STRANGER], offer=OFFER, acceptance=SOME_HASH
    )
    amended_body = contract_concluded(offer=OFFER, acceptance=acceptance)
    header = _faulty()
    met = []
    for refusal, amendment in ORDER:
        if refusal is StaleView:
            body = body.model_copy(update={"acceptance": acceptance})
        if refusal is KeyUnknown:
            body = amended_body
            header["signers"] = tuple(sorted((FIRM, INSTITUTE)))
        attempt = log.when(said(body, accepted=NOW, **header))
        met.append(type(attempt.refusal))
        header |= amendment
    assert [refusal for refusal, _ in ORDER] == met


def test_the_rules_of_the_edition_in_force_judge(monkeypatch: pytest.MonkeyPatch) -> None:
    assert {"0-dev"} == RULES.keys()
    seen: list[str] = []
    rules = {**RULES["0-dev"], type(FILED): lambda *_: seen.append("asked")}
    monkeypatch.setitem(RULES, "0-dev", rules)
    given(FILED, FILED)
    assert ["asked", "asked"] == seen


def test_reads_names_subjects_signers_keys_and_the_ledger() -> None:
    event = given(FILED).when(right_granted()).event
    named = reads(event, Folds({}))
    assert {RIGHT, *event.signers, f"key:{event.signatures[0]}"} < named
    assert 1 == sum(subject.startswith("ledger:") for subject in named)
    assert 4 == len(named)


def test_a_subject_can_be_followed_alone() -> None:
    """Folding one subject from the entries tagged with it gives what folding all gives."""
    together, entries = EMPTY, []
    for body in STORY:
        attempt = together.when(body)
        entries.append((attempt.event, attempt.context))
        together = attempt.then_admitted()
    for subject, folded in together.subjects.items():
        alone = Past()
        for event, context in entries:
            if subject in event.subjects:
                alone = alone.with_event(replace(event, subjects=(subject,)), context)
        assert folded == alone.subjects[subject]


def _touched_by(*signers: tuple[str, ...]) -> Folded:
    """Fold a right that was filed at position 1, then touched at 10, 11, ... by these signers."""
    log = given(FILED)
    folded = log.subjects[RIGHT]
    granted = log.when(right_granted()).event
    for position, names in enumerate(signers, start=10):
        logged = Logged(replace(granted, signers=names), position, NOW)
        folded = evolve_subject(RIGHT, folded, logged)
    return folded


def test_the_last_entry_that_a_party_did_not_sign_is_known_for_every_party() -> None:
    folded = _touched_by((FIRM,), (FIRM, RIVAL), (FIRM,))
    assert 1 == folded.last_unsigned_by(FIRM)
    assert 12 == folded.last_unsigned_by(RIVAL)
    assert 12 == folded.last_unsigned_by(OPERATOR)
    both = _touched_by((FIRM,), (RIVAL,), (FIRM, RIVAL))
    assert (11, 10, 12) == tuple(map(both.last_unsigned_by, (FIRM, RIVAL, OPERATOR)))
    assert (4, 12) == (both.count, both.position)


def test_who_signed_every_entry_of_a_subject_missed_none() -> None:
    log = given(technology_registered(owners=[held(INSTITUTE)]))
    folded = log.subjects["technology:01890000-0000-7000-8000-000000000001"]
    assert -1 == folded.last_unsigned_by(INSTITUTE)
    assert 1 == folded.last_unsigned_by(FIRM)


def test_an_entry_without_a_fold_for_a_subject_leaves_its_value_as_it_was() -> None:
    before = given(FILED)
    after = before.and_then(assignment_agreed())
    assert before.value(INSTITUTE) is after.value(INSTITUTE)
    assert 2 == after.subjects[INSTITUTE].position


def test_time_is_an_argument() -> None:
    """The same event is admitted or refused by the instant that admission is told."""
    body = right_granted(granted_on="2030-01-01")
    in_2030 = datetime(2030, 1, 2, tzinfo=START.tzinfo)
    given(FILED).when(said(body, accepted=in_2030)).then_admitted()
    assert given(FILED).when(body).refusal is not None
