"""What is planned from records that the shared set does not hold, and what a second run repeats."""

from datetime import timedelta
from fractions import Fraction
from typing import Any

import pytest

from api.importers.memory import Memory
from api.importers.uspto import plan
from api.importers.uspto_parties import MappingRefused, default_mapping
from api.importers.uspto_records import Record, parse_records
from ledger.domain.rights.conveyance import ConveyanceAttested
from ledger.domain.rights.right import RightFiled
from ledger.events.compose import LIFE
from ledger.wire.entry import MAX_ENTRY
from tests.support.uspto import (
    CLERK,
    NOW,
    ORIGIN,
    RulesOnly,
    entry_of,
    imported,
    line,
    lines,
    planned,
)

RIGHT = "right:us.15000001"
ANN, BOB, FIRM, HEIR, BANK = "DOE, ANN", "ROE, BOB", "FIRM INC.", "HEIR LLC", "LENDING BANK"


def filing(records: tuple[Record, ...]) -> RightFiled:
    [item] = planned(records).filings
    assert isinstance(item.body, RightFiled)
    return item.body


def attested(records: tuple[Record, ...], source: str) -> ConveyanceAttested:
    [item] = [item for item in planned(records).conveyances if item.source == source]
    assert isinstance(item.body, ConveyanceAttested)
    return item.body


def test_inventors_who_each_record_a_paper_of_their_own_are_all_first_owners():
    ledger = imported(
        lines(
            line("1-1", "assignment", (ANN,), (FIRM,), recorded="2019-02-01"),
            line("2-2", "assignment", (BOB,), (FIRM,), recorded="2019-02-02"),
        )
    )
    assert {} == ledger.refused
    assert [Fraction(1)] == list(ledger.get(RIGHT).owners.values())


def test_an_inventors_paper_recorded_after_the_firms_security_stands():
    ledger = imported(
        lines(
            line("1-1", "security", (FIRM,), (BANK,), recorded="2019-02-01"),
            line("2-2", "assignment", (ANN,), (FIRM,), recorded="2019-02-02"),
        )
    )
    assert {} == ledger.refused
    assert [Fraction(1)] == list(ledger.get(RIGHT).owners.values())


def test_a_person_who_took_the_title_from_another_is_no_first_owner():
    records = lines(
        line("1-1", "assignment", (FIRM,), (ANN,), recorded="2019-02-01"),
        line("2-2", "assignment", (ANN,), (HEIR,), recorded="2019-02-02"),
    )
    assert [Fraction(1)] == [holding.share for holding in filing(records).owners]
    assert {} == imported(records).refused


def test_a_firm_that_assigns_without_having_received_is_a_gap_not_a_first_owner():
    ledger = imported(
        lines(
            line("1-1", "assignment", (ANN,), (FIRM,), recorded="2019-02-01"),
            line("2-2", "assignment", (HEIR,), (BANK,), recorded="2019-02-02"),
        )
    )
    assert {"2-2": "CHAIN_GAP"} == ledger.codes()


@pytest.mark.parametrize("debtor", [FIRM, HEIR])
def test_which_of_several_debtors_owned_shows_when_one_of_them_gives_it_away(debtor: str):
    ledger = imported(
        lines(
            line("1-1", "security", (FIRM, HEIR), (BANK,), recorded="2019-02-01"),
            line("2-2", "assignment", (debtor,), ("BUYER CORP.",), recorded="2019-02-02"),
        )
    )
    assert {} == ledger.refused
    assert [Fraction(1)] == list(ledger.get(RIGHT).owners.values())
    assert ["conveyance:us.1-1"] == list(ledger.get(RIGHT).liens)


def test_of_several_debtors_nobody_is_said_to_own_and_the_others_rights_are_charged():
    records = lines(
        line(
            "1-1", "assignment", (ANN,), (FIRM,), applications=("15000001",), recorded="2019-02-01"
        ),
        line("2-2", "security", (FIRM, HEIR), (BANK,), applications=("15000001", "15000002")),
        line(
            "3-3",
            "release",
            (BANK,),
            (FIRM,),
            applications=("15000001", "15000002"),
            refers_to=["2-2"],
        ),
        line("4-4", "security", (FIRM, HEIR), (BANK,), applications=("15000002",)),
    )
    result = planned(records)
    assert [("15000002", "OWNER_UNKNOWN"), ("4-4", "OWNER_UNKNOWN")] == [
        (item.source, item.code) for item in result.declined
    ]
    assert {"2-2", "3-3"} == {item.source for item in result.left_out}
    ledger = imported(sorted(records, key=lambda record: record.id))
    assert {} == ledger.refused
    assert {"15000001": ["1-1", "2-2", "3-3"]} == ledger.chains


def test_what_a_record_was_attested_without_is_not_filed_later_without_its_lien():
    """More records show who owned it, and the security that charges it is attested once."""
    memory = Memory(ORIGIN)
    charge = line("1-1", "security", (FIRM, HEIR), (BANK,), applications=("15000001", "15000002"))
    owned = line("0-1", "assignment", (ANN,), (FIRM,), recorded="2019-01-07")
    first = plan(parse_records(owned + charge), default_mapping(), memory, clerk=CLERK, now=NOW)
    for item in first:
        memory.settle(item.subject)
    sold = line("2-2", "assignment", (HEIR,), (ANN,), applications=("15000002",))
    grown = parse_records(owned + charge + sold)
    again = plan(grown, default_mapping(), memory, clerk=CLERK, now=NOW)
    assert list(first) == list(again)
    assert [("15000002", "RECORD_EXISTS"), ("2-2", "RECORD_EXISTS")] == [
        (item.source, item.code) for item in again.declined
    ]


HALF = "ASSIGNMENT OF AN UNDIVIDED HALF"


def test_after_a_part_passed_nothing_is_said_to_pass_of_what_nobody_knows():
    """Else who gave half away would pass the whole, and who took it would be the only owner."""
    records = lines(
        line("1-1", "assignment", (ANN,), (FIRM,), recorded="2019-02-01"),
        line("2-2", "assignment", (FIRM,), (HEIR,), recorded="2019-02-09", conveyance_text=HALF),
        line(
            "3-3",
            "assignment",
            (FIRM,),
            ("NEXT INC.",),
            recorded="2019-02-10",
            applications=("15000001", "15000002"),
        ),
        line("4-4", "security", (FIRM,), (BANK,), recorded="2019-02-11"),
        line("5-5", "assignment", (HEIR,), ("NEXT INC.",), recorded="2019-02-12"),
    )
    result = planned(records)
    assert [("2-2", "PART_IN_WORDS"), ("5-5", "PART_IN_WORDS")] == [
        (item.source, item.code) for item in result.declined
    ]
    assert [("3-3", "PART_IN_WORDS")] == [(item.source, item.code) for item in result.left_out]
    ledger = RulesOnly().run(result)
    assert {} == ledger.refused
    assert {"15000001": ["1-1", "4-4"], "15000002": ["3-3"]} == ledger.chains


def test_of_what_is_first_seen_when_a_part_passes_nobody_is_said_to_own_all():
    records = lines(
        line("1-1", "assignment", (ANN,), (FIRM,), recorded="2019-02-01", conveyance_text=HALF),
        line("2-2", "security", (FIRM,), (BANK,), recorded="2019-02-09"),
        line("3-3", "assignment", (FIRM,), (HEIR,), recorded="2019-02-10"),
    )
    result = planned(records)
    assert () == result.filings == result.conveyances == result.unfiled
    assert [
        ("1-1", "PART_IN_WORDS"),
        ("3-3", "PART_IN_WORDS"),
        ("15000001", "OWNER_UNKNOWN"),
        ("2-2", "OWNER_UNKNOWN"),
    ] == [(item.source, item.code) for item in result.declined]


@pytest.mark.parametrize(
    "members",
    [
        {"recorded": "2099-01-01"},
        {"assignors": [{"name": FIRM, "executed": "2019-01-09"}]},
    ],
)
def test_a_record_of_a_day_to_come_shows_no_owner(members: dict[str, Any]):
    result = planned(lines(line("1-1", "assignment", (FIRM,), (HEIR,), **members)))
    assert [("1-1", "FUTURE_FACT")] == [(item.source, item.code) for item in result.declined]
    assert () == result.filings


def test_a_record_that_the_office_has_purged_proves_nothing():
    raw = line("1-1", "assignment", (ANN,), (FIRM,)) + line(
        "2-2", "assignment", (FIRM,), (HEIR,), purged=True
    )
    result = plan(parse_records(raw), default_mapping(), Memory(ORIGIN), clerk=CLERK, now=NOW)
    assert [("2-2", "RECORD_PURGED")] == [(item.source, item.code) for item in result.declined]
    assert ["1-1"] == [item.source for item in result.conveyances]


def test_the_names_that_were_taken_for_persons_are_listed():
    records = lines(line("1-1", "assignment", (ANN, "NORDIC PUMPS AG"), (FIRM,)))
    assert (ANN, "NORDIC PUMPS AG") == planned(records).persons


def test_a_releasing_creditor_is_not_taken_for_the_first_owner():
    records = lines(
        line("1-1", "release", (BANK,), (FIRM,), refers_to=["9-9"], recorded="2019-02-01"),
        line("2-2", "assignment", (FIRM,), (HEIR,), recorded="2019-02-02"),
    )
    ledger = imported(records)
    assert {"1-1": "PREDECESSOR_UNKNOWN"} == ledger.codes()
    assert ["heir-llc"] == [owner[9:17] for owner in ledger.get(RIGHT).owners]


def test_a_release_that_names_the_transfer_of_a_security_releases_that_security():
    records = lines(
        line("1-1", "security", (FIRM,), (BANK,), recorded="2019-02-01"),
        line("2-2", "security-assign", (BANK,), ("NEXT BANK",), refers_to=["1-1"]),
        line("3-3", "release", ("NEXT BANK, AS AGENT",), (FIRM,), refers_to=["2-2"]),
    )
    records = tuple(sorted(records, key=lambda record: record.id))
    assert "conveyance:us.1-1" == attested(records, "3-3").refers_to
    ledger = imported(records)
    assert {} == ledger.refused
    assert {} == dict(ledger.get(RIGHT).liens)


def test_transfers_of_a_security_that_name_each_other_end_somewhere():
    records = lines(
        line("1-1", "security-assign", (BANK,), (FIRM,), refers_to=["2-2"]),
        line("2-2", "security-assign", (BANK,), (FIRM,), refers_to=["1-1"]),
    )
    assert {"1-1", "2-2"} == imported(records).codes().keys()


def test_of_several_records_named_the_one_in_the_set_is_meant():
    records = lines(
        line("1-1", "security", (FIRM,), (BANK,)),
        line("2-2", "release", (BANK,), (FIRM,), refers_to=["9-9", "1-1"]),
    )
    assert "conveyance:us.1-1" == attested(records, "2-2").refers_to


def test_an_assignment_refers_to_nothing_whatever_its_text_mentions():
    records = lines(line("1-1", "assignment", (ANN,), (FIRM,), refers_to=["9-9"]))
    assert attested(records, "1-1").refers_to is None


def test_a_link_for_a_record_that_names_another_itself_is_refused():
    records = lines(line("66091-133", "release", (BANK,), (FIRM,), refers_to=["9-9"]))
    with pytest.raises(MappingRefused):
        planned(records)


def test_a_record_that_names_a_party_in_doubt_is_refused_and_shows_no_first_owner():
    records = lines(
        line("1-1", "assignment", (ANN,), ("FIRM INC.",), applications=("15000001",)),
        line("2-2", "assignment", ("FIRM, INC",), (HEIR,), applications=("15000002",)),
    )
    assert ("15000002",) == planned(records).unfiled
    ledger = imported(records)
    assert {"2-2": "PARTY_BY_NAME"} == ledger.codes()
    known_as = ledger.position("spelling:firminc")
    assert (known_as,) == ledger.refused["2-2"].positions


def test_the_clerk_vouches_for_each_name_once_before_a_record_has_it():
    records = lines(
        line("1-1", "assignment", (ANN,), ("FIRM INC.",)),
        line("2-2", "security", ("FIRM INC.",), ("LENDING BANK, AS COLLATERAL AGENT",)),
    )
    names = [item.source for item in planned(records).spellings]
    assert ["FIRM INC.", "LENDING BANK"] == names
    written = [spelled.name for spelled in attested(records, "2-2").spellings]
    assert ["FIRM INC.", "LENDING BANK"] == written


def test_persons_are_never_spelt():
    records = lines(line("1-1", "assignment", (ANN,), (BOB,)))
    assert () == attested(records, "1-1").spellings
    assert () == planned(records).spellings


@pytest.mark.parametrize("lacking", [{"application": None}, {"filed": None}])
def test_a_record_of_a_property_without_number_or_day_of_filing_is_declined(
    lacking: dict[str, None],
):
    described = {"application": "1", "patent": None, "publication": None, "filed": "2016-05-03"}
    described |= {"issued": None, "title": "A PUMP"} | lacking
    result = planned(lines(line("1-1", "assignment", (ANN,), (FIRM,), properties=[described])))
    assert ["CONTENT_MISSING"] == [item.code for item in result.declined]
    assert [] == list(result)


def test_two_spellings_of_one_party_in_a_record_are_one_and_its_later_signature_counts():
    two = [
        {"name": "U.S. WELL SERVICES, LLC", "executed": "2019-01-03"},
        {"name": "US WELL SERVICES LLC", "executed": "2019-01-05"},
    ]
    body = attested(lines(line("1-1", "security", (), (BANK,), assignors=two)), "1-1")
    assert ["2019-01-05"] == [str(item.executed_on) for item in body.assignors]


def test_an_assignor_without_a_day_is_taken_to_have_signed_by_the_day_of_recording():
    undated = [{"name": ANN, "executed": None}]
    body = attested(lines(line("1-1", "assignment", (), (FIRM,), assignors=undated)), "1-1")
    assert "2019-01-08" == str(body.assignors[0].executed_on)


@pytest.mark.parametrize(
    ("number", "patent", "kind"),
    [
        ("15000001", "10000001", "invention"),
        ("35001042", None, "design"),
        ("29000001", None, "design"),
        ("15000001", "PP12345", "plant_variety"),
        ("15000001", "D811183", "design"),
    ],
)
def test_the_kind_of_a_right_is_read_from_its_numbers(number: str, patent: str | None, kind: str):
    described = {"application": number, "patent": patent, "publication": None, "issued": None}
    described |= {"filed": "2016-05-03", "title": "A PUMP"}
    records = lines(line("1-1", "assignment", (ANN,), (FIRM,), properties=[described]))
    assert kind == filing(records).kind


def test_a_recorded_title_enters_in_normal_form_and_without_control_characters():
    described = {"application": "1", "patent": None, "publication": None, "issued": None}
    described |= {"filed": "2016-05-03", "title": " CAFE\u0301\u0000 \u200bPUMP\n"}
    records = lines(line("1-1", "assignment", (ANN,), (FIRM,), properties=[described]))
    assert "CAF\u00c9 PUMP" == filing(records).name


RECORDS = (
    line("1-1", "assignment", (ANN,), (FIRM,), recorded="2019-02-01")
    + line("2-2", "security", (FIRM,), (BANK,), recorded="2019-02-02")
)  # fmt: skip


def test_a_second_run_repeats_every_event_with_its_id_nonce_and_instant():
    memory = Memory(ORIGIN)
    first = plan(parse_records(RECORDS), default_mapping(), memory, clerk=CLERK, now=NOW)
    later = NOW + timedelta(days=1)
    assert first == plan(parse_records(RECORDS), default_mapping(), memory, clerk=CLERK, now=later)
    assert 5 == len({item.identity.event_id for item in first})
    assert 5 == len({item.identity.nonce for item in first})


def test_an_event_that_has_expired_is_said_again_until_the_ledger_refuses_it():
    """Its answer may have been lost: issued again, a fact that is recorded would stand twice."""
    memory = Memory(ORIGIN)
    first = plan(parse_records(RECORDS), default_mapping(), memory, clerk=CLERK, now=NOW)
    later = NOW + LIFE + timedelta(milliseconds=1)
    assert first == plan(parse_records(RECORDS), default_mapping(), memory, clerk=CLERK, now=later)
    for item in first.conveyances:
        memory.bury(item.subject, item.identity)
    again = plan(parse_records(RECORDS), default_mapping(), memory, clerk=CLERK, now=later)
    assert first.filings == again.filings
    for before, after in zip(first.conveyances, again.conveyances, strict=True):
        assert before.body == after.body
        assert before.identity != after.identity


def test_a_right_once_filed_is_not_filed_again_when_more_records_show_other_first_owners():
    memory = Memory(ORIGIN)
    first = plan(parse_records(RECORDS), default_mapping(), memory, clerk=CLERK, now=NOW)
    memory.settle(RIGHT)
    more = RECORDS + line("3-3", "assignment", (BOB,), (FIRM,), recorded="2019-02-03")
    again = plan(parse_records(more), default_mapping(), memory, clerk=CLERK, now=NOW)
    assert () == again.filings
    assert first.conveyances == again.conveyances[:2]


def test_an_admitted_record_that_reads_otherwise_now_is_another_event_and_is_refused():
    memory = Memory(ORIGIN)
    ledger = RulesOnly()
    first = plan(parse_records(RECORDS), default_mapping(), memory, clerk=CLERK, now=NOW)
    ledger.run(first)
    for item in first:
        memory.settle(item.subject)
    changed = RECORDS.replace(b"LENDING BANK", b"SPENDING BANK")
    ledger.run(
        plan(parse_records(changed), default_mapping(), memory, clerk=CLERK, now=NOW).conveyances
    )
    assert "RECORD_EXISTS" == ledger.refused["2-2"].code
    assert first == plan(parse_records(RECORDS), default_mapping(), memory, clerk=CLERK, now=NOW)


@pytest.mark.parametrize("lacking", ["assignors", "assignees", "properties"])
def test_a_record_that_lacks_a_side_is_declined_by_its_number(lacking: str):
    result = planned(lines(line("1-1", "assignment", (ANN,), (FIRM,), **{lacking: []})))
    assert [("1-1", "CONTENT_MISSING")] == [(item.source, item.code) for item in result.declined]


@pytest.mark.parametrize(
    ("kind", "text", "attested_as"),
    [
        ("other", "CHANGE OF NAME (SEE DOCUMENT FOR DETAILS).", "name_change"),
        ("name_change", "", "name_change"),
        ("", "INTELLECTUAL PROPERTY SECURITY AGREEMENT", "security"),
        (
            "unheard-of",
            "ASSIGNMENT OF ASSIGNORS INTEREST (SEE DOCUMENT FOR DETAILS).",
            "assignment",
        ),
        ("court", "MERGER AND CHANGE OF NAME", "merger"),
    ],
)
def test_a_kind_unheard_of_is_read_from_the_words(kind: str, text: str, attested_as: str):
    records = lines(line("1-1", kind, (FIRM,), (HEIR,), conveyance_text=text))
    assert attested_as == attested(records, "1-1").kind


@pytest.mark.parametrize("text", ["LICENSE (SEE DOCUMENT).", "", "CONFIRMATORY LICENSE"])
def test_words_of_no_conveyance_are_declined_and_the_rest_goes_on(text: str):
    records = lines(
        line("1-1", "license", (FIRM,), (HEIR,), conveyance_text=text),
        line("2-2", "assignment", (FIRM,), (HEIR,)),
    )
    result = planned(records)
    assert [("1-1", "KIND_UNKNOWN")] == [(item.source, item.code) for item in result.declined]
    assert ["2-2"] == [item.source for item in result.conveyances]


def test_a_record_named_only_by_the_text_is_found_there():
    charge = line("48818-520", "security", (FIRM,), (BANK,), recorded="2019-02-01")
    words = "RELEASE OF SECURITY INTEREST RECORDED AT REEL 048818/FRAME 0520"
    release = line("2-2", "release", (BANK,), (FIRM,), refers_to=None, conveyance_text=words)
    ledger = imported(lines(charge, release.replace(b"2019-01-08", b"2019-02-02")))
    assert {} == ledger.refused
    assert {} == dict(ledger.get(RIGHT).liens)


def test_more_applications_than_one_entry_holds_are_declined_by_a_code():
    def record(count: int) -> tuple[Record, ...]:
        numbers = tuple(str(15_000_000 + n) for n in range(count))
        return lines(line("1-1", "assignment", (FIRM,), (HEIR,), applications=numbers))

    [declined] = planned(record(1_600)).declined
    assert ("1-1", "ENTRY_TOO_LARGE") == (declined.source, declined.code)
    assert () == planned(record(1_550)).declined
    [largest] = planned(record(1_550)).conveyances
    assert MAX_ENTRY > len(entry_of(largest)) > MAX_ENTRY - 4_000


def test_lines_that_are_no_records_are_listed_with_what_was_planned():
    raw = b"{\n" + RECORDS + RECORDS
    result = plan(parse_records(raw), default_mapping(), Memory(ORIGIN), clerk=CLERK, now=NOW)
    assert [
        ("line 1", "MALFORMED"),
        ("1-1", "RECORD_EXISTS"),
        ("2-2", "RECORD_EXISTS"),
    ] == [(item.source, item.code) for item in result.declined]
    assert 2 == len(result.conveyances)
