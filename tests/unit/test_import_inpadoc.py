"""Legal events of INPADOC: read whole, mapped by code or by words, believed as the State's."""

import json
from collections import Counter
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from api.importers.inpadoc import Filing, StatusPlan, plan_status
from api.importers.inpadoc_codes import meaning_of
from api.importers.inpadoc_records import MalformedEvents, parse_register
from api.importers.memory import Memory
from ledger.domain.event import Logged
from ledger.domain.right_status import RightGranted, RightLapsed
from ledger.lawbook import shipped
from projections.axes import NEVER
from projections.status import Standing, status, status_on
from tests.support.builders import CLERK, FIRM, ORIGIN
from tests.support.projecting import logged, rows_of, true_and_known

EP1000000 = Path(__file__).parents[3] / "shared/data/inpadoc-legal-events/EP1000000.json"
EUROPEAN = "right:ep.1000000"
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
    return planned(json.loads(EP1000000.read_text("utf-8")))


def asked(
    plan: StatusPlan, right: str, day: str, state: str | None = None, known: str | None = None
) -> Standing:
    events = events_of(plan)
    office_day = NEVER if known is None else date.fromisoformat(known)
    true_on = date.fromisoformat(day)
    found = true_and_known(rows_of(status, events)[right], true_on, office_day=office_day)
    return status_on(right, true_on, found, shipped(), state)


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


def test_a_second_run_plans_the_same_events() -> None:
    memory = Memory(ORIGIN)
    first = planned(american(), memory=memory)
    again = planned(american(), memory=memory)
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


def test_a_national_title_has_one_fate() -> None:
    plan = planned(american())
    assert {None} == {item.body.territory for item in plan.mapped}
    right = "right:us.9000000"
    assert "filed" == asked(plan, right, "2014-06-01").status
    assert "in_force" == asked(plan, right, "2023-04-06").status
    assert "lapsed" == asked(plan, right, "2023-04-07").status
    assert "in_force" == asked(plan, right, "2023-04-07", known="2023-05-15").status
    assert (4,) == tuple(
        item.body.fee_year for item in plan.mapped if item.event.event_code == "US.MAFP"
    )


def test_what_the_extract_leaves_out_is_told_or_says_so() -> None:
    silent = planned(american()).filing.body
    assert ("latest", date(2014, 1, 7)) == (silent.filing_day, silent.filed_on)
    assert ("party:us.9000000.proprietor",) == tuple(owner.party for owner in silent.owners)
    told = Filing(FIRM, date(2013, 1, 4), "Widget", "13/734,567")
    filed = planned(american(), told).filing.body
    assert ("exact", date(2013, 1, 4), "Widget") == (filed.filing_day, filed.filed_on, filed.name)
    assert ("right:us.13-734-567", FIRM) == (filed.right, filed.owners[0].party)


def test_a_european_grant_is_known_by_its_place_even_if_no_state_repeats_it() -> None:
    plan = planned(
        {
            "publication": {"country": "EP", "number": "2000000", "kind": "A1"},
            "events": [
                legal("EP.AK", "2008-12-10", "DESIGNATED", designated_states="DE FR"),
                legal("EP.GRAA", "2010-01-05", "(EXPECTED) GRANT"),
                legal("EP.AK", "2010-03-03", "DESIGNATED", designated_states="DE"),
                legal(
                    "DE.R119", "2012-09-01", "IP RIGHT LAPSED, DUE TO NON-PAYMENT OF RENEWAL FEE"
                ),
                legal("EP.27W", "2013-05-01", "PATENT REVOKED", effective_date="2013-03-01"),
            ],
        }
    )
    (grant,) = (item.body for item in plan.mapped if isinstance(item.body, RightGranted))
    assert (date(2010, 3, 3), ("iso:DE",)) == (grant.in_force_from, grant.designated)
    right = "right:ep.2000000"
    assert "published" == asked(plan, right, "2009-01-01", known="2013-04-30").status
    before = "2013-04-30"
    assert "in_force" == asked(plan, right, "2011-01-01", "iso:DE", before).status
    assert None is asked(plan, right, "2011-01-01", "iso:FR", before).status
    assert "lapsed" == asked(plan, right, "2013-01-01", "iso:DE", before).status
    assert "cancelled" == asked(plan, right, "2011-01-01").status


def test_an_event_that_stands_there_twice_is_one() -> None:
    twice = legal("US.LAPS", "2023-05-15", "LAPSE FOR FAILURE TO PAY MAINTENANCE FEES")
    assert 6 == len(planned(american(twice)).facts)
    lapses = [item for item in planned(american()).mapped if isinstance(item.body, RightLapsed)]
    assert 2 == len(lapses)


@pytest.mark.parametrize(
    ("code", "description", "meaning"),
    [
        ("NL.V1", "LAPSED BECAUSE OF NON-PAYMENT OF THE ANNUAL FEE", "lapsed"),
        ("GB.PCNP", "PATENT CEASED THROUGH NON-PAYMENT OF RENEWAL FEE", "lapsed"),
        ("GB.PE20", "PATENT EXPIRED AFTER TERMINATION OF 20 YEARS", "noted"),
        ("FR.PLFP", "FEE PAYMENT", "noted"),
        ("XX.AF", "ANNUAL FEE PAID", "fee_paid"),
        ("XX.AN", "ANNUAL FEE NOT PAID", "noted"),
        ("SE.RR", "PATENT REINSTATED", "restored"),
        ("XX.RV", "REQUEST FOR REVOCATION", "noted"),
        ("XX.RX", "PATENT REVOKED BY THE COURT", "cancelled"),
        ("EP.GRAG", "DESPATCH OF COMMUNICATION OF INTENTION TO GRANT", "noted"),
        ("CH.PK", "CORRECTION OF AN ERRONEOUS LAPSE", "noted"),
        ("XX.SU", "PATENT SURRENDERED BY ITS OWNER", "surrendered"),
        ("XX.LM", "PATENT MAINTAINED IN AMENDED FORM", "limited"),
        ("EP.STAA", "INFORMATION ON THE STATUS OF A GRANTED EP PATENT", "noted"),
    ],
)
def test_an_unknown_code_is_read_by_its_words(code: str, description: str, meaning: str) -> None:
    assert meaning == meaning_of(code, description)


PUBLISHED = b'{"publication": {"country": "EP", "number": "1"}, "events": [%s]}'


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (b"\xff", "not a JSON object"),
        (b"[]", "valid dictionary"),
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
