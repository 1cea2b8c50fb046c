from datetime import UTC, datetime, timedelta, timezone

import pytest

from ledger.wire.instant import MalformedInstant, format_instant, parse_instant

INSTANT = datetime(2026, 11, 22, 3, 10, 0, 123_000, UTC)


def test_an_instant_is_read_and_written_in_one_way():
    assert INSTANT == parse_instant("2026-11-22T03:10:00.123Z")
    assert "2026-11-22T03:10:00.123Z" == format_instant(INSTANT)


def test_what_is_less_than_a_millisecond_is_cut_off():
    assert "2026-11-22T03:10:00.123Z" == format_instant(INSTANT + timedelta(microseconds=999))


def test_an_instant_of_hanoi_is_written_in_utc():
    hanoi = INSTANT.astimezone(timezone(timedelta(hours=7)))
    assert "2026-11-22T03:10:00.123Z" == format_instant(hanoi)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "2026-11-22T03:10:00Z",
        "2026-11-22T03:10:00.123",
        "2026-11-22T03:10:00.123z",
        "2026-11-22 03:10:00.123Z",
        "2026-11-22T03:10:00,123Z",
        "2026-11-22T03:10:00.123+00:00",
        "2026-11-22T10:10:00.123+07:00",
        "2026-11-22T03:10:00.123456Z",
        "20261122T031000.123Z",
        "2026-W47-7T03:10:00.123Z",
        "2026-02-30T03:10:00.123Z",
        "2026-11-22T24:00:00.000Z",
        "2026-12-31T23:59:60.000Z",
        "2026-11-22T03:10:00.123Z\n",
        "\uff12026-11-22T03:10:00.123Z",
    ],
)
def test_any_other_spelling_is_refused(text: str):
    with pytest.raises(MalformedInstant, match="YYYY-MM-DDTHH:MM:SS"):
        parse_instant(text)
