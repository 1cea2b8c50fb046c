"""How the office's file is read: strictly, whole, and in order of recording."""

import hashlib
import json
from typing import Any

import pytest

from api.importers.uspto_records import parse_records
from tests.support.uspto import line, lines

ASSIGNMENT = line("1-1", "assignment", ("SMITH, JOHN",), ("ACME INC.",))


def altered(**members: Any) -> bytes:
    other = {"id": "2-2", "reel": "2", "frame": "2"}
    return json.dumps({**json.loads(ASSIGNMENT), **other, **members}).encode()


def test_what_the_broken_lines_are_altered_from_is_a_record():
    assert 2 == len(parse_records(ASSIGNMENT + altered()).records)


def test_records_come_by_day_of_recording_and_within_a_day_by_reel_and_frame():
    """Whatever the order of the file: what the office took in first was given first."""
    records = lines(
        line("10-1", "assignment", ("A",), ("B",), recorded="2019-01-08"),
        line("9-10", "assignment", ("A",), ("B",), recorded="2019-01-08"),
        line("9-9", "assignment", ("A",), ("B",), recorded="2019-01-08"),
        line("8-8", "assignment", ("A",), ("B",), recorded="2019-01-08"),
        line("7-7", "assignment", ("A",), ("B",), recorded="2019-01-07"),
    )
    assert ["7-7", "8-8", "9-9", "9-10", "10-1"] == [record.id for record in records]


def test_the_document_of_a_record_is_its_line_without_the_line_feed():
    [record] = parse_records(ASSIGNMENT).records
    expected = hashlib.sha256(ASSIGNMENT.removesuffix(b"\n")).hexdigest()
    assert f"sha256:{expected}" == record.document_sha256


def test_an_application_that_a_record_names_twice_is_one():
    [record] = lines(line("1-1", "security", ("A",), ("B",), applications=("2", "1", "2")))
    assert ("2", "1") == record.applications()


@pytest.mark.parametrize(
    "broken",
    [
        pytest.param(b"{", id="no JSON"),
        pytest.param(b"\xff", id="no UTF-8"),
        pytest.param(b"[]", id="no object"),
        pytest.param(b"[" * 100_000, id="too deep"),
        pytest.param(altered()[:-1] + b', "purged": false}', id="a member twice"),
        pytest.param(altered(id="x"), id="no reel and frame"),
        pytest.param(altered(recorded="2019-1-8"), id="a day written otherwise"),
        pytest.param(altered(recorded=None), id="no day of recording"),
        pytest.param(altered(kind=7), id="a number for a kind"),
        pytest.param(altered(assignees=[{"name": " \u0000 "}]), id="a blank name"),
        pytest.param(altered(assignors="SMITH, JOHN"), id="a name for a list"),
        pytest.param(altered(properties=[{"application": "../1"}]), id="no application number"),
    ],
)
def test_a_line_that_is_no_record_is_set_aside_and_takes_nothing_with_it(broken: bytes):
    register = parse_records(ASSIGNMENT + broken + b"\n" + altered(id="9-9"))
    assert ["1-1", "9-9"] == [record.id for record in register.records]
    [unreadable] = register.unreadable
    assert ("line 2", "MALFORMED") == (unreadable.source, unreadable.code)
    assert unreadable.detail


def told(*lines: bytes) -> tuple[list[str], list[tuple[str, str]]]:
    """Return the records that are taken, and the lines that are not, by code."""
    register = parse_records(b"\n".join(lines))
    return [record.id for record in register.records], [
        (line.source, line.code) for line in register.unreadable
    ]


def test_of_a_record_that_stands_there_twice_alike_the_first_is_taken():
    twice = altered(id="1-1", last_update="2020-01-01")
    assert (["1-1"], [("1-1", "RECORD_EXISTS")]) == told(ASSIGNMENT.strip(), twice)


def test_of_a_record_that_is_told_in_two_ways_neither_is_taken():
    other = altered(id="1-1", assignees=[{"name": "OTHER INC."}])
    assert ([], [("1-1", "RECORD_EXISTS")] * 2) == told(ASSIGNMENT.strip(), other)


def test_a_record_that_one_line_calls_purged_is_purged():
    purged, kept = altered(purged=True), altered(purged=False)
    assert ([], [("2-2", "RECORD_PURGED")] * 2) == told(purged, kept) == told(kept, purged)


def test_members_that_are_not_asked_for_or_not_there_do_no_harm():
    record = {"id": "049519-0955", "recorded": "2019-06-19", "correspondent": {"name": "X"}}
    [read] = parse_records(json.dumps(record).encode()).records
    assert ("49519-955", (), None) == (read.id, read.assignors, read.refers_to)


def test_empty_lines_are_no_records():
    register = parse_records(b"\n  \n\n")
    assert ((), ()) == (register.records, register.unreadable)


def test_a_name_is_read_in_one_line():
    [read] = parse_records(
        altered(assignors=[{"name": " ACME\u0000\tINC. ", "executed": None}])
    ).records
    assert "ACME INC." == read.assignors[0].name
