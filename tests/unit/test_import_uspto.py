"""The office's records through the real rules: what is refused, why, and what the chains are."""

from fractions import Fraction
from functools import cache

import pytest

from api.importers.memory import Memory
from api.importers.uspto import plan
from api.importers.uspto_parties import default_mapping
from api.importers.uspto_records import ConveyanceRecords
from ledger.wire.entry import MAX_ENTRY
from tests.support.uspto import (
    CLERK,
    NOW,
    ORIGIN,
    RulesOnly,
    entry_of,
    imported,
    office_chains,
    office_records,
    planned,
)

REFUSED = {
    "49109-610": "RELEASE_MISMATCH",
    "49110-319": "RELEASE_MISMATCH",
    "49519-716": "CHAIN_GAP",
    "49519-955": "CHAIN_GAP",
    "61835-778": "RELEASE_MISMATCH",
    "66552-292": "PREDECESSOR_UNKNOWN",
    "66552-347": "PREDECESSOR_UNKNOWN",
}
RELEASED_BEYOND = {
    f"right:us.{number}" for number in (16210749, 16210807, 16268030, 16356263, 16377861)
}


@cache
def unknown_owners() -> set[str]:
    """Return the applications that one of two debtors owns, nobody knows which."""
    declined = planned(office_records()).declined
    assert {"OWNER_UNKNOWN"} == {item.code for item in declined}
    return {item.source for item in declined}


@pytest.fixture(scope="module")
def ledger() -> RulesOnly:
    """All the records, imported once; no test changes it."""
    return imported(office_records())


def test_exactly_these_records_are_refused_and_every_other_one_is_admitted(ledger: RulesOnly):
    assert ledger.codes() == REFUSED
    attested = {record.id for record in office_records()} - REFUSED.keys()
    assert attested == {source for chain in ledger.chains.values() for source in chain}


def test_a_release_with_one_wrong_digit_is_refused_with_its_security_and_what_it_does_not_cover(
    ledger: RulesOnly,
):
    refusal = ledger.refused["61835-778"]
    assert refusal.positions == (ledger.position("conveyance:us.49107-392"),)
    assert refusal.subjects == ("right:us.15145543",)
    assert "right:us.15145543" in refusal.detail


def test_a_release_of_44_applications_where_39_were_charged_is_refused_and_names_the_five(
    ledger: RulesOnly,
):
    for release, security in (("49109-610", "48818-520"), ("49110-319", "48041-605")):
        refusal = ledger.refused[release]
        assert refusal.positions == (ledger.position(f"conveyance:us.{security}"),)
        assert set(refusal.subjects) == RELEASED_BEYOND


def test_the_liens_that_a_mismatched_release_meant_to_end_are_still_there(ledger: RulesOnly):
    liens = ledger.get("right:us.15145443").liens
    assert {
        "conveyance:us.49342-819",
        "conveyance:us.48041-605",
        "conveyance:us.48818-520",
        "conveyance:us.49107-392",
        "conveyance:us.61875-1",
        "conveyance:us.62142-927",
    } == set(liens)


def test_a_release_that_names_no_record_ends_the_security_to_which_the_clerk_linked_it(
    ledger: RulesOnly,
):
    released = ledger.get("conveyance:us.57434-429")
    assert 85 == len(released.ended)
    assert {ledger.position("conveyance:us.66091-133")} == set(released.ended.values())


def test_without_the_clerks_link_the_release_that_names_no_record_is_refused_too():
    unlinked = default_mapping().model_copy(update={"links": ()})
    codes = imported(office_records(), unlinked).codes()
    assert {**REFUSED, "66091-133": "PREDECESSOR_UNKNOWN"} == codes


def test_a_misspelt_party_is_not_the_party_that_it_resembles_and_never_becomes_owner(
    ledger: RulesOnly,
):
    [misspelt] = [s for s in ledger.refused["49519-716"].subjects if s.startswith("party:")]
    assert "acquistionco" in misspelt
    for subject in ledger.subjects:
        if subject.startswith("right:"):
            right = ledger.get(subject)
            assert misspelt not in {*right.owners, *right.former}


def test_a_broken_chain_is_refused_with_the_event_that_made_the_present_owner(ledger: RulesOnly):
    merger = ledger.position("conveyance:us.49519-489")
    assert (merger,) == ledger.refused["49519-955"].positions
    assert "party:us.infor-retail-holdings-inc" in ledger.refused["49519-955"].subjects


def test_a_correction_of_a_record_outside_the_set_is_refused_by_the_name_of_that_record(
    ledger: RulesOnly,
):
    refused = ledger.refused
    assert ("conveyance:us.66284-247",) == refused["66552-292"].subjects
    assert ("conveyance:us.66284-230",) == refused["66552-347"].subjects


def test_chains_equal_those_of_the_office_wherever_all_records_are_admitted(ledger: RulesOnly):
    sound = {
        application: chain
        for application, chain in office_chains().items()
        if REFUSED.keys().isdisjoint(chain) and application not in unknown_owners()
    }
    assert 273 == len(sound)
    assert sound == {application: ledger.chains[application] for application in sound}


def test_elsewhere_chains_are_those_of_the_office_without_the_refused_records(ledger: RulesOnly):
    unknown = unknown_owners()
    for application, chain in office_chains().items():
        admitted = [record for record in chain if record not in REFUSED]
        expected = [] if application in unknown else admitted
        assert expected == ledger.chains.get(application, [])


def test_what_one_of_two_debtors_owns_is_filed_for_neither_and_they_alone_are_left_out(
    ledger: RulesOnly,
):
    """Security 48811-679 of two firms is the first record of 603 applications."""
    unknown = unknown_owners()
    assert 603 == len(unknown)
    assert all(ledger.get(f"right:us.{application}") is None for application in unknown)
    assert {"48811-679", "50965-35"} == {item.source for item in planned(office_records()).left_out}


def test_joint_inventors_are_first_owners_in_equal_parts_and_their_assignee_gets_the_whole():
    plan = planned(office_records())
    [filing] = [item.body for item in plan.filings if item.source == "14884363"]
    assert [Fraction(1, 5)] * 5 == [holding.share for holding in filing.owners]
    owners = dict(RulesOnly().run(plan).get("right:us.14884363").owners)
    assert {"party:us.us-well-services-llc": Fraction(1)} == owners


def test_three_spellings_of_one_mapped_party_are_one_owner_so_that_its_securities_stand(
    ledger: RulesOnly,
):
    for application in ("13679689", "15291842"):  # assigned to two spellings, charged by a third
        right = ledger.get(f"right:us.{application}")
        assert ["party:us.us-well-services-llc"] == list(right.owners)
        assert "conveyance:us.61875-1" in right.liens


def test_an_application_named_only_by_a_release_is_not_filed_since_nobody_shows_as_its_owner():
    plan = planned(office_records())
    assert ("15145543",) == plan.unfiled
    assert 1096 - 603 == len(plan.filings)
    assert 38 == len(plan.spellings)


def test_a_security_passed_on_has_its_new_creditor_on_each_of_its_applications(
    ledger: RulesOnly,
):
    security = ledger.get("conveyance:us.48811-679")
    assert {frozenset({"party:us.morgan-stanley-senior-funding-inc"})} == set(
        security.creditors.values()
    )
    assert 817 - 603 == len(security.creditors)


def test_without_any_inventors_assignment_the_same_records_are_refused():
    later = [record for record in office_records() if record.kind != "assignment"]
    assert imported(later).codes() == REFUSED


def test_no_event_carries_a_natural_persons_name():
    for item in planned(office_records()):
        assert "NATURAL-PERSON" not in item.body.model_dump_json()


def test_every_event_is_canonical_and_its_entry_fits_with_two_signatures():
    sizes = {item.source: len(entry_of(item)) for item in planned(office_records())}
    largest = max(sizes, key=sizes.__getitem__)
    assert "34894-25" == largest  # 367 applications of one firm and another
    assert MAX_ENTRY // 8 < sizes[largest] <= MAX_ENTRY


def test_inventors_papers_that_are_found_after_all_other_records_stand_all_the_same():
    """First owners were read from securities by then; the papers say how those came to it."""
    memory, ledger = Memory(ORIGIN), RulesOnly()
    papers = [record for record in office_records() if record.kind == "assignment"]
    others = [record for record in office_records() if record.kind != "assignment"]
    for batch in (others, papers):
        register = ConveyanceRecords(tuple(batch), ())
        fresh = [
            item
            for item in plan(register, default_mapping(), memory, clerk=CLERK, now=NOW)
            if memory.admitted_body(item.subject) is None
        ]
        ledger.run(fresh)
        for item in fresh:
            if item.source not in ledger.refused:
                memory.settle(item.subject)
    assert REFUSED == ledger.codes()
