"""What a reader fills into the day bar: empty fields, days and times as people write them."""

from datetime import UTC, date, datetime

import pytest

from api.explorer.asked_by_hand import known_up_to, read_day, read_known


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("", None),
        ("  ", None),
        ("2026-11-30", date(2026, 11, 30)),
        ("30/11/2026", date(2026, 11, 30)),
        (" 1/2/2026 ", date(2026, 2, 1)),
    ],
)
def test_a_day_is_read_as_it_is_written(text: str, day: date | None):
    assert day == read_day(text)


@pytest.mark.parametrize("text", ["31/11/2026", "2026-13-01", "11-30", "tomorrow", "1/1/26"])
def test_what_is_no_day_is_refused(text: str):
    with pytest.raises(ValueError, match=r"\S"):
        read_day(text)


@pytest.mark.parametrize(
    ("text", "known"),
    [
        ("", None),
        ("12", 12),
        ("30/11/2026", date(2026, 11, 30)),
        ("2026-11-30 14:05", datetime(2026, 11, 30, 7, 5, tzinfo=UTC)),
        ("30/11/2026 0:30:15", datetime(2026, 11, 29, 17, 30, 15, tzinfo=UTC)),
        ("2026-11-30T14:05", datetime(2026, 11, 30, 7, 5, tzinfo=UTC)),
        ("2026-11-30T07:05:00.000Z", datetime(2026, 11, 30, 7, 5, tzinfo=UTC)),
    ],
)
def test_a_state_of_knowledge_is_read_as_it_is_written(text: str, known: object):
    assert known == read_known(text)


@pytest.mark.parametrize("text", ["25:00", "2026-11-30 24:01", "-1", "2026-11-30 7", "yesterday"])
def test_what_is_no_state_of_knowledge_is_refused(text: str):
    with pytest.raises(ValueError, match=r"\S"):
        read_known(text)


def test_of_this_ledger_a_day_is_known_at_its_end_in_hanoi_and_of_an_office_as_it_is():
    day = date(2026, 11, 30)
    end = datetime(2026, 11, 30, 16, 59, 59, 999_000, tzinfo=UTC)
    assert end == known_up_to(day, "ledger")
    assert day == known_up_to(day, "office")
    assert 12 == known_up_to(12, "ledger")
    assert known_up_to(None, "ledger") is None
