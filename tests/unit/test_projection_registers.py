"""Real registers: what the office knew by a day is not what was true on it."""

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from ledger.domain.core.event import Logged
from projections.engine.bitemporal import UNRECORDED
from projections.tables.liens import liens
from projections.tables.status import status
from projections.tables.title_events import title
from tests.support.builders import right_filed, right_granted, right_lapsed
from tests.support.projecting import logged, rows_of, true_and_known
from tests.support.uspto import NOW, imported, office_records

EP1000000 = Path(__file__).parents[2].parent / "shared/data/inpadoc-legal-events/EP1000000.json"
WILMINGTON = "party:us.wilmington-savings-fund-society-fsb"
GB_RIGHT = "right:gb.1000000"


@pytest.fixture(scope="module")
def ledger() -> Any:
    return imported(office_records())


@pytest.fixture(scope="module")
def chains(ledger: Any) -> list[Logged]:
    return [Logged(event, position, NOW) for position, event in enumerate(ledger.entries)]


def creditors(events: list[Logged], day: date, office_day: date) -> set[str]:
    return {
        row.creditor
        for rows in rows_of(liens, events).values()
        for row in true_and_known(rows, day, office_day=office_day)
        if row.charged == "right:us.15145443" and row.effect == "parties"
    }


def test_a_lien_released_on_record_a_year_late_was_in_force_as_known_before(chains):
    """15145443, record 66091-133: released on 2022-10-31, recorded on 2023-12-21."""
    day = date(2022, 12, 1)
    assert WILMINGTON in creditors(chains, day, date(2023, 6, 1))
    assert WILMINGTON not in creditors(chains, day, date(2024, 6, 1))
    assert WILMINGTON in creditors(chains, date(2022, 10, 30), date(2024, 6, 1))


def test_a_lien_whose_release_names_a_wrong_number_is_still_there(chains):
    """Release 61835-778 names 15145543; the ledger refused it, so 49107-392 stays."""
    assert "party:us.clmg-corp" in creditors(chains, date(2024, 6, 1), UNRECORDED)


def test_all_last_owners_are_those_of_the_domain(ledger, chains):
    table = rows_of(title, chains)
    assert len(table) > 100
    for right, rows in table.items():
        owners = {
            row.party: row.share
            for row in true_and_known(rows, date(2100, 1, 1))
            if row.effect == "third_parties"
        }
        assert dict(ledger.get(right).owners) == owners


def gb_lapse() -> dict[str, str]:
    if not EP1000000.is_file():
        pytest.skip(f"no shared data: {EP1000000} is absent, the INPADOC events are not tested")
    events = json.loads(EP1000000.read_text("utf-8"))["events"]
    (lapse,) = (event for event in events if event["event_code"] == "EP.GBPC")
    return lapse


def test_a_patent_ceased_before_the_gazette_said_so():
    """EP1000000, GB: in force on 2011-03-01 as known on 2011-06-01, lapsed as known in August."""
    lapse = gb_lapse()
    events = logged(
        right_filed(right=GB_RIGHT, office="gb", application_no="1000000", filed_on="1999-11-10"),
        right_granted(
            right=GB_RIGHT, granted_on="2003-02-12", in_force_from="2003-02-12", expires_on=None
        ),
        right_lapsed(
            right=GB_RIGHT,
            effective_from=lapse["effective_date"],
            published_on=lapse["event_date"],
        ),
    )
    rows = rows_of(status, events)[GB_RIGHT]

    def lapsed(office_day: date) -> list[bool]:
        known = true_and_known(rows, date(2011, 3, 1), office_day=office_day)
        return [row.outcome == "lapsed" for row in known]

    assert [False] == lapsed(date(2011, 6, 1))
    assert [True] == lapsed(date(2011, 8, 1))
