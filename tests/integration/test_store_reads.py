"""Reads of the log: whatever was appended is found, by every key it has."""

from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

import pytest

from ledger.domain.turning import is_steady
from ledger.store import entries
from ledger.store.entries import (
    find_event,
    positions_of,
    read_by_subject,
    read_entries,
    read_histories,
    subject_page,
)
from ledger.store.vault import VaultRow, erase_openings, find_opening, read_openings
from tests.support.postgres import run_sql
from tests.support.store import NOON, append, new_entry


@pytest.fixture
def contracts(pool):
    """Lend a log of ten entries, odd ones about one contract, even ones about another."""
    made = [new_entry(f"entry {n}", "party:x", f"contract:{n % 2}") for n in range(10)]
    append(pool, *made)
    return made


@pytest.mark.parametrize(
    ("start", "stop", "limit", "expected"),
    [
        (0, None, 1000, range(10)),
        (3, None, 4, range(3, 7)),
        (3, 5, 1000, range(3, 5)),
        (8, 20, 1000, range(8, 10)),
        (10, None, 1000, range(0)),
        (0, None, 0, range(0)),
        (5, 5, 1000, range(0)),
    ],
)
def test_a_range_is_read_in_order(pool, contracts, start, stop, limit, expected):
    found = read_entries(pool, start, stop, limit)
    assert list(expected) == [entry.position for entry in found]
    assert [contracts[n].entry for n in expected] == [entry.entry for entry in found]


def test_the_instant_is_read_to_the_millisecond(pool):
    append(pool, new_entry("one"), after=timedelta(milliseconds=7))
    expected = NOON + timedelta(milliseconds=7)
    assert expected == read_entries(pool, 0, None, 1)[0].accepted


def test_every_way_of_reading_gives_the_same_entry(pool, contracts):
    """COPY and the cursor decode each column on their own."""
    expected = read_entries(pool, 7, 8, 1)[0]
    assert expected == find_event(pool, contracts[7].event_id)
    assert expected == read_by_subject(pool, "contract:1")[3]
    assert expected == list(read_histories(pool, ["contract:1"], 10))[3][0]


@pytest.mark.usefixtures("contracts")
def test_a_subject_has_its_entries_in_order(pool):
    found = read_by_subject(pool, "contract:1")
    assert [1, 3, 5, 7, 9] == [entry.position for entry in found]


@pytest.mark.usefixtures("contracts")
def test_a_subject_is_read_on_from_a_position(pool):
    found = read_by_subject(pool, "contract:1", after=3, limit=2)
    assert [5, 7] == [entry.position for entry in found]


@pytest.mark.usefixtures("contracts")
def test_pages_of_a_subject_join_without_overlap(pool):
    pages = [subject_page(pool, "contract:0", limit=2)]
    while pages[-1].after is not None:
        pages.append(subject_page(pool, "contract:0", after=pages[-1].after, limit=2))
    expected = [[0, 2], [4, 6], [8]]
    assert expected == [[entry.position for entry in page.entries] for page in pages]


@pytest.mark.usefixtures("contracts")
def test_the_last_full_page_says_that_it_is_the_last(pool):
    assert subject_page(pool, "contract:0", limit=5).after is None


@pytest.mark.usefixtures("contracts")
def test_a_page_as_of_a_size_leaves_out_what_came_later(pool):
    page = subject_page(pool, "contract:0", size=5)
    assert [0, 2, 4] == [entry.position for entry in page.entries]


@pytest.mark.usefixtures("contracts")
def test_several_subjects_are_read_at_once(pool):
    asked = ["contract:0", "party:x", "right:unheard-of"]
    found = [(stored.position, set(named)) for stored, named in read_histories(pool, asked, 9)]
    every = [{"party:x", "contract:0"} if n % 2 == 0 else {"party:x"} for n in range(9)]
    assert list(enumerate(every)) == found


@pytest.mark.usefixtures("contracts")
@pytest.mark.parametrize("page", [1, 2, 3, 10, 11])
def test_histories_are_whole_whatever_the_page(pool, monkeypatch, page):
    monkeypatch.setattr(entries, "_PAGE", page)
    found = read_histories(pool, ["contract:0", "party:x"], 10)
    assert list(range(10)) == [stored.position for stored, _ in found]


def test_a_steady_subject_is_read_from_what_turns_it(pool):
    """An offer names a party and leaves it as it is; a registration does not."""
    told = [("offer.made/1", "offer:1"), ("party.registered/1", "party:y"), ("offer.made/1", "x:1")]
    for topic, other in told:
        append(pool, replace(new_entry(topic, "party:x", other), topic=topic))
    asked = ["party:x", "offer:1"]
    found = [
        (stored.position, named) for stored, named in read_histories(pool, asked, 3, is_steady)
    ]
    assert [(0, ["offer:1"]), (1, ["party:x"])] == found


@pytest.mark.usefixtures("contracts")
def test_an_unknown_event_is_none(pool):
    assert find_event(pool, uuid4()) is None


def test_positions_are_found_by_payload_hash(pool, contracts):
    hashes = [contracts[n].payload_sha256 for n in (2, 9)]
    expected = {hashes[0]: 2, hashes[1]: 9}
    assert expected == positions_of(pool, [*hashes, b"\0" * 32])


def test_a_payload_stored_twice_has_its_first_position(pool):
    entries = [new_entry("same"), new_entry("same")]
    append(pool, *entries)
    assert {entries[0].payload_sha256: 0} == positions_of(pool, [entries[0].payload_sha256])


@pytest.fixture
def openings(pool):
    """Lend the openings of an entry at position 1."""
    rows = tuple(
        VaultRow(f"/body/{name}", name.encode() * 32, holders, b"sealed")
        for name, holders in (("a", ()), ("b", ("one",)), ("c", ("one", "two")))
    )
    sealed = new_entry("sealed", "contract:x", vault=rows)
    append(pool, new_entry("open"), sealed, new_entry("other", vault=rows))
    return rows


def kept_at(pool, *positions):
    return [(kept.position, kept.row) for kept in read_openings(pool, positions)]


def test_openings_are_read_by_position(pool, openings):
    assert [(1, row) for row in openings] == kept_at(pool, 0, 1)


def test_an_opening_is_found_by_its_commitment_among_those_of_a_subject(pool, openings):
    with pool.session() as session:
        found = find_opening(session, "contract:x", b"b" * 32)
        assert found is not None
        assert (1, openings[1]) == (found.position, found.row)
        assert find_opening(session, "contract:y", b"b" * 32) is None
        assert find_opening(session, "contract:x", b"d" * 32) is None


def test_what_needs_a_holder_s_key_is_erased_everywhere_and_nothing_else(pool, openings):
    assert 2 == erase_openings(pool, "two", 7)
    first, second, _ = openings
    assert [(1, first), (1, second), (2, first), (2, second)] == kept_at(pool, 0, 1, 2)
    assert 2 == erase_openings(pool, "one", 8)
    assert [(1, first), (2, first)] == kept_at(pool, 0, 1, 2)
    assert 0 == erase_openings(pool, "one", 8)


@pytest.mark.usefixtures("openings")
def test_what_is_erased_leaves_a_trace(pool, database):
    erase_openings(pool, "two", 7)
    traces = run_sql(
        database.app_dsn, "SELECT position, path, erased_by FROM ledger.erased_openings"
    )
    assert [(1, "/body/c", 7), (2, "/body/c", 7)] == sorted(traces)
    assert [(7, 2)] == run_sql(database.app_dsn, "SELECT position, openings FROM ledger.erasures")
    assert [(6,)] == run_sql(database.app_dsn, "SELECT openings FROM ledger.kept")


@pytest.mark.usefixtures("openings")
def test_an_erasure_leaves_the_entry(pool):
    before = read_entries(pool, 0, None, 10)
    erase_openings(pool, "one", 7)
    assert before == read_entries(pool, 0, None, 10)
