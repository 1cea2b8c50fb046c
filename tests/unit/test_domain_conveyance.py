"""Records of other registers, judged as the private acts that they are."""

from fractions import Fraction
from typing import Any

import pytest
from pydantic import ValidationError

from ledger.domain.core.existence import FutureFact, PredecessorUnknown
from ledger.domain.parties.party import PartyUnknown
from ledger.domain.parties.signature_refusals import SignerMissing, WrongSigner
from ledger.domain.rights.conveyance import ChainGap, Conveyance, ConveyanceAttested, RecordExists
from ledger.domain.rights.security import ReleaseByStranger, ReleaseMismatch, Security, charging
from ledger.domain.rights.title import NotOwner
from tests.support.builders import (
    AUTHOR,
    BANK,
    CLERK,
    FIRM,
    INSTITUTE,
    OPERATOR,
    OTHER_RIGHT,
    RIGHT,
    RIVAL,
    SECURITY,
    SOME_HASH,
    STRANGER,
    THIRD,
    held,
    other_right_filed,
    right_filed,
    security_created,
    security_released,
)
from tests.support.conveyances import conveyance_attested, executed
from tests.support.specification import Past, given, said

FILED = right_filed()
CHARGE = conveyance_attested("49107-392", kind="security", assignees=[BANK])
CHARGE_ID = "conveyance:us.49107-392"
RELEASE = conveyance_attested(
    "61835-778",
    kind="release",
    assignors=executed(BANK),
    assignees=[INSTITUTE],
    refers_to=CHARGE_ID,
)
TRANSFER = conveyance_attested("1-1")
TRANSFER_ID = "conveyance:us.1-1"
TRANSFERS = ["assignment", "merger", "nunc_pro_tunc", "name_change"]
HALVES = {INSTITUTE: Fraction(1, 2), RIVAL: Fraction(1, 2)}


def owners(log: Past) -> dict[str, Fraction]:
    return dict(log.value(RIGHT).owners)


@pytest.mark.parametrize("kind", TRANSFERS)
def test_assignors_give_all_they_own_in_equal_parts(kind: str) -> None:
    shared = right_filed(owners=[held(INSTITUTE, 1, 2), held(FIRM, 1, 3), held(BANK, 1, 6)])
    transfer = conveyance_attested(
        kind=kind, assignors=executed(INSTITUTE, FIRM), assignees=[RIVAL, THIRD]
    )
    log = given(shared, transfer)
    part = Fraction(5, 12)
    assert {BANK: Fraction(1, 6), RIVAL: part, THIRD: part} == owners(log)
    assert {INSTITUTE: 2, FIRM: 2} == dict(log.value(RIGHT).former)
    assert Conveyance(2, transfer.kind) == log.value("conveyance:us.49519-955")


def test_parties_of_another_register_need_not_be_registered() -> None:
    foreign = right_filed(owners=[held(STRANGER)])
    transfer = conveyance_attested(assignors=executed(STRANGER), assignees=["party:us.nobody"])
    given(foreign).when(transfer).then_admitted()


def test_chain_gap_refuses_an_assignor_that_never_appears_as_owner() -> None:
    """Record 49519-955 assigns 14298201 from a company that nothing in the set shows as owner."""
    from_midco = conveyance_attested(assignors=executed(RIVAL), assignees=[THIRD])
    given(FILED, TRANSFER).when(from_midco).then_refused(
        ChainGap, positions=(1,), subjects=(RIGHT, RIVAL)
    )
    from_firm = conveyance_attested(assignors=executed(FIRM), assignees=[THIRD])
    given(FILED, TRANSFER).when(from_firm).then_admitted()


def test_chain_gap_refuses_one_stranger_among_the_assignors() -> None:
    mixed = conveyance_attested(assignors=executed(INSTITUTE, RIVAL), assignees=[THIRD])
    given(FILED).when(mixed).then_refused(ChainGap, subjects=(RIGHT, RIVAL))


def test_not_owner_refuses_an_assignor_that_owns_no_more() -> None:
    again = conveyance_attested(assignees=[THIRD])
    given(FILED, TRANSFER).when(again).then_refused(
        NotOwner, positions=(1,), subjects=(INSTITUTE, RIGHT)
    )
    given(FILED).when(again).then_admitted()


def test_who_gave_to_the_same_before_only_confirms_beside_one_who_still_owns() -> None:
    shared = right_filed(owners=[held(INSTITUTE, 1, 3), held(RIVAL, 1, 3), held(BANK, 1, 3)])
    joint = conveyance_attested("2-2", assignors=executed(INSTITUTE, RIVAL, BANK))
    log = given(shared, TRANSFER, joint)
    assert {FIRM: Fraction(1)} == owners(log)
    again = conveyance_attested("3-3", assignors=executed(INSTITUTE, RIVAL))
    log.when(again).then_refused(NotOwner, subjects=(INSTITUTE, RIGHT))
    elsewhere = conveyance_attested("2-2", assignors=executed(INSTITUTE, RIVAL), assignees=[THIRD])
    given(shared, TRANSFER).when(elsewhere).then_refused(NotOwner, subjects=(INSTITUTE, RIGHT))


def test_not_owner_comes_before_a_gap() -> None:
    """The event that forbids is known for the one, and for the other there is none."""
    mixed = conveyance_attested(assignors=executed(THIRD, INSTITUTE), assignees=[RIVAL])
    given(FILED, TRANSFER).when(mixed).then_refused(NotOwner, subjects=(INSTITUTE, RIGHT))


def test_record_exists_refuses_a_record_twice() -> None:
    given(FILED, TRANSFER).when(TRANSFER).then_refused(
        RecordExists, positions=(1,), subjects=(TRANSFER_ID,)
    )
    next_frame = conveyance_attested("1-2", assignors=executed(FIRM), assignees=[THIRD])
    given(FILED, TRANSFER).when(next_frame).then_admitted()


def test_predecessor_unknown_refuses_a_right_that_is_not_there() -> None:
    both = conveyance_attested(rights=[RIGHT, OTHER_RIGHT])
    given(FILED).when(both).then_refused(PredecessorUnknown, subjects=(OTHER_RIGHT,))
    given(FILED, other_right_filed()).when(both).then_admitted()


def test_future_fact_refuses_a_record_of_tomorrow() -> None:
    tomorrow = conveyance_attested(office_recorded_on="2026-11-03")
    given(FILED).when(tomorrow).then_refused(FutureFact)
    given(FILED).when(conveyance_attested(office_recorded_on="2026-11-02")).then_admitted()


def test_future_fact_refuses_what_was_signed_after_the_office_recorded_it() -> None:
    """The office recorded it on 2019-06-19."""
    after = conveyance_attested(assignors=executed(INSTITUTE, on="2019-06-20"))
    same_day = conveyance_attested(assignors=executed(INSTITUTE, on="2019-06-19"))
    signed = {"/body/assignors/0/executed_on": "2019-06-19"}
    given(FILED).when(after).then_refused(FutureFact, word=signed)
    given(FILED).when(same_day).then_admitted()


def test_wrong_signer_refuses_an_attestation_by_no_clerk() -> None:
    by_firm = conveyance_attested(attested_by=FIRM)
    given(FILED).when(by_firm).then_refused(WrongSigner, subjects=(FIRM,))


def test_party_unknown_refuses_a_clerk_who_is_not_registered() -> None:
    by_stranger = conveyance_attested(attested_by=STRANGER)
    given(FILED).when(by_stranger).then_refused(PartyUnknown, subjects=(STRANGER,))


def test_signer_missing_refuses_an_attestation_without_the_operator() -> None:
    alone = said(TRANSFER, signed_by=[CLERK])
    given(FILED).when(alone).then_refused(SignerMissing, subjects=(OPERATOR,))


def test_a_recorded_security_is_a_lien() -> None:
    log = given(FILED, CHARGE)
    assert Security(2, charging([RIGHT], [BANK])) == log.value(CHARGE_ID)
    assert frozenset({BANK}) == log.value(RIGHT).liens[CHARGE_ID].creditors
    assert {INSTITUTE: 1} == owners(log)


def test_chain_gap_refuses_a_security_of_debtors_of_whom_none_ever_owned() -> None:
    stranger = conveyance_attested(kind="security", assignors=executed(RIVAL), assignees=[BANK])
    given(FILED).when(stranger).then_refused(ChainGap, subjects=(RIGHT, RIVAL))
    one_owns = conveyance_attested(
        kind="security", assignors=executed(RIVAL, INSTITUTE), assignees=[BANK]
    )
    given(FILED).when(one_owns).then_admitted()


def test_not_owner_refuses_a_security_of_debtors_who_own_no_more() -> None:
    late = conveyance_attested(
        kind="security", assignors=executed(RIVAL, INSTITUTE), assignees=[BANK]
    )
    given(FILED, TRANSFER).when(late).then_refused(
        NotOwner, positions=(1,), subjects=(INSTITUTE, RIGHT)
    )


def test_a_recorded_release_frees_what_it_names() -> None:
    log = given(FILED, CHARGE, RELEASE)
    assert {} == dict(log.value(RIGHT).liens)
    assert {RIGHT: 3} == dict(log.value(CHARGE_ID).ended)


def test_release_mismatch_refuses_one_wrong_digit() -> None:
    """Release 61835-778 names application 15145543, the security charges 15145443."""
    charged = right_filed(right="right:us.15145443", office="us", application_no="15145443")
    security = CHARGE.model_copy(update={"rights": ("right:us.15145443",)})
    wrong = RELEASE.model_copy(update={"rights": ("right:us.15145543",)})
    log = given(charged, security)
    log.when(wrong).then_refused(ReleaseMismatch, positions=(1,), subjects=("right:us.15145543",))
    right = RELEASE.model_copy(update={"rights": ("right:us.15145443",)})
    log.when(right).then_admitted()


def test_release_mismatch_names_a_right_that_another_security_charges() -> None:
    other = conveyance_attested("2-2", kind="security", assignees=[BANK], rights=[OTHER_RIGHT])
    log = given(FILED, other_right_filed(), CHARGE, other)
    both = RELEASE.model_copy(update={"rights": (RIGHT, OTHER_RIGHT)})
    log.when(both).then_refused(ReleaseMismatch, positions=(2,), subjects=(OTHER_RIGHT,))


def test_release_by_stranger_refuses_another_than_the_creditor() -> None:
    log = given(FILED, CHARGE)
    by_debtor = conveyance_attested(kind="release", refers_to=CHARGE_ID, assignees=[FIRM])
    creditor = {"/body/assignors": executed(BANK)}
    log.when(by_debtor).then_refused(
        ReleaseByStranger, positions=(1,), subjects=(INSTITUTE,), word=creditor
    )
    log.when(RELEASE).then_admitted()


def test_each_creditor_releases_its_own_lien() -> None:
    shared = CHARGE.model_copy(update={"assignees": (BANK, RIVAL)})
    first = given(FILED, shared, RELEASE)
    assert frozenset({RIVAL}) == first.value(RIGHT).liens[CHARGE_ID].creditors
    assert {} == dict(first.value(CHARGE_ID).ended)
    by_rival = conveyance_attested(
        "3-3", kind="release", assignors=executed(RIVAL), assignees=[INSTITUTE], refers_to=CHARGE_ID
    )
    assert {} == dict(first.and_then(by_rival).value(RIGHT).liens)


@pytest.mark.parametrize("kind", ["release", "security_assignment", "correction"])
def test_predecessor_unknown_refuses_what_names_no_earlier_record(kind: str) -> None:
    """Release 66091-133 names no reel and frame."""
    log = given(FILED, CHARGE, TRANSFER)
    record = TRANSFER_ID if kind == "correction" else CHARGE_ID
    refused = log.when(conveyance_attested(kind=kind, assignors=executed(BANK)))
    refused.then_refused(PredecessorUnknown, word={"/body/refers_to": record})


@pytest.mark.parametrize("kind", ["release", "security_assignment", "correction", "assignment"])
def test_predecessor_unknown_names_the_record_that_is_not_there(kind: str) -> None:
    """Corrective record 66552-292 names 66284-247, which is not in the set."""
    missing = "conveyance:us.66284-247"
    later = conveyance_attested(kind=kind, refers_to=missing)
    given(FILED).when(later).then_refused(PredecessorUnknown, subjects=(missing,))


@pytest.mark.parametrize("kind", ["release", "security_assignment"])
def test_predecessor_unknown_refuses_to_release_what_is_no_security(kind: str) -> None:
    later = conveyance_attested(kind=kind, refers_to=TRANSFER_ID)
    given(FILED, TRANSFER).when(later).then_refused(PredecessorUnknown, subjects=(TRANSFER_ID,))


@pytest.mark.parametrize("record", [CHARGE, RELEASE], ids=["of a security", "of a release"])
def test_predecessor_unknown_refuses_a_correction_of_what_moved_no_title(
    record: ConveyanceAttested,
) -> None:
    named = record.conveyance
    correction = conveyance_attested("4-4", kind="correction", refers_to=named)
    given(FILED, CHARGE, RELEASE).when(correction).then_refused(
        PredecessorUnknown, subjects=(named,)
    )


def test_a_security_passes_to_another_creditor() -> None:
    """Record 50965-35 passes the security of 48811-679 on."""
    passes = conveyance_attested(
        "50965-35",
        kind="security_assignment",
        assignors=executed(BANK),
        assignees=[THIRD],
        refers_to=CHARGE_ID,
    )
    log = given(FILED, CHARGE, passes)
    assert frozenset({THIRD}) == log.value(RIGHT).liens[CHARGE_ID].creditors
    log.when(RELEASE).then_refused(ReleaseByStranger, subjects=(BANK,))
    by_third = RELEASE.model_copy(
        update={"assignors": conveyance_attested(assignors=executed(THIRD)).assignors}
    )
    log.when(by_third).then_admitted()


def test_a_recorded_release_frees_a_security_of_the_ledger_s_own() -> None:
    recorded = RELEASE.model_copy(update={"refers_to": SECURITY})
    log = given(FILED, security_created(), recorded)
    assert {} == dict(log.value(RIGHT).liens)
    log.when(security_released()).then_refused(ReleaseMismatch, positions=(1, 2))


def test_a_correction_moves_what_the_corrected_record_gave() -> None:
    """The record said the firm; it was the rival and the third."""
    correction = conveyance_attested(
        "4-4", kind="correction", refers_to=TRANSFER_ID, assignees=[INSTITUTE, RIVAL]
    )
    assert HALVES == owners(given(FILED, TRANSFER, correction))


def test_a_correction_that_restates_the_takers_moves_nothing() -> None:
    passed_on = conveyance_attested("5-5", assignors=executed(FIRM), assignees=[THIRD])
    correction = conveyance_attested("4-4", kind="correction", refers_to=TRANSFER_ID)
    log = given(FILED, TRANSFER, passed_on, correction)
    assert {THIRD: 1} == owners(log)
    assert {INSTITUTE: 2, FIRM: 3} == dict(log.value(RIGHT).former)


def test_not_owner_refuses_a_correction_when_the_takers_passed_the_title_on() -> None:
    passed_on = conveyance_attested("5-5", assignors=executed(FIRM), assignees=[THIRD])
    correction = conveyance_attested(
        "4-4", kind="correction", refers_to=TRANSFER_ID, assignees=[RIVAL]
    )
    given(FILED, TRANSFER, passed_on).when(correction).then_refused(NotOwner, positions=(2,))
    given(FILED, TRANSFER).when(correction).then_admitted()


def test_a_correction_moves_what_is_left_to_one_of_the_takers() -> None:
    shared = TRANSFER.model_copy(update={"assignees": (FIRM, RIVAL)})
    passed_on = conveyance_attested("5-5", assignors=executed(FIRM), assignees=[THIRD])
    correction = conveyance_attested(
        "4-4", kind="correction", refers_to=TRANSFER_ID, assignees=[BANK]
    )
    half = Fraction(1, 2)
    assert {THIRD: half, BANK: half} == owners(given(FILED, shared, passed_on, correction))


def test_a_correction_transfers_a_right_that_the_record_had_left_out() -> None:
    correction = conveyance_attested(
        "4-4", kind="correction", refers_to=TRANSFER_ID, rights=[OTHER_RIGHT]
    )
    log = given(FILED, other_right_filed(), TRANSFER, correction)
    assert {FIRM: 1} == dict(log.value(OTHER_RIGHT).owners)
    foreign = other_right_filed(owners=[held(RIVAL)])
    given(FILED, foreign, TRANSFER).when(correction).then_refused(
        ChainGap,
        subjects=(
            INSTITUTE,
            OTHER_RIGHT,
        ),
    )


def test_only_a_correction_gives_for_the_takers_of_an_earlier_record() -> None:
    refers = conveyance_attested("4-4", refers_to=TRANSFER_ID, assignees=[RIVAL])
    given(FILED, TRANSFER).when(refers).then_refused(NotOwner, subjects=(INSTITUTE, RIGHT))


@pytest.mark.parametrize(
    "wrong",
    [
        {"conveyance": "conveyance:us.1-1"},
        {"assignors": executed(INSTITUTE, INSTITUTE)},
        {"assignors": []},
        {"assignees": [FIRM, FIRM]},
        {"office": "US"},
        {"kind": "licence"},
        {"refers_to": RIGHT},
    ],
    ids=str,
)
def test_a_record_has_its_form(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        conveyance_attested(**wrong)


def test_a_record_found_late_may_say_how_the_first_owners_got_the_title() -> None:
    """A clerk read the firm as first owner from its security; the inventor's paper is older."""
    by_clerk = {"attested_by": CLERK, "document_sha256": SOME_HASH}
    filed = right_filed(owners=[held(FIRM)], filed_on="2016-05-03", **by_clerk)
    sold = conveyance_attested(
        "2-2", assignors=executed(FIRM), assignees=[RIVAL], office_recorded_on="2020-02-03"
    )
    paper = conveyance_attested("1-1", assignors=executed(AUTHOR), assignees=[FIRM])
    log = given(filed, sold, paper)
    assert {RIVAL: 1} == dict(log.value(RIGHT).owners)
    to_another = conveyance_attested("1-1", assignors=executed(AUTHOR), assignees=[THIRD])
    given(filed, sold).when(to_another).then_refused(ChainGap, positions=(1,))
    younger = conveyance_attested(
        "3-3", assignors=executed(AUTHOR), assignees=[FIRM], office_recorded_on="2020-02-04"
    )
    given(filed, sold).when(younger).then_refused(ChainGap, positions=(1,))
    by_registrar = right_filed(owners=[held(FIRM)], filed_on="2016-05-03")
    given(by_registrar, sold).when(paper).then_refused(ChainGap)
