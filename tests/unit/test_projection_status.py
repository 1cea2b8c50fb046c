"""Status: filed, in force, lapsed, restored, expired, on a day, as known when."""

from datetime import date

import pytest

from ledger.domain.event import Logged
from projections.axes import NEVER
from projections.status import Status, status, status_on
from tests.support.builders import RIGHT, right_filed, right_granted, right_lapsed, right_restored
from tests.support.projecting import logged, rows_of, true_and_known

FILED = right_filed(filed_on="2020-03-10")
GRANTED = right_granted(
    granted_on="2022-05-04", in_force_from="2022-05-04", expires_on="2040-03-10"
)
LAPSED = right_lapsed(effective_from="2025-05-04", published_on="2025-11-25")
RESTORED = right_restored(effective_from="2025-06-01", published_on="2026-02-25")


def on(
    events: list[Logged], day: str, *, at: int | None = None, office_day: date = NEVER
) -> Status:
    true_on = date.fromisoformat(day)
    rows = rows_of(status, events).get(RIGHT, ())
    found = true_and_known(rows, true_on, at=at, office_day=office_day)
    assert len(found) <= 1, "a point has one status"
    return status_on(RIGHT, true_on, found[0] if found else None, len(events))


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
    assert Status(RIGHT, date(2026, 1, 1), 1, None, None, None, ()) == on(logged(), "2026-01-01")
