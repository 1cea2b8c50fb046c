"""How the office's file is read: strictly, whole, and in order of recording."""

import hashlib
import json
from typing import Any

import pytest

from api.importers.uspto_records import MalformedRecord, parse_records
from tests.support.uspto import line, lines

ASSIGNMENT = line("1-1", "assignment", ("SMITH, JOHN",), ("ACME INC.",))


def altered(**members: Any) -> bytes:
    other = {"id": "2-2", "reel": "2", "frame": "2"}
    return json.dumps({**json.loads(ASSIGNMENT), **other, **members}).encode()


def test_what_the_broken_lines_are_altered_from_is_a_record():
    assert 2 == len(parse_records(ASSIGNMENT + altered()))


def test_records_come_by_day_of_recording_and_within_a_day_in_the_files_order():
    records = lines(
        line("9-9", "assignment", ("A",), ("B",), recorded="2019-01-08"),
        line("8-8", "assignment", ("A",), ("B",), recorded="2019-01-08"),
        line("7-7", "assignment", ("A",), ("B",), recorded="2019-01-07"),
    )
    assert ["7-7", "9-9", "8-8"] == [record.id for record in records]


def test_the_document_of_a_record_is_its_line_without_the_line_feed():
    [record] = parse_records(ASSIGNMENT)
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
        pytest.param(b"", id="empty line"),
        pytest.param(altered()[:-1] + b', "purged": false}', id="a member twice"),
        pytest.param(altered(id="3-3"), id="an id that is not reel-frame"),
        pytest.param(altered(id="x", reel="x", frame=""), id="no reel and frame"),
        pytest.param(altered(kind="licence"), id="a kind unknown"),
        pytest.param(altered(recorded="2019-1-8"), id="a day written otherwise"),
        pytest.param(altered(purged=0), id="a number for a truth value"),
        pytest.param(altered(assignors=[]), id="nobody gives"),
        pytest.param(altered(assignees=[]), id="nobody takes"),
        pytest.param(altered(properties=[]), id="nothing is given"),
        pytest.param(altered(more=1), id="a member unknown"),
        pytest.param(altered(document_sha256="sha256:" + "0" * 64), id="a hash of its own"),
        pytest.param(ASSIGNMENT.rstrip(), id="a record twice"),
    ],
)
def test_a_line_that_is_not_exactly_a_record_stops_the_import_and_is_named(broken: bytes):
    with pytest.raises(MalformedRecord) as caught:
        parse_records(ASSIGNMENT + broken + b"\n")
    assert 2 == caught.value.line
