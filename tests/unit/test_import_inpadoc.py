"""Legal events of INPADOC: read whole, mapped by reviewed codes, believed as the State's."""

import json
from collections import Counter
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from api.importers.inpadoc import ApplicationUnknown, Filing, NoTitle, StatusPlan, plan_status
from api.importers.inpadoc_records import MalformedEvents, parse_register
from api.importers.memory import Memory
from ledger.domain.core.event import Logged
from ledger.domain.core.existence import FutureFact
from ledger.domain.core.personal_data import must_hold_no_personal_data
from ledger.domain.rights.right_status import RightGranted, RightLapsed
from ledger.events.lawbook import bundled_law
from projections.engine.bitemporal import UNRECORDED
from projections.tables.status import Standing, status, status_on
from tests.support.builders import CLERK, FIRM, ORIGIN
from tests.support.projecting import logged, rows_of, true_and_known

EP1000000 = Path(__file__).parents[3] / "shared/data/inpadoc-legal-events/EP1000000.json"
EUROPEAN = "right:ep.99203729"
APPLICATION = Filing(application_no="99203729")
AMERICAN = Filing(application_no="13734567", issued_on=date(2015, 4, 28))
NOW = datetime(2026, 11, 2, 3, 0, tzinfo=UTC)


def planned(
    value: object, filing: Filing | None = None, memory: Memory | None = None
) -> StatusPlan:
    register = parse_register(json.dumps(value).encode())
    kept = memory or Memory(ORIGIN)
    return plan_status(register, filing or Filing(), kept, clerk=CLERK, now=NOW)


def events_of(plan: StatusPlan) -> list[Logged]:
    return logged(*(item.body for item in plan))


@pytest.fixture(scope="module")
def european() -> StatusPlan:
    if not EP1000000.exists():
        pytest.skip(f"no shared data: {EP1000000} is absent, the INPADOC events are not tested")
    return planned(json.loads(EP1000000.read_text("utf-8")), APPLICATION)


def asked(
    plan: StatusPlan, right: str, day: str, state: str | None = None, known: str | None = None
) -> Standing:
    events = events_of(plan)
    office_day = UNRECORDED if known is None else date.fromisoformat(known)
    true_on = date.fromisoformat(day)
    found = true_and_known(rows_of(status, events)[right], true_on, office_day=office_day)
    return status_on(right, true_on, found, bundled_law(), state)


def test_every_legal_event_becomes_an_admissible_fact(european: StatusPlan) -> None:
    assert 50 == len(european.mapped) == len(european.facts)
    assert 52 == len(events_of(european)), "the opening, the filing, and all of them"
    kinds = Counter(item.body.TOPIC for item in european.mapped)
    assert {
        "right.published/1": 1,
        "right.granted/1": 4,
        "right.lapsed/1": 24,
        "right.fee_paid/1": 3,
        "office_event.recorded/1": 18,
    } == dict(kinds)


@pytest.mark.parametrize(
    ("state", "day", "known", "expected"),
    [
        ("iso:GB", "2011-03-01", "2011-06-01", "in_force"),
        ("iso:GB", "2011-03-01", "2011-08-01", "lapsed"),
        ("iso:GB", "2010-11-07", None, "in_force"),
        ("iso:GB", "2010-11-08", None, "lapsed"),
        ("iso:BE", "2010-11-29", None, "in_force"),
        ("iso:BE", "2011-03-01", "2011-05-30", "in_force"),
        ("iso:BE", "2011-03-01", "2011-05-31", "lapsed"),
        ("iso:NL", "2011-05-31", None, "in_force"),
        ("iso:NL", "2011-06-10", "2011-06-14", "in_force"),
        ("iso:NL", "2011-06-10", "2011-06-15", "lapsed"),
        ("iso:AT", "2003-02-12", None, "lapsed"),
        ("iso:ES", "2003-08-27", None, "in_force"),
    ],
)
def test_one_right_has_the_fates_that_its_source_tells(
    european: StatusPlan, state: str, day: str, known: str | None, expected: str
) -> None:
    assert expected == asked(european, EUROPEAN, day, state, known).status


def test_the_right_as_a_whole_ends_with_its_last_state(european: StatusPlan) -> None:
    assert 19 == len(asked(european, EUROPEAN, "2011-05-31").states)
    assert "in_force" == asked(european, EUROPEAN, "2011-05-31").status
    over = asked(european, EUROPEAN, "2025-01-01")
    assert ("lapsed", date(2011, 6, 1)) == (over.status, over.since)
    assert date(2003, 2, 12) == asked(european, EUROPEAN, "2011-03-01", "iso:NL").since
    assert "published" == asked(european, EUROPEAN, "2001-01-01").status


def test_only_a_heading_without_its_text_is_unclear_of_the_records(european: StatusPlan) -> None:
    assert ["EP.STAA"] == [item.event.event_code for item in european.mapped if item.unclear]
    assert ("latest", date(2000, 3, 31)) == (
        european.filing.body.filing_day,
        european.filing.body.filed_on,
    )


def test_a_second_run_plans_the_same_events() -> None:
    memory = Memory(ORIGIN)
    first = planned(american(), AMERICAN, memory=memory)
    again = planned(american(), AMERICAN, memory=memory)
    assert [item.identity for item in first] == [item.identity for item in again]
    assert [item.body for item in first] == [item.body for item in again]


def legal(code: str, day: str, description: str, **members: Any) -> dict[str, Any]:
    return {
        "event_code": code,
        "country_code": code[:2],
        "event_date": day,
        "event_description": description,
        **members,
    }


def american(*more: dict[str, Any]) -> dict[str, Any]:
    return {
        "publication": {"country": "US", "number": "9000000", "kind": "B2", "id_type": "docdb"},
        "events": [
            legal("US.AS", "2014-01-07", "ASSIGNMENT"),
            legal("US.STCF", "2015-04-07", "INFORMATION ON STATUS: PATENT GRANT"),
            legal("US.FEPP", "2022-11-28", "FEE PAYMENT PROCEDURE"),
            legal("US.MAFP", "2018-10-08", "MAINTENANCE FEE PAYMENT", fee_year="4"),
            legal("US.LAPS", "2023-05-15", "LAPSE FOR FAILURE TO PAY MAINTENANCE FEES"),
            legal("US.FP", "2023-05-16", "LAPSED DUE TO ...", effective_date="2023-04-07"),
            *more,
        ],
    }


def test_a_source_that_has_grown_adds_what_is_new_and_repeats_the_rest() -> None:
    memory = Memory(ORIGIN)
    first = planned(american(), AMERICAN, memory=memory)
    for item in first:
        memory.settle(item.subject)
    grown = american(legal("US.PRDP", "2023-09-01", "PATENT REINSTATED ..."))
    grown["events"].insert(0, legal("US.STPP", "2013-09-01", "INFORMATION ON STATUS: ..."))
    for event in grown["events"]:
        event["subscriber"] = "a member that nobody reads"
    again = planned(grown, AMERICAN, memory=memory)
    assert ["US.STPP 2013-09-01", "US.PRDP 2023-09-01"] == [item.source for item in again]


def test_a_national_title_has_one_fate() -> None:
    plan = planned(american(), AMERICAN)
    assert {None} == {item.body.territory for item in plan.mapped}
    right = "right:us.13734567"
    assert "filed" == asked(plan, right, "2014-06-01").status
    assert "in_force" == asked(plan, right, "2023-04-06").status
    assert "lapsed" == asked(plan, right, "2023-04-07").status
    assert "in_force" == asked(plan, right, "2023-04-07", known="2023-05-15").status
    assert (4,) == tuple(
        item.body.fee_year for item in plan.mapped if item.event.event_code == "US.MAFP"
    )


def test_a_grant_of_the_united_states_is_of_the_day_of_issue_and_of_no_status_entry() -> None:
    issued = planned(american(), AMERICAN)
    (grant,) = (item.body for item in issued.mapped if isinstance(item.body, RightGranted))
    assert (date(2015, 4, 28), date(2015, 4, 28)) == (grant.granted_on, grant.in_force_from)
    assert "filed" == asked(issued, "right:us.13734567", "2015-04-27").status
    silent = planned(american(), Filing(application_no="13734567"))
    assert [] == [item for item in silent.mapped if isinstance(item.body, RightGranted)]
    (entry,) = (item for item in silent.mapped if item.event.event_code == "US.STCF")
    assert "the day of issue is not told (--issued-on)" == entry.unclear
    published = american()
    published["publication"]["date"] = "20150428"
    assert issued.mapped == planned(published, Filing(application_no="13734567")).mapped


def test_what_the_extract_leaves_out_is_told_or_says_so() -> None:
    silent = planned(chinese())
    filed = silent.filing.body
    assert ("latest", date(2005, 5, 11)) == (filed.filing_day, filed.filed_on)
    assert ("party:cn.100400.proprietor",) == tuple(owner.party for owner in filed.owners)
    assert 3 == len(silent.assumed)
    told = planned(american(), Filing(FIRM, date(2013, 1, 4), "Widget", "13734567"))
    filed = told.filing.body
    assert ("exact", date(2013, 1, 4), "Widget") == (filed.filing_day, filed.filed_on, filed.name)
    assert ("right:us.13734567", FIRM) == (filed.right, filed.owners[0].party)
    assert () == told.assumed


def chinese() -> dict[str, Any]:
    return {
        "publication": {"country": "CN", "number": "100400", "kind": "C"},
        "events": [legal("CN.GR01", "2005-05-11", "PATENT GRANT", effective_date="1998-01-01")],
    }


@pytest.mark.parametrize("country", ["US", "EP", "WO"])
def test_a_publications_number_is_no_applications_where_both_look_alike(country: str) -> None:
    value = {**american(), "publication": {"country": country, "number": "11408812", "kind": "B2"}}
    with pytest.raises(ApplicationUnknown, match="--application-no"):
        planned(value)


def test_a_right_that_another_event_filed_is_not_filed_again() -> None:
    plan = planned(american(), Filing(application_no="13734567", already=True))
    assert None is plan.filing
    assert len(plan.facts) == len(list(plan))
    assert () == plan.assumed


def test_a_european_grant_is_known_by_its_place_even_if_no_state_repeats_it() -> None:
    plan = planned(
        {
            "publication": {"country": "EP", "number": "2000000", "kind": "B1"},
            "events": [
                legal("EP.AK", "2008-12-10", "DESIGNATED", designated_states="DE FR"),
                legal("EP.GRAA", "2010-01-05", "(EXPECTED) GRANT"),
                legal("EP.AK", "2010-03-03", "DESIGNATED", designated_states="DE"),
                legal(
                    "DE.R119", "2012-09-01", "IP RIGHT LAPSED, DUE TO NON-PAYMENT OF RENEWAL FEE"
                ),
                legal("EP.27W", "2013-05-01", "PATENT REVOKED", effective_date="2013-03-01"),
            ],
        },
        Filing(application_no="08012345"),
    )
    (grant,) = (item.body for item in plan.mapped if isinstance(item.body, RightGranted))
    assert (date(2010, 3, 3), ("iso:DE",)) == (grant.in_force_from, grant.designated)
    right = "right:ep.08012345"
    assert "published" == asked(plan, right, "2009-01-01", known="2013-04-30").status
    before = "2013-04-30"
    assert "in_force" == asked(plan, right, "2011-01-01", "iso:DE", before).status
    assert None is asked(plan, right, "2011-01-01", "iso:FR", before).status
    assert "lapsed" == asked(plan, right, "2013-01-01", "iso:DE", before).status
    assert "cancelled" == asked(plan, right, "2011-01-01").status


def test_an_event_that_stands_there_twice_is_one() -> None:
    twice = legal("US.LAPS", "2023-05-15", "LAPSE FOR FAILURE TO PAY MAINTENANCE FEES")
    assert 6 == len(planned(american({**twice, "source": "again"}), AMERICAN).facts)
    plan = planned(american(), AMERICAN)
    assert 2 == len([item for item in plan.mapped if isinstance(item.body, RightLapsed)])


def became(
    code: str, kind: str = "B1", country: str = "EP", **members: Any
) -> tuple[str, str | None]:
    """Return what an event of a code became, and why it was only noted."""
    value = {
        "publication": {"country": country, "number": "2000002", "kind": kind},
        "events": [
            legal(code, "2009-01-01", "WORDS THAT NOBODY READS: REVOKED, LAPSED", **members)
        ],
    }
    (item,) = planned(value, Filing(application_no="08012345")).mapped
    return item.body.TOPIC, item.unclear


def american_twice(*filings: Filing) -> list[StatusPlan]:
    """Return the plans of one file under one memory, each after all before it were admitted."""
    memory, plans = Memory(ORIGIN), []
    for filing in filings:
        plans.append(planned(american(), filing, memory))
        for item in plans[-1]:
            memory.settle(item.subject)
    return plans


@pytest.mark.parametrize(
    "code", ["ZA.RX", "SE.RR", "FR.PLFP", "GB.S28", "DE.8314X", "XX.PG25", "EM.25"]
)
def test_a_code_that_nobody_reviewed_is_noted_whatever_its_words_say(code: str) -> None:
    assert ("office_event.recorded/1", "nobody reviewed the code") == became(code)


def test_a_code_of_two_meanings_acts_where_the_kind_of_the_publication_settles_it() -> None:
    assert ("right.lapsed/1", None) == became("DE.R119", "B1")
    unclear = "the code has several meanings here"
    assert ("office_event.recorded/1", unclear) == became("DE.R119", "A1")


def test_a_code_about_one_state_acts_only_where_the_state_is_named() -> None:
    assert ("right.lapsed/1", None) == became("EP.PG25", state="NL")
    unclear = "the code has several meanings here"
    assert ("office_event.recorded/1", unclear) == became("EP.PG25")
    assert ("right.lapsed/1", None) == became("EP.BERE")


def test_an_event_that_no_fact_can_say_stops_the_import() -> None:
    long = legal("EP.PG25", "2011-05-31", "LAPSED", state="NL", reason="x" * 5_000)
    value = {"publication": {"country": "EP", "number": "1", "kind": "B"}, "events": [long]}
    with pytest.raises(MalformedEvents, match=r"EP\.PG25 2011-05-31, reason"):
        planned(value, APPLICATION)


@pytest.mark.parametrize(
    ("code", "country", "members"),
    [
        ("EP.27W", "DE", {}),
        ("EP.PG25", "DE", {"state": "DE"}),
        ("CN.MM4A", "US", {}),
        ("CN.MM4A", "CN", {"state": "HK"}),
        ("GB.PCNP", "EP", {"state": "DE"}),
        ("EP.GBPC", "EP", {"event_country": "FR"}),
        ("EP.PG25", "EP", {"event_country": "EP"}),
        ("EP.PG25", "EP", {"state": "CH", "event_country": "LI"}),
    ],
)
def test_a_code_acts_on_titles_of_its_own_office_and_where_it_is_told_of(
    code: str, country: str, members: dict[str, str]
) -> None:
    topic, unclear = became(code, "B1", country, **members)
    assert ("office_event.recorded/1", True) == (topic, unclear is not None)


@pytest.mark.parametrize(
    "code", ["AT.ELI", "EP.D25", "EP.PG2D", "GB.PCPE", "DK.RPBP", "CH.PK", "EP.STAA"]
)
def test_a_code_that_does_what_nobody_can_tell_is_noted_and_listed_with_the_reason(
    code: str,
) -> None:
    topic, unclear = became(code)
    assert "office_event.recorded/1" == topic
    assert unclear is not None


def regional(states: object) -> dict[str, Any]:
    return {
        "publication": {"country": "EP", "number": "2000000", "kind": "B1"},
        "events": [
            legal("EP.AK", "2008-12-10", "DESIGNATED", designated_states=states),
            legal("EP.GRAA", "2010-01-05", "(EXPECTED) GRANT"),
            legal("EP.AK", "2010-03-03", "DESIGNATED", designated_states=states),
        ],
    }


@pytest.mark.parametrize("states", ["DE FR", "DE,FR", " DE; FR "])
def test_states_are_read_however_they_are_set_apart(states: str) -> None:
    plan = planned(regional(states), APPLICATION)
    assert "in_force" == asked(plan, EUROPEAN, "2011-01-01", "iso:FR").status
    assert None is asked(plan, EUROPEAN, "2011-01-01", "iso:SE").status


@pytest.mark.parametrize("states", ["DE fr", "DE FRA", "all", "DE/FR"])
def test_a_list_of_states_that_is_none_stops_the_import(states: str) -> None:
    with pytest.raises(MalformedEvents, match="events/0/designated_states"):
        planned(regional(states), APPLICATION)


def test_a_title_for_which_no_state_is_named_says_so() -> None:
    assert any(line.startswith("States: ") for line in planned(regional(None), APPLICATION).assumed)


@pytest.mark.parametrize("kind", ["I1", "H1", "W"])
def test_what_is_published_as_no_title_is_not_filed_as_one(kind: str) -> None:
    value = {
        "publication": {"country": "DE", "number": "122004000001", "kind": kind},
        "events": [legal("DE.8339", "2009-01-01", "CEASED")],
    }
    with pytest.raises(NoTitle, match=kind):
        planned(value)


@pytest.mark.parametrize(("kind", "day"), [("B1", "19950101"), ("P1", "20150428"), ("A", None)])
def test_only_a_patent_as_issued_tells_its_day_of_issue(kind: str, day: str | None) -> None:
    value = american()
    value["publication"] |= {"kind": kind, "date": day}
    plan = planned(value, Filing(application_no="13734567"))
    assert [] == [item for item in plan.mapped if isinstance(item.body, RightGranted)]


def test_what_was_only_noted_is_told_once_it_can_be() -> None:
    silent = Filing(application_no="13734567")
    first, told, again, before = american_twice(silent, AMERICAN, AMERICAN, silent)
    grant = "US.STCF 2015-04-07"
    assert (0, 7) == (len(first.declined), len(list(first)))
    assert ["right.granted/1"] == [x.body.TOPIC for x in told.facts if x.source == grant]
    assert [item.identity for item in told] == [item.identity for item in again]
    assert () == told.declined == before.declined


def test_what_an_earlier_import_said_otherwise_is_told_and_not_sent() -> None:
    silent = Filing(application_no="13734567")
    owned = Filing(FIRM, application_no="13734567", issued_on=AMERICAN.issued_on)
    _, other, named = american_twice(AMERICAN, silent, owned)
    assert [("US.STCF 2015-04-07", "RECORD_EXISTS")] == [(x.source, x.code) for x in other.declined]
    assert "US.STCF 2015-04-07" not in {item.source for item in other}
    assert None is named.filing
    assert [("US9000000B2", "RIGHT_EXISTS")] == [(x.source, x.code) for x in named.declined]


@pytest.mark.parametrize("filing", [AMERICAN, Filing(application_no="13734567", already=True)])
def test_an_event_of_a_day_to_come_stops_the_import(filing: Filing) -> None:
    with pytest.raises(FutureFact, match=r"US\.LAPS 2099-01-01"):
        planned(american(legal("US.LAPS", "2099-01-01", "LAPSE")), filing)


def test_a_long_number_is_no_persons_in_the_name_that_a_title_gets() -> None:
    value = {
        "publication": {"country": "DE", "number": "102004000001", "kind": "B4"},
        "events": [legal("DE.R119", "2009-01-01", "LAPSED")],
    }
    filed = planned(value).filing.body
    assert "DE 102 004 000 001 B4" == filed.name
    must_hold_no_personal_data(filed)


PUBLISHED = b'{"publication": {"country": "EP", "number": "1"}, "events": [%s]}'


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (b"\xff", "not a JSON object"),
        (b'{"events": [], "events": []}', "member 'events' twice"),
        (b'{"publication": {"number": "\\ud800"}}', "surrogate"),
        (b"[]", "the whole: an object is wanted"),
        (b'{"publication": {"country": "EP", "number": "1"}, "events": []}', "events"),
        (
            b'{"publication": {"country": "EP", "number": "1"}, "events": [{}]}',
            "events/0/event_code",
        ),
    ],
)
def test_what_is_no_register_stops_the_import(raw: bytes, reason: str) -> None:
    with pytest.raises(MalformedEvents, match=reason):
        parse_register(raw)
