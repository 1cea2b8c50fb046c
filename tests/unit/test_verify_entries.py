"""Each entry by itself and in sequence, steps 5 to 7: what an operator could log and sign.

Every log here is well signed and well hashed: nobody should believe its last entry all the same.
"""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from ledger.domain.parties.ledger_state import ledger_subject
from ledger.verify.outcome import Check
from ledger.wire import canonical
from ledger.wire.entry import Entry, format_entry, parse_entry
from ledger.wire.envelope import PAYLOAD_TYPE
from ledger.wire.instant import format_instant
from tests.support.builders import FIRM, INSTITUTE, OPERATOR, REGISTRAR, RIVAL
from tests.support.sample_log import (
    SIGNED_AT,
    SampleLog,
    party_key,
    sample_log,
)
from tests.support.verifying import append, payload, refusal_of, verified


@pytest.fixture
def log() -> SampleLog:
    return sample_log(12)


def test_a_payload_that_is_not_canonical_is_refused(log: SampleLog, tmp_path: Path) -> None:
    raw = canonical.dump(payload(log)).replace(b",", b", ", 1)
    log.sign(raw, [party_key(FIRM)])
    refused = refusal_of(log, tmp_path)
    assert (Check.FORM, 12) == (refused.step, refused.position)


def test_a_character_that_this_python_does_not_know_yet_stays_verified(
    log: SampleLog, tmp_path: Path
) -> None:
    """Whether it is assigned was asked at admission, of the Unicode of that day."""
    value = payload(log)
    value["body"]["title"] = "\u0378"
    append(log, value)
    assert 13 == verified(log, tmp_path).checkpoint.size


@pytest.mark.parametrize(
    "spoil",
    [
        lambda raw: raw.replace(b"techledger-entry/v1", b"techledger-entry/v2"),
        lambda raw: raw.replace(b"accepted ", b"accepted  ", 1),
        lambda raw: raw.replace(b"sig ", b"sign ", 1),
        lambda raw: raw.replace(b"\n\n", b"\n", 1),
        lambda _: b"",
    ],
)
def test_a_malformed_frame_is_refused(spoil: Any, log: SampleLog, tmp_path: Path) -> None:
    append(log, payload(log))
    log.entries[-1] = spoil(log.entries[-1])
    refused = refusal_of(log, tmp_path)
    assert (Check.FORM, 12) == (refused.step, refused.position)


@pytest.mark.parametrize("header", [{"extra": 1}, {"body": []}, {"body": None}])
def test_a_payload_with_other_members_is_refused(
    header: dict[str, Any], log: SampleLog, tmp_path: Path
) -> None:
    append(log, payload(log, **header))
    refused = refusal_of(log, tmp_path)
    assert (Check.FORM, 12) == (refused.step, refused.position)


@pytest.mark.parametrize(
    "member", ["body", "event_id", "issued_at", "ledger", "nonce", "signers", "subjects", "type"]
)
def test_a_payload_without_a_member_is_refused(member: str, log: SampleLog, tmp_path: Path) -> None:
    value = payload(log)
    del value[member]
    append(log, value)
    refused = refusal_of(log, tmp_path)
    assert (Check.FORM, 12) == (refused.step, refused.position)


@pytest.mark.parametrize(
    "header",
    [
        {"ledger": "other.example/techledger/0badcafe"},
        {"event_id": "019a4000-0000-4000-8000-000000000001"},
        {"event_id": "019A4000-0000-7000-8000-000000000001"},
        {"event_id": 7},
        {"nonce": "short"},
        {"nonce": "AAAAAAAAAAAAAAAAAAAAAB"},
        {"type": "technology"},
        {"type": "technology.registered/01"},
        {"type": None},
        {"seen": -1},
        {"seen": "1"},
        {"seen": True},
        {"issued_at": 5},
        {"issued_at": "2026-11-02 03:00:00.000Z"},
        {"not_after": "2026-11-31T03:00:00.000Z"},
    ],
)
def test_a_header_that_is_not_written_as_one_is_refused(
    header: dict[str, Any], log: SampleLog, tmp_path: Path
) -> None:
    append(log, payload(log, **header))
    refused = refusal_of(log, tmp_path)
    assert (Check.IDENTITY, 12) == (refused.step, refused.position)


@pytest.mark.parametrize("seen", [0, 12])
def test_the_size_that_signers_had_seen_may_stand_in_the_header(
    seen: int, log: SampleLog, tmp_path: Path
) -> None:
    append(log, payload(log, seen=seen))
    assert 13 == verified(log, tmp_path).checkpoint.size


@pytest.mark.parametrize(
    "window",
    [
        ("2026-11-02T03:05:00.001Z", "2026-11-03T03:00:00.000Z"),
        ("2026-11-02T03:04:00.000Z", "2026-11-02T03:03:59.999Z"),
        ("2026-11-02T03:00:00.000Z", "2027-01-31T03:00:00.001Z"),
        ("2026-11-01T03:00:00.000Z", "2026-11-02T02:59:59.999Z"),
    ],
)
def test_an_event_accepted_out_of_its_time_is_refused(
    window: tuple[str, str], log: SampleLog, tmp_path: Path
) -> None:
    append(log, payload(log, issued_at=window[0], not_after=window[1]))
    refused = refusal_of(log, tmp_path)
    assert (Check.IDENTITY, 12) == (refused.step, refused.position)


@pytest.mark.parametrize(
    "window",
    [
        ("2026-11-02T03:05:00.000Z", "2026-11-03T03:00:00.000Z"),
        ("2026-11-02T03:00:00.000Z", "2026-11-02T03:00:00.000Z"),
        ("2026-11-02T03:00:00.000Z", "2027-01-31T03:00:00.000Z"),
    ],
)
def test_the_bounds_of_an_events_time_belong_to_it(
    window: tuple[str, str], log: SampleLog, tmp_path: Path
) -> None:
    append(log, payload(log, issued_at=window[0], not_after=window[1]))
    assert 13 == verified(log, tmp_path).checkpoint.size


def test_an_event_logged_twice_is_refused_at_the_second(log: SampleLog, tmp_path: Path) -> None:
    log.entries.append(log.entries[3])
    refused = refusal_of(log, tmp_path)
    assert (Check.IDENTITY, 12) == (refused.step, refused.position)


def test_an_event_logged_twice_far_apart_is_refused(tmp_path: Path) -> None:
    log = sample_log(300)
    append(log, payload(log, event_id=payload(sample_log(20))["event_id"]))
    refused = refusal_of(log, tmp_path)
    assert (Check.IDENTITY, 300) == (refused.step, refused.position)


@pytest.mark.parametrize("size", [12, 256])
def test_an_entry_accepted_before_the_one_before_it_is_refused(size: int, tmp_path: Path) -> None:
    log = replace(sample_log(size), signed=SIGNED_AT)
    before = log.now - timedelta(seconds=10)
    last = parse_entry(log.entries[-1])
    log.entries[-1] = format_entry(
        Entry("2026-11-02T04:00:00.000Z", PAYLOAD_TYPE, last.signatures, last.payload)
    )
    append(log, payload(log), accepted=before)
    refused = refusal_of(log, tmp_path)
    assert (Check.IDENTITY, size) == (refused.step, refused.position)


def accepted_at(log: SampleLog, seconds: float) -> None:
    """Append an entry accepted so long after the checkpoint over it will be signed."""
    log.signed = SIGNED_AT
    instant = datetime.fromtimestamp(SIGNED_AT, UTC) + timedelta(seconds=seconds)
    text = format_instant(instant)
    append(log, payload(log, issued_at=text, not_after=text), accepted=instant)


def test_an_entry_accepted_after_its_checkpoint_was_signed_is_refused(
    log: SampleLog, tmp_path: Path
) -> None:
    accepted_at(log, 1)
    refused = refusal_of(log, tmp_path)
    assert (Check.IDENTITY, 12) == (refused.step, refused.position)


def test_the_time_in_a_checkpoint_is_whole_seconds(log: SampleLog, tmp_path: Path) -> None:
    accepted_at(log, 0.999)
    assert 13 == verified(log, tmp_path).checkpoint.size


@pytest.mark.parametrize(
    "header",
    [
        {"subjects": ["technology:b", "technology:a"]},
        {"subjects": ["technology:a", "technology:a"]},
        {"subjects": []},
        {"subjects": "technology:a"},
        {"subjects": ["technology"]},
        {"subjects": [1]},
        {"signers": [RIVAL, FIRM]},
        {"signers": [FIRM, FIRM]},
        {"signers": []},
        {"signers": ["technology:a"]},
        {"signers": [None]},
    ],
)
def test_lists_that_are_not_sorted_ids_are_refused(
    header: dict[str, Any], log: SampleLog, tmp_path: Path
) -> None:
    append(log, payload(log, **header))
    refused = refusal_of(log, tmp_path)
    assert (Check.LISTS, 12) == (refused.step, refused.position)


def test_of_two_bad_entries_the_first_is_named(log: SampleLog, tmp_path: Path) -> None:
    append(log, payload(log), keys=[party_key(INSTITUTE, 1)])
    append(log, payload(log, event_id="nonsense"))
    refused = refusal_of(log, tmp_path)
    assert (Check.SIGNATURES, 12) == (refused.step, refused.position)


# The end of a log


def closed(signers: list[str]) -> SampleLog:
    log = sample_log(12)
    body = {"ledger": ledger_subject(log.origin), "reason": "a new era", "successor": None}
    log.say(body, signers, topic="ledger.closed/1")
    return log


def test_a_log_that_was_closed_verifies(tmp_path: Path) -> None:
    assert 13 == verified(closed([OPERATOR, REGISTRAR]), tmp_path).checkpoint.size


def test_nothing_stands_behind_the_end_of_a_log(tmp_path: Path) -> None:
    log = closed([OPERATOR, REGISTRAR])
    append(log, payload(log))
    refused = refusal_of(log, tmp_path)
    assert (Check.SIGNATURES, 13) == (refused.step, refused.position)
    assert "the log was closed at position 12" == refused.reason


def test_an_operator_alone_closes_no_log(tmp_path: Path) -> None:
    refused = refusal_of(closed([OPERATOR]), tmp_path)
    assert (Check.SIGNATURES, 12) == (refused.step, refused.position)
