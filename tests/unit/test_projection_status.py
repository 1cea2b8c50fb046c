"""Status: filed, in force, lapsed, restored, expired, on a day, somewhere, as known when."""

from datetime import date

import pytest

from ledger.domain.core.event import Logged
from ledger.events.lawbook import bundled_law
from projections.engine.bitemporal import UNRECORDED
from projections.tables.status import Standing, status, status_on
from tests.support.builders import RIGHT, right_filed, right_granted, right_lapsed, right_restored
from tests.support.projecting import logged, rows_of, true_and_known
from tests.support.rights import (
    EUROPEAN,
    SECRET,
    disclosure_recorded,
    european_filed,
    european_granted,
    right_cancelled,
    right_fee_paid,
    right_limited,
    right_published,
    right_renewed,
    right_surrendered,
    secret_held,
)

FILED = right_filed(filed_on="2020-03-10")
GRANTED = right_granted(
    granted_on="2022-05-04", in_force_from="2022-05-04", expires_on="2040-03-10"
)
LAPSED = right_lapsed(effective_from="2025-05-04", published_on="2025-11-25")
RESTORED = right_restored(effective_from="2025-06-01", published_on="2026-02-25")


def on(
    events: list[Logged],
    day: str,
    *,
    at: int | None = None,
    office_day: date = UNRECORDED,
    right: str = RIGHT,
    state: str | None = None,
) -> Standing:
    true_on = date.fromisoformat(day)
    rows = rows_of(status, events).get(right, ())
    found = true_and_known(rows, true_on, at=at, office_day=office_day)
    places = [row.territory for row in found]
    assert len(set(places)) == len(places), "a point has one status in a place"
    return status_on(right, true_on, found, bundled_law(), state)


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        ("2020-03-09", None),
        ("2020-03-10", "filed"),
        ("2022-05-03", "filed"),
        ("2022-05-04", "in_force"),
        ("2040-03-10", "in_force"),
        ("2040-03-11", "expired"),
    ],
)
def test_a_right_lives_from_its_filing_to_the_end_of_its_last_day(
    day: str, expected: str | None
) -> None:
    assert expected == on(logged(FILED, GRANTED), day).status


def test_an_application_for_an_invention_ends_with_the_longest_term() -> None:
    """Twenty years from the filing (IP Law art. 93(2)), whatever was granted."""
    events = logged(FILED)
    assert ("filed", "expired") == (
        on(events, "2040-03-10").status,
        on(events, "2040-03-11").status,
    )


def test_a_lapse_is_known_from_its_publication_and_true_from_before() -> None:
    events = logged(FILED, GRANTED, LAPSED)
    july = "2025-07-01"
    assert "in_force" == on(events, july, office_day=date(2025, 11, 24)).status
    assert "lapsed" == on(events, july, office_day=date(2025, 11, 25)).status
    assert ("in_force", "lapsed") == (on(events, july, at=2).status, on(events, july, at=3).status)
    assert "in_force" == on(events, "2025-05-03").status


def test_a_lapse_says_why_since_when_and_by_which_events() -> None:
    events = logged(FILED, GRANTED, LAPSED)
    assert (date(2025, 5, 4), LAPSED.reason, (1, 2, 3)) == (
        on(events, "2025-07-01").since,
        on(events, "2025-07-01").reason,
        on(events, "2025-07-01").positions,
    )


def test_a_restored_right_is_in_force_again_and_was_not_in_between() -> None:
    events = logged(FILED, GRANTED, LAPSED, RESTORED)
    assert "lapsed" == on(events, "2025-05-31").status
    assert "in_force" == on(events, "2025-06-01").status
    assert (1, 2, 4) == on(events, "2025-06-01").positions


def test_of_two_changes_the_later_day_of_effect_governs_not_the_later_record() -> None:
    """A restoration recorded last, but with effect from before, does not undo the lapse."""
    restored = right_restored(effective_from="2025-01-01", published_on="2026-02-25")
    events = logged(FILED, GRANTED, LAPSED, restored)
    assert "lapsed" == on(events, "2025-07-01").status
    assert "in_force" == on(events, "2025-02-01").status


def test_a_grant_published_after_a_lapse_does_not_undo_it() -> None:
    events = logged(FILED, LAPSED, GRANTED)
    assert "lapsed" == on(events, "2025-07-01").status
    assert (1, 2, 3) == on(events, "2025-07-01").positions


def test_of_an_unknown_right_nothing_is_known() -> None:
    assert Standing(RIGHT, date(2026, 1, 1), None, None, None, ()) == on(logged(), "2026-01-01")


EUROPE = [european_filed(), right_published(), european_granted()]
CEASED = right_lapsed(
    right=EUROPEAN, effective_from="2010-11-08", published_on="2011-07-27", territory="iso:GB"
)


def test_one_right_has_a_fate_in_each_of_its_states() -> None:
    events = logged(*EUROPE, CEASED, right_surrendered())
    day = "2011-07-01"
    fates = {fate.territory: fate.status for fate in on(events, day, right=EUROPEAN).states}
    assert {"iso:BE": "in_force", "iso:GB": "lapsed", "iso:NL": "surrendered"} == fates
    assert "in_force" == on(events, day, right=EUROPEAN).status
    for state, fate in fates.items():
        assert fate == on(events, day, right=EUROPEAN, state=state).status


def test_a_national_fate_is_known_from_its_own_publication() -> None:
    events = logged(*EUROPE, CEASED)
    march, known = "2011-03-01", {"right": EUROPEAN, "state": "iso:GB"}
    assert "in_force" == on(events, march, office_day=date(2011, 6, 1), **known).status
    assert "lapsed" == on(events, march, office_day=date(2011, 8, 1), **known).status
    assert ("in_force", "lapsed") == tuple(
        on(events, march, at=at, **known).status for at in (3, 4)
    )


def test_a_right_that_is_over_in_every_state_is_over() -> None:
    ends = [
        right_lapsed(right=EUROPEAN, effective_from=f"201{n}-01-01", territory=state)
        for n, state in enumerate(("iso:BE", "iso:GB", "iso:NL"))
    ]
    over = on(logged(*EUROPE, *ends), "2013-01-01", right=EUROPEAN)
    assert ("lapsed", date(2012, 1, 1)) == (over.status, over.since)
    assert "in_force" == on(logged(*EUROPE, *ends), "2011-12-31", right=EUROPEAN).status


def test_a_title_has_no_status_where_it_was_never_for() -> None:
    elsewhere = on(logged(*EUROPE), "2011-01-01", right=EUROPEAN, state="iso:US")
    assert (None, "iso:US") == (elsewhere.status, elsewhere.territory)
    assert None is on(logged(FILED), "2021-01-01", state="iso:LA").status
    assert "filed" == on(logged(FILED), "2021-01-01", state="iso:VN").status


def test_what_is_cancelled_never_was() -> None:
    """IP Law art. 96: void from the start, whatever was said before; not so in part."""
    voided = right_cancelled(right=RIGHT, territory=None)
    events = logged(FILED, GRANTED, LAPSED, RESTORED, voided)
    for day in ("2020-03-10", "2023-01-01", "2026-01-01"):
        assert "cancelled" == on(events, day).status
    assert date(2020, 3, 10) == on(events, "2023-01-01").since
    assert "in_force" == on(events, "2023-01-01", at=4).status
    part = right_cancelled(right=RIGHT, territory=None, extent="part", reason="Claim 4")
    in_part = on(logged(FILED, GRANTED, part), "2023-01-01")
    assert ("in_force", "Claim 4") == (in_part.status, in_part.limits)


def test_a_cancellation_that_is_set_aside_leaves_the_title_in_force() -> None:
    voided = right_cancelled(right=RIGHT, territory=None)
    again = right_restored(effective_from="2020-03-10", published_on="2026-02-25")
    events = logged(FILED, GRANTED, voided, again)
    assert "in_force" == on(events, "2023-01-01").status


def test_publication_limits_and_fees_are_told() -> None:
    events = logged(*EUROPE, right_limited(), right_fee_paid())
    assert "published" == on(events, "2001-01-01", right=EUROPEAN).status
    narrowed = on(events, "2009-01-01", right=EUROPEAN)
    assert ("in_force", "Claims 1 to 3 of 9") == (narrowed.status, narrowed.limits)
    fees = {
        fate.territory: fate.fee_year for fate in on(events, "2011-01-01", right=EUROPEAN).states
    }
    assert {"iso:BE": None, "iso:GB": 11, "iso:NL": None} == fees


def test_a_renewal_moves_the_end_of_the_term() -> None:
    events = logged(*EUROPE, right_renewed())
    assert "expired" == on(events, "2020-01-01", right=EUROPEAN, at=3).status
    assert "in_force" == on(events, "2020-01-01", right=EUROPEAN).status
    assert "expired" == on(events, "2024-11-09", right=EUROPEAN).status


def test_a_secret_needs_no_title_and_ends_by_disclosure() -> None:
    events = logged(secret_held(), disclosure_recorded())
    assert "in_force" == on(events, "2026-10-11", right=SECRET).status
    assert "disclosed" == on(events, "2026-10-12", right=SECRET).status
