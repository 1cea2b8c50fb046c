"""The append: positions, tree, tags and vault of a batch, all in one commit."""

from contextlib import suppress
from datetime import timedelta
from threading import Thread
from uuid import uuid4

import psycopg2
import pytest

from ledger.log.merkle import EMPTY_ROOT, Frontier, root_of
from ledger.store.append import FEW, Head, StoredId, VaultRow, appending
from ledger.store.connection import Conflict, Pool, Timeouts, Unavailable
from ledger.store.entries import read_entries, read_head
from ledger.store.head import DatabaseNotInitialised, OtherOrigin
from ledger.store.migrate import initialise_head
from ledger.store.vault import read_openings
from tests.support.postgres import ORIGIN, Database, run_sql
from tests.support.store import NOON, append, append_many, new_entry

SIZES = (1, FEW, FEW + 1, 300)
"""One entry, the most that go as INSERT, the fewest that go as COPY, more than a tile."""


def test_a_new_log_is_empty(pool):
    assert Head(ORIGIN, 0, EMPTY_ROOT, (), None) == read_head(pool)


@pytest.mark.parametrize("number", SIZES)
def test_a_batch_is_stored_as_it_was_given(pool, number):
    entries = append_many(pool, number, "right:vn.1", "party:x")
    stored = read_entries(pool, 0, None, 1000)
    assert list(range(number)) == [entry.position for entry in stored]
    assert [entry.entry for entry in entries] == [entry.entry for entry in stored]
    assert [entry.event_id for entry in entries] == [entry.event_id for entry in stored]
    assert [entry.leaf_hash for entry in entries] == [entry.leaf_hash for entry in stored]
    assert {("contract.concluded/1", NOON)} == {(entry.topic, entry.accepted) for entry in stored}


@pytest.mark.parametrize("number", SIZES)
def test_the_head_grows_with_the_batch(pool, number):
    """The root is that of the RFC's definition, computed again over all leaves."""
    append_many(pool, 3)
    append_many(pool, number)
    leaves = [entry.leaf_hash for entry in read_entries(pool, 0, None, 1000)]
    frontier = Frontier().extend(leaves)
    expected = Head(ORIGIN, 3 + number, root_of(leaves), frontier.hashes, NOON)
    assert expected == read_head(pool)


def test_the_head_written_is_the_head_read(pool):
    assert append(pool, new_entry("one"), new_entry("two")) == read_head(pool)


@pytest.mark.parametrize("number", SIZES)
def test_a_batch_brings_its_tags(pool, database, number):
    append_many(pool, number, "right:vn.1", "party:x")
    rows = run_sql(database.app_dsn, "SELECT subject, position FROM ledger.tags ORDER BY 1, 2")
    expected = [(subject, n) for subject in ("party:x", "right:vn.1") for n in range(number)]
    assert expected == rows


@pytest.mark.parametrize("number", SIZES)
def test_a_batch_brings_its_openings(pool, database, number):
    opening = VaultRow("/body/price", b"s" * 32, (), bytes(range(256)))
    other = VaultRow("/body/terms", b"t" * 32, ("a" * 32, "b" * 32), b"")
    entries = [new_entry(f"{n}", "s:1", vault=(opening, other)[: n % 3]) for n in range(number)]
    append(pool, *entries)
    expected = [(n, row) for n, entry in enumerate(entries) for row in entry.vault]
    found = read_openings(pool, range(number))
    assert expected == [(kept.position, kept.row) for kept in found]
    stored = {entry.event_id: entry.payload_sha256 for entry in entries}
    assert all(stored[kept.event_id] == kept.payload_sha256 for kept in found)
    assert [(len(expected),)] == run_sql(database.app_dsn, "SELECT openings FROM ledger.kept")


def test_an_entry_of_any_bytes_comes_back_unchanged(pool):
    """NUL, invalid UTF-8 and every other byte: neither INSERT nor COPY may look into them."""
    raw = bytes(range(256)) * 255
    for number in (1, FEW + 1):
        entries = [new_entry(f"{number}-{n}") for n in range(number)]
        object.__setattr__(entries[0], "entry", raw)
        position = append(pool, *entries).size - number
        assert raw == read_entries(pool, position, position + 1, 1)[0].entry


def test_the_stored_ids_are_told_with_position_and_payload_hash(pool):
    entries = append_many(pool, 3)
    ids = [entry.event_id for entry in entries]
    with appending(pool) as log:
        assert {ids[1]: _stored_id(1, entries[1])} == log.stored([uuid4(), ids[1]])


def test_ids_named_beforehand_are_looked_up_under_the_lock(pool):
    """The look-up must see what was committed while the lock was awaited."""
    entry = new_entry("late")
    other, watching = Pool(pool._dsn, 1), Pool(pool._dsn, 1)
    with appending(pool) as first:
        found = {}

        def wait_for_the_lock():
            with appending(other, [entry.event_id]) as second:
                found.update(second.stored([entry.event_id]))

        waiting = Thread(target=wait_for_the_lock)
        waiting.start()
        _until_somebody_waits(watching)
        first.write([entry], NOON)
    waiting.join()
    other.close()
    watching.close()
    assert {entry.event_id: _stored_id(0, entry)} == found


def _stored_id(position, entry):
    return StoredId(position, entry.payload_sha256, NOON, entry.leaf_hash)


def _until_somebody_waits(pool):
    while True:
        with pool.session() as session:
            session.execute("SELECT count(*) FROM pg_locks WHERE NOT granted")
            if session.fetchone() != (0,):
                return


def test_what_others_appended_is_seen_from_a_position_on(pool):
    append_many(pool, 5)
    with appending(pool) as log:
        assert [3, 4] == [entry.position for entry in log.entries_since(3)]
        assert [] == log.entries_since(5)


@pytest.mark.parametrize("number", [1, FEW + 1])
def test_a_stored_event_id_cannot_be_stored_again(pool, number):
    first = new_entry("first")
    append(pool, first)
    again = [new_entry("again", event_id=first.event_id)]
    with pytest.raises(Conflict):
        append(pool, *[new_entry(f"{n}") for n in range(number - 1)], *again)
    assert 1 == read_head(pool).size


@pytest.mark.parametrize("number", [1, FEW + 1])
def test_a_conflict_leaves_no_gap(pool, number):
    first = new_entry("first")
    append(pool, first)
    with pytest.raises(Conflict):
        append(pool, *[new_entry("first", event_id=first.event_id) for _ in range(number)])
    append(pool, new_entry("second"))
    assert [0, 1] == [entry.position for entry in read_entries(pool, 0, None, 10)]


@pytest.mark.parametrize("number", [1, FEW + 1])
def test_a_rollback_leaves_no_gap(pool, number):
    with suppress(KeyError), appending(pool) as log:
        log.write([new_entry(f"{n}") for n in range(number)], NOON)
        raise KeyError
    append(pool, new_entry("only"))
    assert [b"only"] == [entry.entry for entry in read_entries(pool, 0, None, 10)]
    assert 1 == read_head(pool).size


def test_an_append_that_writes_nothing_changes_nothing(pool):
    before = read_head(pool)
    with appending(pool):
        pass
    assert before == read_head(pool)


def test_an_open_append_shows_nothing_and_lets_nobody_past(pool, database):
    """F1: with the head row locked no later position can be committed before an earlier one."""
    impatient, watching = psycopg2.connect(database.app_dsn), Pool(database.app_dsn, 1)
    with appending(pool) as log:
        log.write([new_entry(f"{n}") for n in range(FEW + 1)], NOON)
        assert [] == read_entries(watching, 0, None, 10)
        with impatient.cursor() as cursor, pytest.raises(psycopg2.errors.LockNotAvailable):
            cursor.execute("SELECT FROM ledger.head FOR UPDATE NOWAIT")
    impatient.close()
    watching.close()
    assert FEW + 1 == read_head(pool).size


def test_a_lock_that_is_not_granted_in_time_is_unavailable(pool, database):
    hurried = Pool(database.app_dsn, 1, timeouts=Timeouts(lock_ms=50))
    with appending(pool), pytest.raises(Unavailable, match="lock timeout"), appending(hurried):
        pass
    hurried.close()


def test_time_does_not_run_back(pool):
    append(pool, new_entry("late"), after=timedelta(seconds=1))
    with pytest.raises(psycopg2.errors.RestrictViolation):
        append(pool, new_entry("early"))


def test_without_a_head_row_there_is_no_log(pool, database: Database):
    run_sql(
        database.superuser_dsn,
        "ALTER TABLE ledger.head DISABLE TRIGGER head_stays; DELETE FROM ledger.head",
    )
    with pytest.raises(DatabaseNotInitialised), appending(pool):
        pass


def test_a_head_is_initialised_once(pool, database):
    append(pool, new_entry("one"))
    initialise_head(database.owner_dsn, ORIGIN)
    assert 1 == read_head(pool).size


def test_a_database_keeps_the_origin_it_was_made_for(database):
    with pytest.raises(OtherOrigin, match="not other"):
        initialise_head(database.owner_dsn, "other.example/techledger/00000000")
